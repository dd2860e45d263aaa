"""The language of tests: what must be seen in Slack, and by whom.

Every expectation waits for the change that fulfils it, up to a deadline in real seconds, and says what was there
instead if it does not come.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bot.playground.slack.flatten import visible_text
from bot.playground.slack.interactivity import Answer, elements_in
from bot.playground.slack.workspace import Message, Workspace
from bot.playground.wire import as_text


class Stage(Protocol):
    """What an expectation needs of the server."""

    workspace: Workspace

    async def wait_for(self, predicate: Callable[[], bool], within: float = ...) -> bool: ...

    async def click(self, user_id: str, channel: str, ts: str, wanted: str) -> Answer: ...

    async def choose(self, user_id: str, channel: str, ts: str, wanted: str, choice: str) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Card:
    """One message that was seen; it reads the present state of the message."""

    stage: Stage
    channel: str
    ts: str
    within: float

    @property
    def message(self) -> Message:
        """The message as it is now; raises AssertionError if it was deleted."""
        message = self.stage.workspace.message(self.channel, self.ts)
        if message is None:
            raise AssertionError(f"the message {self.ts} in {self.channel} was deleted")
        return message

    @property
    def text(self) -> str:
        """Everything that can be read on it."""
        return visible_text(self.stage.workspace, self.message)

    @property
    def buttons(self) -> list[str]:
        """The words on its buttons and menus, in order."""
        return [element.label for element in elements_in(self.message)]

    @property
    def colour(self) -> str:
        """The colour of its bar, such as `#d73a49`; empty if it has none."""
        colours = [as_text(attachment.get("color")) for attachment in self.message.draft.attachments]
        return next((colour for colour in colours if colour), "")

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
        """Click a button, by its label or action_id, as a person; the app must acknowledge in time."""
        return _acknowledged(await self.stage.click(by, self.channel, self.ts, wanted), wanted)

    async def choose(self, wanted: str, choice: str, *, by: str) -> Answer:
        """Choose from a menu as a person; the app must acknowledge in time."""
        return _acknowledged(await self.stage.choose(by, self.channel, self.ts, wanted, choice), wanted)

    async def _until(self, holds: Callable[[], bool], what: str) -> None:
        if not await self.stage.wait_for(holds, self.within):
            raise AssertionError(
                f"the card never {what} within {self.within:g} s; it shows:\n{self.text}\nbuttons: {self.buttons}"
            )


def _acknowledged(answer: Answer, wanted: str) -> Answer:
    if not answer.acked:
        raise AssertionError(f"{wanted!r} was not answered: {answer.why}")
    return answer


async def expect_card(stage: Stage, text: str, chat: str, within: float) -> Card:
    """Wait for a message with `text` in a channel."""
    channel = stage.workspace.channel(chat)
    message = await _await_message(stage, channel.id, text, within)
    return Card(stage, channel.id, message.ts, within)


async def expect_dm(stage: Stage, user: str, text: str, within: float) -> Card:
    """Wait for a direct message with `text` to a person."""
    channel = stage.workspace.open_dm(stage.workspace.user(user).id)
    message = await _await_message(stage, channel.id, text, within)
    return Card(stage, channel.id, message.ts, within)


async def expect_ephemeral(stage: Stage, user: str, text: str, within: float) -> Message:
    """Wait for a message with `text` that only one person sees."""
    workspace = stage.workspace
    reader = workspace.user(user)

    def shown() -> list[Message]:
        everywhere = [m for c in workspace.channels for m in workspace.messages(c, reader=reader.id)]
        return [message for message in everywhere if message.visible_to == reader.id]

    def found() -> list[Message]:
        return [message for message in shown() if _has(workspace, message, text)]

    if not await stage.wait_for(lambda: bool(found()), within):
        raise AssertionError(
            f"{reader.real_name} was shown nothing with {text!r}, but:\n{_listing(workspace, shown())}"
        )
    return found()[-1]


async def _await_message(stage: Stage, channel_id: str, text: str, within: float) -> Message:
    workspace = stage.workspace

    def found() -> list[Message]:
        return [message for message in workspace.messages(channel_id) if _has(workspace, message, text)]

    if not await stage.wait_for(lambda: bool(found()), within):
        there = _listing(workspace, workspace.messages(channel_id))
        raise AssertionError(f"no message with {text!r} in {channel_id} within {within:g} s; there was:\n{there}")
    return found()[-1]


def _has(workspace: Workspace, message: Message, text: str) -> bool:
    return text.casefold() in f"{visible_text(workspace, message)}\n{message.draft.text}".casefold()


def _listing(workspace: Workspace, messages: list[Message]) -> str:
    return "\n---\n".join(visible_text(workspace, message) for message in messages) or "(nothing)"
