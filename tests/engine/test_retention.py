"""What was kept long enough goes, step by step; nothing of what is open or under way ever does."""

import asyncio
import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.domain.event import Severity
from bot.engine import metrics, retention
from bot.engine.retention import Keep, Retention, keep
from storage import tables
from storage.connection import Work
from storage.database import Connection, Database
from tests.bench.explain import listening, plans
from tests.engine.stage import Interrupted, Stage, prefer_indexes
from tests.support.clocks import START, ManualClock
from tests.support.history import DAY, TABLES, History, Rows, numbers, store, stored

KEEP = Keep(events=30 * DAY, deliveries=90 * DAY, incidents=365 * DAY)
HOUR = timedelta(hours=1)


class Pauses(ManualClock):
    """A clock on which a pause takes no time; it counts them."""

    pauses = 0

    async def sleep(self, seconds: float) -> None:
        self.pauses += 1
        await asyncio.sleep(0)


def history(seed: int, incidents: int = 150, after: int = 0) -> Rows:
    """Return what months of use have left."""
    made = History(START, random.Random(seed), after)  # noqa: S311 - The same rows for the same seed.
    made.live(incidents)
    return made.rows


def staying(rows: Mapping[str, list[dict[str, Any]]], now: datetime, kept: Keep) -> dict[str, set[object]]:
    """Return the numbers of the rows that must stay, reckoned from all rows at once."""
    is_open = {row["id"]: row["closed_at"] is None for row in rows["incidents"]}
    busy = {row["incident_id"] for row in rows["alerts"] if row["current"]}
    busy |= {row["incident_id"] for row in rows["deliveries"] if row["settled_at"] is None}
    left = {
        row["id"]
        for row in rows["incidents"]
        if is_open[row["id"]] or row["id"] in busy or row["closed_at"] >= now - kept.incidents
    }
    alerts = {row["id"]: row for row in rows["alerts"] if row["incident_id"] in left}
    gone = {row["id"] for row in rows["alerts"]} - alerts.keys()

    def event_stays(row: dict[str, Any]) -> bool:
        alert = alerts.get(row["alert_id"])
        takes_more = alert is not None and (alert["current"] or is_open[alert["incident_id"]])
        return row["alert_id"] not in gone and (takes_more or row["received_at"] >= now - kept.events)

    def delivery_stays(row: dict[str, Any]) -> bool:
        is_recent = row["settled_at"] is None or row["settled_at"] >= now - kept.deliveries
        return row["incident_id"] in left and (is_open[row["incident_id"]] or is_recent)

    return {
        "incidents": set(left),
        "alerts": set(alerts),
        "events": {row["id"] for row in rows["events"] if event_stays(row)},
        "deliveries": {row["id"] for row in rows["deliveries"] if delivery_stays(row)},
        "timeline": {row["id"] for row in rows["timeline"] if row["incident_id"] in left},
        "cards": {row["id"] for row in rows["cards"] if row["incident_id"] in left},
    }


@pytest.mark.parametrize("seed", range(4))
async def test_what_stays_is_what_must_stay_today_and_months_later(
    database: Database, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "MOST", 40)
    rows, clock = history(seed), Pauses()
    await store(database, rows)
    trimming = Retention(database, KEEP, clock)
    await trimming.round()

    expected = staying(rows, START, KEEP)
    assert await stored(database) == expected
    assert all(expected[name] < numbers(rows)[name] for name in TABLES)
    await trimming.round()
    assert await stored(database) == expected

    clock.set(START + 200 * DAY)
    await trimming.round()
    assert await stored(database) == staying(rows, START + 200 * DAY, KEEP)


async def end(database: Database, rows: Rows, now: datetime, incidents: set[int]) -> None:
    """Close these incidents with their alerts, and settle their messages, in the database and in `rows`."""
    closing = {row["id"] for row in rows["incidents"] if row["closed_at"] is None} & incidents
    unsettled = {
        row["id"] for row in rows["deliveries"] if row["settled_at"] is None and row["incident_id"] in incidents
    }
    ending = {row["id"] for row in rows["alerts"] if row["incident_id"] in closing}
    changes: dict[str, tuple[set[int], dict[str, Any]]] = {
        "incidents": (closing, {"progress": "Closed", "closed_at": now}),
        "alerts": (ending, {"current": False}),
        "deliveries": (unsettled, {"state": "delivered", "settled_at": now}),
    }

    async def work(connection: Connection) -> None:
        for name, (which, values) in changes.items():
            table = tables.metadata.tables[name]
            await connection.execute(sa.update(table).where(table.c.id.in_(which)).values(values))

    await database.transact(work)
    for name, (which, values) in changes.items():
        rows[name] = [row | values if row["id"] in which else row for row in rows[name]]


@pytest.mark.parametrize("seed", range(2))
async def test_what_waited_for_its_incident_goes_in_the_round_after_that_has_ended(
    database: Database, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "MOST", 40)
    rows, clock = history(seed), Pauses()
    await store(database, rows)
    trimming = Retention(database, KEEP, clock)
    await trimming.round()
    before = await stored(database)
    for minute in range(1, 4):
        await end(database, rows, clock.now(), {number for number in before["incidents"] if number % 4 == minute})
        clock.advance(retention.EVERY)
        await trimming.round()

        assert await stored(database) == staying(rows, clock.now(), KEEP)
    left = await stored(database)
    assert all(left[name] < before[name] for name in ("events", "deliveries"))


async def test_many_incidents_that_had_to_stay_are_looked_at_again_in_several_rounds(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "MOST_AGAIN", 2)
    monkeypatch.setattr(retention, "MOST_INCIDENTS", 5)
    rows, clock = history(6, incidents=400), Pauses()
    await store(database, rows)
    trimming = Retention(database, KEEP, clock)
    await trimming.round()
    left = await stored(database)
    await end(database, rows, clock.now(), left["incidents"])
    clock.advance(retention.EVERY)
    removed = []
    while await stored(database) != staying(rows, clock.now(), KEEP):
        before = await stored(database)
        await trimming.round()
        removed.append(len(before["incidents"] - (await stored(database))["incidents"]))

    assert 1 < len(removed) < retention.ANEW_AFTER
    assert all(count <= 10 for count in removed)


async def test_a_removal_that_was_cut_off_is_ended_by_the_next_process(database: Database) -> None:
    rows, clock = history(7), Pauses()
    await store(database, rows)
    expected = staying(rows, START, KEEP)
    while await stored(database) != expected:
        cut_off = asyncio.create_task(Retention(database, KEEP, clock).round())
        until = clock.pauses + 2
        while clock.pauses < until and not cut_off.done():  # noqa: ASYNC110
            await asyncio.sleep(0)  # It pauses after each step.
        cut_off.cancel()
        await asyncio.wait([cut_off])
        left = await stored(database)
        assert all(expected[name] <= left[name] for name in TABLES)


async def test_two_processes_may_remove_at_once(database: Database) -> None:
    rows = history(8)
    await store(database, rows)
    await asyncio.gather(*(Retention(database, KEEP, Pauses()).round() for _ in range(3)))
    await Retention(database, KEEP, Pauses()).round()

    assert await stored(database) == staying(rows, START, KEEP)


async def test_no_transaction_removes_more_than_it_may(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[int] = []
    rows = history(9, incidents=400)
    await store(database, rows)
    before = sum(len(some) for some in rows.values())

    async def transact(work: Work[Any], *, within: float | None = None) -> object:
        done = await Database.transact(database, work)
        steps.append(done.total())
        return done

    monkeypatch.setattr(database, "transact", transact)
    clock = Pauses()
    counted = removed_by_now()
    await Retention(database, KEEP, clock).round()

    left = sum(len(some) for some in (await stored(database)).values())
    assert max(steps) <= retention.MOST
    assert sum(steps) == before - left == removed_by_now() - counted
    assert clock.pauses == len(steps)


async def test_an_incident_that_grew_large_goes_in_many_steps(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "MOST", 3)
    await store(database, history(3, incidents=20))
    await Retention(database, Keep(HOUR, HOUR, HOUR), Pauses(START + 900 * DAY)).round()

    left = await stored(database)
    assert left == staying(history(3, incidents=20), START + 900 * DAY, Keep(HOUR, HOUR, HOUR))


async def test_what_had_to_stay_is_looked_at_again_after_an_hour(database: Database) -> None:
    stage = Stage(database, Pauses())
    await stage.configure({})
    await stage.fire("disk")
    clock = stage.clock
    assert isinstance(clock, Pauses)
    trimming = Retention(database, Keep(HOUR, HOUR, HOUR), clock)
    clock.advance(7200)
    await trimming.round()
    assert len((await stored(database))["events"]) == 1

    await stage.fire("disk", status=Severity.OK)
    clock.advance(1800)
    for _ in range(retention.ANEW_AFTER):
        await trimming.round()
    assert len((await stored(database))["incidents"]) == 1
    assert (await stored(database))["events"] == {2}


async def test_alerts_come_in_while_old_ones_go(database: Database) -> None:
    stage = Stage(database, Pauses())
    await stage.configure({"acme": 1})
    rows = history(5, incidents=300, after=1_000_000)
    await store(database, rows)
    trimming = asyncio.create_task(Retention(database, KEEP, Pauses()).round())
    taken = 0
    while not trimming.done() or taken < 20:
        accepted = await stage.fire(f"key {taken}")
        assert [str(outcome) for outcome in accepted.outcomes] == ["opened"]
        taken += 1
    await trimming

    left = await stored(database)
    expected = staying(rows, START, KEEP)
    assert {number for number in left["incidents"] if number > 1_000_000} == expected["incidents"]
    assert len([number for number in left["incidents"] if number <= 1_000_000]) == taken


async def test_a_database_that_is_away_does_not_end_it(schema_url: str) -> None:
    database = Interrupted(schema_url)
    rows = history(2, incidents=10)
    await store(database, rows)
    database.transactions = 1
    running = asyncio.create_task(Retention(database, KEEP, Pauses()).run())
    async with asyncio.timeout(20):
        while await stored(database) != staying(rows, START, KEEP):  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # Rows tell nobody when they go.
    assert database.transactions == 0
    running.cancel()
    await asyncio.wait([running])
    await database.close()


async def test_every_statement_finds_its_rows_by_an_index(schema_url: str, database: Database) -> None:
    await prefer_indexes(schema_url)
    rows, clock = history(1, incidents=300), Pauses()
    await store(database, rows)
    trimming = Retention(database, KEEP, clock)
    with listening() as heard:
        await trimming.round()
        await end(database, rows, clock.now(), {row["id"] for row in rows["incidents"]})
        clock.advance(retention.EVERY)
        await trimming.round()

    made = await plans(database, heard)
    assert len(made) > 12
    assert [one for one in made if "Seq Scan" in one[1] or "SCAN" in one[1]] == []


def removed_by_now() -> float:
    """Return how many rows the metric has counted."""
    return sum(
        metrics.REGISTRY.get_sample_value("oncard_retention_removed_total", {"table": name}) or 0.0 for name in TABLES
    )


# ---- settings --------------------------------------------------------------------------------------------------------


def test_how_long_things_are_kept_is_read_from_the_environment() -> None:
    assert keep({}) == Keep(30 * DAY, 90 * DAY, 365 * DAY)
    assert keep({"ONCARD_KEEP_EVENTS": "2h", "ONCARD_KEEP_DELIVERIES": "", "ONCARD_KEEP_INCIDENTS": "10m"}) == Keep(
        timedelta(hours=2), 90 * DAY, timedelta(minutes=10)
    )


@pytest.mark.parametrize("written", ["forever", "0d", "9m", "-1d", "99999999d", "30", "1.5d"])
@pytest.mark.parametrize("name", ["ONCARD_KEEP_EVENTS", "ONCARD_KEEP_DELIVERIES", "ONCARD_KEEP_INCIDENTS"])
def test_a_wrong_time_is_refused_by_the_name_of_its_variable(name: str, written: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is '{written}'.* from 10m to 3650d, such as"):
        keep({name: written})
