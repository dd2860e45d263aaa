"""Silence escalates: three levels with loops, each message at its instant, as Slack received them."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.clock import DemoClock
from bot.domain.incident import Idle, Progress
from tests.support.clocks import START
from tests.support.world import CHAT, World, level, served, world

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def oncard(schema_url: str) -> AsyncIterator[World]:
    """Oncard on each database."""
    async with world(schema_url) as made:
        yield made


def messages(oncard: World, chat: str, since: datetime = START) -> list[float]:
    """Return when each message came into a chat of Slack, in minutes after the alert."""
    channel = oncard.slack.workspace.channels[chat].id
    times = [float(message.ts) for message in oncard.slack.workspace.messages(channel)]
    return [round((datetime.fromtimestamp(time, UTC) - since) / MINUTE, 3) for time in times]


def direct(oncard: World, who: str, since: datetime = START) -> list[float]:
    """Return when each direct message came to a person, in minutes after the alert."""
    slack = oncard.slack.workspace
    return messages(oncard, slack.open_dm(slack.user(who).id).id, since)


async def climb(oncard: World) -> None:
    """Three levels: Ana, looping; the team, looping, with the chat; Dee, last."""
    await oncard.configure(
        level("ana", repeat_every=2 * MINUTE, repeat_times=2, escalate_after=5 * MINUTE),
        level("team:sre", chats=(oncard.chat(),), repeat_every=3 * MINUTE, repeat_times=6, escalate_after=10 * MINUTE),
        level("dee", repeat_every=MINUTE, repeat_times=3, escalate_after=MINUTE),
    )
    await oncard.fire()


async def test_each_level_is_told_at_its_instants_and_then_the_incident_is_exhausted(oncard: World) -> None:
    await climb(oncard)

    await oncard.advance(60 * MINUTE)

    assert direct(oncard, "ana") == [0, 2, 4]
    assert messages(oncard, oncard.chat()) == [5, 8, 11, 14]
    # Bo and Chen are of the team that is told when everybody was told in vain; Dee is the owner, and told as well.
    assert direct(oncard, "bo") == direct(oncard, "chen") == [5, 8, 11, 14, 19]
    assert direct(oncard, "dee") == [15, 16, 17, 18, 19]
    incident = await oncard.incident()
    assert (incident.idle, incident.due) == (Idle.EXHAUSTED, None)
    assert incident.exhausted_at == START + 19 * MINUTE
    await (await oncard.slack.expect_card("#1 disk full", chat=CHAT)).shows("every level")


async def test_who_acknowledges_stops_the_climb(oncard: World) -> None:
    await climb(oncard)
    await oncard.advance(6 * MINUTE)
    card = await oncard.slack.expect_dm("bo", "disk full")

    await card.click("Acknowledge", by="bo")
    await oncard.until(Progress.PROCESSING)
    await oncard.advance(60 * MINUTE)

    assert direct(oncard, "ana") == [0, 2, 4]
    assert direct(oncard, "bo") == [5]
    assert direct(oncard, "dee") == []


async def test_after_an_outage_the_present_state_decides(oncard: World) -> None:
    """An hour in which nothing ran: the next level is told now and has its whole time.

    What was missed is not drained.
    """
    await climb(oncard)

    oncard.clock.advance(60 * 60)
    await oncard.settle()
    await oncard.advance(10 * MINUTE - timedelta(seconds=1))

    assert direct(oncard, "ana") == [0]
    assert direct(oncard, "bo") == [60, 63, 66, 69]
    assert direct(oncard, "dee") == []
    await oncard.advance(timedelta(seconds=1))
    assert direct(oncard, "dee") == [70]


async def test_a_level_whose_people_cannot_be_reached_is_passed_at_once(oncard: World) -> None:
    slack = oncard.slack.workspace
    slack.users[slack.user("ana").id] = replace(slack.user("ana"), deleted=True)
    await oncard.configure(level("ana"), level("bo"))

    await oncard.fire()
    await oncard.settle()

    assert direct(oncard, "bo")[0] == 0
    assert "not_delivered" in await oncard.timeline()
    assert "level_failed" in await oncard.timeline()


async def test_a_channel_without_a_rule_says_so_loudly(oncard: World) -> None:
    await oncard.configure()

    await oncard.fire()

    for member in ("bo", "chen", "dee"):
        await oncard.slack.expect_dm(member, "disk full")
    assert (await oncard.incident()).idle is Idle.NO_RULE
    assert await oncard.timeline() == ["opened", "no_rule"]


async def test_on_the_demo_clock_the_workers_keep_the_instants_by_themselves(schema_url: str) -> None:
    """The workers run as in `serve`, and six minutes pass within 24 seconds."""
    clock = DemoClock()
    half = MINUTE / 2
    async with world(schema_url, clock) as made:
        await made.configure(
            level("ana", repeat_every=half, repeat_times=2, escalate_after=2 * MINUTE),
            level("team:sre", chats=(made.chat(),), repeat_every=MINUTE, repeat_times=1, escalate_after=2 * MINUTE),
            level("dee", repeat_every=half, repeat_times=1, escalate_after=MINUTE),
        )
        async with served(made):
            await made.post({"event_status": "Critical", "title_rule": "disk full", "alert_key": "db-1"})
            began = (await made.incident()).opened_at
            clock.run(360, within=24)
            await made.until_idle(Idle.EXHAUSTED, within=45)

        for who, expected in (("ana", [0, 0.5, 1]), ("bo", [2, 3, 5]), ("dee", [4, 4.5, 5])):
            told = direct(made, who, since=began)
            late = [at - instant for at, instant in zip(told, expected, strict=True)]
            # A minute here is four seconds of a busy machine.
            assert all(0 <= minutes <= 1 for minutes in late), (who, told)
