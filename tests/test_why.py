"""What `why` is understood to ask, and the spans of time that it takes."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import commands
from bot.commands import Command, NotUnderstood, Speaker, Unclear, times, why
from bot.commands.why import Why, WhyNot
from bot.domain.incident import Actor, IncidentId
from bot.domain.people import Account, AccountId, People, Team, TeamId
from bot.domain.untold import Span

ANA, BO, CHEN, OTHER_CHEN = (AccountId(number) for number in (1, 2, 3, 4))
PEOPLE = People(
    {
        ANA: Account(ANA, "Ana Li", "ana@example.com"),
        BO: Account(BO, "Bo", "bo@example.com"),
        CHEN: Account(CHEN, "Chen Wu", "chen@example.com"),
        OTHER_CHEN: Account(OTHER_CHEN, "Chen Li", "chen.li@example.com"),
    },
    {TeamId(7): Team(TeamId(7), "sre", (ANA,))},
)
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SPEAKER = Speaker(Actor(ANA, "acme"), PEOPLE, NOON, "UTC", {"U2": BO})


def between(*words: str, day: int = 21, over: bool = False) -> Span:
    since, until = (datetime.fromisoformat(f"2026-11-{day}T{word}+00:00") for word in words)
    return Span(since, until + timedelta(days=over))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("03:00-04:00", between("03:00", "04:00")),
        ("3:00 – 4:00", between("03:00", "04:00")),
        ("3am to 4am", between("03:00", "04:00")),
        ("3-4", between("03:00", "04:00")),
        ("3点到4点", between("03:00", "04:00")),
        ("today 03:00-04:00", between("03:00", "04:00")),
        ("yesterday 03:00-04:00", between("03:00", "04:00", day=20)),
        ("昨天 3点-4点", between("03:00", "04:00", day=20)),
        ("2026-11-19 03:00-04:00", between("03:00", "04:00", day=19)),
        # It has not begun today.
        ("14:00-15:00", between("14:00", "15:00", day=20)),
        # Over midnight.
        ("yesterday 23:00-01:00", between("23:00", "01:00", day=20, over=True)),
    ],
)
def test_a_span_is_read_as_it_is_meant(text: str, expected: Span) -> None:
    assert times.span(text, NOON, "UTC") == expected


def test_a_span_is_in_the_time_zone_across_a_change_of_the_clocks_too() -> None:
    # Where the clocks go back, two o'clock comes twice, and the first is meant.
    found = times.span("2026-10-25 02:00-04:00", NOON, "Europe/Paris")
    assert found == Span(datetime(2026, 10, 25, 0, 0, tzinfo=UTC), datetime(2026, 10, 25, 3, 0, tzinfo=UTC))


@pytest.mark.parametrize("text", ["", "03:00", "25:00-26:00", "03:00-04:61", "2026-13-01 03:00-04:00", "a-b", "-"])
def test_what_is_no_span_is_none(text: str) -> None:
    assert times.span(text, NOON, "UTC") is None


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=40), st.sampled_from(["UTC", "Asia/Shanghai", "Nowhere"]))
def test_any_text_is_a_span_that_goes_forward_or_none(text: str, timezone: str) -> None:
    for said in (text, f"{text} 03:00-04:00", f"yesterday {text}"):
        found = times.span(said, NOON, timezone)
        assert found is None or found.since < found.until


@pytest.mark.parametrize("text", ["42", "#42", "42?", "incident 42", "＃42", "42号"])
def test_a_number_asks_about_an_incident(text: str) -> None:
    assert why.read(text, SPEAKER) == Why(IncidentId(42))


@pytest.mark.parametrize(
    ("text", "person"),
    [
        ("not ana 03:00-04:00", ANA),
        ("not bo@example.com, 03:00-04:00?", BO),
        ("not <@U2> 03:00-04:00", BO),
        ("NOT Chen Wu 03:00-04:00", CHEN),
        ("not me 03:00-04:00", ANA),
        ("not 03:00-04:00", ANA),
        ("没有 Bo 3点到4点", BO),
        ("not @3 03:00-04:00", CHEN),
    ],
)
def test_not_asks_about_a_person_and_a_span(text: str, person: AccountId) -> None:
    found = why.read(text, SPEAKER)
    assert isinstance(found, WhyNot)
    assert (found.person, found.span) == (person, between("03:00", "04:00"))


def test_a_name_that_means_several_is_unclear_and_each_choice_is_understood() -> None:
    found = why.read("not chen yesterday 03:00-04:00", SPEAKER)
    assert isinstance(found, Unclear)
    assert found.said == "chen"
    for choice in found.choices:
        again = why.read(f"{found.before}@{choice.id}{found.after}", SPEAKER)
        assert isinstance(again, WhyNot)
        assert (again.person, again.span) == (choice.id, between("03:00", "04:00", day=20))


@pytest.mark.parametrize(
    "text", ["", "disk", "not", "not ana", "not sre 03:00-04:00", "not ana bo 03:00-04:00", "42 43"]
)
def test_what_is_no_question_says_what_would_be(text: str) -> None:
    found = why.read(text, SPEAKER)
    assert isinstance(found, NotUnderstood)
    assert "why" in str(found)


@pytest.mark.parametrize("text", ["why 42", "why #42", "42 why", "为什么 42", "WHY 42?"])
def test_the_grammar_hands_on_what_follows(text: str) -> None:
    command = commands.parse(text)
    assert isinstance(command, Command)
    assert command.verb == "why"
    assert why.read(command.rest, SPEAKER) == Why(IncidentId(42))


def test_a_button_can_ask_too() -> None:
    assert commands.parse("why 42", is_token=True) == Command("why", (IncidentId(42),))
    asked = commands.parse("why not @2 03:00-04:00", is_token=True)
    assert isinstance(asked, Command)
    assert isinstance(why.read(asked.rest, SPEAKER), WhyNot)
