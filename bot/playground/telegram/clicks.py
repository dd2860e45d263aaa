"""Clicks on buttons: the callback queries that wait for an answer.

How long an answer is taken is not published; 30 s is a guess (`ANSWER_LIFE`), and so is that a query may be answered
more than once. A click, or an ephemeral command, opens a window of 15 s in which the person may be sent an ephemeral
message.
"""

import asyncio
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

ANSWER_LIFE: Final = timedelta(seconds=30)
EPHEMERAL_LIFE: Final = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Answer:
    """How the app answered a click; `why` says what went wrong if it did not answer in time."""

    text: str = ""
    alert: bool = False
    url: str = ""
    why: str = ""

    @property
    def acked(self) -> bool:
        """Whether the app answered in time."""
        return not self.why


@dataclass(slots=True)
class Click:
    """One click; `message` is the id within its store."""

    id: str
    user: str
    chat: str
    message: int
    at: datetime
    answer: Answer | None = None
    answered: asyncio.Event = field(default_factory=asyncio.Event)


class Clicks:
    """The clicks made so far, and when each person last opened the window for ephemeral messages."""

    def __init__(self) -> None:
        self._clicks: dict[str, Click] = {}
        self._windows: dict[tuple[str, str], datetime] = {}
        self.answer_life = ANSWER_LIFE

    def make(self, user: str, chat: str, message: int, now: datetime) -> Click:
        """Note a click and return it."""
        click = Click(str(secrets.randbelow(1 << 62) + 1), user, chat, message, now)
        self._clicks[click.id] = click
        self.open_window(chat, user, now)
        return click

    def find(self, click_id: str, now: datetime) -> Click | None:
        """Return the click that can still be answered, or nothing."""
        click = self._clicks.get(click_id)
        return click if click is not None and now - click.at <= self.answer_life else None

    def answer(self, click: Click, answer: Answer) -> None:
        """Answer a click; the person sees the first answer only as long as they wait for it."""
        click.answer = answer
        click.answered.set()

    def open_window(self, chat: str, user: str, now: datetime) -> None:
        """Let the bot send ephemeral messages to a person in a chat for 15 s."""
        self._windows[chat, user] = now

    def window_open(self, chat: str, user: str, now: datetime) -> bool:
        """Return whether the bot may send an ephemeral message to a person now."""
        opened = self._windows.get((chat, user))
        return opened is not None and now - opened <= EPHEMERAL_LIFE
