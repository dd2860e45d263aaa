"""A page rings on an iPhone that is silent, and a tap on it opens the page that asks to confirm."""

from collections.abc import AsyncIterator, Callable

import pytest

from adapters.providers.bark.config import KEYS
from adapters.providers.bark.errors import WORDS, failure_of
from adapters.providers.bark.push import BarkPush, connect
from bot.adapter import DeliveryFailed, FailureKind
from bot.domain.event import Link
from bot.domain.people import Method
from bot.outbound.client import Reply
from bot.playground.bark import BarkServer
from bot.playground.phones import Phone, Phones
from bot.provider import CalledBack, Cancels
from cards.card import Note
from tests.adapters.providers.desk import LINKS, REFERENCE, a_card, an_envelope, failure, kind_of
from tests.cards.strategies import too_long_everywhere
from tests.playground.manual_clock import ManualClock

KEY = "AnaDeviceKey7f3b"
Make = Callable[..., BarkPush]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def bark(clock: ManualClock) -> AsyncIterator[BarkServer]:
    phones = Phones(clock)
    phones.add("ana", "+15550100001")
    async with BarkServer(clock, phones) as server:
        server.register(KEY, "ana")
        yield server


@pytest.fixture
async def make(bark: BarkServer, clock: ManualClock) -> AsyncIterator[Make]:
    made: list[BarkPush] = []

    def provider(**values: str) -> BarkPush:
        made.append(connect("main", {"api_base_url": bark.api_base_url, "timeout": "1"} | values, clock))
        return made[-1]

    yield provider
    for one in made:
        await one.close()


@pytest.fixture
def push(make: Make) -> BarkPush:
    return make()


def screen(bark: BarkServer) -> Phone:
    return bark.phones.phone("ana")


def sent(bark: BarkServer) -> list[dict[str, str]]:
    return [entry.request for entry in bark.log.calls("push")]  # type: ignore[misc]


async def test_a_page_rings_though_the_phone_is_silent(push: BarkPush, bark: BarkServer) -> None:
    receipt = await push.send(an_envelope(KEY))
    (shown,) = screen(bark).pushes
    assert (shown.alarming, shown.title) == (True, "🔴 Critical · disk full")
    assert (await bark.tap(shown.id, "")).words == LINKS["ack 42 v7"]
    assert (receipt.message.chat, receipt.message.id, receipt.said) == ("main", REFERENCE, "success")
    (one,) = sent(bark)
    assert (one["level"], one["call"], one["volume"], one["group"]) == ("critical", "1", "8", "Oncard")


async def test_nothing_can_be_taken_back_or_told_to_us(push: BarkPush) -> None:
    assert not isinstance(push, Cancels)
    assert not isinstance(push, CalledBack)


async def test_what_is_not_urgent_makes_no_noise(push: BarkPush, bark: BarkServer) -> None:
    await push.send(an_envelope(KEY, urgent=False))
    await push.send(an_envelope(KEY, urgent=False, message=Note(("Ana acknowledged #42",))))
    assert [one["level"] for one in sent(bark)] == ["active", "passive"]
    assert not any("call" in one for one in sent(bark))


async def test_noise_is_as_configured(make: Make, bark: BarkServer) -> None:
    await make(volume="0", sound="alarm", group="Night").send(an_envelope(KEY))
    (one,) = sent(bark)
    assert (one["volume"], one["sound"], one["group"]) == ("0", "alarm", "Night")


async def test_without_a_page_of_ours_a_tap_opens_what_can_be_read(push: BarkPush, bark: BarkServer) -> None:
    card = a_card(links=(Link("Graph", "https://grafana.example.com/d/1"),))
    await push.send(an_envelope(KEY, message=card, links={}))
    await push.send(an_envelope(KEY, message=Note(("x",)), links={}))
    assert [one.url for one in screen(bark).pushes] == ["https://grafana.example.com/d/1", ""]


async def test_any_card_and_note_is_taken(push: BarkPush, bark: BarkServer) -> None:
    await push.send(an_envelope(KEY, message=too_long_everywhere()))
    await push.send(an_envelope(KEY, message=Note(("火" * 9000,))))
    assert len(screen(bark).pushes) == 2


async def test_check_says_what_is_there(push: BarkPush, bark: BarkServer) -> None:
    assert await push.check() == "bark-server v2.1.5"
    bark.faults.refuse("info", 200, {"hello": 1})
    with pytest.raises(DeliveryFailed) as caught:
        await push.check()
    assert caught.value.kind is FailureKind.UNCERTAIN


async def test_a_server_may_ask_for_a_password(make: Make, bark: BarkServer) -> None:
    bark.user, bark.password = "oncard", "long-password"
    await make(username="oncard", password="long-password").send(an_envelope(KEY))
    failed = await failure(make(username="oncard", password="wrong-password"), an_envelope(KEY))
    assert (failed.kind, failed.detail) == (FailureKind.UNAUTHORIZED, "HTTP 401 Unauthorized")
    with pytest.raises(DeliveryFailed):
        await make().check()


# ---- failures --------------------------------------------------------------------------------------------------------


async def test_a_key_that_is_unknown_or_dead_concerns_its_owner_alone(push: BarkPush, bark: BarkServer) -> None:
    failed = await failure(push, an_envelope("WrongKey1"))
    assert failed.kind is FailureKind.REFUSED
    assert "WrongKey1" not in failed.detail
    bark.dead.add(KEY)
    failed = await failure(push, an_envelope(KEY))
    assert (failed.kind, failed.detail) == (
        FailureKind.REFUSED,
        "HTTP 500 push failed: APNS push failed: BadDeviceToken",
    )


async def test_what_is_cut_or_hangs_may_have_been_sent(make: Make, bark: BarkServer) -> None:
    push = make(timeout="0.4")
    bark.faults.cut("push", applied=True)
    assert await kind_of(push, an_envelope(KEY)) is FailureKind.UNCERTAIN
    bark.faults.hang("push")
    assert await kind_of(push, an_envelope(KEY)) is FailureKind.UNCERTAIN
    bark.faults.status("push", 502)
    assert await kind_of(push, an_envelope(KEY)) is FailureKind.UNCERTAIN


async def test_who_is_away_got_nothing(push: BarkPush, bark: BarkServer) -> None:
    await bark.pull_plug()
    assert await kind_of(push, an_envelope(KEY)) is FailureKind.UNREACHABLE


@pytest.mark.parametrize(("words", "kind"), WORDS)
def test_the_words_of_the_server_have_a_meaning(words: str, kind: FailureKind) -> None:
    body = b'{"code": 500, "message": "push failed: %s"}' % words.upper().encode()
    assert failure_of(Reply(500, body), str).kind is kind


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, FailureKind.UNCERTAIN),
        (302, FailureKind.UNAUTHORIZED),
        (400, FailureKind.REFUSED),
        (401, FailureKind.UNAUTHORIZED),
        (404, FailureKind.UNAUTHORIZED),
        (407, FailureKind.UNREACHABLE),
        (413, FailureKind.TOO_LONG),
        (429, FailureKind.RATE_LIMITED),
        (500, FailureKind.UNCERTAIN),
    ],
)
def test_each_status_has_a_meaning(status: int, kind: FailureKind) -> None:
    failed = failure_of(Reply(status, b"<p>no</p>"), str)
    assert (failed.kind, failed.retry_after) == (kind, 10.0 if kind is FailureKind.RATE_LIMITED else None)


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"username": "ana"}, "username: give username and password together, or neither"),
        ({"volume": "11"}, "volume: Input should be less than or equal to 10"),
        ({"sound": "a b"}, "sound: String should match pattern"),
    ],
)
def test_a_wrong_setting_is_told_by_name(values: dict[str, str], fault: str, clock: ManualClock) -> None:
    (told,) = KEYS[Method.PUSH].check(values)
    assert f"{told.key}: {told.what}".startswith(fault)
    with pytest.raises(ValueError, match=fault):
        connect("main", values, clock)
