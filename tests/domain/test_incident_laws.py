"""Whatever people click, monitoring says, clocks do and admins configure: the laws of an incident hold."""

from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.domain.delivery import Delivery, DeliveryId, Dropped, Kind, Place, unwanted
from bot.domain.escalation import Level
from bot.domain.facts import Facts
from bot.domain.frozen import replace
from bot.domain.incident import (
    ADDED,
    PUNCTUAL,
    UNDO_WITHIN,
    Acknowledge,
    Action,
    Actor,
    AddResponder,
    Announce,
    Change,
    ChannelId,
    Close,
    Comment,
    Entry,
    Escalate,
    Happening,
    Idle,
    Incident,
    IncidentId,
    Notify,
    Progress,
    Reason,
    Reassign,
    Record,
    Recover,
    Refresh,
    Refused,
    Reopen,
    Rules,
    Snooze,
    Step,
    Tick,
    Unacknowledge,
    Undelivered,
    Undo,
    Unreachable,
    Withdraw,
)
from bot.domain.law import start, step
from bot.domain.people import AccountId, People, Target, WorkspaceId
from bot.domain.undo import handling
from tests.domain.cast import FACTS, NIGHT
from tests.domain.rules import EVERYBODY, FACTS_OF_ALERTS, SECONDS, TARGETS, levels, staffs

Make = type[Acknowledge] | type[Unacknowledge] | type[Close] | type[Reopen]


class Night(RuleBasedStateMachine):
    """One incident, and everything that can happen to it."""

    @initialize(levels=levels(), people=staffs())
    def opened(self, levels: list[Level], people: People) -> None:
        self.now = NIGHT
        self.under = Rules(tuple(levels), people)
        self.incident = Incident(IncidentId(1), ChannelId(1), FACTS, opened_at=NIGHT, rule="any")
        self.pages: list[tuple[Delivery, bool]] = []
        self.ends_since_action = 0
        self.take(start(self.incident, self.under, self.now), None)

    # ---- what happens --------------------------------------------------------------------------------------------

    @rule(
        make=st.sampled_from([Acknowledge, Unacknowledge, Close, Reopen]),
        who=st.sampled_from(EVERYBODY),
        lag=st.none() | st.integers(0, 12),
    )
    def somebody_clicks(self, make: Make, who: AccountId, lag: int | None) -> None:
        self.act(make(Actor(who, "Acme"), seen=self.seen(lag)))

    @rule(who=st.sampled_from(EVERYBODY), level=st.none() | st.integers(-1, 5), lag=st.none() | st.integers(0, 12))
    def somebody_escalates(self, who: AccountId, level: int | None, lag: int | None) -> None:
        self.act(Escalate(Actor(who, "Acme"), level, self.seen(lag)))

    @rule(who=st.sampled_from(EVERYBODY), length=SECONDS, lag=st.none() | st.integers(0, 12))
    def somebody_snoozes(self, who: AccountId, length: timedelta, lag: int | None) -> None:
        self.act(Snooze(Actor(who, "Acme"), self.now + length, self.seen(lag)))

    @rule(who=st.sampled_from(EVERYBODY), whom=TARGETS, escalation=st.booleans(), lag=st.none() | st.integers(0, 12))
    def somebody_reassigns(self, who: AccountId, whom: tuple[Target, ...], escalation: bool, lag: int | None) -> None:
        self.act(Reassign(Actor(who, "Acme"), whom, escalation, self.seen(lag)))

    @rule(who=st.sampled_from(EVERYBODY), whom=TARGETS, lag=st.none() | st.integers(0, 12))
    def somebody_adds(self, who: AccountId, whom: tuple[Target, ...], lag: int | None) -> None:
        before = self.incident
        self.act(AddResponder(Actor(who, "Acme"), whom, self.seen(lag)))
        assert replace(handling(self.incident), responders=before.responders) == handling(before)

    @rule(who=st.sampled_from(EVERYBODY))
    def somebody_takes_it_back(self, who: AccountId) -> None:
        undo = self.incident.undo
        made = step(self.incident, Undo(Actor(who, "Acme")), self.under, self.now)
        if isinstance(made, Refused):
            return
        assert undo is not None
        assert who == undo.deed.by.account
        assert self.now <= undo.until
        self.ends_since_action = 0
        # What was restored goes out under the new version; what had not been withdrawn is stale.
        self.pages = [(page, made.incident.progress is Progress.PROCESSING) for page, _ in self.pages]
        self.take(made, Undo(Actor(who, "Acme")))

    @rule(who=st.sampled_from(EVERYBODY), text=st.sampled_from(["", "Looking"]))
    def somebody_comments(self, who: AccountId, text: str) -> None:
        self.act(Comment(Actor(who, "Acme"), text))

    @rule(facts=FACTS_OF_ALERTS)
    def alerts_change(self, facts: Facts) -> None:
        self.tell(Change(facts))

    @rule(facts=FACTS_OF_ALERTS)
    def alerts_recover(self, facts: Facts) -> None:
        self.tell(Recover(facts))

    @rule(level=st.integers(-1, 4), turn=st.integers(0, 6), is_newest=st.booleans())
    def nobody_was_reached(self, level: int, turn: int, is_newest: bool) -> None:
        stands = (self.incident.level, self.incident.turn)
        before = self.incident
        told = self.tell(Unreachable(*(stands if is_newest else (level, turn))))
        if not is_newest and stands != (level, turn):
            assert told == Step(before)

    @rule()
    def a_message_was_not_taken(self) -> None:
        due = self.incident.due
        self.tell(Undelivered("Ana", "Acme", "not linked"))
        assert self.incident.due == due

    @precondition(lambda self: self.incident.due is not None)
    @rule(late=st.sampled_from([0, 0, 0, 29, 31, 3600]).map(lambda seconds: timedelta(seconds=seconds)))
    def somebody_looks_when_it_is_due(self, late: timedelta) -> None:
        assert self.incident.due is not None
        self.now = max(self.now, self.incident.due + late)
        self.tick()

    @rule(jump=st.integers(-7200, 90_000).map(lambda seconds: timedelta(seconds=seconds)))
    def the_clock_jumps_and_somebody_looks(self, jump: timedelta) -> None:
        self.now += jump
        self.tick()

    @rule(levels=levels())
    def the_rule_is_changed(self, levels: list[Level]) -> None:
        self.under = Rules(tuple(levels), self.under.people)

    @rule(people=staffs())
    def people_come_and_go(self, people: People) -> None:
        self.under = Rules(self.under.levels, people)

    # ---- how it is told to the law -------------------------------------------------------------------------------

    def seen(self, lag: int | None) -> int | None:
        """Return the version on a card that is `lag` versions behind."""
        return None if lag is None else max(self.incident.version - lag, 1)

    def act(self, action: Action) -> None:
        before = self.incident
        made = step(before, action, self.under, self.now)
        last_move = before.turned if isinstance(action, Escalate) else before.moved
        if action.seen is not None and action.seen < last_move and not isinstance(action, Comment):
            assert isinstance(made, Refused), "an old click was carried out"
        if isinstance(made, Refused):
            assert made == step(before, action, self.under, self.now)
            return
        assert made.incident.version > before.version
        assert any(isinstance(effect, Record) and effect.by == action.by for effect in made.effects)
        self.ends_since_action = 0
        self.could_be_taken_back(action, made)
        self.take(made, action)
        if isinstance(action, Acknowledge):
            self.pages = [(page, True) for page, _ in self.pages]
            assert not any(isinstance(effect, Notify) for effect in made.effects)
            assert Withdraw(Entry.ACKNOWLEDGED) in made.effects

    def could_be_taken_back(self, action: Action, made: Step) -> None:
        """Who acts and takes it back has the incident as it was, but for its version and its history."""
        if isinstance(action, Comment):
            assert made.incident.undo == self.incident.undo
            return
        later = self.now + UNDO_WITHIN
        back = step(made.incident, Undo(action.by, made.incident.version), self.under, later)
        assert isinstance(back, Step)
        assert handling(back.incident) == handling(self.incident)
        assert back.incident.facts == self.incident.facts
        assert back.incident.version > made.incident.version
        assert (back.incident.turned > back.incident.moved) == (self.incident.turned > self.incident.moved)
        assert not any(isinstance(effect, Notify) for effect in back.effects)
        again = step(back.incident, Undo(action.by), self.under, later)
        assert again == Refused(Reason.NOTHING_TO_UNDO)

    def tell(self, happened: Change | Recover | Unreachable | Undelivered) -> Step:
        made = step(self.incident, happened, self.under, self.now)
        self.take(made, happened)
        return made

    def tick(self) -> None:
        before, due = self.incident, self.incident.due
        made = step(before, Tick(), self.under, self.now)
        if due is None or due > self.now:
            assert made == Step(before), "a tick before its time did something"
            return
        assert made.incident.version > before.version
        self.take(made, Tick())
        self.whole_time(before, made, due)
        if self.incident.due is None or self.incident.due > self.now:
            assert step(self.incident, Tick(), self.under, self.now) == Step(self.incident)

    def whole_time(self, before: Incident, made: Step, due: datetime) -> None:
        """A level that has just been entered has its whole time, counted from now if the tick came late."""
        after = made.incident
        entered = [effect for effect in made.effects if isinstance(effect, Notify) and effect.turn == 0]
        if entered and after.escalate_at is not None:
            began = due if self.now - due <= PUNCTUAL else self.now
            assert after.escalate_at >= began + self.under.levels[after.level].escalate_after

    def take(self, made: Step, happened: Happening | None) -> None:
        before, after = self.incident, made.incident
        if after != before:
            assert after.version > before.version
        else:
            assert made.effects == ()
        for effect in made.effects:
            if isinstance(effect, Notify):
                self.is_told(before, effect, after, happened)
            if isinstance(effect, Announce) and effect.entry is Entry.EXHAUSTED:
                self.ends_since_action += 1
        self.is_recorded(made)
        self.incident = after

    def is_told(self, before: Incident, told: Notify, after: Incident, happened: Happening | None) -> None:
        people = self.under.people
        assert len(set(told.accounts)) == len(told.accounts)
        assert all(people.accounts[account].active for account in told.accounts)
        assert told.chats or people.can_be_told(told.accounts), "a page to nobody"
        assert after.is_open
        assert after.snoozed_until is None or told.turn == ADDED
        if after.progress is Progress.PROCESSING:
            assert isinstance(happened, Tick | Unreachable | AddResponder)
        if after.progress is Progress.PROCESSING and isinstance(happened, Tick):
            assert before.escalate_at is not None, "a page after an acknowledgement, where no level says unless: closed"
        for account in told.accounts:
            place = Place(WorkspaceId(1), account=account)
            number = DeliveryId(len(self.pages) + 1)
            page = Delivery(number, after.id, Kind.CARD, place, after.version, told.level, told.turn, self.now)
            self.pages.append((page, False))

    def is_recorded(self, made: Step) -> None:
        """Every decision to tell stands on the timeline, and so does the end of the rule."""
        entries = [effect.entry for effect in made.effects if isinstance(effect, Record)]
        assert entries.count(Entry.NOTIFIED) + entries.count(Entry.ADDED) == sum(
            isinstance(effect, Notify) for effect in made.effects
        )
        announced = [effect.entry for effect in made.effects if isinstance(effect, Announce)]
        assert all(entry in entries for entry in announced)
        assert (Entry.EXHAUSTED in entries) == (Entry.EXHAUSTED in announced)
        if Entry.EXHAUSTED in announced:
            assert made.incident.exhausted_at is not None
            assert made.incident.idle is Idle.EXHAUSTED
        if made.effects:
            assert any(isinstance(effect, Refresh) for effect in made.effects)

    # ---- what always holds ---------------------------------------------------------------------------------------

    @invariant()
    def it_never_sleeps_without_a_reason(self) -> None:
        incident = self.incident
        assert (incident.due is None) == (incident.idle is not None)
        if not incident.is_open:
            assert incident.idle is Idle.CLOSED
        elif incident.progress is Progress.TRIGGERED:
            assert incident.idle not in (Idle.ACKNOWLEDGED, Idle.CLOSED)
        if incident.idle is Idle.BY_HAND:
            assert incident.assigned
        if incident.idle is Idle.ACKNOWLEDGED:
            assert incident.progress is Progress.PROCESSING

    @invariant()
    def its_parts_agree(self) -> None:
        incident = self.incident
        assert 1 <= incident.moved <= incident.turned <= incident.version
        if incident.is_open:
            assert (incident.acknowledged is not None) == (incident.progress is Progress.PROCESSING)
            assert (incident.closed, incident.recovered) == (None, False)
        else:
            assert incident.closed is not None
        if incident.progress is Progress.PROCESSING:
            assert incident.repeat_at is None
        accounts = [responder.account for responder in incident.responders]
        assert len(set(accounts)) == len(accounts)

    @invariant()
    def it_is_exhausted_once_until_somebody_acts(self) -> None:
        assert self.ends_since_action <= 1

    @invariant()
    def the_present_state_decides_what_is_sent(self) -> None:
        for page, was_before_acknowledgement in self.pages:
            dropped = unwanted(page, self.incident, None)
            if not self.incident.is_open:
                assert dropped is Dropped.CLOSED
            elif self.incident.progress is Progress.PROCESSING and was_before_acknowledgement:
                assert dropped is Dropped.ACTED
            elif self.incident.snoozed_until is not None and page.turn != ADDED:
                assert dropped is Dropped.SNOOZED
            else:
                assert dropped is None

    def teardown(self) -> None:
        """Left alone from here on, it comes to rest."""
        if not hasattr(self, "incident"):
            return
        looks = 0
        while self.incident.due is not None:
            looks += 1
            assert looks <= 8 * (len(self.under.levels) + 2)
            self.now = max(self.now, self.incident.due)
            self.tick()
            self.it_never_sleeps_without_a_reason()


TestNight = Night.TestCase
TestNight.settings = settings(max_examples=80, stateful_step_count=40)
