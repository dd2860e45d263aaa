"""A DingTalk on this machine, for the demo and the tests.

Points where DingTalk's documentation leaves the answer open are guesses, named in the modules that make them.
"""

from bot.playground.dingtalk.server import DingTalkServer
from bot.playground.dingtalk.templates import Template

__all__ = ["DingTalkServer", "Template"]
