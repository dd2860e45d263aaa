"""What comes with an interaction: response URLs, trigger ids, forms, commands; and signed delivery over HTTP."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from slack_sdk.signature import Clock, SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.playground.listener import Listener
from bot.playground.slack import SlackServer
from bot.playground.wire import JsonObject
from tests.playground.conftest import Call
from tests.playground.manual_clock import ManualClock

ACTIONS = {
    "type": "actions",
    "elements": [{"type": "button", "action_id": "ack", "text": {"type": "plain_text", "text": "Acknowledge"}}],
}
VIEW = {
    "type": "modal",
    "callback_id": "close",
    "title": {"type": "plain_text", "text": "Close"},
    "submit": {"type": "plain_text", "text": "Close it"},
    "blocks": [
        {
            "type": "input",
            "block_id": "note",
            "label": {"type": "plain_text", "text": "Note"},
            "element": {"type": "plain_text_input", "action_id": "text"},
        }
    ],
}
NOTE: JsonObject = {"note": {"text": {"type": "plain_text_input", "value": "fixed"}}}


class AtTheTime(Clock):
    """The SDK's clock, at the instant of ours."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock

    def now(self) -> float:
        return self._clock.now().timestamp()


@dataclass
class App:
    """An app that takes signed requests; `answers` are given in turn, then empty ones."""

    verifier: SignatureVerifier
    url: str = ""
    heard: list[dict[str, Any]] = field(default_factory=list)
    answers: list[Response] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        body = await request.body()
        if not self.verifier.is_valid_request(body, dict(request.headers)):
            return Response(status_code=401)
        form = {key: values[0] for key, values in parse_qs(body.decode()).items()}
        self.heard.append(json.loads(form["payload"]) if "payload" in form else form)
        return self.answers.pop(0) if self.answers else Response()


@pytest.fixture
async def app(slack: SlackServer, clock: ManualClock) -> AsyncIterator[App]:
    app = App(SignatureVerifier(slack.signing_secret, AtTheTime(clock)))
    listener = Listener(Starlette(routes=[Route("/im", app.take, methods=["POST"])]))
    await listener.start()
    app.url = f"http://127.0.0.1:{listener.port}/im"
    slack.deliver_by_http(app.url)
    yield app
    await listener.close()


@pytest.fixture
async def ts(web_client: AsyncWebClient) -> str:
    """Give a posted card with a button."""
    posted = await web_client.chat_postMessage(channel="ops-alerts", text="card", blocks=[ACTIONS])
    return str(posted["ts"])


async def test_a_click_is_posted_signed(slack: SlackServer, app: App, ts: str) -> None:
    answer = await slack.click("ana", "ops-alerts", ts, "ack")
    assert (answer.acked, answer.via) == (True, "http")
    [payload] = app.heard
    assert payload["type"] == "block_actions"
    assert payload["container"]["type"] == "message"


async def test_a_wrong_secret_is_noticed(slack: SlackServer, app: App, ts: str) -> None:
    slack.workspace.tokens.signing_secret = "another"
    answer = await slack.click("ana", "ops-alerts", ts, "ack")
    assert (answer.acked, answer.why, app.heard) == (False, "HTTP 401", [])


async def test_an_app_that_is_away_is_told_to_the_person(slack: SlackServer, app: App, ts: str) -> None:
    slack.deliver_by_http("http://127.0.0.1:9/im")
    answer = await slack.click("ana", "ops-alerts", ts, "ack")
    assert not answer.acked
    assert "ClientConnectorError" in answer.why


async def respond(app: App, body: JsonObject) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.post(app.heard[-1]["response_url"], json=body)


async def test_a_response_url_takes_five_answers(slack: SlackServer, app: App, ts: str) -> None:
    await slack.click("ana", "ops-alerts", ts, "ack")
    say: JsonObject = {"text": "only you", "response_type": "ephemeral", "replace_original": False}
    assert [(await respond(app, say)).status_code for _ in range(5)] == [200] * 5
    spent = await respond(app, say)
    assert (spent.status_code, spent.json()["error"]) == (404, "used_url")
    assert (await slack.expect_ephemeral("ana", "only you")).visible_to == slack.workspace.user("ana").id


async def test_a_response_url_lives_half_an_hour(slack: SlackServer, app: App, ts: str, clock: ManualClock) -> None:
    await slack.click("ana", "ops-alerts", ts, "ack")
    clock.advance(30 * 60)
    assert (await respond(app, {"text": "t", "replace_original": False})).status_code == 200
    clock.advance(1)
    old = await respond(app, {"text": "t", "replace_original": False})
    assert (old.status_code, old.json()["error"]) == (404, "expired_url")


async def test_an_answer_replaces_the_message_unless_it_says_otherwise(slack: SlackServer, app: App, ts: str) -> None:
    channel = slack.workspace.channel("ops-alerts").id
    await slack.click("ana", "ops-alerts", ts, "ack")
    await respond(app, {"text": "for all", "response_type": "in_channel", "replace_original": False})
    assert [m.draft.text for m in slack.workspace.messages(channel)] == ["card", "for all"]
    await respond(app, {"text": "replaced"})
    assert [m.draft.text for m in slack.workspace.messages(channel)] == ["replaced", "for all"]
    await respond(app, {"delete_original": "true"})
    assert [m.draft.text for m in slack.workspace.messages(channel)] == ["for all"]
    assert (await respond(app, {"text": "", "replace_original": False})).json()["error"] == "no_text"


async def test_an_ephemeral_card_can_be_clicked_and_replaced(slack: SlackServer, app: App, call: Call) -> None:
    known = slack.workspace
    channel, ana = known.channel("ops-alerts").id, known.user("ana").id
    shown = await call("chat.postEphemeral", channel=channel, user=ana, text="sure?", blocks=[ACTIONS])
    with pytest.raises(LookupError, match="does not see"):
        await slack.click("bo", channel, str(shown["message_ts"]), "ack")
    await slack.click("ana", channel, str(shown["message_ts"]), "ack")
    assert app.heard[-1]["container"]["is_ephemeral"] is True
    assert "message" not in app.heard[-1]
    assert (await respond(app, {"text": "done", "replace_original": True})).status_code == 200
    [message] = known.messages(channel, reader=ana)
    assert (message.draft.text, message.visible_to) == ("done", ana)


async def test_a_trigger_opens_one_form_within_three_seconds(
    slack: SlackServer, app: App, ts: str, clock: ManualClock, call: Call
) -> None:
    async def trigger() -> str:
        await slack.click("ana", "ops-alerts", ts, "ack")
        return str(app.heard[-1]["trigger_id"])

    fresh = await trigger()
    assert (await call("views.open", trigger_id=fresh, view=VIEW))["ok"] is True
    assert (await call("views.open", trigger_id=fresh, view=VIEW))["error"] == "exchanged_trigger_id"
    assert (await call("views.open", trigger_id="1.2.3", view=VIEW))["error"] == "invalid_trigger_id"
    old = await trigger()
    clock.advance(3.1)
    assert (await call("views.open", trigger_id=old, view=VIEW))["error"] == "expired_trigger_id"
    wide = {**VIEW, "title": {"type": "plain_text", "text": "t" * 25}}
    answer = await call("views.open", trigger_id=await trigger(), view=wide)
    assert answer["error"] == "invalid_arguments"
    assert "less than 25 characters [json-pointer:/view/title/text]" in str(answer["response_metadata"])


async def open_form(slack: SlackServer, app: App, ts: str, call: Call) -> JsonObject:
    await slack.click("ana", "ops-alerts", ts, "ack")
    answer = await call("views.open", trigger_id=app.heard[-1]["trigger_id"], view=VIEW)
    view = answer["view"]
    assert isinstance(view, dict)
    return view


async def test_a_submitted_form_arrives_and_closes(slack: SlackServer, app: App, ts: str, call: Call) -> None:
    await open_form(slack, app, ts, call)
    assert (await slack.submit("ana", NOTE)).acked
    assert app.heard[-1]["type"] == "view_submission"
    assert app.heard[-1]["view"]["callback_id"] == "close"
    assert app.heard[-1]["view"]["state"]["values"] == NOTE
    with pytest.raises(LookupError, match="no modal"):
        await slack.submit("ana", NOTE)


async def test_an_answer_with_errors_keeps_the_form_open(slack: SlackServer, app: App, ts: str, call: Call) -> None:
    await open_form(slack, app, ts, call)
    app.answers.append(JSONResponse({"response_action": "errors", "errors": {"note": "too short"}}))
    answer = await slack.submit("ana", NOTE)
    assert answer.body["errors"] == {"note": "too short"}
    assert slack.modals.top(slack.workspace.user("ana").id) is not None


async def test_a_form_is_updated_only_with_its_present_hash(slack: SlackServer, app: App, ts: str, call: Call) -> None:
    view = await open_form(slack, app, ts, call)
    updated = await call("views.update", view_id=view["id"], hash=view["hash"], view=VIEW)
    assert updated["ok"] is True
    again = await call("views.update", view_id=view["id"], hash=view["hash"], view=VIEW)
    assert again["error"] == "hash_conflict"
    assert (await call("views.update", view_id="V0", view=VIEW))["error"] == "not_found"


async def test_forms_are_stacked_three_deep(slack: SlackServer, app: App, ts: str, call: Call) -> None:
    await open_form(slack, app, ts, call)
    answers = []
    for _ in range(3):
        await slack.click("ana", "ops-alerts", ts, "ack")
        answer = await call("views.push", trigger_id=app.heard[-1]["trigger_id"], view=VIEW)
        answers.append(answer.get("error", "ok"))
    assert answers == ["ok", "ok", "push_limit_reached"]


async def test_a_command_arrives_as_a_form_with_a_response_url(slack: SlackServer, app: App) -> None:
    answer = await slack.command("bo", "ops-alerts", "/oncard show 42")
    assert answer.acked
    [command] = app.heard
    assert (command["command"], command["text"]) == ("/oncard", "show 42")
    assert command["user_id"] == slack.workspace.user("bo").id
    await respond(app, {"text": "here it is"})
    await slack.expect_ephemeral("bo", "here it is")
