"""Layers across every change of every zone's clocks from 2020 to 2040.

One test counts what is covered; run it with `-rP` to read the count.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from bot.domain.calendar import WEEK
from bot.domain.rotation import Handover, Layer, Piece, Unit, member, pieces
from bot.domain.schedule import on_call, shifts
from bot.domain.wall_clock import instant, local
from tests.domain.rota import DAY, HOUR, SECOND, ZONES, A, B, C, D, daily, layer, schedule, transitions, utc, wall

MINUTE = timedelta(minutes=1)
CHANGING = [name for name in ZONES if transitions(name)]


def jump(at: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return what the clocks show at a change, before and after it."""
    return local(at - SECOND, zone) + SECOND, local(at, zone)


def moments(at: datetime, zone: ZoneInfo) -> Sequence[datetime]:
    """Return local times around a change, at its very ends, and within what is skipped or repeated."""
    before, after = jump(at, zone)
    middle = before + (after - before) / 2
    return (before - MINUTE, before, middle, after, after + MINUTE, min(before, after) + 5 * HOUR)


def rotations(at: datetime, zone: ZoneInfo) -> Iterator[Layer]:
    """Yield rotations that hand over near a change of the clocks."""
    for moment in moments(at, zone):
        start = (moment - 40 * DAY).replace(hour=9, minute=30, second=0, microsecond=0)
        clock = time(moment.hour, moment.minute)
        yield layer(A, B, C, start=start, at=clock)
        yield layer(A, B, C, unit=Unit.HOUR, start=start, at=clock)
        yield layer(A, B, C, D, unit=Unit.HOUR, every=5, start=start, at=clock)
        yield replace(
            layer(A, B, unit=Unit.WEEK, start=start), handover=Handover(clock, weekday=WEEK[moment.weekday()])
        )
        yield replace(layer(A, B, unit=Unit.MONTH, start=start), handover=Handover(clock, day=moment.day))


def is_written(one: Layer, at: datetime, zone: ZoneInfo) -> bool:
    """Whether a hand-over is when the written time first comes or, where it is skipped, when the clocks jump."""
    shown, clock = local(at, zone), one.handover.time
    written = shown.replace(hour=shown.hour if one.unit is Unit.HOUR else clock.hour, minute=clock.minute)
    if shown == written:
        return instant(written, zone) == at
    before, after = jump(at, zone)
    nearby = [written + DAY * days + HOUR * hours for days in (-1, 0, 1) for hours in range(-2, 3)]
    return at in transitions(zone.key) and any(before <= candidate < after for candidate in nearby)


def check(one: Layer, found: Sequence[Piece], zone: ZoneInfo) -> None:
    """Nothing is uncovered or covered twice; hand-overs are at the written times; the order stays as it is."""
    for earlier, later in pairwise(found):
        assert earlier.end == later.start
        assert earlier.start < earlier.end
        assert is_written(one, later.start, zone)
        assert later.accounts == member(one, later.turn) == one.members[later.turn % len(one.members)]
        # A turn that lies wholly in a skipped hour takes no time, but it is a turn.
        skipped = later.turn - earlier.turn - 1
        assert skipped == 0 or (skipped > 0 and later.start in transitions(zone.key))


def test_the_zones_and_changes_that_are_covered() -> None:
    changes = {name: transitions(name) for name in ZONES}
    total = sum(len(one) for one in changes.values())
    layers = sum(
        len(list(rotations(at, ZoneInfo(name)))) for name, found in changes.items() for at in found[:1]
    ) // len(CHANGING)
    print(f"{len(ZONES)} zones, {len(CHANGING)} of them with changes; {total} changes; {layers} rotations at each")  # noqa: T201

    assert len(ZONES) >= 25
    assert total >= 800
    assert len(changes["Europe/Berlin"]) == 2 * 21
    assert not changes["Asia/Shanghai"]


@pytest.mark.parametrize("name", CHANGING)
def test_a_written_time_is_the_first_instant_at_which_the_clocks_show_it_or_more(name: str) -> None:
    zone = ZoneInfo(name)
    for at in transitions(name):
        for moment in (at + 10 * MINUTE * step for step in range(-30, 31)):
            written = local(at, zone) + (moment - at)
            found = instant(written, zone)
            assert local(found, zone) >= written
            assert all(local(found - back, zone) < written for back in (SECOND, 29 * MINUTE, HOUR, 3 * HOUR))


@pytest.mark.parametrize("name", CHANGING)
def test_a_layer_without_hours_covers_each_instant_once_in_the_same_order(name: str) -> None:
    zone = ZoneInfo(name)
    for at in transitions(name):
        for one in rotations(at, zone):
            start, end = at - 12 * HOUR, at + 12 * HOUR
            found = list(pieces(one, name, start, end))
            assert found[0].start <= start
            assert found[-1].end >= end
            check(one, found, zone)


@pytest.mark.parametrize("name", CHANGING)
def test_who_is_on_call_is_what_the_shifts_say(name: str) -> None:
    zone = ZoneInfo(name)
    for at in transitions(name):
        for one in list(rotations(at, zone))[::7]:
            plan = schedule(one, replace(one, members=(D,), hours=(daily(1, 3), daily(22, 0))), zone=name)
            found = shifts(plan, at - 6 * HOUR, at + 6 * HOUR)
            for moment in (at - HOUR, at - SECOND, at, at + SECOND, at + 40 * MINUTE, found[1].start):
                (shift,) = [one for one in found if one.start <= moment < one.end]
                (on_duty,) = on_call(plan, moment)
                assert (on_duty.account,) == shift.accounts
                assert on_duty.until is not None
                assert shift.end == min(on_duty.until, at + 6 * HOUR)


def test_a_hand_over_in_a_skipped_hour_is_when_the_clocks_jump() -> None:
    one = layer(A, B, start=wall(2026, 3, 27), at=time(2, 30))

    found = list(pieces(one, "Europe/Berlin", utc(2026, 3, 29), utc(2026, 3, 30)))

    assert [piece.end for piece in found] == [utc(2026, 3, 29, 1), utc(2026, 3, 30, 0, 30)]
    assert found[1].end - found[1].start == timedelta(hours=23, minutes=30)


def test_a_hand_over_in_a_repeated_hour_is_at_its_first_coming() -> None:
    one = layer(A, B, start=wall(2026, 10, 20), at=time(2, 30))

    found = list(pieces(one, "Europe/Berlin", utc(2026, 10, 25), utc(2026, 10, 26)))

    assert [piece.start for piece in found[1:]] == [utc(2026, 10, 25, 0, 30)]
    assert found[1].end - found[1].start == 25 * HOUR


def test_a_day_is_a_day_of_the_wall_clock() -> None:
    one = layer(A, B, start=wall(2026, 1, 1))
    (spring,) = pieces(one, "America/New_York", utc(2026, 3, 8, 12), utc(2026, 3, 8, 13))
    (autumn,) = pieces(one, "America/New_York", utc(2026, 11, 1, 12), utc(2026, 11, 1, 13))

    assert [spring.end - spring.start, autumn.end - autumn.start] == [23 * HOUR, 25 * HOUR]


def test_a_skipped_hour_takes_no_time_and_a_repeated_one_two() -> None:
    one = layer(A, B, C, unit=Unit.HOUR, start=wall(2026, 1, 1))
    spring = list(pieces(one, "Europe/Berlin", utc(2026, 3, 29, 0), utc(2026, 3, 29, 2)))
    autumn = list(pieces(one, "Europe/Berlin", utc(2026, 10, 25, 0), utc(2026, 10, 25, 2)))

    assert spring[1].turn - spring[0].turn == 2
    assert [piece.end - piece.start for piece in autumn] == [2 * HOUR]


def test_the_hours_of_a_day_follow_the_wall_clock() -> None:
    one = layer(A, start=wall(2026, 1, 1), hours=(daily(22, 6),))
    nights = [
        list(pieces(one, "Europe/Berlin", utc(*day, 20), utc(*day, 23, 30))) for day in ((2026, 3, 28), (2026, 10, 24))
    ]

    # The turn changes at midnight: the first piece is before it, the second after.
    assert [sum((one.end - one.start for one in night), timedelta()) for night in nights] == [7 * HOUR, 9 * HOUR]


def test_a_day_that_a_zone_leaves_out_takes_no_time() -> None:
    # Apia went from the 29th to the 31st of December 2011.
    one = layer(A, B, C, start=wall(2011, 12, 28))

    found = list(pieces(one, "Pacific/Apia", utc(2011, 12, 29, 12), utc(2011, 12, 31, 9)))

    assert [(piece.turn, piece.accounts) for piece in found] == [(1, B), (3, A)]
    assert found[0].end == found[1].start == utc(2011, 12, 30, 10)
