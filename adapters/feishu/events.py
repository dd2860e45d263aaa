"""Clicks, forms and messages on their way in: answered in time, carried out meanwhile, replied to one person.

A click must be answered within 3 s. Who is quick enough is answered in the toast that belongs to the click; what comes
later, or does not fit into a toast, is shown to that person alone in the group, or in the direct conversation. A form
goes there as a card, which becomes the answer once it is filled in. Events come at least once: each is done once.
Guess: that a card may be replaced as soon as the click on it was answered.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Coroutine, Mapping
from typing import Final

import structlog

from adapters.feishu.clicks import CLICK, MESSAGE, Said, kind_of, read_click, read_message
from adapters.feishu.errors import FeishuFailed
from adapters.feishu.messages import Messages
from bot.adapter import Inbox, Reply, ShowsPictures, To
from bot.clock import Clock
from bot.outbound.redaction import Redaction
from bot.pictures import show_picture
from cards import notes, words
from cards.card import Card, Note
from cards.feishu import toast
from cards.feishu_text import size
from cards.form import Form
from cards.plain import spoken
from cards.words import name_of, say

JsonObject = dict[str, object]

# Seconds for which the answer to a click waits for the core's own words.
TOAST_WITHIN: Final = 2.0
# Seconds after which a click counts as answered where nobody tells.
ANSWERED_WITHIN: Final = 0.3
# Seconds that answers under way are given when the adapter is closed.
CLOSE_WITHIN: Final = 2.0
LONGEST_TOAST: Final = 300
# What nobody took is told again after 15 s, 5 min, 1 h and 6 h. Whoever typed it an hour ago means what was then, so
# nothing is done, and they are told. The rest is for clocks that differ.
LONGEST_LATE: Final = 30 * 60.0
# Feishu tells an event again for as long as seven hours.
MOST_REMEMBERED: Final = 20_000

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger(__name__)


class Events:
    """Takes the events of one app, and answers."""

    def __init__(self, messages: Messages, clock: Clock, redaction: Redaction, pictures: ShowsPictures) -> None:
        self._messages = messages
        self._pictures = pictures
        self._clock = clock
        self._redaction = redaction
        self._tasks: set[asyncio.Task[None]] = set()
        self._seen: OrderedDict[str, None] = OrderedDict()
        self.inbox: Inbox | None = None
        self.bot = ""
        """Our bot's open_id."""
        self.toast_within = TOAST_WITHIN

    async def receive(self, event: Mapping[str, object], answered: asyncio.Event) -> JsonObject | None:
        """Take one event, and return what it is answered with; `answered` is set when that is on its way."""
        inbox, kind = self.inbox, kind_of(event)
        if inbox is None or kind not in (CLICK, MESSAGE):
            # Acknowledged all the same: Feishu would tell it again, for hours.
            return None
        said = read_click(event) if kind == CLICK else read_message(event, self.bot)
        if said is None or not self._first_time(said.interaction.trigger):
            return {} if kind == CLICK else None
        if kind == CLICK:
            return await self._clicked(inbox, said, answered)
        self._hold(self._written(inbox, said))
        return None

    async def close(self) -> None:
        """Give the answers under way a moment, then drop them."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=CLOSE_WITHIN)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    # Clicks

    async def _clicked(self, inbox: Inbox, said: Said, answered: asyncio.Event) -> JsonObject:
        if not self._first_time(_form(said)):
            # Whoever waits presses again: what was written would stand in the timeline twice.
            return _toast(words.IN_A_MOMENT)
        asked = asyncio.create_task(self._asked(inbox, said))
        done, _ = await asyncio.wait([asked], timeout=self.toast_within)
        self._hold(self._answer(said, asked, answered, in_time=bool(done)))
        if not done:
            return _toast(words.IN_A_MOMENT)
        return self._quick(said, asked.result())

    async def _asked(self, inbox: Inbox, said: Said) -> Reply | None:
        try:
            return await inbox.handle(said.interaction)
        except Exception as error:  # noqa: BLE001 - A defect of the core costs this click its answer, and is said.
            self._log_error(error)
            return None

    def _quick(self, said: Said, reply: Reply | None) -> JsonObject:
        """Return what the click is answered with at once."""
        match reply:
            case Form() if not said.form:
                return _toast(words.FORM_IS_DIRECT)
            case Note() if said.form or _fits(reply):
                return {"toast": {"type": "error" if reply.field else "info", "content": toast(spoken(reply.text))}}
            case _:
                return {}

    async def _answer(
        self, said: Said, asked: asyncio.Task[Reply | None], answered: asyncio.Event, *, in_time: bool
    ) -> None:
        """Show what the toast does not say, and after it the picture."""
        try:
            reply = await asked
        except asyncio.CancelledError:
            asked.cancel()
            raise
        try:
            await self._say(said, reply, answered, in_time=in_time)
        except FeishuFailed as failure:
            _log.error("answer_not_delivered", why=failure.detail)
        await show_picture(self._pictures, said.interaction, reply)

    async def _say(self, said: Said, reply: Reply | None, answered: asyncio.Event, *, in_time: bool) -> None:
        """Show the words that the toast does not say."""
        if isinstance(reply, Form) or (isinstance(reply, Note) and reply.field):
            self._seen.pop(_form(said) or "", None)
        if said.form and isinstance(reply, Note) and reply.field:
            # The form stays as it is, to be filled in again.
            if not in_time:
                await self._show(said, reply)
        elif said.form:
            await self._clock.wait(answered, ANSWERED_WITHIN)
            await self._replace(said, reply or Note(say("en", words.FORM_IS_DONE)))
        elif isinstance(reply, Form):
            await self._ask(said, reply)
        elif reply is not None and not (in_time and _fits(reply)):
            await self._show(said, reply)

    async def _replace(self, said: Said, reply: Reply) -> None:
        """Let the card of a form become the answer to it; where it cannot, the answer is shown beside it."""
        try:
            if said.interaction.message is not None:
                await self._messages.edit(said.interaction.message, reply)
                return
        except FeishuFailed as failure:
            _log.info("form_not_replaced", user=said.interaction.user, why=failure.detail)
        if not isinstance(reply, Form):
            await self._show(said, reply)

    async def _ask(self, said: Said, form: Form) -> None:
        """Send a form to whoever asked for it; they do not look for one that did not come."""
        try:
            await self._messages.ask(said.interaction.user, form)
        except FeishuFailed as failure:
            _log.warning("form_not_sent", user=said.interaction.user, why=failure.detail)
            await self._show(said, notes.try_again())

    # Messages

    async def _written(self, inbox: Inbox, said: Said) -> None:
        if said.direct and said.interaction.chat is not None:
            self._messages.direct[said.interaction.user] = said.interaction.chat
        if said.at is not None and self._clock.now().timestamp() - said.at > LONGEST_LATE:
            return await self._show(said, notes.try_again())
        reply = await self._asked(inbox, said)
        try:
            if isinstance(reply, Form):
                await self._ask(said, reply)
            elif reply is not None:
                await self._show(said, reply)
        except FeishuFailed as failure:
            _log.error("answer_not_delivered", why=failure.detail)
        return await show_picture(self._pictures, said.interaction, reply)

    async def _show(self, said: Said, reply: Card | Note) -> None:
        """Show an answer to one person: in the group to them alone, else in the direct conversation."""
        asked = said.interaction
        is_direct = said.direct or asked.chat is None or asked.chat == self._messages.direct.get(asked.user)
        if not is_direct and asked.chat is not None:
            try:
                return await self._messages.show(asked.chat, asked.user, reply)
            except FeishuFailed as failure:
                _log.info("answer_sent_directly", user=asked.user, why=failure.detail)
        await self._messages.send(To(asked.user, direct=True), reply)
        return None

    # What is under way

    def _first_time(self, trigger: str | None) -> bool:
        """Whether this is not told again: a message counts by its own id, since its event gets a new one."""
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
        except FeishuFailed as failure:
            _log.error("answer_not_delivered", why=failure.detail)
        except Exception as error:  # noqa: BLE001 - As in `_asked`.
            self._log_error(error)

    def _log_error(self, error: Exception) -> None:
        _log.error("interaction_failed", error=self._redaction(f"{type(error).__name__}: {error}"))


def _form(said: Said) -> str | None:
    """Return what is the same for everything that is sent with one form; None: it is no form."""
    message = said.interaction.message
    return f"form {message.id}" if said.form and message is not None else None


def _fits(reply: Reply) -> bool:
    """Whether a toast says all of it."""
    return isinstance(reply, Note) and reply.is_spoken and size(spoken(reply.text)) <= LONGEST_TOAST


def _toast(message: str) -> JsonObject:
    """Return a toast with words of ours, in the language of the reader's Feishu."""
    said = {"en_us": toast(name_of("en", message)), "zh_cn": toast(name_of("zh", message))}
    return {"toast": {"type": "info", "content": said["en_us"], "i18n": said}}
