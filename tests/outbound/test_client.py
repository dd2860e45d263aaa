"""Calls over HTTP: whatever the other side does, one ends in time, and takes no more memory than an answer may."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from bot.adapter import DeliveryFailed, FailureKind
from bot.outbound.client import LARGEST_ANSWER, HttpClient
from bot.outbound.redaction import Redaction
from bot.outbound.settings import Way

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n"


@asynccontextmanager
async def asking(serve: Serve, within: float = 15.0) -> AsyncIterator[HttpClient]:
    """Give a client of a server that answers by `serve`."""
    ended = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            await serve(reader, writer)
        writer.transport.abort()
        ended.set()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        client = HttpClient(Way(api_base_url=f"http://127.0.0.1:{port}/", timeout=within))
        try:
            yield client
        finally:
            await client.close()
            await ended.wait()


async def failure(client: HttpClient) -> DeliveryFailed:
    async with asyncio.timeout(15):
        with pytest.raises(DeliveryFailed) as caught:
            await client.call("GET", "x")
    return caught.value


async def test_an_answer_that_comes_byte_by_byte_is_not_waited_for_for_ever() -> None:
    async def trickle(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD % 1000)
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with asking(trickle, within=1) as client:
        failed = await failure(client)
    assert (failed.kind, failed.detail) == (FailureKind.UNCERTAIN, "no answer in time")


async def test_of_an_answer_that_is_too_long_only_the_beginning_is_read() -> None:
    written = 0

    async def flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        writer.write(HEAD % (64 * LARGEST_ANSWER))
        while written < 64:
            writer.write(b" " * LARGEST_ANSWER)
            await writer.drain()
            written += 1

    async with asking(flood) as client:
        reply = await client.call("GET", "x")
        assert len(reply.body) == LARGEST_ANSWER
        assert reply.json() == {}
    assert written < 64


async def test_what_could_not_even_be_sent_is_certainly_not_delivered() -> None:
    with socket.socket() as full:
        # Nobody accepts here, and the queue is full: connecting takes for ever.
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(8)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        client = HttpClient(Way(api_base_url=f"http://127.0.0.1:{full.getsockname()[1]}/", timeout=0.2))
        failed = await failure(client)
        await client.close()
        for one in waiting:
            one.close()
    assert failed.kind is FailureKind.UNREACHABLE


@pytest.mark.parametrize(
    ("proxy", "words"),
    [("socks5://proxy.example.com:1080", "SOCKS"), ("ftp://proxy.example.com:1080", "Unknown scheme")],
)
async def test_a_proxy_that_cannot_be_used_is_said_and_nothing_is_sent(
    proxy: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", proxy)
    client = HttpClient(Way(api_base_url="https://chat.example.com/", timeout=1))
    failed = await failure(client)
    assert failed.kind is FailureKind.UNREACHABLE
    assert words in failed.detail


def test_a_proxy_of_the_environment_may_be_written_without_a_scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "proxy.example.com:3128")
    assert Way(api_base_url="https://chat.example.com/").way_out() == "http://proxy.example.com:3128"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("to https://ana:secret@chat.example.com/hook/secret?t=secret now", "to https://chat.example.com now"),
        ("at 1https://ana:secret@chat.example.com/secret", "at 1https://chat.example.com"),
        ("_wss://chat.example.com/?ticket=secret", "_wss://chat.example.com"),
        ("the key is a-long-key.", "the key is [redacted]."),
    ],
)
def test_of_an_address_only_scheme_and_host_are_told(text: str, clean: str) -> None:
    assert Redaction("a-long-key")(text) == clean


def test_cleaning_a_long_text_takes_no_longer_than_it_is() -> None:
    """Would take hours if each word were looked through to the end of the text."""
    text = "a." * 1_000_000
    assert Redaction()(text) == text
