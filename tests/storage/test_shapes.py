"""The shapes of the alerts of late: counted, bounded, and none of them lost to an alert that cannot be read."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.domain.alert import Alert
from bot.domain.event import Severity
from bot.domain.filters import Condition, Field
from bot.domain.incident import AlertId, ChannelId
from bot.domain.lint import Shape
from bot.domain.lint.shape import Kept
from storage import incidents, shapes, tables
from storage.database import Connection, Database
from tests.support.clocks import START

ONE, TWO = ChannelId(1), ChannelId(2)
BY_TEAM = Kept(("team",))


def an_alert(number: int, channel: ChannelId, title: str = "disk full", **labels: str) -> Alert:
    at = START + timedelta(minutes=number)
    return Alert(
        AlertId(number), channel, f"k{number}", None, Severity.CRITICAL, title, at, at, "", labels=labels, current=False
    )


async def shapes_of(database: Database, *alerts: Alert, kept: Kept = BY_TEAM, days: int = 0) -> tuple[Shape, ...]:
    async def work(connection: Connection) -> None:
        await incidents.insert_alerts(connection, alerts)

    await database.transact(work)
    since = START + timedelta(days=days)
    return await database.read(lambda connection: shapes.seen(connection, {ONE: kept, TWO: kept}, since))


async def test_what_no_filter_tells_apart_is_one_shape_with_its_newest_as_example(database: Database) -> None:
    found = await shapes_of(
        database,
        an_alert(1, ONE, host="db1", team="db"),
        an_alert(2, ONE, host="db2", team="db"),
        an_alert(3, ONE, host="db2", team="web"),
        an_alert(4, TWO, host="db2", team="db"),
        an_alert(5, ChannelId(3), host="of a channel that nobody asks about"),
        an_alert(6, ONE, team="db"),
    )
    assert [(one.channel, one.count, one.example.labels) for one in found] == [
        (ONE, 2, {"host": "db2", "team": "db"}),
        (ONE, 1, {"team": "db"}),
        (ONE, 1, {"host": "db2", "team": "web"}),
        (TWO, 1, {"host": "db2", "team": "db"}),
    ]
    assert found[0].last_seen == START + timedelta(minutes=2)


async def test_titles_are_told_apart_by_what_a_filter_asks_of_them(database: Database) -> None:
    kept = Kept(texts=(Condition(Field.TITLE, ("disk*",)),))
    alerts = [an_alert(1, ONE, "disk full"), an_alert(2, ONE, "disk slow"), an_alert(3, ONE, "cpu hot")]
    found = await shapes_of(database, *alerts, kept=kept)
    assert [(one.count, one.example.title) for one in found] == [(2, "disk slow"), (1, "cpu hot")]


async def test_what_is_old_or_cannot_be_read_is_left_out(database: Database) -> None:
    async def spoil(connection: Connection) -> None:
        await connection.execute(sa.update(tables.alerts).where(tables.alerts.c.id == 5000).values(body="{}"))

    assert await shapes_of(database, an_alert(1, ONE), days=1) == ()
    assert [one.count for one in await shapes_of(database, an_alert(5000, ONE), an_alert(5001, ONE), days=1)] == [2]
    await database.transact(spoil)
    assert [one.count for one in await shapes_of(database, days=1)] == [1]


async def test_a_channel_that_has_very_many_keeps_nobody_from_another(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shapes, "AT_ONCE", 4)
    monkeypatch.setattr(shapes, "MOST_OF_A_CHANNEL", 6)
    monkeypatch.setattr(shapes, "MOST_SHAPES", 3)
    loud = [an_alert(number, ONE, team=f"t{number % 5}") for number in range(10, 40)]
    found = await shapes_of(database, an_alert(1, TWO, team="quiet"), *loud)
    assert [one.count for one in found if one.channel == ONE] == [2, 1, 1]
    assert [one.count for one in found if one.channel == TWO] == [1]
    monkeypatch.setattr(shapes, "MOST_SHAPES", 10)
    monkeypatch.setattr(shapes, "MOST_ALTOGETHER", 5)
    assert sum(one.count for one in await shapes_of(database)) == 5
    monkeypatch.setattr(shapes, "MOST_SHAPES_ALTOGETHER", 1)
    assert len(await shapes_of(database)) == 1
