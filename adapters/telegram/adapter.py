"""The Telegram adapter: cards out, clicks and commands in.

A click is answered as soon as the core has said something, and in any case within the time that people wait for.
Nothing is tried again, with two exceptions inside one send, of which the receipt speaks: content that Telegram refuses
is sent once more as a plain line, and a group that got another id (it became a supergroup) is written to there.
"""

import asyncio
import json
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final, TypeVar

import structlog
from telegram import InputFile

from adapters.telegram import commands, diagnosis, polling
from adapters.telegram.answers import Answers
from adapters.telegram.api import Api
from adapters.telegram.config import Mode, TelegramConfig, faults_of
from adapters.telegram.errors import CONTENT_KINDS, NOT_MODIFIED, TelegramFailed
from adapters.telegram.secrets import without_secrets
from adapters.telegram.texts import Me
from adapters.telegram.updates import Said, Told, Unreadable, read_update, sender
from adapters.telegram.webhook import LOOK_EVERY, Webhook
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
from bot.pictures import show_picture
from cards.card import Card, Message, Picture
from cards.telegram import plain, render
from cards.telegram_text import JsonObject, caption

# Seconds that answers under way are given when the adapter is closed.
CLOSE_WITHIN: Final = 2.0
# Seconds after which what was typed is not done any more: Telegram keeps it for a day while nobody fetches it, and a
# bare `ack` would take an incident that its writer has never seen. Clicks it keeps for 150 seconds.
LATE: Final = 600.0
MOST_KNOWN: Final = 2000
# So much of one person is carried out at once: anybody can write to a bot, and each answer is a message.
MOST_OF_ONE: Final = 20

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger(__name__)


class TelegramAdapter:
    """One bot: an Adapter that TakesCallbacks, ShowsPictures and Diagnoses."""

    def __init__(self, config: TelegramConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._api = Api(config)
        self._webhook = Webhook(config)
        self._inbox: Inbox | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._busy: Counter[str] = Counter()
        # What came lately, since Telegram repeats what it is not sure of; who said something; which group is which now.
        self._seen: OrderedDict[int, None] = OrderedDict()
        self._names: OrderedDict[str, str] = OrderedDict()
        self._moved: dict[str, str] = {}
        self._me = Me()
        self.answers = Answers(self._api, is_private=config.is_private)
        self.look_every = LOOK_EVERY
        """Seconds between two looks at whether Telegram still calls us."""
        self.rejected = 0
        """How many requests came in without our secret."""
        self.dropped = 0
        """How much was not carried out, since one person asked too much at once."""

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            edit=Edit.ALWAYS,
            buttons=True,
            direct=True,
            ephemeral=self.answers.is_private,
            mention=True,
            threads=True,
            answer_within=2.0,
            # https://core.telegram.org/bots/faq: 20 a minute in a group, over all that is seen there. A burst of three
            # and fifteen more leave room for two answers.
            chat_rate=0.25,
            workspace_rate=25.0,
            send_timeout=self._config.timeout + 2,
            alone=self._config.mode is Mode.POLLING,
            called=self._config.mode is Mode.WEBHOOK,
            forms=True,
        )

    # Cards out

    async def check(self) -> Identity:
        told = await self._api.get("getMe")
        number, username = told.get("id"), told.get("username")
        if not isinstance(number, int) or not isinstance(username, str):
            raise TelegramFailed(FailureKind.UNCERTAIN, "getMe: the answer lacks the bot's id or username")
        self._me = self.answers.me = Me(str(number), username)
        return Identity(workspace=str(told.get("first_name") or username), bot=f"@{username}")

    async def send(self, to: To, message: Message, *, under: MessageRef | None = None) -> Receipt:
        async def put(where: JsonObject, also: str = "") -> Receipt:
            return await self._put("sendMessage", where, message, to, also)

        return await self._follow(to, under, put)

    async def show(self, to: To, picture: Picture, *, under: MessageRef | None = None) -> Receipt:
        async def put(where: JsonObject, also: str = "") -> Receipt:
            photo = InputFile(picture.png, filename=picture.name)
            # Without markup, in which alone something could be active.
            content = {"photo": photo, "caption": caption(picture.alt)}
            result = await self._api.get("sendPhoto", {**where, **content}, direct=to.direct)
            return Receipt(_reference("sendPhoto", result), ", ".join(("ok", also) if also else ("ok",)))

        return await self._follow(to, under, put)

    async def _follow(self, to: To, under: MessageRef | None, put: Callable[..., Awaitable[Receipt]]) -> Receipt:
        """Put something where it belongs, and once more where that is now, if Telegram says that it has moved."""
        chat = under.chat if under is not None else to.id
        where: JsonObject = {"chat_id": self._moved.get(chat, chat)}
        if under is not None and chat not in self._moved:
            where["reply_parameters"] = {"message_id": _number(under.id), "allow_sending_without_reply": True}
        try:
            return await put(where)
        except TelegramFailed as failure:
            if not failure.moved_to:
                raise
            moved_to = failure.moved_to
        # The numbers of messages are others there, so that nothing can be replied to.
        self._moved[chat] = moved_to
        _log.warning("chat_moved", chat=chat, to=moved_to, mend="change its id in the configuration")
        return await put({"chat_id": moved_to}, f"the group's id is {moved_to} now")

    async def edit(self, message: MessageRef, card: Card) -> Receipt:
        where: JsonObject = {"chat_id": message.chat, "message_id": _number(message.id)}
        try:
            return await self._put("editMessageText", where, card, To(message.chat))
        except TelegramFailed as failure:
            if failure.words.startswith(NOT_MODIFIED):
                return Receipt(message, "ok, nothing had changed")
            if not failure.moved_to:
                raise
            why = failure.detail
        # What was posted in the group that was cannot be changed any more.
        raise TelegramFailed(FailureKind.GONE, why)

    async def _put(self, method: str, where: JsonObject, message: Message, to: To, also: str = "") -> Receipt:
        """Put the message where it belongs; what Telegram refuses for its content goes there as a plain line."""
        said = ["ok", also] if also else ["ok"]
        try:
            result = await self._api.get(method, {**where, **render(message)}, direct=to.direct)
        except TelegramFailed as failure:
            if failure.kind not in CONTENT_KINDS:
                raise
            _log.warning("content_refused", why=failure.detail)
            said.append(f"as a plain line after: {failure.words}")
            result = await self._api.get(method, {**where, **plain(message)}, direct=to.direct)
        return Receipt(_reference(method, result), ", ".join(said))

    async def diagnose(self, chats: Sequence[str]) -> Sequence[Finding]:
        return await diagnosis.diagnose(self._api, self._config.mode, self._webhook.url, chats)

    # Listening

    async def run(self, inbox: Inbox) -> None:
        self._inbox = inbox
        try:
            await self.check()
            await self._publish()
            if self._config.mode is Mode.POLLING:
                await self._poll(inbox)
            await self._webhook.register(self._api)
            inbox.connected()
            await self._webhook.watch(self._api, inbox, self._clock, self.look_every)
        except DeliveryFailed as failure:
            inbox.disconnected(failure.detail)
            raise

    async def _publish(self) -> None:
        try:
            await commands.publish(self._api, is_private=self.answers.is_private)
        except TelegramFailed as failure:
            # Commands work without being offered.
            _log.warning("commands_not_published", why=failure.detail)

    async def _poll(self, inbox: Inbox) -> None:
        """Poll over connections that are new for each run: those of a poll that hung may hang for ever."""
        api = Api(self._config)
        try:
            await polling.poll(api, inbox, self._receive, self._clock, self._config.silence)
        finally:
            await api.close()

    async def callback(self, request: Callback) -> Answer:
        if self._config.mode is not Mode.WEBHOOK:
            return Answer(404)
        if not self._webhook.is_genuine(request):
            self._reject()
            return Answer(401)
        if self._inbox is None:
            return Answer(503)
        try:
            update = json.loads(request.body)
        except (ValueError, RecursionError):
            update = None
        # Telegram signs nothing: only the number tells that an update came before.
        repeated = _update_number(update) in self._seen
        self._receive(update)
        # What is repeated or cannot be read, too: Telegram would make it again for a day, and keep back what follows.
        return Answer(200, repeated=repeated)

    def _reject(self) -> None:
        self.rejected += 1
        # Anybody can send such a request: the log grows with their number's length only.
        if self.rejected & (self.rejected - 1) == 0:
            _log.warning("callback_rejected", verdict="forged", so_far=self.rejected)

    # Clicks and commands in

    def _receive(self, update: object) -> int | None:
        """Take one update, unless it came before, and return its number; what it asks is done in a task of its own."""
        number = _update_number(update)
        if not isinstance(update, dict) or number is None:
            _log.warning("update_unreadable", why="it is no object with a number")
            return None
        if number not in self._seen:
            _remember(self._seen, number, None)
            try:
                self._take(update)
            except Unreadable as error:
                _log.warning("update_unreadable", update=number, why=str(error))
        return number

    def _take(self, update: Mapping[str, object]) -> None:
        name, user = sender(update)
        if name and user:
            _remember(self._names, name, user)
        said = read_update(update, self._me, self._names)
        if isinstance(said, Told):
            _log.warning(said.event, chat=said.chat, why=said.why)
        elif said is not None and self._inbox is not None and self._has_room(said.interaction.user):
            said = replace(said, late=bool(said.at) and self._clock.now().timestamp() - said.at > LATE)
            self._busy[said.interaction.user] += 1
            task = asyncio.create_task(self._answer(self._inbox, said))
            self._tasks.add(task)
            task.add_done_callback(partial(self._done, said.interaction.user))

    async def _answer(self, inbox: Inbox, said: Said) -> None:
        reply = await self.answers.answer(inbox, said)
        await show_picture(self, said.interaction, reply)

    def _has_room(self, user: str) -> bool:
        if self._busy[user] < MOST_OF_ONE:
            return True
        self.dropped += 1
        if self.dropped & (self.dropped - 1) == 0:
            _log.warning("too_much_at_once", user=user, so_far=self.dropped)
        return False

    def _done(self, user: str, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._busy[user] -= 1
        if not self._busy[user]:
            del self._busy[user]
        error = None if task.cancelled() else task.exception()
        if error is not None:
            _log.error("interaction_failed", error=without_secrets(f"{type(error).__name__}: {error}"))

    async def close(self) -> None:
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=CLOSE_WITHIN)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=CLOSE_WITHIN)
        await self._api.close()


def _remember(known: OrderedDict[_Key, _Value], key: _Key, value: _Value) -> None:
    known[key] = value
    known.move_to_end(key)
    if len(known) > MOST_KNOWN:
        known.popitem(last=False)


def _update_number(update: object) -> int | None:
    number = update.get("update_id") if isinstance(update, dict) else None
    return number if isinstance(number, int) else None


def _number(message: str) -> int:
    """Return the number of a message. Raises TelegramFailed: what stands in its place is none."""
    if not message.isascii() or not message.isdecimal():
        raise TelegramFailed(FailureKind.GONE, f"{message!r} is no number of a message")
    return int(message)


def _reference(method: str, result: Mapping[str, object]) -> MessageRef:
    """Return the message that was sent. Raises TelegramFailed: it was done, but what was done cannot be told."""
    chat, number = result.get("chat"), result.get("message_id")
    where = chat.get("id") if isinstance(chat, dict) else None
    if not isinstance(where, int) or not isinstance(number, int):
        raise TelegramFailed(FailureKind.UNCERTAIN, f"{method}: the answer lacks the message's number")
    return MessageRef(str(where), str(number))


def connect(values: Mapping[str, str], clock: Clock) -> TelegramAdapter:
    """Make the adapter of a workspace from its settings. Raises ValueError for the admin to read, without any value."""
    faults = [f"{fault.key}: {fault.what}" for fault in faults_of(values)]
    if faults:
        raise ValueError("; ".join(faults))
    return TelegramAdapter(TelegramConfig.model_validate(dict(values)), clock)
