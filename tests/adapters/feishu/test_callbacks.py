"""Requests that Feishu makes to us: nothing is read before the signature is right, and nothing is done twice."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.feishu.adapter import FeishuAdapter
from bot.adapter import Answer, Callback, DeliveryFailed, MessageRef, To
from bot.playground.feishu import FeishuServer
from bot.playground.feishu.callbacks import challenge, encrypt, signature
from bot.playground.feishu.tenant import Tenant
from bot.playground.listener import LOOPBACK, Listener
from cards.card import Note
from tests.adapters.feishu.conftest import Make
from tests.adapters.feishu.desk import Desk, Still, a_card, clicked, listening, posted, written


@pytest.fixture
def clock() -> Still:
    return Still()


@pytest.fixture
def tenant(feishu: FeishuServer, clock: Still) -> Tenant:
    """The tenant of the server, whose requests bear the time of the clock."""
    feishu.workspace.clock = clock
    return feishu.workspace


@pytest.fixture
def http(make: Make, feishu: FeishuServer, clock: Still) -> FeishuAdapter:
    return make(clock=clock, encrypt_key=feishu.encrypt_key, verification_token=feishu.verification_token)


def click(tenant: Tenant, **changes: Any) -> dict[str, Any]:
    event = clicked(tenant.user("ana").id, **changes)
    event["header"]["token"] = tenant.app.verification_token
    return event


async def test_a_signed_click_is_carried_out_and_answered_with_a_toast(http: FeishuAdapter, tenant: Tenant) -> None:
    desk = Desk(Note(("#42 is yours",)))
    async with listening(http, desk):
        answer = await http.callback(posted(tenant, click(tenant)))
    assert answer.status == 200
    assert json.loads(answer.body)["toast"]["content"] == "#42 is yours"
    [heard] = desk.heard
    assert (heard.user, heard.text, heard.message) == (tenant.user("ana").id, "ack 42 v3", MessageRef("oc_1", "om_1"))
    assert http.rejected == 0


async def test_the_same_click_in_another_request_is_done_once(
    http: FeishuAdapter, tenant: Tenant, clock: Still
) -> None:
    desk = Desk()
    async with listening(http, desk):
        for _ in range(2):
            clock.at += timedelta(seconds=1)
            assert (await http.callback(posted(tenant, click(tenant)))).body == b"{}"
        assert (await http.callback(posted(tenant, click(tenant, event_id="e2")))).body == b"{}"
    assert len(desk.heard) == 2


async def test_a_request_that_is_repeated_does_nothing_more(http: FeishuAdapter, tenant: Tenant, clock: Still) -> None:
    desk = Desk()
    async with listening(http, desk):
        request = posted(tenant, click(tenant))
        for minutes in (0, 1, 4):
            clock.at += timedelta(minutes=minutes)
            answer = await http.callback(request)
            assert (answer.status, answer.body, answer.repeated) == (200, b"{}", minutes > 0)
        clock.at += timedelta(seconds=1)
        assert await http.callback(request) == Answer(401)
    assert len(desk.heard) == 1


@pytest.mark.parametrize(
    "timestamp", ["", "now", "-5", "1e9", "1732179600.0", "１７３２１７９６００", "9" * 400, "\x00"]
)
async def test_a_time_that_is_no_number_is_turned_away(http: FeishuAdapter, tenant: Tenant, timestamp: str) -> None:
    request = posted(tenant, click(tenant))
    signed = signature(timestamp, "n", tenant.app.encrypt_key, request.body)
    headers = {"x-lark-request-timestamp": timestamp, "x-lark-request-nonce": "n", "x-lark-signature": signed}
    assert await http.callback(Callback(request.path, request.body, headers)) == Answer(401)
    assert http.rejected == 1


@pytest.mark.parametrize(("seconds", "status"), [(-301, 401), (-300, 200), (0, 200), (300, 200), (301, 401)])
async def test_a_request_is_good_for_five_minutes(
    http: FeishuAdapter, tenant: Tenant, clock: Still, seconds: int, status: int
) -> None:
    async with listening(http, Desk()):
        request = posted(tenant, click(tenant))
        clock.at -= timedelta(seconds=seconds)
        assert (await http.callback(request)).status == status


@pytest.mark.parametrize("wrong", ["", "00", "%s0", "é", "\ud800"])
async def test_a_wrong_signature_is_turned_away(http: FeishuAdapter, tenant: Tenant, wrong: str) -> None:
    desk = Desk()
    request = posted(tenant, click(tenant))
    real = request.headers["x-lark-signature"]
    async with listening(http, desk):
        headers = {**request.headers, "x-lark-signature": wrong.replace("%s", real)}
        assert await http.callback(Callback("", request.body, headers)) == Answer(401)
        assert (await http.callback(Callback("", request.body))).status == 401
        assert (await http.callback(Callback("", request.body + b" ", request.headers))).status == 401
        nonce = {**request.headers, "x-lark-request-nonce": "another"}
        assert (await http.callback(Callback("", request.body, nonce))).status == 401
    assert http.rejected == 4
    assert desk.heard == []


async def test_what_is_not_encrypted_is_turned_away_signed_or_not(http: FeishuAdapter, tenant: Tenant) -> None:
    desk = Desk()
    async with listening(http, desk):
        body = json.dumps(click(tenant)).encode()
        assert (await http.callback(posted(tenant, click(tenant), encrypted=False))).status == 401
        at = str(int(tenant.clock.now().timestamp()))
        headers = {
            "x-lark-request-timestamp": at,
            "x-lark-request-nonce": "n",
            "x-lark-signature": signature(at, "n", tenant.app.encrypt_key, body),
        }
        assert (await http.callback(Callback("", body, headers))).status == 400
        assert (await http.callback(posted(tenant, click(tenant), signed=False))).status == 401
    assert desk.heard == []


async def test_a_wrong_verification_token_is_refused(http: FeishuAdapter, tenant: Tenant) -> None:
    desk = Desk()
    async with listening(http, desk):
        for token in ("wrong", "", 7, None):
            event = click(tenant)
            event["header"]["token"] = token
            assert (await http.callback(posted(tenant, event))).status == 400
    assert desk.heard == []


async def test_without_a_token_in_the_configuration_none_is_asked_for(
    make: Make, feishu: FeishuServer, tenant: Tenant, clock: Still
) -> None:
    adapter, desk = make(clock=clock, encrypt_key=feishu.encrypt_key), Desk()
    async with listening(adapter, desk):
        event = click(tenant)
        event["header"]["token"] = "any"
        assert (await adapter.callback(posted(tenant, event))).status == 200
    assert len(desk.heard) == 1


async def test_the_challenge_is_answered_encrypted_signed_or_not(http: FeishuAdapter, tenant: Tenant) -> None:
    asked = challenge(tenant)
    for signed in (True, False):
        answer = await http.callback(posted(tenant, asked, signed=signed))
        assert (answer.status, json.loads(answer.body)) == (200, {"challenge": asked["challenge"]})
    for wrong in ({**asked, "token": "wrong"}, {**asked, "type": "event"}, {**asked, "challenge": 7}):
        assert (await http.callback(posted(tenant, wrong, signed=False))).status == 401
    assert (await http.callback(posted(tenant, asked, encrypted=False))).status == 401


def _sealed(text: str) -> str:
    return encrypt(text, "another key")


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"[]", b"null", b"{}", b'{"encrypt": 7}', b'{"encrypt": "%"}', b'{"encrypt": ""}', b"\xff\xfe"),
        json.dumps({"encrypt": base64.b64encode(b"x" * 16).decode()}).encode(),
        json.dumps({"encrypt": base64.b64encode(b"x" * 33).decode()}).encode(),
        json.dumps({"encrypt": _sealed("{}")}).encode(),
        b'{"encrypt": "' + b"A" * 5000 + b'"}',
        b"[" * 100_000,
    ],
    # What is sealed differs each time, so the values cannot name the cases.
    ids=range(14),
)
async def test_nonsense_is_refused_without_an_accident(http: FeishuAdapter, tenant: Tenant, body: bytes) -> None:
    desk = Desk()
    async with listening(http, desk):
        assert (await http.callback(Callback("", body))).status == 401
        at = str(int(tenant.clock.now().timestamp()))
        headers = {
            "x-lark-request-timestamp": at,
            "x-lark-request-nonce": "n",
            "x-lark-signature": signature(at, "n", tenant.app.encrypt_key, body),
        }
        assert (await http.callback(Callback("", body, headers))).status == 400
    assert desk.heard == []


@pytest.mark.parametrize(
    "event", [{}, {"schema": "2.0"}, {"header": 7}, {"header": {"event_type": "card.action.trigger"}, "event": "x"}]
)
async def test_signed_nonsense_does_nothing(
    make: Make, feishu: FeishuServer, tenant: Tenant, clock: Still, event: dict[str, Any]
) -> None:
    adapter, desk = make(clock=clock, encrypt_key=feishu.encrypt_key), Desk()
    async with listening(adapter, desk):
        assert await adapter.callback(posted(tenant, event)) == Answer(200, b"{}", "application/json; charset=utf-8")
    assert desk.heard == []


async def test_a_workspace_that_is_listened_to_takes_no_requests(adapter: FeishuAdapter) -> None:
    assert await adapter.callback(Callback("", b"{}")) == Answer(404)


async def test_nobody_home_is_said_so_that_feishu_comes_again(http: FeishuAdapter, tenant: Tenant) -> None:
    desk = Desk()
    request = posted(tenant, click(tenant))
    for _ in range(2):
        assert await http.callback(request) == Answer(503)
    async with listening(http, desk):
        for repeated in (False, True):
            answer = await http.callback(request)
            assert (answer.status, answer.repeated) == (200, repeated)
    assert len(desk.heard) == 1


async def test_a_wrong_secret_ends_the_run(make: Make, feishu: FeishuServer) -> None:
    desk = Desk()
    adapter = make(app_secret="wrong-secret", encrypt_key=feishu.encrypt_key)
    with pytest.raises(DeliveryFailed, match="10014"):
        await adapter.run(desk)
    assert desk.ups == 0
    assert "10014" in desk.downs[0]


# Over the wire, as Feishu calls


@pytest.fixture
async def desk(called: FeishuAdapter, feishu: FeishuServer) -> AsyncIterator[Desk]:
    """A core behind an adapter that Feishu calls."""

    async def pass_on(request: Request) -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        answer = await called.callback(Callback("events", await request.body(), headers))
        return Response(answer.body, answer.status, media_type=answer.content_type)

    listener = Listener(Starlette(routes=[Route("/events", pass_on, methods=["POST"])]))
    await listener.start()
    url = f"http://{LOOPBACK}:{listener.port}/events"
    desk = Desk()
    async with listening(called, desk):
        assert await feishu.challenge(url)
        feishu.deliver_by_http(url)
        yield desk
    await listener.close()


async def test_clicks_and_messages_come_over_the_wire(
    desk: Desk, called: FeishuAdapter, feishu: FeishuServer, ops: str
) -> None:
    desk.reply = Note(("#42 is yours",))
    await called.send(To(ops), a_card())
    card = await feishu.expect_card("disk full", chat="ops")
    await card.click("Acknowledge", by="ana")
    await feishu.expect_private("ana", "#42 is yours")
    await feishu.type("ana", "ops", "@Oncard list")
    await desk.until(lambda: len(desk.heard) == 2)
    assert desk.heard[1].text == "list"


async def test_a_slow_database_delays_no_answer(
    desk: Desk, called: FeishuAdapter, feishu: FeishuServer, ops: str
) -> None:
    called._events.toast_within = 0.05  # noqa: SLF001
    desk.reply = Note(("#42 is yours",))
    desk.gate.clear()
    await called.send(To(ops), a_card())
    card = await feishu.expect_card("disk full", chat="ops")
    async with asyncio.timeout(15):
        await card.click("Acknowledge", by="ana")
    await feishu.expect_private("ana", "It takes a moment")
    desk.gate.set()
    await feishu.expect_private("ana", "#42 is yours")


@pytest.mark.parametrize(("minutes", "heard"), [(-10, 1), (6, 1), (61, 0)])
async def test_what_was_typed_an_hour_ago_is_not_done_and_its_author_is_told(
    http: FeishuAdapter, feishu: FeishuServer, tenant: Tenant, minutes: int, heard: int
) -> None:
    desk = Desk(Note(("Done",)))
    typed = str(int((tenant.clock.now() - timedelta(minutes=minutes)).timestamp() * 1000))
    async with listening(http, desk):
        event = written(tenant.user("ana").id, "close", create_time=typed)
        event["header"]["token"] = tenant.app.verification_token
        assert (await http.callback(posted(tenant, event))).status == 200
        await feishu.expect_dm("ana", "Done" if heard else "nothing changed")
    assert len(desk.heard) == heard
