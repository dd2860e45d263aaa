"""A page goes by whatever Apprise knows, as long as it is a service on the network."""

import logging
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from adapters.providers.apprise.config import KEYS, SCHEMAS
from adapters.providers.apprise.errors import STATUSES, failure_of
from adapters.providers.apprise.push import ApprisePush, connect
from bot.adapter import DeliveryFailed, FailureKind
from bot.domain.people import Method
from bot.playground.ntfy import NtfyServer
from bot.playground.phones import Phone, Phones
from cards.card import Note
from tests.adapters.providers.desk import LINKS, REFERENCE, an_envelope, failure, kind_of
from tests.cards.strategies import too_long_everywhere
from tests.playground.manual_clock import ManualClock

TOPIC = "oncall-ana-7f3b"
TOKEN = "tk_abcdefghijklmnop"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def ntfy(clock: ManualClock) -> AsyncIterator[NtfyServer]:
    phones = Phones(clock)
    phones.add("ana", "+15550100001")
    async with NtfyServer(clock, phones, token=TOKEN) as server:
        server.subscribe(TOPIC, "ana")
        yield server


@pytest.fixture
def push(clock: ManualClock) -> ApprisePush:
    return connect("main", {"timeout": "2"}, clock)


def address(ntfy: NtfyServer, token: str = TOKEN) -> str:
    return f"ntfy://{token}@{urlsplit(ntfy.api_base_url).netloc}/{TOPIC}?auth=token"


def screen(ntfy: NtfyServer) -> Phone:
    return ntfy.phones.phone("ana")


async def test_a_page_goes_to_the_address_of_the_person(push: ApprisePush, ntfy: NtfyServer) -> None:
    receipt = await push.send(an_envelope(address(ntfy)))
    (shown,) = screen(ntfy).pushes
    assert shown.title == "🔴 Critical · disk full"
    assert shown.words == f"#42 · Nobody has it yet\nAcknowledge: {LINKS['ack 42 v7']}"
    assert (receipt.message.chat, receipt.message.id, receipt.said) == ("main", REFERENCE, "taken by ntfy")


async def test_an_address_can_be_the_same_for_all_but_one_part(ntfy: NtfyServer, clock: ManualClock) -> None:
    push = connect("main", {"url": address(ntfy).replace(TOPIC, "{to}")}, clock)
    await push.send(an_envelope(TOPIC, urgent=False, message=Note(("Ana acknowledged #42",))))
    assert [one.words for one in screen(ntfy).pushes] == ["Ana acknowledged #42"]
    assert (await push.check()).startswith("Apprise 2.")


async def test_any_card_is_taken(push: ApprisePush, ntfy: NtfyServer) -> None:
    await push.send(an_envelope(address(ntfy), message=too_long_everywhere()))
    assert len(screen(ntfy).pushes) == 1


# ---- failures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "why"),
    [
        ("syslog://", "syslog:// is not allowed"),
        ("dbus://", "dbus:// is not allowed"),
        ("mailto://ana:secret@example.com", "mailto:// is not allowed"),
        ("file:///etc/passwd", "file:// is not allowed"),
        ("JSON", "the address is no Apprise URL"),
        ("", "the address is no Apprise URL"),
        ("pover://", "Apprise finds something missing in the pover:// address"),
    ],
)
async def test_an_address_that_cannot_be_used_concerns_its_owner_alone(push: ApprisePush, to: str, why: str) -> None:
    failed = await failure(push, an_envelope(to))
    assert failed.kind is FailureKind.REFUSED
    assert failed.detail.startswith(why)


async def test_a_configured_address_that_lacks_something_is_ours_to_mend(clock: ManualClock) -> None:
    with pytest.raises(DeliveryFailed) as caught:
        await connect("main", {"url": "pover://"}, clock).check()
    assert caught.value.kind is FailureKind.UNAUTHORIZED


async def test_a_refusal_is_told_in_its_words_and_without_a_secret(push: ApprisePush, ntfy: NtfyServer) -> None:
    failed = await failure(push, an_envelope(address(ntfy, "tk_wrongwrongwrong")))
    assert failed.kind is FailureKind.UNAUTHORIZED
    assert "401" in failed.detail
    for secret in ("tk_wrong", TOPIC):
        assert secret not in failed.detail


async def test_what_gets_no_answer_in_time_may_have_been_sent(ntfy: NtfyServer, clock: ManualClock) -> None:
    push = connect("main", {"timeout": "0.2"}, clock)
    hold = ntfy.faults.hang("publish")
    failed = await failure(push, an_envelope(address(ntfy)))
    assert (failed.kind, failed.detail) == (FailureKind.UNCERTAIN, "no answer in time")
    hold.release()


async def test_who_is_away_is_not_told_apart(push: ApprisePush, ntfy: NtfyServer) -> None:
    to = address(ntfy)
    await ntfy.pull_plug()
    assert await kind_of(push, an_envelope(to)) is FailureKind.UNCERTAIN


async def test_its_log_holds_no_address(push: ApprisePush, ntfy: NtfyServer, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        await failure(push, an_envelope(address(ntfy, "tk_wrongwrongwrong")))
    assert "tk_wrong" not in caplog.text


@pytest.mark.parametrize(("status", "kind"), STATUSES.items())
def test_a_status_in_the_words_has_a_meaning(status: int, kind: FailureKind) -> None:
    failed = failure_of(f"Failed to send: no, error={status}.", str)
    assert (failed.kind, failed.retry_after) == (kind, 30.0 if kind is FailureKind.RATE_LIMITED else None)
    assert failure_of(f"Failed to send: no, error={status}01.", str).kind is kind


@pytest.mark.parametrize("words", ["", "A Connection error occurred", "error=500", "error=1234"])
def test_what_cannot_be_told_apart_may_have_been_sent(words: str) -> None:
    assert failure_of(words, str).kind is FailureKind.UNCERTAIN


def test_nothing_on_this_machine_can_be_reached() -> None:
    here = {"syslog", "dbus", "glib", "gio", "gnome", "kde", "qt", "macosx", "windows", "blink1", "growl", "vapid"}
    assert here.isdisjoint(SCHEMAS)


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"url": "syslog://"}, "url: only services on the network are allowed"),
        ({"url": "my-secret"}, "url: only services on the network are allowed"),
        ({"proxy": "http://proxy.example.com:3128"}, "proxy: Apprise does not take it"),
    ],
)
def test_a_wrong_setting_is_told_by_name(values: dict[str, str], fault: str, clock: ManualClock) -> None:
    (told,) = KEYS[Method.PUSH].check(values)
    assert f"{told.key}: {told.what}".startswith(fault)
    with pytest.raises(ValueError, match=fault):
        connect("main", values, clock)
