"""A page sounds until somebody acknowledges it on the phone, which acknowledges the incident."""

from collections.abc import AsyncIterator, Callable

import pytest

from adapters.providers.pushover.config import KEYS
from adapters.providers.pushover.errors import FIELDS, failure_of
from adapters.providers.pushover.push import PushoverPush, connect
from bot.adapter import Callback, DeliveryFailed, FailureKind
from bot.domain.people import Method
from bot.outbound.client import Reply
from bot.playground.endpoint import Reports
from bot.playground.phones import Phone, Phones
from bot.playground.pushover import PushoverServer
from bot.provider import Cancels, Progress, Report
from cards.card import Button, Message, Note
from tests.adapters.providers.desk import LINKS, REFERENCE, Desk, Door, a_card, an_envelope, failure, kind_of
from tests.cards.strategies import too_long_everywhere
from tests.playground.manual_clock import ManualClock

USER = "u" * 29 + "a"
RECEIPT = "r" * 30
Make = Callable[..., PushoverPush]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def pushover(clock: ManualClock) -> AsyncIterator[PushoverServer]:
    phones = Phones(clock)
    phones.add("ana", "+15550100001")
    async with PushoverServer(clock, phones) as server:
        server.add_user(USER, "ana")
        yield server


@pytest.fixture
async def make(pushover: PushoverServer, clock: ManualClock) -> AsyncIterator[Make]:
    made: list[PushoverPush] = []

    def provider(**values: str) -> PushoverPush:
        given = {"api_base_url": pushover.api_base_url, "app_token": pushover.token, "timeout": "1"} | values
        made.append(connect("main", given, clock))
        return made[-1]

    yield provider
    for one in made:
        await one.close()


@pytest.fixture
def push(make: Make) -> PushoverPush:
    return make()


def screen(pushover: PushoverServer) -> Phone:
    return pushover.phones.phone("ana")


def sent(pushover: PushoverServer) -> list[dict[str, str]]:
    return [entry.request for entry in pushover.log.calls("messages")]  # type: ignore[misc]


async def test_a_page_sounds_until_it_is_acknowledged(push: PushoverPush, pushover: PushoverServer) -> None:
    receipt = await push.send(an_envelope(USER))
    (shown,) = screen(pushover).pushes
    assert (shown.alarming, shown.title, shown.url) == (True, "🔴 Critical · disk full", LINKS["ack 42 v7"])
    assert (receipt.message.chat, receipt.message.id) == ("main", shown.id)
    assert receipt.said == "queued, 9999 messages left this month"
    assert pushover.is_alarming(shown.id)


async def test_what_is_not_urgent_asks_for_nothing(push: PushoverPush, pushover: PushoverServer) -> None:
    receipt = await push.send(an_envelope(USER, urgent=False))
    await push.send(an_envelope(USER, urgent=False, message=Note(("Ana acknowledged #42",))))
    assert [one["priority"] for one in sent(pushover)] == ["0", "-1"]
    assert not any("retry" in one or "callback" in one for one in sent(pushover))
    with pytest.raises(DeliveryFailed) as caught:
        await push.cancel(receipt.message.id)
    assert caught.value.kind is FailureKind.GONE


async def test_an_acknowledgement_on_the_phone_is_one_here(push: PushoverPush, pushover: PushoverServer) -> None:
    desk = Desk()
    async with Door(push, desk) as door:
        await push.send(an_envelope(USER, callback=door.address))
        (shown,) = screen(pushover).pushes
        heard = await pushover.tap(shown.id, "Acknowledge")
    assert heard.status == 200
    assert desk.seen_ == [(REFERENCE, "ack 42 v7")]


@pytest.mark.parametrize(
    "message",
    [
        Note(("Nobody could be reached",)),
        a_card(number=None, buttons=(Button("Acknowledge all 60", "ackboard 9001 v1"),)),
    ],
)
async def test_an_acknowledgement_of_what_is_not_one_incident_is_only_seen(
    push: PushoverPush, pushover: PushoverServer, message: Message
) -> None:
    desk = Desk()
    async with Door(push, desk) as door:
        await push.send(an_envelope(USER, callback=door.address, message=message))
        (shown,) = screen(pushover).pushes
        await pushover.tap(shown.id, "Acknowledge")
    assert desk.seen_ == []
    assert desk.reports == [Report(Progress.SEEN, "acknowledged on phone", REFERENCE, shown.id)]


async def test_a_callback_is_believed_only_after_asking(push: PushoverPush, pushover: PushoverServer) -> None:
    """Anybody who knows the address could make the request: Pushover signs nothing."""
    desk = Desk()
    async with Door(push, desk) as door:
        await push.send(an_envelope(USER, callback=door.address))
        (shown,) = screen(pushover).pushes
        url = sent(pushover)[0]["callback"]
        heard = await pushover.claim(shown.id, url)
    assert (heard.status, heard.words) == (403, "it was not acknowledged")
    assert desk.seen_ == []


async def test_a_callback_that_cannot_be_checked_now_may_come_again(
    push: PushoverPush, pushover: PushoverServer
) -> None:
    desk = Desk()
    async with Door(push, desk) as door:
        await push.send(an_envelope(USER, callback=door.address))
        (shown,) = screen(pushover).pushes
        pushover.faults.status("receipt", 500)
        heard = await pushover.tap(shown.id, "Acknowledge")
        assert heard.status == 503
        assert (await pushover.claim(shown.id, sent(pushover)[0]["callback"])).status == 200
    assert len(desk.seen_) == 1


async def test_a_callback_can_be_late_and_doubled(push: PushoverPush, pushover: PushoverServer) -> None:
    desk = Desk()
    async with Door(push, desk) as door:
        for _ in range(2):
            await push.send(an_envelope(USER, callback=door.address))
        first, second = screen(pushover).pushes
        pushover.reports = Reports.LATE
        await pushover.tap(first.id, "Acknowledge")
        assert desk.seen_ == []
        assert [heard.status for heard in await pushover.tell_late()] == [200]
        pushover.reports = Reports.DOUBLED
        await pushover.tap(second.id, "Acknowledge")
    assert desk.seen_ == [(REFERENCE, "ack 42 v7")] * 3


@pytest.mark.parametrize(
    ("path", "body", "method", "status"),
    [
        ("", f"receipt={RECEIPT}", "POST", 404),
        (f"{REFERENCE}/act", f"receipt={RECEIPT}", "POST", 404),
        (f"{REFERENCE}/act/***", f"receipt={RECEIPT}", "POST", 404),
        (f"{REFERENCE}/act/Cg", f"receipt={RECEIPT}", "POST", 404),
        (f"{REFERENCE}/seen/YWNr", f"receipt={RECEIPT}", "POST", 404),
        (f"{REFERENCE}/else", f"receipt={RECEIPT}", "POST", 404),
        (f"{REFERENCE}/seen", f"receipt={RECEIPT}", "GET", 404),
        (f"{REFERENCE}/seen", "receipt=../../x", "POST", 400),
        (f"{REFERENCE}/seen", "\xff", "POST", 400),
        (f"{REFERENCE}/seen", f"receipt={RECEIPT}", "POST", 403),
    ],
)
async def test_a_callback_that_is_none_does_nothing(
    push: PushoverPush, path: str, body: str, method: str, status: int
) -> None:
    desk = Desk()
    answer = await push.callback(Callback(path, body.encode("latin-1"), method=method), desk)
    assert answer.status == status
    assert (desk.seen_, desk.reports) == ([], [])


async def test_an_alarm_ends_when_somebody_else_has_acknowledged(push: PushoverPush, pushover: PushoverServer) -> None:
    receipt = await push.send(an_envelope(USER))
    assert isinstance(push, Cancels)
    assert await push.cancel(receipt.message.id) == "cancelled"
    assert screen(pushover).pushes == []
    for over in (receipt.message.id, "x" * 30):
        with pytest.raises(DeliveryFailed) as caught:
            await push.cancel(over)
        assert caught.value.kind is FailureKind.GONE


async def test_a_wrong_token_cannot_cancel(make: Make) -> None:
    with pytest.raises(DeliveryFailed) as caught:
        await make(app_token="b" * 30).cancel(RECEIPT)
    assert caught.value.kind is FailureKind.UNAUTHORIZED


async def test_any_card_and_note_is_taken(push: PushoverPush, pushover: PushoverServer) -> None:
    links = {"ack 42 v7": "https://oncall.example.com/" + "x" * 500}
    await push.send(an_envelope(USER, message=too_long_everywhere(), links=links))
    await push.send(an_envelope(USER, message=Note(("火" * 9000,)), urgent=False))
    await push.send(an_envelope(USER, message=a_card(buttons=()), links={}))
    assert len(screen(pushover).pushes) == 3


async def test_an_alarm_repeats_as_configured(make: Make, pushover: PushoverServer) -> None:
    await make(retry="30", expire="600", sound="siren").send(an_envelope(USER))
    (one,) = sent(pushover)
    assert (one["retry"], one["expire"], one["sound"]) == ("30", "600", "siren")


async def test_check_says_how_much_is_left(push: PushoverPush, make: Make) -> None:
    assert await push.check() == "10000 of 10000 messages left this month"
    with pytest.raises(DeliveryFailed) as caught:
        await make(app_token="b" * 30).check()
    assert caught.value.kind is FailureKind.UNAUTHORIZED


# ---- failures --------------------------------------------------------------------------------------------------------


async def test_a_wrong_token_is_ours_to_mend(make: Make) -> None:
    assert await kind_of(make(app_token="b" * 30), an_envelope(USER)) is FailureKind.UNAUTHORIZED


@pytest.mark.parametrize("user", ["nobody", "x" * 30])
async def test_a_user_that_is_unknown_concerns_them_alone(push: PushoverPush, user: str) -> None:
    failed = await failure(push, an_envelope(user))
    assert failed.kind is FailureKind.REFUSED
    assert failed.detail.startswith("HTTP 400 user identifier is ")


async def test_when_the_month_is_used_up_it_says_until_when(
    push: PushoverPush, pushover: PushoverServer, clock: ManualClock
) -> None:
    pushover.remaining = 1
    assert (await push.send(an_envelope(USER))).said == "queued, 0 messages left this month"
    failed = await failure(push, an_envelope(USER))
    assert failed.kind is FailureKind.QUOTA
    assert failed.retry_after == (31 - 12 / 24) * 86400 - 0.0


async def test_what_is_cut_or_hangs_may_have_been_sent(make: Make, pushover: PushoverServer) -> None:
    push = make(timeout="0.4")
    pushover.faults.cut("messages", applied=True)
    assert await kind_of(push, an_envelope(USER)) is FailureKind.UNCERTAIN
    pushover.faults.hang("messages")
    assert await kind_of(push, an_envelope(USER)) is FailureKind.UNCERTAIN
    pushover.faults.status("messages", 503)
    failed = await failure(push, an_envelope(USER))
    assert (failed.kind, failed.retry_after) == (FailureKind.UNCERTAIN, 5.0)
    pushover.faults.refuse("messages", 200, {"status": 1})
    assert await kind_of(push, an_envelope(USER)) is FailureKind.UNCERTAIN


async def test_who_is_away_got_nothing(push: PushoverPush, pushover: PushoverServer) -> None:
    await pushover.pull_plug()
    assert await kind_of(push, an_envelope(USER)) is FailureKind.UNREACHABLE


async def test_no_secret_is_told(push: PushoverPush, pushover: PushoverServer) -> None:
    pushover.faults.refuse("messages", 400, {"status": 0, "errors": [f"no {USER}", f"no {pushover.token}"]})
    assert (await failure(push, an_envelope(USER))).detail == "HTTP 400 no [user]; no [redacted]"


@pytest.mark.parametrize(("field", "kind"), FIELDS.items())
def test_the_field_that_is_invalid_tells_what_it_means(field: str, kind: FailureKind) -> None:
    assert failure_of(Reply(400, b'{"status": 0, "%s": "invalid"}' % field.encode()), str).kind is kind
    both = b'{"status": 0, "%s": "invalid", "token": "invalid"}' % field.encode()
    assert failure_of(Reply(400, both), str).kind is FailureKind.UNAUTHORIZED


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, b'{"status": 0}', FailureKind.UNCERTAIN),
        (302, b"", FailureKind.UNAUTHORIZED),
        (400, b'{"message": "invalid", "errors": ["message is too long"]}', FailureKind.TOO_LONG),
        (400, b"<html>", FailureKind.REFUSED),
        (403, b"", FailureKind.UNAUTHORIZED),
        (404, b"", FailureKind.REFUSED),
        (407, b"", FailureKind.UNREACHABLE),
        (413, b"", FailureKind.TOO_LONG),
        (429, b"", FailureKind.QUOTA),
        (500, b"", FailureKind.UNCERTAIN),
    ],
)
def test_each_answer_has_a_meaning(status: int, body: bytes, kind: FailureKind) -> None:
    assert failure_of(Reply(status, body), str).kind is kind


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"app_token": "short"}, "app_token: an application's API token has 30 letters and digits"),
        ({"app_token": "a" * 30, "retry": "10"}, "retry: Input should be greater than or equal to 30"),
        ({"app_token": "a" * 30, "expire": "99999"}, "expire: Input should be less than or equal to 10800"),
    ],
)
def test_a_wrong_setting_is_told_by_name(values: dict[str, str], fault: str, clock: ManualClock) -> None:
    (told,) = KEYS[Method.PUSH].check(values)
    assert f"{told.key}: {told.what}".startswith(fault)
    with pytest.raises(ValueError, match=fault):
        connect("main", values, clock)
