"""The demo's DingTalk: an organisation with the sample people and chats, and what the sample needs to reach it.

The card template is the project's own, as it is imported into the real card builder; DingTalk's public one without it.
"""

import json
from collections.abc import Mapping
from importlib.resources import files

from bot.clock import Clock
from bot.playground.demo import CHATS, PEOPLE
from bot.playground.dingtalk.pane import DingTalkPane
from bot.playground.dingtalk.server import DingTalkServer
from bot.playground.dingtalk.templates import MARKDOWN_TEMPLATE
from bot.playground.page import Pane


class Demo:
    """One organisation, running from `start` to `stop`."""

    def __init__(self, clock: Clock) -> None:
        self._server = DingTalkServer(clock)
        workspace = self._server.workspace
        for name in PEOPLE:
            workspace.direct(workspace.add_user(name).id)
        for name in CHATS:
            workspace.add_chat(name)
        drawn = files("manifest").joinpath("dingtalk_card.json")
        self._template = MARKDOWN_TEMPLATE
        if drawn.is_file():
            self._template = workspace.add_template(json.loads(drawn.read_text(encoding="utf-8")))
        self.pane: Pane = DingTalkPane(self._server)

    async def start(self) -> None:
        """Listen on a free port. Raises OSError."""
        await self._server.start()

    async def stop(self) -> None:
        """Drop every connection and stop listening."""
        await self._server.stop()

    def variables(self) -> Mapping[str, str]:
        """Return the variables of the sample configuration."""
        workspace = self._server.workspace
        people = {f"DEMO_DINGTALK_USER_{name.upper()}": workspace.user(name).id for name in PEOPLE}
        chats = {f"DEMO_DINGTALK_CHAT_{name.upper().replace('-', '_')}": workspace.chat(name).id for name in CHATS}
        return {
            "DEMO_DINGTALK_CLIENT_ID": self._server.client_id,
            "DEMO_DINGTALK_CLIENT_SECRET": self._server.client_secret,
            "DEMO_DINGTALK_CARD_TEMPLATE_ID": self._template,
            "DEMO_DINGTALK_API_BASE_URL": self._server.api_base_url,
            **people,
            **chats,
        }
