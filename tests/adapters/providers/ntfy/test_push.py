"""A page goes to the person's topic, and a tap on it acknowledges."""

from collections.abc import AsyncIterator, Callable

import pytest

from adapters.providers.ntfy.config import KEYS
from adapters.providers.ntfy.errors import CODES, failure_of
from adapters.providers.ntfy.push import NtfyPush, connect
from bot.adapter import Callback, DeliveryFailed, FailureKind
from bot.domain.people import Method
from bot.outbound.client import Reply
from bot.playground.ntfy import NtfyServer
from bot.playground.phones import Phone, Phones
from bot.provider import Cancels
from cards.card import Note, Tone
from tests.adapters.providers.desk import FORGED, LINKS, REFERENCE, Desk, Door, a_card, an_envelope, failure, kind_of
from tests.cards.strategies import too_long_everywhere
from tests.playground.manual_clock import ManualClock

TOKEN = "tk_abcdefghijklmnop"
TOPIC = "oncall-ana-7f3b"


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


Make = Callable[..., NtfyPush]


@pytest.fixture
async def make(ntfy: NtfyServer, clock: ManualClock) -> AsyncIterator[Make]:
    made: list[NtfyPush] = []

    def provider(**values: str) -> NtfyPush:
        given = {"api_base_url": ntfy.api_base_url, "token": TOKEN, "timeout": "1"} | values
        made.append(connect("main", given, clock))
        return made[-1]

    yield provider
    for one in made:
        await one.close()


@pytest.fixture
def push(make: Make) -> NtfyPush:
    return make()


def screen(ntfy: NtfyServer) -> Phone:
    return ntfy.phones.phone("ana")


async def test_a_page_wakes_the_phone_and_says_what_is_the_matter(push: NtfyPush, ntfy: NtfyServer) -> None:
    receipt = await push.send(an_envelope(TOPIC))
    (shown,) = screen(ntfy).pushes
    assert shown.alarming
    assert shown.title == "🔴 Critical · disk full"
    assert shown.words == "#42 · Nobody has it yet"
    assert shown.url == LINKS["ack 42 v7"]
    assert (receipt.message.chat, receipt.message.id) == ("main", shown.id)
    assert not isinstance(push, Cancels)


async def test_what_is_not_urgent_makes_no_noise(push: NtfyPush, ntfy: NtfyServer) -> None:
    await push.send(an_envelope(TOPIC, urgent=False))
    await push.send(an_envelope(TOPIC, urgent=False, message=a_card(tone=Tone.DONE)))
    assert [entry.request["priority"] for entry in ntfy.log.calls("publish")] == [3, 2]  # type: ignore[index]
    assert not any(one.alarming for one in screen(ntfy).pushes)


async def test_a_tap_acknowledges_and_the_push_is_gone(push: NtfyPush, ntfy: NtfyServer) -> None:
    desk = Desk()
    async with Door(push, desk) as door:
        await push.send(an_envelope(TOPIC, callback=door.address))
        (shown,) = screen(ntfy).pushes
        heard = await ntfy.tap(shown.id, "Acknowledge")
    assert (heard.status, heard.words) == (200, "Acknowledged by Ana")
    assert desk.seen_ == [(REFERENCE, "ack 42 v7")]
    assert screen(ntfy).pushes == []


async def test_a_tap_that_does_nothing_leaves_the_push_where_it_is(push: NtfyPush, ntfy: NtfyServer) -> None:
    desk = Desk()
    desk.answer = ""
    async with Door(push, desk) as door:
        await push.send(an_envelope(TOPIC, callback=door.address))
        (shown,) = screen(ntfy).pushes
        heard = await ntfy.tap(shown.id, "Acknowledge")
    assert (heard.status, heard.words) == (409, "nothing was done: look at the incident")
    assert screen(ntfy).pushes == [shown]


async def test_what_should_be_asked_about_first_opens_the_page_that_asks(push: NtfyPush, ntfy: NtfyServer) -> None:
    desk = Desk()
    async with Door(push, desk) as door:
        await push.send(an_envelope(TOPIC, callback=door.address))
        (shown,) = screen(ntfy).pushes
        heard = await ntfy.tap(shown.id, "Close")
    assert heard.words == LINKS["close 42 v7"]
    assert desk.seen_ == []


async def test_where_nobody_reaches_us_by_callbacks_each_action_opens_its_page(
    push: NtfyPush, ntfy: NtfyServer
) -> None:
    await push.send(an_envelope(TOPIC))
    (shown,) = screen(ntfy).pushes
    assert (await ntfy.tap(shown.id, "Acknowledge")).words == LINKS["ack 42 v7"]
    assert len(screen(ntfy).pushes) == 1


async def test_where_nobody_reaches_us_at_all_there_are_no_actions(push: NtfyPush, ntfy: NtfyServer) -> None:
    await push.send(an_envelope(TOPIC, links={}))
    (shown,) = screen(ntfy).pushes
    assert shown.actions == {}


async def test_a_push_stays_on_the_screen_when_we_are_away(push: NtfyPush, ntfy: NtfyServer) -> None:
    async with Door(push, Desk()) as door:
        callback = door.address
    await push.send(an_envelope(TOPIC, callback=callback))
    (shown,) = screen(ntfy).pushes
    assert not (await ntfy.tap(shown.id, "Acknowledge")).is_ok
    assert screen(ntfy).pushes == [shown]


@pytest.mark.parametrize(
    ("path", "body", "method", "status"),
    [
        (f"{FORGED}/act", b"ack 42", "POST", 401),
        (f"{REFERENCE}/act", b"", "POST", 400),
        (f"{REFERENCE}/act", b"x" * 65, "POST", 400),
        (f"{REFERENCE}/act", b"ack\n42", "POST", 400),
        (f"{REFERENCE}/act", b"ack 42", "GET", 404),
        (REFERENCE, b"ack 42", "POST", 404),
        ("/act", b"ack 42", "POST", 404),
        (f"a/{REFERENCE}/act", b"ack 42", "POST", 404),
        ("", b"ack 42", "POST", 404),
    ],
)
async def test_a_callback_that_is_none_does_nothing(
    push: NtfyPush, path: str, body: bytes, method: str, status: int
) -> None:
    desk = Desk()
    assert (await push.callback(Callback(path, body, method=method), desk)).status == status
    assert desk.seen_ == []


async def test_any_card_and_note_is_taken(push: NtfyPush, ntfy: NtfyServer) -> None:
    await push.send(an_envelope(TOPIC, message=too_long_everywhere(), callback="https://oncall.example.com/push/main/"))
    await push.send(an_envelope(TOPIC, message=Note(("火" * 9000,))))
    assert len(screen(ntfy).pushes) == 2


async def test_check_says_who_we_are(push: NtfyPush, make: Make) -> None:
    assert await push.check() == "oncard"
    nobody = make(token="tk_wrongwrongwrong")
    with pytest.raises(DeliveryFailed) as caught:
        await nobody.check()
    assert caught.value.kind is FailureKind.UNAUTHORIZED


async def test_check_without_credentials_says_so(clock: ManualClock) -> None:
    async with NtfyServer(clock, Phones(clock)) as server:
        provider = connect("main", {"api_base_url": server.api_base_url}, clock)
        assert (await provider.check()).startswith("anybody")
        await provider.close()


# ---- failures --------------------------------------------------------------------------------------------------------


async def test_a_wrong_token_is_ours_to_mend(make: Make) -> None:
    failed = await failure(make(token="tk_wrongwrongwrong"), an_envelope(TOPIC))
    assert failed.kind is FailureKind.UNAUTHORIZED
    assert failed.detail == "40101 unauthorized"


async def test_a_topic_that_is_none_concerns_its_owner_alone(push: NtfyPush) -> None:
    failed = await failure(push, an_envelope("no topic/at all"))
    assert (failed.kind, failed.detail) == (FailureKind.REFUSED, "40009 invalid request: topic invalid")


async def test_a_forbidden_topic_is_ours_to_mend(push: NtfyPush, ntfy: NtfyServer) -> None:
    ntfy.forbidden.add(TOPIC)
    assert await kind_of(push, an_envelope(TOPIC)) is FailureKind.UNAUTHORIZED


async def test_who_is_too_fast_comes_again_and_whose_day_is_over_does_not(
    push: NtfyPush, ntfy: NtfyServer, clock: ManualClock
) -> None:
    for _ in range(60):
        await push.send(an_envelope(TOPIC))
    failed = await failure(push, an_envelope(TOPIC))
    assert (failed.kind, failed.retry_after) == (FailureKind.RATE_LIMITED, 5.0)
    clock.advance(5)
    await push.send(an_envelope(TOPIC))
    ntfy.daily = 61
    clock.advance(5)
    assert await kind_of(push, an_envelope(TOPIC)) is FailureKind.QUOTA


async def test_what_is_cut_or_hangs_may_have_been_sent(make: Make, ntfy: NtfyServer) -> None:
    push = make(timeout="0.4")
    ntfy.faults.cut("publish", applied=True)
    assert await kind_of(push, an_envelope(TOPIC)) is FailureKind.UNCERTAIN
    hold = ntfy.faults.hang("publish")
    assert await kind_of(push, an_envelope(TOPIC)) is FailureKind.UNCERTAIN
    assert hold.reached.is_set()
    ntfy.faults.status("publish", 502)
    failed = await failure(push, an_envelope(TOPIC))
    assert (failed.kind, failed.detail) == (FailureKind.UNCERTAIN, "HTTP 502 502 Bad Gateway")


async def test_who_is_away_got_nothing(push: NtfyPush, ntfy: NtfyServer) -> None:
    await ntfy.pull_plug()
    assert await kind_of(push, an_envelope(TOPIC)) is FailureKind.UNREACHABLE
    await ntfy.put_back()
    await push.send(an_envelope(TOPIC))
    assert len(screen(ntfy).pushes) == 1


async def test_a_page_of_something_else_is_no_receipt(push: NtfyPush, ntfy: NtfyServer) -> None:
    ntfy.faults.refuse("publish", 200, ["hello"])
    assert await kind_of(push, an_envelope(TOPIC)) is FailureKind.UNCERTAIN


async def test_no_secret_is_told(push: NtfyPush, ntfy: NtfyServer) -> None:
    ntfy.faults.refuse("publish", 400, {"code": 40009, "error": f"{TOPIC} by {TOKEN} at https://a:b@x.example/{TOPIC}"})
    failed = await failure(push, an_envelope(TOPIC))
    assert failed.detail == "40009 [topic] by [redacted] at https://x.example"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, FailureKind.UNAUTHORIZED),
        (400, FailureKind.REFUSED),
        (401, FailureKind.UNAUTHORIZED),
        (403, FailureKind.UNAUTHORIZED),
        (404, FailureKind.UNAUTHORIZED),
        (407, FailureKind.UNREACHABLE),
        (413, FailureKind.TOO_LONG),
        (418, FailureKind.REFUSED),
        (429, FailureKind.RATE_LIMITED),
        (500, FailureKind.UNCERTAIN),
        (503, FailureKind.UNCERTAIN),
    ],
)
def test_a_status_without_a_code_has_a_meaning(status: int, kind: FailureKind) -> None:
    failed = failure_of(Reply(status, b"<html>\n<b>no</b>\x00", {"retry-after": "7"}), str)
    assert (failed.kind, failed.detail) == (kind, f"HTTP {status} no")
    assert failed.retry_after == (7.0 if kind is FailureKind.RATE_LIMITED else None)


@pytest.mark.parametrize(("code", "kind"), CODES.items())
def test_a_code_means_more_than_its_status(code: int, kind: FailureKind) -> None:
    assert failure_of(Reply(code // 100, b'{"code": %d, "error": "no"}' % code), str).kind is kind
    unknown = Reply(400, b'{"code": 40099, "error": "no"}')
    assert failure_of(unknown, str).kind is FailureKind.REFUSED


# ---- settings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"username": "ana"}, "token: give username and password together, or a token, or neither"),
        ({"username": "ana", "password": "x", "token": "y"}, "token: give a token or a password, not both"),
        ({"api_base_url": "ntfy.example.com"}, "api_base_url: it must be an address such as https://ntfy.sh/"),
    ],
)
def test_a_wrong_setting_is_told_by_name(values: dict[str, str], fault: str, clock: ManualClock) -> None:
    told = [f"{one.key}: {one.what}" for one in KEYS[Method.PUSH].check(values)]
    assert told == [fault]
    with pytest.raises(ValueError, match=fault):
        connect("main", values, clock)


async def test_a_password_goes_by_basic_authentication(ntfy: NtfyServer, clock: ManualClock) -> None:
    ntfy.token = ""
    provider = connect("main", {"api_base_url": ntfy.api_base_url, "username": "ana", "password": "secret"}, clock)
    assert await kind_of(provider, an_envelope(TOPIC)) is FailureKind.UNAUTHORIZED
    await provider.close()
