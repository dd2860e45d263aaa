"""People are looked for however their address is written, and nobody is guessed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from bot.domain.people import AccountId, ChatLink
from bot.engine.directory import who_has
from storage import definitions, links
from storage.database import Connection, Database
from storage.links import Origin
from tests.engine.stage import Stage

ASCII, UNICODE = "ana@xn--bcher-kva.example", "ana@bücher.example"


@dataclass
class Book:
    """A platform that knows these addresses."""

    users: Mapping[str, str]
    asked: list[str] = field(default_factory=list)

    async def find_by_email(self, email: str) -> str | None:
        self.asked.append(email)
        return self.users.get(email)


@pytest.mark.parametrize("known", [{ASCII: "U1"}, {UNICODE: "U1"}, {ASCII: "U1", UNICODE: "U1"}])
async def test_an_address_is_found_however_its_domain_is_written(known: dict[str, str]) -> None:
    assert await who_has(Book(known), " Ana@Bücher.Example ") == "U1"


async def test_two_users_of_one_address_are_nobody() -> None:
    assert await who_has(Book({ASCII: "U1", UNICODE: "U2"}), UNICODE) is None
    assert await who_has(Book({}), UNICODE) is None


async def test_a_plain_address_is_asked_for_once() -> None:
    book = Book({"ana@example.com": "U1"})
    assert await who_has(book, "ANA@example.com") == "U1"
    assert book.asked == ["ana@example.com"]


async def test_what_the_platform_says_takes_nothing_away(database: Database) -> None:
    stage = Stage(database)
    organisation = await stage.configure({"acme": 1}, ("ana@example.com", "bo@example.com"), linked=False)
    (acme,) = organisation.workspaces
    ana, bo = organisation.people.accounts

    async def work(connection: Connection) -> set[tuple[str, AccountId]]:
        await links.link(connection, ChatLink(acme, "U1", ana), Origin.CODE)
        await definitions.add_link(connection, ChatLink(acme, "U1", bo))
        await definitions.add_link(connection, ChatLink(acme, "U2", ana))
        await links.unlink(connection, acme, "U1")
        await definitions.add_link(connection, ChatLink(acme, "U1", ana))
        await definitions.add_link(connection, ChatLink(acme, "U3", bo))
        return {(one.link.user, one.link.account) for one in await links.all_in(connection, acme)}

    assert await database.transact(work) == {("U3", bo)}
