"""Linking chat accounts by codes, in two workspaces of one platform: who asks, who is asked, and what is refused."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest
import sqlalchemy as sa

from bot.adapter import Interaction
from bot.domain.definition import Definition, Kind, Secret, WorkspaceDefinition
from bot.domain.incident import Progress
from bot.playground.slack.flatten import visible_text
from bot.playground.slack.server import SlackServer
from cards.card import Note
from cards.plain import spoken
from storage import definitions, tables
from storage.database import Connection
from tests.support.world import CHAT, PEOPLE, World, level, world

CODE = re.compile(r"Your code is ([2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4})")


@dataclass
class Both:
    """Oncard with the workspace `acme`, where all are linked, and `other`, where nobody is."""

    oncard: World
    other: SlackServer

    async def says(self, text: str, by: str, *, here: bool, expected: str) -> str:
        """Type a command in one of the workspaces, and return what that person alone was answered."""
        slack = self.oncard.slack if here else self.other

        def answers() -> list[str]:
            return [words for words in alone(slack, by) if expected in words]

        before = len(answers())
        await slack.command(by, CHAT, f"/oncard {text}")
        assert await slack.wait_for(lambda: len(answers()) > before), alone(slack, by)
        return answers()[-1]

    async def code(self, by: str, *, here: bool) -> str:
        """Ask for a code."""
        found = CODE.search(await self.says("link", by, here=here, expected="Your code is"))
        assert found is not None
        return found[1]

    async def press(self, by: str, label: str, *, here: bool, under: str) -> None:
        """Press a button of an answer."""
        slack = self.oncard.slack if here else self.other
        note = await slack.expect_ephemeral(by, under)
        await slack.click(by, CHAT, note.ts, label)

    async def linked(self, user: str) -> str | None:
        """Return whose the chat account in `other` is."""
        organisation = await self.oncard.service.database.read(self.oncard.service.picture.current)
        workspace = next(one.id for one in organisation.workspaces.values() if one.name == "other")
        account = organisation.account_of(workspace, self.other.workspace.user(user).id)
        return organisation.people.accounts[account].name if account is not None else None

    async def rows(self, table: sa.Table) -> list[dict[str, object]]:
        """Return what a table holds."""

        async def work(connection: Connection) -> list[dict[str, object]]:
            rows = await connection.execute(sa.select(table))
            return [dict(row) for row in rows.mappings()]

        return await self.oncard.service.database.read(work)


def alone(slack: SlackServer, name: str) -> list[str]:
    """Return what somebody alone was told in the chat, the newest last."""
    workspace = slack.workspace
    user = workspace.user(name).id
    seen = workspace.messages(workspace.channel(CHAT).id, reader=user)
    return [visible_text(workspace, one) for one in seen if one.visible_to == user]


@pytest.fixture
async def both(schema_url: str) -> AsyncIterator[Both]:
    """Two workspaces of one platform on each database."""
    async with world(schema_url) as made, SlackServer(made.clock) as other:
        for name in (*PEOPLE, "mallory"):
            other.workspace.add_user(name)
        other.workspace.add_channel(CHAT)
        await made.configure(level("ana", chats=(made.chat(),)))

        async def work(connection: Connection) -> None:
            more = Definition(
                Kind.WORKSPACE,
                WorkspaceDefinition("other", "slack", {"api_base_url": other.api_base_url}),
                {"bot_token": Secret(other.bot_token), "app_token": Secret(other.app_token)},
            )
            stored = await definitions.stored(connection, made.service.vault)
            await definitions.replace_all(connection, [*stored, more], made.service.vault)

        await made.service.database.transact(work)
        await made.connect()
        yield Both(made, other)


async def test_who_clicks_without_a_link_gets_a_code_and_is_linked_where_oncard_knows_them(both: Both) -> None:
    await both.says("list", "ana", here=False, expected="is not linked to an Oncard account")
    await both.press("ana", "Link me", here=False, under="is not linked")
    words = visible_text(both.other.workspace, await both.other.expect_ephemeral("ana", "Your code is"))
    found = CODE.search(words)
    assert found is not None
    assert f"oncard link {found[1]} --account you@example.com" in words

    await both.says(
        f"link {found[1].lower().replace('-', ' ')}", "ana", here=True, expected="Link ana in other to you?"
    )
    assert await both.linked("ana") is None, "nothing before the answer"
    await both.press("ana", "Link it", here=True, under="Link ana in other")
    await both.oncard.slack.expect_ephemeral("ana", "ana in other is Ana (ana@example.com)")

    assert await both.linked("ana") == "Ana"
    await both.oncard.fire()
    await both.says("ack 1", "ana", here=False, expected="#1 is yours")
    await both.oncard.until(Progress.PROCESSING)


async def test_the_code_of_an_account_links_the_chat_account_in_which_it_is_typed(both: Both) -> None:
    code = await both.code("bo", here=True)
    await both.says(f"link {code}", "bo", here=False, expected="This chat account is Bo (bo@example.com)")
    assert await both.linked("bo") == "Bo"
    await both.says(f"link {code}", "mallory", here=False, expected="wrong, used or expired")
    assert await both.linked("mallory") is None


async def test_a_code_ends_after_ten_minutes_and_when_a_new_one_is_asked_for(both: Both) -> None:
    first = await both.code("bo", here=True)
    second = await both.code("bo", here=True)
    assert len(await both.rows(tables.link_codes)) == 1
    await both.says(f"link {first}", "bo", here=False, expected="wrong, used or expired")
    both.oncard.clock.advance(600)
    await both.says(f"link {second}", "bo", here=False, expected="wrong, used or expired")
    assert await both.linked("bo") is None
    await both.code("ana", here=True)
    (row,) = await both.rows(tables.link_codes)
    assert row["account_id"] == 1, "what has expired is gone"


async def test_the_database_holds_no_code(both: Both) -> None:
    codes = [await both.code("bo", here=True), await both.code("bo", here=False)]
    stored = str(await both.rows(tables.link_codes))
    for code in codes:
        assert code not in stored
        assert code.replace("-", "") not in stored


async def test_a_code_of_a_chat_account_is_good_for_nobody_without_an_account(both: Both) -> None:
    code = await both.code("ana", here=False)
    await both.says(f"link {code}", "ana", here=False, expected="own code")
    await both.says(f"link {code}", "mallory", here=False, expected="wrong, used or expired")
    typed = await both.says(f"link {code} yes1", "ana", here=True, expected="wrong, used or expired")
    assert "Link it" not in typed, "what is typed confirms nothing"


async def test_only_who_was_asked_can_confirm(both: Both) -> None:
    code = await both.code("ana", here=False)
    await both.says(f"link {code}", "ana", here=True, expected="Link ana in other to you?")
    workspace = both.oncard.slack.workspace
    bo = workspace.user("bo").id
    pressed = Interaction(bo, "bo", f"link {code} yes1", chat=workspace.channel(CHAT).id, is_token=True)
    organisation = await both.oncard.service.database.read(both.oncard.service.picture.current)
    acme = next(one.id for one in organisation.workspaces.values() if one.name == "acme")
    answer = await both.oncard.service.desk.handle(acme, pressed)
    assert isinstance(answer, Note)
    assert spoken(answer.text).startswith("Link ana in other to you?"), "he is asked himself"
    assert await both.linked("ana") is None


async def test_nobody_has_two_chat_accounts_in_a_workspace_nor_a_chat_account_two_people(both: Both) -> None:
    await both.says(f"link {await both.code('bo', here=True)}", "bo", here=False, expected="is Bo")
    await both.says(
        f"link {await both.code('ana', here=True)}", "bo", here=False, expected="is linked to bo@example.com already"
    )
    await both.says(
        f"link {await both.code('bo', here=True)}", "mallory", here=False, expected="Type “unlink” there first"
    )
    code = await both.code("bo", here=True)
    await both.says(f"link {code}", "bo", here=False, expected="is linked to you (bo@example.com) already")
    assert (await both.linked("bo"), await both.linked("mallory")) == ("Bo", None)


async def test_who_unlinks_is_nobody_until_they_link_again_even_by_email(both: Both) -> None:
    await both.says(f"link {await both.code('bo', here=True)}", "bo", here=False, expected="is Bo")
    await both.says("unlink", "bo", here=False, expected="not linked to you any more")
    assert await both.linked("bo") is None
    looking = asyncio.create_task(both.oncard.service.directory.look())
    while not looking.done():
        await asyncio.sleep(0.01)
        both.oncard.clock.advance(1)
    assert await both.linked("chen") == "Chen", "the others were found"
    assert await both.linked("bo") is None
    await both.says("unlink", "bo", here=False, expected="linked to nobody")
    await both.says(f"link {await both.code('bo', here=True)}", "bo", here=False, expected="is Bo")
    assert await both.linked("bo") == "Bo"


async def test_what_the_configuration_says_is_changed_there_only(both: Both) -> None:
    await both.says("unlink", "ana", here=True, expected="“links” of workspace acme")
    code = await both.code("bo", here=True)
    await both.says(f"link {code}", "ana", here=True, expected="by the configuration file")


async def test_of_two_who_use_a_code_at_once_one_is_linked(both: Both) -> None:
    code = await both.code("bo", here=True)
    names = ("bo", "mallory", "chen")
    await asyncio.gather(*(both.other.command(name, CHAT, f"/oncard link {code}") for name in names))
    for name in names:
        await both.other.expect_ephemeral(name, "")
    linked = [await both.linked(name) for name in names]
    assert sorted(str(one) for one in linked) == ["Bo", "None", "None"]


async def test_an_account_that_is_gone_gives_nothing_away(both: Both) -> None:
    code = await both.code("chen", here=True)

    async def work(connection: Connection) -> None:
        stored = await definitions.stored(connection, both.oncard.service.vault)
        left = [without_links(one) for one in stored if one.name != "chen@example.com"]
        await definitions.replace_all(connection, left, both.oncard.service.vault)

    await both.oncard.service.database.transact(work)
    await both.says(f"link {code}", "chen", here=False, expected="wrong, used or expired")


def without_links(one: Definition) -> Definition:
    """Return a workspace that links nobody; anything else as it is."""
    return replace(one, body=replace(one.body, links={})) if isinstance(one.body, WorkspaceDefinition) else one
