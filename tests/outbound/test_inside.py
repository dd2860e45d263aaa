"""An address that is configured opens no door behind the firewall, whatever its name resolves to."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address

import httpx
import pytest
import trustme

from bot.adapter import DeliveryFailed, FailureKind
from bot.outbound.client import HttpClient
from bot.outbound.inside import Judge, OutsideOnly, is_inside
from bot.outbound.settings import Way

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.5", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),  # noqa: S104
        *("224.0.0.1", "240.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fd00::1", "ff02::1"),
        *("::ffff:10.0.0.5", "2002:a00:5::1", "64:ff9b::a00:5"),
    ],
)
def test_what_is_not_the_internet_is_inside(address: str) -> None:
    assert is_inside(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_the_internet_is_outside(address: str) -> None:
    assert not is_inside(ip_address(address))


async def failure(url: str) -> DeliveryFailed:
    client = HttpClient(Way(api_base_url=url, timeout=15), outside_only=True)
    with pytest.raises(DeliveryFailed) as caught:
        await client.call("GET", "x")
    await client.close()
    return caught.value


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
async def test_a_name_that_leads_inside_is_not_connected_to(host: str) -> None:
    failed = await failure(f"http://{host}:1/")
    assert failed.kind is FailureKind.UNAUTHORIZED
    assert "inside a private network: set allow_private: true" in failed.detail


async def test_a_name_that_nobody_knows_is_not_reached() -> None:
    failed = await failure(f"http://{'a' * 64}.localhost:1/")
    assert failed.kind is FailureKind.UNREACHABLE
    assert "a.localhost is not known: no host has such a name" in failed.detail


@asynccontextmanager
async def served(authority: trustme.CA, heard: list[bytes]) -> AsyncIterator[int]:
    """Serve HTTPS for `localhost`; give the port."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(ANSWER)
        await writer.drain()
        writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    async with await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context) as server:
        yield server.sockets[0].getsockname()[1]


async def test_the_connection_goes_to_the_address_that_was_judged_and_the_certificate_is_the_names() -> None:
    authority, heard, judged = trustme.CA(), list[bytes](), list[str]()
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)

    def judge(address: object) -> bool:
        judged.append(str(address))
        return False

    taken: Judge = judge
    async with served(authority, heard) as port, httpx.AsyncClient(transport=OutsideOnly(trusted, taken)) as client:
        answer = await client.get(f"https://localhost:{port}/x?y=1")
    assert answer.text == "ok"
    assert f"host: localhost:{port}".encode() in heard[0].lower()
    assert heard[0].startswith(b"GET /x?y=1 ")
    assert set(judged) <= {"127.0.0.1", "::1"}


async def test_bytes_go_as_they_are() -> None:
    heard = b""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal heard
        heard = await reader.readuntil(b"to=%2B1555")
        writer.write(ANSWER)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        client = HttpClient(Way(api_base_url=f"http://127.0.0.1:{port}/", timeout=15))
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        assert (await client.call("POST", "x", content=b"to=%2B1555", headers=form)).status == 200
        await client.close()
    assert b"application/x-www-form-urlencoded" in heard


async def test_where_one_address_is_dead_the_next_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    async def two(*_: object, **__: object) -> list[object]:
        return [(0, 0, 0, "", (address, 0)) for address in ("127.0.0.2", "127.0.0.1")]

    authority, heard = trustme.CA(), list[bytes]()
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", two)
    transport = OutsideOnly(trusted, lambda _: False)
    async with served(authority, heard) as port, httpx.AsyncClient(transport=transport) as client:
        assert (await client.get(f"https://localhost:{port}/")).text == "ok"
    async with httpx.AsyncClient(transport=OutsideOnly(trusted)) as client:
        with pytest.raises(DeliveryFailed, match=r"is at 127\.0\.0\.2, inside"):
            await client.get("https://gateway.example.com/")
