"""What became of messages, from when this process knows it until it is stored.

Without its answer stored, a message would go out twice. So an answer is kept for as long as the process lives, however
long the database is away; and once that is back, answers are stored before anything else is claimed.
"""

import asyncio
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Final

import structlog

from bot.clock import Clock
from bot.domain.delivery import DeliveryId
from bot.engine.courier import Carried
from bot.engine.outcomes import Outcome, Outcomes
from storage.database import is_away
from storage.deliveries import Claimed

AGAIN_AFTER: Final = (0.5, 1.0, 2.0, 4.0, 8.0)
# Between two tries of one answer when the database stays away; who claims tries them more often.
AT_LAST: Final = 15.0

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Answer:
    """How the try of a delivery ended, and once that is `stored`, what followed; `is_late`: the database was away."""

    claimed: Claimed
    carried: Carried
    is_late: bool = False
    outcome: Outcome | None = None
    stored: asyncio.Event = field(default_factory=asyncio.Event)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Answers:
    """The answers of this process that are not stored yet."""

    def __init__(self, outcomes: Outcomes, clock: Clock) -> None:
        self._outcomes = outcomes
        self._clock = clock
        self._known: dict[DeliveryId, _Answer] = {}

    async def settle(self, claimed: Claimed, carried: Carried) -> Outcome | None:
        """Store how a try ended, again and again while the database is away; whoever is cut off leaves it known.

        None: the claim was no longer ours, and somebody else settles it.
        """
        number = claimed.delivery.id
        answer = self._known[number] = _Answer(claimed, carried)
        for pause in chain(AGAIN_AFTER, repeat(AT_LAST)):
            try:
                await self._store(answer)
            except Exception as error:
                if not is_away(error):
                    del self._known[number]
                    raise
                answer.is_late = True
                log.warning("delivery_waits_for_the_database", error=type(error).__name__)
                await self._clock.wait(answer.stored, pause)
            else:
                del self._known[number]
                break
        return answer.outcome

    async def catch_up(self, *, every: bool = False) -> None:
        """Store what is late, or `every` answer that is known. Raises what the database raises while it is away."""
        for answer in [one for one in self._known.values() if every or one.is_late]:
            try:
                await self._store(answer)
            except Exception as error:
                if is_away(error):
                    raise
                # Whoever settles it meets the same, and tells.
                log.warning("answer_not_stored", delivery=answer.claimed.delivery.id, error=type(error).__name__)

    async def _store(self, answer: _Answer) -> None:
        async with answer.turn:
            if not answer.stored.is_set():
                answer.outcome = await self._outcomes.settle(answer.claimed, answer.carried, self._clock.now())
                answer.stored.set()
