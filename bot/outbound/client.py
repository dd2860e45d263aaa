"""Calls over HTTP: one at a time, each with a deadline for the whole of it, and every way to fail as DeliveryFailed.

Nothing is tried again, no redirect is followed, and no error carries the address, which may hold a secret. What an
answer means is for the caller to say: most platforms answer 200 and mean no.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import httpx

from bot.adapter import DeliveryFailed, FailureKind
from bot.outbound.inside import OutsideOnly
from bot.outbound.redaction import Redaction
from bot.outbound.settings import Way

LARGEST_ANSWER: Final = 4 * 1024 * 1024
# What has certainly not reached the other side.
_NEVER_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)

# What httpx calls the step that begins to send a request (https://www.encode.io/httpcore/extensions/#trace).
_SENDING: Final = "send_request_headers.started"


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. Header names are lower case."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> dict[str, object]:
        """Return the JSON object that it is; an empty one if it is none."""
        try:
            read: object = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return read if isinstance(read, dict) else {}


class HttpClient:
    """The connections to one service, opened when they are first needed.

    `outside_only`: no connection is made to an address inside our own network (see `bot.outbound.inside`).
    """

    def __init__(self, way: Way, redaction: Redaction | None = None, *, outside_only: bool = False) -> None:
        self._way = way
        self._redaction = redaction or Redaction()
        self._outside_only = outside_only
        self._client: httpx.AsyncClient | None = None
        # httpx tells every address at this level.
        logging.getLogger("httpx").setLevel(logging.WARNING)

    async def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        content: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Make one call; `content` goes as JSON, bytes as they are, `path` may be a whole address.

        Raises DeliveryFailed: `unreachable` where it was certainly not sent, `uncertain` where no answer came.
        """
        begun = asyncio.Event()

        async def trace(step: str, _about: Mapping[str, object]) -> None:
            if step.endswith(_SENDING):
                begun.set()

        try:
            connections = self._connections()
            asked = connections.build_request(
                method,
                path,
                params=params,
                content=content if isinstance(content, bytes) else None,
                json=None if isinstance(content, bytes) else content,
                headers=dict(headers or {}),
                extensions={"trace": trace, "timeout": httpx.Timeout(self._way.timeout).as_dict()},
            )
        except (ImportError, httpx.InvalidURL, OSError, ValueError) as error:
            # A proxy of a kind that nobody here speaks, perhaps.
            kind, why = FailureKind.UNREACHABLE, f"not connected: {self._words(error)}"
        else:
            try:
                # httpx bounds each step only: an answer that comes byte by byte would never be over.
                async with asyncio.timeout(self._way.timeout):
                    return await _answer(connections, asked)
            except _NEVER_SENT as error:
                kind, why = FailureKind.UNREACHABLE, f"not connected: {self._words(error)}"
            except (httpx.TimeoutException, TimeoutError):
                kind, why = FailureKind.UNCERTAIN, "no answer in time"
                if not begun.is_set():
                    kind, why = FailureKind.UNREACHABLE, "not connected in time"
            except (httpx.HTTPError, OSError, ValueError) as error:
                kind, why = FailureKind.UNCERTAIN, f"no answer that can be read: {self._words(error)}"
        # Outside of the handlers, so that it holds nothing of the library's error.
        raise DeliveryFailed(kind, why)

    async def close(self) -> None:
        """Give back the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def _connections(self) -> httpx.AsyncClient:
        if self._client is None:
            certificates = self._way.certificates()
            # The environment's proxies are chosen by `way_out`: httpx takes them for this machine's own addresses too.
            self._client = httpx.AsyncClient(
                base_url=self._way.api_base_url,
                proxy=self._way.way_out(),
                verify=certificates,
                transport=OutsideOnly(certificates) if self._outside_only else None,
                timeout=self._way.timeout,
                trust_env=False,
                follow_redirects=False,
            )
        return self._client

    def _words(self, error: Exception) -> str:
        text = self._redaction(str(error))
        return f"{type(error).__name__}: {text}" if text else type(error).__name__


async def _answer(connections: httpx.AsyncClient, asked: httpx.Request) -> Reply:
    """Send it, and read what comes back, as much as an answer may be."""
    response = await connections.send(asked, stream=True)
    body = bytearray()
    try:
        async for part in response.aiter_bytes():
            body += part
            if len(body) > LARGEST_ANSWER:
                break
    finally:
        await response.aclose()
    return Reply(response.status_code, bytes(body[:LARGEST_ANSWER]), dict(response.headers))
