"""A Slack on this machine: start it, point the adapter's `api_base_url` at it, and act as its people.

    async with SlackServer(clock) as slack:
        slack.workspace.add_user("ana")
        slack.workspace.add_channel("ops-alerts")
        ...                                             # an adapter with slack.api_base_url, bot_token, app_token
        card = await slack.expect_card("disk full", chat="ops-alerts")
        await card.click("Acknowledge", by="ana")
        await card.shows("Ana")

It runs in the caller's event loop. The workspace's time is the given clock's; deadlines of the network are real time.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

from bot.clock import Clock, SystemClock
from bot.playground.listener import LOOPBACK, Listener
from bot.playground.slack.api import Parts, application
from bot.playground.slack.expect import Card, expect_card, expect_dm, expect_ephemeral
from bot.playground.slack.faults import Faults
from bot.playground.slack.interactivity import Answer, Interactivity, find_element
from bot.playground.slack.modals import Modals
from bot.playground.slack.pace import Pace
from bot.playground.slack.socket_mode import Reason, SocketHub
from bot.playground.slack.triggers import Triggers
from bot.playground.slack.workspace import Change, Message, Workspace
from bot.playground.wire import Direction, JsonObject, WireEntry, WireLog

WAIT_SECONDS = 15.0


class SlackServer:
    """One workspace behind Slack's Web API, Socket Mode and interactivity, on a loopback port."""

    def __init__(self, clock: Clock | None = None, *, workspace: Workspace | None = None, port: int = 0) -> None:
        self.clock = clock or SystemClock()
        self.workspace = workspace or Workspace(self.clock)
        self.log = WireLog()
        tokens = self.workspace.tokens
        self.log.hide([tokens.bot, tokens.app, tokens.signing_secret])
        self.faults = Faults(self.workspace)
        self.pace = Pace()
        self.triggers = Triggers()
        self.modals = Modals()
        self.sockets = SocketHub(self.workspace.app_id, self._passed)
        self.interactivity = Interactivity(self.workspace, self.sockets, self.triggers, self.modals)
        self.interactivity.heard = self._posted
        self.interactivity.reachable = lambda: self.plugged
        self._subscribers: set[asyncio.Queue[Change]] = set()
        self.workspace.watch(self._tell)
        self._parts = Parts(
            self.workspace,
            self.triggers,
            self.modals,
            self.sockets,
            self.faults,
            self.pace,
            self.log,
            self._cut,
        )
        self._listener = Listener(application(self._parts), port)

    # Running

    async def start(self) -> None:
        """Listen; raises OSError if the port is taken."""
        await self._listener.start()
        self._parts.address = self.interactivity.address = f"{LOOPBACK}:{self.port}"

    async def stop(self) -> None:
        """Drop every connection and stop listening."""
        self.faults.clear()
        await self._listener.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def pull_plug(self) -> None:
        """Make Slack vanish: every connection is dropped, new ones are refused."""
        await self._listener.pull()
        self.workspace.changed("plug")

    async def put_back(self) -> None:
        """Bring Slack back on the same port, with everything it knew."""
        await self._listener.start()
        self.workspace.changed("plug")

    @property
    def plugged(self) -> bool:
        """Whether Slack can be reached."""
        return self._listener.plugged

    # What an adapter is configured with

    @property
    def port(self) -> int:
        """The port, chosen at the first start if none was given."""
        return self._listener.port

    @property
    def api_base_url(self) -> str:
        """The base of the Web API's addresses."""
        return f"http://{LOOPBACK}:{self.port}/api/"

    @property
    def bot_token(self) -> str:
        """The bot token (`xoxb-`)."""
        return self.workspace.tokens.bot

    @property
    def app_token(self) -> str:
        """The app-level token (`xapp-`)."""
        return self.workspace.tokens.app

    @property
    def signing_secret(self) -> str:
        """The secret with which requests to the app are signed."""
        return self.workspace.tokens.signing_secret

    def deliver_by_http(self, request_url: str, *, commands_url: str = "") -> None:
        """Set where interactions (and commands) are posted, signed, whenever no socket is connected."""
        self.interactivity.request_url = request_url
        self.interactivity.commands_url = commands_url

    # What people do

    async def click(self, user_id: str, channel: str, ts: str, wanted: str) -> Answer:
        """Click the button with this action_id or label, as a person; raises LookupError if there is none."""
        return await self.choose(user_id, channel, ts, wanted, "")

    async def choose(self, user_id: str, channel: str, ts: str, wanted: str, choice: str) -> Answer:
        """Choose an option, by its value or label, from the menu with this action_id or placeholder."""
        message = self.workspace.message(self.workspace.channel(channel).id, ts)
        if message is None:
            raise LookupError(f"no message {ts} in {channel}")
        user = self.workspace.user(user_id)
        if message.visible_to not in ("", user.id):
            raise LookupError(f"{user.name} does not see the message {ts}")
        answer = await self.interactivity.act(user, message, find_element(message, wanted), choice)
        if not answer.acked:
            self.workspace.changed("unanswered", channel=message.channel, ts=message.ts, user=user.id)
        return answer

    async def submit(self, user_id: str, values: JsonObject) -> Answer:
        """Submit the modal that a person has open, with `values`: block_id -> action_id -> state.

        The app's answer decides: errors keep it open, update and push change it, otherwise it closes.
        """
        user = self.workspace.user(user_id)
        view = self.modals.top(user.id)
        if view is None:
            raise LookupError(f"{user.name} has no modal open")
        answer = await self.interactivity.submit(view, values)
        if answer.acked:
            self.modals.answered(view, answer.body)
            self.workspace.changed("view", user=user.id)
        return answer

    def close_view(self, user_id: str) -> None:
        """Close the modal that a person has open, without submitting it."""
        user = self.workspace.user(user_id)
        view = self.modals.top(user.id)
        if view is not None:
            self.modals.close(view)
            self.workspace.changed("view", user=user.id)

    async def command(self, user_id: str, channel: str, text: str) -> Answer:
        """Type a slash command, such as `/oncard help`."""
        word, _, rest = text.partition(" ")
        return await self.interactivity.command(
            self.workspace.user(user_id), self.workspace.channel(channel), word, rest.strip()
        )

    async def disconnect_sockets(self, reason: Reason) -> None:
        """Tell the app's sockets that they must be replaced."""
        await self.sockets.announce(reason)

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

    async def subscribe(self) -> AsyncIterator[Change]:
        """Yield every change from now on."""
        async with self.changes() as queue:
            while True:
                yield await queue.get()

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
        """Wait for a message with `text` in a channel; raises AssertionError with what was there."""
        return await expect_card(self, text, chat, within)

    async def expect_dm(self, user: str, text: str, *, within: float = WAIT_SECONDS) -> Card:
        """Wait for a direct message with `text` to a person; raises AssertionError with what was there."""
        return await expect_dm(self, user, text, within)

    async def expect_ephemeral(self, user: str, text: str, *, within: float = WAIT_SECONDS) -> Message:
        """Wait for a message with `text` that only this person sees; raises AssertionError with what was there."""
        return await expect_ephemeral(self, user, text, within)

    def _cut(self, client: tuple[str, int]) -> None:
        self._listener.cut(client)

    def _tell(self, change: Change) -> None:
        for queue in self._subscribers:
            queue.put_nowait(change)

    def _passed(self, direction: Direction, method: str, message: object) -> None:
        self.log.record(WireEntry(self.clock.now(), direction, method, message, None))

    def _posted(self, method: str, payload: object, answer: object, status: int | None) -> None:
        self.log.record(WireEntry(self.clock.now(), "out", method, payload, answer, status))
