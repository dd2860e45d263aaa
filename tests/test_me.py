"""What stands behind `me` is taken as it is meant, in English and Chinese, or answered with an example."""

from datetime import timedelta

import pytest

from bot.commands import Command, NotUnderstood, parse
from bot.commands.me import Code, Meant, Pin, Prefer, Show, Verify, read
from bot.domain.event import Severity
from bot.domain.people import ContactKind, Method, Preference
from cards import contacts

FULL = (
    Preference(Method.IM),
    Preference(Method.PUSH, timedelta(0)),
    Preference(Method.SMS, timedelta(minutes=2)),
    Preference(Method.VOICE, timedelta(minutes=5)),
)
PHONE, EMAIL = ContactKind.PHONE, ContactKind.EMAIL


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("me", Show()),
        ("我", Show()),
        ("whoami", Show()),
        ("me critical im, push 0m, sms 2m, voice 5m", Prefer(Severity.CRITICAL, FULL)),
        ("ME CRITICAL IM, PUSH NOW, SMS after 2 minutes, CALL in 5 min", Prefer(Severity.CRITICAL, FULL)),
        ("我 严重 聊天，推送马上、短信2分钟，电话５分钟后", Prefer(Severity.CRITICAL, FULL)),
        ("me warning sms 90s", Prefer(Severity.WARNING, (Preference(Method.SMS, timedelta(seconds=90)),))),
        ("me info email", Prefer(Severity.INFO, (Preference(Method.EMAIL),))),
        ("me info default", Prefer(Severity.INFO, None)),
        ("我 提醒 默认", Prefer(Severity.INFO, None)),
        ("me default", Prefer(None, None)),
        ("me verify phone", Verify(PHONE)),
        ("me verify phone by voice", Verify(PHONE, Method.VOICE)),
        ("me verify phone by call", Verify(PHONE, Method.VOICE)),
        ("我 验证 手机 用 电话", Verify(PHONE, Method.VOICE)),
        ("me verify email", Verify(EMAIL)),
        ("我 验证 邮箱", Verify(EMAIL)),
        ("me code 123456", Code("123456")),
        ("me code 123 456", Code("123456")),
        ("me 012345", Code("012345")),
        ("我 验证码 １２３４５６", Code("123456")),
    ],
)
def test_what_is_meant(said: str, meant: Meant) -> None:
    command = parse(said)
    assert isinstance(command, Command)
    assert command.verb == "me"
    assert read(command.rest) == meant


@pytest.mark.parametrize("token", ["me verify phone", "me verify phone by voice", "me verify email"])
def test_what_a_button_says_is_what_a_person_types(token: str) -> None:
    pressed = parse(token, is_token=True)
    assert pressed == parse(token)


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        ("x", contacts.SAY_WHAT_OF_ME),
        ("ok im", contacts.SAY_WHAT_OF_ME),
        ("critical", contacts.SAY_WAYS),
        ("critical fax", contacts.SAY_WAYS),
        ("critical im,, sms", contacts.SAY_WAYS),
        ("critical im, im 2m", contacts.METHOD_TWICE),
        ("critical sms soon", contacts.SAY_AFTER),
        ("critical sms 121m", contacts.SAY_AFTER),
        ("critical sms 2", contacts.SAY_AFTER),
        ("verify", contacts.SAY_WHAT_TO_VERIFY),
        ("verify house", contacts.SAY_WHAT_TO_VERIFY),
        ("verify email by sms", contacts.SAY_WHAT_TO_VERIFY),
        ("verify phone by push", contacts.SAY_WHAT_TO_VERIFY),
        ("verify phone by sms now", contacts.SAY_WHAT_TO_VERIFY),
        ("code", contacts.SAY_CODE),
        ("code 12345", contacts.SAY_CODE),
        ("code 1234567", contacts.SAY_CODE),
        ("code abcdef", contacts.SAY_CODE),
    ],
)
def test_what_is_not_understood_is_answered_with_an_example(rest: str, message: str) -> None:
    found = read(rest)
    assert isinstance(found, NotUnderstood)
    assert found.message == message
    assert "example" in found.parts
    assert "me " in str(found)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("pin 4711", "4711"),
        ("pin 12 34-56", "123456"),
        ("PIN off", None),
        ("密码 关闭", None),
    ],
)
def test_a_pin_is_four_to_six_digits_or_off(said: str, meant: str | None) -> None:
    assert read(said) == Pin(meant)


@pytest.mark.parametrize("said", ["pin", "pin 123", "pin 1234567", "pin abcd"])
def test_what_is_no_pin_gets_a_hint(said: str) -> None:
    assert isinstance(read(said), NotUnderstood)
