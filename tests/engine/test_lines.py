"""A line follows what is configured, and whoever is configured badly, or goes, does not take others along."""

import asyncio
from collections.abc import Mapping

import pytest

from bot.adapter import Adapter, DeliveryFailed, FailureKind, MessageRef, Personal, Receipt, To
from bot.domain.definition import Definition, Kind, ProviderDefinition, Secret
from bot.domain.people import AccountId, Method, WorkspaceId
from bot.engine.lines import LONGEST_PATIENCE, Line, Lines, Member, Post
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


# ---- several providers -----------------------------------------------------------------------------------------------


class Says:
    """A provider that says no as it is told to, or takes everything; `sent` holds what it was asked for."""

    timeout = 1.0

    def __init__(self, no: FailureKind | None = None) -> None:
        self.no = no
        self.sent: list[Envelope] = []

    async def check(self) -> str:
        return "says"

    async def send(self, envelope: Envelope) -> Receipt:
        self.sent.append(envelope)
        if self.no is not None:
            raise DeliveryFailed(self.no, f"it says {self.no}")
        return Receipt(MessageRef("says", "1"), "ok")

    async def close(self) -> None:
        return None


def a_line(
    *providers: Says, countries: tuple[tuple[str, ...], ...] = (), clock: ManualClock | None = None
) -> tuple[Line, ManualClock]:
    """Return a line of these providers, in their order."""
    clock = clock or ManualClock()
    served = countries or ((),) * len(providers)
    members = [
        Member(ProviderDefinition(f"p{number}", Method.SMS, "any", number, some), {}, provider)
        for number, (provider, some) in enumerate(zip(providers, served, strict=True))
    ]
    return Line(Method.SMS, members, Post(VAULT, "", lambda *_: {}), clock), clock


@pytest.mark.parametrize("no", [kind for kind in FailureKind if kind is not FailureKind.UNCERTAIN])
async def test_what_the_first_does_not_take_the_next_does_and_both_are_told_of(no: FailureKind) -> None:
    line, _ = a_line(Says(no), Says())

    receipt = await line.send(ANA, Note(("a page",)))

    assert [(one.provider, one.said) for one in receipt.tried] == [("p0", f"it says {no} ({no})")]


async def test_what_may_be_on_its_way_is_given_to_no_other() -> None:
    second = Says()
    line, _ = a_line(Says(FailureKind.UNCERTAIN), second)

    with pytest.raises(DeliveryFailed, match="uncertain"):
        await line.send(ANA, Note(("a page",)))
    assert second.sent == []


async def test_when_all_say_no_it_is_tried_again_if_any_of_them_may_take_it_later() -> None:
    line, _ = a_line(Says(FailureKind.RATE_LIMITED), Says(FailureKind.REFUSED))

    with pytest.raises(DeliveryFailed, match="rate_limited") as failed:
        await line.send(ANA, Note(("a page",)))
    assert [one.provider for one in failed.value.tried] == ["p0", "p1"]


async def test_only_those_that_serve_the_country_are_asked() -> None:
    abroad, here = Says(), Says()
    line, _ = a_line(abroad, here, countries=(("+1", "+86"), ("+49",)))

    await line.send(ANA, Note(("a page",)))
    assert (len(abroad.sent), len(here.sent)) == (0, 1)
    with pytest.raises(DeliveryFailed, match="no provider for sms serves this person"):
        await line.send(To("+33612345678", direct=True, personal=ANA.personal), Note(("a page",)))


async def test_one_that_is_ill_is_asked_last_until_it_has_rested_and_that_can_be_seen() -> None:
    ill, well = Says(FailureKind.UNREACHABLE), Says()
    line, clock = a_line(ill, well)
    for _ in range(3):
        await line.send(ANA, Note(("a page",)))
        clock.advance(2)
    assert [one.status(clock.now()).connected for one in line.members] == [False, True]
    assert line.members[0].status(clock.now()).why == "it says unreachable"

    await line.send(ANA, Note(("a page",)))
    assert (len(ill.sent), len(well.sent)) == (3, 4)

    ill.no = None
    clock.advance(60)
    await line.send(ANA, Note(("a page",)))
    assert (len(ill.sent), len(well.sent)) == (4, 4)
    assert line.members[0].status(clock.now()).connected
