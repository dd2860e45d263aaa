"""The web server: uvicorn, which at a stop goes on listening until what is under way has come to its end.

By itself it would close its socket first. Whoever sends then finds nobody there, and learns neither why nor when to
come back.
"""

import signal
import socket
from collections.abc import Awaitable, Callable
from types import FrameType
from typing import Final

import uvicorn
from starlette.types import ASGIApp

# Seconds for the last answers to reach their readers, once all of them are given.
LAST_ANSWERS_WITHIN: Final = 1


class Server(uvicorn.Server):
    """Serves `app` until told to stop, and then calls `finish` before it stops listening."""

    def __init__(self, app: ASGIApp, finish: Callable[[], Awaitable[None]]) -> None:
        config = uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            # No page of ours has one.
            ws="none",
            # Nothing here asks who the caller is, so nobody need look for it in every request.
            proxy_headers=False,
            timeout_graceful_shutdown=LAST_ANSWERS_WITHIN,
        )
        super().__init__(config)
        self._finish = finish

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._finish()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit:
            # Told twice: at once then, as if it were killed, which loses nothing.
            signal.signal(sig, signal.SIG_DFL)
            signal.raise_signal(sig)
        super().handle_exit(sig, frame)
