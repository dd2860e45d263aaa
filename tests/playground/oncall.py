"""A very small on-call bot: a real Slack app that posts a card for each sample and takes its clicks."""

from typing import Any

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.page import sample
from bot.playground.slack import SlackServer
from bot.playground.wire import JsonObject


def plain(text: str) -> JsonObject:
    return {"type": "plain_text", "text": text, "emoji": False}


def section(text: str) -> JsonObject:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(action: str, label: str, **more: object) -> JsonObject:
    return {"type": "button", "action_id": action, "text": plain(label), **more}


CONFIRM = {
    "title": plain("Close this incident?"),
    "text": plain("Its alert is still firing."),
    "confirm": plain("Close it"),
    "deny": plain("Keep it"),
}
FORM = {
    "type": "modal",
    "title": plain("Escalate"),
    "submit": plain("Send"),
    "blocks": [
        {
            "type": "input",
            "block_id": "who",
            "label": plain("To whom"),
            "element": {"type": "users_select", "action_id": "user", "placeholder": plain("A person")},
        },
        {
            "type": "input",
            "block_id": "why",
            "optional": True,
            "label": plain("Why"),
            "element": {"type": "plain_text_input", "action_id": "text"},
        },
    ],
}


class OnCall:
    """Posts to #ops-alerts and to Ana; the page's controls drive it."""

    def __init__(self, slack: SlackServer) -> None:
        self._slack = slack
        self._client = AsyncWebClient(slack.bot_token, base_url=slack.api_base_url, retry_handlers=[])
        self._places: dict[str, list[tuple[str, str]]] = {}
        app = AsyncApp(client=self._client)
        app.action("ack")(self._acknowledge)
        app.action("close")(self._close)
        app.action("escalate")(self._escalate)
        app.view("")(self._escalated)
        app.command("/oncard")(self._command)
        self._handler = AsyncSocketModeHandler(app, slack.app_token)

    async def start(self) -> None:
        await self._handler.connect_async()  # type: ignore[no-untyped-call]
        await self._slack.sockets.wait_connected()

    async def stop(self) -> None:
        await self._handler.close_async()  # type: ignore[no-untyped-call]

    def curl(self, base_url: str) -> str:
        return f"curl {base_url}/event/push/alert/standard"

    async def fire(self, sample_name: str) -> str:
        item = sample(sample_name)
        for channel in ("ops-alerts", self._slack.workspace.user("ana").id):
            posted = await self._client.chat_postMessage(channel=channel, **self._card(sample_name, "nobody has it"))
            self._places.setdefault(sample_name, []).append((posted["channel"], posted["ts"]))
        return f"Fired: {item.title}"

    async def recover(self, sample_name: str) -> str:
        await self._edit(sample_name, "recovered")
        return "Recovered"

    async def remind(self, sample_name: str, text: str, *, aloud: bool) -> None:
        """Reply to the card in the channel, `aloud` for the whole channel to see."""
        channel, ts = self._places[sample_name][0]
        await self._client.chat_postMessage(channel=channel, thread_ts=ts, text=text, reply_broadcast=aloud)

    async def _edit(self, sample_name: str, status: str) -> None:
        for channel, ts in self._places[sample_name]:
            await self._client.chat_update(channel=channel, ts=ts, **self._card(sample_name, status))

    def _card(self, sample_name: str, status: str) -> dict[str, Any]:
        item = sample(sample_name)
        buttons = [
            button("ack", "Acknowledge", value=sample_name, style="primary"),
            button("close", "Close", value=sample_name, style="danger", confirm=CONFIRM),
            button("escalate", "Escalate", value=sample_name),
        ]
        blocks = [
            {"type": "section", "text": plain(item.description)},
            section(f"*Status* {status} <https://example.com/runbook|Runbook>"),
            {"type": "actions", "elements": buttons},
        ]
        head = {"type": "header", "text": plain(item.title[:150])}
        return {"text": item.title, "blocks": [head], "attachments": [{"color": "#d92d20", "blocks": blocks}]}

    async def _acknowledge(self, ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond) -> None:
        await ack()
        await self._edit(body["actions"][0]["value"], f"acknowledged by <@{body['user']['id']}>")
        await respond(text="It is yours now.", replace_original=False)

    async def _close(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        await self._edit(body["actions"][0]["value"], "closed")

    async def _escalate(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        view = {**FORM, "private_metadata": body["actions"][0]["value"]}
        await self._client.views_open(trigger_id=body["trigger_id"], view=view)

    async def _escalated(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        values = body["view"]["state"]["values"]
        await ack()
        await self._edit(body["view"]["private_metadata"], f"escalated to <@{values['who']['user']['selected_user']}>")

    async def _command(self, ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond) -> None:
        await ack()
        await respond(text=f"You typed `{body['text']}`")
