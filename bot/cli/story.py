"""The whole story of an incident: how it stands, what happened, and what became of every message about it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from bot.cli.screen import Cell, instant, one_line, print_line, print_table
from bot.domain.delivery import DeliveryId, Kind, Place, State
from bot.domain.incident import Entry, Happened, Incident, IncidentId, Record
from bot.domain.ledger import by_line
from bot.domain.organisation import Organisation
from bot.domain.people import WorkspaceId
from bot.engine.scenes import scene_of
from bot.main import Service
from cards import build, plain
from cards.build import Scene
from cards.history import TEXT_IN_LINE, line_of
from storage import deliveries, incidents, lines
from storage.database import Connection
from storage.deliveries import Settled
from storage.lines import Hop

# More than any incident has; it only keeps a runaway from filling the memory.
_MOST_ENTRIES: Final = 100_000
# What a card does not say, because the rest of it does.
_MORE_WORDS: Final = {
    Entry.OPENED: "Opened: {severity}, {title}",
    Entry.NOTIFIED: "Level {level} told again (turn {turn}): {to}",
}


@dataclass(frozen=True, slots=True)
class Story:
    """What is known of an incident. `scene` is what its card would be built from."""

    scene: Scene
    timeline: tuple[Happened, ...]
    ledger: tuple[Settled, ...]
    organisation: Organisation
    hops: Mapping[DeliveryId, Sequence[Hop]]

    @property
    def incident(self) -> Incident:
        """The incident as it stands."""
        return self.scene.incident


async def read(service: Service, number: IncidentId) -> Story | None:
    """Return the story; None: no incident has this number. Raises Unreadable."""

    async def work(connection: Connection) -> Story | None:
        incident = (await incidents.find(connection, [number])).get(number)
        if incident is None:
            return None
        organisation = await service.picture.current(connection)
        # No chat user is mentioned in a shell: the place is in no workspace.
        scene = await scene_of(connection, incident, organisation, Place(WorkspaceId(0)), ())
        timeline = await incidents.timeline(connection, number, _MOST_ENTRIES)
        ledger = await deliveries.ledger(connection, number)
        hops = await lines.hops_of(connection, [settled.delivery.id for settled in ledger])
        return Story(scene, timeline, tuple(ledger), organisation, hops)

    return await service.database.read(work)


# ---- for people ------------------------------------------------------------------------------------------------------


def show(told: Story) -> None:
    """Print the story."""
    incident, scene = told.incident, told.scene
    print_line(build.summary(scene), "bold")
    print_line(f"{plain.spoken(build.status(scene))}")
    facts = (("channel", scene.channel), ("opened", f"{instant(incident.opened_at)} UTC"), *_more_facts(told))
    print_table(("", ""), [(name, one_line(value)) for name, value in facts], rigid=1, indent=2)
    print_line()
    print_line("Timeline (UTC)", "bold")
    print_table(("", ""), [(instant(item.at), words(item.record, scene)) for item in told.timeline], rigid=1, indent=2)
    print_line()
    print_line("Messages (UTC)", "bold")
    if told.ledger:
        headings = ("wanted at", "message", "state", "why")
        print_table(headings, [row for settled in told.ledger for row in _rows(settled, told)], rigid=2, indent=2)
    else:
        print_line("  none")


def words(record: Record, scene: Scene) -> str:
    """Return what an entry of the timeline says, also where a card leaves it out, and whole where a card cuts it."""
    short, whole = _marked(record)
    said = plain.spoken(line_of(short, build.by(scene, record.by), scene.locale, scene.timezone))
    for mark, text in whole.items():
        said = said.replace(mark, one_line(text))
    if said:
        return said
    if record.entry in _MORE_WORDS:
        known = {"severity": "", "title": "", "level": "", "turn": "", "to": "its chats", **record.said}
        return one_line(_MORE_WORDS[record.entry].format(**known))
    more = ", ".join(f"{name} {value}" for name, value in record.said.items())
    return one_line(f"{record.entry.replace('_', ' ').capitalize()}{': ' if more else ''}{more}")


def _marked(record: Record) -> tuple[Record, dict[str, str]]:
    """Return the record with a mark in place of each text that a card would cut, and what each mark stands for.

    The marks are of the characters that Unicode leaves to private use, so that nothing else looks like one.
    """
    long = [name for name, value in record.said.items() if len(str(value)) > TEXT_IN_LINE]
    marks = {name: chr(0xF0000 + place) for place, name in enumerate(long)}
    short = replace(record, said={**record.said, **marks})
    return short, {mark: str(record.said[name]) for name, mark in marks.items()}


def _more_facts(told: Story) -> list[tuple[str, str]]:
    incident = told.incident
    accounts, tally = told.organisation.people.accounts, incident.facts.tally
    responders = ", ".join(accounts[responder.account].name for responder in incident.responders)
    facts = [
        ("responders", responders),
        ("alerts", f"{tally.active} active of {tally.total}"),
        ("description", incident.facts.description),
        ("labels", ", ".join(f"{key}={value}" for key, value in incident.facts.labels.items())),
        *((link.text, link.href) for link in incident.facts.links),
    ]
    return [(name, value) for name, value in facts if value]


def _rows(settled: Settled, told: Story) -> Iterator[tuple[Cell, ...]]:
    """Yield the message, and under it each hop of it."""
    delivery, organisation = settled.delivery, told.organisation
    turn = f", turn {delivery.turn + 1}" if delivery.turn > 0 else ""
    joint = "by" if by_line(delivery.place) else "in"
    place = f"{to(delivery.place, organisation)} {joint} {workspace(delivery.place, organisation)}"
    yield (
        instant(delivery.created_at),
        f"{what(settled)} to {place} (level {delivery.level + 1}{turn})",
        state(settled),
        one_line(": ".join(part for part in (settled.reason.replace("_", " "), settled.said) if part)),
    )
    for hop in told.hops.get(delivery.id, ()):
        yield (
            "",
            f"  {hop.hop.replace('_', ' ')} {_beside(delivery.created_at, hop.at)}",
            hop.provider,
            one_line(hop.said),
        )


def what(settled: Settled) -> str:
    """Return what is sent: a card, its update, a reminder, or a note about something."""
    delivery = settled.delivery
    if delivery.kind is Kind.NOTE and delivery.entry is not None:
        return f"note “{delivery.entry.replace('_', ' ')}”"
    return "update" if delivery.kind is Kind.EDIT else str(delivery.kind)


def to(place: Place, organisation: Organisation) -> str:
    """Return who or which chat a message goes to."""
    if place.account is None:
        return f"chat {place.chat}"
    account = organisation.people.accounts.get(place.account)
    return account.name if account else "somebody"


def workspace(place: Place, organisation: Organisation) -> str:
    """Return the workspace that a message goes through, or the method by which it goes."""
    return organisation.via(place.workspace) or "a workspace that is gone"


def state(settled: Settled) -> str:
    """Return how far a message has come, when, and after how many tries."""
    tries = settled.delivery.attempts
    said = [str(settled.state)]
    if tries > 1 or (tries and settled.state is State.PENDING):
        said.append("1 try" if tries == 1 else f"{tries} tries")
    if settled.state is State.PENDING:
        said.append(f"not before {_beside(settled.delivery.created_at, settled.not_before)}")
    elif settled.settled_at is not None:
        said.append(_beside(settled.delivery.created_at, settled.settled_at))
    return ", ".join(said)


def _beside(shown: datetime, at: datetime) -> str:
    """Return an instant that stands beside another one: its day only if that is another day."""
    return instant(at) if at.astimezone(UTC).date() != shown.astimezone(UTC).date() else instant(at).split()[1]


# ---- for scripts -----------------------------------------------------------------------------------------------------


def as_json(told: Story) -> dict[str, object]:
    """Return the story as values that `json` can write."""
    return {
        "incident": incident_as_json(told.incident, told.organisation),
        "timeline": [_entry_as_json(item, told) for item in told.timeline],
        "messages": [_message_as_json(settled, told) for settled in told.ledger],
    }


def incident_as_json(incident: Incident, organisation: Organisation) -> dict[str, object]:
    """Return an incident as values that `json` can write. Levels count from 1."""
    accounts, facts = organisation.people.accounts, incident.facts
    return {
        "number": incident.id,
        "severity": str(facts.severity),
        "progress": str(incident.progress),
        "title": facts.title,
        "description": facts.description,
        "labels": dict(facts.labels),
        "channel": organisation.channel(incident.channel).name,
        "rule": incident.rule,
        "level": incident.level + 1 if incident.level >= 0 else None,
        "responders": [accounts[responder.account].email for responder in incident.responders],
        "alerts": {"active": facts.tally.active, "total": facts.tally.total},
        "opened_at": _time(incident.opened_at),
        "acknowledged_at": _time(incident.acknowledged.at if incident.acknowledged else None),
        "snoozed_until": _time(incident.snoozed_until),
        "exhausted_at": _time(incident.exhausted_at),
        "closed_at": _time(incident.closed.at if incident.closed else None),
        "recovered": incident.recovered,
        "resolution": incident.resolution,
        "due": _time(incident.due),
        "idle": str(incident.idle) if incident.idle else None,
    }


def _entry_as_json(item: Happened, told: Story) -> dict[str, object]:
    record = item.record
    account = told.organisation.people.accounts.get(record.by.account) if record.by.account is not None else None
    return {
        "at": _time(item.at),
        "entry": str(record.entry),
        "by": account.email if account else None,
        "via": record.by.via or None,
        "said": dict(record.said),
        "words": words(record, told.scene),
    }


def _message_as_json(settled: Settled, told: Story) -> dict[str, object]:
    delivery = settled.delivery
    place = delivery.place
    account = told.organisation.people.accounts.get(place.account) if place.account is not None else None
    return {
        "kind": str(delivery.kind),
        "about": str(delivery.entry) if delivery.entry else None,
        "level": delivery.level + 1,
        "turn": delivery.turn + 1,
        "workspace": workspace(place, told.organisation),
        "chat": place.chat,
        "account": account.email if account else None,
        "state": str(settled.state),
        "reason": settled.reason or None,
        "said": settled.said or None,
        "attempts": delivery.attempts,
        "created_at": _time(delivery.created_at),
        "not_before": _time(settled.not_before),
        "settled_at": _time(settled.settled_at),
        "hops": [
            {"at": _time(hop.at), "hop": hop.hop, "provider": hop.provider, "said": hop.said, "id": hop.id or None}
            for hop in told.hops.get(delivery.id, ())
        ],
    }


def _time(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat() if at is not None else None
