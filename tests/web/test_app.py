"""The frame around every route."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Scope

from bot.web.app import application


async def test_a_caller_that_hangs_up_in_the_middle_is_no_failure_of_ours() -> None:
    async def read(request: Request) -> Response:
        return Response(await request.body())

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {"type": "http", "method": "POST", "path": "/read", "headers": [], "query_string": b""}
    await application([Route("/read", read, methods=["POST"])])(scope, receive, send)

    assert sent[0]["status"] == 400
