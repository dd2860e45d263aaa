"""What stands behind `pager`."""

import pytest

from bot.commands import ALIASES, Command, parse
from bot.commands.entry import NotUnderstood
from bot.commands.pager import Backup, Code, Have, Keep, Try, read


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("", Have()),
        ("confirm", Have()),
        ("Confirm #7.", Have(7)),
        ("7", Have(7)),
        ("确认", Have()),
        ("test", Try()),
        ("测试", Try()),
        ("keep 7", Keep(7)),
        ("backup 7", Backup(7)),
        ("呼叫 ７", Backup(7)),
        ("004711", Code("004711")),
        ("code 004711", Code("004711")),
        ("验证码 004711", Code("004711")),
    ],
)
def test_what_is_meant(said: str, meant: object) -> None:
    assert read(said) == meant


@pytest.mark.parametrize("said", ["keep", "backup", "test 7", "maybe", "code 12", "confirm 1234567890"])
def test_what_is_not_understood_says_what_would_be(said: str) -> None:
    found = read(said)
    assert isinstance(found, NotUnderstood)
    assert str(found) == "For example: pager, pager test"


@pytest.mark.parametrize("said", ["pager", "接班", "交接", "handover"])
def test_it_has_names_in_both_languages(said: str) -> None:
    assert ALIASES[said].name == "pager"


def test_a_button_says_the_same_as_a_sentence() -> None:
    assert parse("pager confirm 7", is_token=True) == parse("pager confirm 7") == Command("pager", rest="confirm 7")
