"""The daily note: what the lint finds is told once, in the own channel's chats or to the admins."""

import asyncio
from datetime import date, timedelta

import pytest
from structlog.testing import capture_logs

from bot.domain.daily import Looked
from bot.domain.definition import (
    AccountDefinition,
    ChannelDefinition,
    ChatDefinition,
    Definition,
    Kind,
    LevelDefinition,
    RuleDefinition,
    WorkspaceDefinition,
)
from bot.domain.letter import Matter
from bot.domain.people import Method, Role
from bot.engine import daily
from bot.engine.daily import Daily
from bot.engine.letters import Content
from cards.plain import spoken
from storage import definitions, letters, lint_looks
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


async def with_own_chats(team: Team, *chats: str, admin: Role = Role.OWNER) -> None:
    """Let Oncard's own channel tell these chats; Eve is the admin, and another channel has no rules."""
    told = LevelDefinition((), tuple(ChatDefinition("acme", chat) for chat in chats))
    rules = (RuleDefinition("all", (told,)),) if chats else ()
    wanted = [
        Definition(Kind.ACCOUNT, AccountDefinition("eve@example.com", "Eve", role=admin)),
        Definition(Kind.WORKSPACE, WorkspaceDefinition("acme", "chatty", {}, {"eve@example.com": "eve"})),
        Definition(Kind.CHANNEL, ChannelDefinition("oncard", "", rules)),
        Definition(Kind.CHANNEL, ChannelDefinition("payments")),
    ]

    async def work(connection: Connection) -> None:
        await definitions.replace_all(connection, wanted, team.stage.vault)

    await team.stage.database.transact(work)


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


async def test_the_admins_hear_what_none_of_the_chats_can_be_told(team: Team) -> None:
    await with_own_chats(team, "C1", "C2")
    acme = team.way(Method.IM)
    acme.refused.add("C1")
    await until_nine(team)

    assert await looks(team).round()
    await team.settle()
    assert [one.id for one in acme.sent] == ["C2"]

    acme.refused.add("C2")
    team.clock.advance(timedelta(days=7).total_seconds())
    assert await looks(team).round()
    await team.settle()
    assert [one.id for one in acme.sent] == ["C2", "eve"]


async def test_what_no_admin_could_be_told_is_told_when_one_can(team: Team) -> None:
    await with_own_chats(team)
    acme = team.way(Method.IM)
    acme.refused.add("eve")
    await until_nine(team)
    assert await looks(team).round()
    with capture_logs() as logs:
        await team.settle()
    assert "daily_note_told_nobody" in [entry["event"] for entry in logs]

    acme.refused.clear()
    team.clock.advance(timedelta(days=1).total_seconds())
    assert await looks(team).round()
    await team.settle()
    assert [one.id for one in acme.sent] == ["eve"]


async def test_without_an_admin_nobody_is_told_until_there_is_one(team: Team) -> None:
    await with_own_chats(team, admin=Role.MEMBER)
    await until_nine(team)
    assert not await looks(team).round()
    team.clock.advance(timedelta(days=1).total_seconds())
    await with_own_chats(team)
    assert await looks(team).round()


async def test_a_look_that_a_wrong_clock_dated_ahead_does_not_silence_the_others(team: Team) -> None:
    await until_nine(team)
    assert await looks(team).round()

    async def work(connection: Connection) -> None:
        await lint_looks.add(connection, Looked(date(2099, 1, 1), "other findings"), {})

    await team.stage.database.transact(work)
    team.clock.advance(timedelta(days=7).total_seconds())
    assert await looks(team).round()
    assert not await looks(team).round()


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
