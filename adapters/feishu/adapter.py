"""The Feishu adapter: cards out by the OpenAPI, clicks and messages in by the long connection or by callbacks.

The SDK runs the long connection alone (`connection`, `sdk`). The OpenAPI is called with our own HTTP client (`web`),
since the SDK's asynchronous calls block, hide errors and cannot be bounded; callbacks are verified and read by
ourselves (`signature`, `clicks`), since the SDK's dispatcher answers 500 to what it does not know.
"""

import asyncio
import importlib.util
import json
from collections.abc import Mapping, Sequence
from typing import Final, NoReturn
from urllib.parse import quote

import structlog

from adapters.feishu.config import FeishuConfig, Mode, faults_of
from adapters.feishu.connection import Connection
from adapters.feishu.errors import FeishuFailed
from adapters.feishu.events import Events
from adapters.feishu.messages import UPLOAD, Messages
from adapters.feishu.signature import Verdict, Verifier
from adapters.feishu.web import JsonObject, OpenApi, text_at
from bot.adapter import (
    Answer,
    Callback,
    Capabilities,
    DeliveryFailed,
    Edit,
    FailureKind,
    Finding,
    Identity,
    Inbox,
    MessageRef,
    Receipt,
    To,
)
from bot.clock import Clock
from bot.outbound.redaction import Redaction
from cards.card import Card, Message, Picture

# A connection that lasts for less is no connection; so many in a row, and the core's back-off has to decide.
BRIEF_SECONDS: Final = 10.0
MOST_BRIEF: Final = 3
BOT: Final = ("bot.v3.info", "GET", "bot/v3/info")
PEOPLE: Final = ("contact.v3.user.batch_get_id", "POST", "contact/v3/users/batch_get_id")
_JSON: Final = "application/json; charset=utf-8"
_ACTIVE: Final = 2
SDK: Final = "lark_oapi"

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger(__name__)


class FeishuAdapter:
    """One Feishu workspace: an Adapter that FindsByEmail, ShowsPictures, TakesCallbacks and Diagnoses."""

    def __init__(self, config: FeishuConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._api = OpenApi(config, clock)
        self._messages = Messages(self._api, clock)
        self._events = Events(self._messages, clock, Redaction(*config.secrets()), self)
        self._verifier: Verifier | None = None
        if config.encrypt_key is not None:
            token = config.verification_token
            self._verifier = Verifier(
                config.encrypt_key.get_secret_value(), token.get_secret_value() if token else None
            )
        self._connected = False
        self.rejected = 0
        """How many requests came in whose signature was wrong or old."""

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            edit=Edit.ALWAYS,
            buttons=True,
            direct=True,
            ephemeral=True,
            mention=True,
            threads=True,
            answer_within=3.0,
            # Five a second in a chat, shared by all bots in it; 1,000 calls a minute of each method.
            chat_rate=4.0,
            workspace_rate=15.0,
            send_timeout=self._config.timeout + 2,
            called=self._config.mode is Mode.HTTP,
            forms=True,
        )

    # Cards out

    async def check(self) -> Identity:
        body = await self._api.call(BOT)
        self._events.bot = text_at(body, "bot", "open_id")
        return Identity(self._config.app_id, text_at(body, "bot", "app_name"))

    async def send(self, to: To, message: Message, *, under: MessageRef | None = None) -> Receipt:
        return await self._messages.send(to, message, under=under)

    async def show(self, to: To, picture: Picture, *, under: MessageRef | None = None) -> Receipt:
        return await self._messages.picture(to, picture, under=under)

    async def edit(self, message: MessageRef, card: Card) -> Receipt:
        return await self._messages.edit(message, card)

    async def find_by_email(self, email: str) -> str | None:
        content = {"emails": [email], "include_resigned": False}
        body = await self._api.call(PEOPLE, params={"user_id_type": "open_id"}, content=content)
        data = body.get("data")
        found = data.get("user_list") if isinstance(data, dict) else None
        if not isinstance(found, list):
            raise FeishuFailed(FailureKind.UNCERTAIN, f"{PEOPLE[0]}: the answer lacks the people")
        ids = {str(one["user_id"]) for one in found if isinstance(one, dict) and one.get("user_id")}
        return ids.pop() if len(ids) == 1 else None

    async def diagnose(self, chats: Sequence[str]) -> Sequence[Finding]:
        """Look at the app, at what each chat says of our bot, and at the connection; try a look-up for its right."""
        body = await self._api.call(BOT)
        bot = body.get("bot")
        active = isinstance(bot, dict) and bot.get("activate_status") == _ACTIVE
        findings = [
            Finding(f"the app {self._config.app_id} has a token, and a bot")
            if active
            else Finding(
                "the bot is not active", "create a version of the app, publish it, and have an admin approve it"
            )
        ]
        findings.append(await self._looked_up())
        findings.append(await self._may_show())
        findings += [await self._chat(chat) for chat in chats]
        if self._config.mode is Mode.CONNECTION and not self._connected:
            findings.append(
                Finding(
                    "this process holds no long connection",
                    "choose the long connection for events and for callbacks (two tabs of Events & Callbacks), publish "
                    "the app, and look at the workspace's state in the service",
                )
            )
        return findings

    async def _looked_up(self) -> Finding:
        try:
            await self.find_by_email("nobody@example.com")
        except DeliveryFailed as failure:
            mend = "grant contact:user.id:readonly, for all staff, and publish a new version of the app"
            return Finding(f"people cannot be found by e-mail: {failure.detail}", mend)
        return Finding("people can be found by e-mail")

    async def _may_show(self) -> Finding:
        """Try an upload without a picture, which is refused for that where it would be allowed."""
        try:
            await self._api.call(UPLOAD, content={"image_type": "message"})
        except FeishuFailed as failure:
            if failure.kind is FailureKind.UNAUTHORIZED:
                mend = "grant im:resource:upload, and publish a new version of the app"
                return Finding(f"pictures cannot be shown: {failure.detail}", mend)
        return Finding("pictures can be shown")

    async def _chat(self, chat: str) -> Finding:
        method = ("im.v1.chat.get", "GET", f"im/v1/chats/{quote(chat, safe='')}")
        try:
            await self._api.call(method)
        except DeliveryFailed as failure:
            mend = "add the bot to the group (Settings, Bots), and grant im:chat:read"
            return Finding(f"chat {chat} cannot be read: {failure.detail}", mend)
        return Finding(f"the bot is in chat {chat}")

    # Listening

    async def run(self, inbox: Inbox) -> None:
        self._events.inbox = inbox
        try:
            await self.check()
            if self._config.mode is Mode.CONNECTION:
                await self._listen(inbox)
            inbox.connected()
            await asyncio.Event().wait()
        except DeliveryFailed as failure:
            inbox.disconnected(failure.detail)
            raise
        finally:
            self._connected = False

    async def _listen(self, inbox: Inbox) -> NoReturn:
        """Keep one connection: where one has ended, the next is opened."""
        brief = 0
        while True:
            connection = Connection(self._config, self._receive)
            try:
                await connection.open()
                self._connected = True
                inbox.connected()
                since = self._clock.now()
                why = await connection.ended(inbox.connected)
            finally:
                self._connected = False
                await connection.close()
            lasted = (self._clock.now() - since).total_seconds()
            brief = brief + 1 if lasted < BRIEF_SECONDS else 0
            if brief >= MOST_BRIEF:
                raise FeishuFailed(FailureKind.UNREACHABLE, f"no connection lasts: {why}")
            inbox.disconnected(why)
            _log.info("connection_replaced", why=why, lasted=lasted)

    async def _receive(self, payload: bytes, answered: asyncio.Event) -> JsonObject | None:
        try:
            event = json.loads(payload)
        except (ValueError, RecursionError):
            event = None
        if not isinstance(event, dict):
            _log.warning("event_unreadable")
            return None
        return await self._events.receive(event, answered)

    async def callback(self, request: Callback) -> Answer:
        if self._verifier is None:
            return Answer(404)
        verdict = self._verifier.judge(request, self._clock.now())
        if verdict in (Verdict.FORGED, Verdict.OLD):
            self._reject(verdict)
            return Answer(401)
        if verdict is Verdict.REPEATED:
            # It may be Feishu's own retry, the answer to the first being lost: only a 200 stops it.
            return _json({}, repeated=True)
        event = self._verifier.read(request.body)
        if event is None:
            return Answer(400)
        challenge = self._verifier.challenge(event)
        if challenge is not None:
            return _json({"challenge": challenge})
        if self._events.inbox is None:
            # When it is made again, it is no repeat.
            self._verifier.forget(request)
            return Answer(503)
        return _json(await self._events.receive(event, asyncio.Event()) or {})

    def _reject(self, verdict: Verdict) -> None:
        self.rejected += 1
        # Anybody can send such a request: the log grows with their number's length only.
        if self.rejected & (self.rejected - 1) == 0:
            _log.warning("callback_rejected", verdict=verdict.value, so_far=self.rejected)

    async def close(self) -> None:
        await self._events.close()
        await self._api.close()


def _json(body: JsonObject, *, repeated: bool = False) -> Answer:
    return Answer(200, json.dumps(body, ensure_ascii=False).encode(), _JSON, repeated)


def connect(values: Mapping[str, str], clock: Clock) -> FeishuAdapter:
    """Make the adapter of a workspace from its settings.

    Raises ValueError for the admin to read, without any value, and ImportError: the SDK is wanted and not installed.
    """
    faults = [f"{fault.key}: {fault.what}" for fault in faults_of(values)]
    if faults:
        raise ValueError("; ".join(faults))
    config = FeishuConfig.model_validate(dict(values))
    if config.mode is Mode.CONNECTION and importlib.util.find_spec(SDK) is None:
        raise ImportError(f"{SDK} is not installed: install Oncard with the extra “feishu”, or give an encrypt_key")
    return FeishuAdapter(config, clock)
