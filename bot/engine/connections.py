"""Keeps every workspace connected: starts its adapter, runs it again when it fails, follows what is configured.

A workspace whose adapter fails costs the others nothing. What the platform says goes to the desk; whether the
connection stands is known here. Where a platform wants one connection only, the process that holds the lease has it;
the others keep the adapter to send by.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Final

import structlog

from bot.adapter import Adapter, DeliveryFailed, Interaction, Reply, TakesCallbacks
from bot.clock import Clock
from bot.domain.definition import Secret, WorkspaceDefinition
from bot.domain.people import WorkspaceId
from bot.engine import metrics
from bot.engine.act import Desk
from bot.engine.alone import Alone
from bot.engine.heard import Around, Line
from cards import notes
from storage import definitions
from storage.database import Connection, Database
from storage.vault import Vault

Connect = Callable[[WorkspaceDefinition, Mapping[str, Secret]], Adapter | None]
"""Makes the adapter of a workspace; None: this process leaves the workspace to others.

Raises ValueError, in words for the admin, when its settings cannot work.
"""

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 60.0
POLL: Final = 2.0
ELSEWHERE: Final = "another process is connected"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Status:
    """How a workspace's connection is: since when it stands or is down, and why it is down."""

    name: str
    platform: str
    connected: bool = False
    since: datetime | None = None
    why: str = "not connected yet"


@dataclass(slots=True)
class _Line:
    """A running adapter and what it was made from."""

    made_from: tuple[WorkspaceDefinition, Mapping[str, Secret]]
    adapter: Adapter | None
    task: asyncio.Task[None] | None = field(default=None)


class WorkspaceInbox:
    """What one adapter talks to."""

    def __init__(
        self, workspace: WorkspaceId, desk: Desk, around: Callable[[], Around], note: Callable[[WorkspaceId, str], None]
    ) -> None:
        self._workspace = workspace
        self._desk = desk
        self._around = around
        self._note = note

    async def handle(self, interaction: Interaction) -> Reply | None:
        """Pass on what somebody asked for; whatever goes wrong, that person is answered."""
        try:
            return await self._desk.handle(self._workspace, interaction, self._around())
        except Exception as error:
            log.exception("action_failed", workspace=self._workspace, error=type(error).__name__)
            return notes.try_again()

    def connected(self) -> None:
        """The connection stands."""
        self._note(self._workspace, "")

    def disconnected(self, why: str) -> None:
        """The connection is down."""
        self._note(self._workspace, why or "unknown")


class Connections:
    """The adapters of this process, by workspace."""

    def __init__(self, database: Database, vault: Vault, desk: Desk, connect: Connect, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._desk = desk
        self._connect = connect
        self._clock = clock
        self._alone = Alone(database, desk.wakeups, clock)
        self._lines: dict[WorkspaceId, _Line] = {}
        self._revision = -1
        self.adapters: dict[WorkspaceId, Adapter] = {}
        self.statuses: dict[WorkspaceId, Status] = {}
        # How the providers are, for who asks in a chat how everything is.
        self.beside: Callable[[], Sequence[Line]] = tuple

    async def run(self) -> None:
        """Follow what is configured, for ever."""
        while True:
            try:
                await self.follow()
            except Exception as error:  # noqa: BLE001 - A database that is away comes back; what is connected stays so meanwhile.
                log.error("connections_failed", error=type(error).__name__, detail=str(error)[:200])
            await self._clock.sleep(POLL)

    async def follow(self) -> None:
        """Connect what is configured and not connected; let go of what is no longer configured, or was changed."""
        revision = await self._database.read(definitions.revision)
        if revision == self._revision:
            return

        async def work(connection: Connection) -> dict[WorkspaceId, tuple[WorkspaceDefinition, dict[str, Secret]]]:
            return await definitions.workspace_secrets(connection, self._vault)

        wanted = await self._database.read(work)
        for workspace in [
            known for known, line in self._lines.items() if line.made_from != _connecting(wanted.get(known))
        ]:
            await self._let_go(workspace)
        for workspace in [known for known in self.statuses if known not in wanted]:
            self._forget(workspace)
        for workspace, configured in wanted.items():
            if workspace not in self._lines:
                self._take(workspace, _connecting(configured))
        self._revision = revision

    async def hear_no_more(self) -> None:
        """Close the connections, so that the platforms turn to other processes. What is to be sent still can be."""
        listening = [line.task for line in self._lines.values() if line.task is not None]
        for task in listening:
            task.cancel()
        if listening:
            await asyncio.wait(listening)

    async def close(self) -> None:
        """Let go of everything; the answers to what people asked for are given a moment."""
        await asyncio.gather(*(self._let_go(workspace) for workspace in list(self._lines)))

    def taking_callbacks(self, platform: str, name: str) -> TakesCallbacks | None:
        """Return the adapter of the workspace of that name, if the platform may call it."""
        ids = (one for one, status in self.statuses.items() if (status.platform, status.name) == (platform, name))
        adapter: object = self.adapters.get(next(ids, WorkspaceId(0)))
        return adapter if isinstance(adapter, TakesCallbacks) else None

    def inbox(self, workspace: WorkspaceId) -> WorkspaceInbox:
        """Return what the workspace's adapter talks to."""

        def around() -> Around:
            adapter = self.adapters.get(workspace)
            lines = (*self.statuses.values(), *self.beside())
            return Around(lines, forms=adapter is not None and adapter.capabilities.forms)

        return WorkspaceInbox(workspace, self._desk, around, self._note)

    def _take(self, workspace: WorkspaceId, configured: tuple[WorkspaceDefinition, Mapping[str, Secret]]) -> None:
        definition, secrets = configured
        self.statuses[workspace] = Status(definition.name, definition.platform)
        try:
            adapter = self._connect(definition, secrets)
        except (ValueError, ImportError) as error:
            # An extra that is not installed, perhaps: the other workspaces must not miss their connection for it.
            self._note(workspace, str(error))
            return
        line = _Line(configured, adapter)
        self._lines[workspace] = line
        if adapter is None:
            del self.statuses[workspace]
            return
        self.adapters[workspace] = adapter
        running = self._run_alone if adapter.capabilities.alone else self._keep_running
        line.task = asyncio.create_task(running(workspace, adapter))

    async def _let_go(self, workspace: WorkspaceId) -> None:
        line = self._lines.pop(workspace)
        if line.adapter is None:
            return
        del self.adapters[workspace]
        self._forget(workspace)
        if line.task is not None:
            line.task.cancel()
            await asyncio.wait([line.task])
        await line.adapter.close()

    def _forget(self, workspace: WorkspaceId) -> None:
        """Nobody is to be told any more how this connection is."""
        metrics.CONNECTED.remove(self.statuses.pop(workspace).name)

    async def _run_alone(self, workspace: WorkspaceId, adapter: Adapter) -> None:
        await self._alone.run(
            f"connection:{workspace}",
            partial(self._keep_running, workspace, adapter),
            partial(self._note, workspace, ELSEWHERE),
        )

    async def _keep_running(self, workspace: WorkspaceId, adapter: Adapter) -> None:
        pause = FIRST_PAUSE
        while True:
            began = self._clock.now()
            try:
                await adapter.check()
                await adapter.run(self.inbox(workspace))
                why = "the connection ended"
            except DeliveryFailed as failure:
                why = failure.detail
            except Exception as error:
                log.exception("connection_failed", workspace=self.statuses[workspace].name)
                why = f"internal error: {type(error).__name__}"
            self._note(workspace, why)
            lasted = (self._clock.now() - began).total_seconds()
            pause = FIRST_PAUSE if lasted > LONGEST_PAUSE else min(pause * 2, LONGEST_PAUSE)
            await self._clock.sleep(pause)

    def _note(self, workspace: WorkspaceId, why: str) -> None:
        status = self.statuses.get(workspace)
        if status is None:
            return  # The workspace was let go of meanwhile.
        is_up = not why
        metrics.CONNECTED.labels(workspace=status.name).set(is_up)
        if status.connected != is_up or status.why != why:
            self.statuses[workspace] = replace(status, connected=is_up, since=self._clock.now(), why=why)
            if is_up:
                log.info("connected", workspace=status.name)
            elif why == ELSEWHERE:
                log.info("connected_elsewhere", workspace=status.name)
            else:
                log.warning("disconnected", workspace=status.name, why=why)


def _connecting(
    configured: tuple[WorkspaceDefinition, Mapping[str, Secret]] | None,
) -> tuple[WorkspaceDefinition, Mapping[str, Secret]]:
    """Return what a connection depends on: a new link needs no new connection."""
    if configured is None:
        return WorkspaceDefinition("", ""), {}
    return replace(configured[0], links={}), configured[1]
