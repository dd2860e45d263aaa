"""The demo's Feishu: a company with the sample people and chats, and what the sample needs to reach it."""

from collections.abc import Mapping

from bot.clock import Clock
from bot.playground.demo import CHATS, PEOPLE
from bot.playground.feishu.pane import FeishuPane
from bot.playground.feishu.server import FeishuServer
from bot.playground.page import Pane


class Demo:
    """One tenant, running from `start` to `stop`."""

    def __init__(self, clock: Clock) -> None:
        self._server = FeishuServer(clock)
        people = [self._server.workspace.add_user(name) for name in PEOPLE]
        for name in CHATS:
            self._server.workspace.add_chat(name)
        for person in people:
            self._server.workspace.open_p2p(person.id)
        self.pane: Pane = FeishuPane(self._server)

    async def start(self) -> None:
        """Listen on a free port. Raises OSError."""
        await self._server.start()

    async def stop(self) -> None:
        """Drop every connection and stop listening."""
        await self._server.stop()

    def variables(self) -> Mapping[str, str]:
        """Return the variables of the sample configuration."""
        server = self._server
        people = {f"DEMO_FEISHU_USER_{name.upper()}": server.user(name).id for name in PEOPLE}
        chats = {f"DEMO_FEISHU_CHAT_{name.upper().replace('-', '_')}": server.chat(name).id for name in CHATS}
        return {
            "DEMO_FEISHU_APP_ID": server.app_id,
            "DEMO_FEISHU_APP_SECRET": server.app_secret,
            "DEMO_FEISHU_API_BASE_URL": server.api_base_url,
            **people,
            **chats,
        }
