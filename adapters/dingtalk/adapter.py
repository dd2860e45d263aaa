"""The DingTalk adapter: cards out by our own calls, clicks and messages in by Stream or by callbacks.

The SDK runs the Stream connection alone (`connection`, `sdk`). Its calls of the API block and hide errors, so both
generations of it are called with our own HTTP client (`web`); what DingTalk tells is read by ourselves (`clicks`),
since the SDK's classes leave out where a card was clicked.

With a card template a message is a live card. Without one it is the robot's: it is never changed, and its buttons send
sentences to the bot. Nobody can be looked up by e-mail address in DingTalk, but by mobile number.
"""

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Final, NoReturn

import structlog

from adapters.dingtalk.config import DingTalkConfig, Mode, faults_of
from adapters.dingtalk.connection import Connection, JsonObject
from adapters.dingtalk.errors import DingTalkFailed
from adapters.dingtalk.events import CARD_TOPIC, ROBOT_TOPIC, TOPICS, Events
from adapters.dingtalk.examination import examine
from adapters.dingtalk.messages import Messages
from adapters.dingtalk.signature import Verdict, Verifier, of_clicks, of_messages
from adapters.dingtalk.web import OpenApi
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
REGISTER: Final = ("POST", "v1.0/card/callbacks/register")
BY_MOBILE: Final = "topapi/v2/user/getbymobile"
_JSON: Final = "application/json; charset=utf-8"
_NOBODY: Final = frozenset({"60121", "40103"})
_TOPICS: Final = {"cards": CARD_TOPIC, "robot": ROBOT_TOPIC}

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger(__name__)


class DingTalkAdapter:
    """One DingTalk organisation: an Adapter that FindsByMobile, ShowsPictures, TakesCallbacks and Diagnoses."""

    def __init__(self, config: DingTalkConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._api = OpenApi(config, clock)
        # Another address is another registration: two installations with one app do not take each other's clicks.
        self._route = f"oncard-{hashlib.sha256(config.callback_url.encode()).hexdigest()[:24]}"
        self._messages = Messages(config, self._api, clock, self._route)
        self._events = Events(self._messages, clock, Redaction(*config.secrets()), self)
        self._verifiers: dict[str, Verifier] = {}
        if config.mode is Mode.HTTP:
            self._verifiers["robot"] = of_messages(config.client_secret.get_secret_value())
            if config.api_secret is not None:
                self._verifiers["cards"] = of_clicks(config.api_secret.get_secret_value())
        self._connected = False
        self.rejected = 0
        """How many requests came in whose signature was wrong or old."""

    @property
    def capabilities(self) -> Capabilities:
        cards = self._messages.are_cards
        return Capabilities(
            edit=Edit.ALWAYS if cards else Edit.NEVER,
            buttons=True,
            direct=True,
            ephemeral=False,
            mention=cards,
            threads=False,
            answer_within=2.0,
            # 20 calls a second of each method, for all apps of a standard organisation together.
            chat_rate=2.0,
            workspace_rate=10.0,
            send_timeout=self._config.timeout + 2,
            called=self._config.mode is Mode.HTTP,
            forms=True,
        )

    # Cards out

    async def check(self) -> Identity:
        await self._api.token()
        # No call tells an app its own name, nor the organisation's.
        return Identity(self._config.client_id, self._config.robot)

    async def send(self, to: To, message: Message, *, under: MessageRef | None = None) -> Receipt:
        del under  # There are no threads.
        return await self._messages.send(to, message)

    async def show(self, to: To, picture: Picture, *, under: MessageRef | None = None) -> Receipt:
        del under  # There are no threads.
        return await self._messages.picture(to, picture)

    async def edit(self, message: MessageRef, card: Card) -> Receipt:
        return await self._messages.edit(message, card)

    async def find_by_mobile(self, mobile: str) -> str | None:
        try:
            body = await self._api.call_old(BY_MOBILE, {"mobile": mobile.removeprefix("+86")})
        except DingTalkFailed as failure:
            if failure.code in _NOBODY:
                return None
            raise
        result = body.get("result")
        user = result.get("userid") if isinstance(result, dict) else None
        return user if isinstance(user, str) and user else None

    async def diagnose(self, chats: Sequence[str]) -> Sequence[Finding]:
        """Look at what is granted, at the template and at each chat, as far as DingTalk tells; costs a few calls."""
        findings = await examine(self._config, self._api, chats)
        if self._config.mode is Mode.STREAM and not self._connected:
            findings.append(Finding("this process holds no Stream connection"))
        return findings

    # Listening

    async def run(self, inbox: Inbox) -> None:
        self._events.inbox = inbox
        try:
            await self.check()
            if self._config.mode is Mode.STREAM:
                await self._listen(inbox)
            await self._register()
            inbox.connected()
            await asyncio.Event().wait()
        except DeliveryFailed as failure:
            inbox.disconnected(failure.detail)
            raise
        finally:
            self._connected = False

    async def _register(self) -> None:
        """Tell DingTalk where clicks on cards go; messages to the robot go where the console says."""
        if self._config.api_secret is None or not self._config.card_template_id:
            return
        content = {
            "callbackRouteKey": self._route,
            "callbackUrl": self._config.callback_url,
            "apiSecret": self._config.api_secret.get_secret_value(),
            "forceUpdate": True,
        }
        await self._api.call(REGISTER, content)

    async def _listen(self, inbox: Inbox) -> NoReturn:
        """Keep one connection: the next one is opened before the last one is let go."""
        brief = 0
        leaving: set[asyncio.Task[None]] = set()
        connection = await self._connect()
        try:
            while True:
                self._connected = True
                inbox.connected()
                since = self._clock.now()
                ending = await connection.ended(inbox.connected)
                lasted = (self._clock.now() - since).total_seconds()
                brief = brief + 1 if lasted < BRIEF_SECONDS else 0
                if brief >= MOST_BRIEF:
                    raise DingTalkFailed(FailureKind.UNREACHABLE, f"Stream: no connection lasts: {ending.why}")
                if not ending.announced:
                    self._connected = False
                    inbox.disconnected(ending.why)
                _log.info("connection_replaced", why=ending.why, lasted=lasted)
                successor = await self._connect()
                last = asyncio.create_task(connection.close())
                leaving.add(last)
                last.add_done_callback(leaving.discard)
                connection = successor
        finally:
            await asyncio.gather(*leaving, connection.close(), return_exceptions=True)

    async def _connect(self) -> Connection:
        connection = Connection(self._config, TOPICS, self._events.receive)
        try:
            await connection.open(await self._api.ticket(TOPICS))
        except BaseException:
            # Turned away or cancelled: its task must not live on.
            await connection.close()
            raise
        return connection

    async def callback(self, request: Callback) -> Answer:
        verifier = self._verifiers.get(request.path)
        if verifier is None:
            return Answer(404)
        judged = verifier.judge(request, self._clock.now())
        if judged.verdict in (Verdict.FORGED, Verdict.OLD):
            self._reject(judged.verdict)
            return Answer(401)
        if judged.verdict is Verdict.REPEATED:
            # It may be DingTalk's own retry, the answer to the first being lost: only a 200 stops it.
            return _json({}, repeated=True)
        if self._events.inbox is None:
            # When it is made again, it is no repeat.
            verifier.forget(judged)
            return Answer(503)
        try:
            told = json.loads(request.body)
        except (ValueError, RecursionError):
            told = None
        if not isinstance(told, dict):
            return Answer(400)
        return _json(self._events.receive(_TOPICS[request.path], judged.request, told))

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


def connect(values: Mapping[str, str], clock: Clock) -> DingTalkAdapter:
    """Make the adapter of a workspace from its settings. Raises ValueError for the admin to read, without any value."""
    faults = [f"{fault.key}: {fault.what}" for fault in faults_of(values)]
    if faults:
        raise ValueError("; ".join(faults))
    return DingTalkAdapter(DingTalkConfig.model_validate(dict(values)), clock)
