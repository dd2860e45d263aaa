"""A Telegram on this machine: start it, point the adapter's `api_base_url` at it, and act as its people.

    async with TelegramServer(clock) as telegram:
        telegram.workspace.add_user("ana", started=True)
        telegram.workspace.add_chat("ops-alerts")
        ...                                             # an adapter with telegram.api_base_url, telegram.bot_token
        card = await telegram.expect_card("disk full", chat="ops-alerts")
        await card.click("Acknowledge", by="ana")
        await card.shows("Ana")

It runs in the caller's event loop. Telegram's time is the given clock's; deadlines of the network are real time.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

from bot.clock import Clock, SystemClock
from bot.playground.listener import LOOPBACK, Listener
from bot.playground.telegram.api import Parts, application
from bot.playground.telegram.clicks import Answer, Clicks
from bot.playground.telegram.commands import Commands
from bot.playground.telegram.expect import Card, expect_card, expect_private
from bot.playground.telegram.faults import Faults
from bot.playground.telegram.pace import Pace
from bot.playground.telegram.people import People, find_button
from bot.playground.telegram.polling import BY_WEBHOOK, Polling
from bot.playground.telegram.updates import Updates
from bot.playground.telegram.webhook import Webhook
from bot.playground.telegram.workspace import Change, Message, Notice, Workspace
from bot.playground.wire import WireEntry, WireLog

WAIT_SECONDS = 15.0
CLICK_SECONDS = 5.0


class TelegramServer:
    """One bot behind the Bot API, on a loopback port; `click_seconds` is how long a person waits for an answer."""

    def __init__(self, clock: Clock | None = None, *, workspace: Workspace | None = None, port: int = 0) -> None:
        self.clock = clock or SystemClock()
        self.workspace = workspace or Workspace(self.clock)
        self.log = WireLog()
        self.log.hide([self.workspace.tokens.bot])
        self.faults = Faults(self.workspace)
        self.pace = Pace(self.clock.now())
        self.updates = Updates(self.clock)
        self.clicks = Clicks()
        self.commands = Commands()
        self.polling = Polling(self.updates)
        self.webhook = Webhook(self.clock, self.updates)
        self.webhook.heard = self._posted
        self.webhook.taken = lambda: self.polling.end(BY_WEBHOOK)
        self.people = People(self.workspace, self.updates, self.clicks, self.commands)
        self.click_seconds = CLICK_SECONDS
        self._subscribers: set[asyncio.Queue[Change]] = set()
        self.workspace.watch(self._tell)
        parts = Parts(
            self.workspace,
            self.updates,
            self.clicks,
            self.commands,
            self.webhook,
            self.polling,
            self.faults,
            self.pace,
            self.log,
            self._cut,
        )
        self._listener = Listener(application(parts), port)

    # Running

    async def start(self) -> None:
        """Listen; raises OSError if the port is taken."""
        await self._listener.start()
        self.webhook.online.set()

    async def stop(self) -> None:
        """Drop every connection and stop listening."""
        self.faults.clear()
        self.webhook.unset()
        await self._listener.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def pull_plug(self) -> None:
        """Make Telegram vanish: every connection is dropped, new ones are refused, nothing is posted."""
        self.webhook.online.clear()
        await self._listener.pull()
        self.workspace.changed("plug")

    async def put_back(self) -> None:
        """Bring Telegram back on the same port, with everything it knew."""
        await self.start()
        self.workspace.changed("plug")

    @property
    def plugged(self) -> bool:
        """Whether Telegram can be reached."""
        return self._listener.plugged

    # What an adapter is configured with

    @property
    def port(self) -> int:
        """The port, chosen at the first start if none was given."""
        return self._listener.port

    @property
    def api_base_url(self) -> str:
        """The address of this Bot API server; `/bot<token>/<method>` comes behind it."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def bot_token(self) -> str:
        """The bot's token."""
        return self.workspace.tokens.bot

    # What people do

    async def click(self, who: str, chat: str, message_id: int, wanted: str, *, ephemeral: bool = False) -> Answer:
        """Click the button with this label or callback data, and wait for the answer; raises LookupError if none.

        A button with an address tells the bot nothing: the answer is the address.
        """
        user = self.workspace.user(who)
        place = self.workspace.chats.get(chat) or self.workspace.chat(chat)
        message = self.workspace.message(place.id, message_id, ephemeral=ephemeral)
        if message is None or not self.workspace.sees(user.id, place):
            raise LookupError(f"{user.name} sees no message {message_id} in {chat}")
        if message.visible_to not in ("", user.id):
            raise LookupError(f"{user.name} does not see the message {message_id}")
        button = find_button(message, wanted)
        if button.url:
            return Answer(url=button.url)
        if not self.plugged:
            return Answer(why="Telegram is unplugged")
        click = self.people.click(user, message, button)
        try:
            async with asyncio.timeout(self.click_seconds):
                await click.answered.wait()
        except TimeoutError:
            self.workspace.changed("unanswered", chat=place.id, message=message_id, user=user.id)
        return click.answer or Answer(why=f"no answer within {self.click_seconds:g} s")

    async def type(self, by: str, chat: str | None, text: str, *, reply_to: int | Card = 0, topic: int = 0) -> Message:
        """Write into a group, or into the private chat with the bot (None), as a reply if asked."""
        replied = reply_to.id if isinstance(reply_to, Card) else reply_to
        return self.people.say(by, chat, text, reply_to=replied, topic=topic)

    # What can be seen

    @asynccontextmanager
    async def changes(self) -> AsyncIterator[asyncio.Queue[Change]]:
        """Give a queue into which every change is put from now on."""
        queue: asyncio.Queue[Change] = asyncio.Queue()
        self._subscribers.add(queue)
        try:
            yield queue
        finally:
            self._subscribers.discard(queue)

    async def wait_for(self, predicate: Callable[[], bool], within: float = WAIT_SECONDS) -> bool:
        """Wait until `predicate` holds, asked again after every change; whether it did in time is returned."""
        async with self.changes() as queue:
            try:
                async with asyncio.timeout(within):
                    while not predicate():
                        await queue.get()
            except TimeoutError:
                return predicate()
        return True

    async def wait_for_log(self, predicate: Callable[[], bool], within: float = WAIT_SECONDS) -> bool:
        """Wait until `predicate`, asked again after every exchange, holds; whether it did in time is returned."""
        changed = asyncio.Event()
        with self.log.watching(changed.set):
            try:
                async with asyncio.timeout(within):
                    while not predicate():
                        await changed.wait()
                        changed.clear()
            except TimeoutError:
                return predicate()
        return True

    async def expect_card(self, text: str, *, chat: str, within: float = WAIT_SECONDS) -> Card:
        """Wait for a message with `text` in a group; raises AssertionError with what was there."""
        return await expect_card(self, text, self.workspace.chat(chat).id, within)

    async def expect_dm(self, user: str, text: str, *, within: float = WAIT_SECONDS) -> Card:
        """Wait for a message with `text` in a person's private chat; raises AssertionError with what was there."""
        return await expect_card(self, text, self.workspace.user(user).id, within)

    async def expect_private(self, user: str, text: str, *, within: float = WAIT_SECONDS) -> Card | Notice:
        """Wait for a toast, an alert or an ephemeral message with `text`; raises AssertionError with what was there."""
        return await expect_private(self, user, text, within)

    def _cut(self, client: tuple[str, int]) -> None:
        self._listener.cut(client)

    def _tell(self, change: Change) -> None:
        for queue in self._subscribers:
            queue.put_nowait(change)

    def _posted(self, method: str, update: object, answer: object, status: int | None) -> None:
        self.log.record(WireEntry(self.clock.now(), "out", method, update, answer, status))
