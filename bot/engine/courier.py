"""Takes one delivery to its platform: what is to be said now, to whom, and what the platform answered.

Outside of any transaction. Whatever goes wrong comes back as a `DeliveryFailed`; what is not understood counts as not
delivered.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog

from bot.adapter import (
    Adapter,
    DeliveryFailed,
    Edit,
    FailureKind,
    FindsByEmail,
    FindsByMobile,
    MessageRef,
    Personal,
    Receipt,
    Stops,
    To,
)
from bot.domain import fallback, reach
from bot.domain.board import Form
from bot.domain.delivery import LONGEST_ALARM, Delivery, Dropped, Kind, unwanted
from bot.domain.fallback import Verdict
from bot.domain.flow import rules_of
from bot.domain.incident import Incident
from bot.domain.organisation import Organisation
from bot.domain.people import LINES, AccountId, ChatLink, WorkspaceId
from bot.engine import boards, letters
from bot.engine.boards import BoardJob, Spoken
from bot.engine.directory import who_is
from bot.engine.letters import Desks, LetterJob, Office
from bot.engine.picture import Picture
from bot.engine.scenes import TIMELINE_READ, scene_with
from cards import build, notes
from cards.build import Scene
from storage import cards, definitions, lines, pages
from storage.cards import CardRow
from storage.database import Connection, Database, is_away
from storage.deliveries import Claimed
from storage.incidents import Unreadable

_LINES: Final = frozenset(LINES.values())
_QUIET: Final = (Kind.NOTE, Kind.LETTER)
WITHOUT_ADAPTER: Final = 5.0
# An adapter keeps its own time; this is for one that does not.
GRACE: Final = 2.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Sent:
    """The platform took it. `shown`: the version that its card or letter shows now; None: it was neither.

    `spoken`: how a board spoke; None: it was none.
    """

    receipt: Receipt
    shown: int | None
    spoken: Spoken | None = None


@dataclass(frozen=True, slots=True)
class Later:
    """Another way of the same page comes first: until then it waits."""

    until: datetime


Carried = Sent | Dropped | DeliveryFailed | Later

MayAsk = Callable[[float], bool]
"""Told that the platform is about to be asked, and in how many seconds it answers at the latest.

False: the claim may end before that, and somebody else would send the same; so nothing is sent.
"""


@dataclass(frozen=True, slots=True)
class _Job:
    """A delivery that is wanted, with what it takes to send it."""

    delivery: Delivery
    incident: Incident
    organisation: Organisation
    card: CardRow | None
    scene: Scene
    alarms: tuple[MessageRef, ...] = ()


_Jobs = _Job | BoardJob | LetterJob


class Courier:
    """Carries deliveries by the adapters of this process."""

    def __init__(
        self, database: Database, picture: Picture, adapters: Mapping[WorkspaceId, Adapter], desks: Desks
    ) -> None:
        self._database = database
        self._desks = desks
        self._picture = picture
        self._adapters = adapters

    async def carry(self, claimed: Claimed, may_ask: MayAsk, now: datetime) -> Carried | None:
        """Send one delivery, unless the present state says that it is no longer wanted; None: `may_ask` said no.

        Raises what the database raises when it is away: then nothing was sent.
        """
        delivery = claimed.delivery

        async def work(connection: Connection) -> _Jobs | Dropped | Later:
            return await self._prepare(connection, claimed, now)

        try:
            job = await self._database.read(work)
        except Exception as error:
            if is_away(error):
                raise
            return _not_prepared(delivery, error)
        if isinstance(job, Dropped | Later):
            return job
        adapter = self._adapters.get(delivery.place.workspace)
        if adapter is None:
            return _without_adapter(delivery, job.organisation)
        limit = adapter.capabilities.send_timeout + GRACE
        if not may_ask(limit):
            return None
        try:
            async with asyncio.timeout(limit):
                return await self._hand_over(adapter, job)
        except DeliveryFailed as failure:
            return failure
        except TimeoutError:
            return DeliveryFailed(FailureKind.UNCERTAIN, f"no answer within {limit:g} s")
        except Exception as error:  # A defect of ours or of an SDK costs this try, not the sender.
            log.exception("adapter_failed", delivery=delivery.id)
            return DeliveryFailed(FailureKind.UNCERTAIN, f"internal error: {type(error).__name__}")

    async def _prepare(self, connection: Connection, claimed: Claimed, now: datetime) -> _Jobs | Dropped | Later:
        delivery = claimed.delivery
        if delivery.kind is Kind.BOARD:
            return await boards.prepare(connection, claimed, await self._picture.current(connection), now)
        if delivery.kind is Kind.LETTER:
            office = Office(self._desks, await self._picture.current(connection))
            return await letters.prepare(connection, claimed, office, now)
        about = await cards.about(connection, delivery.incident, delivery.card, TIMELINE_READ)
        incident, card = about.incident, about.card
        stale = unwanted(delivery, incident, card.shown if card else None)
        if stale is not None:
            return stale
        organisation = await self._picture.current(connection, about.revision)
        verdict = await _verdict(connection, delivery, now)
        if verdict is not Verdict.GO:
            return Dropped.REACHED if verdict is Verdict.SPARE else Later(now + organisation.deadline)
        if delivery.kind is Kind.EDIT and _has_left(delivery, organisation):
            return Dropped.NOT_EDITABLE
        mention = _mentioned(delivery, incident, organisation)
        # Read only now: what is wanted no more is dropped, whatever is written of it.
        timeline = await cards.timeline(connection, about, TIMELINE_READ)
        scene = scene_with(timeline, incident, organisation, delivery.place, mention)
        is_repeat = delivery.uncertain and delivery.kind is not Kind.EDIT
        adapter = self._adapters.get(delivery.place.workspace)
        has_forms = adapter is not None and adapter.capabilities.forms
        scene = replace(scene, may_repeat=is_repeat, forms=has_forms)
        alarms = [] if delivery.kind is not Kind.CANCEL else await _alarms(connection, delivery, now)
        return _Job(delivery, incident, organisation, card, scene, tuple(alarms))

    async def _hand_over(self, adapter: Adapter, job: _Jobs) -> Sent | Dropped:
        if isinstance(job, BoardJob):
            return await self._speak(adapter, job)
        if isinstance(job, LetterJob):
            if job.row.message is not None and _has_left(job.delivery, job.organisation):
                return Dropped.NOT_EDITABLE
            taken = await letters.carry(adapter, job, partial(self._to, adapter, job))
            return taken if isinstance(taken, Dropped) else Sent(*taken)
        if job.delivery.kind is Kind.CANCEL:
            return await _stop(adapter, job.alarms)
        return await (self._edit(adapter, job) if job.delivery.kind is Kind.EDIT else self._send(adapter, job))

    async def _edit(self, adapter: Adapter, job: _Job) -> Sent | Dropped:
        if job.card is None or job.card.message is None or adapter.capabilities.edit is Edit.NEVER:
            return Dropped.NOT_EDITABLE
        return Sent(await adapter.edit(job.card.message, build.card(job.scene)), job.incident.version)

    async def _send(self, adapter: Adapter, job: _Job) -> Sent:
        """Send a note, or a page: the card where there is none yet, else a reminder under it."""
        to = await self._to(adapter, job)
        message = job.card.message if job.card is not None else None
        if job.delivery.kind is Kind.NOTE and job.delivery.entry is not None:
            return Sent(await adapter.send(to, notes.announcement(job.scene, job.delivery.entry)), None)
        if message is None:
            return Sent(await adapter.send(to, build.card(job.scene)), job.incident.version)
        under = message if adapter.capabilities.threads and not to.direct else None
        return Sent(await adapter.send(to, notes.reminder(job.scene, job.delivery.turn), under=under), None)

    async def _speak(self, adapter: Adapter, job: BoardJob) -> Sent | Dropped:
        """Let a board say what is on it, in the form that the moment asks for."""
        how = boards.form(adapter, job)
        if isinstance(how, Dropped):
            return how
        if how is Form.EDIT:
            has_left = _has_left(job.delivery, job.organisation)
            receipt = Dropped.NOT_EDITABLE if has_left else await boards.edit(adapter, job)
        else:
            receipt = await boards.send(adapter, job, how, await self._to(adapter, job))
        if isinstance(receipt, Dropped):
            return receipt
        return Sent(receipt, None, Spoken(how, is_over=not job.scene.summary.open))

    async def _to(self, adapter: Adapter, job: _Jobs) -> To:
        place = job.delivery.place
        if _has_left(job.delivery, job.organisation):
            raise DeliveryFailed(FailureKind.UNLINKED, "the account is no longer configured")
        if place.chat is not None or place.account is None:
            return To(place.chat or "")
        if place.workspace in _LINES:
            return _along(job.delivery, place.account, job.organisation)
        user = job.organisation.users_in(place.workspace).get(place.account)
        finder: object = adapter
        if user is None and isinstance(finder, FindsByEmail | FindsByMobile):
            user = await self._look_up(finder, place.workspace, place.account, job.organisation)
        if user is None:
            raise DeliveryFailed(FailureKind.UNLINKED, "no chat user is linked to this account")
        return To(user, direct=True)

    async def _look_up(
        self,
        adapter: FindsByEmail | FindsByMobile,
        workspace: WorkspaceId,
        account: AccountId,
        organisation: Organisation,
    ) -> str | None:
        """Ask the platform who has the account's e-mail address or number, and remember the answer."""
        user = await who_is(adapter, organisation.people.accounts[account])
        if user is None or organisation.account_of(workspace, user) is not None:
            return None
        link = ChatLink(workspace, user, account)

        async def work(connection: Connection) -> None:
            await definitions.add_link(connection, link)

        await self._database.transact(work)
        return user


def _along(delivery: Delivery, account: AccountId, organisation: Organisation) -> To:
    """Return where a message goes by a line. Raises DeliveryFailed: the person cannot be reached by it any more."""
    line = delivery.place.workspace
    address = reach.address(account, organisation, line)
    if not address:
        method = organisation.via(line)
        raise DeliveryFailed(FailureKind.UNLINKED, f"nothing that was proven to be theirs can be reached by {method}")
    person = organisation.people.accounts[account]
    personal = Personal(delivery.id, account, person.locale, person.timezone, urgent=delivery.kind not in _QUIET)
    return To(address, direct=True, personal=personal)


async def _stop(adapter: Adapter, alarms: Sequence[MessageRef]) -> Sent | Dropped:
    """Stop what still rings. What is over already needs nothing."""
    able: object = adapter
    if not isinstance(able, Stops):
        return Dropped.OVER
    said: list[Receipt] = []
    failures: list[DeliveryFailed] = []
    for message in alarms:
        try:
            said.append(Receipt(message, await able.stop(message)))
        except DeliveryFailed as failure:
            # One that cannot be stopped keeps no other from it.
            failures += [failure] if failure.kind is not FailureKind.GONE else []
    if failures:
        raise failures[0]
    return Sent(said[0], None) if said else Dropped.OVER


async def _alarms(connection: Connection, delivery: Delivery, now: datetime) -> list[MessageRef]:
    return await lines.alarms(connection, delivery, now - LONGEST_ALARM)


async def _verdict(connection: Connection, delivery: Delivery, now: datetime) -> Verdict:
    """Return whether a way that stands behind others of its page goes out now.

    Also one that has been tried: while it waited for another try, one before it may have reached the person.
    """
    if delivery.page is None or delivery.not_before is None:
        return Verdict.GO
    if delivery.latest is not None and delivery.latest <= now:
        return Verdict.GO
    before = await pages.earlier(connection, delivery.page, delivery.place.account, delivery.rank)
    late = timedelta() if delivery.waited or delivery.attempts > 1 else now - delivery.not_before
    return fallback.verdict(late, [leg.tried for leg in before])


def _not_prepared(delivery: Delivery, error: Exception) -> DeliveryFailed:
    """Nothing was sent, so it may be tried again, and the incident's people learn of it: of a defect of ours, too."""
    log.error("not_prepared", delivery=delivery.id, incident=delivery.incident, exc_info=error)
    what = str(error) if isinstance(error, Unreadable) else f"internal error: {type(error).__name__}"
    return DeliveryFailed(FailureKind.UNREACHABLE, what)


def _has_left(delivery: Delivery, organisation: Organisation) -> bool:
    """Whether the message is for somebody who is told nothing any more, not even by a card that changes."""
    account = organisation.people.accounts.get(delivery.place.account) if delivery.place.account is not None else None
    return account is not None and not account.active


def _without_adapter(delivery: Delivery, organisation: Organisation) -> DeliveryFailed:
    line = delivery.place.workspace
    if line in _LINES:
        if any(LINES[one.method] == line for one in organisation.providers):
            return DeliveryFailed(FailureKind.UNREACHABLE, "no provider is ready", retry_after=WITHOUT_ADAPTER)
        return DeliveryFailed(FailureKind.GONE, f"no provider for {organisation.via(line)} is configured any more")
    workspace = organisation.workspaces.get(line)
    if workspace is None or not workspace.active:
        return DeliveryFailed(FailureKind.GONE, "the workspace is no longer configured")
    return DeliveryFailed(FailureKind.UNREACHABLE, "the workspace is not connected", retry_after=WITHOUT_ADAPTER)


def _mentioned(delivery: Delivery, incident: Incident, organisation: Organisation) -> tuple[AccountId, ...]:
    """Return who must notice: those whom this level tells, in a chat where others read along."""
    if delivery.place.chat is None or delivery.kind is Kind.EDIT:
        return ()
    levels = rules_of(incident, organisation).levels
    targets = levels[delivery.level].targets if 0 <= delivery.level < len(levels) else ()
    return organisation.people.resolve(incident.assigned or targets)
