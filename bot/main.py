"""The composition root: the only module that knows every part, and puts them together.

Platforms and their adapters are found by name, and imported when a workspace of theirs is configured.
"""

import asyncio
import contextlib
import importlib
import pkgutil
import socket
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute

import adapters
from bot import sources
from bot.adapter import Adapter
from bot.clock import Clock, SystemClock
from bot.config.context import Context, KeyFault, PlatformKeys, StoredSecrets
from bot.domain.definition import IntegrationDefinition, Secret, WorkspaceDefinition
from bot.engine.act import Desk
from bot.engine.connections import Connections
from bot.engine.directory import Directory
from bot.engine.ingest import Ingest
from bot.engine.outbox import Outbox
from bot.engine.picture import Picture
from bot.engine.timers import Timers
from bot.engine.wakeups import Wakeups
from bot.sources import mapping
from bot.web.alerts import Door
from bot.web.app import application
from bot.web.callbacks import Callbacks
from bot.web.health import Health
from storage import definitions, schema
from storage.database import Connection, Database
from storage.vault import Vault

DEFAULT_DATABASE: Final = "sqlite+aiosqlite:///var/oncard.db"
# Seconds in which what is under way may come to its end when the service stops.
FINISH_WITHIN: Final = 8.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says."""

    database_url: str
    secret_key: str = field(repr=False)


def settings(environment: Mapping[str, str]) -> Settings:
    """Read the environment. Raises ValueError, naming the variable, when one is missing that nothing works without."""
    key = environment.get("ONCARD_SECRET_KEY", "")
    if not key:
        raise ValueError(
            "ONCARD_SECRET_KEY is not set: set it to a long random text that you keep, "
            "such as the output of `openssl rand -hex 32`"
        )
    return Settings(environment.get("ONCARD_DATABASE_URL", "") or DEFAULT_DATABASE, key)


class Platforms(Mapping[str, PlatformKeys]):
    """The platforms that there are adapters for, by name; one is imported when it is asked for."""

    def __init__(self) -> None:
        self._names = tuple(sorted(found.name for found in pkgutil.iter_modules(adapters.__path__)))

    def __getitem__(self, platform: str) -> PlatformKeys:
        if platform not in self._names:
            raise KeyError(platform)
        keys = importlib.import_module(f"adapters.{platform}.config").KEYS
        if not isinstance(keys, PlatformKeys):
            raise TypeError(f"adapters.{platform}.config.KEYS is no PlatformKeys")
        return keys

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def connect(definition: WorkspaceDefinition, secrets: Mapping[str, Secret], clock: Clock) -> Adapter:
    """Make the adapter of a workspace. Raises ValueError, in words for the admin, when its settings cannot work."""
    module = importlib.import_module(f"adapters.{definition.platform}.adapter")
    values = {**definition.settings, **{name: secret.value for name, secret in secrets.items()}}
    adapter: Adapter = module.connect(values, clock)
    return adapter


class Service:
    """One process of Oncard: everything that runs, wired together."""

    def __init__(self, configured: Settings, clock: Clock | None = None) -> None:
        """Wire the parts; nothing runs yet. Raises DatabaseUnusable, WrongKey."""
        self.clock = clock or SystemClock()
        self.database = Database(configured.database_url)
        self.vault = Vault(configured.secret_key)
        self.picture = Picture()
        self.wakeups = Wakeups()
        self.stopping = asyncio.Event()
        self.ingest = Ingest(self.database, self.picture, self.wakeups, self.clock)
        self.desk = Desk(self.database, self.picture, self.wakeups, self.clock)
        self.connections = Connections(self.database, self.vault, self.desk, self._connect, self.clock)
        self.outbox = Outbox(self.database, self.picture, self.connections.adapters, self.wakeups, self.clock)
        self.timers = Timers(self.database, self.picture, self.wakeups, self.clock)
        self.directory = Directory(self.database, self.picture, self.connections.adapters, self.clock)
        self._tasks: list[asyncio.Task[None]] = []

    def app(self, more: Sequence[BaseRoute] = ()) -> Starlette:
        """Return the HTTP service, with `more` routes beside its own."""
        door = Door(self.database, self.vault, self.picture, self.ingest, self.clock)
        health = Health(self.database, self.connections, self.clock)
        return application([*door.routes(), *Callbacks(self.connections).routes(), *health.routes(), *more])

    async def prepare(self) -> None:
        """Bring the schema up to date, and see that the stored secrets can be read.

        Raises DatabaseUnusable, WrongKey.
        """
        before, after = await schema.upgrade(self.database)
        if before != after:
            log.info("schema_upgraded", before=before, after=after)

        async def work(connection: Connection) -> None:
            await definitions.stored(connection, self.vault)

        await self.database.read(work)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the workers; on the way out, what is under way comes to its end and the connections are closed."""
        workers = (self.connections.run, self.timers.run, self.outbox.run, self.directory.run)
        self._tasks = [asyncio.create_task(worker()) for worker in workers]
        try:
            yield
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks)
            await self.outbox.finish(FINISH_WITHIN)
            await self.connections.close()

    async def close(self) -> None:
        """Give back the database."""
        await self.database.close()

    def _connect(self, definition: WorkspaceDefinition, secrets: Mapping[str, Secret]) -> Adapter:
        return connect(definition, secrets, self.clock)


async def context(service: Service, environment: Mapping[str, str]) -> Context:
    """Return what a configuration file is read against, the stored secrets included."""

    async def work(connection: Connection) -> StoredSecrets:
        return StoredSecrets(await definitions.stored(connection, service.vault), service.vault.fingerprint)

    stored = await service.database.read(work)
    return Context(environment, Platforms(), sources.names(), stored=stored, check_mapping=mapping_faults)


def mapping_faults(integration: IntegrationDefinition) -> Iterator[KeyFault]:
    """Yield what the source has against an integration's mapping of fields and values."""
    for fault in mapping.faults(sources.Settings(fields=integration.fields, values=integration.values)):
        yield KeyFault(fault.path, fault.message)


def listen(host: str, port: int) -> socket.socket:
    """Take the address that is to be served. Raises OSError when it is taken; port 0: any that is free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio turns off the delay of small packets only where it knows that it is TCP.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError:
        listening.close()
        raise
    return listening


class _Server(uvicorn.Server):
    """A web server that says when it begins to stop, so that answers without an end come to theirs."""

    def __init__(self, config: uvicorn.Config, stopping: asyncio.Event) -> None:
        super().__init__(config)
        self._stopping = stopping

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stopping.set()
        await super().shutdown(sockets)


async def serve(service: Service, listening: socket.socket, more: Sequence[BaseRoute] = ()) -> None:
    """Serve until told to stop; `service.stopping` is set when that has begun."""
    await service.prepare()
    config = uvicorn.Config(
        service.app(more),
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=int(FINISH_WITHIN),
    )
    with listening:
        async with service.running():
            await _Server(config, service.stopping).serve(sockets=[listening])
