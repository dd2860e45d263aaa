"""By which ways a page goes out and when, whatever becomes of each of them."""

import heapq
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.delivery import DeliveryId
from bot.domain.fallback import DEADLINE, Leg, Move, Standing, Tried, Verdict, moves_of, plan, reached, verdict
from bot.domain.people import AccountId
from tests.domain.cast import MINUTE, NIGHT

SECOND = timedelta(seconds=1)
OPEN = Tried()


def lost(at: datetime) -> Tried:
    return Tried(Standing.LOST, lost_at=at)


REACHED = Tried(Standing.REACHED)


def test_the_first_way_begins_at_once_and_the_others_stand_behind_it() -> None:
    assert plan(NIGHT, [OPEN, OPEN, OPEN]) == (NIGHT, NIGHT + DEADLINE, NIGHT + 2 * DEADLINE)


def test_what_is_refused_lets_the_next_go_out_at_once() -> None:
    assert plan(NIGHT, [lost(NIGHT + SECOND), OPEN, OPEN]) == (NIGHT, NIGHT + SECOND, NIGHT + SECOND + DEADLINE)


def test_what_is_accepted_spares_the_ways_that_only_stood_behind_it() -> None:
    assert plan(NIGHT, [REACHED, OPEN, OPEN]) == (NIGHT, None, None)


def test_what_has_just_been_accepted_spares_the_others_and_is_not_moved_itself() -> None:
    first, second = (
        Leg(DeliveryId(number), AccountId(1), number, OPEN, NIGHT, NIGHT + (number - 1) * DEADLINE, waits=True)
        for number in (1, 2)
    )

    legs = [reached(leg, first.id) for leg in (first, second)]

    assert list(moves_of(legs, DEADLINE)) == [Move(second.id, None)]


def test_a_way_with_a_time_of_its_own_goes_out_then_though_the_first_was_accepted() -> None:
    timed = Tried(latest=NIGHT + 2 * MINUTE)

    assert plan(NIGHT, [REACHED, timed, OPEN]) == (NIGHT, NIGHT + 2 * MINUTE, None)


def test_a_way_with_a_time_of_its_own_goes_out_sooner_when_those_before_it_come_to_nothing() -> None:
    timed = Tried(latest=NIGHT + 2 * MINUTE)

    assert plan(NIGHT, [lost(NIGHT + SECOND), timed])[1] == NIGHT + SECOND
    assert plan(NIGHT, [OPEN, timed])[1] == NIGHT + DEADLINE


def test_nothing_waits_for_what_is_known_to_be_dark() -> None:
    assert plan(NIGHT, [replace(OPEN, dark=True), OPEN]) == (NIGHT, NIGHT)


def test_a_report_that_nobody_was_reached_after_all_calls_back_what_was_spared() -> None:
    spared = Tried(Standing.SPARED)

    undone = replace(lost(NIGHT + 5 * MINUTE), accepted=True)

    assert plan(NIGHT, [REACHED, spared]) == (NIGHT, None)
    assert plan(NIGHT, [undone, spared]) == (NIGHT, NIGHT + 5 * MINUTE)
    assert plan(NIGHT, [undone, spared, spared])[2] == NIGHT + 5 * MINUTE + DEADLINE


def test_a_refusal_that_comes_after_the_deadline_delays_nobody() -> None:
    assert plan(NIGHT, [lost(NIGHT + MINUTE), OPEN, OPEN]) == (NIGHT, NIGHT + DEADLINE, NIGHT + 2 * DEADLINE)


def test_what_was_taken_back_holds_nothing_up() -> None:
    assert plan(NIGHT, [Tried(Standing.TAKEN_BACK), OPEN]) == (NIGHT, NIGHT)


def test_after_an_outage_the_first_ways_have_their_time_first() -> None:
    assert verdict(10 * MINUTE, [OPEN]) is Verdict.WAIT
    assert verdict(SECOND, [OPEN]) is Verdict.GO
    assert verdict(10 * MINUTE, [replace(OPEN, fresh=False)]) is Verdict.GO
    assert verdict(10 * MINUTE, [lost(NIGHT)]) is Verdict.GO


def test_what_has_reached_somebody_meanwhile_spares_a_way_at_the_last_moment() -> None:
    assert verdict(SECOND, [lost(NIGHT), REACHED]) is Verdict.SPARE


# ---- whatever becomes of each way ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fate:
    """What becomes of a way once it goes out: after so long it is accepted, or refused, or nothing is ever heard.

    `undone`: so long after it was accepted, a report says that it reached nobody.
    """

    accepted: timedelta | None
    refused: timedelta | None
    undone: timedelta | None


SPANS = st.integers(0, 90).map(lambda seconds: timedelta(seconds=seconds))
FATES = st.one_of(
    st.builds(Fate, SPANS, st.none(), st.one_of(st.none(), SPANS)),
    st.builds(Fate, st.none(), SPANS, st.none()),
    st.just(Fate(None, None, None)),
)
AFTERS = st.one_of(st.none(), st.integers(0, 600).map(lambda seconds: timedelta(seconds=seconds)))


@dataclass
class Page:
    """A page that is carried out as the engine does: by the plan, again after everything that happens."""

    afters: list[timedelta | None]
    fates: list[Fate]
    sent: dict[int, datetime] = field(default_factory=dict)
    heard: list[tuple[datetime, int, str]] = field(default_factory=list)
    ways: list[Tried] = field(default_factory=list)

    def run(self) -> None:
        self.ways = [Tried(latest=NIGHT + after if after is not None else None) for after in self.afters]
        while True:
            turns = plan(NIGHT, self.ways)
            due = [(turn, number) for number, turn in enumerate(turns) if turn is not None and number not in self.sent]
            next_send = min(due, default=None)
            next_word = self.heard[0] if self.heard else None
            if next_send is None and next_word is None:
                return
            if next_word is not None and (next_send is None or next_word[0] <= next_send[0]):
                heapq.heappop(self.heard)
                self._hear(*next_word)
            elif next_send is not None:
                self._send(next_send[1], max(next_send[0], NIGHT))

    def _send(self, number: int, now: datetime) -> None:
        assert number not in self.sent
        self.sent[number] = now
        fate = self.fates[number]
        if fate.accepted is not None:
            heapq.heappush(self.heard, (now + fate.accepted, number, "accepted"))
            if fate.undone is not None:
                heapq.heappush(self.heard, (now + fate.accepted + fate.undone, number, "lost"))
        elif fate.refused is not None:
            heapq.heappush(self.heard, (now + fate.refused, number, "lost"))

    def _hear(self, now: datetime, number: int, word: str) -> None:
        standing = Standing.REACHED if word == "accepted" else Standing.LOST
        lost_at = now if word == "lost" else None
        was_accepted = self.ways[number].standing is Standing.REACHED
        self.ways[number] = replace(self.ways[number], standing=standing, lost_at=lost_at, accepted=was_accepted)


def pages(afters: list[timedelta | None], fates: list[Fate]) -> Page:
    page = Page(afters, fates[: len(afters)])
    page.run()
    return page


PAGES = st.integers(1, 6).flatmap(
    lambda count: st.builds(
        pages,
        st.lists(AFTERS, min_size=count, max_size=count),
        st.lists(FATES, min_size=count, max_size=count),
    )
)


@given(PAGES)
def test_every_page_ends_in_somebody_reached_or_in_every_way_tried(page: Page) -> None:
    reached = any(way.standing is Standing.REACHED for way in page.ways)

    assert reached or set(page.sent) == set(range(len(page.ways)))


@given(PAGES)
def test_a_way_that_has_a_time_of_its_own_is_never_later_than_that(page: Page) -> None:
    for number, after in enumerate(page.afters):
        if after is not None:
            assert page.sent[number] <= NIGHT + after


@given(PAGES)
def test_no_way_waits_longer_than_the_deadlines_of_those_before_it(page: Page) -> None:
    accepted = any(fate.accepted is not None for fate in page.fates)
    for number, at in page.sent.items():
        # Where somebody was reached, a way with a time of its own waits for that; one that is called back waits too.
        assert accepted or at <= NIGHT + number * DEADLINE


@given(PAGES)
def test_the_first_way_goes_out_at_once(page: Page) -> None:
    assert page.sent[0] == NIGHT


@given(st.lists(AFTERS, min_size=1, max_size=6))
def test_who_is_reached_by_the_first_way_hears_of_the_others_only_at_their_own_times(
    afters: list[timedelta | None],
) -> None:
    page = pages(afters, [Fate(timedelta(0), None, None)] * len(afters))

    own = {number: NIGHT + after for number, after in enumerate(afters) if number and after is not None}
    assert page.sent == {0: NIGHT, **own}
