"""Telegram in the demo: everybody has pressed Start, and the bot is in both groups."""

from collections.abc import Mapping

from bot.clock import Clock
from bot.playground.demo import CHATS, PEOPLE
from bot.playground.page import Pane
from bot.playground.telegram.pane import TelegramPane
from bot.playground.telegram.server import TelegramServer


class Demo:
    """One bot and its people, running from `start` to `stop`."""

    def __init__(self, clock: Clock) -> None:
        self._server = TelegramServer(clock)
        for name in PEOPLE:
            self._server.workspace.add_user(name, started=True)
        for name in CHATS:
            self._server.workspace.add_chat(name)
        self.pane: Pane = TelegramPane(self._server)

    async def start(self) -> None:
        """Listen on a free port. Raises OSError."""
        await self._server.start()

    async def stop(self) -> None:
        """Drop every connection and stop listening."""
        await self._server.stop()

    def variables(self) -> Mapping[str, str]:
        """Return the variables of the sample configuration."""
        workspace = self._server.workspace
        people = {f"DEMO_TELEGRAM_USER_{name.upper()}": workspace.user(name).id for name in PEOPLE}
        chats = {f"DEMO_TELEGRAM_CHAT_{name.upper().replace('-', '_')}": workspace.chat(name).id for name in CHATS}
        return {
            "DEMO_TELEGRAM_BOT_TOKEN": self._server.bot_token,
            "DEMO_TELEGRAM_API_BASE_URL": self._server.api_base_url,
            **people,
            **chats,
        }
