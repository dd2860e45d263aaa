"""A local ntfy: topics that phones listen to.

Point a provider of the kind `ntfy` at its `api_base_url`, and tap what lights up on the phones.
"""

from bot.playground.ntfy.server import NtfyServer

__all__ = ["NtfyServer"]
