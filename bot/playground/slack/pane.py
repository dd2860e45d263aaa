"""Slack as the page draws it: what one person sees, in Slack's own wire format, and what they do."""

import sys
from collections.abc import Callable, Mapping

from bot.playground.slack.faults import ANY, Fault
from bot.playground.slack.modals import Modals
from bot.playground.slack.server import SlackServer
from bot.playground.slack.shapes import message_shape
from bot.playground.slack.views import view_shape
from bot.playground.slack.workspace import Channel, Message, User, Workspace
from bot.playground.wire import JsonObject, as_object, as_text

SHOWN = 100
"""How many of the newest messages of a chat are drawn."""

RATE_LIMIT = "rate limit"
KICK = "kick the bot"
WRITE_ANYWHERE = "chat:write.public"
"""The right to write in public channels without being in them; somebody who kicks the bot takes it away as well."""


class SlackPane:
    """The page's view of one Slack server."""

    platform = "slack"

    def __init__(self, server: SlackServer, *, pane_id: str = "slack") -> None:
        self._server = server
        self._workspace: Workspace = server.workspace
        self._modals: Modals = server.modals
        self.id = pane_id
        self._rate_limit: Fault | None = None
        self._kicked: tuple[tuple[str, ...], frozenset[str]] | None = None

    @property
    def title(self) -> str:
        """The workspace's name."""
        return self._workspace.name

    @property
    def plugged(self) -> bool:
        """Whether the app can reach Slack."""
        return self._server.plugged

    async def pull_plug(self) -> None:
        """Make Slack vanish for the app."""
        await self._server.pull_plug()

    async def put_back(self) -> None:
        """Bring it back."""
        await self._server.put_back()

    def switches(self) -> Mapping[str, bool]:
        """Return the troubles that last until they are ended."""
        return {RATE_LIMIT: self._rate_limit is not None, KICK: self._kicked is not None}

    async def switch(self, name: str) -> None:
        """Answer every call with 429, or take the bot out of every channel; or let it be as before."""
        match name:
            case "rate limit":
                self._limit()
            case "kick the bot":
                self._kick()
            case other:
                raise LookupError(f"no switch {other!r}")
        self._workspace.changed("switch")

    def _limit(self) -> None:
        faults = self._server.faults
        if self._rate_limit is None:
            self._rate_limit = faults.add(Fault("rate_limit", ANY, "5", sys.maxsize))
        else:
            faults.remove(self._rate_limit)
            self._rate_limit = None

    def _kick(self) -> None:
        workspace, kicked = self._workspace, self._kicked
        if kicked is None:
            channels = tuple(c.id for c in workspace.channels.values() if c.kind != "im" and c.bot_member)
            self._kicked = channels, workspace.scopes
            workspace.scopes -= {WRITE_ANYWHERE}
        else:
            self._kicked = None
            channels, workspace.scopes = kicked
        for channel in channels:
            workspace.set_bot_member(channel, member=kicked is not None)

    def people(self) -> list[JsonObject]:
        """Return the people of the workspace, and how many direct messages each has."""
        counts = {c.user: len(self._workspace.messages(c.id)) for c in self._workspace.channels.values() if c.user}
        return [{**_person(user), "direct": counts.get(user.id, 0)} for user in self._workspace.people()]

    def chats(self, person: str) -> list[JsonObject]:
        """Return a person's channels and their direct conversation with the app."""
        seen = [c for c in self._workspace.channels.values() if self._workspace.sees(person, c) and c.kind != "im"]
        direct = [c for c in self._workspace.channels.values() if c.kind == "im" and c.user == person]
        return [self._chat(person, channel) for channel in [*seen, *direct]]

    def conversation(self, person: str, chat: str) -> JsonObject:
        """Return the newest messages of a chat and everything needed to draw them."""
        channel = self._workspace.channels.get(chat)
        if channel is None or not self._workspace.sees(person, channel):
            raise LookupError(f"no chat {chat!r} for {person!r}")
        view = self._modals.top(person)
        return {
            "chat": self._chat(person, channel),
            "messages": [self._message(m) for m in self._workspace.messages(chat, reader=person)[-SHOWN:]],
            "users": [_person(user) for user in self._workspace.users.values()],
            "channels": [{"id": c.id, "name": c.name} for c in self._workspace.channels.values() if c.name],
            "view": None if view is None else view_shape(self._workspace, view),
        }

    def picture(self, person: str, name: str) -> bytes:
        """Return a file that was shared where the person is; raises LookupError."""
        seen = [c for c in self._workspace.channels.values() if self._workspace.sees(person, c)]
        for message in (m for channel in seen for m in self._workspace.messages(channel.id, reader=person)):
            if name in message.draft.files:
                return self._workspace.files[name].data
        raise LookupError(f"no file {name!r} for {person!r}")

    async def act(self, person: str, action: JsonObject) -> str:
        """Click, choose, submit or close a form, or write; return what Slack would show if it went wrong."""
        server, chat = self._server, as_text(action.get("chat"))
        if person not in self._workspace.users:
            raise LookupError(f"nobody is {person!r}")
        match action.get("do"):
            case "choose":
                wanted, choice = as_text(action.get("action")), as_text(action.get("choice"))
                answer = await server.choose(person, chat, as_text(action.get("ts")), wanted, choice)
            case "submit":
                answer = await server.submit(person, as_object(action.get("values")))
                if answer.acked and answer.body.get("response_action") == "errors":
                    # The app's words, which Slack shows beside the fields.
                    return " ".join(as_text(wrong) for wrong in as_object(answer.body.get("errors")).values())
            case "close":
                server.close_view(person)
                return ""
            case "write":
                return await self._write(person, chat, as_text(action.get("text")).strip())
            case other:
                raise LookupError(f"nothing is called {other!r}")
        return f"Nothing happened: {answer.why}." if answer.why else ""

    async def _write(self, person: str, chat: str, text: str) -> str:
        """Post what a person wrote, or send it to the app if it is a slash command."""
        if not text.startswith("/"):
            self._workspace.say(person, chat, text)
            return ""
        answer = await self._server.command(person, chat, text)
        return f"{text.split(maxsplit=1)[0]} failed: {answer.why}." if answer.why else ""

    def watch(self, tell: Callable[[], None]) -> Callable[[], None]:
        """Call `tell` after every change of the workspace."""
        return self._workspace.watch(lambda _change: tell())

    def _chat(self, person: str, channel: Channel) -> JsonObject:
        messages = self._workspace.messages(channel.id, reader=person)
        direct = channel.kind == "im"
        members = [user for user in self._workspace.people() if self._workspace.sees(user.id, channel)]
        return {
            "id": channel.id,
            "name": self._workspace.bot.real_name if direct else channel.name,
            "kind": "direct" if direct else "channel",
            "private": channel.kind == "private",
            "archived": channel.archived,
            "members": len(members),
            "count": len(messages),
            "latest": messages[-1].ts if messages else "",
        }

    def _message(self, message: Message) -> JsonObject:
        return {
            **message_shape(self._workspace, message),
            "at": message.at.isoformat(),
            "edits": message.edits,
            "ephemeral": bool(message.visible_to),
        }


def _person(user: User) -> JsonObject:
    return {"id": user.id, "name": user.real_name, "handle": user.name, "bot": user.is_bot}
