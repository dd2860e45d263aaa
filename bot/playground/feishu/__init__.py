"""A local server that speaks Feishu's OpenAPI, long connection and callbacks, for tests and the demo.

Start with `server`; `tenant` is what it remembers, `expect` the language of tests.
"""

from bot.playground.feishu.pane import FeishuPane
from bot.playground.feishu.server import FeishuServer

__all__ = ["FeishuPane", "FeishuServer"]
