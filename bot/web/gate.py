"""The gate in front of everything that is served: counts what is under way, and refuses new requests during a stop.

A sender that is refused comes back: to another process, or to this one after its restart. Those who watch us are always
answered.
"""

import asyncio
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from bot.web.answers import Code, Rejected, new_request_id, rejection

WATCHED: Final = frozenset({"/healthz", "/readyz", "/metrics"})
RETRY_AFTER: Final = "5"


class Gate:
    """The service's application with a gate in front of it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._closed = False
        self._under_way = 0
        self._changed = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer 503."""
        is_new_work = scope["type"] == "http" and scope["path"] not in WATCHED
        if is_new_work and self._closed:
            # The connection ends with this answer, so that the next request finds its way to another process.
            headers = {"Retry-After": RETRY_AFTER, "Connection": "close"}
            rejected = Rejected(Code.SERVICE_UNAVAILABLE, "this process is stopping: send it again", headers=headers)
            await rejection(rejected, new_request_id())(scope, receive, send)
            return
        self._under_way += is_new_work
        try:
            await self._app(scope, receive, send)
        finally:
            self._under_way -= is_new_work
            self._changed.set()

    def close(self) -> None:
        """Let nothing new in."""
        self._closed = True

    async def empty(self) -> None:
        """Wait until every request that was let in has been answered."""
        while self._under_way:
            self._changed.clear()
            await self._changed.wait()
