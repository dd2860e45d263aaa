"""Before a shift somebody is asked whether they have the pager, and others learn it when they have not said so."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from bot.adapter import DeliveryFailed, FailureKind
from bot.domain.event import Severity
from bot.domain.handover import Stage as How
from bot.domain.people import Method
from bot.domain.schedule_definition import OverrideDefinition, ScheduleDefinition
from bot.engine.handovers import Handovers
from storage import tables
from storage.database import Connection, Database
from tests.engine.shifts import AT, MINUTE, Rota, rota_on, shift_rota
from tests.engine.stage import Interrupted, Stage
from tests.support.databases import NewDatabase, with_schema


@pytest.fixture
async def rota(database: Database) -> Rota:
    return await rota_on(database)


async def test_whoever_comes_on_duty_is_asked_ten_minutes_before_and_says_so_by_a_click(rota: Rota) -> None:
    await rota.stage.fire("disk", status=Severity.INFO)
    await rota.until(AT - 10 * MINUTE)
    (told,) = [one for one in rota.chat.told if "Your next shift" in one.words]
    assert (told.to, told.at) == ("bo", AT - 10 * MINUTE)
    assert told.words.splitlines() == [
        "Your next shift: payments · primary",
        "You are on call from 04:00 UTC. Confirm that you have the pager.",
        "payments · primary: 2026-11-21 04:00 UTC to 2026-11-22 04:00 UTC",
        "Hands over: Ana",
        "Backup: Chen",
        "Open incidents: 1",
        "#1 Info: trouble with disk · payments",
    ]
    assert list(told.buttons) == ["pager confirm 1", "pager test"]

    await rota.until(AT - 8 * MINUTE)
    assert await rota.says("bo", "pager confirm 1", is_token=True) == "You have the pager: payments · primary."
    await rota.until(AT + 5 * MINUTE)

    assert told.words.splitlines()[1] == "You have the pager since 03:52 UTC."
    assert list(told.buttons) == ["pager test"]
    assert [one.to for one in rota.chat.told if "shift" in one.words or "confirmed" in one.words] == ["bo"]
    assert not rota.lines[Method.SMS].told
    assert not rota.lines[Method.EMAIL].told


async def test_who_says_nothing_is_reminded_by_another_way_and_then_the_others_are_told(rota: Rota) -> None:
    await rota.until(AT + 2 * MINUTE)

    mail = rota.lines[Method.EMAIL].told
    assert [(one.to, one.at) for one in mail] == [("bo@example.com", AT - 5 * MINUTE)]
    assert "have not confirmed yet that you have the pager. To confirm, write “pager” to Oncard." in mail[0].words
    bo, ana, chen = rota.by("bo", "ana", "chen")
    assert [one.at for one in (bo, ana, chen)] == [AT - 10 * MINUTE, AT, AT]
    assert "You are on call since 04:00 UTC and have not confirmed" in bo.words
    assert "Bo is on call since 04:00 UTC and has not confirmed. Keep the pager for a while, or call" in ana.words
    assert list(ana.buttons) == ["pager keep 1", "pager backup 1"]
    assert "Bo is on call since 04:00 UTC and has not confirmed. Told as well: Ana." in chen.words
    assert list(chen.buttons) == ["pager keep 1"]

    assert await rota.says("bo", "接班") == "You have the pager: payments · primary."
    await rota.until(AT + 4 * MINUTE)
    assert {one.words.splitlines()[1] for one in (ana, chen)} == {"Bo has the pager since 04:02 UTC."}
    assert bo.words.splitlines()[1] == "You have the pager since 04:02 UTC."
    assert [*ana.buttons, *chen.buttons] == []
    assert len(rota.chat.told) == 3


async def test_who_hands_over_keeps_the_pager_for_an_hour_and_then_the_other_is_asked_again(rota: Rota) -> None:
    await rota.until(AT + 2 * MINUTE)
    assert await rota.on_duty() == ["Bo"]
    answer = await rota.says("ana", "pager keep 1", is_token=True)
    assert answer == "You have the pager until 05:02 UTC: payments · primary. Bo is asked again before that."
    assert await rota.on_duty() == ["Ana"]
    await rota.until(AT + 4 * MINUTE)

    bo, ana, chen = rota.by("bo", "ana", "chen")
    assert "Ana has the pager until 05:02 UTC, since Bo has not confirmed." in bo.words
    assert "You have the pager until 05:02 UTC" in ana.words
    assert "Ana has the pager until 05:02 UTC" in chen.words
    assert await rota.says("bo", "pager confirm 1", is_token=True) == (
        "Ana has the pager until 05:02 UTC; nothing changed."
    )
    await rota.until(AT + 53 * MINUTE, MINUTE)
    assert [(one.to, one.at) for one in rota.chat.told[3:]] == [("bo", AT + 52 * MINUTE)]
    assert await rota.says("bo", "pager") == "You have the pager: payments · primary."
    await rota.until(AT + 63 * MINUTE, MINUTE)
    assert await rota.on_duty() == ["Bo"]
    assert len(rota.chat.told) == 4


async def test_the_backup_is_called_by_every_way_at_once_and_may_take_it(rota: Rota) -> None:
    await rota.until(AT + MINUTE)
    assert await rota.says("ana", "pager backup 1") == "The backup is being told by every way at once: Chen."
    await rota.until(AT + 2 * MINUTE)

    assert "Ana asks you to take the pager: Bo is on call since 04:00 UTC" in rota.chat.told[-1].words
    assert [one.to for one in rota.lines[Method.SMS].told] == ["+491711234520"]
    assert "chen@example.com" in [one.to for one in rota.lines[Method.EMAIL].told]
    assert "Ana called the backup at 04:01 UTC." in rota.by("ana")[0].words
    assert "called already" in await rota.says("ana", "pager backup 1")
    assert "Only who was asked" in await rota.says("bo", "pager backup 1")
    await rota.says("chen", "pager keep 1")
    assert await rota.on_duty() == ["Chen"]


async def test_where_the_call_for_the_backup_comes_to_nothing_the_admins_are_told(rota: Rota) -> None:
    await rota.configure([shift_rota()], methods=())
    await rota.until(AT + MINUTE)
    rota.chat.refused.add("chen")
    await rota.says("ana", "pager backup 1")
    await rota.until(AT + 2 * MINUTE)
    assert "Bo is on call since 04:00 UTC and has not confirmed" in rota.by("dee")[0].words


async def test_without_anybody_who_hands_over_and_a_backup_the_admins_are_told(database: Database) -> None:
    rota = Rota(Stage(database))
    first = shift_rota(backup=None).layers[0]
    begins = replace(
        first, start=AT.replace(tzinfo=None), rotation=replace(first.rotation, members=(("bo@example.com",),))
    )
    await rota.configure([ScheduleDefinition("payments", layers=(begins,))])
    await rota.until(AT + MINUTE, MINUTE)
    assert [one.to for one in rota.chat.told] == ["bo", "dee"]
    assert "has not confirmed. Nobody else is on duty." in rota.chat.told[1].words


async def test_where_the_others_cannot_be_reached_the_admins_are_told(rota: Rota) -> None:
    await rota.configure([shift_rota(backup=None)], methods=())
    rota.chat.refused.add("ana")
    await rota.until(AT + MINUTE)
    assert [one.to for one in rota.chat.told if "has not confirmed" in one.words] == ["dee"]
    assert await rota.says("dee", "pager keep 1")
    assert await rota.on_duty() == ["Dee"]


async def test_a_shift_that_is_taken_away_is_withdrawn_in_place_and_its_new_owner_is_asked(rota: Rota) -> None:
    await rota.until(AT - 9 * MINUTE)
    change = OverrideDefinition(AT, AT + timedelta(hours=3), ("chen@example.com",), replaces="bo@example.com")
    await rota.configure([shift_rota(change)])
    await rota.until(AT - 8 * MINUTE)

    bo, chen = rota.chat.told
    assert "This shift is no longer yours" in bo.words
    assert bo.buttons == ()
    assert (chen.to, "Your next shift: payments · primary" in chen.words) == ("chen", True)
    await rota.says("chen", "pager")
    await rota.until(AT + 2 * MINUTE)
    assert len(rota.chat.told) == 2
    assert not rota.lines[Method.EMAIL].told
    assert "does not have this shift any more" in await rota.says("bo", "pager confirm 1")


async def test_nobody_is_asked_where_no_notice_is_wanted(database: Database) -> None:
    rota = Rota(Stage(database))
    await rota.configure([shift_rota(notice=timedelta())])
    await rota.until(AT + MINUTE, MINUTE)
    assert (await rota.handovers(), rota.chat.told) == ([], [])


async def test_several_schedules_make_one_notice(database: Database) -> None:
    rota = Rota(Stage(database))
    await rota.configure([shift_rota(), shift_rota(name="search", backup=None, notice=30 * MINUTE)])
    await rota.until(AT - 29 * MINUTE, MINUTE)
    (told,) = rota.chat.told
    assert told.words.splitlines()[0] == "Your next shift: payments · primary and 1 more"
    assert await rota.says("bo", "pager") == "You have the pager: payments · primary and 1 more."


async def test_three_processes_make_one_notice(rota: Rota) -> None:
    stage = rota.stage
    others = [Handovers(stage.database, stage.picture, stage.wakeups, stage.clock) for _ in range(2)]
    for minutes in (-12, -10, -5, 0, 1):
        rota.clock.set(AT + minutes * MINUTE)
        await asyncio.gather(*(one.round() for one in (rota.loop, *others)))
        await stage.outbox.drain()
    assert sorted(one.to for one in rota.chat.told) == ["ana", "bo", "chen"]
    assert len(rota.lines[Method.EMAIL].told) == 1


async def test_who_was_away_over_the_hand_over_asks_at_once_and_after_an_hour_not_at_all(database: Database) -> None:
    rota = Rota(Stage(database))
    await rota.configure([shift_rota()])
    rota.clock.set(AT + 20 * MINUTE)
    await rota.settle()
    assert [one.to for one in rota.chat.told] == ["bo"]
    await rota.until(AT + 26 * MINUTE)
    others = sorted((one.to, one.at - AT) for one in rota.chat.told[1:])
    assert others == [("ana", 25 * MINUTE), ("chen", 25 * MINUTE)]


async def test_an_hour_after_the_hand_over_it_is_still_open_to_who_has_not_confirmed(rota: Rota) -> None:
    await rota.until(AT + timedelta(hours=1), MINUTE)
    assert [one.stage for one in await rota.handovers()] == [How.TOLD]
    assert await rota.says("bo", "pager") == "You have the pager: payments · primary."


async def test_a_clock_that_jumps_asks_nobody_twice(rota: Rota) -> None:
    await rota.until(AT - 4 * MINUTE)
    rota.clock.set(AT - 30 * MINUTE)
    await rota.settle()
    rota.clock.set(AT + 70 * MINUTE)
    await rota.settle()
    assert [one.to for one in rota.chat.told] == ["bo"]
    assert [one.stage for one in await rota.handovers()] == [How.PASSED]


async def test_a_notice_that_is_late_on_its_way_says_nothing_any_more_once_it_is_settled(rota: Rota) -> None:
    rota.chat.refusal = DeliveryFailed(FailureKind.UNREACHABLE, "away")
    rota.lines[Method.EMAIL].refusal = rota.lines[Method.SMS].refusal = rota.chat.refusal
    await rota.until(AT - 9 * MINUTE)
    assert await rota.says("bo", "pager") == "You have the pager: payments · primary."
    rota.chat.refusal = rota.lines[Method.EMAIL].refusal = rota.lines[Method.SMS].refusal = None
    await rota.until(AT - 2 * MINUTE)
    assert not rota.chat.told


async def test_who_has_nothing_to_confirm_hears_when_their_next_shift_is(rota: Rota) -> None:
    assert await rota.says("ana", "pager") == (
        "You have no hand-over to confirm. Your next shift begins at 2026-11-22 04:00 UTC: payments · primary."
    )
    assert await rota.says("dee", "pager") == "You have no hand-over to confirm."
    assert await rota.says("dee", "pager confirm 77") == (
        "There is no hand-over of that number that you have a part in."
    )
    await rota.until(AT - 9 * MINUTE)
    await rota.says("bo", "pager")
    assert await rota.says("bo", "pager") == "You have confirmed already: payments · primary."
    assert await rota.says("bo", "pager confirm 1") == "You have confirmed already: payments · primary."
    assert "For example: pager, pager test" in await rota.says("bo", "pager keep")


async def test_what_a_platform_tells_again_confirms_no_later_hand_over(rota: Rota) -> None:
    assert "no hand-over to confirm" in await rota.says("bo", "pager", trigger="m1")
    assert "being rung" in await rota.says("bo", "pager test", trigger="m2")
    await rota.until(AT - 9 * MINUTE, MINUTE)
    assert await rota.says("bo", "pager", trigger="m1") == ""
    assert [one.stage for one in await rota.handovers()] == [How.NOTICED]
    sent = len(rota.lines[Method.SMS].told)
    assert await rota.says("bo", "pager test", trigger="m2") == ""
    assert len(rota.lines[Method.SMS].told) == sent


async def test_one_that_cannot_be_read_keeps_no_other_from_being_asked(database: Database) -> None:
    rota = Rota(Stage(database))
    await rota.configure([shift_rota(), shift_rota(name="search", backup=None, notice=12 * MINUTE)])
    second = OverrideDefinition(AT - MINUTE, AT + 60 * MINUTE, ("dee@example.com",), role="backup")
    await rota.configure([shift_rota(second)])
    await rota.until(AT - 13 * MINUTE, MINUTE)

    async def spoil(connection: Connection) -> None:
        rows = tables.handovers
        first = sa.select(sa.func.min(rows.c.due)).scalar_subquery()
        await connection.execute(sa.update(rows).where(rows.c.due == first).values(body="{}"))

    await database.transact(spoil)
    with capture_logs() as logs:
        await rota.until(AT - 9 * MINUTE, MINUTE)
    assert [one.to for one in rota.chat.told] == ["bo"]
    running = asyncio.create_task(rota.loop.run())
    with capture_logs() as logs:
        async with asyncio.timeout(15):
            while not logs:  # noqa: ASYNC110
                await asyncio.sleep(0.01)  # Logs tell nobody when they grow.
        for _ in range(20):
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.wait([running])
    assert len(logs) == 1, "what cannot be done is not tried without a pause"
    assert {one["event"] for one in logs if one["log_level"] == "error"} == {"handover_not_stepped"}


async def test_the_loop_goes_on_after_an_outage(new_database: NewDatabase) -> None:
    database = Interrupted(new_database(with_schema))
    rota = Rota(Stage(database))
    await rota.configure([shift_rota()])
    rota.clock.set(AT - 11 * MINUTE)
    database.transactions = 1
    running = asyncio.create_task(rota.loop.run())
    try:
        async with asyncio.timeout(15):
            while not rota.chat.told:
                await asyncio.sleep(0.01)
                rota.clock.advance(1)
                if not database.transactions:
                    await rota.stage.outbox.drain()
    finally:
        running.cancel()
        await asyncio.wait([running])
        await database.close()
    assert database.transactions == 0
