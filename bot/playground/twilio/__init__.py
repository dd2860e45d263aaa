"""A local Twilio: SMS that reach phones, calls that ring and speak, and what it tells of both, signed."""

from bot.playground.twilio.server import TwilioServer

__all__ = ["TwilioServer"]
