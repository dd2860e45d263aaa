"""DingTalk as the page draws it: what one person sees, and what they do."""

from collections.abc import Callable, Mapping

from bot.playground.dingtalk.flatten import blocks, visible_text
from bot.playground.dingtalk.server import DingTalkServer
from bot.playground.dingtalk.workspace import Chat, Message, User, Workspace
from bot.playground.wire import JsonObject, as_object, as_text

SHOWN = 100
"""How many of the newest messages of a chat are drawn."""

RATE_LIMIT, KICK, OUT_OF_CALLS = "rate limit", "kick the bot", "out of calls"


class DingTalkPane:
    """The page's view of one DingTalk server."""

    platform = "dingtalk"

    def __init__(self, server: DingTalkServer, *, pane_id: str = "dingtalk") -> None:
        self._server = server
        self._workspace: Workspace = server.workspace
        self._kicked: list[str] = []
        self.id = pane_id

    @property
    def title(self) -> str:
        """The organisation's name."""
        return self._workspace.name

    @property
    def plugged(self) -> bool:
        """Whether the app can reach DingTalk."""
        return self._server.plugged

    async def pull_plug(self) -> None:
        """Make DingTalk vanish for the app."""
        await self._server.pull_plug()

    async def put_back(self) -> None:
        """Bring it back."""
        await self._server.put_back()

    def switches(self) -> Mapping[str, bool]:
        """Return the troubles that last until they are ended."""
        pace = self._server.pace
        return {RATE_LIMIT: pace.throttled, OUT_OF_CALLS: pace.spent, KICK: bool(self._kicked)}

    async def switch(self, name: str) -> None:
        """Begin a trouble, or end it if it lasts; raises LookupError if none is called that."""
        pace = self._server.pace
        match name:
            case "rate limit":
                pace.throttled = not pace.throttled
            case "out of calls":
                pace.spent = not pace.spent
            case "kick the bot":
                back = list(self._kicked)
                self._kicked = [] if back else [group.id for group in self._groups() if group.bot_member]
                for group in back or self._kicked:
                    self._workspace.set_bot_member(group, member=bool(back))
            case _:
                raise LookupError(f"no switch is called {name!r}")
        self._workspace.changed("switch")

    def people(self) -> list[JsonObject]:
        """Return the people of the organisation, and how many messages the bot sent each."""
        counts = {c.user: self._count(c) for c in self._workspace.chats.values() if c.kind == "direct"}
        return [{**_person(user), "direct": counts.get(user.id, 0)} for user in self._workspace.people()]

    def chats(self, person: str) -> list[JsonObject]:
        """Return a person's groups and their direct chat with the bot."""
        groups = [group for group in self._groups() if self._workspace.sees(person, group)]
        direct = [c for c in self._workspace.chats.values() if c.kind == "direct" and c.user == person]
        return [self._chat(person, chat) for chat in [*groups, *direct]]

    def conversation(self, person: str, chat: str) -> JsonObject:
        """Return the newest messages of a chat and everything needed to draw them."""
        known = self._workspace.chats.get(chat)
        if known is None or not self._workspace.sees(person, known):
            raise LookupError(f"no chat {chat!r} for {person!r}")
        messages = self._workspace.messages(chat, reader=person)[-SHOWN:]
        if known.kind == "direct":
            self._read(known)
        toasts = [{"text": t.text, "failed": t.failed} for t in self._workspace.toasts if t.user == person]
        return {
            "chat": self._chat(person, known),
            "messages": [self._message(person, message) for message in messages],
            "users": [_person(user) for user in self._workspace.users.values()],
            "bot": self._workspace.app.name,
            "toasts": toasts,
            "calls": {"used": self._server.pace.used, "most": self._server.pace.per_month},
        }

    def picture(self, person: str, name: str) -> bytes:
        """Return a picture in a message that the person sees; raises LookupError."""
        workspace = self._workspace
        for chat in (one for one in workspace.chats.values() if workspace.sees(person, one)):
            shown = [
                one.content.get("url") for one in workspace.messages(chat.id, reader=person) if one.kind == "image"
            ]
            if name in shown and name in workspace.media:
                return workspace.media[name]
        raise LookupError(f"no picture {name!r} for {person!r}")

    async def act(self, person: str, action: JsonObject) -> str:
        """Press, submit or write; return what DingTalk would show if it went wrong."""
        server, chat = self._server, as_text(action.get("chat"))
        if person not in self._workspace.users:
            raise LookupError(f"nobody is {person!r}")
        message = as_text(action.get("message"))
        match action.get("do"):
            case "press":
                number = action.get("number")
                wanted = as_text(action.get("wanted"))
                answer = await server.click(person, chat, message, wanted, number if isinstance(number, int) else None)
            case "follow":
                answer = await server.follow(person, chat, as_text(action.get("url")))
            case "submit":
                values = {name: v for name, v in as_object(action.get("values")).items() if isinstance(v, str | bool)}
                answer = await server.submit(person, chat, message, values, as_text(action.get("form")))
            case "write":
                known = self._workspace.chat(chat)
                answer = await server.type(person, known.id, as_text(action.get("text")).strip())
            case other:
                raise LookupError(f"nothing is called {other!r}")
        return f"Nothing happened: {answer.why}." if answer.why and not answer.told else ""

    def watch(self, tell: Callable[[], None]) -> Callable[[], None]:
        """Call `tell` after every change of the organisation."""
        return self._workspace.watch(lambda _change: tell())

    def _groups(self) -> list[Chat]:
        return [chat for chat in self._workspace.chats.values() if chat.kind == "group"]

    def _read(self, chat: Chat) -> None:
        for message in self._workspace.messages(chat.id):
            if not message.author:
                self._workspace.mark_read(message)

    def _count(self, chat: Chat) -> int:
        return len([message for message in self._workspace.messages(chat.id) if not message.author])

    def _chat(self, person: str, chat: Chat) -> JsonObject:
        messages = self._workspace.messages(chat.id, reader=person)
        direct = chat.kind == "direct"
        members = [user for user in self._workspace.people() if self._workspace.sees(user.id, chat)]
        return {
            "id": chat.id,
            "name": self._workspace.app.name if direct else chat.name,
            "kind": "direct" if direct else "channel",
            "private": False,
            "archived": chat.disbanded,
            "members": len(members),
            "count": self._count(chat) if direct else len(messages),
            "latest": messages[-1].id if messages else "",
        }

    def _message(self, person: str, message: Message) -> JsonObject:
        workspace = self._workspace
        card = workspace.cards.get(message.card)
        names = [workspace.users[user].nick if user in workspace.users else "all" for user in message.mentions]
        quoted = workspace.message(message.chat, as_text(message.content.get("quotes")))
        return {
            "id": message.id,
            "user": message.author,
            "robot": message.robot,
            "kind": message.kind,
            "content": message.content,
            "blocks": blocks(workspace, message, person) if card else [],
            "mentions": names,
            "quote": visible_text(workspace, quoted, person)[:90] if quoted else "",
            "only_you": bool(message.readers),
            "edits": card.edits if card else 0,
            "at": message.at.isoformat(),
        }


def _person(user: User) -> JsonObject:
    return {"id": user.id, "name": user.nick, "handle": user.name, "bot": False}
