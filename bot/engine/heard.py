"""What somebody said, in which surroundings, and what they are answered."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bot.adapter import MessageRef
from bot.domain.delivery import Place
from bot.domain.incident import Actor, IncidentId
from cards.card import Card, Note
from cards.form import Form

Answer = Card | Note | Form


class Line(Protocol):
    """How a workspace's connection is."""

    @property
    def name(self) -> str:
        """The workspace."""
        ...

    @property
    def connected(self) -> bool:
        """Whether it stands."""
        ...

    @property
    def since(self) -> datetime | None:
        """Since when it is so; None: it never was otherwise."""
        ...

    @property
    def why(self) -> str:
        """Why it is down."""
        ...


@dataclass(frozen=True, slots=True)
class Around:
    """What this process knows where something is said: how workspaces and providers are, whether forms can be shown."""

    lines: Sequence[Line] = ()
    forms: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """A sentence, who said it, and where the answer will be read. `is_token`: a button or a form said it.

    `user` is the platform's id of who said it, in `chat`, and `user_name` their name there; `replied` is the message
    that it replies to. `trigger` is what the platform gives once for the same action, however often it tells of it.
    """

    text: str
    actor: Actor
    place: Place
    is_token: bool = False
    user: str = ""
    chat: str | None = None
    replied: MessageRef | None = None
    around: Around = field(default_factory=Around)
    user_name: str = ""
    trigger: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of it: the answer for the person, and whether anything was done."""

    answer: Answer | None
    is_done: bool
    incident: IncidentId | None = None

    @property
    def note(self) -> Note | None:
        """The answer, if it is a note."""
        return self.answer if isinstance(self.answer, Note) else None
