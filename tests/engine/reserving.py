"""An engine whose sender takes at once what comes in, and databases that tell of a commit late, or never."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.adapter import Capabilities
from bot.domain.definition import (
    ChannelDefinition,
    ChatDefinition,
    Definition,
    Kind,
    LevelDefinition,
    RuleDefinition,
    WorkspaceDefinition,
)
from bot.domain.delivery import State
from bot.domain.incident import ChannelId
from bot.domain.organisation import Organisation
from bot.engine.ingest import Accepted
from storage import definitions
from storage.connection import Result, Work
from storage.database import Connection, Database
from tests.engine.stage import Platform, Stage


class Severed(Database):
    """A database that does as it is told and whose answer is lost, as often as `losses` says."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.losses = 0

    async def transact(self, work: Work[Result], *, within: float | None = None) -> Result:
        result = await super().transact(work, within=within)
        if self.losses:
            self.losses -= 1
            raise ConnectionResetError("the server went away")
        return result


class Held(Database):
    """A database whose commits are told when `told` is set."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.told = asyncio.Event()
        self.told.set()
        self.committed = asyncio.Event()

    async def transact(self, work: Work[Result], *, within: float | None = None) -> Result:
        result = await super().transact(work, within=within)
        self.committed.set()
        await self.told.wait()
        return result


class Late(Database):
    """A database that answers the next transaction with an error, and commits it when it `lands`."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.is_late = False
        self.lands = asyncio.Event()
        self.landing: asyncio.Task[object] | None = None

    async def transact(self, work: Work[Result], *, within: float | None = None) -> Result:
        if not self.is_late:
            return await super().transact(work, within=within)
        self.is_late = False
        worked = asyncio.Event()

        async def slowly(connection: Connection) -> Result:
            result = await work(connection)
            worked.set()
            await self.lands.wait()
            return result

        self.landing = asyncio.create_task(super().transact(slowly, within=within))
        await worked.wait()
        raise ConnectionResetError("the server went away")


class Unlimited(Platform):
    """A platform that takes whatever comes, however fast."""

    @property
    def capabilities(self) -> Capabilities:
        return replace(super().capabilities, chat_rate=1e9, workspace_rate=1e9)


class Ready(Stage):
    """An engine whose sender takes at once what its ingest opens, once it has seen that nothing waits."""

    async def configure(
        self, chats: Mapping[str, int], accounts: tuple[str, ...] = (), *, linked: bool = True, in_turn: bool = False
    ) -> Organisation:
        organisation = await super().configure(chats, accounts, linked=linked, in_turn=in_turn)
        await self._be_ready()
        return organisation

    async def configure_apart(self, chats: Sequence[str], count: int) -> dict[str, list[ChannelId]]:
        """Configure workspaces with so many chats each, and a channel for each chat; return these by workspace."""
        workspaces = [Definition(Kind.WORKSPACE, WorkspaceDefinition(name, "chatty")) for name in chats]
        named = {name: [f"{name}-{number}" for number in range(count)] for name in chats}
        wanted = [
            ChannelDefinition(
                channel, "", (RuleDefinition("all", (LevelDefinition(chats=(ChatDefinition(name, channel),)),)),)
            )
            for name, some in named.items()
            for channel in some
        ]

        async def work(connection: Connection) -> Organisation:
            everything = [*workspaces, *(Definition(Kind.CHANNEL, channel) for channel in wanted)]
            await definitions.replace_all(connection, everything, self.vault)
            return await definitions.organisation(connection)

        organisation = await self.database.transact(work)
        for workspace in organisation.workspaces.values():
            self.adapters[workspace.id] = self.platforms[workspace.name] = Unlimited()
        await self._be_ready()
        numbers = {organisation.channel(number).name: number for number in organisation.channels}
        return {name: [numbers[channel] for channel in some] for name, some in named.items()}

    async def _be_ready(self) -> None:
        self.ingest.sender = self.outbox
        await self.outbox.drain()
        self.wakeups.outbox.clear()


async def until_sent(stage: Stage, count: int = 1) -> None:
    async with asyncio.timeout(15):
        while sum(len(platform.sent) for platform in stage.platforms.values()) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.001)


async def until_settled(stage: Stage, number: int = 1) -> None:
    async with asyncio.timeout(15):
        while any(one.state is State.SENDING for one in await stage.ledger(number)):  # noqa: ASYNC110
            await asyncio.sleep(0.001)


async def caught_claiming(stage: Stage, database: Held) -> asyncio.Task[Accepted]:
    """Fire an alert, and return once it is committed with its claim, of which nobody has been told."""
    database.told.clear()
    database.committed.clear()
    firing = asyncio.create_task(stage.fire("memory"))
    await database.committed.wait()
    return firing


async def caught_looking(stage: Stage, database: Held) -> tuple[asyncio.Task[int], asyncio.Event]:
    """Look for what waits; return once that is committed and nobody has been told, with what lets it be told.

    Whatever is committed after that is told at once.
    """
    looked = database.told = asyncio.Event()
    database.committed.clear()
    looking = asyncio.create_task(stage.outbox.start())
    await database.committed.wait()
    database.told = asyncio.Event()
    database.told.set()
    return looking, looked


async def states(stage: Stage, numbers: Sequence[int]) -> list[list[State]]:
    return [[one.state for one in await stage.ledger(number)] for number in numbers]
