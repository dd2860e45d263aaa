"""The chat grammar: what people type, and what buttons and forms say."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import commands
from bot.commands import ALIASES, VERBS, Command, NotUnderstood, Speaker, Unclear
from bot.domain import incident as happening
from bot.domain.incident import Action, Actor, IncidentId
from bot.domain.people import Account, AccountId, People, Target, TargetKind, Team, TeamId
from bot.engine.questions import ANSWERS
from cards.form import sentence
from cards.forms import SNOOZES
from tests.support.clocks import START

ANA = Actor(AccountId(1), "acme")
PEOPLE = People(
    accounts={
        AccountId(1): Account(AccountId(1), "Ana Li", "ana@example.com"),
        AccountId(2): Account(AccountId(2), "Bo", "bo@example.com", active=False),
        AccountId(3): Account(AccountId(3), "Chen Wu", "chen@example.com"),
        AccountId(4): Account(AccountId(4), "Chen Li", "chen.li@example.com"),
        AccountId(5): Account(AccountId(5), "Dee", "dee@example.com"),
    },
    teams={TeamId(7): Team(TeamId(7), "sre", (AccountId(1),)), TeamId(8): Team(TeamId(8), "Dee", (AccountId(5),))},
)
SPEAKER = Speaker(ANA, PEOPLE, START, "Asia/Shanghai", {"U1": AccountId(1), "U3": AccountId(3), "U2": AccountId(2)})


def account(number: int) -> Target:
    return Target(TargetKind.ACCOUNT, number)


def team(number: int) -> Target:
    return Target(TargetKind.TEAM, number)


def asked(text: str, *, is_token: bool = False) -> Action | NotUnderstood | Unclear | None:
    """Return what a sentence asks of the law."""
    command = commands.parse(text, is_token=is_token)
    return command if isinstance(command, NotUnderstood) else commands.action(command, SPEAKER)


def numbers(*values: int) -> tuple[IncidentId, ...]:
    return tuple(IncidentId(value) for value in values)


# ---- sentences -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        *("ack 42", "ACK #42", "  42   ack ", "#42 ack", "ack: 42", "ack, 42", "Ack 42.", "/ack 42", "ack42", "ack#42"),
        *(
            "ａｃｋ　４２",
            "ack ＃４２",
            "认领 42",
            "认领42",
            "认领 42号",
            "42 认领",
            "认领＃４２",
            "acknowledge incident 42",
        ),
        *("ack 42, please", "take no 42", "42: ack", "ack 42 now"),
    ],
)
def test_a_sentence_is_taken_as_it_is_meant(text: str) -> None:
    command = commands.parse(text)
    assert isinstance(command, Command)
    assert (command.verb, command.numbers) == ("ack", numbers(42))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ack 42 43", Command("ack", numbers(42, 43))),
        ("ack #42, #43 and 44", Command("ack", numbers(42, 43, 44))),
        ("认领 42、43 和 44", Command("ack", numbers(42, 43, 44))),
        ("42 43 ack", Command("ack", numbers(42, 43))),
        ("ack 42 42", Command("ack", numbers(42))),
        ("close 42 43", Command("close", numbers(42, 43))),
        ("close 42,43 fixed", Command("close", numbers(42, 43), "fixed")),
        ("close 42 #41 is the cause", Command("close", numbers(42), "#41 is the cause")),
        ("close 42 3 disks replaced", Command("close", numbers(42), "3 disks replaced")),
        ("comment 42 500", Command("comment", numbers(42), "500")),
        ("comment 42, 500 errors again", Command("comment", numbers(42), "500 errors again")),
        ("escalate 42 2", Command("escalate", numbers(42), "2")),
        ("escalate #42 and #43 to 2", Command("escalate", numbers(42, 43), "to 2")),
        ("snooze 42 30", Command("snooze", numbers(42), "30")),
        ("42", Command("show", numbers(42))),
        ("#42?", Command("show", numbers(42))),
        ("", Command("help")),
        ("?", Command("help")),
        ("close? 42", Command("help", rest="close")),
        ("帮助 认领", Command("help", rest="认领")),
        ("list mine", Command("list", rest="mine")),
        ("值班 Payments", Command("who", rest="Payments")),
        ("ack", Command("ack")),
        ("snooze 2h", Command("snooze", rest="2h")),
    ],
)
def test_what_a_sentence_is_about_and_what_is_said_of_it(text: str, expected: Command) -> None:
    assert commands.parse(text) == expected


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("xyzzy 42", "ack 42"),
        ("clsoe 7", "Did you mean close? For example: close 7"),
        ("7 clsoe", "Did you mean close? For example: close 7"),
        ("取消认 7", "取消认领"),
        ("ack all", "ack 42"),
        ("ack 4242424242424242424242", "ack 42"),
        ("show everything", "show 42"),
        ("show 42 43", "show 42"),
        ("ackboard", "Say which board: ackboard 7"),
        ("ack " + " ".join(str(number) for number in range(1, 23)), "At most 20"),
        ("escalate 42 level up", "numbers"),
        ("escalate 42 99999", "numbers"),
        ("escalate 42 2 ana@example.com", "not both"),
        ("snooze 42 soon", "24 h"),
        ("snooze 42 30", "24 h"),
        ("reassign 42", "whom"),
        ("reassign 42 to", "whom"),
        ("reassign 42 bo@example.com", "bo@example.com"),
        ("reassign 42 anna li", "Did you mean"),
        ("reassign 42 zzzz", "Nobody is called “zzzz”"),
        ("reassign 42 <@U9>", "<@U9> is not linked"),
        ("reassign 42 <@U2>", "not linked"),
        ("reassign 42 @99", "@99"),
        ("reassign 42 @t99", "@t99"),
    ],
)
def test_what_is_not_understood_is_answered_with_what_would_be(text: str, hint: str) -> None:
    said = asked(text)
    assert isinstance(said, NotUnderstood)
    assert hint in str(said)


# ---- actions ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ack 42", happening.Acknowledge(ANA)),
        ("unack 42", happening.Unacknowledge(ANA)),
        ("取消认领 42", happening.Unacknowledge(ANA)),
        ("close 42 disk  replaced\nby Bo", happening.Close(ANA, "disk  replaced\nby Bo")),
        ("关闭 42：换了磁盘", happening.Close(ANA, "换了磁盘")),
        ("reopen 42", happening.Reopen(ANA)),
        ("ackboard 7", happening.Acknowledge(ANA)),
        ("escalate 42", happening.Escalate(ANA)),
        ("escalate 42 2", happening.Escalate(ANA, level=1)),
        ("escalate 42 to level 2", happening.Escalate(ANA, level=1)),
        ("升级 42 到第2级", happening.Escalate(ANA, level=1)),
        ("escalate 42 to <@U3>", happening.Reassign(ANA, (account(3),))),
        ("comment 42 v7 is out", happening.Comment(ANA, "v7 is out")),
        ("reassign 42 ana@example.com, SRE", happening.Reassign(ANA, (account(1), team(7)))),
        ("reassign 42 ana", happening.Reassign(ANA, (account(1),))),
        ("reassign 42 @Ana Li and <@U3|chen>", happening.Reassign(ANA, (account(1), account(3)))),
        ('reassign 42 to "chen wu" “Chen Li”', happening.Reassign(ANA, (account(3), account(4)))),
        ("reassign 42 chen wu chen li", happening.Reassign(ANA, (account(3), account(4)))),
        ("转派 42 给 我", happening.Reassign(ANA, (account(1),))),
        ("reassign 42 me me", happening.Reassign(ANA, (account(1),))),
        ("reassign 42 @5 @t8", happening.Reassign(ANA, (account(5), team(8)))),
    ],
)
def test_a_sentence_becomes_an_action(text: str, expected: Action) -> None:
    assert asked(text) == expected


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        *(("", 60), ("30m", 30), ("2h", 120), ("1h30m", 90), ("1h 30m", 90), ("for 90 minutes", 90), ("2 小时", 120)),
        # It is 11:00 in Shanghai.
        *(("until 14:00", 180), ("until 2pm", 180), ("到14点", 180), ("14:30", 210), ("until 9:00", 22 * 60)),
        *(("tomorrow 9:00", 22 * 60), ("明天", 22 * 60), ("until tomorrow at 8:30am", 21 * 60 + 30), ("1d", 1440)),
    ],
)
def test_a_snooze_is_as_long_as_is_said(text: str, minutes: int) -> None:
    said = asked(f"snooze 42 {text}")
    assert isinstance(said, happening.Snooze)
    assert (said.until - START).total_seconds() / 60 == minutes


@pytest.mark.parametrize("text", ["1m 1h", "1h 1h", "until 25:00", "until 13pm", "until 0am", "12:75", "h", "5"])
def test_what_is_no_time_is_asked_for_again(text: str) -> None:
    assert isinstance(asked(f"snooze 42 {text}"), NotUnderstood)


@pytest.mark.parametrize(
    ("text", "choices", "clear"),
    [
        ("reassign 42 chen", (account(3), account(4)), "reassign 42 @3"),
        ("reassign 42 ana chen sre", (account(3), account(4)), "reassign 42 ana @3 sre"),
        ("escalate 42 dee", (account(5), team(8)), "escalate 42 @5"),
    ],
)
def test_nobody_is_guessed(text: str, choices: tuple[Target, ...], clear: str) -> None:
    command = commands.parse(text)
    assert isinstance(command, Command)
    unclear = commands.action(command, SPEAKER)
    assert isinstance(unclear, Unclear)
    assert unclear.choices == choices
    sentence = commands.sentence(command, f"{unclear.before}@{unclear.choices[0].id}{unclear.after}")
    assert sentence == clear
    assert isinstance(asked(sentence, is_token=True), happening.Reassign)


def test_nobody_in_particular_is_not_me() -> None:
    command = commands.parse("reassign 42 me")
    assert isinstance(command, Command)
    assert isinstance(commands.action(command, Speaker(Actor(), PEOPLE, START)), NotUnderstood)


# ---- buttons and forms -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("escalate 42 v7", Command("escalate", numbers(42), seen=7)),
        ("close? 42 v7", Command("close", numbers(42), seen=7, asks=True)),
        ("close 42 v7 v8 is out\nfor good", Command("close", numbers(42), "v8 is out\nfor good", 7)),
        ("reassign 42,43 @7 bo", Command("reassign", numbers(42, 43), "@7 bo")),
        ("show 42", Command("show", numbers(42))),
        ("list mine", Command("list", rest="mine")),
        ("认领 42", Command("ack", numbers(42))),
    ],
)
def test_what_a_button_says(text: str, expected: Command) -> None:
    assert commands.parse(text, is_token=True) == expected


def test_what_has_no_form_cannot_be_asked_for() -> None:
    assert isinstance(commands.parse("ack? 42 v7", is_token=True), NotUnderstood)
    assert isinstance(commands.parse("close? 42,43", is_token=True), NotUnderstood)


def test_a_button_says_the_version_of_its_card() -> None:
    assert asked("escalate 42 v7", is_token=True) == happening.Escalate(ANA, seen=7)


def test_a_boards_button_says_what_was_seen_of_the_board_and_not_of_each_incident() -> None:
    said = commands.parse("ackboard 7 v5012", is_token=True)
    assert isinstance(said, Command)
    assert (said.numbers, said.seen, commands.is_for_all(said)) == ((7,), 5012, True)
    assert commands.action(said, SPEAKER) == happening.Acknowledge(ANA)


# ---- the registry ----------------------------------------------------------------------------------------------------


def test_every_command_has_its_line_of_help_and_its_example_works() -> None:
    assert [usage.split()[0] for usage, _ in commands.usage()] == list(VERBS)
    for verb in VERBS.values():
        command = commands.parse(verb.example)
        assert isinstance(command, Command), verb.example
        assert command.verb == verb.name


def test_every_command_acts_or_is_answered() -> None:
    assert {name for name, verb in VERBS.items() if verb.action is None} == set(ANSWERS)
    assert len(ALIASES) == sum(1 + len(verb.aliases) for verb in VERBS.values()), "no name means two commands"


def test_what_would_do_nothing_is_no_command() -> None:
    assert commands.action(Command("list"), SPEAKER) is None
    assert str(commands.say_which(Command("ack"))) == "Say which incident: ack 42"


# ---- properties ------------------------------------------------------------------------------------------------------

blanks = st.text(" \t\u3000,，", min_size=1, max_size=3)
wide = str.maketrans({chr(code): chr(code + 0xFEE0) for code in (*range(0x30, 0x3A), *range(0x61, 0x7B), 0x23)})


@settings(max_examples=50)
@given(st.text(), st.booleans())
def test_nothing_that_is_typed_does_harm(text: str, is_token: bool) -> None:
    said = asked(text, is_token=is_token)
    assert not isinstance(said, NotUnderstood) or str(said)


@settings(max_examples=50)
@given(st.sampled_from(sorted(ALIASES)), st.text())
def test_nothing_after_a_number_does_harm(verb: str, rest: str) -> None:
    commands.parse(f"{verb} 42 {rest}")
    asked(f"{verb} 42 {rest}")


@settings(max_examples=50)
@given(
    name=st.sampled_from(sorted(name for name, verb in ALIASES.items() if verb.numbered)),
    number=st.integers(0, 10**17),
    mark=st.sampled_from(["", "#"]),
    between=blanks,
    around=st.tuples(st.just("") | blanks, st.just("") | blanks),
    is_first=st.booleans(),
    shape=st.sampled_from([str.upper, str.lower, str.title, lambda text: text.translate(wide)]),
)
def test_neither_case_nor_blanks_nor_order_nor_width_change_a_command(  # noqa: PLR0917
    name: str, number: int, mark: str, between: str, around: tuple[str, str], is_first: bool, shape: object
) -> None:
    assert callable(shape)
    words = (f"{mark}{number}", name) if is_first else (name, f"{mark}{number}")
    said = commands.parse(around[0] + between.join(str(shape(word)) for word in words) + around[1])
    assert said == Command(ALIASES[name].name, (IncidentId(number),))


def test_every_order_of_people_names_the_same() -> None:
    for order in itertools.permutations(["ana", "<@U3>", "@t7", "“Chen Li”"]):
        said = asked(f"reassign 42 {', '.join(order)}")
        assert isinstance(said, happening.Reassign)
        assert set(said.targets) == {account(1), account(3), team(7), account(4)}


@pytest.mark.parametrize("preset", [*(value for value, _ in SNOOZES), "until 9:00"])
@pytest.mark.parametrize("own", ["30m", "1h", "2 hours", "until 14:00", "5m"])
def test_a_time_that_is_chosen_and_one_that_is_written_are_no_sum(preset: str, own: str) -> None:
    said = asked(sentence("snooze 42 v7", {"time": preset, "own": own}), is_token=True)
    assert isinstance(said, NotUnderstood)
    assert said.field == "own"
    assert isinstance(asked(sentence("snooze 42 v7", {"time": preset, "own": ""}), is_token=True), happening.Snooze)
