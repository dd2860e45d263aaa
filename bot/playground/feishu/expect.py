"""The language of tests: what must be seen in Feishu, and by whom.

Every expectation waits for the change that fulfils it, up to a deadline in real seconds, and says what was there
instead if it does not come.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bot.playground.feishu.delivery import Answer
from bot.playground.feishu.interactivity import Values, label_of, parts_in
from bot.playground.feishu.tenant import Message, Tenant
from bot.playground.feishu.words import text_of, visible_text
from bot.playground.wire import as_object, as_objects, as_text


class Stage(Protocol):
    """What an expectation needs of the server."""

    workspace: Tenant

    async def wait_for(self, predicate: Callable[[], bool], within: float = ...) -> bool: ...

    async def click(self, user: str, message_id: str, wanted: str | int, values: Values | None = None) -> Answer: ...

    async def choose(self, user: str, message_id: str, wanted: str | int, choice: str) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Card:
    """One message that was seen, a toast too; it reads the present state of the message."""

    stage: Stage
    id: str
    within: float

    @property
    def message(self) -> Message:
        """The message as it is now; raises AssertionError if it was recalled."""
        message = self.stage.workspace.message(self.id)
        if message is None:
            raise AssertionError(f"the message {self.id} was recalled")
        return message

    @property
    def text(self) -> str:
        """Everything that can be read on it."""
        return visible_text(self.stage.workspace, self.message)

    @property
    def buttons(self) -> list[str]:
        """The words on its buttons, in order."""
        return [label_of(self.stage.workspace, p) for p in parts_in(self.message.content) if p.tag == "button"]

    @property
    def fields(self) -> list[str]:
        """The names of what can be filled in or chosen, in order."""
        return [part.name for part in parts_in(self.message.content) if part.tag != "button"]

    def choices(self, name: str) -> list[str]:
        """Return the words that the menu with this name offers; raises LookupError."""
        for part in parts_in(self.message.content):
            if part.name == name:
                options = as_objects(part.node.get("options"))
                return [text_of(self.stage.workspace, option.get("text")) for option in options]
        raise LookupError(f"no menu {name!r}; there are {self.fields}")

    @property
    def colour(self) -> str:
        """The colour of its header, such as `red`; empty if it has none."""
        return as_text(as_object(self.message.content.get("header")).get("template"))

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

    async def offers(self, *labels: str) -> "Card":
        """Wait until its buttons are exactly these."""
        await self._until(lambda: self.buttons == list(labels), f"offers {labels}")
        return self

    async def click(self, wanted: str, *, by: str) -> Answer:
        """Click a button, by its label or name, as a person; the app must acknowledge in time."""
        return _acknowledged(await self.stage.click(by, self.id, wanted), wanted)

    async def submit(self, wanted: str, values: Values, *, by: str) -> Answer:
        """Fill the fields of a form, by their names, and click its button; the app must acknowledge in time."""
        return _acknowledged(await self.stage.click(by, self.id, wanted, values), wanted)

    async def choose(self, wanted: str, choice: str, *, by: str) -> Answer:
        """Choose from a menu outside of a form; the app must acknowledge in time."""
        return _acknowledged(await self.stage.choose(by, self.id, wanted, choice), wanted)

    async def _until(self, holds: Callable[[], bool], what: str) -> None:
        if not await self.stage.wait_for(holds, self.within):
            raise AssertionError(
                f"the card never {what} within {self.within:g} s; it shows:\n{self.text}\nbuttons: {self.buttons}"
            )


def _acknowledged(answer: Answer, wanted: str) -> Answer:
    if not answer.acked:
        raise AssertionError(f"{wanted!r} was not answered: {answer.code} {answer.why}")
    return answer


async def expect_card(stage: Stage, text: str, chat: str, within: float) -> Card:
    """Wait for a message with `text` in a group."""
    where = stage.workspace.chat(chat)
    return await _seen(stage, text, f"in {where.name}", lambda: stage.workspace.messages(where.id), within)


async def expect_dm(stage: Stage, user: str, text: str, within: float) -> Card:
    """Wait for a direct message with `text` to a person."""
    where = stage.workspace.open_p2p(stage.workspace.user(user).id)
    return await _seen(stage, text, f"for {user}", lambda: stage.workspace.messages(where.id), within)


async def expect_private(stage: Stage, user: str, text: str, within: float) -> Card:
    """Wait for an ephemeral card or a toast with `text` that only one person sees."""
    reader = stage.workspace.user(user)
    return await _seen(stage, text, f"only for {user}", lambda: stage.workspace.private(reader.id), within)


async def _seen(stage: Stage, text: str, where: str, there: Callable[[], list[Message]], within: float) -> Card:
    tenant = stage.workspace

    def found() -> list[Message]:
        return [message for message in there() if text.casefold() in visible_text(tenant, message).casefold()]

    if not await stage.wait_for(lambda: bool(found()), within):
        listing = "\n---\n".join(visible_text(tenant, message) for message in there()) or "(nothing)"
        raise AssertionError(f"no message with {text!r} {where} within {within:g} s; there was:\n{listing}")
    return Card(stage, found()[-1].id, within)
