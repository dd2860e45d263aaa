"""Oncard's own troubles, as events that take the way of every alert: so they are told once, escalate, and recover.

What is said when a trouble begins stays until it is over: figures that change all the time would be edits of a card all
the time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.domain.alert import Alert, too_old
from bot.domain.event import ALERT_KEY_LIMIT, Event, Severity, fit
from bot.domain.incident import IncidentId

# Somebody closed the incident though the trouble stands: after this long it is said again.
SAY_AGAIN: Final = timedelta(hours=1)
# What hurts only when it is needed is said once a day.
SAY_DAILY: Final = timedelta(hours=24)
# So many incidents are named; the rest is a number.
MOST_NAMED: Final = 10
MEND_CHAT: Final = (
    "Invite the bot to the chat or, where it was archived or dissolved, correct its id under `chats` of the level; "
    "then try it: `oncard doctor --try WORKSPACE/CHAT`. This is over as soon as an incident's message arrives there."
)


class Check(StrEnum):
    """What is looked at; the strings are part of the alert's key, and labels of the metric."""

    ADRIFT = "adrift"
    OVERDUE = "overdue"
    UNSENT = "pages-unsent"
    UNRECLAIMED = "claims-unreclaimed"
    DIFFERS = "incident-differs"
    UNREADABLE = "incident-unreadable"
    DARK = "workspace-dark"
    DEAD = "chat-dead"
    UNREACHABLE = "unreachable"
    SILENT = "watchdog-silent"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that must not be; `count` of what.

    `about`: the workspace, where each has a trouble of its own; `chat`: the chat in it.
    """

    check: Check
    title: str
    description: str
    severity: Severity = Severity.CRITICAL
    about: str = ""
    count: int = 1
    incidents: tuple[IncidentId, ...] = field(default=())
    chat: str = ""

    @property
    def key(self) -> str:
        """Return the key of its alert."""
        return key_of(self.check, self.about, self.chat)


@dataclass(frozen=True, slots=True)
class Standing:
    """An alert of a trouble that has not recovered. `closed_at`: when somebody closed its incident."""

    alert: Alert
    closed_at: datetime | None = None


def key_of(check: Check, about: str = "", chat: str = "") -> str:
    """Return the alert key of a check, or of a check of one workspace, or of one chat in it."""
    return "/".join(word for word in ("oncard", str(check), about, chat) if word)[:ALERT_KEY_LIMIT]


def report(trouble: Trouble) -> Event:
    """Return the event that says that the trouble stands."""
    labels = {"check": str(trouble.check)}
    if trouble.about:
        labels["workspace"] = trouble.about
    if trouble.chat:
        labels["chat"] = trouble.chat
    if trouble.incidents:
        labels["incidents"] = numbers(trouble.incidents)
    return fit(Event(trouble.severity, trouble.title, trouble.key, trouble.description, labels))


def recovery(key: str) -> Event:
    """Return the event that says that the trouble of this key is over."""
    return Event(Severity.OK, "This trouble of Oncard's own is over.", key)


def is_to_be_said(trouble: Trouble, standing: Sequence[Standing], now: datetime) -> bool:
    """Whether a trouble that stands is to be reported: nobody has heard of it yet, or it was closed or is old."""
    again = SAY_DAILY if trouble.check is Check.UNREACHABLE else SAY_AGAIN
    newest = max(standing, key=lambda one: one.alert.id, default=None)
    if newest is None or too_old(newest.alert, now):
        return True
    if newest.closed_at is None:
        return not newest.alert.current
    return not timedelta() <= now - newest.closed_at < again


def numbers(incidents: Sequence[IncidentId]) -> str:
    """Return the incidents' numbers, as many as a person wants to read."""
    named = ", ".join(f"#{number}" for number in incidents[:MOST_NAMED])
    return f"{named} and {len(incidents) - MOST_NAMED} more" if len(incidents) > MOST_NAMED else named


def minutes(time: timedelta) -> str:
    """Return how long something has lasted, in whole minutes."""
    return f"{max(int(time.total_seconds() // 60), 1)} min"


# ---- each trouble in words: what is wrong, and where to look ------------------------------------------------------


def adrift(incidents: Sequence[IncidentId]) -> Trouble:
    """Incidents had no next step; each goes on now."""
    return Trouble(
        Check.ADRIFT,
        "Oncard found incidents that had stopped escalating",
        f"Open and not acknowledged, without a next step: {numbers(incidents)}. Each goes on from the level where it "
        "stands. This is a defect of Oncard: please report it.",
        Severity.WARNING,
        count=len(incidents),
        incidents=tuple(incidents),
    )


def overdue(count: int, late: timedelta, incidents: Sequence[IncidentId]) -> Trouble:
    """Steps are due and nobody makes them. `late`: how late the longest due is; `incidents`: the first of them."""
    return Trouble(
        Check.OVERDUE,
        "Oncard's escalations are late",
        f"{count} incidents were due to be looked at, the first of them {minutes(late)} ago, and nothing has happened: "
        f"{numbers(incidents)}. See that a worker runs, and its log for `timers_failed` or `incident_not_ticked`.",
        count=count,
        incidents=tuple(incidents),
    )


def unsent(workspace: str, count: int, age: timedelta) -> Trouble:
    """Pages wait for places of a workspace to which nothing goes out."""
    return Trouble(
        Check.UNSENT,
        f"Oncard's pages to {workspace} are not going out",
        f"{count} messages have waited for up to {minutes(age)}, and nothing was sent to where they go in the last "
        "minute. See that a worker runs, and its log for `not_delivered` or `outbox_failed`.",
        about=workspace,
        count=count,
    )


def unreclaimed(count: int, age: timedelta) -> Trouble:
    """Messages were taken to be sent by somebody who is gone, and nobody takes them over."""
    return Trouble(
        Check.UNRECLAIMED,
        "Oncard's messages hang at a worker that is gone",
        f"The claim of {count} messages has run out, the first {minutes(age)} ago, and no worker has taken them over. "
        "See that a worker runs.",
        count=count,
    )


def differs(incidents: Sequence[IncidentId]) -> Trouble:
    """What is stored of incidents contradicts itself; it was put right."""
    return Trouble(
        Check.DIFFERS,
        "Oncard found incidents whose stored state contradicted itself",
        f"The columns of {numbers(incidents)} said something else than the incident itself. They follow it again. "
        "Something else has written to the database, or this is a defect of Oncard: please report it.",
        Severity.WARNING,
        count=len(incidents),
        incidents=tuple(incidents),
    )


def unreadable(incidents: Sequence[IncidentId]) -> Trouble:
    """Incidents are stored in a form that this version cannot read."""
    return Trouble(
        Check.UNREADABLE,
        "Oncard cannot read some of its open incidents",
        f"Nobody is told about {numbers(incidents)} any more. If a newer version has run on this database, run that "
        "again; else bring the rows back from a backup.",
        count=len(incidents),
        incidents=tuple(incidents),
    )


def dark(workspace: str, why: str) -> Trouble:
    """A workspace stays disconnected; `why` in the platform's words."""
    return Trouble(
        Check.DARK,
        f"Oncard is not connected to {workspace}",
        f"For a minute or more: {why}. Clicks and commands there reach nobody, and messages may not go out. "
        "`/readyz` says how each workspace is.",
        about=workspace,
    )


def dead(workspace: str, chat: str, said: str) -> Trouble:
    """A chat that a level tells has refused its newest message; `said` in the platform's words."""
    return Trouble(
        Check.DEAD,
        f"Oncard cannot write to chat {chat} of workspace {workspace}: {said}",
        f"A level of escalation tells this chat, and what goes there is lost. {MEND_CHAT}",
        about=workspace,
        chat=chat,
    )


def unreachable(people: Sequence[str]) -> Trouble:
    """People are to be told by some level, and no workspace knows them; each by name and address."""
    named = ", ".join(people[:MOST_NAMED])
    more = f" and {len(people) - MOST_NAMED} more" if len(people) > MOST_NAMED else ""
    return Trouble(
        Check.UNREACHABLE,
        "Oncard cannot reach people who are on duty",
        f"They stand on an escalation level, and have no linked chat account: {named}{more}. Each of them can type "
        "`link` to Oncard in the chat; an admin can add them to `links` of a workspace, or run "
        "`oncard mapping import`.",
        Severity.WARNING,
        count=len(people),
    )


def silent(time: timedelta) -> Trouble:
    """The checker itself has not been heard of for this long."""
    return Trouble(
        Check.SILENT,
        "Oncard's own checks have stopped",
        f"The checker has been silent for {minutes(time)}: what is wrong with Oncard is no longer noticed. See that a "
        "worker runs, and its log for `watchdog_failed`.",
    )
