"""Oncard's own troubles are told once, in words, and again only when somebody has closed them and they stand."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.domain import trouble
from bot.domain.alert import OLDEST, Alert, opened
from bot.domain.event import ALERT_KEY_LIMIT, DESCRIPTION_LIMIT, TITLE_LIMIT, Severity
from bot.domain.incident import AlertId, ChannelId, IncidentId
from bot.domain.trouble import SAY_AGAIN, Check, Standing, Trouble, is_to_be_said, key_of, minutes, recovery, report
from tests.domain.cast import NIGHT

MANY = tuple(IncidentId(number) for number in range(1, 14))
HOURS = timedelta(hours=6)
EVERY = [
    trouble.adrift(MANY),
    trouble.overdue(13, HOURS, MANY),
    trouble.unsent("acme", 7, HOURS),
    trouble.unreclaimed(7, HOURS),
    trouble.differs(MANY),
    trouble.unreadable(MANY),
    trouble.dark("acme", "invalid_auth"),
    trouble.dead("acme", "C1", "is_archived"),
    trouble.unreachable(["Ana (ana@example.com)"]),
    trouble.silent(HOURS),
]


def alert(number: int = 1, at: datetime = NIGHT) -> Alert:
    """Return the alert of a trouble that was told."""
    return opened(report(EVERY[0]), EVERY[0].key, (AlertId(number), ChannelId(0), IncidentId(number)), at)


@pytest.mark.parametrize("one", EVERY, ids=[str(one.check) for one in EVERY])
def test_each_is_an_event_whose_recovery_ends_it(one: Trouble) -> None:
    event = report(one)

    assert event.alert_key == one.key == recovery(one.key).alert_key
    assert event.status is not Severity.OK
    assert recovery(one.key).is_recovery
    assert (len(event.title) < TITLE_LIMIT, len(event.description) < DESCRIPTION_LIMIT) == (True, True)


def test_every_check_has_its_words() -> None:
    assert {one.check for one in EVERY} == set(Check)


def test_an_event_says_what_it_is_about() -> None:
    assert report(trouble.dark("acme", "x")).labels == {"check": "workspace-dark", "workspace": "acme"}
    assert report(trouble.differs(MANY[:2])).labels == {"check": "incident-differs", "incidents": "#1, #2"}
    assert report(trouble.differs(MANY)).labels["incidents"].endswith("#10 and 3 more")


def test_each_workspace_and_each_chat_has_a_trouble_of_its_own() -> None:
    assert key_of(Check.DEAD, "acme", "C1") == "oncard/chat-dead/acme/C1"
    assert report(trouble.dead("acme", "C1", "x")).labels == {"check": "chat-dead", "workspace": "acme", "chat": "C1"}
    assert len(key_of(Check.DEAD, "acme", "C" * 300)) == ALERT_KEY_LIMIT
    assert key_of(Check.DARK, "acme") == "oncard/workspace-dark/acme"
    assert key_of(Check.SILENT) == "oncard/watchdog-silent"


@pytest.mark.parametrize(("seconds", "said"), [(0, "1 min"), (61, "1 min"), (300, "5 min")])
def test_times_are_told_in_minutes(seconds: int, said: str) -> None:
    assert minutes(timedelta(seconds=seconds)) == said


STUCK = trouble.unreclaimed(1, HOURS)


def test_what_nobody_has_heard_of_is_said_and_then_not_again() -> None:
    assert is_to_be_said(STUCK, [], NIGHT)
    assert not is_to_be_said(STUCK, [Standing(alert())], NIGHT)
    assert not is_to_be_said(STUCK, [Standing(alert())], NIGHT + OLDEST)


def test_after_a_day_it_is_a_new_alert_as_for_every_source() -> None:
    assert is_to_be_said(STUCK, [Standing(alert())], NIGHT + OLDEST + timedelta(seconds=1))


def test_somebody_closed_it_and_it_still_stands() -> None:
    closed = Standing(replace(alert(), current=False), NIGHT + HOURS)

    assert not is_to_be_said(STUCK, [closed], NIGHT + HOURS + SAY_AGAIN / 2)
    assert is_to_be_said(STUCK, [closed], NIGHT + HOURS + SAY_AGAIN)
    # The clock was set back: rather twice than never.
    assert is_to_be_said(STUCK, [closed], NIGHT)
    assert is_to_be_said(STUCK, [Standing(replace(alert(), current=False))], NIGHT)


def test_who_cannot_be_reached_is_said_once_a_day() -> None:
    missing = trouble.unreachable(["Ana (ana@example.com)"])
    closed = Standing(replace(alert(), current=False), NIGHT + HOURS)

    assert not is_to_be_said(missing, [closed], NIGHT + OLDEST)
    assert is_to_be_said(missing, [closed], NIGHT + OLDEST + timedelta(seconds=1))


def test_of_many_who_cannot_be_reached_some_are_named() -> None:
    told = trouble.unreachable([f"Ana {number}" for number in range(12)]).description
    assert "Ana 9 and 2 more" in told
    assert "Ana 10" not in told


def test_the_newest_alert_counts() -> None:
    closed = Standing(replace(alert(1), current=False), NIGHT)

    assert not is_to_be_said(STUCK, [closed, Standing(alert(2, NIGHT + HOURS))], NIGHT + HOURS)
