"""Boards at work: what one says now, how it says it, and what follows from the platform's answer.

Which pages go out with a message was settled when the message was claimed; what it says is read when it is sent.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import structlog

from bot.adapter import Adapter, DeliveryFailed, Edit, FailureKind, Receipt, To
from bot.domain.board import Form, Pages, form_of, tells_at
from bot.domain.delivery import Delivery, Dropped, Lane, PageId
from bot.domain.event import Severity
from bot.domain.flow import rules_of
from bot.domain.incident import IncidentId
from bot.domain.organisation import Organisation
from bot.domain.people import AccountId
from cards import board as says
from cards.board import MOST_CRITICAL, MOST_OLDEST, BoardScene
from cards.card import Card
from storage import boards, settling
from storage.boards import Asked, BoardRow
from storage.database import Connection
from storage.deliveries import Claimed
from storage.incidents import Found

_OF_CONTENT: Final = (FailureKind.TOO_LONG, FailureKind.MALFORMED)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class BoardJob:
    """A board's message, with what it takes to send it."""

    delivery: Delivery
    organisation: Organisation
    row: BoardRow
    scene: BoardScene


@dataclass(frozen=True, slots=True)
class Spoken:
    """How a board spoke, and whether it said that everything is over."""

    form: Form
    is_over: bool


@dataclass(frozen=True, slots=True)
class Again:
    """When to try again, and whether the last try may have arrived all the same."""

    at: datetime
    uncertain: bool


async def prepare(
    connection: Connection, claimed: Claimed, organisation: Organisation, now: datetime
) -> BoardJob | Dropped:
    """Gather what the board says now."""
    number = boards.board_of(claimed.delivery)
    row = (await boards.find(connection, [number])).get(number)
    if row is None:
        return Dropped.CLOSED
    pages, unreadable = await boards.pages(connection, claimed)
    scene, unnamed = await _scene_of(connection, row, pages, organisation, now)
    if unreadable or unnamed:
        log.warning("board_leaves_out_unreadable", board=number, incidents=sorted({*unreadable, *unnamed}))
    return BoardJob(claimed.delivery, organisation, row, replace(scene, may_repeat=claimed.delivery.uncertain))


async def said(connection: Connection, board: Delivery, organisation: Organisation, now: datetime) -> Card | None:
    """Return what the board of a message says now, when somebody asks for it; None: it is no more."""
    number = boards.board_of(board)
    row = (await boards.find(connection, [number])).get(number)
    return says.card((await _scene_of(connection, row, Pages(), organisation, now))[0]) if row is not None else None


def form(adapter: Adapter, job: BoardJob) -> Form | Dropped:
    """Return how the board speaks on this platform, or why it does not."""
    can_edit = adapter.capabilities.edit is not Edit.NEVER
    return form_of(job.row.board, job.scene.summary, job.scene.pages.incidents, can_edit=can_edit)


async def edit(adapter: Adapter, job: BoardJob) -> Receipt | Dropped:
    """Let the board's message show what is on it now."""
    if job.row.message is None:
        return Dropped.NOT_EDITABLE
    return await adapter.edit(job.row.message, says.card(replace(job.scene, may_repeat=False)))


async def send(adapter: Adapter, job: BoardJob, how: Form, to: To) -> Receipt:
    """Put the board into its place, or let it call under its message."""
    if how is Form.POST:
        return await adapter.send(to, says.card(job.scene))
    under = job.row.message if adapter.capabilities.threads and not to.direct else None
    return await adapter.send(to, says.call(job.scene), under=under)


async def spoken(
    connection: Connection, claimed: Claimed, receipt: Receipt, how: Spoken, now: datetime
) -> list[PageId] | None:
    """Store that the platform took the board's message, and what follows; None: the claim was no longer ours.

    Return the pages that it told and that have other ways.
    """
    told: list[PageId] = []
    if not await settling.delivered(connection, claimed, receipt, None, now):
        return None
    if how.form is Form.POST:
        await boards.posted(connection, claimed, receipt.message)
    if how.form is not Form.EDIT:
        told = await boards.told(connection, claimed, receipt, now)
    await _go_on(connection, claimed, now, is_over=how.is_over)
    if how.form is Form.CALL:
        await _redraw(connection, claimed, now)
    return told


async def dropped(connection: Connection, claimed: Claimed, reason: Dropped, now: datetime) -> bool:
    """Store that the board had nothing to say; False: the claim was no longer ours."""
    if not await settling.dropped(connection, claimed, reason, now):
        return False
    # Also where its message cannot be changed any more, so that it never said so.
    is_over = not (await boards.summary(connection, boards.board_of(claimed.delivery))).open
    await _go_on(connection, claimed, now, is_over=is_over)
    return True


async def postponed(
    connection: Connection, claimed: Claimed, why: tuple[str, str], again: Again, now: datetime
) -> bool:
    """Put the board's message back to be tried again; False: the claim was no longer ours."""
    await boards.withdraw_newer(connection, claimed, now)
    await boards.note_setback(connection, claimed, why)
    if not await settling.postponed(connection, claimed, why, again.at, uncertain=again.uncertain):
        return False
    # The newer message that gave way may have been the more urgent one: it is asked for again.
    await _go_on(connection, claimed, now, is_over=False)
    return True


async def failed(connection: Connection, claimed: Claimed, failure: DeliveryFailed, now: datetime) -> bool:
    """Store that the message has failed, and let what waits be told by another; False: the claim was no longer ours.

    A board whose message the platform has lost is put into its place anew.
    """
    is_lost = await loses(connection, claimed, failure)
    if not await settling.failed(connection, claimed, (str(failure.kind), failure.detail), now):
        return False
    if is_lost:
        await boards.forget_message(connection, claimed)
        await _redraw(connection, claimed, now)
    await _go_on(connection, claimed, now, is_over=False)
    return True


async def breaks_up(connection: Connection, claimed: Claimed, failure: DeliveryFailed, now: datetime) -> bool:
    """Let the pages go out alone if the failure says that the board's content is not taken; whether it does."""
    if failure.kind not in _OF_CONTENT:
        return False
    await boards.break_up(connection, claimed, (str(failure.kind), failure.detail), now)
    return True


async def loses(connection: Connection, claimed: Claimed, failure: DeliveryFailed) -> bool:
    """Whether the failure says that the board's message is gone, so that what waits can still be told by a new one."""
    row = await _row(connection, claimed)
    return failure.kind is FailureKind.GONE and row is not None and row.message is not None


async def _go_on(connection: Connection, claimed: Claimed, now: datetime, *, is_over: bool) -> None:
    """Let the board be heard when it may be where pages wait on it; else, when it is over, let it take no more."""
    row = await _row(connection, claimed)
    if row is None:
        return
    board = row.board
    if await boards.is_waited_on(connection, board.id):
        await boards.ask(connection, [Asked(board.id, board.place, tells_at(board, now), Lane.PAGE)], now)
    elif is_over:
        await boards.close(connection, board.id, now)


async def _redraw(connection: Connection, claimed: Claimed, now: datetime) -> None:
    """Let the board show at once what is on it, as soon as its place may be written to."""
    await boards.ask(connection, [Asked(boards.board_of(claimed.delivery), claimed.delivery.place, now)], now)


async def _row(connection: Connection, claimed: Claimed) -> BoardRow | None:
    number = boards.board_of(claimed.delivery)
    return (await boards.find(connection, [number])).get(number)


async def _scene_of(
    connection: Connection, row: BoardRow, pages: Pages, organisation: Organisation, now: datetime
) -> tuple[BoardScene, tuple[IncidentId, ...]]:
    """Return the scene of the board in its place; in a direct message, in that person's language and time zone.

    And the incidents that it would name, could they be read.
    """
    board, people = row.board, organisation.people
    summary = await boards.summary(connection, board.id)
    reader = organisation.reader(board.place.workspace, board.place.account)
    oldest = await boards.oldest(connection, board.id, MOST_OLDEST) if summary.untaken else Found()
    has_critical = summary.severities.get(Severity.CRITICAL, 0) > 0 and summary.untaken > 0
    critical = Found()
    if has_critical:
        critical = await boards.newest_of(connection, board.id, Severity.CRITICAL, MOST_CRITICAL)
    scene = BoardScene(
        board=board.id,
        summary=summary,
        opened_at=board.opened_at,
        now=now,
        channels={number: organisation.channel(number).name for number in summary.channels},
        names={account.id: account.name for account in people.accounts.values()},
        oldest=oldest.incidents,
        critical=critical.incidents,
        takers=await boards.takers(connection, board.id),
        pages=pages,
        users=organisation.users_in(board.place.workspace),
        locale=reader.locale,
        timezone=reader.timezone,
        mention=_told_by(pages, organisation) if board.place.chat is not None else (),
        direct=board.place.chat is None,
    )
    return scene, oldest.unreadable + critical.unreadable


def _told_by(pages: Pages, organisation: Organisation) -> tuple[AccountId, ...]:
    """Return who must notice the message: those whom the levels tell whose pages go out with it."""
    found: list[AccountId] = []
    for incident, level in pages.levels:
        levels = rules_of(incident, organisation).levels
        targets = levels[level].targets if 0 <= level < len(levels) else ()
        found += organisation.people.resolve(incident.assigned or targets)
    return tuple(dict.fromkeys(found))
