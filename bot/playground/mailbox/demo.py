"""The demo's mail server, which has a mailbox for everybody."""

from collections.abc import Mapping

from bot.clock import Clock
from bot.playground.demo import PEOPLE
from bot.playground.mailbox.pane import MailPane
from bot.playground.mailbox.server import Mailbox
from bot.playground.page import Pane


class Demo:
    """One mail server, running from `start` to `stop`."""

    def __init__(self, clock: Clock) -> None:
        self._server = Mailbox(clock)
        self.pane: Pane = MailPane(self._server, {name: f"{name}@example.com" for name in PEOPLE})

    async def start(self) -> None:
        """Listen on a free port. Raises OSError."""
        await self._server.start()

    async def stop(self) -> None:
        """Drop every connection and stop listening."""
        await self._server.stop()

    def variables(self) -> Mapping[str, str]:
        """Return the variables of the sample configuration."""
        return {"DEMO_SMTP_HOST": self._server.host, "DEMO_SMTP_PORT": str(self._server.port)}
