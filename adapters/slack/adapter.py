"""The Slack adapter: cards out, clicks and commands in.

A click is acknowledged before anything is done with it; what it asks runs afterwards, and its answer goes to the
clicker alone. Nothing is tried again, with one exception inside one send: content that Slack refuses is sent once more
as a plain line, and the receipt says so.
"""

import asyncio
import re
from collections.abc import Coroutine, Mapping
from datetime import datetime, timedelta
from typing import Final, NoReturn

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from adapters.slack.clicks import Said, read_click, read_command, read_form
from adapters.slack.config import Mode, SlackConfig, faults_of
from adapters.slack.connection import Connection, Line
from adapters.slack.errors import CONTENT_CODES, SlackFailed
from adapters.slack.pictures import share, upload
from adapters.slack.secrets import sdk_logger, without_secrets
from adapters.slack.signature import Verdict, Verifier
from adapters.slack.web import Content, WebApi, text_at
from adapters.slack.windows import Windows
from bot.adapter import (
    Answer,
    Callback,
    Capabilities,
    DeliveryFailed,
    Edit,
    FailureKind,
    Identity,
    Inbox,
    MessageRef,
    Receipt,
    To,
)
from bot.clock import Clock
from bot.pictures import show_picture
from cards.card import Card, Message, Note, Picture
from cards.form import Form
from cards.slack import plain, render

# Seconds that answers under way are given when the adapter is closed.
CLOSE_WITHIN: Final = 2.0
# A connection that lasts for less is no connection; so many in a row, and the core's back-off has to decide.
BRIEF_SECONDS: Final = 10.0
MOST_BRIEF: Final = 3
# How long somebody counts as still in Slack.
KNOWN_FOR: Final = timedelta(minutes=5)

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger(__name__)


class SlackAdapter:
    """One Slack workspace: an Adapter that FindsByEmail, ShowsPictures and TakesCallbacks."""

    def __init__(self, config: SlackConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._logger = sdk_logger()
        self._web = WebApi(config, self._logger)
        self._app = self._router()
        self._verifier: Verifier | None = None
        if config.mode is Mode.HTTP and config.signing_secret is not None:
            self._verifier = Verifier(config.signing_secret.get_secret_value())
        self._inbox: Inbox | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.windows = Windows(self._web, self._hold, self._tell)
        # The direct conversation with each user, and when Slack told it: it tells 50 in a minute at most.
        self._direct: dict[str, tuple[str, datetime]] = {}
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
            # https://docs.slack.dev/apis/web-api/rate-limits: one a second in a channel, "several hundred" a minute.
            chat_rate=1.0,
            workspace_rate=5.0,
            send_timeout=self._config.timeout + 2,
            called=self._config.mode is Mode.HTTP,
            forms=True,
        )

    # Cards out

    async def check(self) -> Identity:
        response = await self._web.tell("auth.test", {})
        if self._config.mode is Mode.SOCKET:
            await self._web.socket_address()
        scopes = str(response.headers.get("x-oauth-scopes", "")).split(",")
        granted = frozenset(scope.strip() for scope in scopes if scope.strip())
        return Identity(text_at(response, "team"), text_at(response, "user"), granted)

    async def send(self, to: To, message: Message, *, under: MessageRef | None = None) -> Receipt:
        where: dict[str, object] = {"unfurl_links": False, "unfurl_media": False}
        if under is not None:
            where |= {"channel": under.chat, "thread_ts": under.id}
            where["reply_broadcast"] = isinstance(message, Note) and message.aloud
        else:
            where["channel"] = await self._direct_chat(to.id) if to.direct else to.id
        return await self._at_worst_plain("chat.postMessage", where, message)

    async def edit(self, message: MessageRef, card: Card) -> Receipt:
        return await self._at_worst_plain("chat.update", {"channel": message.chat, "ts": message.id}, card)

    async def show(self, to: To, picture: Picture, *, under: MessageRef | None = None) -> Receipt:
        chat = await self._direct_chat(to.id) if to.direct else to.id
        thread = under.id if under is not None and under.chat == chat else None
        return await share(self._web, await upload(self._web, picture), picture, chat, thread)

    async def find_by_email(self, email: str) -> str | None:
        try:
            response = await self._web.ask("users.lookupByEmail", {"email": email})
        except SlackFailed as failure:
            if failure.code == "users_not_found":
                return None
            raise
        user = response.get("user")
        left = isinstance(user, dict) and user.get("deleted")
        return None if left else text_at(response, "user", "id")

    async def _at_worst_plain(self, method: str, where: Content, message: Message) -> Receipt:
        """Put the message where it belongs; what Slack refuses for its content goes there as a plain line instead."""
        said = ["ok"]
        try:
            response = await self._web.tell(method, {**where, **_whole(render(message))})
        except SlackFailed as failure:
            if failure.code not in CONTENT_CODES:
                raise
            _log.warning("content_refused", why=failure.detail)
            said.append(f"as a plain line after {failure.code}")
            response = await self._web.tell(method, {**where, **_whole(plain(message))})
        return _receipt(response, said)

    async def _direct_chat(self, user: str) -> str:
        """Return the conversation with one user: a message there is edited by its id, not by the user's.

        It never changes, but is asked for anew after a while: a message to somebody who left Slack is taken without a
        word (slackapi/python-slack-sdk#1156), while opening the conversation is refused.
        """
        now = self._clock.now()
        known, since = self._direct.get(user, ("", now))
        if known and now - since < KNOWN_FOR:
            return known
        try:
            chat = text_at(await self._web.tell("conversations.open", {"users": user}), "channel", "id")
        except SlackFailed as failure:
            if failure.kind is FailureKind.UNCERTAIN:
                # Whatever became of the question, no message was sent.
                raise SlackFailed(FailureKind.UNREACHABLE, failure.detail, code=failure.code) from None
            raise
        self._direct[user] = chat, now
        return chat

    # Listening

    async def run(self, inbox: Inbox) -> None:
        self._inbox = inbox
        try:
            if self._config.mode is Mode.SOCKET:
                await self._listen(inbox)
            await self.check()
            inbox.connected()
            await asyncio.Event().wait()
        except DeliveryFailed as failure:
            inbox.disconnected(failure.detail)
            raise

    async def _listen(self, inbox: Inbox) -> NoReturn:
        """Keep one connection. Where Slack announces the end of one, two listen for a while: no click is lost."""
        brief = 0
        leaving: set[asyncio.Task[None]] = set()
        connection = await self._connect()
        try:
            while True:
                inbox.connected()
                since = self._clock.now()
                ending = await connection.ended(inbox.connected)
                lasted = (self._clock.now() - since).total_seconds()
                brief = brief + 1 if lasted < BRIEF_SECONDS else 0
                if brief >= MOST_BRIEF:
                    raise SlackFailed(FailureKind.UNREACHABLE, f"Socket Mode: no connection lasts: {ending.why}")
                if not ending.announced:
                    inbox.disconnected(ending.why)
                _log.info("connection_replaced", why=ending.why, lasted=lasted)
                successor = await self._connect()
                last = asyncio.create_task(connection.retire() if ending.announced else connection.close())
                leaving.add(last)
                last.add_done_callback(leaving.discard)
                connection = successor
        finally:
            for task in leaving:
                task.cancel()
            await asyncio.gather(*leaving, connection.close(), return_exceptions=True)

    async def _connect(self) -> Connection:
        address = await self._web.socket_address()
        line = Line(self._app, self._web, self._config.silence, self._logger)
        connection = Connection(line, self._clock)
        try:
            await connection.open(address, self._config.timeout)
        except BaseException:
            # Turned away or cancelled: its tasks must not live on.
            await connection.close()
            raise
        return connection

    async def callback(self, request: Callback) -> Answer:
        if self._verifier is None:
            return Answer(404)
        verdict = self._verifier.judge(request, self._clock.now())
        if verdict in (Verdict.FORGED, Verdict.OLD):
            self._reject(verdict)
            return Answer(401)
        if verdict is Verdict.REPEATED:
            # It may be Slack's own retry, the answer to the first being lost: only a 2xx stops it.
            return Answer(200, repeated=True)
        if self._inbox is None:
            # When it is made again, it is no repeat.
            self._verifier.forget(request)
            return Answer(503)
        asked = _bolt_request(request)
        if asked is None:
            return Answer(400)
        response = await self._app.async_dispatch(asked)
        kind = response.headers.get("content-type", ["text/plain; charset=utf-8"])[0]
        return Answer(response.status, response.body.encode(), kind)

    def _reject(self, verdict: Verdict) -> None:
        self.rejected += 1
        # Anybody can send such a request: the log grows with their number's length only.
        if self.rejected & (self.rejected - 1) == 0:
            _log.warning("callback_rejected", verdict=verdict.value, so_far=self.rejected)

    # Clicks and commands in

    def _router(self) -> AsyncApp:
        """Return the router: what reaches it was verified here, or came by a socket that we opened."""

        async def authorize(team_id: str | None) -> AuthorizeResult:
            # There is one workspace; bolt's own way asks auth.test while somebody waits for the acknowledgement.
            return AuthorizeResult(enterprise_id=None, team_id=team_id)

        app = AsyncApp(
            name="adapters.slack.bolt",
            # Without a token: bolt only routes, and every answer is sent by our own client.
            client=AsyncWebClient(base_url=self._config.api_base_url, logger=self._logger, retry_handlers=[]),
            authorize=authorize,
            logger=self._logger,
            request_verification_enabled=False,
            # A listener acknowledges in the task that answers, not in one that nobody holds on to.
            process_before_response=True,
        )
        anything = re.compile("")
        app.action(anything)(self._on_action)
        app.command(anything)(self._on_command)
        app.view(anything)(self._on_form)
        app.event(anything)(self._on_event)
        return app

    async def _on_action(self, ack: AsyncAck, body: Mapping[str, object]) -> None:
        await ack()
        self._take(read_click(body))

    async def _on_command(self, ack: AsyncAck, body: Mapping[str, object]) -> None:
        await ack()
        self._take(read_command(body))

    async def _on_form(self, ack: AsyncAck, body: Mapping[str, object]) -> None:
        filled = read_form(body)
        if filled is None or self._inbox is None:
            await ack()
            return
        change = await self.windows.submitted(self._inbox, filled)
        if change is None:
            await ack()
        elif change.errors:
            await ack(response_action="errors", errors=change.errors)
        else:
            await ack(response_action="update", view=change.view)

    async def _on_event(self) -> None:
        """Let bolt acknowledge an event that nobody asked for; Slack would repeat it otherwise."""

    def _take(self, said: Said | None) -> None:
        """Let what somebody asked be done after the acknowledgement, held on to until it is done."""
        if said is None or self._inbox is None:
            return
        self._hold(self._carry_out(self._inbox, said))

    def _hold(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            _log.error("interaction_failed", error=without_secrets(f"{type(error).__name__}: {error}"))

    async def _carry_out(self, inbox: Inbox, said: Said) -> None:
        reply = await (self.windows.ask(inbox, said) if said.asks else inbox.handle(said.interaction))
        if reply is not None and not isinstance(reply, Form):
            await self._tell(said, reply)
        await show_picture(self, said.interaction, reply)

    async def _tell(self, said: Said, reply: Card | Note) -> None:
        try:
            await self._answer(said, reply)
        except SlackFailed as failure:
            _log.error("answer_not_delivered", user=said.interaction.user, why=failure.detail)

    async def _answer(self, said: Said, message: Card | Note) -> None:
        """Show the message to one person: at the address that came with the click, else, plainer, in the chat."""
        asked = said.interaction
        only_them = {**_whole(render(message)), "response_type": "ephemeral", "replace_original": False}
        try:
            await self._web.respond(said.response_url, only_them)
        except SlackFailed as failure:
            if asked.chat is None:
                raise
            _log.warning("answer_posted_in_chat", user=asked.user, why=failure.detail)
            where = {"channel": asked.chat, "user": asked.user}
            await self._web.tell("chat.postEphemeral", {**where, **_whole(plain(message))})

    async def close(self) -> None:
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=CLOSE_WITHIN)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._web.close()


def _bolt_request(request: Callback) -> AsyncBoltRequest | None:
    """Return the request as bolt reads it; None: it is signed, but neither a form nor a JSON object in UTF-8."""
    try:
        return AsyncBoltRequest(
            body=request.body.decode(), headers={"content-type": [request.headers.get("content-type", "")]}
        )
    except (AttributeError, LookupError, TypeError, ValueError):
        # bolt's readers raise whatever their steps raise on a value of another type.
        return None


def _whole(content: Content) -> dict[str, object]:
    """Return the content with every part named, since what an edit does not name would stay as it was."""
    return {"text": "", "blocks": [], "attachments": [], **content}


def _receipt(response: AsyncSlackResponse, said: list[str]) -> Receipt:
    warning = response.get("warning")
    words = [*said, warning] if isinstance(warning, str) else said
    return Receipt(MessageRef(text_at(response, "channel"), text_at(response, "ts")), ", ".join(words))


def connect(values: Mapping[str, str], clock: Clock) -> SlackAdapter:
    """Make the adapter of a workspace from its settings. Raises ValueError for the admin to read, without any value."""
    faults = [f"{fault.key}: {fault.what}" for fault in faults_of(values)]
    if faults:
        raise ValueError("; ".join(faults))
    return SlackAdapter(SlackConfig.model_validate(dict(values)), clock)
