"""What we answer: JSON with a request id, and errors with a code, the faulty field and how to mend it."""

import secrets
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

BODY_LIMIT: Final = 1024 * 1024


class Code(StrEnum):
    """The error codes, those of Flashduty's API."""

    INVALID_PARAMETER = "InvalidParameter"
    UNAUTHORIZED = "Unauthorized"
    ACCESS_DENIED = "AccessDenied"
    ROUTE_NOT_FOUND = "RouteNotFound"
    METHOD_NOT_ALLOWED = "MethodNotAllowed"
    REQUEST_TOO_LARGE = "RequestTooLarge"
    REQUEST_TOO_FREQUENTLY = "RequestTooFrequently"
    INTERNAL_ERROR = "InternalError"
    SERVICE_UNAVAILABLE = "ServiceUnavailable"


_STATUSES: Final = {
    Code.INVALID_PARAMETER: 400,
    Code.UNAUTHORIZED: 401,
    Code.ACCESS_DENIED: 403,
    Code.ROUTE_NOT_FOUND: 404,
    Code.METHOD_NOT_ALLOWED: 405,
    Code.REQUEST_TOO_LARGE: 413,
    Code.REQUEST_TOO_FREQUENTLY: 429,
    Code.INTERNAL_ERROR: 500,
    Code.SERVICE_UNAVAILABLE: 503,
}
# What JSONResponse writes with takes seven times as long.
_ENCODER: Final = msgspec.json.Encoder()


class Rejected(Exception):
    """The request is refused."""

    def __init__(
        self, code: Code, message: str, field: str | None = None, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.headers = dict(headers or {})


def new_request_id() -> str:
    """Return a name for one request, for answers and logs."""
    return secrets.token_hex(16)


def success(data: Mapping[str, object], request_id: str) -> Response:
    """Return the answer to a request that was taken."""
    body = _ENCODER.encode({"request_id": request_id, "data": data})
    return Response(body, media_type="application/json", headers={"X-Request-Id": request_id})


def rejection(rejected: Rejected, request_id: str) -> JSONResponse:
    """Return the answer to a request that is refused."""
    error = {"code": str(rejected.code), "message": rejected.message}
    if rejected.field is not None:
        error["field"] = rejected.field
    body = {"request_id": request_id, "error": error}
    return JSONResponse(body, _STATUSES[rejected.code], headers={**rejected.headers, "X-Request-Id": request_id})


async def body_of(request: Request) -> bytes:
    """Return the body. Raises Rejected as soon as it is longer than allowed, whatever its length was said to be.

    Raises ClientDisconnect when the sender hangs up before its end.
    """
    read = bytearray()
    is_whole = False
    while not is_whole:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        read += message.get("body", b"")
        if len(read) > BODY_LIMIT:
            raise Rejected(Code.REQUEST_TOO_LARGE, "the body is longer than 1 MiB: send fewer alerts at once")
        is_whole = not message.get("more_body", False)
    return bytes(read)
