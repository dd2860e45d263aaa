"""A shift changes hands between two chat apps: asked in Slack, taken in Telegram, and whoever took it is paged."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from bot.domain.definition import (
    ChannelDefinition,
    Definition,
    IntegrationDefinition,
    Kind,
    LevelDefinition,
    RuleDefinition,
    Secret,
    TargetDefinition,
)
from bot.domain.people import TargetKind
from bot.domain.rotation import Unit
from bot.domain.schedule_definition import LayerDefinition, RotationDefinition, ScheduleDefinition
from storage import definitions
from storage.database import Connection
from tests.support.clocks import START
from tests.support.everywhere import Everywhere, everywhere
from tests.support.world import STANDARD_KEY

APPS = ("slack", "telegram")
HOUR = timedelta(hours=1)


def wanted() -> list[Definition]:
    """Return a channel that tells whoever is on call; Ana (Slack) and Dee (Telegram) take turns at midnight."""
    days = RotationDefinition((("ana@example.com",), ("dee@example.com",)), Unit.DAY)
    start = datetime(2026, 11, 21)  # noqa: DTZ001 - A local time.
    schedule = ScheduleDefinition("payments", layers=(LayerDefinition("days", days, start),))
    level = LevelDefinition((TargetDefinition(TargetKind.SCHEDULE, "payments", "primary"),))
    return [
        Definition(Kind.SCHEDULE, schedule),
        Definition(Kind.CHANNEL, ChannelDefinition("payments", None, (RuleDefinition("all", (level,)),))),
        Definition(
            Kind.INTEGRATION, IntegrationDefinition("anything", "standard", "payments"), {"key": Secret(STANDARD_KEY)}
        ),
    ]


@pytest.fixture
async def oncard(schema_url: str) -> AsyncIterator[Everywhere]:
    async with everywhere(schema_url, APPS) as made:
        await made.configure_all(made.level())

        async def work(connection: Connection) -> None:
            stored = await definitions.stored(connection, made.service.vault)
            people = [one for one in stored if one.kind in (Kind.ACCOUNT, Kind.WORKSPACE)]
            await definitions.replace_all(connection, [*people, *wanted()], made.service.vault)

        await made.service.database.transact(work)
        await made.connect_in_time()
        yield made


async def settle(oncard: Everywhere) -> None:
    await oncard.service.trades.tick()
    await oncard.end_clicks()


async def test_a_shift_is_asked_in_one_app_and_taken_in_another(oncard: Everywhere) -> None:
    assert oncard.clock.now().date() == START.date(), "Ana's day"
    slack, telegram = oncard.apps["slack"], oncard.apps["telegram"]
    await slack.command("cover payments 10:00-12:00 because of the dentist", by="ana")
    await settle(oncard)
    await slack.told("ana", "Asked Dee to take your shift in payments")

    card = await telegram.dm("dee", "Ana asks to be covered")
    await card.shows("the dentist", "Open")
    await oncard.press("telegram", card, "Take it", by="dee")
    await settle(oncard)
    own = await slack.dm("ana", "Taken")
    await own.shows("by Dee")
    await card.shows("Taken")

    oncard.clock.advance(HOUR.total_seconds())
    await settle(oncard)
    await card.shows("Confirmed")
    await (await slack.dm("ana", "Confirmed")).shows("Dee is on call then")

    await slack.command("who", by="ana")
    await slack.told("ana", "level 1 of 1: Ana")
    oncard.clock.set(START.replace(hour=10))
    await settle(oncard)
    await slack.command("who", by="ana")
    await slack.told("ana", "level 1 of 1: Dee")
    await oncard.fire()
    await telegram.dm("dee", "disk full")
    assert not any("disk full" in one.text for one in slack.in_direct("ana"))


async def test_a_change_in_one_app_is_seen_in_the_other_and_taken_back_by_its_button(oncard: Everywhere) -> None:
    slack, telegram = oncard.apps["slack"], oncard.apps["telegram"]
    await slack.command("override payments dee@example.com for 4h", by="ana")
    await settle(oncard)
    answer = await oncard.slack.expect_ephemeral("ana", "Dee is on call for payments")
    await telegram.command("who", by="dee")
    await telegram.told("dee", "level 1 of 1: Dee")
    await oncard.slack.click("ana", "ops-alerts", answer.ts, "Remove it")
    await settle(oncard)
    await slack.told("ana", "Removed")
    await telegram.command("who", by="dee")
    await telegram.told("dee", "level 1 of 1: Ana")
