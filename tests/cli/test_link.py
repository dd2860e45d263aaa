"""link: an admin takes the code of a chat account, once, for an account that there is."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.people import AccountId
from bot.main import Service, Settings
from storage import links
from storage.database import Connection
from storage.links import Holder, Identity
from tests.cli.shell import SECRET_KEY, Shell


def give(shell: Shell, code: str, holder: str = "", *, lasts: timedelta = timedelta(minutes=10)) -> None:
    """Give a code to a chat user, or to Ana."""

    async def run() -> None:
        service = Service(Settings(shell.url, SECRET_KEY))

        async def work(connection: Connection) -> None:
            organisation = await service.picture.current(connection)
            accounts = organisation.people.accounts.values()
            ana: AccountId = next(one.id for one in accounts if one.name == "Ana")
            identity = Identity(next(iter(organisation.workspaces)), holder, "ana.b")
            of: Holder = identity if holder else ana
            now = datetime.now(UTC)
            await links.offer(connection, service.vault.digest(code), of, now + lasts, now)

        await service.database.transact(work)
        await service.close()

    asyncio.run(run())


def test_an_admin_links_a_chat_account_by_its_code(shell: Shell) -> None:
    give(shell, "ABCDEFGH", "U1")
    said = shell.say("link", "abcd-efgh", "--account", "Ana@example.com")
    assert said == "ana.b in acme is Ana (ana@example.com) for Oncard now.\n"
    again = shell.refused("link", "ABCD-EFGH", "--account", "bo@example.com")
    assert again == "This code is wrong, used or expired; nothing changed. Type “link” for a new one."


def test_what_stands_in_the_way_is_said(shell: Shell) -> None:
    give(shell, "ABCDEFGH", "U1")
    shell.say("link", "ABCDEFGH", "--account", "ana@example.com")
    give(shell, "BBBBBBBB", "U2")
    assert "U1 in acme is linked to ana@example.com already" in shell.refused(
        "link", "BBBBBBBB", "--account", "ana@example.com"
    )
    assert "there is no account `anna@example.com`; did you mean `ana@example.com`?" in shell.refused(
        "link", "BBBBBBBB", "--account", "anna@example.com"
    )


@pytest.mark.parametrize("lasts", [timedelta(0), timedelta(minutes=10)])
def test_a_code_that_has_expired_or_is_an_accounts_links_nothing(sqlite_shell: Shell, lasts: timedelta) -> None:
    give(sqlite_shell, "ABCDEFGH", "U1" if not lasts else "", lasts=lasts)
    assert "wrong, used or expired" in sqlite_shell.refused("link", "ABCD-EFGH", "--account", "bo@example.com")
