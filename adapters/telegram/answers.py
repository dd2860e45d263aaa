"""Answers to one person, and to nobody else: over the chat, in the group where only they see it, or in their own chat.

What only they see is a message for them in the group, or one in their own chat with our bot. A click is answered with
the core's words where they fit (200 characters), and blankly when the core takes longer than `answer_within`, since a
client spins until then. A message for one person in a group needs Bot API 10.2: an older server would show it to all,
so what it answers is looked at, and such a message is taken away. An answer may hold a code that nobody else must know:
where it cannot reach the person alone, all that the group sees is how it could. Only forms, which say no more than the
card, are shown there.
https://core.telegram.org/bots/api#answercallbackquery
"""

import asyncio
from dataclasses import dataclass, replace
from typing import Final

import structlog

from adapters.telegram.api import Api
from adapters.telegram.errors import CONTENT_KINDS, NOT_MODIFIED, TelegramFailed
from adapters.telegram.texts import Me
from adapters.telegram.updates import Said
from bot.adapter import FailureKind, Inbox, Reply
from cards import notes, words
from cards.card import Card, Note, Person
from cards.form import Form
from cards.telegram import alert, plain, render, toast
from cards.telegram_form import prompt, render_form, written
from cards.telegram_text import JsonObject, size
from cards.words import name_of

# Clients wait without a limit that is written down; people think that it hangs after about two seconds.
ANSWER_WITHIN: Final = 1.5
# What is longer takes more than a glance, so it stays until it is closed.
GLANCE: Final = 120

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Content:
    """What is to be sent to that person alone, or as plain words; `direct` says where it is.

    `public` is for where all see it. `hidden`: it can be sent into a group for one person.
    """

    full: JsonObject
    public: JsonObject
    plain: JsonObject
    direct: str
    hidden: bool = True


class _Click:
    """The wait for an answer to one click; of what was typed nothing waits."""

    def __init__(self, api: Api, said: Said) -> None:
        self._api = api
        self._said = said
        self._is_open = bool(said.query)

    async def answer(self, text: str = "", *, stays: bool = False) -> bool:
        """End the wait, once; return whether the text is shown."""
        if not self._is_open:
            return False
        self._is_open = False
        shown: JsonObject = {"text": text, "show_alert": stays} if text else {}
        try:
            await self._api.call("answerCallbackQuery", {"callback_query_id": self._said.query, **shown})
        except TelegramFailed as failure:
            _log.info("click_not_answered", user=self._said.interaction.user, why=failure.detail)
            return False
        return bool(text)


class Answers:
    """The answers of one bot. `is_private`: whether a group's message can be for one person."""

    def __init__(self, api: Api, *, is_private: bool) -> None:
        self._api = api
        self.is_private = is_private
        self.me = Me()
        self.answer_within = ANSWER_WITHIN
        """Seconds for which a click waits for the core."""

    async def answer(self, inbox: Inbox, said: Said) -> Reply | None:
        """Have the core carry out what somebody asked, tell them what came of it, and return that."""
        click = _Click(self._api, said)
        work = asyncio.create_task(self._carry_out(inbox, said, click))
        try:
            done, _ = await asyncio.wait({work}, timeout=self.answer_within)
            if not done:
                await click.answer()
            return await work
        finally:
            work.cancel()
            await click.answer()

    async def _carry_out(self, inbox: Inbox, said: Said, click: _Click) -> Reply | None:
        if said.cancel:
            await click.answer()
            await self._take_away(said)
            return None
        reply = notes.try_again(said.locale) if said.late else await inbox.handle(said.interaction)
        try:
            await self._tell(said, reply, click)
        except TelegramFailed as failure:
            shown = alert(notes.try_again(said.locale) if isinstance(reply, Form) or reply is None else reply)
            is_told = await click.answer(shown, stays=True)
            _log.error("answer_not_delivered", user=said.interaction.user, why=failure.detail, shown_in_short=is_told)
        is_asked_again = isinstance(reply, Form) or (isinstance(reply, Note) and reply.field)
        if said.form and not is_asked_again:
            await self._take_away(said)
        return reply

    async def _tell(self, said: Said, reply: Reply | None, click: _Click) -> None:
        if isinstance(reply, Form):
            await self._ask(said, reply, click)
        elif reply is not None:
            short = toast(reply)
            stays = size(short) > GLANCE or not (isinstance(reply, Note) and reply.done)
            if not (short and await click.answer(short, stays=stays)):
                await self._send(said, self._content(said, reply), click, alert(reply, self._hint(said)))

    async def _ask(self, said: Said, form: Form, click: _Click) -> None:
        """Ask what the form asks: in its own place where it is turned over, else in a new message."""
        asked = plain(Note(form.text))
        direct = name_of(said.locale, words.FORM_IS_DIRECT)
        field = written(form, said.turn)
        if field is not None:
            whom = (Person(said.interaction.user_name, said.interaction.user, notify=True), ": ")
            alone, public = (prompt(form, field, said.locale, by) for by in ((), whom))
            # In what one person sees of a group, Telegram asks for no reply.
            await self._send(said, _Content(alone, public, asked, direct, hidden=False), click)
            return
        content = render_form(form, said.turn)
        if not (said.form and await self._turned_over(said, content)):
            await self._send(said, _Content(content, content, asked, direct), click)

    def _content(self, said: Said, message: Card | Note) -> _Content:
        way: JsonObject = {"text": f"@{self.me.username}", "url": f"https://t.me/{self.me.username}"}
        public = {**render(Note((self._hint(said),))), "reply_markup": {"inline_keyboard": [[way]]}}
        return _Content(render(message), public, plain(message), name_of(said.locale, words.ANSWER_IS_DIRECT))

    def _hint(self, said: Said) -> str:
        return name_of(said.locale, words.PRESS_START, bot=f"@{self.me.username}")

    # Where it goes

    async def _send(self, said: Said, content: _Content, click: _Click, at_worst: str = "") -> None:
        """Send it where only that person sees it; else show `at_worst` to them, or to all what all may see.

        Raises TelegramFailed.
        """
        if said.private:
            await self._put(_reply_to(said), content.full, content.plain)
            return
        if self.is_private and content.hidden and await self._sent_alone(said, content):
            return
        try:
            await self._put({"chat_id": said.interaction.user}, content.full, content.plain, direct=True)
        except TelegramFailed as failure:
            _log.info("person_not_reached", user=said.interaction.user, why=failure.detail)
            if at_worst and await click.answer(at_worst, stays=True):
                return
            if not said.chat:
                raise
            await self._put(_reply_to(said), content.public, content.public)
        else:
            await click.answer(content.direct)

    async def _sent_alone(self, said: Said, content: _Content) -> bool:
        """Send it into the group for one person; return whether it is there, and for them alone."""
        whom: JsonObject = {"receiver_user_id": int(said.interaction.user)}
        if said.query:
            whom["callback_query_id"] = said.query
        where: JsonObject = {"chat_id": said.chat, "ephemeral_message_parameters": whom}
        try:
            sent = await self._put(where, content.full, content.plain)
        except TelegramFailed as failure:
            _log.info("answer_not_shown_in_group", user=said.interaction.user, why=failure.detail)
            return False
        if isinstance(sent.get("ephemeral_message_id"), int):
            return True
        self.is_private = False
        _log.warning("ephemeral_messages_unknown", mend="set ephemeral: off, or use a server of Bot API 10.2 or newer")
        number = sent.get("message_id")
        await self._take_away(replace(said, message=number if isinstance(number, int) else 0, alone=0))
        return False

    async def _put(
        self, where: JsonObject, content: JsonObject, at_worst: JsonObject, *, direct: bool = False
    ) -> dict[str, object]:
        """Send a message; what Telegram refuses for its content goes as plain words."""
        try:
            return await self._api.get("sendMessage", {**where, **content}, direct=direct)
        except TelegramFailed as failure:
            if failure.kind not in CONTENT_KINDS:
                raise
            _log.warning("content_refused", why=failure.detail)
        return await self._api.get("sendMessage", {**where, **at_worst}, direct=direct)

    async def _turned_over(self, said: Said, content: JsonObject) -> bool:
        """Let the message of a form show something else; return whether it does."""
        method = "editEphemeralMessageText" if said.alone else "editMessageText"
        try:
            await self._api.call(method, {**_message(said), **content})
        except TelegramFailed as failure:
            return failure.words.startswith(NOT_MODIFIED)
        return True

    async def _take_away(self, said: Said) -> None:
        """Delete what was clicked. Where it stays, it is of no use but does no harm."""
        method = "deleteEphemeralMessage" if said.alone else "deleteMessage"
        try:
            await self._api.call(method, _message(said))
        except TelegramFailed as failure:
            if failure.kind is not FailureKind.REFUSED:
                _log.info("message_not_taken_away", why=failure.detail)


def _message(said: Said) -> JsonObject:
    if said.alone:
        receiver = said.interaction.user
        return {"chat_id": said.chat, "receiver_user_id": receiver, "ephemeral_message_id": said.alone}
    return {"chat_id": said.chat, "message_id": said.message}


def _reply_to(said: Said) -> JsonObject:
    where: JsonObject = {"chat_id": said.chat}
    if said.message and not said.alone:
        where["reply_parameters"] = {"message_id": said.message, "allow_sending_without_reply": True}
    return where
