"""Simulation: who would be told of an alert, how, when and why, if nobody reacts. Nothing is stored or sent.

It is no second opinion: the functions that the service calls are called with a clock that jumps from each instant at
which something is due to the next. `flow.decide` opens the incident, `law.step` moves it, `bot.domain.pages` says by
which ways each person is told, `bot.domain.rehearsal` keeps the messages that the service would store.

What it assumes: nobody reacts; what does not fail by assumption is accepted at once; the organisation stays as it is.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.domain.definition import AccountDefinition, Body, Contact, Kept, Said, WorkspaceDefinition
from bot.domain.delivery import Kind, State
from bot.domain.escalation import WhenNobody
from bot.domain.facts import Facts
from bot.domain.filters import Condition, Subject, holds, of_facts
from bot.domain.flow import Arrival, Known, Moment, NewIds, decide, rules_of
from bot.domain.frozen import replace
from bot.domain.incident import (
    AlertId,
    Announce,
    Entry,
    Happened,
    Incident,
    IncidentId,
    Notify,
    Record,
    Step,
    Tick,
    Undelivered,
    Unreachable,
)
from bot.domain.law import step
from bot.domain.ledger import Ledger, Telling, Unreached, reckon
from bot.domain.levels import level_of
from bot.domain.organisation import Organisation
from bot.domain.organise import organise
from bot.domain.pages import who_hears
from bot.domain.people import AccountId, ChatLink, ContactKind, WorkspaceId
from bot.domain.rehearsal import TRIED, Answer, Failing, Queue
from bot.domain.rule import Rule
from bot.domain.time_filter import matches

LONGEST: Final = timedelta(days=31)
"""So far it looks ahead: nobody who waits for the next shift waits longer than that to learn of it."""
NUMBER: Final = IncidentId(0)
NOTHING_FAILS: Final = Failing()
# What the messages say themselves.
_UNSAID: Final = (Entry.NOTIFIED, Entry.NOT_DELIVERED)


class Fate(StrEnum):
    """What would become of a message."""

    TOLD = "told"
    REFUSED = "refused"
    UNLINKED = "unlinked"
    DARK = "dark"
    NOT_NEEDED = "not needed"
    WAITING = "waiting"


class Ground(StrEnum):
    """Why a rule is not the one that is followed."""

    DISABLED = "disabled"
    HOURS = "hours"
    FILTER = "filter"


@dataclass(frozen=True, slots=True)
class Passed:
    """A rule that comes before the one that is followed, and why it is not. `failed`: a condition that is not true."""

    rule: str
    ground: Ground
    failed: Condition | None = None
    held: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that would happen. `after`: so long after the alert; `fate`: of a message.

    `catch_all`: the level names nobody who can be told, so everybody is who must know when nobody else does.
    """

    at: datetime
    after: timedelta
    what: Telling | Unreached | Happened | Passed
    fate: Fate | None = None
    catch_all: bool = False


@dataclass(frozen=True, slots=True)
class Simulation:
    """What would happen, line by line in the order of time; `incident`: as it would be at the end.

    `rough_from`: from then on times depend on when the service would try again what is dark, which it spreads; what
    happens is the same. None: every time is exact.
    """

    incident: Incident
    ledger: Ledger
    lines: tuple[Line, ...]
    rough_from: datetime | None = None

    @property
    def told(self) -> tuple[Line, ...]:
        """Return the lines by which somebody is told."""
        return tuple(line for line in self.lines if line.fate is Fate.TOLD)


def simulate(
    organisation: Organisation,
    arrival: Arrival,
    at: datetime,
    failing: Failing = NOTHING_FAILS,
    *,
    until: timedelta = LONGEST,
) -> Simulation:
    """Return what would happen to an alert that comes to its channel at an instant.

    Raises ValueError for a recovery, which opens no incident.
    """
    known, ids = Known(), NewIds(AlertId(0), NUMBER)
    made = decide(arrival, known, ids, Moment(organisation.at(at), at))
    if not made.incidents:
        raise ValueError("a recovery opens no incident")
    ((incident, effects),) = made.incidents
    run = _Run(organisation, failing, incident)
    run.happen(Step(incident, effects), at)
    run.live(at, at + until)
    return run.told(at)


def assumed(bodies: Iterable[Body]) -> Organisation:
    """Return the organisation of definitions that no database knows: links as they say, every contact verified."""
    kept = tuple(Kept(number, body) for number, body in enumerate(bodies, start=1))
    people = {one.body.email: (AccountId(one.id), one.body) for one in kept if isinstance(one.body, AccountDefinition)}
    links = tuple(
        ChatLink(WorkspaceId(one.id), user, people[email][0])
        for one in kept
        if isinstance(one.body, WorkspaceDefinition)
        for email, user in one.body.links.items()
        if email in people
    )
    contacts = frozenset(
        Contact(number, kind, value)
        for number, person in people.values()
        for kind, value in ((ContactKind.PHONE, person.phone), (ContactKind.EMAIL, person.email))
    )
    return organise(0, kept, Said(links, contacts))


class _Run:
    """An incident on its way, with its timeline and its messages."""

    def __init__(self, organisation: Organisation, failing: Failing, incident: Incident) -> None:
        self._organisation = organisation
        self._queue = Queue(failing)
        self._timeline: list[Happened] = []
        self._caught: set[tuple[int, int]] = set()
        self._incident = incident
        self._rough_from: datetime | None = None

    def happen(self, made: Step, now: datetime) -> None:
        """Let follow what the law says: first the word to those who must know, then the pages, as the service does."""
        self._incident = made.incident
        organisation = self._organisation.at(now)
        self._timeline += [Happened(now, one) for one in made.effects if isinstance(one, Record)]
        for one in made.effects:
            if isinstance(one, Announce):
                for account in who_hears(made.incident.channel, organisation):
                    self._queue.word(made.incident, one.entry, account, organisation, now)
        for one in made.effects:
            if isinstance(one, Notify):
                self._note_catch_all(one, organisation)
                self._queue.notify(made.incident, one, organisation, now)

    def live(self, now: datetime, until: datetime) -> None:
        """Let time pass until nothing follows any more."""
        while True:
            self._drain(now)
            due = self._incident.due
            if due is None and self._queue.is_quiet:
                return
            later = [at for at in (due, self._queue.next_after(now)) if at is not None]
            now = max(now, min(later))
            if now > until:
                return
            if due is not None and due <= now:
                organisation = self._organisation.at(now)
                self.happen(step(self._incident, Tick(), rules_of(self._incident, organisation), now), now)

    def told(self, opened: datetime) -> Simulation:
        """Return what has happened."""
        organisation = self._organisation
        ledger = reckon(self._incident, self._timeline, self._queue.messages, organisation)
        passed = [
            Line(opened, timedelta(), one) for one in passed_over(self._incident, organisation.at(opened), opened)
        ]
        happened = [Line(one.at, one.at - opened, one) for one in self._timeline if one.record.entry not in _UNSAID]
        tellings = [self._line(one, opened) for one in ledger.tellings]
        nowhere = [Line(one.at, one.at - opened, one) for one in ledger.unreached]
        lines = sorted([*passed, *happened, *nowhere, *tellings], key=lambda line: line.at)
        return Simulation(self._incident, ledger, tuple(lines), self._rough_from)

    def _drain(self, now: datetime) -> None:
        organisation = self._organisation.at(now)
        for delivery in self._queue.due(now):
            is_page = delivery.kind is not Kind.NOTE
            answer = self._queue.settle(delivery, organisation, now)
            if answer is Answer.ACCEPTED:
                continue
            facts: list[Undelivered | Unreachable] = []
            if delivery.attempts == 1:
                facts.append(Undelivered(delivery.place.key, organisation.via(delivery.place.workspace), str(answer)))
            if is_page and self._queue.reached_nobody(delivery, organisation):
                facts.append(Unreachable(delivery.level, delivery.turn))
            for fact in facts:
                made = step(self._incident, fact, rules_of(self._incident, organisation), now)
                if made.incident is not self._incident and delivery.attempts > 1:
                    self._rough_from = self._rough_from or now
                self.happen(made, now)

    def _note_catch_all(self, effect: Notify, organisation: Organisation) -> None:
        level = level_of(self._incident, rules_of(self._incident, organisation))
        if level is None or level.chats or level.when_nobody is not WhenNobody.CATCH_ALL:
            return
        people = organisation.people
        if not people.can_be_told(people.resolve(level.targets)):
            self._caught.add((effect.level, effect.turn))

    def _line(self, telling: Telling, opened: datetime) -> Line:
        sent, cause = telling.sent, telling.cause
        first = self._queue.first_tried(telling.delivery.id) or telling.delivery
        is_caught = telling.is_page and (first.level, first.turn) in self._caught
        if telling.is_page:
            telling = replace(telling, cause=replace(cause, level=first.level + 1, turn=first.turn + 1))
        tried = next((hop.at for hop in sent.hops if hop.word == TRIED), None)
        at = tried or sent.settled_at or sent.not_before
        return Line(at, at - opened, telling, _fate(telling), is_caught)


def _fate(telling: Telling) -> Fate:
    sent = telling.sent
    if sent.state is State.DELIVERED:
        return Fate.TOLD
    if sent.state is State.WITHDRAWN:
        # What was tried and is given up because another way did it was dark all the same.
        return Fate.DARK if sent.hops else Fate.NOT_NEEDED
    return Fate(sent.reason) if sent.reason else Fate.WAITING


# ---- the rules that are not followed ---------------------------------------------------------------------------------


def passed_over(incident: Incident, organisation: Organisation, now: datetime) -> Iterator[Passed]:
    """Yield the channel's rules that come before the one that the incident follows, and why it follows none of them."""
    channel = organisation.channel(incident.channel)
    for rule in channel.rules:
        if rule.name == incident.rule:
            return
        yield why_not(rule, incident.facts, organisation, now, channel.name)


def why_not(rule: Rule, facts: Facts, organisation: Organisation, now: datetime, channel: str) -> Passed:
    """Return why a rule that is not followed is not: of a filter, the first condition that fails."""
    if not rule.enabled:
        return Passed(rule.name, Ground.DISABLED)
    if not matches(rule.when, now, organisation.day_kind):
        return Passed(rule.name, Ground.HOURS)
    subject = of_facts(facts, channel)
    failed = _failed(rule, subject)
    return Passed(rule.name, Ground.FILTER, failed, subject.text(failed.field) if failed else "")


def _failed(rule: Rule, subject: Subject) -> Condition | None:
    conditions = (one for group in rule.filter.groups for one in group)
    return next((one for one in conditions if not holds(one, subject.text(one.field))), None)
