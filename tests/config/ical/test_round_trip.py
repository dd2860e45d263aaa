"""Our own feed, taken in again, has the same people on call at every instant: gaps, roles, changes of the clocks."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.config.ical.imported import Imported, take_in
from bot.config.ical.people import Finder
from bot.config.ical.read import Frame, parse, zone_of
from bot.domain.feed import Feed, duties, span
from bot.domain.people import AccountId
from bot.domain.rotation import Layer, Unit
from bot.domain.schedule import Override, Schedule, ScheduleId, on_call
from bot.domain.schedule_definition import ScheduleMaker
from cards.feed import Head
from cards.feed_text import render
from tests.config.ical.calendars import EMAILS, NAMES, PEOPLE
from tests.domain.cast import ANA, BO, CHEN, DEE, NIGHT
from tests.domain.rota import daily, layer, wall

FOLK = (ANA, BO, CHEN, DEE)
ZONES = ("Europe/Berlin", "Asia/Shanghai", "America/St_Johns", "Australia/Lord_Howe", "UTC")
groups = st.lists(st.sampled_from(FOLK), min_size=1, max_size=2, unique=True).map(tuple)


@st.composite
def layers(draw: st.DrawFn) -> Layer:
    """Return a layer of days or of weeks, some of them in hours of the day alone."""
    unit, every = draw(st.sampled_from([(Unit.DAY, 2), (Unit.DAY, 3), (Unit.WEEK, 1), (Unit.MONTH, 1)]))
    begin = draw(st.integers(0, 23))
    hours = draw(st.sampled_from([(), (daily(begin, (begin + 8) % 24),)])) if unit is Unit.WEEK else ()
    members = draw(st.lists(groups, min_size=1, max_size=3))
    start = wall(2026, 9, 7) + timedelta(days=draw(st.integers(0, 60)))
    made = layer(*members, unit=unit, every=every, start=start, at=wall(2026, 1, 1, begin, 30).time(), hours=hours)
    return replace(made, role=draw(st.sampled_from(["primary", "backup"])))


@st.composite
def plans(draw: st.DrawFn) -> Schedule:
    """Return a schedule of some layers, with a change on top."""
    found = draw(st.lists(layers(), min_size=1, max_size=2))
    start = NIGHT + timedelta(hours=draw(st.integers(-200, 200)))
    change = Override(start, start + timedelta(hours=draw(st.integers(1, 100))), draw(groups), role=found[0].role)
    named = tuple(replace(one, name=f"layer {number}") for number, one in enumerate(found))
    return Schedule(ScheduleId(1), "main", draw(st.sampled_from(ZONES)), named, (change,))


def taken_in_again(plan: Schedule) -> tuple[Imported, Schedule]:
    """Return a schedule after it went out as a feed and came in again."""
    start, _ = span(NIGHT)
    found = duties(Feed(plan.id), {plan.id: plan}, NIGHT)
    text = render(Head(plan.name, plan.timezone, start), found, lambda number: PEOPLE[number - 1].title())
    calendar = parse(text)
    made = take_in(
        calendar, "main", Frame(zone_of(calendar), start, start + timedelta(days=45)), Finder(EMAILS, NAMES, {})
    )
    numbers = {f"{name}@example.com": AccountId(place) for place, name in enumerate(PEOPLE, 1)}
    return made, ScheduleMaker(numbers.get, lambda _: None).make(plan.id, made.definition, active=True)


@given(plans(), st.data())
@settings(max_examples=10, deadline=None)
def test_who_is_on_call_is_the_same(plan: Schedule, data: st.DataObject) -> None:
    made, again = taken_in_again(plan)
    start, _ = span(NIGHT)
    minutes = data.draw(st.lists(st.integers(0, 45 * 24 * 60 - 1), min_size=20, max_size=20))
    edges = [shift.start for shift in duties(Feed(plan.id), {plan.id: plan}, NIGHT)][:30]
    for at in [start + timedelta(minutes=one) for one in minutes] + [
        one for one in edges if start <= one < start + timedelta(days=45)
    ]:
        assert {(one.role, one.account) for one in on_call(again, at)} == {
            (one.role, one.account) for one in on_call(plan, at)
        }
    assert made.definition.timezone == plan.timezone
