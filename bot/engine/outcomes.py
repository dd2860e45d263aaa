"""Stores what became of a delivery, and what follows: another try, a card sent anew, the next level at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.adapter import Attempt, DeliveryFailed, FailureKind
from bot.domain.breaker import Breaker
from bot.domain.delivery import PAGES, Delivery, Dropped, Kind, PageId, Setback, State, next_try
from bot.domain.fallback import Standing
from bot.domain.flow import rules_of
from bot.domain.incident import Effect, Fact, IncidentId, Undelivered, Unreachable
from bot.domain.law import step
from bot.domain.organisation import Organisation
from bot.domain.people import LINES, WorkspaceId
from bot.engine import boards, letters, matters, metrics
from bot.engine.apply import apply
from bot.engine.boards import Again
from bot.engine.courier import Carried, Later, Sent
from bot.engine.fallback import follow, spare
from bot.engine.letters import Desks, Office
from bot.engine.picture import Picture
from bot.provider import FAILURES
from storage import boards as rows
from storage import cards, deliveries, incidents, lines, pages, settling
from storage import letters as stored_letters
from storage.database import Connection, Database
from storage.deliveries import DARK, Claimed, Wanted
from storage.lines import Hop

_AGAIN: Final = (FailureKind.UNREACHABLE, FailureKind.RATE_LIMITED, FailureKind.UNCERTAIN)

# What only changes what was told is told to no law when it fails.
_NOT_TOLD: Final = (Kind.EDIT, Kind.CANCEL)
# So many pages that failed together are told to the law in one transaction, so that nobody waits long for it.
MOST_TOGETHER: Final = 100
# So many tries of a message are kept, and after them every so manieth.
MOST_TRIES_KEPT: Final = 10
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
        why = f"{self.failure.detail} ({self.failure.kind})"
        what = "the update of the card in " if self.delivery.kind is Kind.EDIT else ""
        return Undelivered(
            to=what + (account.name if account else f"chat {place.chat}"),
            via=organisation.via(place.workspace),
            # Half a character, such as a careless service may send, can be written by nobody.
            why=why.encode("utf-8", "replace").decode(),
        )


class Outcomes:
    """Settles deliveries, each in one transaction and only while its claim is ours."""

    def __init__(self, database: Database, picture: Picture, desks: Desks) -> None:
        self._desks = desks
        self._database = database
        self._picture = picture
        self._breakers: dict[WorkspaceId, Breaker] = {}

    async def settle(self, claimed: Claimed, carried: Carried, now: datetime) -> Outcome | None:
        """Store how a try ended; None: the claim was no longer ours, and somebody else settles it."""
        if isinstance(carried, DeliveryFailed):
            return await self._fail(_Failed(claimed, carried, now))
        if isinstance(carried, Later):
            return await self._put_off(claimed, carried.until, now)
        dropped = carried if isinstance(carried, Dropped) else None

        async def work(connection: Connection) -> bool:
            if isinstance(carried, Sent):
                return await self._sent(connection, claimed, carried, now)
            drop = boards.dropped if claimed.delivery.kind is Kind.BOARD else settling.dropped
            return await drop(connection, claimed, carried, now)

        if isinstance(carried, Sent):
            self._breakers.pop(claimed.delivery.place.workspace, None)
        if not await self._database.transact(work):
            return None
        state = State.DELIVERED if dropped is None else State.WITHDRAWN
        _count(claimed.delivery, state, str(dropped or ""), now)
        return Outcome(state)

    async def _sent(self, connection: Connection, claimed: Claimed, sent: Sent, now: datetime) -> bool:
        """Store that it was taken; the ways that stood behind it are spared."""
        delivery = claimed.delivery
        ways = await pages.legs(connection, [delivery.page] if delivery.page is not None else [])
        if sent.spoken is not None:
            told = await boards.spoken(connection, claimed, sent.receipt, sent.spoken, now)
            if told is None:
                return False
        elif delivery.kind is Kind.LETTER:
            if not await stored_letters.delivered(connection, claimed, sent.receipt, sent.shown or 0, now):
                return False
            told = []
        elif await settling.delivered(connection, claimed, sent.receipt, sent.shown, now):
            told = []
            await spare(connection, ways, delivery.id, self._picture.deadline, now)
        else:
            return False
        await follow(connection, told, self._picture.deadline, now)
        if delivery.kind is not Kind.LETTER:
            await lines.add(connection, [_hop(delivery, "attempt", one, now) for one in sent.receipt.tried])
        if delivery.place.workspace in LINES.values():
            await self._lost_meanwhile(connection, delivery, now)
        return True

    async def _lost_meanwhile(self, connection: Connection, delivery: Delivery, now: datetime) -> None:
        """A provider may report of a message before its answer to our call is stored."""
        hops = (await lines.hops_of(connection, [delivery.id])).get(delivery.id, [])
        bad = next((hop for hop in hops if hop.hop in FAILURES), None)
        if bad is not None:
            organisation = await self._picture.current(connection)
            await lost(connection, delivery, (bad.hop, bad.said), organisation, now, desks=self._desks)

    async def _darken(self, connection: Connection, failed: _Failed) -> None:
        """Nothing waits for what answers nobody: the next way goes out, and where none is left, the next level."""
        delivery = failed.delivery
        await pages.darken(connection, delivery.id)
        await self._follow(connection, [delivery.page], failed.at)
        organisation = await self._picture.current(connection)
        works = self._works(organisation, failed.at)
        if delivery.kind is not Kind.NOTE and await _nobody_was_reached(connection, delivery, dark_is_lost=works):
            await _go_on(connection, delivery, organisation, failed.at)

    def _works(self, organisation: Organisation, now: datetime) -> bool:
        """Whether anything answers: where nothing does the trouble is ours, and another level would help nobody."""
        adapters = [one.id for one in organisation.workspaces.values() if one.active]
        adapters += [LINES[method] for method in {one.method for one in organisation.providers}]
        return any(not self._breakers.get(one, Breaker()).is_open(now) for one in adapters)

    async def _tell(self, connection: Connection, some: Sequence[Delivery], failed: _Failed) -> None:
        organisation = await self._picture.current(connection)
        works = self._works(organisation, failed.at)
        await _tell_the_law(connection, some, failed, organisation, dark_is_lost=works)

    async def _put_off(self, claimed: Claimed, until: datetime, now: datetime) -> Outcome | None:
        """Another way of its page comes first."""
        delivery = claimed.delivery

        async def work(connection: Connection) -> bool:
            # Meanwhile it may have come to nothing: then nothing holds this one up.
            await _hold(connection, delivery)
            page, account = delivery.page, delivery.place.account
            before = await pages.earlier(connection, page, account, delivery.rank) if page is not None else []
            still = any(leg.tried.standing is Standing.OPEN for leg in before)
            return await settling.put_off(connection, claimed, until if still else now)

        return Outcome(State.PENDING) if await self._database.transact(work) else None

    def _is_dark(self, failed: _Failed) -> bool:
        """Whether what it goes by has answered nobody for a while; kept for each workspace and line."""
        if failed.failure.kind not in (FailureKind.UNREACHABLE, FailureKind.UNCERTAIN):
            self._breakers.pop(failed.delivery.place.workspace, None)
            return False
        workspace = failed.delivery.place.workspace
        self._breakers[workspace] = breaker = self._breakers.get(workspace, Breaker()).failed(failed.at)
        return breaker.is_open(failed.at)

    async def _fail(self, failed: _Failed) -> Outcome | None:
        delivery, failure = failed.delivery, failed.failure
        pause = timedelta(seconds=failure.retry_after) if failure.retry_after is not None else None
        setback = Setback(
            failure.kind in _AGAIN,
            failure.kind is FailureKind.UNCERTAIN,
            pause,
            has_other_way=await self._has_other_way(delivery),
        )
        again = next_try(delivery, setback, failed.at)
        is_dark = self._is_dark(failed)
        if again is None and delivery.kind is Kind.BOARD:
            await self._fail_pages(failed)

        async def work(connection: Connection) -> bool:
            if delivery.kind in (*PAGES, Kind.NOTE):
                # Whoever acts takes the incident first, and then what is queued for it.
                await incidents.lock_readable(connection, [delivery.incident])
            await _hold(connection, delivery)
            await _note_try(connection, failed)
            if again is None:
                return await self._give_up(connection, failed)
            done = await self._put_back(connection, failed, again, uncertain=setback.uncertain)
            if done and is_dark and delivery.kind in (*PAGES, Kind.NOTE):
                await self._darken(connection, failed)
            return done

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

    async def _put_back(self, connection: Connection, failed: _Failed, again: datetime, *, uncertain: bool) -> bool:
        """Let it be tried again; whoever it is about learns of the first try that was missed."""
        delivery, claimed = failed.delivery, failed.claimed
        if delivery.kind is Kind.BOARD:
            return await boards.postponed(connection, claimed, failed.why, Again(again, uncertain), failed.at)
        if delivery.kind is Kind.LETTER:
            done = await settling.postponed(connection, claimed, failed.why, again, uncertain=uncertain)
            if done and not _only_a_moment(failed.failure):
                await letters.postponed(connection, claimed, await self._picture.current(connection), failed.at)
            return done
        if delivery.attempts == 1 and delivery.kind not in _NOT_TOLD and not _only_a_moment(failed.failure):
            await self._tell(connection, [delivery], failed)
        return await settling.postponed(connection, claimed, failed.why, again, uncertain=uncertain)

    async def _give_up(self, connection: Connection, failed: _Failed) -> bool:
        """This way has failed: say so, send a lost card anew, and go on at once if the whole turn reached nobody."""
        delivery = failed.delivery
        if delivery.kind is Kind.BOARD:
            return await boards.failed(connection, failed.claimed, failed.failure, failed.at)
        if delivery.kind is Kind.LETTER:
            office = Office(self._desks, await self._picture.current(connection))
            return await letters.failed(connection, failed.claimed, failed.why, office, failed.at)
        if not await settling.failed(connection, failed.claimed, failed.why, failed.at):
            return False
        if delivery.kind is Kind.CANCEL:
            return True
        await self._follow(connection, [delivery.page], failed.at)
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
        await self._tell(connection, [delivery], failed)
        return True

    async def _follow(self, connection: Connection, touched: Sequence[PageId | None], now: datetime) -> None:
        await follow(connection, touched, self._picture.deadline, now)

    async def _has_other_way(self, delivery: Delivery) -> bool:
        page = delivery.page
        if page is None:
            return False

        async def work(connection: Connection) -> bool:
            return await pages.has_other_way(connection, page, delivery.place.account, delivery.rank)

        return await self._database.read(work)

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
            await self._follow(connection, [one.page for one in some], failed.at)
            await self._tell(connection, some, failed)
            return len(some)

        while await self._database.transact(work):
            pass


async def lost(  # noqa: PLR0913 - What is lost, why, and who knows what follows.
    connection: Connection,
    delivery: Delivery,
    why: tuple[str, str],
    organisation: Organisation,
    now: datetime,
    *,
    desks: Desks = matters.DESKS,
) -> None:
    """Store that a message that was accepted reached nobody after all, why in our word and in the provider's.

    The next way of its page or of its letter goes out at once, and of each page that went out with it.
    """
    reason, said = why
    if not await lines.lose(connection, delivery.id, why, now):
        return
    if delivery.kind is Kind.LETTER:
        await letters.came_back(connection, delivery, why, Office(desks, organisation), now)
        return
    is_board = delivery.kind is Kind.BOARD
    told = await lines.lose_told(connection, delivery, why, now) if is_board else [delivery]
    await follow(connection, [one.page for one in told], organisation.deadline, now)
    failure = DeliveryFailed(FailureKind.REFUSED, f"{said} ({reason})" if said else reason)
    await _tell_the_law(connection, told, _Failed(Claimed(delivery, ""), failure, now), organisation)


async def _hold(connection: Connection, delivery: Delivery) -> None:
    """Let what becomes of two ways of one page at once be stored one after the other."""
    if delivery.page is not None:
        await pages.hold(connection, delivery.page)


async def _nobody_was_reached(connection: Connection, page: Delivery, *, dark_is_lost: bool) -> bool:
    alike = await deliveries.pages_like(connection, page)
    return all(
        state is State.FAILED or (dark_is_lost and state is State.PENDING and reason == DARK) for state, reason in alike
    )


async def _go_on(connection: Connection, page: Delivery, organisation: Organisation, now: datetime) -> None:
    """Let the incident go on at once: this turn of this level reached nobody."""
    found = await incidents.lock_readable(connection, [page.incident])
    for incident in found.incidents:
        made = step(incident, Unreachable(page.level, page.turn), rules_of(incident, organisation), now)
        await incidents.update(connection, [made.incident])
        await apply(connection, [(made.incident, made.effects)], (), organisation, now)


async def _note_try(connection: Connection, failed: _Failed) -> None:
    """Keep what each try of a message came to; of one that is tried for hours, not all of them."""
    delivery = failed.delivery
    is_told = delivery.attempts <= MOST_TRIES_KEPT or delivery.attempts % MOST_TRIES_KEPT == 0
    if delivery.kind in (*PAGES, Kind.NOTE, Kind.CANCEL) and is_told:
        asked = failed.failure.tried or (Attempt("", f"{failed.failure.detail} ({failed.failure.kind})"),)
        await lines.add(connection, [_hop(delivery, "attempt", one, failed.at) for one in asked])


def _hop(delivery: Delivery, hop: str, attempt: Attempt, now: datetime) -> Hop:
    return Hop(delivery.id, now, hop, attempt.provider, attempt.said)


def _only_a_moment(failure: DeliveryFailed) -> bool:
    """Whether the platform only wants us to go slower: told on the cards, it would cost an edit of each of them."""
    return failure.kind is FailureKind.RATE_LIMITED and (failure.retry_after or 0.0) <= A_MOMENT


async def _tell_the_law(
    connection: Connection,
    pages: Sequence[Delivery],
    failed: _Failed,
    organisation: Organisation,
    *,
    dark_is_lost: bool = True,
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
        is_page = page.kind is not Kind.NOTE
        if is_page and await _nobody_was_reached(connection, page, dark_is_lost=dark_is_lost):
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
