"""oncard doctor beside a Slack of our own: what is right, what is to be mended, and a click that comes back."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from click.testing import Result

from bot.clock import SystemClock
from bot.domain.alert import opened
from bot.domain.incident import AlertId, IncidentId
from bot.domain.organisation import UNCONFIGURED
from bot.domain.trouble import dead, report
from bot.playground.slack.server import SlackServer
from storage import incidents
from storage.database import Connection, Database
from tests.cli.shell import SAMPLE, SECRETS, Shell, with_sample
from tests.support.databases import NewDatabase
from tests.support.world import CHAT


@dataclass
class Clinic:
    """A shell whose sample configuration points at a Slack of our own."""

    shell: Shell
    slack: SlackServer

    async def run(self, *words: str) -> Result:
        """Run a command in a thread of its own, while Slack answers here."""
        return await asyncio.to_thread(self.shell.run, *words)

    async def look(self, *words: str) -> tuple[int, list[dict[str, Any]]]:
        """Return the exit code, and what was found."""
        result = await self.run("doctor", "--json", *words)
        assert not any(secret in result.output for secret in (*SECRETS, self.slack.bot_token, self.slack.app_token))
        said = json.loads(result.stdout)
        assert said["ok"] is (result.exit_code == 0)
        return result.exit_code, said["findings"]

    async def apply(self, links: str = "") -> None:
        """Apply the sample, with these links."""
        more = f"    api_base_url: {self.slack.api_base_url}\n    links: {{{links}}}\n"
        text = SAMPLE.replace("    platform: slack\n", f"    platform: slack\n{more}")
        result = await asyncio.to_thread(self.shell.run, "apply", "-", typed=text)
        assert result.exit_code == 0, result.output


ALL = "ana@example.com: U1, bo@example.com: U2, dee@example.com: U3"


@pytest.fixture
async def clinic(new_sqlite_database: NewDatabase) -> AsyncIterator[Clinic]:
    async with SlackServer(SystemClock()) as slack:
        slack.workspace.add_user("ana")
        slack.workspace.add_channel(CHAT)
        secrets = {"BOT_TOKEN": slack.bot_token, "APP_TOKEN": slack.app_token}
        made = Clinic(Shell(await asyncio.to_thread(new_sqlite_database, with_sample), secrets), slack)
        await made.apply(ALL)
        yield made


async def test_where_everything_is_right_it_says_so(clinic: Clinic) -> None:
    code, found = await clinic.look()
    assert code == 0, found
    told = [one["what"] for one in found]
    assert told[0].startswith("answers; we are ")
    assert "the connection for clicks and commands stands" in told
    assert "every scope is granted" in told
    assert "everybody on duty is linked in a workspace" in told
    assert told[-1].endswith("oncard doctor --try WORKSPACE/CHAT")
    printed = (await clinic.run("doctor")).stdout
    assert "acme\n  ok  answers; we are " in printed


async def test_a_scope_that_is_missing_is_named_with_its_reason(clinic: Clinic) -> None:
    clinic.slack.workspace.scopes -= {"im:write"}
    code, found = await clinic.look()
    assert code == 1
    (missing,) = [one for one in found if not one["ok"]]
    assert missing["what"] == "the scope im:write is not granted (open direct messages to those who must act)"
    assert missing["mend"].startswith("paste what `oncard manifest slack` prints")


async def test_people_on_duty_whom_nobody_knows_are_named(clinic: Clinic) -> None:
    await clinic.apply("dee@example.com: U3")
    code, found = await clinic.look()
    assert code == 1
    assert "Ana (ana@example.com) is on duty, and is found by e-mail" in [one["what"] for one in found if one["ok"]]
    (missing,) = [one for one in found if not one["ok"]]
    assert missing["what"] == "Bo (bo@example.com) is on duty, and no workspace knows them"
    assert "`link`" in missing["mend"]


async def test_a_token_that_is_not_taken_is_said_in_the_platforms_words(clinic: Clinic) -> None:
    clinic.slack.faults.refuse("auth.test", "invalid_auth", times=9)
    code, found = await clinic.look()
    assert code == 1
    assert "does not answer us: auth.test: invalid_auth" in found[0]["what"]
    assert "secrets" in found[0]["mend"]
    printed = (await clinic.run("doctor", "--json")).output
    assert clinic.slack.bot_token not in printed


async def test_a_click_comes_back(clinic: Clinic) -> None:
    chat = clinic.slack.workspace.channel(CHAT).id
    looking = asyncio.create_task(clinic.look("--try", f"acme/{chat}"))
    card = await clinic.slack.expect_card("tries whether a click comes back", chat=CHAT, within=20)
    await card.click("Pressed", by="ana")
    code, found = await looking
    assert code == 0, found
    assert found[-1]["what"] == f"chat {chat}: a click comes back"


async def test_a_chat_that_is_not_there_is_said_and_wrong_names_are_refused(clinic: Clinic) -> None:
    code, found = await clinic.look("--try", "acme/C404")
    assert code == 1
    assert "chat C404: nothing can be posted" in found[-1]["what"]
    assert "there is no workspace `acne`" in (await clinic.run("doctor", "--try", "acne/C1")).stderr
    assert "names no chat" in (await clinic.run("doctor", "--try", "C1")).stderr


async def test_a_chat_that_refused_a_message_is_named_with_the_platforms_words(clinic: Clinic) -> None:
    known = dead("acme", "C0OPS", "chat.postMessage: is_archived")
    where = (AlertId(900), UNCONFIGURED, IncidentId(900))
    alert = opened(report(known), known.key, where, SystemClock().now())

    async def work(connection: Connection) -> None:
        await incidents.insert_alerts(connection, [alert])

    database = Database(clinic.shell.url)
    await database.transact(work)
    await database.close()
    code, found = await clinic.look()
    assert code == 1
    (refused,) = [one for one in found if not one["ok"]]
    said = "Oncard cannot write to chat C0OPS of workspace acme: chat.postMessage: is_archived"
    assert (refused["workspace"], refused["what"]) == ("acme", said)
    assert "Invite the bot" in refused["mend"]


async def test_where_nothing_is_configured_nobody_can_be_told(clinic: Clinic) -> None:
    text = SAMPLE[: SAMPLE.index("workspaces:")]
    await asyncio.to_thread(clinic.shell.run, "apply", "-", typed=text)
    code, found = await clinic.look()
    assert code == 1
    assert found[0]["what"] == "no workspace is configured: nobody can be told anything"


async def test_where_there_are_only_providers_these_are_asked(clinic: Clinic) -> None:
    nobody_there = "    - {kind: bark, api_base_url: 'http://127.0.0.1:1', links: {ana@example.com: key-1}}\n"
    text = f"{SAMPLE[: SAMPLE.index('workspaces:')]}providers:\n  push:\n{nobody_there}"
    await asyncio.to_thread(clinic.shell.run, "apply", "-", typed=text)
    code, found = await clinic.look()
    assert code == 1
    (refused,) = [one for one in found if not one["ok"]]
    assert refused["workspace"] == "push bark"
    assert refused["what"].startswith("does not answer us: not connected: ConnectError")
    assert refused["mend"] == "see that its settings are right, and that we may call out (unreachable)"
