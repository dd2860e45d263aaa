"""The composition root: the only module that knows every part, and puts them together.

Platforms and their adapters are found by name, and imported when a workspace of theirs is configured.
"""

import asyncio
import contextlib
import importlib
import pkgutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

import structlog
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

import adapters
import adapters.providers
from bot import sources
from bot.adapter import Adapter
from bot.clock import Clock, SystemClock
from bot.config import duration
from bot.config.context import Context, KeyFault, PlatformKeys, StoredSecrets
from bot.domain.definition import IntegrationDefinition, ProviderDefinition, Secret, WorkspaceDefinition
from bot.domain.fallback import DEADLINE, LONGEST_DEADLINE, SHORTEST_DEADLINE
from bot.domain.people import LINES, Method
from bot.engine.act import Desk
from bot.engine.bell import Bell
from bot.engine.confirmations import Confirmations
from bot.engine.connections import Connections
from bot.engine.daily import Daily
from bot.engine.directory import Directory
from bot.engine.feeds import Feeds
from bot.engine.handovers import Handovers
from bot.engine.ingest import Ingest
from bot.engine.lines import ConnectProvider, Lines, Post
from bot.engine.outbox import Outbox
from bot.engine.phone import PhoneDesk
from bot.engine.picture import Picture
from bot.engine.pulse import Pulse
from bot.engine.retention import Keep, Retention, keep
from bot.engine.signing import Signing
from bot.engine.timers import Timers
from bot.engine.trades import Trades
from bot.engine.troubles import Troubles
from bot.engine.wakeups import Wakeups
from bot.engine.watchdog import Watchdog
from bot.provider import Provider
from bot.sources import mapping
from bot.web.alerts import Door, closed_door
from bot.web.app import application, with_short_way
from bot.web.callbacks import Callbacks
from bot.web.feeds import Calendars
from bot.web.gate import Gate
from bot.web.health import Health
from bot.web.links import Links
from bot.web.reports import Reports
from bot.web.server import Server
from storage import definitions, schema
from storage.database import Connection, Database, DatabaseUnusable
from storage.serving import Serving, begin_serving
from storage.vault import Vault

DEFAULT_DATABASE: Final = "sqlite+aiosqlite:///var/oncard.db"
# Seconds in which what is under way may come to its end when the service stops, in which the rest is given back, and in
# which the connections are closed: with the web server's last second, ten in all.
FINISH_WITHIN: Final = 7.0
GIVE_BACK_WITHIN: Final = 1.0
CLOSE_WITHIN: Final = 1.0

log = structlog.get_logger(__name__)


Worker = Callable[[], Coroutine[None, None, None]]


class Role(StrEnum):
    """What a process does: takes alerts and clicks (web), watches the time and sends (worker), or all of it."""

    ALL = "all"
    WEB = "web"
    WORKER = "worker"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says.

    `public_url`: where people and providers reach us from outside, without a slash at its end; empty: they do not.
    `fallback_after`: within it a way to somebody must be accepted, or the next is tried beside it. `font`: a file with
    letters for pictures, looked at before the usual ones; empty: those alone.
    """

    database_url: str
    secret_key: str = field(repr=False)
    keep: Keep = field(default_factory=Keep)
    public_url: str = ""
    fallback_after: timedelta = DEADLINE
    font: str = ""


def settings(environment: Mapping[str, str]) -> Settings:
    """Read the environment. Raises ValueError, naming the variable, when one is wrong, or missing and needed."""
    key = environment.get("ONCARD_SECRET_KEY", "")
    if not key:
        raise ValueError(
            "ONCARD_SECRET_KEY is not set: set it to a long random text that you keep, "
            "such as the output of `openssl rand -hex 32`"
        )
    return Settings(
        environment.get("ONCARD_DATABASE_URL", "") or DEFAULT_DATABASE,
        key,
        keep(environment),
        _public_url(environment.get("ONCARD_PUBLIC_URL", "")),
        _fallback_after(environment.get("ONCARD_FALLBACK_AFTER", "")),
        environment.get("ONCARD_FONT", ""),
    )


def _public_url(url: str) -> str:
    if url and not _is_origin(url):
        raise ValueError(
            f"ONCARD_PUBLIC_URL is {url!r}: write an address such as https://oncall.example.com, without a path"
        )
    return url.rstrip("/")


def _is_origin(url: str) -> bool:
    """Whether an address is that of a web server, and of no page there: our pages know no path before their own."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # It is read only when it is asked for.
    except ValueError:
        # Such as http://[ or a port that is none.
        return False
    is_bare = not (parts.path.strip("/") or parts.query or parts.fragment)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and is_bare and url.isprintable()


def _fallback_after(text: str) -> timedelta:
    after = duration.read(text) if text else DEADLINE
    if after is None or not SHORTEST_DEADLINE <= after <= LONGEST_DEADLINE:
        raise ValueError(f"ONCARD_FALLBACK_AFTER is {text!r}: write a time from 5s to 10m, such as 30s")
    return after


class Platforms(Mapping[str, PlatformKeys]):
    """The platforms that there are adapters for, by name; one is imported when it is asked for."""

    def __init__(self) -> None:
        found = {one.name for one in pkgutil.iter_modules(adapters.__path__)}
        self._names = tuple(sorted(found - {"providers"}))

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


class ProviderKinds(Mapping[Method, Mapping[str, PlatformKeys]]):
    """The kinds of providers of each method; they are imported when those of a method are asked for."""

    def __init__(self) -> None:
        self._names = tuple(sorted(one.name for one in pkgutil.iter_modules(adapters.providers.__path__)))

    def __getitem__(self, method: Method) -> Mapping[str, PlatformKeys]:
        if method not in LINES:
            raise KeyError(method)
        found = {name: importlib.import_module(f"adapters.providers.{name}.config").KEYS for name in self._names}
        return {name: keys[method] for name, keys in found.items() if method in keys}

    def __iter__(self) -> Iterator[Method]:
        return iter(LINES)

    def __len__(self) -> int:
        return len(LINES)


def connect(definition: WorkspaceDefinition, secrets: Mapping[str, Secret], clock: Clock) -> Adapter:
    """Make the adapter of a workspace. Raises ValueError, in words for the admin, when its settings cannot work."""
    module = importlib.import_module(f"adapters.{definition.platform}.adapter")
    values = {**definition.settings, **{name: secret.value for name, secret in secrets.items()}}
    adapter: Adapter = module.connect(values, clock)
    return adapter


def connect_provider(clock: Clock) -> ConnectProvider:
    """Return what makes a provider."""

    def connect_one(definition: ProviderDefinition, secrets: Mapping[str, Secret]) -> Provider:
        module = importlib.import_module(f"adapters.providers.{definition.kind}.{definition.method}")
        values = {**definition.settings, **{name: secret.value for name, secret in secrets.items()}}
        provider: Provider = module.connect(definition.name, values, clock)
        return provider

    return connect_one


class Service:
    """One process of Oncard: everything that runs, wired together."""

    def __init__(self, configured: Settings, clock: Clock | None = None, role: Role = Role.ALL) -> None:
        """Wire the parts; nothing runs yet. Raises DatabaseUnusable, WrongKey."""
        self.clock = clock or SystemClock()
        self.role = role
        self.database = Database(configured.database_url)
        if self.database.is_sqlite and role is not Role.ALL:
            raise DatabaseUnusable(
                f"--role {role} needs PostgreSQL, since SQLite carries only one process: "
                "leave --role out, or set ONCARD_DATABASE_URL to postgresql+asyncpg://…"
            )
        self.vault = Vault(configured.secret_key)
        self.picture = Picture(self.clock.now, configured.fallback_after)
        self.wakeups = Wakeups()
        self.stopping = asyncio.Event()
        self.ingest = Ingest(self.database, self.picture, self.wakeups, self.clock)
        digest = self.vault.digest
        self.font = configured.font
        self.desk = Desk(
            self.database, self.picture, self.wakeups, self.clock, digest, sends=lambda: self.lines, font=self.font
        )
        self.feeds = Feeds(self.database, self.picture, self.vault, self.clock, configured.public_url)
        self.desk.feeds = self.feeds
        self.connections = Connections(self.database, self.vault, self.desk, self._connect, self.clock)
        self.outbox = Outbox(self.database, self.picture, self.connections.adapters, self.wakeups, self.clock)
        self.timers = Timers(self.database, self.picture, self.wakeups, self.clock)
        self.handovers = Handovers(self.database, self.picture, self.wakeups, self.clock)
        self.trades = Trades(self.database, self.picture, self.wakeups, self.clock)
        self.daily = Daily(self.database, self.picture, self.wakeups, self.clock)
        signing = Signing(self.vault, configured.public_url, self.clock)
        post = Post(self.vault, configured.public_url, signing)
        self.lines = Lines(self.database, post, self.connections.adapters, connect_provider(self.clock), self.clock)
        self.connections.beside = self.lines.statuses
        self.phone = PhoneDesk(self.database, self.picture, self.desk, (self.lines, post), self.clock)
        self.confirmations = Confirmations(self.database, self.picture, self.desk, signing, self.clock)
        self.directory = Directory(self.database, self.picture, self.connections.adapters, self.clock)
        self.retention = Retention(self.database, configured.keep, self.clock)
        troubles = Troubles(self.database, self.picture, self.ingest, self.clock)
        self.pulse = Pulse(self.database, troubles, self.clock)
        self.watchdog = Watchdog(self.database, self.picture, troubles, self.connections.statuses, self.clock)
        self.bell = None if self.database.is_sqlite else Bell(self.database, self.wakeups, self.clock)
        self._serving: Serving | None = None
        self._workers: list[asyncio.Task[None]] = []
        self._sending: asyncio.Task[None] | None = None

    def app(self, more: Sequence[BaseRoute] = ()) -> ASGIApp:
        """Return the HTTP service, with `more` routes beside its own."""
        health = Health(self.database, self.connections, self.pulse, self.clock, self.stopping)
        if self.role is Role.WORKER:
            return application([*closed_door(), *health.routes(), *more])
        door = Door(self.database, self.vault, self.picture, self.ingest, self.clock)
        called = [*Callbacks(self.connections).routes(), *Reports(self.lines, self.phone).routes()]
        pages = [*Links(self.confirmations).routes(), *Calendars(self.feeds).routes()]
        routes = application([*door.routes(), *called, *pages, *health.routes(), *more])
        return with_short_way(routes, door.short_way)

    def claim_database(self) -> None:
        """Keep other processes from serving the same SQLite file until this is closed. Raises DatabaseUnusable."""
        self._serving = begin_serving(self.database)

    async def prepare(self) -> None:
        """Bring the schema up to date, and see that the stored secrets can be read.

        Raises DatabaseUnusable, WrongKey.
        """
        before, after = await schema.upgrade(self.database)
        if before != after:
            log.info("schema_upgraded", before=before, after=after)
        elif after != schema.newest():
            log.warning("schema_is_newer", found=after, known=schema.newest())

        async def work(connection: Connection) -> None:
            await definitions.stored(connection, self.vault)

        await self.database.read(work)
        if self._serving is not None:
            await self.outbox.take_over()
        # Before the first request: a provider may tell us of a key that somebody presses just now.
        await self.lines.follow()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the workers; on the way out, what is under way comes to its end and the connections are closed."""
        ringing = [asyncio.create_task(self.bell.run())] if self.bell else []
        self._workers = [asyncio.create_task(worker()) for worker in self._at_work()]
        if self.role is not Role.WEB:
            self._sending = asyncio.create_task(self.outbox.run())
            self.ingest.sender = self.outbox
        try:
            yield
        finally:
            await self.finish()
            await _within(CLOSE_WITHIN, self._hang_up(), "connections_not_closed")
            await _cancel(ringing)

    def _at_work(self) -> Sequence[Worker]:
        """Return what runs until it is cancelled; the outbox has an end of its own."""
        if self.role is Role.WEB:
            return (self.connections.run, self.lines.run, self.pulse.run)
        checks = (self.pulse.run, self.watchdog.run, self.retention.run)
        watching = (self.timers.run, self.handovers.run, self.trades.run, self.directory.run, self.daily.run)
        return (self.connections.run, self.lines.run, *watching, *checks)

    async def finish(self, answered: Callable[[], Awaitable[None]] | None = None) -> None:
        """Begin nothing new, let what is under way come to its end, and give back what has not in time.

        `answered` returns when every request has been answered.
        """
        if self.stopping.is_set():
            return
        self.stopping.set()
        log.info("stopping")
        await asyncio.gather(
            _cancel(self._workers),
            _within(FINISH_WITHIN, self.connections.hear_no_more(), "connections_not_closed"),
            self.outbox.finish(FINISH_WITHIN),
            *([_within(FINISH_WITHIN, answered(), "requests_cut_off")] if answered else ()),
        )
        if self._sending is not None:
            await _cancel([self._sending])
        await _within(GIVE_BACK_WITHIN, self.outbox.release(), "claims_not_given_back")

    async def close(self) -> None:
        """Give back the database, once other processes know what is left for them to do."""
        if self.bell is not None:
            await _within(GIVE_BACK_WITHIN, self.bell.ring(), "not_rung")
        # A server that is there and does not answer would never take leave of us.
        await _within(CLOSE_WITHIN, self.database.close(), "database_not_closed")
        if self._serving is not None:
            self._serving.close()

    async def _hang_up(self) -> None:
        await asyncio.gather(self.connections.close(), self.lines.close())

    def _connect(self, definition: WorkspaceDefinition, secrets: Mapping[str, Secret]) -> Adapter | None:
        adapter = connect(definition, secrets, self.clock)
        # Without an outbox, an adapter is there for what its platform calls us for.
        return None if self.role is Role.WEB and not adapter.capabilities.called else adapter


async def _cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)


async def _within(seconds: float, work: Awaitable[None], otherwise: str) -> None:
    """Wait for `work`, but not for long; what fails at a stop is logged as `otherwise`, and stops no less."""
    try:
        async with asyncio.timeout(seconds):
            await work
    except Exception as error:  # noqa: BLE001 - Whatever a driver raises while its server comes and goes.
        log.warning(otherwise, error=type(error).__name__)


async def context(service: Service, environment: Mapping[str, str]) -> Context:
    """Return what a configuration file is read against, the stored secrets included."""

    async def work(connection: Connection) -> StoredSecrets:
        return StoredSecrets(await definitions.stored(connection, service.vault), service.vault.fingerprint)

    stored = await service.database.read(work)
    return Context(environment, Platforms(), sources.names(), stored, mapping_faults, ProviderKinds())


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


async def serve(service: Service, listening: socket.socket, more: Sequence[BaseRoute] = ()) -> None:
    """Serve a service that is prepared until told to stop; `service.stopping` is set when that has begun."""
    gate = Gate(service.app(more))

    async def finish() -> None:
        gate.close()
        await service.finish(gate.empty)

    with listening:
        async with service.running():
            await Server(gate, finish).serve(sockets=[listening])
