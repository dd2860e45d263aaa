"""Clicks, forms and messages on their way in: acknowledged at once, carried out after, answered to one person.

DingTalk waits two seconds for the answer to a click, and an update of the card must not come before it. So the answer
says only what is known without asking anybody: nothing, or that a form is closed. The one who clicks sees the button at
work for a moment, and then the card as it has become; there is no toast, since that takes an event chain in the
template. What else there is to say goes to the direct conversation. Where that cannot be, the group sees how it could.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Final

import structlog

from adapters.dingtalk.clicks import Said, Session, is_out_of_calls, read_click, read_message
from adapters.dingtalk.errors import DingTalkFailed
from adapters.dingtalk.messages import BY_KEY, Messages
from adapters.dingtalk.web import JsonObject
from bot.adapter import FailureKind, Inbox, Interaction, ShowsPictures
from bot.clock import Clock
from bot.outbound.redaction import Redaction
from bot.pictures import show_picture
from cards import words
from cards.card import Card, Note
from cards.dingtalk_form import CLOSED
from cards.form import Form
from cards.words import name_of

CARD_TOPIC: Final = "/v1.0/card/instances/callback"
ROBOT_TOPIC: Final = "/v1.0/im/bot/messages/get"
TOPICS: Final = (CARD_TOPIC, ROBOT_TOPIC)

# Seconds after which the answer to a click has arrived.
ANSWERED_WITHIN: Final = 0.1
# Seconds that answers under way are given when the adapter is closed.
CLOSE_WITHIN: Final = 2.0
MOST_REMEMBERED: Final = 20_000
MOST_SESSIONS: Final = 1000

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger(__name__)


class Events:
    """Takes what one app is told, and answers."""

    def __init__(self, messages: Messages, clock: Clock, redaction: Redaction, pictures: ShowsPictures) -> None:
        self._messages = messages
        self._pictures = pictures
        self._clock = clock
        self._redaction = redaction
        self._tasks: set[asyncio.Task[None]] = set()
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._chats: set[str] = set()
        self.inbox: Inbox | None = None

    def receive(self, topic: str, trigger: str, data: Mapping[str, object]) -> JsonObject:
        """Take what is told under a topic, and return what it is answered with at once.

        `trigger` is what is the same only if the very same click is told again.
        """
        if topic == ROBOT_TOPIC and is_out_of_calls(data):
            _log.error("calls_of_the_month_used_up", what="messages to the bot arrive without their words")
            return {}
        said = read_click(data, trigger) if topic == CARD_TOPIC else read_message(data, self._messages.card_of)
        if said is None or self.inbox is None:
            return {}
        self._note(said, data.get("conversationTitle"))
        if said.interaction.text and self._first_time(said):
            self._hold(self._carry_out(self.inbox, said))
        if said.form:
            return {"cardUpdateOptions": BY_KEY, "userPrivateData": {"cardParamMap": CLOSED}}
        return {}

    async def close(self) -> None:
        """Give the answers under way a moment, then drop them."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=CLOSE_WITHIN)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _carry_out(self, inbox: Inbox, said: Said) -> None:
        if said.track:
            await self._clock.sleep(ANSWERED_WITHIN)
        elif said.session is not None and said.interaction.chat is not None:
            self._remember(said.interaction.chat, said.session)
        reply = await inbox.handle(said.interaction)
        try:
            if isinstance(reply, Form):
                await self._ask(said, reply)
            elif reply is not None:
                await self._answer(said, reply)
        except DingTalkFailed as failure:
            _log.error("answer_not_delivered", why=failure.detail)
        await show_picture(self._pictures, self._asked_in(said), reply)

    def _asked_in(self, said: Said) -> Interaction:
        """Return what was asked; without the chat where it is the direct one, which the robot reaches by its person."""
        return replace(said.interaction, chat=None) if said.direct else said.interaction

    async def _ask(self, said: Said, form: Form) -> None:
        """Open a form on the card that was clicked, or else send it as choices and sentences."""
        if said.track and self._messages.are_cards:
            try:
                return await self._messages.open_form(said.track, said.interaction.user, form)
            except DingTalkFailed as failure:
                _log.warning("form_not_opened", user=said.interaction.user, why=failure.detail)
        return await self._answer(said, form)

    async def _answer(self, said: Said, reply: Card | Note | Form) -> None:
        """Show an answer to one person directly; where that cannot be, the group sees how it could.

        In the direct conversation the session is answered in, which costs none of the month's calls.
        """
        asked = said.interaction
        session = self._session(asked.chat)
        named = "" if said.direct or said.outsider else asked.user
        # A form says no more than the card. An answer may hold a code that nobody else must know.
        shown = reply if said.direct or isinstance(reply, Form) else _hint()
        ways: list[Callable[[], Awaitable[None]]] = []
        if not said.outsider:
            ways.append(lambda: self._messages.tell(asked.user, reply))
        if session is not None:
            first = said.direct and not self._messages.needs_card(reply)
            ways.insert(0 if first else len(ways), lambda: self._messages.answer(session.webhook, shown, named))
        for way in ways[:-1]:
            try:
                return await way()
            except DingTalkFailed as failure:
                if failure.kind is FailureKind.UNCERTAIN:
                    raise
                _log.info("answered_another_way", user=asked.user, why=failure.detail)
        return await ways[-1]() if ways else None

    def _note(self, said: Said, title: object) -> None:
        """Tell the admin of a group that is heard of for the first time: its id is shown nowhere in DingTalk."""
        chat = said.interaction.chat
        if not said.direct and chat is not None and chat not in self._chats and len(self._chats) < MOST_SESSIONS:
            self._chats.add(chat)
            _log.info("chat_heard_of", chat=chat, title=title if isinstance(title, str) else "")

    def _remember(self, chat: str, session: Session) -> None:
        self._sessions[chat] = session
        self._sessions.move_to_end(chat)
        if len(self._sessions) > MOST_SESSIONS:
            self._sessions.popitem(last=False)

    def _session(self, chat: str | None) -> Session | None:
        found = self._sessions.get(chat) if chat else None
        return found if found is not None and found.until > self._clock.now() else None

    def _first_time(self, said: Said) -> bool:
        trigger = said.interaction.trigger
        if trigger is None:
            return True
        if trigger in self._seen:
            return False
        self._seen[trigger] = None
        if len(self._seen) > MOST_REMEMBERED:
            self._seen.popitem(last=False)
        return True

    def _hold(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(self._said(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _said(self, work: Coroutine[object, object, None]) -> None:
        try:
            await work
        except DingTalkFailed as failure:
            _log.error("answer_not_delivered", why=failure.detail)
        except Exception as error:  # noqa: BLE001 - A defect of the core costs this click its answer, and is said.
            _log.error("interaction_failed", error=self._redaction(f"{type(error).__name__}: {error}"))


def _hint() -> Note:
    """Return how an answer could be had, in both languages: DingTalk does not tell which one somebody reads."""
    return Note((" ".join(dict.fromkeys(name_of(locale, words.ASK_DIRECTLY) for locale in ("en", "zh"))),))
