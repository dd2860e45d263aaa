"""Four chat apps by one set of words: what a person does and sees is the same, each server has its own calls for it."""

import contextlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from string import Formatter
from typing import Any, ClassVar

from bot.clock import Clock
from bot.domain.definition import Secret, WorkspaceDefinition
from bot.playground.dingtalk.flatten import visible_text as in_dingtalk
from bot.playground.dingtalk.server import DingTalkServer
from bot.playground.feishu.server import FeishuServer
from bot.playground.feishu.words import visible_text as in_feishu
from bot.playground.slack.flatten import visible_text as in_slack
from bot.playground.slack.server import SlackServer
from bot.playground.telegram.server import TelegramServer
from bot.playground.wire import as_object, as_objects, as_text
from cards import words
from cards.feishu_form import SUBMIT
from cards.words import name_of

CHAT = "ops-alerts"
MORE = "oncard:more:menu"
# Seconds after which an adapter carries out a click that it must answer first.
HEARD = 0.2

# The servers and their cards share no base class; what is called here, each of them has.
Server = Any
Card = Any


@dataclass(frozen=True, slots=True)
class Posted:
    """A message of the bot that stands in a chat or a direct conversation."""

    at: datetime
    text: str
    id: str


@dataclass(frozen=True, slots=True)
class Answers:
    """What a form is filled in with: the button that asks, the field's name, its value.

    `words`: what is pressed where a form is a keyboard.
    """

    button: str
    field: str
    value: str
    words: str


CLOSE = Answers(words.ASK_CLOSE, "text", "Disk replaced", words.FIELD_RESOLUTION)
SNOOZE = Answers(words.ASK_SNOOZE, "time", "60m", "1 h")


def beginning(locale: str, message: str, /, **known: str) -> str:
    """Return a message of the catalogue in a language, up to the first part of it that is not `known`."""
    parts = {name: known.get(name, "\0") for _, name, _, _ in Formatter().parse(message) if name}
    return name_of(locale, message, **parts).partition("\0")[0].replace("[", "").replace("]", "").strip()


class App(ABC):
    """One chat app: its server with the people and the chat in it. `locale`: in which its chat is written to."""

    platform: ClassVar[str]
    # What the app is asked when a message is sent, and when one is changed.
    sends: ClassVar[tuple[str, str]]
    edits: ClassVar[str]

    def __init__(self, server: Server, chat: str, locale: str = "en") -> None:
        self.server = server
        self.chat = chat
        self.locale = locale

    def definition(self, links: Mapping[str, str], settings: Mapping[str, str]) -> WorkspaceDefinition:
        """Return its workspace, named like the platform; `links` is e-mail to user id."""
        return WorkspaceDefinition(
            self.platform, self.platform, {**self.settings(), **settings}, links, locale=self.locale
        )

    def settings(self) -> Mapping[str, str]:
        """Return what its workspace is configured with."""
        return {"api_base_url": self.server.api_base_url}

    @abstractmethod
    def secrets(self) -> Mapping[str, Secret]:
        """Return the credentials of its workspace."""

    def user(self, name: str) -> str:
        """Return the platform's id of a person."""
        return str(self.server.workspace.user(name).id)

    # ---- what people see ---------------------------------------------------------------------------------------------

    async def card(self, number: int = 1, title: str = "disk full") -> Card:
        """Return the newest card of an incident in the chat, as people see it."""
        return await self.server.expect_card(f"#{number} {title}", chat=CHAT)

    async def dm(self, name: str, text: str = "disk full") -> Card:
        """Return the message with this text in the direct conversation with a person."""
        return await self.server.expect_dm(name, text)

    @abstractmethod
    def in_chat(self) -> list[Posted]:
        """Return what everybody in the chat sees of the bot's, oldest first."""

    @abstractmethod
    def in_direct(self, name: str) -> list[Posted]:
        """Return what the bot has written to a person, oldest first."""

    @abstractmethod
    def alone(self, name: str) -> list[str]:
        """Return what this person was told and nobody else."""

    async def told(self, name: str, *texts: str) -> str:
        """Wait until this person alone was told something that says all of `texts`, and return it."""

        def found() -> list[str]:
            return [said for said in self.alone(name) if all(text.casefold() in said.casefold() for text in texts)]

        assert await self.server.wait_for(lambda: bool(found())), (
            f"{self.platform}: {name} was not told {texts}, but {self.alone(name)}"
        )
        public = [one.text for one in self.in_chat() if texts[0].casefold() in one.text.casefold()]
        assert not public, f"{self.platform}: all were told {public}"
        return found()[-1]

    # ---- what becomes of the app -------------------------------------------------------------------------------------

    def watch(self, see: Callable[[], list[Posted]]) -> list[Posted]:
        """Return a list to which each message of those that `see` gives is put as it was posted, from now on."""
        known: dict[str, Posted] = {}
        seen: list[Posted] = []

        def look(change: Any) -> None:
            del change  # Each app has its own words for what has changed.
            new = [one for one in see() if one.id not in known]
            known.update({one.id: one for one in new})
            seen.extend(new)

        self.server.workspace.watch(look)
        return seen

    def hang(self, times: int = 4) -> None:
        """Answer none of the next calls that put a message into a place or change one, until the faults are cleared."""
        for method in {*self.sends, self.edits}:
            for _ in range(times):
                self.server.faults.hang(method)

    # ---- what people do ----------------------------------------------------------------------------------------------

    def says(self, text: str, **known: str) -> str:
        """Return a message as it stands in the chat, in its language, up to the first part that is not `known`."""
        return beginning(self.locale, text, **known)

    def by(self, who: str, via: str) -> str:
        """Return how the chat names who has done something, and where."""
        return self.says(words.BY_CHAT, name=who, place=via)

    async def press(self, card: Card, button: str, by: str) -> object:
        """Press a button of a card, named in English; the app must answer in time."""
        return await card.click(self.says(button), by=by)

    @abstractmethod
    async def command(self, text: str, by: str) -> None:
        """Type a command in the chat."""

    @abstractmethod
    async def fill(self, card: Card, answers: Answers, by: str) -> None:
        """Press a button that asks, and send its form filled in; all is answered in time."""


class Slack(App):
    """Slack: ephemeral messages, modals, a slash command."""

    platform = "slack"
    sends = ("chat.postMessage", "chat.postMessage")
    edits = "chat.update"

    def secrets(self) -> Mapping[str, Secret]:
        return {"bot_token": Secret(self.server.bot_token), "app_token": Secret(self.server.app_token)}

    def in_chat(self) -> list[Posted]:
        return self._posted(self.chat)

    def in_direct(self, name: str) -> list[Posted]:
        return self._posted(self.server.workspace.open_dm(self.user(name)).id)

    def alone(self, name: str) -> list[str]:
        workspace, reader = self.server.workspace, self.user(name)
        everywhere = [one for chat in workspace.channels for one in workspace.messages(chat, reader=reader)]
        told = [in_slack(workspace, one) for one in everywhere if one.visible_to == reader]
        window = self.server.modals.top(reader)
        blocks = as_objects(window.content.get("blocks")) if window else []
        return [*told, " ".join(as_text(as_object(block.get("text")).get("text")) for block in blocks)]

    async def press(self, card: Card, button: str, by: str) -> object:
        said = self.says(button)
        in_menu = said not in card.buttons and MORE in str(card.message.draft)
        return await (card.choose(MORE, said, by=by) if in_menu else card.click(said, by=by))

    async def command(self, text: str, by: str) -> None:
        await self.server.command(by, CHAT, f"/oncard {text}")

    async def fill(self, card: Card, answers: Answers, by: str) -> None:
        user = self.user(by)
        await self.press(card, answers.button, by)

        def fields() -> list[Any]:
            view = self.server.modals.top(user)
            return [one for one in as_objects(view.content.get("blocks")) if one.get("type") == "input"] if view else []

        assert await self.server.wait_for(lambda: bool(fields())), self.alone(by)
        state: dict[str, object] = {}
        for field in fields():
            name, kind = field["block_id"], field["element"]["type"]
            value = answers.value if name == answers.field else None
            is_choice = kind == "static_select"
            chosen = {"value": value} if value else None
            state[name] = {name: {"type": kind, **({"selected_option": chosen} if is_choice else {"value": value})}}
        assert (await self.server.submit(by, state)).acked

    def _posted(self, chat: str) -> list[Posted]:
        workspace = self.server.workspace
        return [Posted(one.at, in_slack(workspace, one), one.ts) for one in workspace.messages(chat)]


class Feishu(App):
    """Feishu: toasts, ephemeral cards and direct messages; forms are cards; the bot is mentioned."""

    platform = "feishu"
    sends = ("im.v1.message.create", "im.v1.message.reply")
    edits = "im.v1.message.patch"

    def settings(self) -> Mapping[str, str]:
        return {"api_base_url": self.server.api_base_url, "app_id": self.server.app_id}

    def secrets(self) -> Mapping[str, Secret]:
        return {"app_secret": Secret(self.server.app_secret)}

    def in_chat(self) -> list[Posted]:
        return self._posted(self.chat)

    def in_direct(self, name: str) -> list[Posted]:
        return self._posted(self.server.workspace.open_p2p(self.user(name)).id)

    def alone(self, name: str) -> list[str]:
        workspace = self.server.workspace
        private = [in_feishu(workspace, one) for one in workspace.private(self.user(name))]
        return [*private, *(one.text for one in self.in_direct(name))]

    async def command(self, text: str, by: str) -> None:
        await self.server.type(by, CHAT, f"@Oncard {text}")

    async def fill(self, card: Card, answers: Answers, by: str) -> None:
        before = len(self.in_direct(by))
        await self.press(card, answers.button, by)
        assert await self.server.wait_for(lambda: len(self.in_direct(by)) > before), self.alone(by)
        form = await self.server.expect_dm(by, "#")
        await form.submit(SUBMIT, {answers.field: answers.value}, by=by)

    def _posted(self, chat: str) -> list[Posted]:
        workspace = self.server.workspace
        ours = [one for one in workspace.messages(chat) if one.author == workspace.app.id]
        return [Posted(one.at, in_feishu(workspace, one), one.id) for one in ours]


class DingTalk(App):
    """DingTalk: answers come directly; forms open on the card for one person; the bot is mentioned."""

    platform = "dingtalk"
    sends = ("card/instances/createAndDeliver", "card/instances/createAndDeliver")
    edits = "card/instances"

    def __init__(self, server: Server, chat: str, locale: str = "en") -> None:
        super().__init__(server, chat, locale)
        drawn = json.loads(files("manifest").joinpath("dingtalk_card.json").read_text(encoding="utf-8"))
        self._template = server.workspace.add_template(drawn)

    def settings(self) -> Mapping[str, str]:
        server = self.server
        return {
            "api_base_url": server.api_base_url,
            "client_id": server.client_id,
            "card_template_id": self._template,
        }

    def secrets(self) -> Mapping[str, Secret]:
        return {"client_secret": Secret(self.server.client_secret)}

    def in_chat(self) -> list[Posted]:
        return self._posted(self.chat)

    def in_direct(self, name: str) -> list[Posted]:
        return self._posted(self.server.workspace.direct(self.user(name)).id)

    def alone(self, name: str) -> list[str]:
        toasts = [one.text for one in self.server.workspace.toasts if one.user == self.user(name)]
        # What would be a heading is written with another sign.
        return [said.replace("＃", "#") for said in (*toasts, *(one.text for one in self.in_direct(name)))]

    async def command(self, text: str, by: str) -> None:
        await self.server.type(by, CHAT, text, to_bot=True)

    async def fill(self, card: Card, answers: Answers, by: str) -> None:
        await self.press(card, answers.button, by)
        self.server.clock.advance(HEARD)
        mine = card.seen_by(by)
        assert await self.server.wait_for(lambda: bool(mine.forms)), mine.text
        await mine.submit({answers.field: answers.value}, by=by)

    def _posted(self, chat: str) -> list[Posted]:
        workspace = self.server.workspace
        ours = [one for one in workspace.messages(chat) if not one.author and not one.readers]
        return [Posted(one.at, in_dingtalk(workspace, one), one.id) for one in ours]


class Telegram(App):
    """Telegram: toasts, messages for one person in the group; forms are keyboards and replies in the own chat."""

    platform = "telegram"
    sends = ("sendMessage", "sendMessage")
    edits = "editMessageText"

    def secrets(self) -> Mapping[str, Secret]:
        return {"bot_token": Secret(self.server.bot_token)}

    def in_chat(self) -> list[Posted]:
        return self._posted(self.chat)

    def in_direct(self, name: str) -> list[Posted]:
        return self._posted(self.user(name))

    def alone(self, name: str) -> list[str]:
        workspace, reader = self.server.workspace, self.user(name)
        seen = [one for one in workspace.messages(self.chat, reader=reader) if one.visible_to == reader]
        notices = [one.text for one in workspace.notices if one.user == reader]
        return [*(one.draft.text for one in seen), *notices, *(one.text for one in self.in_direct(name))]

    async def command(self, text: str, by: str) -> None:
        await self.server.type(by, CHAT, f"/oncard {text}")

    async def fill(self, card: Card, answers: Answers, by: str) -> None:
        await self.press(card, answers.button, by)
        form = await self.server.expect_dm(by, answers.button.removesuffix("…") + " #")
        wanted = next(label for label in form.buttons if label.endswith(answers.words))
        await form.click(wanted, by=by)
        if wanted != answers.words:  # With a pencil before it: it is written as a reply.
            prompt = await self.server.expect_dm(by, answers.words)
            await prompt.reply(answers.value, by=by)

    def _posted(self, chat: str) -> list[Posted]:
        workspace = self.server.workspace
        ours = [one for one in workspace.messages(chat) if one.author == workspace.bot.id]
        return [Posted(one.at, one.draft.text, str(one.id)) for one in ours]


_SERVERS: Mapping[str, tuple[type[App], Callable[[Clock], Server]]] = {
    "slack": (Slack, SlackServer),
    "feishu": (Feishu, FeishuServer),
    "dingtalk": (DingTalk, DingTalkServer),
    "telegram": (Telegram, TelegramServer),
}
PLATFORMS = tuple(_SERVERS)


async def app(
    platform: str, clock: Clock, stack: contextlib.AsyncExitStack, people: tuple[str, ...], locale: str = "en"
) -> App:
    """Start the server of a platform, with these people and the chat in it."""
    kind, make = _SERVERS[platform]
    server = await stack.enter_async_context(make(clock))
    workspace = server.workspace
    for name in people:
        # Under an address that Oncard does not know: nobody is found by it, and linked in one app more.
        address = {"email": f"{name}@{platform}.example.com"}
        workspace.add_user(name, **{"telegram": {"started": True}, "dingtalk": {}}.get(platform, address))
    made = workspace.add_channel(CHAT) if isinstance(server, SlackServer) else workspace.add_chat(CHAT)
    return kind(server, made.id, locale)
