"""The chat's side of a run: what it took and when, what its cards show, and how long it takes to answer."""

import asyncio
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bot.clock import Clock
from bot.domain.incident import Progress
from bot.playground.slack import Message, SlackServer
from bot.playground.slack.faults import Fault
from bot.playground.slack.flatten import visible_text
from bot.playground.slack.interactivity import elements_in
from bot.playground.slack.workspace import Change
from bot.playground.wire import as_object, as_text
from tests.crash.history import Arrival, Seen, Shown
from tests.crash.setting import CHANNELS, PEOPLE

_TOKEN: Final = re.compile(r"(ack|unack|reopen) (\d+) v(\d+)")
_HEAD: Final = re.compile(r"#(\d+) (\S+)")
_LINE: Final = re.compile(r"(\S+) \(#(\d+)\)")
_PROGRESS: Final = {"ack": Progress.TRIGGERED, "unack": Progress.PROCESSING, "reopen": Progress.CLOSED}
_NOTES: Final = ("was the last, nobody else is told", "has no escalation rule. Acknowledge it", "reached nobody:")
# Word that it is over, or in other hands.
_OVER: Final = re.compile(r"\(#\d+\) · (Acknowledged|Closed|Recovered)\b")
# A board that calls in a chat mentions those who must notice first.
_BOARD: Final = re.compile(r"\S+ Storm(?: over)? · ([\d,]+)( open)?|(?:@\S+ )*Storm(?: in [^:]*)?: ")
_MARK: Final = "may be a repeat"
_INVISIBLE: Final = re.compile("[\u2066-\u2069\u200e\u200f]")


@dataclass(frozen=True, slots=True)
class Card:
    """A card as somebody sees it, to be clicked."""

    number: int
    title: str
    shown: Shown
    chat: str
    ts: str


class Chat:
    """Listens to what the chat takes."""

    def __init__(self, slack: SlackServer) -> None:
        self.slack = slack
        self.arrivals: list[Arrival] = []
        self.arrived = asyncio.Event()
        slack.pace.enabled = False
        for name in PEOPLE:
            slack.workspace.add_user(name)
        for name in CHANNELS:
            slack.workspace.add_channel(name)
        slack.workspace.watch(self._see)

    def shown(self) -> dict[tuple[str, str], Shown]:
        """Return what each card shows now."""
        return {(card.chat, card.ts): card.shown for card in self.cards()}

    def open_on_board(self) -> dict[tuple[str, str], int]:
        """Return how many open incidents each board shows now."""
        workspace = self.slack.workspace
        messages = (message for channel in workspace.channels for message in workspace.messages(channel))
        found = ((message, _BOARD.match(_head(message))) for message in messages if _is_card(message))
        return {
            (message.channel, message.ts): int(board[1].replace(",", "")) if board[2] else 0
            for message, board in found
            if board
        }

    def cards(self, newest: int | None = None) -> Iterator[Card]:
        """Yield the cards of the chats and of the direct conversations, of each only the `newest`."""
        workspace = self.slack.workspace
        for channel in list(workspace.channels):
            messages = workspace.messages(channel)
            for message in messages[-newest:] if newest else messages:
                card = _card(message)
                if card is not None:
                    yield card

    def _see(self, change: Change) -> None:
        if change.what != "posted" or change.user:
            return
        message = self.slack.workspace.message(change.channel, change.ts)
        arrival = self._arrival(message) if message is not None else None
        if arrival is not None:
            self.arrivals.append(arrival)
            self.arrived.set()

    def _arrival(self, message: Message) -> Arrival | None:
        workspace = self.slack.workspace
        channel = workspace.channels[message.channel]
        place = f"@{workspace.users[channel.user].name}" if channel.kind == "im" else f"#{channel.id}"
        text = _INVISIBLE.sub("", visible_text(workspace, message))
        ref, is_marked = (message.channel, message.ts), _MARK in text
        if _BOARD.match(text):
            return Arrival(message.at, place, 0, Seen.BOARD, ref, "", is_marked=is_marked)
        is_note = any(one in text for one in _NOTES) or _OVER.search(text) is not None
        seen = Seen.CARD if _is_card(message) else Seen.NOTE if is_note else Seen.PAGE
        named = _HEAD.search(text) if seen is Seen.CARD else _LINE.search(text)
        if message.author != workspace.bot.id or named is None:
            return None
        number, title = named.groups() if seen is Seen.CARD else reversed(named.groups())
        return Arrival(message.at, place, int(number), seen, ref, title, is_marked=is_marked)


def _is_card(message: Message) -> bool:
    return bool(message.draft.blocks) and message.draft.blocks[0].get("type") == "header"


def _head(message: Message) -> str:
    return _INVISIBLE.sub("", as_text(as_object(message.draft.blocks[0].get("text")).get("text")))


def _card(message: Message) -> Card | None:
    """Return the card that a message is; its first button says which incident, and in which state."""
    if not _is_card(message):
        return None
    tokens = (_TOKEN.fullmatch(as_text(element.content.get("value"))) for element in elements_in(message))
    token = next((found for found in tokens if found), None)
    head = _HEAD.search(_head(message))
    if token is None or head is None:
        return None
    shown = Shown(_PROGRESS[token[1]], int(token[3]))
    return Card(int(token[2]), head[2], shown, message.channel, message.ts)


class Latency:
    """Lets each call take a random time, most of them after they had their effect: a kill then finds sends under way.

    A fault of the chat's script is used once, so some are always put there anew.
    """

    METHODS: Final = ("chat.postMessage", "chat.update")
    LONGEST: Final = 0.35
    STOCK: Final = 6
    CLEAR_AFTER: Final = 300

    def __init__(self, slack: SlackServer, dice: random.Random, clock: Clock) -> None:
        self._faults = slack.faults
        self._dice = dice
        self._clock = clock

    async def run(self) -> None:
        """Delay for ever."""
        try:
            while True:
                async with asyncio.TaskGroup() as group:
                    for method in self.METHODS * self.STOCK:
                        group.create_task(self._delay(method))
                # What was used up is still in the script; it must not grow without end.
                self._faults.clear()
        finally:
            self._faults.clear()

    async def _delay(self, method: str) -> None:
        for _ in range(self.CLEAR_AFTER // self.STOCK):
            applied = self._dice.random() < 0.7
            hold = self._faults.add(Fault("hang", method, applied=applied)).hold
            await hold.reached.wait()
            await self._clock.sleep(self._dice.uniform(0.0, self.LONGEST))
            hold.release()
