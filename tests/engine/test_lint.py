"""The lint of what is stored: it knows the alerts that came, what was removed, and keeps nobody waiting."""

from collections.abc import AsyncIterator

import pytest

from bot.domain.alert import Alert
from bot.domain.frozen import replace
from bot.domain.incident import ChannelId
from bot.domain.lint import Code
from bot.engine import lint
from cards.answers import Readers
from cards.plain import spoken
from storage import definitions, incidents
from storage.database import Connection, Database
from tests.cli.shell import with_sample
from tests.storage.test_shapes import an_alert
from tests.support.clocks import START
from tests.support.databases import NewDatabase


@pytest.fixture
async def sample(new_database: NewDatabase) -> AsyncIterator[Database]:
    """Give a database with the sample configuration, whose channel Quiet has no rules."""
    database = Database(new_database(with_sample))
    yield database
    await database.close()


async def gathered(database: Database, *alerts: Alert) -> lint.Gathered:
    async def work(connection: Connection) -> lint.Gathered:
        await incidents.insert_alerts(connection, alerts)
        organisation = await definitions.organisation(connection)
        return await lint.gather(connection, organisation.at(START), START)

    return await database.transact(work)


async def test_alerts_that_came_are_counted_by_their_channel(sample: Database) -> None:
    organisation = await sample.read(definitions.organisation)
    by_name = {one.name: one.id for one in organisation.channels.values()}
    of = [by_name["Payments"], by_name["Payments"], by_name["Quiet"], ChannelId(99)]
    found = await gathered(sample, *(an_alert(number, channel) for number, channel in enumerate(of)))
    assert {(one.channel, one.count) for one in found.seen} == {(by_name["Payments"], 2), (by_name["Quiet"], 1)}


async def test_what_is_stored_is_judged_in_a_transaction_or_after_it(sample: Database) -> None:
    found = await gathered(sample)

    async def work(connection: Connection) -> list[Code]:
        return [one.code for one in await lint.findings(connection, found.organisation, START)]

    codes = [Code.CHANNEL_WITHOUT_RULES, *3 * [Code.UNREACHABLE_PERSON]]
    assert await sample.read(work) == codes
    assert [one.code for one in await lint.judged(found)] == codes
    note = await lint.answer(lint.Asked(found, Readers("zh", "UTC", START)))
    assert spoken(note.text) == "配置：4 处问题，最严重的在前"
    kept = tuple(replace(one, active=one.body != found.kept[0].body) for one in found.kept)
    assert Code.TARGET_GONE in [one.code for one in await lint.judged(replace(found, kept=kept))]
