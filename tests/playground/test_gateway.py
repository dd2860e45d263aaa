"""The local gateway carries SMS and calls, and refuses and tells as a company's own gateway does."""

from collections.abc import AsyncIterator

import httpx
import pytest

from bot.playground.gateway import GatewayServer
from bot.playground.phones import Phones
from tests.playground.manual_clock import ManualClock

ANA = "+15550100001"


@pytest.fixture
async def gateway(clock: ManualClock) -> AsyncIterator[GatewayServer]:
    phones = Phones(clock)
    phones.add("ana", ANA)
    async with GatewayServer(clock, phones) as server:
        yield server


async def post(gateway: GatewayServer, path: str, content: object, key: str = "gateway-key-1") -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, verify=False) as client:  # noqa: S501 - It is on this machine.
        headers = {"Authorization": f"Bearer {key}"}
        return await client.post(f"{gateway.api_base_url}{path}", json=content, headers=headers)


@pytest.mark.parametrize("path", ["sms", "calls"])
@pytest.mark.parametrize(
    ("content", "key", "refusal"),
    [
        ({"to": ANA, "text": "x"}, "wrong", (401, "bad_key")),
        ([], "gateway-key-1", (400, "bad_body")),
        ({"to": "0555"}, "gateway-key-1", (400, "bad_number")),
    ],
)
async def test_it_refuses_what_is_wrong(
    gateway: GatewayServer, path: str, content: object, key: str, refusal: tuple[int, str]
) -> None:
    answer = await post(gateway, path, content, key)
    assert (answer.status_code, answer.json()["error"]["code"]) == refusal


@pytest.mark.parametrize("text", ["", "x" * 1601])
async def test_it_takes_a_text_of_some_length(gateway: GatewayServer, text: str) -> None:
    answer = await post(gateway, "sms", {"to": ANA, "text": text})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_text")


async def test_a_number_that_nobody_has_gets_nothing(gateway: GatewayServer) -> None:
    for path in ("sms", "calls"):
        assert (await post(gateway, path, {"to": "+15550109999", "text": "x"})).status_code == 202
    await gateway.settled()
    assert gateway.phones.phone("ana").texts == []


async def test_a_call_ends_with_its_server(clock: ManualClock) -> None:
    phones = Phones(clock)
    ana = phones.add("ana", ANA)
    async with GatewayServer(clock, phones) as gateway:
        await post(gateway, "calls", {"to": ANA, "say": ["x"]})
    assert all(call.heard == [] for call in ana.calls)


async def test_what_is_written_to_it_goes_nowhere_without_an_address(gateway: GatewayServer) -> None:
    gateway.phones.write("ana", gateway.number, "1 42")
    await gateway.settled()
    assert [text.incoming for text in gateway.phones.phone("ana").texts] == [False]
