"""The chat grammar: what people type, and what buttons say."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import commands
from bot.commands import Command, NotUnderstood, Speaker
from bot.domain import incident as happening
from bot.domain.incident import Actor, IncidentId
from bot.domain.people import Account, AccountId, People, Target, TargetKind, Team, TeamId
from tests.support.clocks import START

ANA = Actor(AccountId(1), "acme")
PEOPLE = People(
    accounts={
        AccountId(1): Account(AccountId(1), "Ana", "ana@example.com"),
        AccountId(2): Account(AccountId(2), "Bo", "bo@example.com", active=False),
    },
    teams={TeamId(7): Team(TeamId(7), "sre", (AccountId(1),))},
)
SPEAKER = Speaker(ANA, PEOPLE, START)


def action(text: str, *, is_token: bool = False) -> happening.Action | NotUnderstood:
    """Return what a sentence asks of the law."""
    command = commands.parse(text, is_token=is_token)
    return command if isinstance(command, NotUnderstood) else commands.action(command, SPEAKER)


@pytest.mark.parametrize("text", ["ack 42", "ACK #42", "  42   ack ", "#42 ack"])
def test_arguments_are_forgiving(text: str) -> None:
    assert commands.parse(text) == Command("ack", IncidentId(42))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ack 42", happening.Acknowledge(ANA)),
        ("unack 42", happening.Unacknowledge(ANA)),
        ("close 42 disk  replaced\nby Bo", happening.Close(ANA, "disk  replaced\nby Bo")),
        ("reopen 42", happening.Reopen(ANA)),
        ("ackboard 7", happening.Acknowledge(ANA)),
        ("escalate 42", happening.Escalate(ANA)),
        ("escalate 42 2", happening.Escalate(ANA, level=1)),
        ("escalate 42 to level 2", happening.Escalate(ANA, level=1)),
        ("snooze 42 30m", happening.Snooze(ANA, START + timedelta(minutes=30))),
        ("snooze 42", happening.Snooze(ANA, START + timedelta(hours=1))),
        ("comment 42 v7 is out", happening.Comment(ANA, "v7 is out")),
        (
            "reassign 42 ana@example.com, SRE",
            happening.Reassign(ANA, (Target(TargetKind.ACCOUNT, 1), Target(TargetKind.TEAM, 7))),
        ),
    ],
)
def test_a_sentence_becomes_an_action(text: str, expected: happening.Action) -> None:
    assert action(text) == expected


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "ack"),
        ("dance 42", "ack"),
        ("ack", "ack 42"),
        ("ack all", "ack 42"),
        ("ack 4242424242424242424242", "ack 42"),
        ("escalate 42 up", "numbers"),
        ("escalate 42 99999", "numbers"),
        ("snooze 42 tomorrow", "24h"),
        ("reassign 42", "whom"),
        ("reassign 42 bo@example.com", "bo@example.com"),
    ],
)
def test_what_is_not_understood_is_answered_with_what_would_be(text: str, hint: str) -> None:
    said = action(text)

    assert isinstance(said, NotUnderstood)
    assert hint in said.hint


def test_a_button_says_the_version_of_its_card() -> None:
    assert action("escalate 42 v7", is_token=True) == happening.Escalate(ANA, seen=7)


def test_every_command_has_its_line_of_help() -> None:
    assert [usage.split()[0] for usage, _ in commands.usage()] == list(commands.VERBS)


def test_a_boards_button_says_what_was_seen_of_the_board_and_not_of_each_incident() -> None:
    said = commands.parse("ackboard 7 v5012", is_token=True)
    assert isinstance(said, Command)
    assert (said.number, said.seen, commands.is_for_all(said)) == (7, 5012, True)
    assert commands.action(said, SPEAKER) == happening.Acknowledge(ANA)
    hint = commands.parse("ackboard")
    assert isinstance(hint, NotUnderstood)
    assert hint.hint == "Say which board: ackboard 7."


@given(st.text(), st.booleans())
def test_nothing_that_is_typed_does_harm(text: str, is_token: bool) -> None:
    assert action(text, is_token=is_token) is not None


@given(st.sampled_from(list(commands.VERBS)), st.text())
def test_nothing_after_a_number_does_harm(verb: str, rest: str) -> None:
    assert action(f"{verb} 42 {rest}") is not None
