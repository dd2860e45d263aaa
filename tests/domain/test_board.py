"""When pages share a board, and how it is heard."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.board import (
    AGAIN,
    CALM,
    FOLD_FROM,
    REDRAW,
    Board,
    BoardId,
    Form,
    Lot,
    Summary,
    folds,
    form_of,
    is_taking,
    may_tell,
    redraws_at,
    speaks_at,
    tells_at,
)
from bot.domain.delivery import Dropped, Place
from bot.domain.event import Severity
from bot.domain.incident import ChannelId, Idle, IncidentId, Progress
from bot.domain.people import AccountId, WorkspaceId
from tests.support.clocks import START

SECOND = timedelta(seconds=1)
CHAT, ANA = Place(WorkspaceId(1), chat="C1"), Place(WorkspaceId(1), account=AccountId(7))
NEW = Board(BoardId(1), CHAT, START, START)
TOLD = replace(NEW, told_at=START)
times = st.timedeltas(timedelta(hours=-2), timedelta(days=30)).map(lambda after: START + after)
places = st.sampled_from((CHAT, ANA))
boards = st.builds(Board, st.just(BoardId(1)), places, times, times, st.none() | times, st.none() | times)
lots = st.builds(
    Lot,
    st.integers(1, 3).map(ChannelId),
    st.sampled_from(Severity),
    st.sampled_from(Progress),
    st.sampled_from(("", *Idle)),
    st.integers(1, 5000),
    st.integers(1, 9000).map(IncidentId),
)
summaries = st.lists(lots, max_size=8).map(tuple).map(Summary)


@given(st.integers(0, 100))
def test_without_a_board_only_many_incidents_share_one(incidents: int) -> None:
    assert folds(incidents, None, START) is (incidents > FOLD_FROM)


@given(boards, st.integers(0, 100), times)
def test_a_board_never_makes_it_take_more_to_share_one(board: Board, incidents: int, now: datetime) -> None:
    assert folds(incidents, board, now) is (incidents > FOLD_FROM or (incidents > 0 and is_taking(board, now)))


def test_a_board_takes_what_comes_until_it_has_been_calm_for_long_enough() -> None:
    assert is_taking(NEW, START + CALM - SECOND)
    assert not is_taking(NEW, START + CALM)
    assert not is_taking(replace(NEW, closed_at=START), START + SECOND)


@given(boards, times)
def test_a_board_is_heard_at_most_once_in_a_while_and_at_the_instant_that_it_says(board: Board, now: datetime) -> None:
    at = tells_at(board, now)
    assert now <= at <= now + AGAIN
    assert (at == now) is may_tell(board, now)
    assert may_tell(board, at)
    if board.told_at is not None and now >= board.told_at:
        assert at >= board.told_at + AGAIN


@given(boards, times)
def test_what_has_joined_a_board_is_shown_within_seconds_or_heard_sooner(board: Board, now: datetime) -> None:
    assert now <= speaks_at(board, now) <= redraws_at(board, now) <= now + 10 * SECOND
    if board.told_at is None:
        assert redraws_at(board, now) == now


def test_in_its_first_minute_a_board_is_redrawn_more_often() -> None:
    assert redraws_at(TOLD, START + SECOND) == START + SECOND + REDRAW
    assert redraws_at(TOLD, START + AGAIN) > START + AGAIN + REDRAW


def test_a_clock_that_is_set_back_keeps_nobody_from_being_told() -> None:
    assert may_tell(TOLD, START - timedelta(hours=1))


@given(boards, summaries, st.integers(0, 9), st.booleans())
def test_pages_are_always_heard(board: Board, summary: Summary, pages: int, can_edit: bool) -> None:
    form = form_of(board, summary, pages, can_edit=can_edit)
    if pages:
        assert form is (Form.POST if board.told_at is None else Form.CALL)
    else:
        assert form is not Form.CALL, "nobody is called without a page"
    if form is Form.POST and not pages:
        assert summary.open
        assert board.place.chat is not None


@pytest.mark.parametrize(
    ("board", "progress", "form"),
    [
        (NEW, Progress.PROCESSING, Form.POST),
        (replace(NEW, place=ANA), Progress.PROCESSING, Dropped.ACTED),
        (NEW, Progress.CLOSED, Dropped.CLOSED),
        (TOLD, Progress.CLOSED, Form.EDIT),
        (replace(TOLD, place=ANA), Progress.PROCESSING, Form.EDIT),
    ],
)
def test_a_board_without_pages_is_put_only_where_others_read_along(
    board: Board, progress: Progress, form: Form | Dropped
) -> None:
    summary = Summary((Lot(ChannelId(1), Severity.CRITICAL, progress, "", 12, IncidentId(12)),))
    assert form_of(board, summary, 0, can_edit=True) is form


def test_a_page_calls_those_who_see_the_board_already() -> None:
    assert form_of(TOLD, Summary(), 1, can_edit=True) is Form.CALL


def test_a_message_that_cannot_be_changed_stays_as_it_is() -> None:
    assert form_of(TOLD, Summary(), 0, can_edit=False) is Dropped.NOT_EDITABLE


@given(summaries)
def test_a_summary_counts_each_incident_once(summary: Summary) -> None:
    assert summary.total == sum(lot.count for lot in summary.lots)
    assert summary.open == summary.untaken + summary.taken == sum(summary.severities.values())
    assert all(count > 0 for count in summary.severities.values())
    assert sum(summary.idle(why) for why in Idle) <= summary.untaken
    assert set(summary.channels) == {lot.channel for lot in summary.lots}
    assert summary.newest == max((lot.newest for lot in summary.lots), default=0)
