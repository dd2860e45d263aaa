"""What is said about numbers, addresses and preferences, in both languages."""

from datetime import timedelta

import pytest

from bot.domain.event import Severity
from bot.domain.people import DEFAULT, ContactKind, Method, Preference
from bot.domain.verification import Obstacle
from cards import contacts
from cards.contacts import Contacts, Told
from cards.plain import spoken

WAYS = (
    Preference(Method.IM),
    Preference(Method.PUSH, timedelta(0)),
    Preference(Method.SMS, timedelta(seconds=90)),
    Preference(Method.VOICE, timedelta(minutes=120)),
    Preference(Method.EMAIL),
)


def known(phone: str = "+4930123456") -> Contacts:
    return Contacts(
        values={ContactKind.PHONE: phone, ContactKind.EMAIL: "ana@example.com"},
        verified=frozenset({ContactKind.EMAIL}),
        told=[Told(Severity.CRITICAL, WAYS, own=True), Told(Severity.INFO, DEFAULT[Severity.INFO], own=False)],
        obstacles={Method.SMS: Obstacle.NOT_VERIFIED},
    )


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ("en", "chat, push at once, SMS after 90 s, call after 2 h, e-mail if that fails"),
        ("zh", "聊天, 立即推送, 90 秒后短信, 2 小时后电话, 失败后邮件"),
    ],
)
def test_ways_are_said_in_their_order_and_to_the_second(locale: str, expected: str) -> None:
    assert contacts.ways(WAYS, locale) == expected


def test_what_is_known_is_said_line_by_line_what_cannot_work_before_what_is_well() -> None:
    assert [spoken(row) for row in contacts.rows(known(), "en")] == [
        "Critical, as you said: chat, push at once, SMS after 90 s, call after 2 h, e-mail if that fails",
        "Info: chat",
        "⚠️ SMS does not reach you: it is not verified that this is yours",
        "⚠️ Phone +4930123456: not verified, so not used. Type “me verify phone”.",
        "✅ E-mail ana@example.com: verified",
    ]
    assert spoken(contacts.rows(known(phone=""), "en")[3]) == "No phone number: an admin can add it"


def test_a_button_stands_for_each_contact_that_can_be_verified() -> None:
    assert [one.token for one in contacts.buttons(known(), "en")] == ["me verify phone"]
    assert contacts.buttons(known(phone=""), "en") == ()


@pytest.mark.parametrize("method", [Method.SMS, Method.EMAIL])
def test_a_code_is_written_once_and_spoken_twice(method: Method) -> None:
    written = spoken(contacts.code("012345", method, timedelta(minutes=10)).text)
    assert written.count("012345") == 1
    said = spoken(contacts.code("012345", Method.VOICE, timedelta(minutes=10), "zh").text)
    assert said.count("0, 1, 2, 3, 4, 5") == 2


def test_who_may_be_called_is_offered_a_call() -> None:
    sent = contacts.code_sent("+4930123456", Method.SMS, timedelta(minutes=10), may_call=True)
    assert [one.token for one in sent.buttons] == ["me verify phone by voice"]
    assert contacts.code_sent("+4930123456", Method.SMS, timedelta(minutes=10), may_call=False).buttons == ()


def test_whoever_sets_a_pin_learns_what_it_is_for() -> None:
    assert spoken(contacts.pin(is_on=True).text).startswith("Calls ask for your PIN from now on")
    assert spoken(contacts.pin(is_on=False).text) == "Calls ask for no PIN any more."
