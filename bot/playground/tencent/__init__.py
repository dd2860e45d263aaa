"""A Tencent Cloud on this machine: SMS and voice, signatures and templates, receipts and replies."""

from bot.playground.tencent.account import Account, Template
from bot.playground.tencent.server import TencentServer

__all__ = ["Account", "Template", "TencentServer"]
