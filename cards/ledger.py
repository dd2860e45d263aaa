"""What is said of the ledger: why an incident was told to whom and how that ended, and why somebody was not paged."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from bot.domain.delivery import Kind, Place
from bot.domain.event import cut
from bot.domain.incident import Entry, Happened, Incident
from bot.domain.ledger import Asked, Because, Cause, Ending, Ledger, Outcome, Telling, Unreached, by_line
from bot.domain.organisation import Organisation
from bot.domain.people import LINES, AccountId
from bot.domain.untold import Ground, Reason, Span, Untold
from bot.domain.verification import Obstacle
from cards import words
from cards.card import Moment, Note, Part, Person, Text
from cards.contacts import METHODS
from cards.history import line_of
from cards.plain import line, zone
from cards.words import SEVERITIES, amount, duration, form_of, name_of, say

# So many rows of what was decided fit into a note everywhere, beside one that says how many are left out.
MOST_SHOWN: Final = 11
SAID_IN_ROW: Final = 90
TITLE_IN_ROW: Final = 80

DOES_WHY: Final = "why it was told to whom, and what became of that; or why somebody was not paged"
SAY_WHY: Final = "Say which incident, or who and when, for example: {example} or {other}"
SAY_SPAN: Final = "Say from when to when, for example: {example}"
SAY_ONE: Final = "Name one person, for example: {example}"

WHY_HEAD: Final = "[#{number}] {severity} · {title} · {channel} · {opened}: {summary}"
MESSAGES: Final = ("{count} message was decided on", "{count} messages were decided on")
NO_MESSAGES: Final = "nobody was to be told"
ROW: Final = "{at} · {who} · {way} ({cause}): [{outcome}] · {reason}"
NO_WAY: Final = "{at} · {who} (level {level}): [not delivered] · no way to them is known"
HAPPENED: Final = "{at} · {what}"
MORE: Final = ("… {count} more: {command}", "… {count} more: {command}")

IN_CHAT: Final = "chat in {workspace}"
NO_WORKSPACE: Final = "a workspace that is gone"
OUTCOMES: Final[Mapping[Outcome, str]] = MappingProxyType(
    {
        Outcome.DELIVERED: "delivered",
        Outcome.NOT_DELIVERED: "not delivered",
        Outcome.NOT_NEEDED: "not needed",
        Outcome.TAKEN_BACK: "taken back",
        Outcome.WAITING: "still waiting",
    }
)
CAUSES: Final[Mapping[Asked, str]] = MappingProxyType(
    {
        Asked.LEVEL: "level {level}, turn {turn}",
        Asked.BY_HAND: "assigned by hand, turn {turn}",
        Asked.ADDED: "added by hand",
        Asked.TEAM: "the team behind the chat, level {level}",
        Asked.ANNOUNCED: "word for the team and the admins",
        Asked.OVER: "word that it is over",
        Asked.CARD: "update of the card",
        Asked.STOP: "stops what still rings",
    }
)
LEVEL_OF_RULE: Final = "level {level} of rule “{rule}”, turn {turn}"
AT_ONCE: Final = "at once"
AFTER: Final = "after {time} if nobody acts"
IF_FAILS: Final = "if {way} fails"
BECAUSES: Final[Mapping[Because, str]] = MappingProxyType(
    {
        Because.ACCEPTED: "taken at {at}",
        Because.REPORTED: "{word} at {at}",
        Because.ANSWERED: "acted at {at}: {said}",
        Because.BY_BOARD: "told by the board at {at}",
        Because.FAILED: "{said} ({word})",
        Because.REACHED: "reached by {way}",
        Because.SHOWN: "the card shows it already",
        Because.NEWER: "a newer message took its place",
        Because.NOT_EDITABLE: "the message cannot be changed",
        Because.OVER: "it was over already",
        Because.ACKNOWLEDGED: "{who} acknowledged it",
        Because.CLOSED: "{who} closed it",
        Because.RECOVERED: "it recovered",
        Because.SNOOZED: "{who} snoozed it",
        Because.REASSIGNED: "{who} assigned it to others",
        Because.UNDONE: "{who} took it back",
        Because.TURN: "until {until}",
        Because.BEHIND: "until {until}, if {way} fails",
        Because.RETRY: "a try failed, the next at {until}: {said} ({word})",
        Because.SENDING: "it is being sent",
        Because.ON_BOARD: "the board tells it next",
        Because.OTHER: "{word}",
    }
)
ANOTHER_WAY: Final = "another way"
HOPS: Final[Mapping[str, str]] = MappingProxyType(
    {"seen": "seen", "answered": "answered", "delivered": "reported as delivered"}
)

UNTOLD_HEAD: Final = "[{who}, {since} to {until}]: {summary}"
PAGED_OF: Final = ("paged for {paged} of {count} open incident", "paged for {paged} of {count} open incidents")
NOTHING_OPEN: Final = "nothing was open then, so nobody was to be paged"
PAGED_ROW: Final = "[#{number}] {severity} · {title} · {channel}: [paged]"
NOT_PAGED_ROW: Final = "[#{number}] {severity} · {title} · {channel}: [not paged]"
REASON_ROW: Final = "{number} · {reason}"
GROUNDS: Final[Mapping[Ground, str]] = MappingProxyType(
    {
        Ground.PAGED: "paged at {at}",
        Ground.PAGED_BEFORE: "paged before that, at {at}",
        Ground.NO_RULE: "the channel has no escalation rule: nobody is paged",
        Ground.NOT_NAMED: "no level of rule “{rule}” names them",
        Ground.NOT_AMONG: "level {level} told others at {at}: {to}",
        Ground.LEFT: "their account is no longer active",
        Ground.CANNOT: "{method} may not reach them: {obstacle}",
        Ground.EMPTY: "level {level} was passed at {at}: it reached nobody",
        Ground.ACKNOWLEDGED: "{who} acknowledged it at {at}",
        Ground.CLOSED: "{who} closed it at {at}",
        Ground.RECOVERED: "it recovered at {at}",
        Ground.SNOOZED: "{who} snoozed it at {at} until {until}",
        Ground.REASSIGNED: "{who} assigned it at {at} to {to}",
        Ground.EXHAUSTED: "the last level was over at {at}",
        Ground.WOULD_BE: "level {level} is next, if nobody acts, at {at}",
    }
)
NEXT_NAMES: Final = "level {level}, which names them, comes at {at} if nobody acts"
NAMES_WOULD: Final = "level {level}, which names them, would have come at {at}"
NEXT_WOULD: Final = "level {level} would have come at {at}"
OBSTACLES: Final[Mapping[Obstacle, str]] = MappingProxyType(
    {
        Obstacle.NO_WORKSPACE: "no chat app is connected",
        Obstacle.NOT_LINKED: "no chat account is linked to them",
        Obstacle.NO_PROVIDER: "no provider for it is configured",
        Obstacle.NO_PHONE: "they have no phone number",
        Obstacle.NOT_SERVED: "no provider serves their number",
        Obstacle.NOT_VERIFIED: "it is not verified that it is theirs",
        Obstacle.NO_DEVICE: "no provider knows a device of theirs",
    }
)


@dataclass(frozen=True, slots=True)
class Eye:
    """Who reads it: the language, the time zone, and what is configured."""

    locale: str
    timezone: str
    organisation: Organisation

    def name(self, account: AccountId | None) -> Part:
        """Return who somebody is."""
        known = self.organisation.people.accounts.get(account) if account is not None else None
        return Person(known.name) if known is not None else name_of(self.locale, words.SOMEBODY)


# ---- one incident ----------------------------------------------------------------------------------------------------


def account(ledger: Ledger, eye: Eye) -> Note:
    """Return what was decided about an incident and what became of it, as much as a note holds.

    What changes cards and says nothing to anybody is left to the command line.
    """
    told = [one for one in ledger.tellings if one.is_page or one.delivery.kind is Kind.NOTE]
    rows = [*((one.delivery.created_at, row(one, ledger.incident, eye)) for one in told)]
    rows += [(one.at, no_way(one, ledger.incident, eye)) for one in ledger.unreached]
    rows += [(item.at, said) for item in ledger.decisions if (said := _happened(item, ledger.incident, eye))]
    rows.sort(key=lambda one: one[0])
    count = len(told)
    many = name_of(eye.locale, form_of(MESSAGES, count), count=amount(eye.locale, count))
    summary = many if count else name_of(eye.locale, NO_MESSAGES)
    command = f"oncard why {ledger.incident.id}"
    opened = Moment(ledger.incident.opened_at, eye.timezone, day=True)
    head = _head(ledger.incident, WHY_HEAD, eye, opened=opened, summary=summary)
    return Note(head, rows=_cut([one for _, one in rows], command, eye))


def row(telling: Telling, incident: Incident, eye: Eye) -> Text:
    """Return one message in a line: when it was decided, for whom, by which way, why, and how it ended."""
    place = telling.delivery.place
    return say(
        eye.locale,
        ROW,
        at=_moment(telling.delivery.created_at, incident, eye),
        who=eye.name(place.account) if place.account is not None else place.chat or "",
        way=way(place, eye),
        cause=cause(telling.cause, incident, eye),
        outcome=name_of(eye.locale, OUTCOMES[telling.ending.outcome]),
        reason=ending(telling.ending, incident, eye),
    )


def no_way(unreached: Unreached, incident: Incident, eye: Eye) -> Text:
    """Return that somebody was to be told whom no way leads to."""
    at = _moment(unreached.at, incident, eye)
    return say(eye.locale, NO_WAY, at=at, who=eye.name(unreached.account), level=unreached.level)


def way(place: Place, eye: Eye) -> str:
    """Return by what a message goes: a chat app's name, or a method."""
    if by_line(place):
        method = next(method for method, number in LINES.items() if number == place.workspace)
        return name_of(eye.locale, METHODS[method])
    workspace = eye.organisation.via(place.workspace) or name_of(eye.locale, NO_WORKSPACE)
    return workspace if place.account is not None else name_of(eye.locale, IN_CHAT, workspace=workspace)


def cause(why: Cause, incident: Incident, eye: Eye) -> str:
    """Return why a message was decided on."""
    parts = {"level": str(why.level), "turn": str(why.turn), "rule": incident.rule or ""}
    form = LEVEL_OF_RULE if why.asked is Asked.LEVEL and incident.rule else CAUSES[why.asked]
    said = [name_of(eye.locale, form, **parts)]
    if why.after is not None:
        after = name_of(eye.locale, AFTER, time=duration(eye.locale, why.after))
        said.append(after if why.after else name_of(eye.locale, AT_ONCE))
    said += [name_of(eye.locale, IF_FAILS, way=way(place, eye)) for place in why.behind[:1]]
    return ", ".join(said)


def ending(end: Ending, incident: Incident, eye: Eye) -> Text:
    """Return the reason of an outcome."""
    said = cut(line(end.said), SAID_IN_ROW)
    reported = name_of(eye.locale, HOPS[end.word]) if end.because is Because.REPORTED and end.word in HOPS else ""
    told = say(
        eye.locale,
        BECAUSES[end.because],
        at=_moment(end.at, incident, eye),
        until=_moment(end.until, incident, eye),
        who=eye.name(end.by),
        way=way(end.via, eye) if end.via is not None else name_of(eye.locale, ANOTHER_WAY),
        word=reported or end.word.replace("_", " "),
        said=said,
    )
    is_in_it = end.because in (Because.ANSWERED, Because.FAILED, Because.RETRY)
    return (*told, f": {said}") if said and not is_in_it and end.outcome is Outcome.DELIVERED else told


def _happened(item: Happened, incident: Incident, eye: Eye) -> Text:
    """Return what happened, where the messages do not say it themselves."""
    if item.record.entry in (Entry.NOTIFIED, Entry.NOT_DELIVERED, Entry.COMMENTED, Entry.SEVERITY):
        return ()
    by = item.record.by
    who = eye.name(by.account) if by.account is not None else name_of(eye.locale, words.ONCARD)
    said = line_of(item.record, (who,), eye.locale, eye.timezone)
    return say(eye.locale, HAPPENED, at=_moment(item.at, incident, eye), what=said) if said else ()


def _moment(at: datetime | None, incident: Incident, eye: Eye) -> Part:
    """Return a time of day, with its date where that is not the one on which the incident was opened."""
    if at is None:
        return ""
    here = zone(eye.timezone)
    is_another = at.astimezone(here).date() != incident.opened_at.astimezone(here).date()
    return Moment(at, eye.timezone, day=is_another)


# ---- somebody --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Absence:
    """What there is to say of why somebody was not paged.

    `count`: how many incidents were open in the span; `unreadable`: which of them cannot be read.
    """

    person: AccountId
    span: Span
    untold: Sequence[Untold]
    count: int
    unreadable: Sequence[int] = ()


def absence(found: Absence, eye: Eye) -> Note:
    """Return why somebody was not paged in a span, incident by incident, as much as a note holds."""
    rows = [said for one in found.untold for said in untold(one, eye)]
    if found.unreadable:
        numbers = ", ".join(f"#{number}" for number in found.unreadable[:MOST_SHOWN])
        rows.insert(0, say(eye.locale, words.UNREADABLE_LEFT_OUT, numbers=numbers))
    hidden = found.count - len(found.untold) - len(found.unreadable)
    return Note(absence_head(found, eye), rows=_cut(rows, command_of(found, eye.organisation), eye, hidden))


def absence_head(found: Absence, eye: Eye) -> Text:
    """Return of whom and when it is, and in how many incidents they were paged."""
    paged = sum(one.is_paged for one in found.untold)
    counts = {"paged": amount(eye.locale, paged), "count": amount(eye.locale, found.count)}
    summary = name_of(eye.locale, form_of(PAGED_OF, found.count), **counts)
    since, until = (Moment(at, eye.timezone, day=True) for at in (found.span.since, found.span.until))
    person = eye.organisation.people.accounts[found.person]
    bounds = {"since": _spoken(since), "until": _spoken(until)}
    summary = summary if found.count else name_of(eye.locale, NOTHING_OPEN)
    return say(eye.locale, UNTOLD_HEAD, who=person.name, summary=summary, **bounds)


def untold(one: Untold, eye: Eye) -> Iterator[Text]:
    """Yield the lines of one incident: whether they were paged, each message for them, and why not."""
    incident = one.incident
    yield _head(incident, PAGED_ROW if one.is_paged else NOT_PAGED_ROW, eye)
    for telling in one.tellings:
        yield row(telling, incident, eye)
    for reason in one.reasons:
        if reason.ground is not Ground.PAGED:
            yield say(eye.locale, REASON_ROW, number=f"#{incident.id}", reason=ground(reason, one, eye))


def ground(reason: Reason, one: Untold, eye: Eye) -> Text:
    """Return why somebody was not paged."""
    method = name_of(eye.locale, METHODS[reason.method]) if reason.method is not None else ""
    obstacle = name_of(eye.locale, OBSTACLES[reason.obstacle]) if reason.obstacle is not None else ""
    return say(
        eye.locale,
        _ground_form(reason, one),
        at=_moment(reason.at, one.incident, eye),
        until=_moment(reason.until, one.incident, eye),
        who=eye.name(reason.by),
        level=reason.level,
        rule=one.incident.rule or "",
        to=cut(line(reason.to), SAID_IN_ROW),
        method=method,
        obstacle=obstacle,
    )


def _ground_form(reason: Reason, one: Untold) -> str:
    if reason.ground is not Ground.WOULD_BE:
        return GROUNDS[reason.ground]
    is_named = all(other.ground is not Ground.NOT_NAMED for other in one.reasons)
    is_to_come = reason.at == one.incident.escalate_at
    if is_named:
        return NEXT_NAMES if is_to_come else NAMES_WOULD
    return GROUNDS[Ground.WOULD_BE] if is_to_come else NEXT_WOULD


def command_of(found: Absence, organisation: Organisation) -> str:
    """Return the command that says all of it, at the command line: there times are in the person's own zone."""
    person = organisation.people.accounts[found.person]
    since, until = (at.astimezone(zone(person.timezone)) for at in (found.span.since, found.span.until))
    return f"oncard why not {person.email} {since:%Y-%m-%d %H:%M}-{until:%H:%M}"


def _head(incident: Incident, form: str, eye: Eye, **more: Part) -> Text:
    return say(
        eye.locale,
        form,
        number=incident.id,
        severity=name_of(eye.locale, SEVERITIES[incident.facts.severity]),
        title=cut(line(incident.facts.title), TITLE_IN_ROW),
        channel=eye.organisation.channel(incident.channel).name,
        **more,
    )


def _spoken(moment: Moment) -> str:
    return f"{moment.at.astimezone(zone(moment.timezone)):%Y-%m-%d %H:%M}"


def _cut(rows: Sequence[Text], command: str, eye: Eye, hidden: int = 0) -> tuple[Text, ...]:
    """Return as many rows as a note holds, and how many more there are."""
    left = len(rows) - MOST_SHOWN + hidden if len(rows) > MOST_SHOWN else hidden
    if left <= 0:
        return tuple(rows)
    more = say(eye.locale, form_of(MORE, left), count=amount(eye.locale, left), command=command)
    return (*rows[:MOST_SHOWN], more)
