"""The language of tests: what must be seen in DingTalk, and by whom.

Every expectation waits for the change that fulfils it, up to a deadline in real seconds, and says what was there
instead if it does not come.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from bot.playground.dingtalk.flatten import Press, blocks, presses, visible_text
from bot.playground.dingtalk.interactivity import Answer
from bot.playground.dingtalk.workspace import Message, Toast, Workspace
from bot.playground.wire import JsonObject, as_text


class Stage(Protocol):
    """What an expectation needs of the server."""

    workspace: Workspace

    async def wait_for(self, predicate: Callable[[], bool], within: float = ...) -> bool: ...

    async def click(self, user_id: str, chat: str, message_id: str, wanted: str) -> Answer: ...

    async def submit(
        self, user_id: str, chat: str, message_id: str, values: Mapping[str, str | bool], form: str = ...
    ) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Card:
    """One message that was seen, a card or not; it reads the present state. `reader` is whose view it is, if one's."""

    stage: Stage
    chat: str
    id: str
    within: float
    reader: str = ""

    @property
    def message(self) -> Message:
        """The message as it is now; raises AssertionError if it was recalled."""
        message = self.stage.workspace.message(self.chat, self.id)
        if message is None:
            raise AssertionError(f"the message {self.id} in {self.chat} was recalled")
        return message

    @property
    def text(self) -> str:
        """Everything that can be read on it."""
        return visible_text(self.stage.workspace, self.message, self.reader)

    @property
    def buttons(self) -> list[str]:
        """The words on its buttons, in order."""
        return [press.label for press in self.presses]

    @property
    def presses(self) -> list[Press]:
        """What can be pressed on it."""
        return presses(self.stage.workspace, self.message, self.reader)

    @property
    def blocks(self) -> list[JsonObject]:
        """The drawn blocks of a card, as `templates` has them; nothing for another message."""
        return blocks(self.stage.workspace, self.message, self.reader) if self.message.card else []

    @property
    def forms(self) -> list[JsonObject]:
        """The forms that are open on it."""
        return [block for block in self.blocks if block["kind"] == "form"]

    @property
    def colour(self) -> str:
        """The colour of its header, such as `red`; empty if it has none."""
        return next((as_text(block["colour"]) for block in self.blocks if block["kind"] == "header"), "")

    @property
    def edits(self) -> int:
        """How often the card was updated."""
        card = self.stage.workspace.cards.get(self.message.card)
        return card.edits if card else 0

    def seen_by(self, who: str) -> "Card":
        """Return the same message as one person sees it."""
        return replace(self, reader=self.stage.workspace.user(who).id)

    async def shows(self, *texts: str) -> "Card":
        """Wait until it shows all of `texts`, whatever their case."""
        await self._until(lambda: all(text.casefold() in self.text.casefold() for text in texts), f"shows {texts}")
        return self

    async def hides(self, text: str) -> "Card":
        """Wait until it no longer shows `text`."""
        await self._until(lambda: text.casefold() not in self.text.casefold(), f"no longer shows {text!r}")
        return self

    async def offers(self, *labels: str) -> "Card":
        """Wait until its buttons are exactly these."""
        await self._until(lambda: self.buttons == list(labels), f"offers {labels}")
        return self

    async def click(self, wanted: str, *, by: str) -> Answer:
        """Press a button, by its words or action, as a person; the app must answer in time."""
        return _answered(await self.stage.click(by, self.chat, self.id, wanted), wanted)

    async def submit(self, values: Mapping[str, str | bool], *, by: str, form: str = "") -> Answer:
        """Fill in the form that this person sees and send it: field name or label -> text, or an option's words."""
        return _answered(await self.stage.submit(by, self.chat, self.id, values, form), "the form")

    async def _until(self, holds: Callable[[], bool], what: str) -> None:
        if not await self.stage.wait_for(holds, self.within):
            raise AssertionError(
                f"the card never {what} within {self.within:g} s; it shows:\n{self.text}\nbuttons: {self.buttons}"
            )


def _answered(answer: Answer, wanted: str) -> Answer:
    if not answer.acked:
        raise AssertionError(f"{wanted!r} was not answered: {answer.why}")
    return answer


async def expect_card(stage: Stage, text: str, chat: str, within: float) -> Card:
    """Wait for a message of a bot with `text` in a group."""
    known = stage.workspace.chat(chat)
    message = await _await_message(stage, known.id, text, within)
    return Card(stage, known.id, message.id, within)


async def expect_dm(stage: Stage, user: str, text: str, within: float) -> Card:
    """Wait for a direct message of the bot with `text` to a person."""
    person = stage.workspace.user(user)
    direct = stage.workspace.direct(person.id)
    message = await _await_message(stage, direct.id, text, within, person.id)
    return Card(stage, direct.id, message.id, within, person.id)


async def expect_private(stage: Stage, user: str, text: str, within: float) -> Card:
    """Wait for `text` in a group that one person sees and others do not: on their view of a card, or to them alone."""
    workspace, person = stage.workspace, stage.workspace.user(user)

    def found() -> list[Message]:
        seen = [m for c in workspace.chats.values() for m in workspace.messages(c.id, reader=person.id)]
        mine = [m for m in seen if _has(workspace, m, text, person.id)]
        return [m for m in mine if m.readers or not _has(workspace, m, text, "")]

    if not await stage.wait_for(lambda: bool(found()), within):
        raise AssertionError(f"{person.nick} was shown nothing of their own with {text!r}")
    return Card(stage, found()[-1].chat, found()[-1].id, within, person.id)


async def expect_toast(stage: Stage, user: str, text: str, within: float) -> Toast:
    """Wait for a short notice with `text` on a person's screen."""
    person = stage.workspace.user(user)

    def found() -> list[Toast]:
        return [t for t in stage.workspace.toasts if t.user == person.id and text.casefold() in t.text.casefold()]

    if not await stage.wait_for(lambda: bool(found()), within):
        shown = [toast.text for toast in stage.workspace.toasts if toast.user == person.id]
        raise AssertionError(f"{person.nick} saw no toast with {text!r}, but {shown}")
    return found()[-1]


async def _await_message(stage: Stage, chat_id: str, text: str, within: float, reader: str = "") -> Message:
    workspace = stage.workspace

    def of_bots() -> list[Message]:
        return [message for message in workspace.messages(chat_id) if not message.author]

    def found() -> list[Message]:
        return [message for message in of_bots() if _has(workspace, message, text, reader)]

    if not await stage.wait_for(lambda: bool(found()), within):
        there = "\n---\n".join(visible_text(workspace, message, reader) for message in of_bots()) or "(nothing)"
        raise AssertionError(f"no message with {text!r} in {chat_id} within {within:g} s; there was:\n{there}")
    return found()[-1]


def _has(workspace: Workspace, message: Message, text: str, reader: str) -> bool:
    return text.casefold() in visible_text(workspace, message, reader).casefold()
