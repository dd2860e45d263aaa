"""A web application on a loopback port whose plug can be pulled.

It runs in the caller's event loop, without signal handlers and without access logs. Pulling the plug closes the
listening socket and aborts every connection, WebSockets too; put back, it listens on the same port.
"""

import asyncio
import contextlib
import socket

import uvicorn
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK = "127.0.0.1"
LEAVE_SECONDS = 1.0
"""How long a request may take, in real seconds, to notice that its connection is gone."""


class Listener:
    """Serves one ASGI application on 127.0.0.1; port 0 lets the system choose one at the first start."""

    def __init__(self, app: ASGIApp, port: int = 0) -> None:
        self._config = uvicorn.Config(
            _unless_hung_up(app),
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            date_header=False,
        )
        self._server: uvicorn.Server | None = None
        # Keeps the port while the plug is pulled: any connection that goes out from here could be given it.
        self._kept: socket.socket | None = None
        self.port = port

    @property
    def plugged(self) -> bool:
        """Whether it listens at this instant."""
        return self._server is not None

    async def start(self) -> None:
        """Listen; raises OSError if the port is taken."""
        if self._server is not None:
            return
        if not self._config.loaded:
            self._config.load()
        bound, self._kept = self._kept or bound_to(self.port), None
        self.port = bound.getsockname()[1]
        server = uvicorn.Server(self._config)
        server.lifespan = self._config.lifespan_class(self._config)
        try:
            await server.startup(sockets=[bound])
        except OSError:
            bound.close()
            raise
        self._server = server

    async def close(self) -> None:
        """Drop every connection, and give the port back."""
        await self.pull()
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()

    async def pull(self) -> None:
        """Drop every connection and refuse new ones until `start` is called again; the port is kept for that."""
        server, self._server = self._server, None
        if server is None:
            return
        for listening in server.servers:
            listening.close()
        # At once, before anybody can be given it. Where the system does not allow it, it is asked for anew.
        with contextlib.suppress(OSError):
            self._kept = bound_to(self.port)
        for connection in list(server.server_state.connections):
            connection.transport.abort()
        tasks = [task for task in server.server_state.tasks if task is not asyncio.current_task()]
        if tasks:
            _, unmoved = await asyncio.wait(tasks, timeout=LEAVE_SECONDS)
            for task in unmoved:
                task.cancel()

    def cut(self, client: tuple[str, int]) -> None:
        """Abort the one connection that comes from the address `client`, without an answer."""
        if self._server is None:
            return
        for connection in list(self._server.server_state.connections):
            if getattr(connection, "client", None) == client:
                connection.transport.abort()


def bound_to(port: int) -> socket.socket:
    """Return a socket that has the port and does not listen. Raises OSError if somebody listens on it."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((LOOPBACK, port))
    except OSError:
        made.close()
        raise
    return made


def _unless_hung_up(app: ASGIApp) -> ASGIApp:
    """Return the application with a caller that hangs up in the middle of its request being no error of ours."""

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        with contextlib.suppress(ClientDisconnect):
            await app(scope, receive, send)

    return served
