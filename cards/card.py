"""What can be said in any chat, without markup: cards, notes, and the parts that they are made of.

`build` decides what is said; each platform's renderer decides how it looks. A renderer is total: any card fits its
platform's limits and every text in it is escaped.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain.event import Image, Link, Severity


class Tone(StrEnum):
    """What the colour of a card says at a glance."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"
    TAKEN = "taken"
    QUIET = "quiet"
    DONE = "done"


class Style(StrEnum):
    """How much a button asks to be pressed."""

    PRIMARY = "primary"
    PLAIN = "plain"
    DANGER = "danger"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, by name. With `user`, the platform's own id of them, and `notify` they are mentioned, to notice it."""

    name: str
    user: str | None = None
    notify: bool = False


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant, as a time of day and with `day` also its date.

    It is shown in the reader's own zone where the platform can, else in `timezone`.
    """

    at: datetime
    timezone: str = "UTC"
    day: bool = False


@dataclass(frozen=True, slots=True)
class Strong:
    """Words that stand out."""

    text: str


# Plain strings are data: a renderer escapes them.
Part = str | Strong | Person | Moment
Text = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Confirm:
    """What is asked before a button acts."""

    title: str
    text: str
    yes: str
    no: str


@dataclass(frozen=True, slots=True)
class Button:
    """One thing a reader can do. `token` is the sentence that comes back when it is pressed."""

    label: str
    token: str
    style: Style = Style.PLAIN
    confirm: Confirm | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and what is to be said under it."""

    name: str
    value: Text


@dataclass(frozen=True, slots=True)
class Listing:
    """Lines under a name."""

    name: str
    lines: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """The one live message of an incident, or of many that share one: then it has no `number`.

    `summary` is one plain line for lock screens and for where nothing else can be sent. `status` says who has it and
    what happens next; `history` who did what, oldest first. `mentions` are those who must notice this message.
    `repeat`: an earlier try of this very message got no answer, so it may be there already.
    """

    number: int | None
    severity: Severity
    severity_word: str
    tone: Tone
    title: str
    summary: str
    status: Text
    facts: tuple[Fact, ...] = ()
    listings: tuple[Listing, ...] = ()
    description: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    more_labels: str = ""
    images: tuple[Image, ...] = ()
    links: tuple[Link, ...] = ()
    history: tuple[Text, ...] = ()
    mentions: tuple[Person, ...] = ()
    buttons: tuple[Button, ...] = ()
    repeat: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG to be shown beside a note's words. `name`: of the file; `alt`: what it shows, for who cannot see it."""

    name: str
    alt: str
    png: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Note:
    """A short message: an answer to a click, a reminder under a card, word for the admins.

    `rows` stand under the text, each on a line of its own, the most wanted first: where not all fit, the last are left
    out. `aloud`: it stands under a card, but the whole conversation is to see it. `field`: it answers a form, and says
    what is wrong in the field of that name. `done`: what was asked for was done, so that its form is over.
    `repeat` is as in a card. `code`: the digits that it brings somebody, for what can say those and little else.
    `over`: it says that something needs nobody any more. `picture` is shown where the platform can; the words say all
    that it shows.
    """

    text: Text
    mentions: tuple[Person, ...] = ()
    buttons: tuple[Button, ...] = ()
    aloud: bool = False
    rows: tuple[Text, ...] = ()
    field: str = ""
    done: bool = False
    repeat: bool = False
    code: str = ""
    over: bool = False
    picture: Picture | None = None

    @property
    def is_spoken(self) -> bool:
        """Whether its words alone say all: those of what was done name the sentence that takes it back, too."""
        return not self.rows and (self.done or not self.buttons)


Message = Card | Note
