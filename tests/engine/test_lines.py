"""A line follows what is configured, and whoever is configured badly, or goes, does not take others along."""

import asyncio
from collections.abc import Mapping

import pytest

from bot.adapter import Adapter, MessageRef, Personal, Receipt, To
from bot.domain.definition import Definition, Kind, ProviderDefinition, Secret
from bot.domain.people import AccountId, Method, WorkspaceId
from bot.engine.lines import LONGEST_PATIENCE, Lines, Post
from bot.provider import Envelope, Provider
from cards.card import Note
from storage import definitions
from storage.database import Connection, Database
from storage.vault import Vault
from tests.support.clocks import ManualClock

VAULT = Vault("a key for tests, long enough to be one")
ANA = To("+4917112345000", direct=True, personal=Personal(1, AccountId(1)))


class Gateway:
    """A provider that answers when it is `released`, and not at all once it is closed."""

    timeout = 30.0

    def __init__(self) -> None:
        self.released, self.asked = asyncio.Event(), asyncio.Event()
        self.is_closed = False

    async def check(self) -> str:
        return "gateway"

    async def send(self, envelope: Envelope) -> Receipt:
        self.asked.set()
        await self.released.wait()
        if self.is_closed:
            raise RuntimeError("the connections were closed meanwhile")
        return Receipt(MessageRef("main", envelope.reference), "ok")

    async def close(self) -> None:
        self.is_closed = True


class Desk:
    """Makes the providers of a line as they are configured."""

    def __init__(self, database: Database) -> None:
        self.made: dict[str, list[Gateway]] = {}
        self.database = database
        self.broken: dict[str, Exception] = {}
        adapters: dict[WorkspaceId, Adapter] = {}
        self.lines = Lines(database, Post(VAULT, "", lambda *_: {}), adapters, self.connect, ManualClock())

    def connect(self, definition: ProviderDefinition, secrets: Mapping[str, Secret]) -> Provider:
        del secrets
        if definition.name in self.broken:
            raise self.broken[definition.name]
        gateway = Gateway()
        self.made.setdefault(definition.name, []).append(gateway)
        return gateway

    async def configure(self, *names: str, **settings: str) -> None:
        wanted = [
            Definition(Kind.PROVIDER, ProviderDefinition(one, Method.SMS, "any", settings=settings)) for one in names
        ]

        async def work(connection: Connection) -> None:
            await definitions.replace_all(connection, wanted, VAULT)

        await self.database.transact(work)
        await self.lines.follow()


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


async def test_a_provider_that_is_changed_ends_what_it_was_asked_for_first(desk: Desk) -> None:
    await desk.configure("main")
    (old,) = desk.made["main"]
    sending = asyncio.create_task(desk.lines.lines[Method.SMS].send(ANA, Note(("hello",))))
    await old.asked.wait()

    await desk.configure("main", sender="another")
    assert not old.is_closed
    old.released.set()

    assert (await sending).said == "ok"
    assert old.is_closed


async def test_a_provider_that_nobody_waits_for_is_closed_at_once(desk: Desk) -> None:
    await desk.configure("main")
    await desk.configure()

    assert [one.is_closed for one in desk.made["main"]] == [True]
    assert not desk.lines.lines


@pytest.mark.parametrize("error", [ValueError("wrong"), FileNotFoundError("no such file"), KeyError("sender")])
async def test_one_that_cannot_be_made_keeps_no_other_from_being_used(desk: Desk, error: Exception) -> None:
    desk.broken["broken"] = error
    await desk.configure("broken", "main")
    desk.made["main"][0].released.set()

    assert (await desk.lines.lines[Method.SMS].send(ANA, Note(("hello",)))).said == "ok"
    assert [bool(one.why) for one in desk.lines.statuses()] == [True, False]


async def test_many_providers_together_take_no_longer_than_a_delivery_is_ours(desk: Desk) -> None:
    await desk.configure("one", "two", "three")

    assert desk.lines.lines[Method.SMS].capabilities.send_timeout == LONGEST_PATIENCE
