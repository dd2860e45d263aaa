"""A Feishu on this machine, and adapters that speak to it."""

import asyncio
import importlib
import threading
from collections.abc import AsyncIterator, Callable

import pytest

from adapters.feishu.adapter import FeishuAdapter
from adapters.feishu.config import FeishuConfig
from bot.clock import Clock, SystemClock
from bot.playground.feishu import FeishuServer

Make = Callable[..., FeishuAdapter]


@pytest.fixture(scope="session")
def lark() -> None:
    """Import the SDK, as the adapter does: in a thread that has a loop. It takes seconds, so it is done once."""

    def load() -> None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        importlib.import_module("lark_oapi.ws.client")
        loop.close()

    thread = threading.Thread(target=load)
    thread.start()
    thread.join()


@pytest.fixture
async def feishu() -> AsyncIterator[FeishuServer]:
    async with FeishuServer() as server:
        server.pace.enabled = False
        server.workspace.add_user("ana")
        server.workspace.add_user("bo")
        server.workspace.add_chat("ops")
        yield server


@pytest.fixture
async def make(feishu: FeishuServer) -> AsyncIterator[Make]:
    """Make adapters for the server; what is given replaces the configuration, None takes it away."""
    made: list[FeishuAdapter] = []

    def adapter(*, clock: Clock | None = None, **changes: object) -> FeishuAdapter:
        config: dict[str, object] = {
            "app_id": feishu.app_id,
            "app_secret": feishu.app_secret,
            "api_base_url": feishu.api_base_url,
        }
        given = {key: value for key, value in (config | changes).items() if value is not None}
        made.append(FeishuAdapter(FeishuConfig.model_validate(given), clock or SystemClock()))
        return made[-1]

    yield adapter
    for one in made:
        await one.close()


@pytest.fixture
def adapter(make: Make) -> FeishuAdapter:
    return make()


@pytest.fixture
def called(make: Make, feishu: FeishuServer) -> FeishuAdapter:
    """An adapter that Feishu calls."""
    return make(encrypt_key=feishu.encrypt_key, verification_token=feishu.verification_token)


@pytest.fixture
def ops(feishu: FeishuServer) -> str:
    """The id of the group ops."""
    return feishu.workspace.chat("ops").id


@pytest.fixture
def ana(feishu: FeishuServer) -> str:
    """Ana's open_id."""
    return feishu.workspace.user("ana").id
