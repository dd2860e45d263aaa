"""Stores what became of a delivery, and what follows: another try, a card sent anew, the next level at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.adapter import DeliveryFailed, FailureKind
from bot.domain.delivery import Delivery, Dropped, Kind, Setback, State, next_try
from bot.domain.flow import rules_of
from bot.domain.incident import Effect, Fact, IncidentId, Undelivered, Unreachable
from bot.domain.law import step
from bot.domain.organisation import Organisation
from bot.engine import boards, metrics
from bot.engine.apply import apply
from bot.engine.boards import Again
from bot.engine.courier import Carried, Sent
from bot.engine.picture import Picture
from storage import boards as rows
from storage import cards, deliveries, incidents
from storage.database import Connection, Database
from storage.deliveries import Claimed, Wanted

_AGAIN: Final = (FailureKind.UNREACHABLE, FailureKind.RATE_LIMITED, FailureKind.UNCERTAIN)

# So many pages that failed together are told to the law in one transaction, so that nobody waits long for it.
MOST_TOGETHER: Final = 100
# Seconds: a message that comes later than this is one that somebody missed.
A_MOMENT: Final = 30.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a try ended. `hold_until`: the platform wants nothing more for this place before then."""

    state: State
    hold_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Failed:
    """A try that failed, in the words of the timeline."""

    claimed: Claimed
    failure: DeliveryFailed
    at: datetime

    @property
    def delivery(self) -> Delivery:
        return self.claimed.delivery

    @property
    def why(self) -> tuple[str, str]:
        return str(self.failure.kind), self.failure.detail

    def undelivered(self, organisation: Organisation) -> Undelivered:
        """Return what the law is told: who was not told, in which workspace, and why in the platform's words."""
        place = self.delivery.place
        account = organisation.people.accounts.get(place.account) if place.account is not None else None
        workspace = organisation.workspaces.get(place.workspace)
        what = "the update of the card in " if self.delivery.kind is Kind.EDIT else ""
        return Undelivered(
            to=what + (account.name if account else f"chat {place.chat}"),
            via=workspace.name if workspace else "",
            why=f"{self.failure.detail} ({self.failure.kind})",
        )


class Outcomes:
    """Settles deliveries, each in one transaction and only while its claim is ours."""

    def __init__(self, database: Database, picture: Picture) -> None:
        self._database = database
        self._picture = picture

    async def settle(self, claimed: Claimed, carried: Carried, now: datetime) -> Outcome | None:
        """Store how a try ended; None: the claim was no longer ours, and somebody else settles it."""
        if isinstance(carried, DeliveryFailed):
            return await self._fail(_Failed(claimed, carried, now))
        dropped = carried if isinstance(carried, Dropped) else None

        async def work(connection: Connection) -> bool:
            if isinstance(carried, Sent) and carried.spoken is not None:
                return await boards.spoken(connection, claimed, carried.receipt, carried.spoken, now)
            if isinstance(carried, Sent):
                return await deliveries.delivered(connection, claimed, carried.receipt, carried.shown, now)
            drop = boards.dropped if claimed.delivery.kind is Kind.BOARD else deliveries.dropped
            return await drop(connection, claimed, carried, now)

        if not await self._database.transact(work):
            return None
        state = State.DELIVERED if dropped is None else State.WITHDRAWN
        _count(claimed.delivery, state, str(dropped or ""), now)
        return Outcome(state)

    async def _fail(self, failed: _Failed) -> Outcome | None:
        delivery, failure = failed.delivery, failed.failure
        pause = timedelta(seconds=failure.retry_after) if failure.retry_after is not None else None
        setback = Setback(failure.kind in _AGAIN, failure.kind is FailureKind.UNCERTAIN, pause)
        again = next_try(delivery, setback, failed.at)
        if again is None and delivery.kind is Kind.BOARD:
            await self._fail_pages(failed)

        async def work(connection: Connection) -> bool:
            if again is None:
                return await self._give_up(connection, failed)
            if delivery.kind is Kind.BOARD:
                return await boards.postponed(
                    connection, failed.claimed, failed.why, Again(again, setback.uncertain), failed.at
                )
            if delivery.attempts == 1 and delivery.kind is not Kind.EDIT and not _only_a_moment(failure):
                organisation = await self._picture.current(connection)
                await _tell_the_law(connection, [delivery], failed, organisation)
            return await deliveries.postponed(
                connection, failed.claimed, failed.why, again, uncertain=setback.uncertain
            )

        settled = await self._database.transact(work)
        metrics.TRIES.labels(kind=delivery.kind, failure=failure.kind).inc()
        log.warning(
            "not_delivered",
            incident=delivery.incident,
            kind=str(delivery.kind),
            place=delivery.place.key,
            failure=str(failure.kind),
            said=failure.detail,
            again_at=again.isoformat() if again else None,
        )
        if not settled:
            return None
        if again is None:
            _count(delivery, State.FAILED, str(failure.kind), failed.at)
            return Outcome(State.FAILED)
        return Outcome(State.PENDING, hold_until=again if failure.kind is FailureKind.RATE_LIMITED else None)

    async def _give_up(self, connection: Connection, failed: _Failed) -> bool:
        """This way has failed: say so, send a lost card anew, and go on at once if the whole turn reached nobody."""
        delivery = failed.delivery
        if delivery.kind is Kind.BOARD:
            return await boards.failed(connection, failed.claimed, failed.failure, failed.at)
        if not await deliveries.failed(connection, failed.claimed, failed.why, failed.at):
            return False
        if delivery.kind is Kind.EDIT and failed.failure.kind is FailureKind.GONE and delivery.card is not None:
            await cards.forget_message(connection, delivery.card)
            await deliveries.add(connection, [_anew(delivery, failed.at)], failed.at)
            return True
        organisation = await self._picture.current(connection)
        happened = failed.undelivered(organisation)
        if delivery.kind is Kind.EDIT:
            # Only written down: shown on the cards, it would ask for the edit that has just failed.
            await incidents.record(connection, [(delivery.incident, failed.at, happened.record)])
            return True
        await _tell_the_law(connection, [delivery], failed, organisation)
        return True

    async def _fail_pages(self, failed: _Failed) -> None:
        """A board's message has failed: so have the pages that went out with it, a portion at a time.

        Unless another message can still tell them.
        """

        async def work(connection: Connection) -> int:
            if await boards.loses(connection, failed.claimed, failed.failure):
                return 0  # They wait until the board is put there anew.
            if await boards.breaks_up(connection, failed.claimed, failed.failure, failed.at):
                return 0
            some = await rows.fail_some(connection, failed.claimed, failed.why, MOST_TOGETHER, failed.at)
            await _tell_the_law(connection, some, failed, await self._picture.current(connection))
            return len(some)

        while await self._database.transact(work):
            pass


async def _nobody_was_reached(connection: Connection, page: Delivery) -> bool:
    return all(state is State.FAILED for state in await deliveries.pages_like(connection, page))


def _only_a_moment(failure: DeliveryFailed) -> bool:
    """Whether the platform only wants us to go slower: told on the cards, it would cost an edit of each of them."""
    return failure.kind is FailureKind.RATE_LIMITED and (failure.retry_after or 0.0) <= A_MOMENT


async def _tell_the_law(
    connection: Connection, pages: Sequence[Delivery], failed: _Failed, organisation: Organisation
) -> None:
    """Let the incidents of these pages know that they have failed, and go on where a whole turn reached nobody.

    One that cannot be read learns nothing, and keeps no other from it.
    """
    found = await incidents.lock_readable(connection, {page.incident for page in pages})
    if found.unreadable:
        log.error("failure_not_told_to_unreadable", incidents=list(found.unreadable))
    known = {incident.id: incident for incident in found.incidents}
    effects: dict[IncidentId, tuple[Effect, ...]] = {}
    for page in pages:
        if page.incident not in known:
            continue
        happened: list[Fact] = [failed.undelivered(organisation)]
        if page.kind is not Kind.NOTE and await _nobody_was_reached(connection, page):
            happened.append(Unreachable(page.level, page.turn))
        for fact in happened:
            made = step(known[page.incident], fact, rules_of(known[page.incident], organisation), failed.at)
            known[page.incident] = made.incident
            effects[page.incident] = effects.get(page.incident, ()) + made.effects
    await incidents.update(connection, [known[number] for number in effects])
    await apply(connection, [(known[number], some) for number, some in effects.items()], (), organisation, failed.at)


def _anew(delivery: Delivery, now: datetime) -> Wanted:
    return Wanted(
        incident=delivery.incident,
        kind=Kind.CARD,
        place=delivery.place,
        version=delivery.version,
        level=delivery.level,
        turn=delivery.turn,
        not_before=now,
        card=delivery.card,
    )


def _count(delivery: Delivery, state: State, reason: str, now: datetime) -> None:
    metrics.DELIVERIES.labels(kind=delivery.kind, state=state, reason=reason).inc()
    if state is State.DELIVERED:
        metrics.DELIVERY_SECONDS.labels(kind=delivery.kind).observe((now - delivery.created_at).total_seconds())
    log.info("settled", incident=delivery.incident, kind=str(delivery.kind), place=delivery.place.key, state=str(state))
