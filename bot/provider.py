"""What the core asks of a provider of SMS, calls, e-mail or pushes, and what a provider tells the core.

A provider is one account at one service, for one method. Like an adapter it never retries, sleeps or swallows: it says
what the service said, as a `Receipt` or as `DeliveryFailed`, and the core decides. What is accepted is not delivered,
and what is delivered is not acknowledged: reports of what became of a message come later, by callback.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol, runtime_checkable

from bot.adapter import Answer, Callback, Receipt
from cards.card import Message
from cards.script import Script


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message for one person.

    `to`: a number in E.164 form, an e-mail address, or what the provider knows a device by. `reference`: our word for
    this message, the same for every try of it, safe in an address; nobody can make one up, so who shows it was sent it.
    `links`: for the tokens of the message's buttons, addresses at which a person can confirm; empty where nobody
    outside reaches us. `callback`: the address at which this provider reaches us, ending with a slash; empty likewise.
    `script`: for a call, what it says first. `urgent`: it is to wake somebody.
    """

    to: str
    message: Message
    reference: str
    locale: str = "en"
    timezone: str = "UTC"
    links: Mapping[str, str] = field(default_factory=dict)
    callback: str = ""
    script: Script | None = None
    urgent: bool = True


class Progress(StrEnum):
    """How far a message has come after the provider accepted it. It never goes backwards (`RANKS`)."""

    QUEUED = "queued"
    SENT = "sent"
    RINGING = "ringing"
    ANSWERED = "answered"
    DELIVERED = "delivered"
    SEEN = "seen"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    VOICEMAIL = "voicemail"
    HUNG_UP = "hung_up"
    ENDED = "ended"
    FAILED = "failed"


RANKS: Final[Mapping[Progress, int]] = {
    Progress.QUEUED: 0,
    Progress.SENT: 1,
    Progress.RINGING: 2,
    Progress.ANSWERED: 3,
    Progress.DELIVERED: 4,
    Progress.SEEN: 5,
    Progress.HUNG_UP: 6,
    Progress.ENDED: 6,
    Progress.BUSY: 6,
    Progress.NO_ANSWER: 6,
    Progress.VOICEMAIL: 6,
    Progress.FAILED: 6,
}
"""The order of what is reported: what ranks lower than what is known came late, and changes nothing."""

FAILURES: Final = frozenset({Progress.BUSY, Progress.NO_ANSWER, Progress.VOICEMAIL, Progress.FAILED})
"""What says that the person was not reached after all, so that another way must be found at once."""


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a message, in the provider's words.

    It is known by our `reference`, else by the provider's own `id` of it.
    """

    progress: Progress
    said: str
    reference: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Spoken:
    """Somebody sent an SMS back. `trigger`: the provider's id of it, the same if it tells of it again."""

    number: str
    text: str
    trigger: str


class ProviderInbox(Protocol):
    """What a provider tells the core."""

    def knows(self, reference: str) -> bool:
        """Whether the reference is one of ours: nobody else can make one up."""
        ...

    async def reported(self, report: Report) -> None:
        """Store what became of a message. Of a message that is not known, nothing is stored."""
        ...

    async def replied(self, spoken: Spoken) -> str:
        """Carry out what somebody wrote back; return the answer for them, empty: none."""
        ...

    async def answered(self, reference: str) -> Script:
        """Return what a call says now that somebody has picked it up."""
        ...

    async def pressed(self, reference: str, keys: str, *, id: str = "") -> Script:  # noqa: A002 - As in a report.
        """Carry out the keys that were pressed, empty: none was; return what the call says next.

        The call is known by our reference; where a provider cannot carry one, empty, by the provider's own `id` of it.
        """
        ...

    async def seen(self, reference: str, token: str) -> str:
        """Carry out what somebody said yes to on a push (`token` of a button); return the answer, empty: none."""
        ...


class Provider(Protocol):
    """One account at one service, for one method."""

    @property
    def timeout(self) -> float:
        """Seconds after which a call that has not been answered counts as not delivered."""
        ...

    async def check(self) -> str:
        """Return who we are there, in the service's words. Raises DeliveryFailed: a wrong credential, or it is away."""
        ...

    async def send(self, envelope: Envelope) -> Receipt:
        """Send it. The receipt's message id is the provider's own. Raises DeliveryFailed."""
        ...

    async def close(self) -> None:
        """Give back what it holds."""
        ...


@runtime_checkable
class Cancels(Protocol):
    """A provider that can stop what it accepted: a call that still rings, a push that still alarms."""

    async def cancel(self, id: str) -> str:  # noqa: A002 - The provider's own word for a message.
        """Stop it; return what the service said. Raises DeliveryFailed; `gone`: it is over already."""
        ...


@runtime_checkable
class CalledBack(Protocol):
    """A provider that reports to us."""

    async def callback(self, request: Callback, inbox: ProviderInbox) -> Answer:
        """Verify, tell the inbox, and answer as the service wants it. `request.path` is what follows `callback`."""
        ...
