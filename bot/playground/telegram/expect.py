"""The language of tests: what must be seen in Telegram, and by whom.

Every expectation waits for the change that fulfils it, up to a deadline in real seconds, and says what was there
instead if it does not come.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bot.playground.telegram.clicks import Answer
from bot.playground.telegram.keyboards import inline_buttons
from bot.playground.telegram.workspace import Message, Notice, Workspace
from bot.playground.wire import as_list, as_objects, as_text


class Stage(Protocol):
    """What an expectation needs of the server."""

    workspace: Workspace

    async def wait_for(self, predicate: Callable[[], bool], within: float = ...) -> bool: ...

    async def click(self, who: str, chat: str, message_id: int, wanted: str, *, ephemeral: bool = ...) -> Answer: ...

    async def type(
        self, by: str, chat: str | None, text: str, *, reply_to: "int | Card" = ..., topic: int = ...
    ) -> Message: ...


@dataclass(frozen=True, slots=True)
class Card:
    """One message that was seen; it reads the present state of the message."""

    stage: Stage
    chat: str
    id: int
    within: float
    ephemeral: bool = False

    @property
    def message(self) -> Message:
        """The message as it is now; raises AssertionError if it was deleted."""
        message = self.stage.workspace.message(self.chat, self.id, ephemeral=self.ephemeral)
        if message is None:
            raise AssertionError(f"the message {self.id} in {self.chat} was deleted")
        return message

    @property
    def text(self) -> str:
        """Everything that can be read on it."""
        return self.message.draft.text

    @property
    def buttons(self) -> list[str]:
        """The words on its buttons, in order, those of a reply keyboard too."""
        return labels(self.message)

    @property
    def edits(self) -> int:
        """How often it was updated."""
        return self.message.edits

    async def shows(self, *texts: str) -> "Card":
        """Wait until it shows all of `texts`, whatever their case."""
        await self._until(lambda: all(text.casefold() in self.text.casefold() for text in texts), f"shows {texts}")
        return self

    async def hides(self, text: str) -> "Card":
        """Wait until it no longer shows `text`."""
        await self._until(lambda: text.casefold() not in self.text.casefold(), f"no longer shows {text!r}")
        return self

    async def offers(self, *wanted: str) -> "Card":
        """Wait until its buttons are exactly these."""
        await self._until(lambda: self.buttons == list(wanted), f"offers {wanted}")
        return self

    async def click(self, wanted: str, *, by: str) -> Answer:
        """Click a button, by its label or callback data, as a person; the app must answer in time."""
        answer = await self.stage.click(by, self.chat, self.id, wanted, ephemeral=self.ephemeral)
        if not answer.acked:
            raise AssertionError(f"{wanted!r} was not answered: {answer.why}")
        return answer

    async def reply(self, text: str, *, by: str) -> Message:
        """Reply to it as a person."""
        where = None if self.stage.workspace.chats[self.chat].kind == "private" else self.chat
        return await self.stage.type(by, where, text, reply_to=self)

    async def _until(self, holds: Callable[[], bool], what: str) -> None:
        if not await self.stage.wait_for(holds, self.within):
            raise AssertionError(
                f"the card never {what} within {self.within:g} s; it shows:\n{self.text}\nbuttons: {self.buttons}"
            )


def labels(message: Message) -> list[str]:
    """Return the words on the buttons under a message."""
    found = [button.label for button in inline_buttons(message.draft.keyboard)]
    rows = as_list((message.draft.keyboard or {}).get("keyboard"))
    return found + [as_text(button.get("text")) for row in rows for button in as_objects(row)]


async def expect_card(stage: Stage, text: str, chat_id: str, within: float) -> Card:
    """Wait for a message of the bot with `text` in a chat that everybody there sees."""
    workspace = stage.workspace

    def found() -> list[Message]:
        said = [m for m in workspace.messages(chat_id) if m.author == workspace.bot.id]
        return [message for message in said if text.casefold() in message.draft.text.casefold()]

    if not await stage.wait_for(lambda: bool(found()), within):
        there = _listing([message.draft.text for message in workspace.messages(chat_id)])
        raise AssertionError(f"no message with {text!r} in {chat_id} within {within:g} s; there was:\n{there}")
    return Card(stage, chat_id, found()[-1].id, within)


async def expect_private(stage: Stage, user: str, text: str, within: float) -> Card | Notice:
    """Wait for a toast, an alert or an ephemeral message with `text` that only one person sees."""
    workspace = stage.workspace
    reader = workspace.user(user)

    def messages() -> list[Message]:
        everywhere = [m for chat in workspace.chats for m in workspace.messages(chat, reader=reader.id)]
        return [m for m in everywhere if m.visible_to == reader.id and m.author == workspace.bot.id]

    def notices() -> list[Notice]:
        return [notice for notice in workspace.notices if notice.user == reader.id]

    def found() -> list[Message | Notice]:
        shown: list[Message | Notice] = [*messages(), *notices()]
        return [item for item in sorted(shown, key=lambda item: item.at) if text.casefold() in _words(item).casefold()]

    if not await stage.wait_for(lambda: bool(found()), within):
        there = _listing([*map(_words, messages()), *map(_words, notices())])
        raise AssertionError(f"{reader.first_name} was shown nothing with {text!r}, but:\n{there}")
    last = found()[-1]
    return last if isinstance(last, Notice) else Card(stage, last.chat, last.id, within, ephemeral=True)


def _words(item: Message | Notice) -> str:
    return item.text if isinstance(item, Notice) else item.draft.text


def _listing(texts: list[str]) -> str:
    return "\n---\n".join(texts) or "(nothing)"
