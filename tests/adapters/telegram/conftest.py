"""A Telegram on this machine, and adapters that speak to it."""

from collections.abc import AsyncIterator, Callable, Iterator, MutableMapping
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.telegram.adapter import TelegramAdapter
from adapters.telegram.config import TelegramConfig
from bot.clock import Clock, SystemClock
from bot.playground.telegram.server import TelegramServer

Make = Callable[..., TelegramAdapter]
Logs = list[MutableMapping[str, Any]]


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as server:
        server.pace.enabled = False
        server.polling.conflict_seconds = 0.0
        server.workspace.add_user("ana", started=True)
        server.workspace.add_user("bo")
        server.workspace.add_chat("ops")
        yield server


@pytest.fixture
async def make(telegram: TelegramServer) -> AsyncIterator[Make]:
    """Make adapters for the server; what is given replaces the configuration."""
    made: list[TelegramAdapter] = []

    def adapter(*, clock: Clock | None = None, **changes: object) -> TelegramAdapter:
        config: dict[str, object] = {"bot_token": telegram.bot_token, "api_base_url": telegram.api_base_url}
        made.append(TelegramAdapter(TelegramConfig.model_validate(config | changes), clock or SystemClock()))
        return made[-1]

    yield adapter
    for one in made:
        await one.close()


@pytest.fixture
def adapter(make: Make) -> TelegramAdapter:
    return make()


@pytest.fixture
def ops(telegram: TelegramServer) -> str:
    """The id of the group ops."""
    return telegram.workspace.chat("ops").id


@pytest.fixture
def ana(telegram: TelegramServer) -> str:
    """Ana's id in Telegram; she has pressed Start, Bo has not."""
    return telegram.workspace.user("ana").id


@pytest.fixture
def logs() -> Iterator[Logs]:
    """What is logged during the test."""
    with capture_logs() as kept:
        yield kept
