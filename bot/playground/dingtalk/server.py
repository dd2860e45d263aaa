"""A DingTalk on this machine: start it, point the adapter's `api_base_url` at it, and act as its people.

    async with DingTalkServer(clock) as dingtalk:
        dingtalk.workspace.add_user("ana")
        dingtalk.workspace.add_chat("ops-alerts")
        template_id = dingtalk.workspace.add_template({...})    # the notation stands in `templates`
        ...                         # an adapter with dingtalk.api_base_url, client_id, client_secret, template_id
        card = await dingtalk.expect_card("disk full", chat="ops-alerts")
        await card.click("Acknowledge", by="ana")
        await card.shows("Ana")

It runs in the caller's event loop. The organisation's time is the given clock's; deadlines of the network are real.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

from bot.clock import Clock, SystemClock
from bot.playground.dingtalk.api import Parts, application
from bot.playground.dingtalk.expect import Card, expect_card, expect_dm, expect_private, expect_toast
from bot.playground.dingtalk.faults import Faults
from bot.playground.dingtalk.flatten import blocks, presses, sent_text
from bot.playground.dingtalk.forms import filled_in
from bot.playground.dingtalk.interactivity import Answer, Interactivity
from bot.playground.dingtalk.pace import Pace
from bot.playground.dingtalk.stream import StreamHub
from bot.playground.dingtalk.tokens import Tokens
from bot.playground.dingtalk.webhooks import CustomRobot, Webhooks
from bot.playground.dingtalk.workspace import Change, Message, Toast, User, Workspace
from bot.playground.listener import LOOPBACK, Listener
from bot.playground.wire import Direction, WireEntry, WireLog, as_text

WAIT_SECONDS = 15.0


class DingTalkServer:
    """One organisation behind DingTalk's new and old API, Stream and webhooks, on a loopback port."""

    def __init__(self, clock: Clock | None = None, *, workspace: Workspace | None = None, port: int = 0) -> None:
        self.clock = clock or SystemClock()
        self.workspace = workspace or Workspace(self.clock)
        self.log = WireLog()
        self.log.hide([self.workspace.app.client_secret])
        self.faults = Faults(self.workspace)
        self.pace = Pace()
        self.tokens = Tokens(self.log.hide)
        self.stream = StreamHub(self.workspace.app.client_id, self.clock, self._passed, self._cut)
        self.interactivity = Interactivity(self.workspace, self.stream)
        self.interactivity.heard = self._posted
        self.interactivity.hide = self.log.hide
        self.interactivity.reachable = lambda: self.plugged
        self.interactivity.out_of_calls = lambda: self.pace.exhausted(self.clock.now())
        self.webhooks = Webhooks(self.workspace, self.interactivity)
        self._subscribers: set[asyncio.Queue[Change]] = set()
        self.workspace.watch(self._tell)
        self._parts = Parts(
            self.workspace,
            self.tokens,
            self.stream,
            self.interactivity,
            self.webhooks,
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
        self.stream.stop()
        await self._listener.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def pull_plug(self) -> None:
        """Make DingTalk vanish: every connection is dropped, new ones are refused."""
        await self._listener.pull()
        self.workspace.changed("plug")

    async def put_back(self) -> None:
        """Bring DingTalk back on the same port, with everything it knew."""
        await self._listener.start()
        self.workspace.changed("plug")

    @property
    def plugged(self) -> bool:
        """Whether DingTalk can be reached."""
        return self._listener.plugged

    # What an adapter is configured with

    @property
    def port(self) -> int:
        """The port, chosen at the first start if none was given."""
        return self._listener.port

    @property
    def api_base_url(self) -> str:
        """The base of the addresses of both the new API (`v1.0/...`) and the old one (`topapi/...`)."""
        return f"http://{LOOPBACK}:{self.port}/"

    @property
    def client_id(self) -> str:
        """The app's client id (AppKey), which is also its robotCode."""
        return self.workspace.app.client_id

    @property
    def client_secret(self) -> str:
        """The app's secret."""
        return self.workspace.app.client_secret

    def deliver_by_http(self, robot_url: str) -> None:
        """Set where messages to the bot are posted, signed; an empty address brings them to Stream again."""
        self.interactivity.robot_url = robot_url

    def add_robot(self, chat: str, name: str, *, secret: str = "", keywords: tuple[str, ...] = ()) -> CustomRobot:
        """Add a custom robot to a group, with a secret that signs, with keywords, or with neither."""
        robot = CustomRobot(self.workspace.chat(chat).id, name, secret, keywords)
        self.webhooks.robots[robot.access_token] = robot
        self.log.hide([robot.access_token, secret])
        return robot

    def robot_url(self, robot: CustomRobot) -> str:
        """Return the webhook of a custom robot, as its owner copies it."""
        return f"{self.api_base_url}robot/send?access_token={robot.access_token}"

    # What people do

    async def click(self, user_id: str, chat: str, message_id: str, wanted: str, number: int | None = None) -> Answer:
        """Press what has these words, or else this action, on a message; `number` counts from 0 among all buttons.

        A link that sends a text is typed as that person; another link only opens an address: LookupError is raised, as
        it is if there is no such button.
        """
        user, message = self._seen(user_id, chat, message_id)
        found = presses(self.workspace, message, user.id)
        ranked = [*(p for p in found if p.label == wanted), *(p for p in found if p.action and p.action == wanted)]
        if number is not None:
            ranked = [press for press in found[number : number + 1] if press.label == wanted]
        press = next(iter(ranked), None)
        if press is None:
            there = ", ".join(repr(press.label) for press in found) or "none"
            raise LookupError(f"no button {wanted!r} on the message; there are: {there}")
        if press.url:
            return await self.follow(user.id, message.chat, press.url)
        return await self.interactivity.act(user, message, press.action, press.params or {})

    async def follow(self, user_id: str, chat: str, url: str) -> Answer:
        """Open a link as a person; only one that sends a text does anything here, any other raises LookupError."""
        text = sent_text(url)
        if text is None:
            raise LookupError(f"the link only opens {url}")
        return await self.type(user_id, chat, text, to_bot=True)

    async def submit(
        self, user_id: str, chat: str, message_id: str, values: Mapping[str, str | bool], form: str = ""
    ) -> Answer:
        """Fill in and send the form (with this id, if there are several) that a person sees on a card."""
        user, message = self._seen(user_id, chat, message_id)
        drawn = blocks(self.workspace, message, user.id) if message.card else []
        for block in drawn:
            if block["kind"] == "form" and form in ("", block["id"]):
                action = as_text(block["action"]) or as_text(block["id"])
                return await self.interactivity.act(user, message, action, filled_in(block, values))
        raise LookupError(f"{user.name} sees no form {form!r} on the message")

    async def type(self, by: str, chat: str | None, text: str, *, reply_to: str = "", to_bot: bool = False) -> Answer:
        """Write in a group, or with None in the direct chat; in a group the bot hears only what mentions it.

        `reply_to` is the id of a message that is quoted; `to_bot` mentions the bot if the text does not.
        """
        workspace, user = self.workspace, self.workspace.user(by)
        there = workspace.direct(user.id) if chat is None else workspace.chat(chat)
        mention = f"@{workspace.app.name}"
        if to_bot and there.kind == "group" and mention not in text:
            text = f"{mention} {text}"
        quoted = workspace.message(there.id, reply_to) if reply_to else None
        content = {"text": text} if quoted is None else {"text": text, "quotes": quoted.id}
        workspace.post(Message(workspace.new_id(), there.id, user.id, "text", dict(content), self.clock.now()))
        if not there.bot_member or (there.kind == "group" and mention not in text):
            return Answer("nothing", {})
        return await self.interactivity.say(user, there, text, quoted)

    async def disband(self, chat: str, *, by: str) -> bool:
        """Dissolve a group as a person, and return whether the app acknowledged the event."""
        known = self.workspace.chat(chat)
        self.workspace.disband(known.id)
        data = {"openConversationId": known.id, "chatId": f"chat{known.id}", "operator": self.workspace.user(by).id}
        return await self.stream.event("chat_disband", dict(data))

    def _seen(self, user_id: str, chat: str, message_id: str) -> tuple[User, Message]:
        message = self.workspace.message(self.workspace.chat(chat).id, message_id)
        if message is None:
            raise LookupError(f"no message {message_id} in {chat}")
        user = self.workspace.user(user_id)
        if message.readers and user.id not in message.readers:
            raise LookupError(f"{user.name} does not see the message {message_id}")
        return user, message

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
        """Wait for a message of a bot with `text` in a group; raises AssertionError with what was there."""
        return await expect_card(self, text, chat, within)

    async def expect_dm(self, user: str, text: str, *, within: float = WAIT_SECONDS) -> Card:
        """Wait for a direct message with `text` to a person; raises AssertionError with what was there."""
        return await expect_dm(self, user, text, within)

    async def expect_private(self, user: str, text: str, *, within: float = WAIT_SECONDS) -> Card:
        """Wait for `text` that only this person sees, on their view of a card; raises AssertionError."""
        return await expect_private(self, user, text, within)

    async def expect_toast(self, user: str, text: str, *, within: float = WAIT_SECONDS) -> Toast:
        """Wait for a short notice with `text` on this person's screen; raises AssertionError with what was there."""
        return await expect_toast(self, user, text, within)

    def _cut(self, client: tuple[str, int]) -> None:
        self._listener.cut(client)

    def _tell(self, change: Change) -> None:
        for queue in self._subscribers:
            queue.put_nowait(change)

    def _passed(self, direction: Direction, method: str, message: object) -> None:
        self.log.record(WireEntry(self.clock.now(), direction, method, message, None))

    def _posted(self, method: str, payload: object, answer: object, status: int | None) -> None:
        self.log.record(WireEntry(self.clock.now(), "out", method, payload, answer, status))
