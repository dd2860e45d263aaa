"""A chat that takes no messages any more is told once, by its first refusal, and recovers by the next message."""

import pytest

from bot.adapter import DeliveryFailed, FailureKind
from bot.domain.incident import IncidentId
from bot.domain.trouble import Check
from bot.engine.watchdog import LOOK_BACK, Watchdog
from storage.database import Database
from tests.engine.stage import Stage
from tests.engine.watching import clock_of, close, found, opened, rounds

KEY = "oncard/chat-dead/acme/C0"
KICKED = DeliveryFailed(FailureKind.REFUSED, "send: not_in_channel")


@pytest.fixture
async def stage(database: Database) -> Stage:
    """The engine with one chat, one person, and two open incidents."""
    return await opened(database)


async def fire(stage: Stage, key: str, refusal: DeliveryFailed | None) -> None:
    """Send an alert, to which the chat says this."""
    stage.platforms["acme"].refusal = refusal
    await stage.fire(key)
    clock_of(stage).advance(10)
    await stage.outbox.drain()


async def told(stage: Stage) -> list[str]:
    """Return the titles of what was told of the chat and has not recovered."""
    return [one.alert.title for one in (await stage.troubles.standing([KEY])).get(KEY, [])]


async def test_the_first_refusal_is_told_once_by_however_many_and_the_next_message_ends_it(stage: Stage) -> None:
    await fire(stage, "pump", KICKED)
    other = Watchdog(stage.database, stage.picture, stage.troubles, {}, stage.clock)
    await rounds(stage, 3, stage.watchdog, other)
    await stage.outbox.drain()
    await rounds(stage, 3, stage.watchdog, other)
    assert await told(stage) == ["Oncard cannot write to chat C0 of workspace acme: send: not_in_channel"]
    assert found(Check.DEAD) == 1

    clock_of(stage).advance(LOOK_BACK.total_seconds() * 2)
    await rounds(stage, 2)
    assert len(await told(stage)) == 1

    await fire(stage, "valve", None)
    await rounds(stage, 1)
    assert await told(stage) == []


@pytest.mark.parametrize("kind", [FailureKind.RATE_LIMITED, FailureKind.UNREACHABLE, FailureKind.MALFORMED])
async def test_what_the_chat_may_take_yet_is_no_death(stage: Stage, kind: FailureKind) -> None:
    await fire(stage, "pump", DeliveryFailed(kind, "send: no"))
    await rounds(stage, 2)
    assert await told(stage) == []


async def test_what_was_refused_while_no_checker_ran_is_seen_after(stage: Stage) -> None:
    await rounds(stage, 1)
    await fire(stage, "pump", KICKED)
    clock_of(stage).advance(7200)
    await rounds(stage, 1, Watchdog(stage.database, stage.picture, stage.troubles, {}, stage.clock))
    assert len(await told(stage)) == 1


async def test_a_chat_that_was_taken_off_its_level_is_told_no_more(stage: Stage) -> None:
    await fire(stage, "pump", KICKED)
    await rounds(stage, 1)
    assert len(await told(stage)) == 1

    await stage.configure({"acme": 0}, ("ana@example.com",))
    await rounds(stage, 1)
    assert await told(stage) == []


async def test_who_closes_it_hears_of_it_again_with_the_next_refusal_an_hour_later(stage: Stage) -> None:
    await fire(stage, "pump", KICKED)
    await rounds(stage, 1)
    await close(stage, IncidentId(4))
    await fire(stage, "valve", KICKED)
    await rounds(stage, 1)
    assert len(await told(stage)) == 1

    for _ in range(2):
        clock_of(stage).advance(1800)
        await rounds(stage, 1)
    assert len(await told(stage)) == 1
    await fire(stage, "engine", KICKED)
    await rounds(stage, 1)
    assert len(await told(stage)) == 2
