"""Stores what became of a delivery, and what follows: another try, a card sent anew, the next level at once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.adapter import DeliveryFailed, FailureKind
from bot.domain.delivery import Delivery, Dropped, Kind, Setback, State, next_try
from bot.domain.flow import rules_of
from bot.domain.incident import Step, Undelivered, Unreachable
from bot.domain.law import step
from bot.domain.organisation import Organisation
from bot.engine import metrics
from bot.engine.apply import apply
from bot.engine.courier import Carried, Sent
from bot.engine.picture import Picture
from storage import cards, deliveries, incidents
from storage.database import Connection, Database
from storage.deliveries import Claimed, Wanted

_AGAIN: Final = (FailureKind.UNREACHABLE, FailureKind.RATE_LIMITED, FailureKind.UNCERTAIN)

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
            if isinstance(carried, Sent):
                return await deliveries.delivered(connection, claimed, carried.receipt, carried.shown, now)
            return await deliveries.dropped(connection, claimed, carried, now)

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

        async def work(connection: Connection) -> bool:
            if again is None:
                return await self._give_up(connection, failed)
            if delivery.attempts == 1 and delivery.kind is not Kind.EDIT and not _only_a_moment(failure):
                organisation = await self._picture.current(connection)
                await _tell_the_law(connection, failed, failed.undelivered(organisation), organisation)
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
        await _tell_the_law(connection, failed, happened, organisation)
        if delivery.kind is not Kind.NOTE and await _nobody_was_reached(connection, delivery):
            await _tell_the_law(connection, failed, Unreachable(delivery.level, delivery.turn), organisation)
        return True


async def _nobody_was_reached(connection: Connection, page: Delivery) -> bool:
    return all(state is State.FAILED for state in await deliveries.pages_like(connection, page))


def _only_a_moment(failure: DeliveryFailed) -> bool:
    """Whether the platform only wants us to go slower: told on the cards, it would cost an edit of each of them."""
    return failure.kind is FailureKind.RATE_LIMITED and (failure.retry_after or 0.0) <= A_MOMENT


async def _tell_the_law(
    connection: Connection, failed: _Failed, happened: Undelivered | Unreachable, organisation: Organisation
) -> None:
    number = failed.delivery.incident
    incident = (await incidents.lock(connection, [number]))[number]
    made = step(incident, happened, rules_of(incident, organisation), failed.at)
    if isinstance(made, Step):
        await incidents.update(connection, [made.incident])
        await apply(connection, [(made.incident, made.effects)], (), organisation, failed.at)


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
