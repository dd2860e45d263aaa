"""The demo's Slack: a workspace with the sample people and chats, and what the sample needs to reach it."""

from collections.abc import Mapping

from bot.clock import Clock
from bot.playground.demo import CHATS, PEOPLE
from bot.playground.page import Pane
from bot.playground.slack.pane import SlackPane
from bot.playground.slack.server import SlackServer


class Demo:
    """One workspace, running from `start` to `stop`."""

    def __init__(self, clock: Clock) -> None:
        self._server = SlackServer(clock)
        for name in PEOPLE:
            self._server.workspace.add_user(name)
        for name in CHATS:
            self._server.workspace.add_channel(name)
        self.pane: Pane = SlackPane(self._server)

    async def start(self) -> None:
        """Listen on a free port. Raises OSError."""
        await self._server.start()

    async def stop(self) -> None:
        """Drop every connection and stop listening."""
        await self._server.stop()

    def variables(self) -> Mapping[str, str]:
        """Return the variables of the sample configuration."""
        workspace = self._server.workspace
        people = {f"DEMO_USER_{name.upper()}": workspace.user(name).id for name in PEOPLE}
        chats = {f"DEMO_CHAT_{name.upper().replace('-', '_')}": workspace.channel(name).id for name in CHATS}
        return {
            "DEMO_BOT_TOKEN": self._server.bot_token,
            "DEMO_APP_TOKEN": self._server.app_token,
            "DEMO_API_BASE_URL": self._server.api_base_url,
            **people,
            **chats,
        }
