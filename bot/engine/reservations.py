"""What a transaction claims for the sender of what it adds itself, and claims that may have been stored unseen."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from bot.domain.incident import IncidentId
from storage import claims, deliveries
from storage.database import Connection
from storage.deliveries import LEASE, Claimed, Room

_NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Reservation:
    """Room that the sender keeps for one transaction, which claims by this name, and what it has claimed.

    `over`: done when the sender was told how the transaction ended. `until`: when what was claimed runs out.
    """

    claim: str
    room: Room
    over: asyncio.Future[None]
    claimed: list[Claimed] = field(default_factory=list)
    until: datetime = _NEVER
    is_claiming: bool = False
    """Whether it is at this, or failed at it: then nothing of the transaction is stored."""

    def begin(self) -> None:
        """The transaction begins, perhaps not for the first time."""
        self.claimed, self.is_claiming = [], False

    async def take(self, connection: Connection, opened: set[IncidentId], now: datetime) -> bool:
        """Claim what goes out at once for these incidents; return whether somebody has to look for more of theirs."""
        self.is_claiming = True
        self.claimed, is_left = await claims.claim_new(connection, self.claim, now, opened, self.room)
        self.until = now + LEASE
        self.is_claiming = False
        return is_left


class Unsure:
    """Claims of which the database did not say whether they were stored. Nothing was sent on them."""

    def __init__(self) -> None:
        self._since: dict[str, datetime] = {}

    def add(self, claim: str, now: datetime) -> None:
        """It may be stored, or will be: a commit whose answer was lost may still be under way."""
        self._since[claim] = now

    def discard(self, claim: str) -> None:
        """It is known what became of it."""
        self._since.pop(claim, None)

    async def give_back(self, connection: Connection, now: datetime, *, but: str = "") -> set[str]:
        """Give back those that are stored; return which these are, for `forget` once that is committed.

        `but`: the claim that the transaction itself is about to make, which is not stored before.
        """
        unsure = sorted(self._since.keys() - {but})
        found = await deliveries.taken_by(connection, unsure) if unsure else set()
        for claim in found:
            await deliveries.release(connection, claim, now)
        return found

    def forget(self, found: set[str], now: datetime) -> None:
        """These were given back. What has not come to light for as long as a claim lasts has run out."""
        kept = {claim: since for claim, since in self._since.items() if claim not in found}
        self._since = {claim: since for claim, since in kept.items() if abs(now - since) < LEASE}
