"""An SMS by a gateway of one's own: it goes out, what becomes of it is told, and what is written back is heard."""

import asyncio

import pytest

from adapters.providers.webhook import sms
from bot.adapter import Callback, DeliveryFailed, FailureKind
from bot.playground.endpoint import Reports
from bot.playground.gateway import GatewayServer
from bot.playground.phones import Phone, Phones
from bot.provider import Cancels, Progress, Spoken
from cards.card import Note
from tests.adapters.providers.desk import LINKS, REFERENCE, Desk, Door, an_envelope, failure, kind_of
from tests.adapters.providers.webhook.conftest import ANA, SECRET, SMS, MakeSms
from tests.cards.strategies import too_long_everywhere
from tests.playground.manual_clock import ManualClock


async def test_a_page_is_an_sms(make_sms: MakeSms, ana: Phone, gateway: GatewayServer) -> None:
    push = make_sms()
    receipt = await push.send(an_envelope(ANA))
    await gateway.settled()
    assert [text.words for text in ana.texts] == [f"Critical #42: disk full - {LINKS['ack 42 v7']}"]
    assert (receipt.message.chat, receipt.message.id, receipt.said) == ("main", "sms-1", "HTTP 202")
    assert not isinstance(push, Cancels)


async def test_addresses_are_left_out_where_that_is_configured(
    make_sms: MakeSms, ana: Phone, gateway: GatewayServer
) -> None:
    await make_sms(links="false").send(an_envelope(ANA))
    await gateway.settled()
    assert [text.words for text in ana.texts] == ["Critical #42: disk full"]


async def test_what_becomes_of_it_is_told(make_sms: MakeSms, gateway: GatewayServer) -> None:
    desk, provider = Desk(), make_sms()
    async with Door(provider, desk) as door:
        await provider.send(an_envelope(ANA, callback=door.address))
        await gateway.settled()
        gateway.undeliverable.add(ANA)
        await provider.send(an_envelope(ANA, callback=door.address))
        await gateway.settled()
    assert [(one.progress, one.reference, one.id) for one in desk.reports] == [
        (Progress.SENT, REFERENCE, "sms-1"),
        (Progress.DELIVERED, REFERENCE, "sms-1"),
        (Progress.SENT, REFERENCE, "sms-2"),
        (Progress.FAILED, REFERENCE, "sms-2"),
    ]
    assert desk.reports[-1].said == "undeliverable"


async def test_receipts_may_be_late_or_lost(make_sms: MakeSms, gateway: GatewayServer) -> None:
    desk, provider = Desk(), make_sms()
    async with Door(provider, desk) as door:
        gateway.reports = Reports.LATE
        await provider.send(an_envelope(ANA, callback=door.address))
        await gateway.settled()
        assert desk.reports == []
        await gateway.tell_late()
        gateway.reports = Reports.LOST
        await provider.send(an_envelope(ANA, callback=door.address))
        await gateway.settled()
    assert [one.progress for one in desk.reports] == [Progress.DELIVERED, Progress.SENT]


async def test_what_is_written_back_is_heard_and_answered(
    make_sms: MakeSms, gateway: GatewayServer, phones: Phones, ana: Phone
) -> None:
    desk, provider = Desk(), make_sms()
    async with Door(provider, desk) as door:
        gateway.replies_to = f"{door.address}{SECRET}"
        await provider.send(an_envelope(ANA, callback=door.address))
        await gateway.settled()
        phones.write("ana", gateway.number, "1 42")
        await gateway.settled()
    assert "Reply 1 42 to acknowledge, 2 42 to escalate" in ana.texts[0].words
    assert desk.replies == [Spoken(ANA, "1 42", "in-2")]
    assert ana.texts[-1].words == "Acknowledged by Ana"


async def test_a_reply_without_an_id_is_the_same_for_some_minutes(make_sms: MakeSms, clock: ManualClock) -> None:
    desk, provider = Desk(), make_sms(reply_id_path="nothing")
    desk.answer = ""
    told = Callback(SECRET, b"from=%2B15550100001&text=1+42", {"content-type": "application/x-www-form-urlencoded"})
    for _ in range(2):
        assert (await provider.callback(told, desk)).body == b"{}"
    clock.advance(300)
    await provider.callback(told, desk)
    first, again, later = (one.trigger for one in desk.replies)
    assert first == again != later


async def test_a_callback_may_be_a_get_and_may_tell_of_many(make_sms: MakeSms) -> None:
    desk = Desk()
    await make_sms().callback(Callback(SECRET, b"", query="id=sms-7&state=DELIVERED", method="GET"), desk)
    body = b'{"items": [{"id": "a", "state": "sent"}, {"id": "b", "state": 5}, {"id": "c"}, 7, {"state": "sent"}]}'
    await make_sms(items_path="items").callback(Callback(SECRET, body), desk)
    assert [(one.progress, one.reference, one.id) for one in desk.reports] == [
        (Progress.DELIVERED, "", "sms-7"),
        (Progress.SENT, "", "a"),
    ]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("", b"{}", 403),
        ("wrong-secret-0123456789", b"{}", 403),
        (f"x/{SECRET}", b"{}", 403),
        (SECRET, b"<xml/>", 400),
        (SECRET, b"[" * 60_000, 400),
        (SECRET, b"x" * 65_537, 413),
        (SECRET, b"{}", 200),
        (SECRET, b"", 200),
        (SECRET, b'"text"', 200),
    ],
)
async def test_a_callback_that_is_none_does_nothing(make_sms: MakeSms, path: str, body: bytes, status: int) -> None:
    desk = Desk()
    assert (await make_sms().callback(Callback(path, body), desk)).status == status
    assert (desk.reports, desk.replies) == ([], [])


async def test_without_a_secret_nobody_may_call_and_no_address_is_given(
    clock: ManualClock, gateway: GatewayServer
) -> None:
    values = {name: value for name, value in SMS.items() if name != "callback_secret"}
    provider = sms.connect("main", {**values, "url": f"{gateway.api_base_url}sms"}, clock)
    assert (await provider.callback(Callback(f"/{REFERENCE}", b'{"state": "sent"}'), Desk())).status == 403
    await provider.send(an_envelope(ANA, callback="https://oncall.example.com/sms/main/"))
    (entry,) = gateway.log.calls("sms")
    assert entry.request["callback"] == ""  # type: ignore[index]
    await provider.close()


async def test_a_gateway_may_sign_instead(make_sms: MakeSms, gateway: GatewayServer) -> None:
    desk, provider = Desk(), make_sms(signature_header="X-Signature")
    gateway.signing_secret = SECRET
    async with Door(provider, desk) as door:
        await provider.send(an_envelope(ANA, callback=door.address))
        await gateway.settled()
        assert [one.reference for one in desk.reports] == [REFERENCE, REFERENCE]
        gateway.signing_secret = "somebody-else-0123456789"
        await provider.send(an_envelope(ANA, callback=door.address))
        await gateway.settled()
        assert len(desk.reports) == 2
    (entry, *_) = gateway.log.calls("sms")
    assert SECRET not in str(entry)
    # What is not in the body is not signed.
    assert (await provider.callback(Callback("", b"", query="state=sent", method="GET"), desk)).status == 403


async def test_any_card_and_note_is_taken(make_sms: MakeSms, gateway: GatewayServer, ana: Phone) -> None:
    provider = make_sms()
    await provider.send(an_envelope(ANA, message=too_long_everywhere()))
    await provider.send(an_envelope(ANA, message=Note(('"\\\n\x00{{ secret }} {% raw %}' * 9,))))
    await gateway.settled()
    assert len(ana.texts) == 2
    assert "gateway-key-1" not in ana.texts[-1].words


async def test_an_unknown_state_is_no_report(make_sms: MakeSms) -> None:
    desk = Desk()
    answer = await make_sms().callback(Callback(f"{SECRET}/{REFERENCE}", b'{"state": "pondering"}'), desk)
    assert (answer.status, desk.reports) == (200, [])


async def test_check_says_only_that_something_answers(make_sms: MakeSms, gateway: GatewayServer) -> None:
    assert (await make_sms().check()).startswith("something answers there, with HTTP 404")
    await gateway.pull_plug()
    with pytest.raises(DeliveryFailed) as caught:
        await make_sms().check()
    assert caught.value.kind is FailureKind.UNREACHABLE


# ---- failures --------------------------------------------------------------------------------------------------------


async def test_the_gateways_own_codes_mean_what_is_configured(make_sms: MakeSms, gateway: GatewayServer) -> None:
    failed = await failure(make_sms(), an_envelope("5550100001"))
    assert failed.kind is FailureKind.REFUSED
    assert failed.detail.startswith("HTTP 400 bad_number")
    assert "5550100001" not in failed.detail
    assert await kind_of(make_sms(secret="wrong-key-1"), an_envelope(ANA)) is FailureKind.UNAUTHORIZED
    gateway.faults.refuse("sms", 200, {"error": {"code": "NO_CREDIT"}})
    assert await kind_of(make_sms(success_path="state"), an_envelope(ANA)) is FailureKind.QUOTA


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, {"state": "rejected"}, FailureKind.REFUSED),
        (200, {"error": {"code": "odd"}}, FailureKind.REFUSED),
        (200, "<html>", FailureKind.UNCERTAIN),
        (302, {}, FailureKind.UNAUTHORIZED),
        (400, {}, FailureKind.REFUSED),
        (401, {}, FailureKind.UNAUTHORIZED),
        (402, {}, FailureKind.QUOTA),
        (404, {}, FailureKind.REFUSED),
        (409, {}, FailureKind.GONE),
        (413, {}, FailureKind.TOO_LONG),
        (500, {}, FailureKind.UNCERTAIN),
        (500, {"error": {"code": "bad_text"}}, FailureKind.TOO_LONG),
    ],
)
async def test_each_answer_has_a_meaning(
    make_sms: MakeSms, gateway: GatewayServer, status: int, body: object, kind: FailureKind
) -> None:
    gateway.faults.refuse("sms", status, body)
    provider = make_sms(success_path="state", success_values="queued, sent", errors="bad_text: too_long\n409: gone")
    assert await kind_of(provider, an_envelope(ANA)) is kind


async def test_who_is_too_fast_comes_again_when_told(make_sms: MakeSms, gateway: GatewayServer) -> None:
    for header, seconds in (("7", 7.0), ("soon", 5.0), ("99999", 3600.0)):
        gateway.faults.refuse("sms", 429, {}, headers={"Retry-After": header})
        failed = await failure(make_sms(), an_envelope(ANA))
        assert (failed.kind, failed.retry_after) == (FailureKind.RATE_LIMITED, seconds)


async def test_what_is_cut_or_hangs_may_have_been_sent(make_sms: MakeSms, gateway: GatewayServer) -> None:
    provider = make_sms(timeout="0.4")
    gateway.faults.cut("sms", applied=True)
    assert await kind_of(provider, an_envelope(ANA)) is FailureKind.UNCERTAIN
    gateway.faults.hang("sms")
    assert await kind_of(provider, an_envelope(ANA)) is FailureKind.UNCERTAIN
    gateway.faults.refuse("sms", 200, "x" * 70_000)
    assert await kind_of(make_sms(), an_envelope(ANA)) is FailureKind.UNCERTAIN


async def test_no_secret_is_told(make_sms: MakeSms, gateway: GatewayServer) -> None:
    gateway.faults.refuse("sms", 400, {"error": {"code": "odd", "message": f"{ANA} by gateway-key-1 and {SECRET}"}})
    detail = (await failure(make_sms(), an_envelope(ANA))).detail
    assert "[number] by [redacted] and [redacted]" in detail


async def test_a_gateway_inside_is_reached_only_if_that_is_meant(make_sms: MakeSms, gateway: GatewayServer) -> None:
    failed = await failure(make_sms(allow_private="false"), an_envelope(ANA))
    assert failed.kind is FailureKind.UNAUTHORIZED
    assert (
        failed.detail == "127.0.0.1 is at 127.0.0.1, inside a private network: set allow_private: true if that is meant"
    )
    assert gateway.log.calls("sms") == []


async def test_two_at_once_do_not_wait_for_each_other(make_sms: MakeSms, gateway: GatewayServer, ana: Phone) -> None:
    provider = make_sms()
    hold = gateway.faults.hang("sms")
    first = asyncio.ensure_future(provider.send(an_envelope(ANA)))
    await hold.reached.wait()
    await provider.send(an_envelope(ANA))
    hold.release()
    await first
    await gateway.settled()
    assert len(ana.texts) == 2
