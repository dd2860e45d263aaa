"""The HTTP service: what is mounted where. Every answer that is an error, and that somebody reads, is JSON."""

from collections.abc import Awaitable, Callable, Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.web.answers import Code, Rejected, new_request_id, rejection

Take = Callable[[Request], Awaitable[Response]]

_CODES = {404: Code.ROUTE_NOT_FOUND, 405: Code.METHOD_NOT_ALLOWED}


def application(routes: Sequence[BaseRoute]) -> Starlette:
    """Return the service with these routes."""
    handlers = {HTTPException: _http_error, ClientDisconnect: _hung_up, Exception: _failure}
    return Starlette(routes=routes, exception_handlers=handlers)


def with_short_way(app: ASGIApp, way: Callable[[Scope], Take | None]) -> ASGIApp:
    """Return the service with a short way in for what comes most: `way` knows it, and its answer is whole.

    The frame around the other routes would be a third of what a small alert costs.
    """

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        take = way(scope) if scope["type"] == "http" else None
        if take is None:
            await app(scope, receive, send)
            return
        response = await take(Request(scope, receive))
        await response(scope, receive, send)

    return served


async def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    code = _CODES.get(status, Code.INVALID_PARAMETER)
    return rejection(Rejected(code, f"{request.method} {request.url.path} is not served here"), new_request_id())


async def _hung_up(request: Request, error: Exception) -> Response:
    del request, error  # Nobody reads this answer, and nothing went wrong here that a log should tell.
    return Response(status_code=400)


async def _failure(request: Request, error: Exception) -> Response:
    del request, error  # The server logs it; the caller learns no more than that it was us.
    return rejection(Rejected(Code.INTERNAL_ERROR, "something went wrong here"), new_request_id())
