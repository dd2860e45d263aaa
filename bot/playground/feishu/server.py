"""A Feishu on this machine: start it, point the adapter's `api_base_url` at it, and act as its people.

    async with FeishuServer(clock) as feishu:
        feishu.workspace.add_user("ana")
        feishu.workspace.add_chat("ops-alerts")
        ...                                             # an adapter with feishu.api_base_url, app_id, app_secret
        card = await feishu.expect_card("disk full", chat="ops-alerts")
        await card.click("Acknowledge", by="ana")
        await card.shows("Ana")

It runs in the caller's event loop. The tenant's time is the given clock's; deadlines of the network are real time.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

from bot.clock import Clock, SystemClock
from bot.playground.feishu.api import Parts, application
from bot.playground.feishu.callbacks import Callbacks
from bot.playground.feishu.delivery import Answer, Delivery
from bot.playground.feishu.events import Events
from bot.playground.feishu.expect import Card, expect_card, expect_dm, expect_private
from bot.playground.feishu.faults import Faults
from bot.playground.feishu.interactivity import Interactivity, Values
from bot.playground.feishu.long_connection import LongConnections
from bot.playground.feishu.pace import Pace
from bot.playground.feishu.tenant import Change, Chat, Message, Robot, Tenant, User
from bot.playground.listener import LOOPBACK, Listener
from bot.playground.wire import Direction, WireEntry, WireLog

WAIT_SECONDS = 15.0


class FeishuServer:
    """One tenant behind Feishu's OpenAPI, long connection and callbacks, on a loopback port."""

    def __init__(self, clock: Clock | None = None, *, workspace: Tenant | None = None, port: int = 0) -> None:
        self.clock = clock or SystemClock()
        self.workspace = workspace or Tenant(self.clock)
        self.log = WireLog()
        app = self.workspace.app
        self.log.hide([app.secret, app.encrypt_key, app.verification_token])
        self.faults = Faults(self.workspace)
        self.pace = Pace()
        self.connections = LongConnections(self.workspace, self.faults, self._passed)
        self.delivery = Delivery(self.workspace, self.connections)
        self.delivery.heard = self._posted
        self.delivery.reachable = lambda: self.plugged
        self._interactivity = Interactivity(self.workspace, self.delivery)
        self._events = Events(self.workspace, self.delivery)
        self._subscribers: set[asyncio.Queue[Change]] = set()
        self.workspace.watch(self._tell)
        self._listener = Listener(
            application(Parts(self.workspace, self.connections, self.faults, self.pace, self.log, self._cut)), port
        )

    # Running

    async def start(self) -> None:
        """Listen; raises OSError if the port is taken."""
        await self._listener.start()
        self.connections.address = f"{LOOPBACK}:{self.port}"

    async def stop(self) -> None:
        """Drop every connection, give up what is still to be told, and stop listening."""
        self.faults.clear()
        await self.delivery.stop()
        await self._listener.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def pull_plug(self) -> None:
        """Make Feishu vanish: every connection is dropped, new ones are refused."""
        await self._listener.pull()
        self.workspace.changed("plug")

    async def put_back(self) -> None:
        """Bring Feishu back on the same port, with everything it knew."""
        await self._listener.start()
        self.workspace.changed("plug")

    @property
    def plugged(self) -> bool:
        """Whether Feishu can be reached."""
        return self._listener.plugged

    # What an adapter is configured with

    @property
    def port(self) -> int:
        """The port, chosen at the first start if none was given."""
        return self._listener.port

    @property
    def api_base_url(self) -> str:
        """The address that stands for https://open.feishu.cn/."""
        return f"http://{LOOPBACK}:{self.port}/"

    @property
    def app_id(self) -> str:
        """The app's id (`cli_`)."""
        return self.workspace.app.id

    @property
    def app_secret(self) -> str:
        """The app's secret."""
        return self.workspace.app.secret

    @property
    def encrypt_key(self) -> str:
        """The key with which callbacks are encrypted and signed."""
        return self.workspace.app.encrypt_key

    @property
    def verification_token(self) -> str:
        """The token that stands in every event."""
        return self.workspace.app.verification_token

    def hook_url(self, robot: Robot) -> str:
        """Return the address of a group robot."""
        self.log.hide([robot.token, robot.secret])
        return f"{self.api_base_url}open-apis/bot/v2/hook/{robot.token}"

    def deliver_by_http(self, event_url: str, *, card_url: str = "", encrypted: bool = True) -> None:
        """Post events and clicks there from now on, instead of using the long connection; "" for that again."""
        self.delivery.callbacks = Callbacks(event_url, card_url, encrypted)

    async def challenge(self, url: str) -> bool:
        """Whether an address answers the challenge that the console sends before it saves it."""
        return await self.delivery.challenge(url)

    # What people do

    async def click(self, user: str, message_id: str, wanted: str | int, values: Values | None = None) -> Answer:
        """Click the button with this label, name or number, as a person; `values` fill the form that it sends.

        Raises LookupError for what is not there or cannot be filled in so.
        """
        person, message = self._on_card(user, message_id)
        return await self._interactivity.click(person, message, wanted, values or {})

    async def choose(self, user: str, message_id: str, wanted: str | int, choice: str) -> Answer:
        """Choose from a menu outside of a form, by its name, words or number; raises LookupError."""
        person, message = self._on_card(user, message_id)
        return await self._interactivity.choose(person, message, wanted, choice)

    async def type(self, by: str, chat: str | None, text: str, *, reply_to: Card | Message | None = None) -> Message:
        """Write in a group, or with None in the direct conversation; `@Oncard`, `@Bo` and `@all` are mentions.

        The app is told in the background, if its scopes let it hear of this.
        """
        return self._events.typed(self.workspace.user(by), chat, text, reply_to.id if reply_to else "")

    def kick_bot(self, chat: str, *, by: str = "") -> None:
        """Remove the bot from a group, which it is told."""
        self.set_bot_member(chat, member=False, by=by)

    def invite_bot(self, chat: str, *, by: str = "") -> None:
        """Add the bot to a group, which it is told."""
        self.set_bot_member(chat, member=True, by=by)

    def set_bot_member(self, chat: str, *, member: bool, by: str = "") -> None:
        """Add the bot to a group or remove it, which it is told."""
        self._events.bot_moved(self.workspace.chat(chat), self._somebody(by), member=member)

    def dissolve(self, chat: str, *, by: str = "", keep_history: bool = False) -> None:
        """Dissolve a group; the app is told unless the owner keeps the history."""
        self._events.disbanded(self.workspace.chat(chat), self._somebody(by), keep_history=keep_history)

    def leave(self, who: str) -> None:
        """Let a person leave the company."""
        self.workspace.set_standing(who, "resigned")

    def _somebody(self, by: str) -> User:
        return self.workspace.user(by) if by else next(iter(self.workspace.users.values()))

    def _on_card(self, user: str, message_id: str) -> tuple[User, Message]:
        person, message = self.workspace.user(user), self.workspace.message(message_id)
        if message is None or message.msg_type != "interactive":
            raise LookupError(f"no card {message_id}")
        seen = message.visible_to in ("", person.id) and self.workspace.sees(
            person.id, self.workspace.chats[message.chat]
        )
        if not seen:
            raise LookupError(f"{person.name} does not see the card {message_id}")
        return person, message

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
        return await expect_card(self, text, chat, within)

    async def expect_dm(self, user: str, text: str, *, within: float = WAIT_SECONDS) -> Card:
        """Wait for a direct message with `text` to a person; raises AssertionError with what was there."""
        return await expect_dm(self, user, text, within)

    async def expect_private(self, user: str, text: str, *, within: float = WAIT_SECONDS) -> Card:
        """Wait for a toast or an ephemeral card with `text`; raises AssertionError with what was there."""
        return await expect_private(self, user, text, within)

    def user(self, name: str) -> User:
        """Return the person with this name; raises LookupError."""
        return self.workspace.user(name)

    def chat(self, name: str) -> Chat:
        """Return the group with this name; raises LookupError."""
        return self.workspace.chat(name)

    def _cut(self, client: tuple[str, int]) -> None:
        self._listener.cut(client)

    def _tell(self, change: Change) -> None:
        for queue in self._subscribers:
            queue.put_nowait(change)

    def _passed(self, direction: Direction, method: str, message: object) -> None:
        self.log.record(WireEntry(self.clock.now(), direction, method, message, None))

    def _posted(self, method: str, payload: object, answer: object, status: int | None) -> None:
        self.log.record(WireEntry(self.clock.now(), "out", method, payload, answer, status))
