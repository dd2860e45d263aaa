"""Adding responders: others are told beside those who have it, and everything goes on as it was."""

import pytest

from bot.domain.delivery import Delivery, DeliveryId, Kind, Place, unwanted
from bot.domain.incident import (
    ADDED,
    Acknowledge,
    Action,
    AddResponder,
    Close,
    Entry,
    Notify,
    Reason,
    Record,
    Responder,
    Snooze,
)
from bot.domain.people import Target, WorkspaceId
from bot.domain.undo import handling
from tests.domain.cast import (
    ANA,
    BO,
    BY_ANA,
    CHEN,
    DEE,
    MINUTE,
    NIGHT,
    NOBODY,
    SRE,
    Handling,
    level,
    people,
    person,
    team,
)

TWO = (level(ANA, loop=(2, 1)), level(BO))


def test_who_is_added_is_told_at_once_and_the_level_goes_on_beside_them() -> None:
    night = Handling(TWO).after(1)
    due = night.due

    night.when(AddResponder(BY_ANA, (team(SRE), person(DEE))))

    assert night.effects[:2] == (
        Record(Entry.ADDED, BY_ANA, {"to": "Bo, Chen, Dee"}),
        Notify(0, ADDED, (BO, CHEN, DEE), ()),
    )
    assert night.incident.responders[1] == Responder(BO, None, NIGHT + MINUTE)
    assert night.due == due
    assert night.after(5).pages == [(0, "Ana"), (1, "Bo Chen Dee"), (2, "Ana"), (5, "Bo")]


def test_who_has_it_already_is_named_and_not_told_again() -> None:
    night = Handling(TWO).when(AddResponder(BY_ANA, (person(ANA), person(DEE))))
    assert Record(Entry.ADDED, BY_ANA, {"to": "Dee", "already": "Ana"}) in night.effects
    assert night.pages == [(0, "Ana"), (0, "Dee")]
    assert night.refuses(AddResponder(BY_ANA, (person(ANA), person(DEE)))).reason is Reason.RESPONDERS_ALREADY


def test_nobody_is_added_where_nobody_can_be_told() -> None:
    night = Handling(TWO, people(gone=(DEE,)))
    nobody: tuple[tuple[Target, ...], ...] = ((), (person(DEE),), (team(NOBODY),))
    for targets in nobody:
        assert night.refuses(AddResponder(BY_ANA, targets)).reason is Reason.NOBODY


def test_to_what_is_closed_nobody_is_added() -> None:
    night = Handling(TWO).when(Close(BY_ANA))
    assert night.refuses(AddResponder(BY_ANA, (person(DEE),))).reason is Reason.ALREADY_CLOSED


@pytest.mark.parametrize("action", [Acknowledge(BY_ANA), Snooze(BY_ANA, NIGHT + 60 * MINUTE)])
def test_who_is_added_to_what_is_taken_or_quiet_is_told_all_the_same(action: Action) -> None:
    night = Handling(TWO).when(action)
    before = handling(night.incident)

    night.when(AddResponder(BY_ANA, (person(DEE),)))

    page = Delivery(
        DeliveryId(1),
        night.incident.id,
        Kind.CARD,
        Place(WorkspaceId(1), account=DEE),
        night.incident.version,
        0,
        ADDED,
        NIGHT,
    )
    assert unwanted(page, night.incident, None) is None
    assert (before.due, before.idle, before.progress) == (
        night.incident.due,
        night.incident.idle,
        night.incident.progress,
    )
