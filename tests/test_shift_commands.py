"""What stands behind `override`, `cover`, `swap` and `trade`, in any order, in English and Chinese."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.commands import NotUnderstood, Unclear
from bot.commands.entry import Speaker
from bot.commands.override import Add, Remove, Show
from bot.commands.override import read as read_override
from bot.commands.shift_sentence import with_choice
from bot.commands.trade import Answer, Cover, Swap, read_cover, read_swap, read_trade
from bot.commands.trade import Show as ShowTrades
from bot.domain.incident import Actor
from bot.domain.override import OverrideId, TradeId
from bot.domain.people import Account, AccountId, People, Target, TargetKind, Team, TeamId
from bot.domain.rotation import BACKUP
from bot.domain.schedule import Schedule, ScheduleId
from bot.domain.trade import Confirm, Decline, Take, Withdraw
from bot.domain.untold import Span
from cards.plain import spoken
from tests.domain.rota import A, B, layer

ANA, BO, CHEN, LI = (AccountId(number) for number in (1, 2, 3, 4))
PEOPLE = People(
    {
        one.id: one
        for one in (
            Account(ANA, "Ana", "ana@example.com"),
            Account(BO, "Bo", "bo@example.com"),
            Account(CHEN, "Chen Wu", "wu@example.com"),
            Account(LI, "Chen Li", "li@example.com"),
        )
    },
    {TeamId(1): Team(TeamId(1), "sre", (BO, CHEN))},
)
NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
ME = Speaker(Actor(ANA, "acme"), PEOPLE, NOW, "Europe/Berlin", {"U0BO": BO})
PAYMENTS = Schedule(ScheduleId(1), "payments", "Europe/Berlin", (layer(A, B), replace(layer(B), role=BACKUP)))
BOTH = (PAYMENTS, Schedule(ScheduleId(2), "payments eu", layers=(layer(A),)))
BERLIN = ZoneInfo("Europe/Berlin")


def span(since: str, until: str) -> Span:
    return Span(*(datetime.fromisoformat(at).replace(tzinfo=BERLIN).astimezone(UTC) for at in (since, until)))


NIGHT = span("2026-11-22 22:00", "2026-11-23 06:00")
FOUR = Span(NOW, NOW + timedelta(hours=4))
TOMORROW = span("2026-11-22", "2026-11-23")


def hint(meant: object) -> str:
    assert isinstance(meant, NotUnderstood), meant
    return spoken(meant.hint())


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("payments bo@example.com tomorrow 22:00-06:00", Add(PAYMENTS, BO, NIGHT)),
        ("add payments tomorrow 22:00-06:00 bo@example.com", Add(PAYMENTS, BO, NIGHT)),
        ("Payments, Bo for 4h as Backup", Add(PAYMENTS, BO, FOUR, BACKUP)),
        (
            "payments <@U0BO> for 4h for ana because she flies for 4h",
            Add(PAYMENTS, BO, FOUR, None, ANA, "she flies for 4h"),
        ),
        ("payments me for the next 4 hours instead of bo", Add(PAYMENTS, ANA, FOUR, None, BO)),
        ('"payments eu" "Chen Wu" 4h', Add(BOTH[1], CHEN, FOUR)),
        (
            "payments 由 bo@example.com 明天22:00到6:00 替 ana@example.com 作为备班 因为 婚礼",
            Add(PAYMENTS, BO, NIGHT, BACKUP, ANA, "婚礼"),
        ),
        ("payments bo 4h because \ud800", Add(PAYMENTS, BO, FOUR, why="?")),
        ("payments　bo　明天２２：００－６：００", Add(PAYMENTS, BO, NIGHT)),
        ("", Show()),
        ("list", Show()),
        ("列表", Show()),
        ("list payments", Show(PAYMENTS)),
        ("payments", Show(PAYMENTS)),
        ("remove 7", Remove(OverrideId(7))),
        ("#7 remove", Remove(OverrideId(7))),
        ("取消 7", Remove(OverrideId(7))),
    ],
)
def test_override(said: str, meant: object) -> None:
    assert read_override(said, BOTH, ME) == meant


def test_the_only_schedule_need_not_be_named() -> None:
    assert read_override("bo for 4h", (PAYMENTS,), ME) == Add(PAYMENTS, BO, FOUR)
    assert read_override("list", (PAYMENTS,), ME) == Show()
    assert read_cover("tomorrow", (PAYMENTS,), ME) == Cover(PAYMENTS, TOMORROW)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("bo for 4h", "Say of which schedule. There are: payments, payments eu."),
        ("list nothing", "Say of which schedule"),
        ("paymentsbo for 4h", "Say of which schedule"),
        ("payments bo", "Say from when to when"),
        ("payments bo 25:00-26:00", "Say from when to when"),
        ("payments for 4h", "Say who, one person"),
        ("payments sre for 4h", "Say who, one person"),
        ("payments bo ana for 4h", "Say who, one person"),
        ("payments bo for 4h for sre", "Say who, one person"),
        ("payments bo for 4h as boss", "payments has no such role. There are: primary, backup."),
        ("payments nobody for 4h", "nobody"),
        ("remove", "Say which one: override remove 7"),
    ],
)
def test_what_override_cannot_mean(said: str, why: str) -> None:
    assert why in hint(read_override(said, BOTH, ME))


def test_without_schedules_it_says_so() -> None:
    assert hint(read_override("bo for 4h", (), ME)) == "No schedule is configured."
    assert hint(read_cover("tomorrow", (), ME)) == "No schedule is configured."


def test_a_name_that_means_several_is_asked_back_where_it_stands() -> None:
    said = "payments bo for 4h for chen"
    unclear = read_override(said, BOTH, ME)
    assert isinstance(unclear, Unclear)
    assert with_choice(said, unclear, unclear.choices[1]) == "payments bo for 4h for @4"
    cover = read_cover("payments tomorrow by chen", BOTH, ME)
    assert isinstance(cover, Unclear)
    assert with_choice("payments tomorrow by chen", cover, Target(TargetKind.TEAM, 1)) == "payments tomorrow by @t1"
    assert isinstance(read_swap("payments with chen", BOTH, ME), Unclear)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("payments", Cover(PAYMENTS)),
        ("payments my next shift please", Cover(PAYMENTS, later=True)),
        ("payments 我的下一班", Cover(PAYMENTS, later=True)),
        ("payments tomorrow", Cover(PAYMENTS, TOMORROW)),
        ("payments my shift tomorrow 22:00-06:00 as backup", Cover(PAYMENTS, NIGHT, BACKUP)),
        (
            "payments eu tomorrow by bo, li@example.com because of the dentist",
            Cover(BOTH[1], TOMORROW, None, (BO, LI), False, "of the dentist"),
        ),
        ("payments by sre", Cover(PAYMENTS, candidates=(BO, CHEN))),
        ("payments 明天 请 bo", Cover(PAYMENTS, TOMORROW, candidates=(BO,))),
    ],
)
def test_cover(said: str, meant: Cover) -> None:
    assert read_cover(said, BOTH, ME) == meant


@pytest.mark.parametrize("said", ["payments bo", "payments tomorrow by", "payments 25:00-26:00", "payments by nobody"])
def test_what_cover_cannot_mean(said: str) -> None:
    assert "cover payments tomorrow" in hint(read_cover(said, BOTH, ME))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("payments with bo@example.com", Swap(PAYMENTS, BO)),
        ("payments bo", Swap(PAYMENTS, BO)),
        ("payments tomorrow with bo", Swap(PAYMENTS, BO, TOMORROW)),
        ("payments tomorrow with bo for 2026-11-25", Swap(PAYMENTS, BO, TOMORROW, span("2026-11-25", "2026-11-26"))),
        (
            "payments tomorrow for 2026-11-25 with bo as backup",
            Swap(PAYMENTS, BO, TOMORROW, span("2026-11-25", "2026-11-26"), BACKUP),
        ),
        (
            "payments 和 bo 明天 换 2026-11-25 因为 婚礼",
            Swap(PAYMENTS, BO, TOMORROW, span("2026-11-25", "2026-11-26"), None, "婚礼"),
        ),
    ],
)
def test_swap(said: str, meant: Swap) -> None:
    assert read_swap(said, BOTH, ME) == meant


@pytest.mark.parametrize(
    "said", ["payments", "payments with bo for fun", "payments with bo 25:00-26:00", "payments with x"]
)
def test_what_swap_cannot_mean(said: str) -> None:
    assert "swap payments with bo@example.com" in hint(read_swap(said, BOTH, ME))
    assert "Say of which schedule" in hint(read_swap("with bo", BOTH, ME))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("", ShowTrades()),
        ("list", ShowTrades()),
        ("list payments eu", ShowTrades(BOTH[1])),
        ("7", Answer(TradeId(7))),
        ("7 take", Answer(TradeId(7), Take)),
        ("take #7", Answer(TradeId(7), Take)),
        ("7 CONFIRM", Answer(TradeId(7), Confirm)),
        ("7 不接", Answer(TradeId(7), Decline)),
        ("撤回 7", Answer(TradeId(7), Withdraw)),
    ],
)
def test_trade(said: str, meant: object) -> None:
    assert read_trade(said, BOTH) == meant


@pytest.mark.parametrize("said", ["take", "7 8", "7 take it", "7 eat", "seven"])
def test_what_trade_cannot_mean(said: str) -> None:
    assert hint(read_trade(said, BOTH)).startswith("For example: trade 7 take")
    assert "Say of which schedule" in hint(read_trade("list nowhere", BOTH))
