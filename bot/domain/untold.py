"""Why somebody was not paged: for each incident that was open in a span, what was decided about them, and what not.

It is read from what is stored: the timeline says what happened when, the messages what became of each. Whom a rule
names is as it is configured now, and so are the times at which further levels would have come.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.escalation import Level
from bot.domain.flow import rules_of
from bot.domain.incident import Entry, Happened, Incident
from bot.domain.ledger import Ledger, Outcome, Telling, until_of
from bot.domain.organisation import Organisation
from bot.domain.people import Account, AccountId, Method, Target, TargetKind
from bot.domain.verification import Obstacle, obstacle


@dataclass(frozen=True, slots=True)
class Span:
    """From one instant to another."""

    since: datetime
    until: datetime


class Ground(StrEnum):
    """Why somebody was not paged, or that they were."""

    PAGED = "paged"
    PAGED_BEFORE = "paged_before"
    NO_RULE = "no_rule"
    NOT_NAMED = "not_named"
    NOT_AMONG = "not_among"
    LEFT = "left"
    CANNOT = "cannot"
    EMPTY = "empty"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"
    RECOVERED = "recovered"
    SNOOZED = "snoozed"
    REASSIGNED = "reassigned"
    EXHAUSTED = "exhausted"
    WOULD_BE = "would_be"


@dataclass(frozen=True, slots=True)
class Reason:
    """One ground. `level` counts from 1; `at`: when it was so, or when the level comes or would have come."""

    ground: Ground
    at: datetime | None = None
    by: AccountId | None = None
    until: datetime | None = None
    level: int = 0
    to: str = ""
    method: Method | None = None
    obstacle: Obstacle | None = None


@dataclass(frozen=True, slots=True)
class Untold:
    """What there is to say of one incident: the person's own messages in the span, and the grounds."""

    incident: Incident
    tellings: tuple[Telling, ...]
    reasons: tuple[Reason, ...]

    @property
    def is_paged(self) -> bool:
        """Whether the person was paged in the span after all."""
        return any(reason.ground is Ground.PAGED for reason in self.reasons)


def levels_of(incident: Incident, organisation: Organisation) -> tuple[Level, ...]:
    """Return the levels of the incident's rule as it follows them now; none: it has no rule."""
    return rules_of(incident, organisation).levels


def naming(person: AccountId, incident: Incident, organisation: Organisation) -> tuple[int, ...]:
    """Return which levels (from 0) would tell the person: by name, by team, or as the team behind a chat."""
    people = organisation.people
    team = organisation.channel(incident.channel).team
    behind = people.teams[team].members if team is not None and team in people.teams else ()
    found = []
    for number, level in enumerate(levels_of(incident, organisation)):
        named = any(_is_of(target, person, organisation) for target in level.targets)
        if named or (level.chats and not level.targets and person in behind):
            found.append(number)
    return tuple(found)


def concerns(person: AccountId, incident: Incident, organisation: Organisation) -> bool:
    """Whether the person has anything to do with the incident: its rule names them, or somebody gave it to them."""
    is_given = any(responder.account == person for responder in incident.responders)
    return is_given or bool(naming(person, incident, organisation))


def untold(person: AccountId, span: Span, ledger: Ledger, organisation: Organisation) -> Untold:
    """Return why the person was not paged of an incident in the span, or that they were."""
    incident = ledger.incident
    own = [one for one in ledger.tellings if one.delivery.place.account == person and one.is_page]
    within = tuple(one for one in own if _is_within(one, span))
    paged = [one for one in within if one.ending.outcome is Outcome.DELIVERED]
    if paged:
        return Untold(incident, within, (Reason(Ground.PAGED, paged[0].sent.settled_at),))
    account = organisation.people.accounts[person]
    reasons: list[Reason] = []
    if not account.active:
        reasons.append(Reason(Ground.LEFT))
    reasons += _unasked(account, span, ledger, organisation, own)
    return Untold(incident, within, tuple(reasons))


def _unasked(
    account: Account, span: Span, ledger: Ledger, organisation: Organisation, own: Sequence[Telling]
) -> Iterator[Reason]:
    incident = ledger.incident
    levels = levels_of(incident, organisation)
    before = [one for one in own if one.ending.outcome is Outcome.DELIVERED and _ended(one) < span.since]
    if before:
        yield Reason(Ground.PAGED_BEFORE, _ended(before[-1]))
    if not levels:
        yield Reason(Ground.NO_RULE)
    named = naming(account.id, incident, organisation)
    known = [item for item in ledger.decisions if item.at <= span.until]
    if levels and not named and not own:
        yield Reason(Ground.NOT_NAMED)
    if named or own:
        yield from _cannot(account, incident, organisation)
    for item in known:
        if item.record.entry is Entry.LEVEL_EMPTY and _level(item) in named:
            yield Reason(Ground.EMPTY, item.at, level=_level(item) + 1)
    told = [item for item in known if item.record.entry is Entry.NOTIFIED and _level(item) in named]
    if told and not own:
        # The level has told others: it was staffed otherwise then, or the incident was somebody's by hand.
        last = told[-1]
        yield Reason(Ground.NOT_AMONG, last.at, level=_level(last) + 1, to=str(last.record.said.get("to", "")))
    yield from _held(known, span)
    yield from _next(ledger, known, named, levels)


_FOR_EVERYBODY = (Obstacle.NO_PROVIDER, Obstacle.NO_WORKSPACE)


def _cannot(account: Account, incident: Incident, organisation: Organisation) -> Iterator[Reason]:
    """Yield by which of the ways that the person wants they cannot be reached as things stand.

    What is missing for everybody keeps nobody from being told, as long as another way works.
    """
    wanted = [preference.method for preference in account.wants(incident.facts.severity)]
    found = {method: obstacle(account, organisation, method) for method in wanted}
    own = {method: why for method, why in found.items() if why not in (None, *_FOR_EVERYBODY)}
    for method, why in (own or (found if all(found.values()) else {})).items():
        yield Reason(Ground.CANNOT, method=method, obstacle=why)


# What keeps an incident from going on, until one of those that let it go on.
_HOLDS = {
    Entry.ACKNOWLEDGED: Ground.ACKNOWLEDGED,
    Entry.CLOSED: Ground.CLOSED,
    Entry.RECOVERED: Ground.RECOVERED,
    Entry.SNOOZED: Ground.SNOOZED,
    Entry.REASSIGNED: Ground.REASSIGNED,
    Entry.EXHAUSTED: Ground.EXHAUSTED,
}
_FREES = frozenset({Entry.UNACKNOWLEDGED, Entry.REOPENED, Entry.ESCALATED, Entry.SNOOZE_OVER, Entry.UNDONE})


def _held(known: Sequence[Happened], span: Span) -> Iterator[Reason]:
    """Yield what held the incident when the span began, and whatever came to hold it within."""
    standing: Happened | None = None
    for item in known:
        if item.at > span.since:
            break
        if item.record.entry in _HOLDS:
            standing = item
        elif item.record.entry in _FREES:
            standing = None
    within = [item for item in known if item.at > span.since and item.record.entry in _HOLDS]
    for one in [*([standing] if standing is not None else []), *within]:
        record = one.record
        to = str(record.said.get("to", ""))
        yield Reason(_HOLDS[record.entry], one.at, record.by.account, until_of(one), to=to)


def _next(ledger: Ledger, known: Sequence[Happened], named: Sequence[int], levels: Sequence[Level]) -> Iterator[Reason]:
    """Yield when the first level that names the person comes, or would have come; if none does, the level after this.

    Of an incident that waits it is known; of another, it is counted from the last level that was entered.
    """
    entered = [item for item in known if item.record.entry is Entry.NOTIFIED and item.record.said.get("turn") == 1]
    if not entered:
        return
    reached = _level(entered[-1])
    wanted = next((level for level in named if level > reached), None) if named else reached + 1
    if wanted is None or wanted >= len(levels) or any(_level(item) in named for item in entered):
        return
    incident = ledger.incident
    if incident.escalate_at is not None and (incident.level, wanted) == (reached, reached + 1):
        at = incident.escalate_at
    else:
        at = entered[-1].at
        for level in levels[max(reached, 0) : wanted]:
            at += level.escalate_after
    yield Reason(Ground.WOULD_BE, at, level=wanted + 1)


def _is_within(telling: Telling, span: Span) -> bool:
    """Whether it was decided or on its way in the span."""
    ended = telling.sent.settled_at
    return telling.delivery.created_at <= span.until and (ended is None or ended >= span.since)


def _ended(telling: Telling) -> datetime:
    return telling.sent.settled_at or telling.delivery.created_at


def _level(item: Happened) -> int:
    return int(item.record.said.get("level", 0)) - 1


def _is_of(target: Target, person: AccountId, organisation: Organisation) -> bool:
    if target.kind is TargetKind.ACCOUNT:
        return target.id == person
    return any(team.id == target.id and person in team.members for team in organisation.people.teams.values())
