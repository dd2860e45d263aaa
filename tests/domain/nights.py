"""Nights of the cast as they are stored: an incident by the law, its timeline, and messages about it."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.delivery import Delivery, DeliveryId, Kind, PageId, Place, State
from bot.domain.escalation import Level
from bot.domain.incident import (
    ChannelId,
    Entry,
    Happened,
    IncidentId,
    Step,
)
from bot.domain.ledger import Hop, Sent, Telling, reckon
from bot.domain.organisation import Channel, Organisation, Workspace
from bot.domain.people import LINES, AccountId, ChatLink, Method, People, WorkspaceId
from bot.domain.rule import Rule
from bot.domain.untold import Span, Untold, untold
from tests.domain.cast import (
    ANA,
    BO,
    CHEN,
    MINUTE,
    NIGHT,
    SRE,
    Handling,
    level,
    people,
)

ACME = WorkspaceId(1)
SMS, VOICE = LINES[Method.SMS], LINES[Method.VOICE]
TO_ANA = Place(ACME, account=ANA)
LEVELS = (level(ANA), level(BO, after=10), level(CHEN))


def organisation(levels: Sequence[Level] = LEVELS, gone: Sequence[AccountId] = ()) -> Organisation:
    """Return the organisation of the cast, whose rule has these levels."""
    known = people(gone)
    accounts = {number: replace(one, phone=f"+49171123450{number}") for number, one in known.accounts.items()}
    channel = Channel(ChannelId(7), "payments", SRE, (Rule("day and night", tuple(levels)),) if levels else ())
    return Organisation(
        1,
        replace(known, accounts=accounts),
        {channel.id: channel},
        workspaces={ACME: Workspace(ACME, "acme", "chatty")},
        links=tuple(ChatLink(ACME, f"u{one}", one) for one in accounts),
    )


class Night(Handling):
    """An incident by the law, with its timeline as it is stored."""

    def __init__(self, levels: Sequence[Level] = LEVELS, can_be: People | None = None) -> None:
        self.stored: list[Happened] = []
        super().__init__(tuple(levels), can_be or people())

    def _take(self, made: Step) -> None:
        before = len(self.timeline)
        super()._take(made)
        self.stored += [Happened(self.now, record) for record in self.timeline[before:]]

    def untold(self, who: AccountId, since: float, until: float, *sent: Sent, gone: Sequence[AccountId] = ()) -> Untold:
        """Return why somebody was not paged between these minutes."""
        known = organisation(self.levels, gone)
        ledger = reckon(self.incident, self.stored, sent, known)
        return untold(who, Span(NIGHT + since * MINUTE, NIGHT + until * MINUTE), ledger, known)


def sent(
    number: int = 1,
    state: State = State.PENDING,
    reason: str = "",
    *,
    place: Place = TO_ANA,
    kind: Kind = Kind.CARD,
    said: str = "",
    rank: int = 0,
    page: int | None = 1,
    latest: float | None = None,
    at: float = 0,
    settled: float | None = None,
    turn: int = 0,
    entry: Entry | None = None,
    attempts: int = 0,
    hops: tuple[Hop, ...] = (),
    in_level: int = 0,
) -> Sent:
    """Return a message of the incident; times are in minutes since it was opened."""
    created = NIGHT + at * MINUTE
    ended = settled if settled is not None else (at if state not in (State.PENDING, State.SENDING) else None)
    delivery = Delivery(
        DeliveryId(number),
        IncidentId(42),
        kind,
        place,
        1,
        in_level,
        turn,
        created,
        entry=entry,
        attempts=attempts,
        page=PageId(page) if page is not None else None,
        rank=rank,
        latest=NIGHT + latest * MINUTE if latest is not None else None,
    )
    settled_at = NIGHT + ended * MINUTE if ended is not None else None
    return Sent(delivery, state, reason, said, created, settled_at, hops=hops)


def told(*some: Sent, night: Night | None = None) -> list[Telling]:
    """Return what the ledger says of these messages."""
    night = night or Night()
    return list(reckon(night.incident, night.stored, some, organisation()).tellings)
