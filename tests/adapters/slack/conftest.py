"""A Slack on this machine, and adapters that speak to it."""

from collections.abc import AsyncIterator, Callable

import pytest

from adapters.slack.adapter import SlackAdapter
from adapters.slack.config import SlackConfig
from bot.clock import Clock, SystemClock
from bot.playground.slack import SlackServer

Make = Callable[..., SlackAdapter]


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer() as server:
        server.workspace.add_user("ana")
        server.workspace.add_user("bo")
        server.workspace.add_channel("ops")
        yield server


@pytest.fixture
async def make(slack: SlackServer) -> AsyncIterator[Make]:
    """Make adapters for the server; what is given replaces the configuration."""
    made: list[SlackAdapter] = []

    def adapter(*, clock: Clock | None = None, **changes: object) -> SlackAdapter:
        config: dict[str, object] = {
            "bot_token": slack.bot_token,
            "app_token": slack.app_token,
            "api_base_url": slack.api_base_url,
        }
        made.append(SlackAdapter(SlackConfig.model_validate(config | changes), clock or SystemClock()))
        return made[-1]

    yield adapter
    for one in made:
        await one.close()


@pytest.fixture
def adapter(make: Make) -> SlackAdapter:
    return make()


@pytest.fixture
def ops(slack: SlackServer) -> str:
    """The id of the channel #ops."""
    return slack.workspace.channel("ops").id


@pytest.fixture
def ana(slack: SlackServer) -> str:
    """Ana's id in Slack."""
    return slack.workspace.user("ana").id
