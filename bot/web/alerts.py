"""The front door for alerts: key, size, source; an answer of 2xx is given after the commit, never before."""

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from typing import Final

import structlog
from prometheus_client import Counter
from starlette.datastructures import QueryParams
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Scope

from bot import sources
from bot.clock import Clock
from bot.domain import dynamic
from bot.domain.organisation import Integration
from bot.engine import metrics
from bot.engine.ingest import Accepted, Ingest, Report
from bot.engine.picture import Picture
from bot.sources import Parsed, PayloadError, Settings, Source
from bot.web.answers import Code, Rejected, body_of, new_request_id, rejection, success
from storage.database import Database
from storage.vault import Vault

PUSH: Final = "/event/push/alert/"
ALERTMANAGER_API: Final = "alertmanager-api"
# Whoever has an integration for Alertmanager may also let Prometheus itself send to it.
_ALSO: Final[Mapping[str, str]] = {ALERTMANAGER_API: "prometheus"}
# More waiting requests than this cannot be answered in time: their senders come back later.
MOST_WAITING: Final = 5_000
LARGE: Final = 64 * 1024
# What is longer is read each time it comes, so that nobody fills our memory with it.
USUAL_QUERY: Final = 1_024

Endpoint = Callable[[Request], Awaitable[Response]]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Door:
    """What the front door needs."""

    database: Database
    vault: Vault
    picture: Picture
    ingest: Ingest
    clock: Clock

    def routes(self) -> list[Route]:
        """Return where alerts are taken."""
        return _routes(self._push, self._alertmanager_api)

    def short_way(self, scope: Scope) -> Endpoint | None:
        """Return what takes this request, if it brings alerts to a source that there is."""
        path: str = scope["path"]
        name = path.removeprefix(PUSH)
        if scope["method"] != "POST" or name == path or sources.find(name) is None:
            return None
        return partial(self._take, name=name)

    async def _push(self, request: Request) -> Response:
        return await self._take(request, request.path_params["source"])

    async def _alertmanager_api(self, request: Request) -> Response:
        return await self._take(request, ALERTMANAGER_API)

    async def _take(self, request: Request, name: str) -> Response:
        request_id = new_request_id()
        with metrics.INGEST_SECONDS.time():
            response = await self._answer(request, name, request_id)
        _answers(name if sources.find(name) else "unknown", response.status_code).inc()
        return response

    async def _answer(self, request: Request, name: str, request_id: str) -> Response:
        try:
            return await self._accept(request, name, request_id)
        except Rejected as rejected:
            log.info("alert_refused", request_id=request_id, code=str(rejected.code), field=rejected.field)
            return rejection(rejected, request_id)
        except ClientDisconnect:
            return Response(status_code=400)
        except Exception as error:  # noqa: BLE001 - The sender is told that nothing was taken, and comes back.
            log.error("ingest_failed", request_id=request_id, error=type(error).__name__, detail=str(error)[:200])
            message = "the alert could not be stored: send it again"
            return rejection(Rejected(Code.INTERNAL_ERROR, message, headers={"Retry-After": "5"}), request_id)

    async def _accept(self, request: Request, name: str, request_id: str) -> Response:
        source = sources.find(name)
        if source is None:
            raise Rejected(
                Code.ROUTE_NOT_FOUND, f"there is no source {name[:64]!r}: use one of {', '.join(sources.names())}"
            )
        if self.ingest.waiting >= MOST_WAITING:
            raise Rejected(Code.REQUEST_TOO_FREQUENTLY, "too much at once: send it again", headers={"Retry-After": "1"})
        integration = await self._integration(request, name)
        body = await body_of(request)
        asked = self._asked(integration, request, body)
        # A large batch takes tenths of a second to read: long enough for others to wait for the loop.
        parsed = await asyncio.to_thread(_parse, source, asked) if len(body) > LARGE else _parse(source, asked)
        events = parsed.events
        if dynamic.asks(asked.query):
            events = tuple(dynamic.asked(event, asked.query) for event in events)
        report = Report(request_id, integration.id, integration.channel, events, self.clock.now())
        accepted = await self.ingest.take(report)
        if parsed.faults:
            first, more = parsed.faults[0], len(parsed.faults) - 1
            others = f" ({more} more are faulty)" if more else ""
            taken = f"{first.message}{others}; the other {len(parsed.events)} alerts of this request were taken"
            raise Rejected(Code.INVALID_PARAMETER, taken, first.field)
        return success(_said(accepted), request_id)

    async def _integration(self, request: Request, name: str) -> Integration:
        """Return whose key this is. Raises Rejected: no key, a key that nobody has, or one for another source."""
        key = _key(request)
        if not key:
            raise Rejected(Code.UNAUTHORIZED, "give the integration's key as ?integration_key=…", "integration_key")
        integration = await self.picture.integration(self.database, self.vault.digest(key), self.clock.now())
        if integration is None:
            raise Rejected(Code.UNAUTHORIZED, "no integration has this key", "integration_key")
        if integration.source not in (name, _ALSO.get(name)):
            message = f"this key is for the source {integration.source}, not for {name}"
            raise Rejected(Code.ACCESS_DENIED, message, "integration_key")
        return integration

    def _asked(self, integration: Integration, request: Request, body: bytes) -> sources.Request:
        return sources.Request(
            body=body,
            now=self.clock.now(),
            settings=Settings(fields=integration.fields, values=integration.values),
            query=_query(request),
            headers=request.headers,
        )


def closed_door() -> list[Route]:
    """Return the same places in a process that takes no alerts: whoever posts there is told so."""

    async def closed(request: Request) -> Response:
        del request
        why = "this process is a worker and takes no alerts: send them to one with --role web or --role all"
        return rejection(Rejected(Code.ROUTE_NOT_FOUND, why), new_request_id())

    return _routes(closed, closed)


def _routes(push: Endpoint, alertmanager_api: Endpoint) -> list[Route]:
    return [
        Route(f"{PUSH}{{source}}", push, methods=["POST"]),
        Route("/api/v2/alerts", alertmanager_api, methods=["POST"]),
    ]


def _parse(source: Source, asked: sources.Request) -> Parsed:
    try:
        return source.parse(asked)
    except PayloadError as error:
        raise Rejected(Code.INVALID_PARAMETER, error.message, error.field) from error


def _key(request: Request) -> str:
    """Return the key that came with the request: in the query, as a bearer token, or as the password of basic auth."""
    in_query = _query(request).get("integration_key")
    if in_query:
        return in_query
    scheme, _, said = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return said.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(said, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""


def _query(request: Request) -> QueryParams:
    """Return what the address asks for: a sender uses the same again and again."""
    written: bytes = request.scope["query_string"]
    return _kept_query(written) if len(written) <= USUAL_QUERY else QueryParams(written)


@lru_cache(maxsize=256)
def _kept_query(written: bytes) -> QueryParams:
    return QueryParams(written)


@cache
def _answers(source: str, status: int) -> Counter:
    """Return the counter of these answers; finding it by its labels takes longer than counting."""
    return metrics.REQUESTS.labels(source=source, status=str(status))


def _said(accepted: Accepted) -> dict[str, object]:
    data: dict[str, object] = {"alert_key": accepted.keys[0] if accepted.keys else None}
    if len(accepted.keys) > 1:
        data["alert_keys"] = list(accepted.keys)
    return data
