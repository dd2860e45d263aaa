"""A local Bark server: device keys, and the phones that ring by them."""

from bot.playground.bark.server import BarkServer

__all__ = ["BarkServer"]
