"""What the core asks of a chat platform, and what a platform tells the core.

An adapter talks to one workspace. It never retries, sleeps or swallows: it says what the platform said, as a `Receipt`
or as `DeliveryFailed`, and the core decides. The core knows no platform by name; it asks `capabilities`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable

from cards.card import Card, Message, Note, Picture
from cards.form import Form

Reply = Card | Note | Form
"""What one person is answered, and only they see where the platform can do that."""


class Edit(StrEnum):
    """How long a message can be changed after it was sent."""

    ALWAYS = "always"
    ONCE = "once"
    SHORT = "short"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a platform can do.

    `answer_within`: seconds in which a click must be answered. `chat_rate`, `workspace_rate`: messages per second that
    the platform allows for one conversation and for all of them together. `send_timeout`: seconds after which a call
    that has not been answered counts as not delivered. `alone`: only one process may run its connection. `called`: the
    platform calls us, so `run` opens no connection of ours. `forms`: a Form can be asked of somebody who has clicked.
    """

    edit: Edit
    buttons: bool
    direct: bool
    ephemeral: bool
    mention: bool
    threads: bool
    answer_within: float
    chat_rate: float
    workspace_rate: float
    send_timeout: float = 10.0
    alone: bool = False
    called: bool = False
    forms: bool = False


@dataclass(frozen=True, slots=True)
class Personal:
    """Whose message it is that goes by a line, and as which of ours: the same for every try of it.

    `urgent`: it is to wake somebody.
    """

    delivery: int
    account: int
    locale: str = "en"
    timezone: str = "UTC"
    urgent: bool = True


@dataclass(frozen=True, slots=True)
class To:
    """Where a message goes.

    A chat by the platform's id, or with `direct` the one-to-one conversation with that user. By a line it goes to a
    number or an address, and `personal` says whose it is.
    """

    id: str
    direct: bool = False
    personal: Personal | None = None


@dataclass(frozen=True, slots=True)
class MessageRef:
    """A message that was sent: the conversation as the platform named it in its answer, and the message in it."""

    chat: str
    id: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """A try by one of several providers that came to nothing, in its words."""

    provider: str
    said: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """The platform took it. `said` is the platform's own word for it, for the timeline.

    `tried`: other providers that were asked before.
    """

    message: MessageRef
    said: str
    tried: tuple[Attempt, ...] = ()


class FailureKind(StrEnum):
    """What a failure means for what happens next.

    The first three are tried again; an `uncertain` one may have been delivered, and counts as not delivered. The others
    move on at once: another try of the same message cannot help. What is too long or malformed is so by its content:
    the place itself takes others.
    """

    UNREACHABLE = "unreachable"
    RATE_LIMITED = "rate_limited"
    UNCERTAIN = "uncertain"
    UNLINKED = "unlinked"
    REFUSED = "refused"
    GONE = "gone"
    TOO_LONG = "too_long"
    MALFORMED = "malformed"
    UNAUTHORIZED = "unauthorized"
    QUOTA = "quota"


class DeliveryFailed(Exception):
    """The platform did not take it.

    `detail` holds the platform's own words and no secret; `retry_after` is in seconds. `tried`: each of the
    providers that were asked.
    """

    def __init__(self, kind: FailureKind, detail: str, *, retry_after: float | None = None) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind
        self.detail = detail
        self.retry_after = retry_after
        self.tried: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True)
class Interaction:
    """Somebody pressed a button, filled in a form or typed a command.

    `text` is a sentence of `bot.commands`; a button's token is one too, and `is_token` says that it was none that a
    person typed. In it a person is written `<@user>`, by the platform's id. `message` is the message that was clicked,
    `replied` the one that the typed text answers. `trigger` is what the platform gives once per action; the same one
    twice is the same action.
    """

    user: str
    user_name: str
    text: str
    chat: str | None = None
    message: MessageRef | None = None
    trigger: str | None = None
    is_token: bool = False
    replied: MessageRef | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are in the workspace, as the platform says: its name for it, and for our bot."""

    workspace: str
    bot: str
    scopes: frozenset[str] = frozenset()


class Inbox(Protocol):
    """What an adapter tells the core while it runs."""

    async def handle(self, interaction: Interaction) -> Reply | None:
        """Carry out what somebody asked; what comes back is for that person alone.

        A form comes back only for a click, and only where `Capabilities.forms` says that it can be shown.
        """
        ...

    def connected(self) -> None:
        """The connection stands: something was heard on it."""
        ...

    def disconnected(self, why: str) -> None:
        """The connection is down, in words without secrets."""
        ...


class Adapter(Protocol):
    """One workspace of one platform."""

    @property
    def capabilities(self) -> Capabilities:
        """What the platform can do."""
        ...

    async def check(self) -> Identity:
        """Ask the platform who we are. Raises DeliveryFailed: credentials are wrong or the platform is away."""
        ...

    async def send(self, to: To, message: Message, *, under: MessageRef | None = None) -> Receipt:
        """Send a new message, `under` another one where the platform has threads. Raises DeliveryFailed."""
        ...

    async def edit(self, message: MessageRef, card: Card) -> Receipt:
        """Make the message show this card. Raises DeliveryFailed; `gone` means that it must be sent anew."""
        ...

    async def run(self, inbox: Inbox) -> None:
        """Listen until cancelled; return or raise when the connection cannot go on by itself, to be run again."""
        ...

    async def close(self) -> None:
        """Give back what the adapter holds: sessions, sockets, threads."""
        ...


@runtime_checkable
class Stops(Protocol):
    """A line by which what was sent can be stopped: a call that still rings, an alarm that still sounds."""

    async def stop(self, message: MessageRef) -> str:
        """Stop it; return what the provider said. Raises DeliveryFailed; `gone`: it is over already."""
        ...


@runtime_checkable
class FindsByEmail(Protocol):
    """A platform that can tell who has an e-mail address."""

    async def find_by_email(self, email: str) -> str | None:
        """Return the user's id; None: the platform knows nobody by it. Raises DeliveryFailed."""
        ...


@runtime_checkable
class FindsByMobile(Protocol):
    """A platform that can tell who has a mobile number."""

    async def find_by_mobile(self, mobile: str) -> str | None:
        """Return the user's id; None: the platform knows nobody by it. Raises DeliveryFailed."""
        ...


@runtime_checkable
class ShowsPictures(Protocol):
    """A platform on which a picture can be shown."""

    async def show(self, to: To, picture: Picture, *, under: MessageRef | None = None) -> Receipt:
        """Send a picture as a message of its own, its `alt` beside it. Raises DeliveryFailed."""
        ...


@dataclass(frozen=True, slots=True)
class Finding:
    """What a look at a workspace found. `mend` is empty where nothing is wrong; neither holds a secret."""

    what: str
    mend: str = ""


@runtime_checkable
class Diagnoses(Protocol):
    """A platform that can tell more than `check`: scopes that are missing, chats that our bot is not in."""

    async def diagnose(self, chats: Sequence[str]) -> Sequence[Finding]:
        """Look at what is granted, and at each of these chats. Raises DeliveryFailed when nothing can be asked."""
        ...


@dataclass(frozen=True, slots=True)
class Callback:
    """A request that the platform made to us: raw, because it is verified before it is parsed.

    Header names are lower case. `query`: what follows the question mark, as it came. `base`: the public address before
    `path`, ending with a slash; empty where we do not know it.
    """

    path: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    method: str = "POST"
    base: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What we answer to a callback.

    `repeated`: the request was recognised as one that was had before, and nothing was done.
    """

    status: int
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    repeated: bool = False


@runtime_checkable
class TakesCallbacks(Protocol):
    """A platform whose workspace is configured to call us instead of being listened to."""

    async def callback(self, request: Callback) -> Answer:
        """Verify, answer within the platform's deadline, and let the business run after."""
        ...
