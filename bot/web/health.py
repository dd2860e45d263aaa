"""Whether we live, whether we can take alerts, and what we count."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.clock import Clock
from bot.domain.trouble import minutes
from bot.engine import metrics
from bot.engine.connections import Connections
from bot.engine.pulse import Pulse
from storage import deliveries, incidents, schema
from storage.database import Connection, Database, DatabaseUnusable

PATIENCE: Final = 3.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Health:
    """Answers those who watch us."""

    database: Database
    connections: Connections
    pulse: Pulse
    clock: Clock
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def routes(self) -> list[Route]:
        """Return where we can be watched."""
        return [
            Route("/healthz", self._alive),
            Route("/readyz", self._ready),
            Route("/metrics", self._metrics),
        ]

    async def _alive(self, request: Request) -> Response:
        del request
        return PlainTextResponse("ok\n")

    async def _ready(self, request: Request) -> Response:
        """Ready means: an alert that comes now will be on disk.

        A workspace that is away does not make us refuse alerts, nor does a checker that is silent; both are told.
        """
        del request
        why = await self._unready()
        workspaces = {status.name: status.why or "connected" for status in self.connections.statuses.values()}
        body = {"ready": why is None, "why": why, "checks": self._checks(), "workspaces": workspaces}
        return JSONResponse(body, 200 if why is None else 503)

    def _checks(self) -> str:
        silent_for = self.pulse.silent_for
        return "running" if silent_for is None else f"the checker has been silent for {minutes(silent_for)}"

    async def _unready(self) -> str | None:
        if self.stopping.is_set():
            return "stopping"
        try:
            async with asyncio.timeout(PATIENCE):
                await self.database.check()
                if not schema.fits(await schema.current(self.database)):
                    return "the schema is not up to date: run `oncard db upgrade`"
        except TimeoutError:
            return f"the database did not answer within {PATIENCE:g} s"
        except DatabaseUnusable as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 - Whatever a driver raises while its server comes and goes.
            return f"the database does not answer ({type(error).__name__})"
        return None

    async def _metrics(self, request: Request) -> Response:
        """Answer without a working database too: that is when somebody looks."""
        del request
        try:
            async with asyncio.timeout(PATIENCE):
                await self._measure()
        except Exception as error:  # noqa: BLE001 - What is counted in this process is told all the same.
            log.warning("not_measured", error=type(error).__name__)
            for gauge in (metrics.INCIDENTS, metrics.QUEUE, metrics.QUEUE_AGE):
                gauge.clear()
        return Response(generate_latest(metrics.REGISTRY), media_type=CONTENT_TYPE_LATEST)

    async def _measure(self) -> None:
        """Bring the gauges up to date with what is stored."""

        async def work(connection: Connection) -> tuple[dict[str, int], dict[tuple[str, str], tuple[int, datetime]]]:
            return await incidents.count_by_progress(connection), await deliveries.queue(connection)

        # Nothing is awaited from here on: two who look at once must not see each other's half.
        by_progress, queue = await self.database.read(work)
        for gauge in (metrics.INCIDENTS, metrics.QUEUE, metrics.QUEUE_AGE):
            gauge.clear()
        for progress, count in by_progress.items():
            metrics.INCIDENTS.labels(progress=progress).set(count)
        for (kind, state), (count, since) in queue.items():
            metrics.QUEUE.labels(kind=kind, state=state).set(count)
            age = (self.clock.now() - since).total_seconds()
            metrics.QUEUE_AGE.labels(kind=kind, state=state).set(max(age, 0.0))
