"""What is said of shifts that change hands fits every app, and each reader has the buttons that are theirs."""

import json
from dataclasses import replace
from datetime import timedelta
from types import ModuleType

import pytest

from bot.domain.incident import Actor, Deed
from bot.domain.override import Fault, OverrideId, TradeId
from bot.domain.people import AccountId
from bot.domain.schedule import ScheduleId
from bot.domain.trade import Part, Reason, Refused, State, Trade
from cards import dingtalk, feishu, override, slack, telegram, trade
from cards.answers import MOST_ROWS, Readers
from cards.override import Shown
from cards.plain import spoken
from cards.schedule import Turn
from cards.trade import Scene
from tests.cards.stories import ANA, BO, CHEN, DEE, NAMES, NIGHT

HOUR = timedelta(hours=1)
READERS = Readers("en", "Europe/Paris", NIGHT, NAMES)
COVER = Trade(
    id=TradeId(7),
    schedule=ScheduleId(1),
    asked=Deed(Actor(ANA), NIGHT),
    given=Part(ANA, "primary", NIGHT + HOUR, NIGHT + 9 * HOUR),
    candidates=(BO, CHEN),
)
_BY_BO = Deed(Actor(BO), NIGHT)
TAKEN = replace(COVER, state=State.TAKEN, taken=_BY_BO, declined=(CHEN,), unreached=(CHEN,), why="a wedding")
SWAP = replace(COVER, candidates=(BO,), wanted=Part(BO, "backup", NIGHT + 24 * HOUR, NIGHT + 30 * HOUR))
SHOWN = Shown(OverrideId(7), "payments", "Europe/Paris", "primary", "Bo", NIGHT, NIGHT + HOUR)


def scene(of: Trade, reader: AccountId | None = None, zone: str = "Europe/Paris") -> Scene:
    return Scene(of, "payments", zone, READERS, reader)


@pytest.mark.parametrize(
    ("of", "reader", "buttons"),
    [
        (COVER, ANA, ["trade 7 withdraw"]),
        (COVER, BO, ["trade 7 take", "trade 7 decline"]),
        (COVER, DEE, []),
        (COVER, None, []),
        (replace(COVER, declined=(BO,)), BO, ["trade 7 take"]),
        (TAKEN, ANA, ["trade 7 confirm", "trade 7 withdraw"]),
        (TAKEN, BO, ["trade 7 decline"]),
        (TAKEN, CHEN, []),
        (replace(TAKEN, state=State.CONFIRMED), ANA, []),
    ],
)
def test_each_reader_has_the_buttons_that_are_theirs(of: Trade, reader: AccountId | None, buttons: list[str]) -> None:
    assert [one.token for one in trade.card(scene(of, reader)).buttons] == buttons


def test_a_card_says_what_is_asked_and_how_it_stands() -> None:
    card = trade.card(scene(TAKEN, ANA, "Asia/Shanghai"))
    assert card.title == "Ana asks to be covered: payments · primary"
    assert spoken(card.status) == ("Taken by Bo · confirmed at 2026-11-21 05:07 CET unless Ana withdraws it")
    assert [(one.name, spoken(one.value)) for one in card.facts] == [
        ("Shift", "2026-11-21 05:07 CET to 2026-11-21 13:07 CET"),
        ("Shift", "In the schedule's zone: 2026-11-21 12:07 to 2026-11-21 20:07 (Asia/Shanghai)"),
        ("Because", "a wedding"),
        ("Asked", "Bo, Chen"),
        ("Not", "Chen"),
        ("⚠️ Not reached", "Chen"),
    ]
    swap = trade.card(scene(SWAP))
    assert swap.title == "Ana asks Bo to swap: payments · primary"
    assert ("In exchange for", "2026-11-22 04:07 CET to 2026-11-22 10:07 CET · backup") in [
        (one.name, spoken(one.value)) for one in swap.facts
    ]
    assert "Ana and Bo have swapped" in spoken(
        trade.status(scene(replace(SWAP, state=State.CONFIRMED, taken=Deed(Actor(BO), NIGHT))))
    )


def test_everybody_who_was_asked_and_cannot_be_told_is_named() -> None:
    note = trade.asked(scene(replace(COVER, candidates=(BO,) * 10)), (BO,))
    assert "Bo, +2" in spoken(note.text)
    assert spoken(note.rows[0]) == "⚠️ No message can reach Bo: tell them yourself."


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_said(reason: Reason) -> None:
    said = spoken(trade.refused(Refused(reason, BO, NIGHT), NAMES, "cover payments", READERS).text)
    assert said
    assert "{" not in said
    assert trade.refused(Refused(reason), NAMES, "cover payments", READERS).text


@pytest.mark.parametrize("fault", Fault)
def test_every_fault_is_said(fault: Fault) -> None:
    said = spoken(override.refused(fault, "payments", ("primary",), ("Bo", "Ana"), "en").text)
    assert said
    assert "{" not in said


def test_more_than_fits_is_counted() -> None:
    many = trade.listing([scene(COVER), scene(TAKEN)] * MOST_ROWS, "", "en")
    assert len(many.rows) == MOST_ROWS + 1
    assert spoken(many.rows[-1]) == f"and {MOST_ROWS} more"
    assert "taken by Bo" in spoken(many.rows[1])
    assert spoken(override.listing([SHOWN] * 20, "", READERS).rows[-1]) == "and 5 more: oncard override list"
    before = [Turn(NIGHT, NIGHT + HOUR, "primary", ())] * 40
    made = override.made(replace(SHOWN, why="so", other="Ana"), before, [SHOWN] * 5, READERS)
    assert len(made.rows) <= MOST_ROWS
    assert spoken(made.rows[1]).startswith("⚠️ Before: nobody from")
    assert any(spoken(row).endswith("more before") for row in made.rows)


@pytest.mark.parametrize("app", [slack, telegram, feishu, dingtalk], ids=lambda app: app.__name__)
@pytest.mark.parametrize("state", State)
def test_hostile_names_are_rendered_in_every_state(app: ModuleType, state: State) -> None:
    name = "<@U1> *x* \u202e" + "n" * 300
    readers = replace(READERS, names=dict.fromkeys(NAMES, name))
    of = replace(SWAP, state=state, taken=Deed(Actor(BO), NIGHT), why=name * 9, declined=(BO,) * 30)
    hostile = Scene(of, name, "UTC", readers, ANA)
    for said in (trade.card(hostile), trade.note(hostile), trade.answered(hostile), trade.asked(hostile, (BO,) * 30)):
        assert "nnn" in json.dumps(app.render(said), default=str)
