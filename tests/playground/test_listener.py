"""The web server under the local chat apps and services."""

import asyncio
import gc
import logging
import socket

import pytest
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from bot.playground.listener import LOOPBACK, Listener


async def test_a_caller_that_hangs_up_in_the_middle_leaves_no_trace(caplog: pytest.LogCaptureFixture) -> None:
    left = asyncio.Event()

    async def read(request: Request) -> Response:
        try:
            return Response(await request.body())
        except ClientDisconnect:
            left.set()
            raise

    listener = Listener(Starlette(routes=[Route("/", read, methods=["POST"])]))
    await listener.start()
    _, writer = await asyncio.open_connection(LOOPBACK, listener.port)
    with caplog.at_level(logging.INFO):
        writer.write(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf of it")
        await writer.drain()
        writer.close()
        async with asyncio.timeout(15):
            await left.wait()
        await listener.close()

    assert [record.getMessage() for record in caplog.records if record.name.startswith("uvicorn")] == []


async def test_the_port_is_kept_while_the_plug_is_pulled() -> None:
    listener = Listener(Starlette())
    await listener.start()
    await listener.pull()
    with pytest.raises(OSError, match="in use"), socket.socket() as other:
        other.bind((LOOPBACK, listener.port))
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(LOOPBACK, listener.port)

    await listener.start()
    _, writer = await asyncio.open_connection(LOOPBACK, listener.port)
    writer.close()
    await listener.close()
    with socket.create_server((LOOPBACK, listener.port)):
        assert not listener.plugged


async def test_where_somebody_has_taken_the_port_all_the_same_it_says_so_and_can_be_tried_again() -> None:
    listener = Listener(Starlette())
    await listener.start()
    await listener.pull()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((LOOPBACK, listener.port))
        other.listen()
        with pytest.raises(OSError, match="in use"):
            await listener.start()
        gc.collect()  # What is left open is told.

    await listener.start()
    assert listener.plugged
    await listener.close()
