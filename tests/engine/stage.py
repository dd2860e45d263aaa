"""What the tests of the engine put on: a platform that does as it is told, and a database that can be away."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

import sqlalchemy as sa

from bot.adapter import Capabilities, DeliveryFailed, Edit, FailureKind, Identity, Inbox, MessageRef, Receipt, To
from bot.clock import Clock
from bot.domain.definition import (
    AccountDefinition,
    ChannelDefinition,
    ChatDefinition,
    Definition,
    IntegrationDefinition,
    Kind,
    LevelDefinition,
    RuleDefinition,
    Secret,
    TargetDefinition,
    WorkspaceDefinition,
)
from bot.domain.event import Event, Severity
from bot.domain.incident import ChannelId, IncidentId
from bot.domain.organisation import Organisation
from bot.domain.people import TargetKind, WorkspaceId
from bot.engine.connections import Status
from bot.engine.ingest import Accepted, Ingest, Report
from bot.engine.outbox import Outbox
from bot.engine.picture import Picture
from bot.engine.pulse import Pulse
from bot.engine.timers import Timers
from bot.engine.troubles import Troubles
from bot.engine.wakeups import Wakeups
from bot.engine.watchdog import Watchdog
from cards.card import Card, Message
from storage import definitions, deliveries
from storage.connection import Work
from storage.database import Connection, Database
from storage.deliveries import Settled
from storage.vault import Vault
from tests.support.clocks import ManualClock

Result = TypeVar("Result")


class Platform:
    """An adapter: `sent` holds what it took; while it `hangs`, it answers nothing; `refusal` is its no.

    `refused`: to whom it says `no`.
    """

    def __init__(self) -> None:
        self.sent: list[To] = []
        self.asked: list[str] = []
        self.edits = 0
        self.hangs = False
        self.calls = 0
        self.refusal: DeliveryFailed | None = None
        self.refused: set[str] = set()
        self.no = DeliveryFailed(FailureKind.REFUSED, "the platform says refused")
        self.reached = asyncio.Event()
        self.released = asyncio.Event()

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            edit=Edit.ALWAYS,
            buttons=True,
            direct=True,
            ephemeral=True,
            mention=True,
            threads=True,
            answer_within=3.0,
            chat_rate=1.0,
            workspace_rate=100.0,
        )

    async def check(self) -> Identity:
        return Identity("acme", "oncard")

    async def send(self, to: To, message: Message, *, under: MessageRef | None = None) -> Receipt:
        await self._answer()
        if to.id in self.refused:
            raise self.no
        self.sent.append(to)
        return Receipt(MessageRef(to.id, f"{len(self.sent)}.0"), "ok")

    async def edit(self, message: MessageRef, card: Card) -> Receipt:
        await self._answer()
        self.edits += 1
        return Receipt(message, "ok")

    async def find_by_email(self, email: str) -> str | None:
        self.asked.append(email)
        if self.refusal is not None:
            raise self.refusal
        return None

    async def run(self, inbox: Inbox) -> None:
        inbox.connected()
        await asyncio.Event().wait()

    async def close(self) -> None:
        self.released.set()

    async def _answer(self) -> None:
        self.calls += 1
        self.reached.set()
        if self.hangs:
            await self.released.wait()
        if self.refusal is not None:
            raise self.refusal


class Interrupted(Database):
    """A database that is away for the next `transactions`."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.transactions = 0

    async def transact(self, work: Work[Result], *, within: float | None = None) -> Result:
        if self.transactions > 0:
            self.transactions -= 1
            raise ConnectionRefusedError("the server is starting up")
        return await super().transact(work, within=within)


@dataclass
class Stage:
    """The engine's parts on one database, turned by hand."""

    database: Database
    clock: Clock = field(default_factory=ManualClock)
    platforms: dict[str, Platform] = field(default_factory=dict)
    adapters: dict[WorkspaceId, Platform] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.vault = Vault("a key for tests, long enough to be one")
        self.picture, self.wakeups = Picture(self.clock.now), Wakeups()
        self.ingest = Ingest(self.database, self.picture, self.wakeups, self.clock)
        self.outbox = Outbox(self.database, self.picture, self.adapters, self.wakeups, self.clock)
        self.timers = Timers(self.database, self.picture, self.wakeups, self.clock)
        self.troubles = Troubles(self.database, self.picture, self.ingest, self.clock)
        self.statuses: dict[WorkspaceId, Status] = {}
        self.watchdog = Watchdog(self.database, self.picture, self.troubles, self.statuses, self.clock)
        self.pulse = Pulse(self.database, self.troubles, self.clock)
        self._count = 0

    async def configure(
        self, chats: Mapping[str, int], accounts: tuple[str, ...] = (), *, linked: bool = True, in_turn: bool = False
    ) -> Organisation:
        """Configure workspaces with so many chats each, and a channel that tells these accounts and all of the chats.

        Or chat by chat `in_turn`, each by a level of its own.
        """
        told = tuple(ChatDefinition(name, f"C{number}") for name, count in chats.items() for number in range(count))
        targets = tuple(TargetDefinition(TargetKind.ACCOUNT, email) for email in accounts)
        told_together = [(chat,) for chat in told] if in_turn else [told]
        levels = tuple(LevelDefinition(targets, chats, escalate_after=timedelta(minutes=5)) for chats in told_together)
        links = {email: email.partition("@")[0] for email in accounts if linked}
        wanted = [
            *(Definition(Kind.ACCOUNT, AccountDefinition(email, email.partition("@")[0])) for email in accounts),
            *(Definition(Kind.WORKSPACE, WorkspaceDefinition(name, "chatty", {}, links)) for name in chats),
            Definition(Kind.CHANNEL, ChannelDefinition("payments", "", (RuleDefinition("all", levels),))),
            Definition(
                Kind.INTEGRATION, IntegrationDefinition("any", "standard", "payments"), {"key": Secret("k" * 20)}
            ),
        ]

        async def work(connection: Connection) -> Organisation:
            await definitions.replace_all(connection, wanted, self.vault)
            return await definitions.organisation(connection)

        organisation = await self.database.transact(work)
        for workspace in organisation.workspaces.values():
            if workspace.active:
                self.platforms.setdefault(workspace.name, Platform())
                self.adapters[workspace.id] = self.platforms[workspace.name]
        return organisation

    async def channel(self) -> ChannelId:
        """Return the channel."""
        organisation = await self.database.read(self.picture.current)
        return next(iter(organisation.channels))

    def report(self, channel: ChannelId, *events: Event) -> Report:
        """Return a request with these events."""
        self._count += 1
        return Report(f"request {self._count}", None, channel, events, self.clock.now())

    async def fire(self, *keys: str, status: Severity = Severity.CRITICAL) -> Accepted:
        """Take one request in, with an alert for each key."""
        return await self.ingest.take(self.report(await self.channel(), *(trouble(key, status) for key in keys)))

    async def catch_sending(self) -> Platform:
        """Fire an alert, and return its platform once that was asked to send it; it answers when it is released."""
        acme = self.platforms["acme"]
        acme.hangs = True
        acme.reached.clear()
        await self.fire("disk")
        await self.outbox.start()
        await acme.reached.wait()
        return acme

    def another(self) -> Outbox:
        """Return the sender of another process on the same database."""
        return Outbox(self.database, self.picture, self.adapters, self.wakeups, self.clock)

    async def ledger(self, number: int = 1) -> list[Settled]:
        """Return what was to be sent for an incident."""

        async def work(connection: Connection) -> list[Settled]:
            return await deliveries.ledger(connection, IncidentId(number))

        return await self.database.read(work)


def trouble(key: str, status: Severity = Severity.CRITICAL, description: str = "") -> Event:
    """Return a report of the alert of that key."""
    return Event(status, f"trouble with {key}", key, description)


async def prefer_indexes(url: str) -> None:
    """Let PostgreSQL read a table of a few rows as it would a large one: by an index, if there is one for it."""
    database = Database(url)

    async def work(connection: Connection) -> None:
        if connection.dialect.name == "postgresql":
            name = await connection.scalar(sa.select(sa.func.current_database()))
            await connection.exec_driver_sql(f'ALTER DATABASE "{name}" SET enable_seqscan = off')

    await database.transact(work)
    await database.close()
