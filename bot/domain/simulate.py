"""Simulation: who would be told of an alert, how, when and why, by who acts when. Nothing is stored or sent.

It is no second opinion: the functions that the service calls are called with a clock that jumps from each instant at
which something is due to the next. `flow.decide` opens the incident, `law.step` moves it, `bot.domain.pages` says by
which ways each person is told, `bot.domain.rehearsal` keeps the messages that the service would store.

What it assumes: nobody reacts but by the acts that are given, each after what is due at its instant; what does not fail
by assumption is accepted at once; the organisation stays as it is.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.domain.alert import Alert
from bot.domain.definition import AccountDefinition, Body, Contact, Kept, Said, WorkspaceDefinition
from bot.domain.delivery import OVER, DeliveryId, Dropped, Kind, State
from bot.domain.escalation import WhenNobody
from bot.domain.event import Severity
from bot.domain.facts import Facts
from bot.domain.filters import Condition, Subject, holds, of_facts
from bot.domain.flow import Arrival, Known, Moment, NewIds, decide, rules_of
from bot.domain.frozen import replace
from bot.domain.incident import (
    ADDED,
    Action,
    AddResponder,
    AlertId,
    Announce,
    Entry,
    Happened,
    Incident,
    IncidentId,
    Notify,
    Reason,
    Record,
    Refused,
    Step,
    Tick,
    Undelivered,
    Unreachable,
    Withdraw,
)
from bot.domain.law import step
from bot.domain.ledger import Ledger, Telling, Unreached, reckon
from bot.domain.levels import level_of
from bot.domain.organisation import Organisation
from bot.domain.organise import organise
from bot.domain.pages import who_hears
from bot.domain.people import AccountId, ChatLink, ContactKind, Target, TargetKind, WorkspaceId
from bot.domain.rehearsal import TRIED, Answer, Failing, Queue
from bot.domain.rule import Rule
from bot.domain.schedule import ScheduleId, Source
from bot.domain.time_filter import matches

LONGEST: Final = timedelta(days=31)
"""So far it looks ahead: nobody who waits for the next shift waits longer than that to learn of it."""
NUMBER: Final = IncidentId(0)
NOTHING_FAILS: Final = Failing()


class Fate(StrEnum):
    """What would become of a message."""

    TOLD = "told"
    REFUSED = "refused"
    UNLINKED = "unlinked"
    DARK = "dark"
    NOT_NEEDED = "not needed"
    STOPPED = "stopped"
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
class Act:
    """What somebody does, so long after the alert; None: the monitoring says that it is over."""

    after: timedelta
    what: Action | None


@dataclass(frozen=True, slots=True)
class Hindered:
    """An act that is refused as the incident stands then; `by` nobody: the monitoring."""

    at: datetime
    by: AccountId | None
    refused: Refused
    incident: Incident


@dataclass(frozen=True, slots=True)
class Duty:
    """By which schedule somebody is told, in which role, and what put them on duty."""

    schedule: str
    role: str
    source: Source


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that would happen. `after`: so long after the alert; `fate`: of a message.

    `catch_all`: the level names nobody who can be told, so everybody is who must know when nobody else does. `duty`: of
    whom a schedule has on call, where nothing else names them.
    """

    at: datetime
    after: timedelta
    what: Telling | Unreached | Happened | Passed | Hindered
    fate: Fate | None = None
    catch_all: bool = False
    duty: Duty | None = None

    @property
    def is_idle(self) -> bool:
        """Whether it is a message that is never tried: another way does it, or somebody has acted."""
        return self.fate in (Fate.NOT_NEEDED, Fate.STOPPED)


@dataclass(frozen=True, slots=True)
class Simulation:
    """What would happen, line by line in the order of time; `incident`: as it would be at the end.

    Of one instant: the entries of the timeline, whom the service tells of them, and then each act in the same way.

    `rough_from`: from then on times depend on when the service would try again what is dark, which it spreads; what
    happens is the same. None: every time is exact.
    """

    incident: Incident
    ledger: Ledger
    lines: tuple[Line, ...]
    rough_from: datetime | None = None
    acts: tuple[Act, ...] = ()

    @property
    def told(self) -> tuple[Line, ...]:
        """Return the lines by which somebody is told."""
        return tuple(line for line in self.lines if line.fate is Fate.TOLD)


def simulate(  # noqa: PLR0913 - All that a simulation depends on.
    organisation: Organisation,
    arrival: Arrival,
    at: datetime,
    failing: Failing = NOTHING_FAILS,
    *,
    acts: Iterable[Act] = (),
    until: timedelta = LONGEST,
) -> Simulation:
    """Return what would happen to an alert that comes to its channel at an instant, while people act.

    Raises ValueError for a recovery, which opens no incident.
    """
    planned = tuple(sorted(acts, key=lambda one: one.after))
    known, ids = Known(), NewIds(AlertId(0), NUMBER)
    made = decide(arrival, known, ids, Moment(organisation.at(at), at))
    if not made.incidents:
        raise ValueError("a recovery opens no incident")
    ((incident, effects),) = made.incidents
    run = _Run(organisation, failing, incident, _Monitored(arrival, made.alerts))
    run.happen(Step(incident, effects), at)
    run.live(at + until, planned)
    return replace(run.told(), acts=planned)


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


@dataclass(frozen=True, slots=True)
class _Monitored:
    """What the monitoring said, and the alert that it made."""

    arrival: Arrival
    alerts: tuple[Alert, ...]

    @property
    def recovery(self) -> Arrival:
        """Return the report that it is over."""
        return replace(self.arrival, event=replace(self.arrival.event, status=Severity.OK))


class _Run:
    """An incident on its way, with its timeline and its messages."""

    def __init__(self, organisation: Organisation, failing: Failing, incident: Incident, monitored: _Monitored) -> None:
        self._organisation = organisation
        self._monitored = monitored
        self._opened = incident.opened_at
        # What happened, and when messages were tried or given up: after so many acts.
        self._acts = 0
        self._happened: list[tuple[int, Happened | Hindered]] = []
        self._moved: dict[DeliveryId, int] = {}
        self._duties: dict[tuple[int, AccountId], Duty] = {}
        self._queue = Queue(failing)
        self._caught: set[tuple[int, int]] = set()
        self._incident = incident
        self._rough_from: datetime | None = None

    def happen(self, made: Step, now: datetime, added: Sequence[Target] = ()) -> None:
        """Let follow what the law says: what is taken back, the word to those who must know, the pages.

        In this order, as the service does. `added`: who is added by hand.
        """
        self._incident = made.incident
        organisation = self._organisation.at(now)
        self._happened += [(self._acts, Happened(now, one)) for one in made.effects if isinstance(one, Record)]
        actor = next((one.by.account for one in made.effects if isinstance(one, Record) and one.entry in OVER), None)
        for one in made.effects:
            if isinstance(one, Withdraw):
                self._queue.withdraw(one, now)
                self._queue.over(made.incident, one.reason, actor, organisation, now)
            if isinstance(one, Announce):
                for account in who_hears(made.incident.channel, organisation):
                    self._queue.word(made.incident, one.entry, account, organisation, now)
        for one in made.effects:
            if isinstance(one, Notify):
                self._note_catch_all(one, organisation)
                self._note_duties(one, added, organisation, now)
                self._queue.notify(made.incident, one, organisation, now)

    def live(self, until: datetime, acts: Sequence[Act]) -> None:
        """Let time pass, with the acts at their instants, until nothing follows any more."""
        now, coming = self._opened, list(acts)
        while True:
            self._drain(now)
            due = self._incident.due
            if due is None and self._queue.is_quiet and not coming:
                return
            acts_at = self._opened + coming[0].after if coming else None
            later = [at for at in (due, self._queue.next_after(now), acts_at) if at is not None]
            now = max(now, min(later))
            if now > until:
                return
            if due is not None and due <= now:
                organisation = self._organisation.at(now)
                self.happen(step(self._incident, Tick(), rules_of(self._incident, organisation), now), now)
            elif acts_at is not None and acts_at <= now and not self._queue.waits(now):
                self._act(coming.pop(0), now)

    def _act(self, act: Act, now: datetime) -> None:
        """Let somebody act, or the monitoring say that it is over: through the doors of the service."""
        organisation = self._organisation.at(now)
        for sent in self._queue.messages:
            if sent.settled_at == now:
                self._moved.setdefault(sent.delivery.id, self._acts)
        self._acts += 1
        if act.what is None:
            known = Known(self._monitored.alerts, {self._incident.id: self._incident})
            ids = NewIds(AlertId(0), NUMBER)
            decided = decide(self._monitored.recovery, known, ids, Moment(organisation, now))
            if not decided.incidents:
                refused = Refused(Reason.ALREADY_RECOVERED, self._incident.closed)
                self._happened.append((self._acts, Hindered(now, None, refused, self._incident)))
            self._monitored = replace(self._monitored, alerts=())
            for incident, effects in decided.incidents:
                self.happen(Step(incident, effects), now)
            return
        made = step(self._incident, act.what, rules_of(self._incident, organisation), now)
        if isinstance(made, Refused):
            hindered = Hindered(now, act.what.by.account, made, self._incident)
            self._happened.append((self._acts, hindered))
        else:
            self.happen(made, now, act.what.targets if isinstance(act.what, AddResponder) else ())

    def told(self) -> Simulation:
        """Return what has happened."""
        organisation, opened = self._organisation, self._opened
        timeline = [(acts, one) for acts, one in self._happened if isinstance(one, Happened)]
        ledger = reckon(self._incident, [one for _, one in timeline], self._queue.messages, organisation)
        rules = passed_over(self._incident, organisation.at(opened), opened)
        lines = [
            *((0, Line(opened, timedelta(), one)) for one in rules),
            *((acts, Line(one.at, one.at - opened, one)) for acts, one in self._happened if _is_said(one)),
            *((timeline[one.decision][0], Line(one.at, one.at - opened, one)) for one in ledger.unreached),
            *((self._moved.get(one.delivery.id, self._acts), self._line(one)) for one in ledger.tellings),
        ]
        lines.sort(key=lambda one: (one[1].at, one[0]))
        return Simulation(self._incident, ledger, tuple(line for _, line in lines), self._rough_from)

    def _drain(self, now: datetime) -> None:
        organisation = self._organisation.at(now)
        for delivery in self._queue.due(now, lambda: self._incident):
            is_page = delivery.kind is not Kind.NOTE
            if delivery.attempts == 1:
                self._moved[delivery.id] = self._acts
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
        by_hand = effect.turn == ADDED or bool(self._incident.assigned)
        if by_hand or level is None or level.chats or level.when_nobody is not WhenNobody.CATCH_ALL:
            return
        people = organisation.people
        if not people.can_be_told(people.resolve(level.targets)):
            self._caught.add((effect.level, effect.turn))

    def _note_duties(self, effect: Notify, added: Sequence[Target], organisation: Organisation, now: datetime) -> None:
        """Keep by which schedule those are told whom no target before it names."""
        level = level_of(self._incident, rules_of(self._incident, organisation))
        by_level = self._incident.assigned or (level.targets if level is not None else ())
        named: set[AccountId] = set()
        for target in added if effect.turn == ADDED else by_level:
            if target.kind is TargetKind.SCHEDULE:
                schedule = organisation.schedules[ScheduleId(target.id)]
                for one in organisation.duty(schedule.id, target.role, now):
                    if one.account not in named:
                        key = self._incident.version, one.account
                        self._duties.setdefault(key, Duty(schedule.name, one.role, one.source))
            named.update(organisation.people.resolve([target]))

    def _line(self, telling: Telling) -> Line:
        sent, cause = telling.sent, telling.cause
        first = self._queue.first_tried(telling.delivery.id) or telling.delivery
        is_caught = telling.is_page and (first.level, first.turn) in self._caught
        if telling.is_page:
            telling = replace(telling, cause=replace(cause, level=first.level + 1, turn=first.turn + 1))
        tried = next((hop.at for hop in sent.hops if hop.word == TRIED), None)
        at = tried or sent.settled_at or sent.not_before
        account = telling.delivery.place.account
        duty = self._duties.get((first.version, account)) if account is not None and telling.is_page else None
        return Line(at, at - self._opened, telling, _fate(telling), is_caught, duty)


def _is_said(one: Happened | Hindered) -> bool:
    """Whether no message says it."""
    return isinstance(one, Hindered) or one.record.entry not in (Entry.NOTIFIED, Entry.NOT_DELIVERED)


def _fate(telling: Telling) -> Fate:
    sent = telling.sent
    if sent.state is State.DELIVERED:
        return Fate.TOLD
    if sent.state is State.WITHDRAWN:
        # What was tried and is given up because another way did it was dark all the same.
        if sent.hops:
            return Fate.DARK
        return Fate.NOT_NEEDED if sent.reason == Dropped.REACHED else Fate.STOPPED
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
