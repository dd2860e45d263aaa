"""A local Pushover: messages that phones show, and emergencies that somebody acknowledges."""

from bot.playground.pushover.server import PushoverServer

__all__ = ["PushoverServer"]
