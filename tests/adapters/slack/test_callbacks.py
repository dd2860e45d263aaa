"""Requests that Slack makes to us: nothing is read before the signature is right, and nothing is done twice."""

import json
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from aiohttp import web

from adapters.slack.adapter import SlackAdapter
from bot.adapter import Answer, Callback, DeliveryFailed, MessageRef, To
from bot.playground.slack import SlackServer
from cards.card import Note
from tests.adapters.slack.conftest import Make
from tests.adapters.slack.desk import LOOPBACK, Desk, Still, a_card, listening, signed

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
COMMAND = urlencode({"command": "/oncard", "text": "list", "user_id": "U1", "trigger_id": "1.2.3"}).encode()
CLICK = urlencode(
    {
        "payload": json.dumps(
            {
                "type": "block_actions",
                "team": {"id": "T1"},
                "user": {"id": "U1", "username": "ana"},
                "container": {"type": "message", "message_ts": "1.2", "channel_id": "C1"},
                "channel": {"id": "C1"},
                "trigger_id": "1.2.3",
                "response_url": "",
                "actions": [{"type": "button", "action_id": "oncard:ack", "value": "ack 42 3", "action_ts": "1.3"}],
            }
        )
    }
).encode()


FORM = urlencode(
    {
        "payload": json.dumps(
            {
                "type": "view_submission",
                "team": {"id": "T1"},
                "user": {"id": "U1", "username": "ana"},
                "trigger_id": "1.2.3",
                "view": {
                    "id": "V1",
                    "type": "modal",
                    "hash": "h",
                    "callback_id": "oncard:form",
                    "private_metadata": json.dumps({"token": "snooze 42 v3", "chat": "C1", "message": "1.2"}),
                    "state": {"values": {"own": {"own": {"type": "plain_text_input", "value": "a while"}}}},
                },
            }
        )
    }
).encode()


@pytest.fixture
def clock() -> Still:
    return Still()


@pytest.fixture
def called(make: Make, clock: Still) -> SlackAdapter:
    return make(clock=clock, app_token=None, signing_secret=SECRET)


async def test_a_signed_click_is_carried_out(called: SlackAdapter, clock: Still) -> None:
    desk = Desk()
    async with listening(called, desk):
        answer = await called.callback(signed(SECRET, CLICK, clock.at))
        assert (answer.status, answer.body) == (200, b"")
        await desk.until(lambda: len(desk.heard) == 1)
    [click] = desk.heard
    assert (click.user, click.text, click.message) == ("U1", "ack 42 3", MessageRef("C1", "1.2"))
    assert called.rejected == 0


async def test_a_form_is_answered_in_the_answer_to_its_request(called: SlackAdapter, clock: Still) -> None:
    desk = Desk(Note(("Say for how long",), field="own"))
    async with listening(called, desk):
        answer = await called.callback(signed(SECRET, FORM, clock.at))
        assert (answer.status, answer.content_type) == (200, "application/json;charset=utf-8")
        assert json.loads(answer.body) == {"response_action": "errors", "errors": {"own": "Say for how long"}}
        desk.note = None
        clock.at += timedelta(seconds=1)
        answer = await called.callback(signed(SECRET, FORM, clock.at))
        assert (answer.status, answer.body) == (200, b"")
    assert [said.text for said in desk.heard] == ["snooze 42 v3 a while"] * 2


async def test_the_same_click_in_another_request_is_the_same_action(called: SlackAdapter, clock: Still) -> None:
    desk = Desk()
    async with listening(called, desk):
        for seconds in (0, 1):
            request = signed(SECRET, CLICK, clock.at + timedelta(seconds=seconds))
            assert (await called.callback(request)).status == 200
        await desk.until(lambda: len(desk.heard) == 2)
    assert desk.heard[0].trigger == desk.heard[1].trigger


async def test_a_request_that_is_repeated_does_nothing_more(called: SlackAdapter, clock: Still) -> None:
    desk = Desk()
    async with listening(called, desk):
        request = signed(SECRET, COMMAND, clock.at)
        for minutes in (0, 1, 4):
            clock.at += timedelta(minutes=minutes)
            answer = await called.callback(request)
            assert (answer.status, answer.repeated) == (200, minutes > 0)
        clock.at += timedelta(seconds=1)
        assert await called.callback(request) == Answer(401)
        assert (await called.callback(signed(SECRET, COMMAND, clock.at))).status == 200
        await desk.until(lambda: len(desk.heard) == 2)


@pytest.mark.parametrize(
    "timestamp", ["", "now", "-5", "1e9", "1732179600.0", "１７３２１７９６００", "9" * 400, "\x00"]
)
async def test_a_time_that_is_no_number_is_turned_away(called: SlackAdapter, clock: Still, timestamp: str) -> None:
    request = signed(SECRET, CLICK, clock.at)
    headers = {**request.headers, "x-slack-request-timestamp": timestamp}
    assert await called.callback(Callback(request.path, CLICK, headers)) == Answer(401)
    assert called.rejected == 1


@pytest.mark.parametrize(
    ("seconds", "status"), [(-301, 401), (-300, 200), (-299, 200), (0, 200), (300, 200), (301, 401)]
)
async def test_a_request_is_good_for_five_minutes(
    called: SlackAdapter, clock: Still, seconds: int, status: int
) -> None:
    async with listening(called, Desk()):
        request = signed(SECRET, COMMAND, clock.at + timedelta(seconds=seconds))
        assert (await called.callback(request)).status == status


@pytest.mark.parametrize("signature", ["", "v0=", "v0=00", "v1=%s", "%s", "v0=é", "v0=\ud800"])
async def test_a_wrong_signature_is_turned_away(called: SlackAdapter, clock: Still, signature: str) -> None:
    desk = Desk()
    request = signed(SECRET, CLICK, clock.at)
    real = request.headers["x-slack-signature"].removeprefix("v0=")
    headers = {**request.headers, "x-slack-signature": signature.replace("%s", real)}
    async with listening(called, desk):
        assert await called.callback(Callback(request.path, CLICK, headers)) == Answer(401)
        assert (await called.callback(Callback(request.path, CLICK))).status == 401
        assert (await called.callback(signed("another secret", CLICK, clock.at))).status == 401
    assert called.rejected == 3
    assert desk.heard == []


async def test_a_changed_body_is_turned_away(called: SlackAdapter, clock: Still) -> None:
    request = signed(SECRET, CLICK, clock.at)
    assert (await called.callback(Callback(request.path, CLICK + b"&", request.headers))).status == 401


async def test_what_is_not_utf_8_is_refused_without_an_accident(called: SlackAdapter, clock: Still) -> None:
    async with listening(called, Desk()):
        body = b"payload=\xff\xfe"
        request = signed(SECRET, body, clock.at)
        assert (await called.callback(request)).status == 400
        assert (await called.callback(Callback(request.path, body))).status == 401


@pytest.mark.parametrize(
    "body", [b"payload={", b"payload=[]", b"payload=7", b"{", b'{"type": 1, "team": 5}', b'{"event": "x"}', b"[]", b""]
)
async def test_signed_nonsense_does_nothing(called: SlackAdapter, clock: Still, body: bytes) -> None:
    desk = Desk()
    async with listening(called, desk):
        assert (await called.callback(signed(SECRET, body, clock.at))).status >= 400
        assert (await called.callback(signed(SECRET, body, clock.at, "application/json"))).status in (
            200,
            400,
            404,
            500,
        )
    assert desk.heard == []


async def test_the_address_is_verified_when_slack_asks(called: SlackAdapter, clock: Still) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "3eZbrw1aB", "token": "legacy"}).encode()
    async with listening(called, Desk()):
        assert (await called.callback(Callback("/im/slack/main", body))).status == 401
        answer = await called.callback(signed(SECRET, body, clock.at, "application/json"))
    assert answer.status == 200
    assert json.loads(answer.body) == {"challenge": "3eZbrw1aB"}
    assert answer.content_type.startswith("application/json")


async def test_a_check_of_the_certificate_is_answered_only_when_signed(called: SlackAdapter, clock: Still) -> None:
    body = b"ssl_check=1&token=legacy"
    async with listening(called, Desk()):
        assert (await called.callback(Callback("/im/slack/main", body))).status == 401
        assert (await called.callback(signed(SECRET, body, clock.at))).status == 200


async def test_an_event_that_nobody_asked_for_is_acknowledged(called: SlackAdapter, clock: Still) -> None:
    event = {"type": "event_callback", "team_id": "T1", "event": {"type": "message", "text": "hi", "user": "U1"}}
    async with listening(called, Desk()):
        request = signed(SECRET, json.dumps(event).encode(), clock.at, "application/json")
        assert (await called.callback(request)).status == 200


async def test_before_it_runs_slack_is_asked_to_come_back(called: SlackAdapter, clock: Still) -> None:
    desk = Desk()
    request = signed(SECRET, CLICK, clock.at)
    for _ in range(2):
        assert await called.callback(request) == Answer(503)
    async with listening(called, desk):
        answer = await called.callback(request)
        assert (answer.status, answer.repeated) == (200, False)
        await desk.until(lambda: bool(desk.heard))
        assert await called.callback(request) == Answer(200, repeated=True)
    assert len(desk.heard) == 1


async def test_who_listens_by_a_socket_takes_no_requests(make: Make, clock: Still) -> None:
    adapter = make(clock=clock, signing_secret=SECRET)
    assert (await adapter.callback(signed(SECRET, CLICK, clock.at))).status == 404


async def test_a_wrong_token_ends_the_run(make: Make, clock: Still) -> None:
    desk = Desk()
    with pytest.raises(DeliveryFailed, match="invalid_auth"):
        await make(clock=clock, bot_token="xoxb-wrong", app_token=None, signing_secret=SECRET).run(desk)
    assert desk.downs == ["auth.test: invalid_auth"]


async def test_a_click_that_slack_posts_is_answered_to_the_clicker(make: Make, slack: SlackServer, ops: str) -> None:
    adapter = make(app_token=None, signing_secret=slack.signing_secret)
    desk = Desk(Note(("You are not linked",)))

    async def serve(request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        answer = await adapter.callback(Callback(request.path, await request.read(), headers))
        return web.Response(status=answer.status, body=answer.body)

    app = web.Application()
    app.router.add_post("/im/slack/main/{kind}", serve)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, LOOPBACK, 0).start()
        address = f"http://{LOOPBACK}:{runner.addresses[0][1]}/im/slack/main"
        slack.deliver_by_http(f"{address}/interactive", commands_url=f"{address}/commands")
        async with listening(adapter, desk):
            await adapter.send(To(ops), a_card())
            card = await slack.expect_card("disk full", chat="ops")
            assert (await card.click("Acknowledge", by="ana")).via == "http"
            await slack.expect_ephemeral("ana", "not linked")
            assert (await slack.command(slack.workspace.user("bo").id, "ops", "/oncard who")).acked
            await slack.expect_ephemeral("bo", "not linked")
    finally:
        await runner.cleanup()
    assert [heard.text for heard in desk.heard] == ["ack 42 3", "who"]
