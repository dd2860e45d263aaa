"""Forms in windows: opened within the three seconds that a click is good for, filled in when it is known what to ask.

A click that wants a form opens a window at once, since its trigger expires; what the core answers is put into it. A
form that is sent waits for the core's answer, though not for longer than Slack does: what is wrong with a field is
shown beside it, and whatever else there is to say takes the form's place.
https://docs.slack.dev/surfaces/modals#updating_apis
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Final

import structlog

from adapters.slack.clicks import Filled, Said, metadata
from adapters.slack.errors import SlackFailed
from adapters.slack.web import WebApi, text_at
from bot.adapter import Inbox, Reply
from cards import notes
from cards.card import Card, Note
from cards.form import Form
from cards.slack_form import answered, error_of, later, loading, render_form

# Slack waits for three seconds; what is left is the way there and back.
ANSWER_WITHIN: Final = 2.0
_TOO_LATE: Final = frozenset({"expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id"})

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger(__name__)

Hold = Callable[[Coroutine[None, None, None]], None]
"""Lets something go on until it is done, held on to."""

Answer = Callable[[Said, Card | Note], Coroutine[None, None, None]]
"""Shows an answer to one person, where they were before a window opened."""


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of a window: another `view` in its place, or what is wrong with its fields."""

    view: dict[str, object] | None = None
    errors: dict[str, str] | None = None


class Windows:
    """The windows of one workspace."""

    def __init__(self, web: WebApi, hold: Hold, answer: Answer) -> None:
        self._web = web
        self._hold = hold
        self._answer = answer
        self.answer_within = ANSWER_WITHIN
        """Seconds for which a form that was sent waits for the core."""

    async def ask(self, inbox: Inbox, said: Said) -> Note | None:
        """Open a window for a form, and show in it what the core answers; what could not be shown is returned."""
        try:
            opened = await self._web.tell("views.open", {"trigger_id": said.trigger_id, "view": loading()})
            view = text_at(opened, "view", "id")
        except SlackFailed as failure:
            _log.warning("form_not_opened", user=said.interaction.user, why=failure.detail)
            return notes.click_again() if failure.code in _TOO_LATE else notes.try_again()
        # Whoever closed the window meanwhile does not want to know.
        await self._is_shown(view, _content(said, await inbox.handle(said.interaction)))
        return None

    async def submitted(self, inbox: Inbox, filled: Filled) -> Change | None:
        """Return how the window of a form that was sent changes; None: it closes."""
        work = asyncio.create_task(_handled(inbox, filled))
        try:
            reply = await asyncio.wait_for(asyncio.shield(work), self.answer_within)
        except TimeoutError:
            self._hold(self._show_late(filled, work))
            return Change(view=later())
        if reply is None:
            return None
        if isinstance(reply, Note) and reply.done:
            self._hold(self._answer(filled.said, reply))
            return None
        if isinstance(reply, Note) and reply.field:
            return Change(errors={reply.field: error_of(reply)})
        return Change(view=_content(filled.said, reply))

    async def _show_late(self, filled: Filled, work: asyncio.Task[Reply | None]) -> None:
        reply = await work
        if reply is None or await self._is_shown(filled.view, _content(filled.said, reply)):
            return
        # They have closed the window and take it for done.
        if not isinstance(reply, Form):
            await self._answer(filled.said, reply)

    async def _is_shown(self, view: str, content: dict[str, object]) -> bool:
        try:
            await self._web.tell("views.update", {"view_id": view, "view": content})
        except SlackFailed as failure:
            _log.warning("form_not_shown", why=failure.detail)
            return False
        return True


async def _handled(inbox: Inbox, filled: Filled) -> Reply | None:
    return await inbox.handle(filled.said.interaction)


def _content(said: Said, reply: Reply | None) -> dict[str, object]:
    match reply:
        case Form():
            return render_form(reply, metadata(said, reply.token))
        case Card() | Note():
            return answered(reply)
        case _:
            return later()
