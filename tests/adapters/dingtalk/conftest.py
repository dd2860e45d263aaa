"""A DingTalk on this machine, and adapters that speak to it."""

import json
from collections.abc import AsyncIterator, Callable
from importlib.resources import files

import pytest

from adapters.dingtalk.adapter import DingTalkAdapter
from adapters.dingtalk.config import DingTalkConfig
from bot.clock import Clock, SystemClock
from bot.playground.dingtalk import DingTalkServer

Make = Callable[..., DingTalkAdapter]
TEMPLATE = json.loads(files("manifest").joinpath("dingtalk_card.json").read_text(encoding="utf-8"))


@pytest.fixture
async def dingtalk() -> AsyncIterator[DingTalkServer]:
    async with DingTalkServer() as server:
        server.pace.enabled = False
        server.workspace.add_user("ana")
        server.workspace.add_user("bo")
        server.workspace.add_chat("ops")
        yield server


@pytest.fixture
def template(dingtalk: DingTalkServer) -> str:
    """The id of our card template."""
    return dingtalk.workspace.add_template(TEMPLATE)


@pytest.fixture
async def make(dingtalk: DingTalkServer, template: str) -> AsyncIterator[Make]:
    """Make adapters for the server; what is given replaces the configuration, None takes it away."""
    made: list[DingTalkAdapter] = []

    def adapter(*, clock: Clock | None = None, **changes: object) -> DingTalkAdapter:
        config: dict[str, object] = {
            "client_id": dingtalk.client_id,
            "client_secret": dingtalk.client_secret,
            "card_template_id": template,
            "api_base_url": dingtalk.api_base_url,
        }
        given = {key: value for key, value in (config | changes).items() if value is not None}
        made.append(DingTalkAdapter(DingTalkConfig.model_validate(given), clock or SystemClock()))
        return made[-1]

    yield adapter
    for one in made:
        await one.close()


@pytest.fixture
def adapter(make: Make) -> DingTalkAdapter:
    return make()


@pytest.fixture
def robot(make: Make) -> DingTalkAdapter:
    """An adapter without a card template."""
    return make(card_template_id=None)


@pytest.fixture
def called(make: Make) -> DingTalkAdapter:
    """An adapter that DingTalk calls."""
    return make(mode="http", api_secret="an-api-secret", callback_url="https://oncard.example.com/im/dingtalk/a/cards")


@pytest.fixture
def ops(dingtalk: DingTalkServer) -> str:
    """The id of the group ops."""
    return dingtalk.workspace.chat("ops").id


@pytest.fixture
def ana(dingtalk: DingTalkServer) -> str:
    """Ana's userId."""
    return dingtalk.workspace.user("ana").id
