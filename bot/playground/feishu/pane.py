"""Feishu as the page draws it: what one person sees, in Feishu's own wire format, and what they do."""

import json
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

from bot.playground.feishu.faults import ANY, Fault
from bot.playground.feishu.server import FeishuServer
from bot.playground.feishu.shapes import members, message_shape
from bot.playground.feishu.tenant import Chat, Message, Tenant, User
from bot.playground.wire import JsonObject, as_object, as_text

SHOWN: Final = 100
"""How many of the newest messages of a chat are drawn."""

TOASTS_STAY: Final = timedelta(seconds=60)
RATE_LIMIT: Final = "rate limit"
KICK: Final = "kick the bot"


class FeishuPane:
    """The page's view of one Feishu server."""

    platform = "feishu"

    def __init__(self, server: FeishuServer, *, pane_id: str = "feishu") -> None:
        self._server = server
        self._tenant: Tenant = server.workspace
        self.id = pane_id
        self._rate_limit: Fault | None = None
        self._kicked_from: tuple[str, ...] | None = None

    @property
    def title(self) -> str:
        """The company's name."""
        return self._tenant.name

    @property
    def plugged(self) -> bool:
        """Whether the app can reach Feishu."""
        return self._server.plugged

    async def pull_plug(self) -> None:
        """Make Feishu vanish for the app."""
        await self._server.pull_plug()

    async def put_back(self) -> None:
        """Bring it back."""
        await self._server.put_back()

    def switches(self) -> Mapping[str, bool]:
        """Return the troubles that last until they are ended."""
        return {RATE_LIMIT: self._rate_limit is not None, KICK: self._kicked_from is not None}

    async def switch(self, name: str) -> None:
        """Answer every call with 429, or take the bot out of every group; or let it be as before."""
        match name:
            case "rate limit":
                self._limit()
            case "kick the bot":
                self._kick()
            case other:
                raise LookupError(f"no switch {other!r}")
        self._tenant.changed("switch")

    def _limit(self) -> None:
        faults = self._server.faults
        if self._rate_limit is None:
            self._rate_limit = faults.add(Fault("rate_limit", ANY, 5, sys.maxsize))
        else:
            faults.remove(self._rate_limit)
            self._rate_limit = None

    def _kick(self) -> None:
        groups, back = self._kicked_from, self._kicked_from is not None
        if groups is None:
            groups = tuple(c.id for c in self._tenant.chats.values() if c.kind == "group" and c.bot_member)
        self._kicked_from = None if back else groups
        for group in groups:
            self._server.set_bot_member(group, member=back)

    def people(self) -> list[JsonObject]:
        """Return the people of the company, and how many direct messages each has."""
        counts = {c.user: len(self._tenant.messages(c.id)) for c in self._tenant.chats.values() if c.user}
        return [{**_person(user), "direct": counts.get(user.id, 0)} for user in self._tenant.people()]

    def chats(self, person: str) -> list[JsonObject]:
        """Return a person's groups and their direct conversation with the bot."""
        seen = [c for c in self._tenant.chats.values() if c.kind == "group" and self._tenant.sees(person, c)]
        direct = [c for c in self._tenant.chats.values() if c.user == person and person]
        return [self._chat(person, chat) for chat in [*seen, *direct]]

    def conversation(self, person: str, chat: str) -> JsonObject:
        """Return the newest messages of a chat and everything needed to draw them."""
        where = self._tenant.chats.get(chat)
        if where is None or not self._tenant.sees(person, where):
            raise LookupError(f"no chat {chat!r} for {person!r}")
        app = self._tenant.app
        bots: list[JsonObject] = [{"id": bot, "name": app.name, "bot": True} for bot in (app.id, app.open_id)]
        robots: list[JsonObject] = [
            {"id": robot.name, "name": robot.name, "bot": True} for robot in self._tenant.robots.values()
        ]
        return {
            "chat": self._chat(person, where),
            "messages": [self._message(m) for m in self._tenant.messages(chat, reader=person)[-SHOWN:]],
            "users": [*(_person(user) for user in self._tenant.users.values()), *bots, *robots],
            "toasts": self._toasts(person),
        }

    def picture(self, person: str, name: str) -> bytes:
        """Return an image in a message that the person sees; raises LookupError."""
        seen = [chat for chat in self._tenant.chats.values() if self._tenant.sees(person, chat)]
        for message in (one for chat in seen for one in self._tenant.messages(chat.id, reader=person)):
            if name in self._tenant.images and f'"{name}"' in json.dumps(message.content):
                return self._tenant.images[name]
        raise LookupError(f"no image {name!r} for {person!r}")

    async def act(self, person: str, action: JsonObject) -> str:
        """Use a part of a card, or write; return what Feishu would show if it went wrong, but for toasts."""
        if person not in self._tenant.users:
            raise LookupError(f"nobody is {person!r}")
        match action.get("do"):
            case "use":
                await self._use(person, action)
                return ""
            case "write":
                return await self._write(person, as_text(action.get("chat")), as_text(action.get("text")).strip())
            case other:
                raise LookupError(f"nothing is called {other!r}")

    async def _use(self, person: str, action: JsonObject) -> None:
        """Click a button, with the values of the form that it sends, or choose; its failure is shown as a toast."""
        message, part = as_text(action.get("message")), action.get("part")
        if not isinstance(part, int):
            raise LookupError("no part of the card")
        if action.get("choice") is None:
            await self._server.click(person, message, part, as_object(action.get("values")))
        else:
            await self._server.choose(person, message, part, as_text(action.get("choice")))

    async def _write(self, person: str, chat: str, text: str) -> str:
        where = self._tenant.chats.get(chat)
        if where is None:
            raise LookupError(f"no chat {chat!r}")
        if text:
            await self._server.type(person, None if where.user else chat, text)
        return ""

    def watch(self, tell: Callable[[], None]) -> Callable[[], None]:
        """Call `tell` after every change of the tenant."""
        return self._tenant.watch(lambda _change: tell())

    def _chat(self, person: str, chat: Chat) -> JsonObject:
        messages = self._tenant.messages(chat.id, reader=person)
        direct = chat.kind == "p2p"
        return {
            "id": chat.id,
            "name": self._tenant.app.name if direct else chat.name,
            "kind": "direct" if direct else "channel",
            "private": chat.members is not None and not direct,
            "archived": chat.dissolved,
            "members": len(members(self._tenant, chat)),
            "count": len(messages),
            "latest": messages[-1].id if messages else "",
        }

    def _message(self, message: Message) -> JsonObject:
        return {
            **message_shape(self._tenant, message),
            "at": message.at.isoformat(),
            "edits": message.edits,
            "ephemeral": bool(message.visible_to),
            "mentions": list(message.mentions),
        }

    def _toasts(self, person: str) -> list[JsonObject]:
        since = self._tenant.clock.now() - TOASTS_STAY
        shown = [m for m in self._tenant.private(person) if m.msg_type == "toast" and m.at >= since]
        return [{**toast.content, "id": toast.id} for toast in shown]


def _person(user: User) -> JsonObject:
    return {"id": user.id, "name": user.real_name, "handle": user.name, "bot": False}
