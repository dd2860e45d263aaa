"""The daily note: what the lint finds is told once, in the own channel's chats or to the admins."""

import asyncio
from datetime import timedelta

import pytest

from bot.domain.letter import Matter
from bot.domain.people import Method
from bot.engine import daily
from bot.engine.daily import Daily
from bot.engine.letters import Content
from cards.plain import spoken
from storage import definitions, letters
from storage.database import Connection, Database
from storage.letters import LetterRow
from tests.engine.stage import Stage
from tests.engine.test_fallback import Team, to


@pytest.fixture
async def team(database: Database) -> Team:
    team = Team(Stage(database))
    # Nobody is on the last level.
    await team.configure(to("ana"), to())
    return team


def looks(team: Team) -> Daily:
    return Daily(team.stage.database, team.stage.picture, team.stage.wakeups, team.clock)


async def until_nine(team: Team) -> None:
    hours = (24 + 10 - team.clock.now().hour) % 24
    team.clock.advance(timedelta(hours=hours or 24).total_seconds())


async def written(team: Team) -> list[LetterRow]:
    async def work(connection: Connection) -> list[LetterRow]:
        return await letters.about(connection, Matter.LINT, range(1, 20))

    return await team.stage.database.read(work)


async def test_what_is_found_is_told_to_the_admins_once_a_day(team: Team) -> None:
    await until_nine(team)

    assert await looks(team).round()
    assert not await looks(team).round()
    await team.settle()

    (letter,) = await written(team)
    assert [one.id for one in team.way(Method.IM).sent] == ["dee"]
    assert letter.message is not None


async def test_the_same_is_told_again_after_a_week_only(team: Team) -> None:
    await until_nine(team)
    told = []
    for _ in range(8):
        told.append(await looks(team).round())
        team.clock.advance(timedelta(days=1).total_seconds())
    assert told == [True, False, False, False, False, False, False, True]


async def test_two_workers_that_look_at_once_tell_it_once(team: Team) -> None:
    await until_nine(team)
    told = await asyncio.gather(looks(team).round(), looks(team).round())
    assert any(told)
    assert len(await written(team)) == 1


async def test_it_says_what_is_wrong_in_the_reader_s_language(team: Team) -> None:
    await until_nine(team)
    await looks(team).round()

    async def work(connection: Connection) -> Content | None:
        organisation = await definitions.organisation(connection)
        (row,) = await letters.about(connection, Matter.LINT, range(1, 20))
        return await daily.read(connection, row.letter, organisation, team.clock.now())

    content = await team.stage.database.read(work)
    assert content is not None
    assert "Configuration" in content.card.title
    assert "the last level reaches nobody" in " ".join(map(spoken, content.note.rows))
