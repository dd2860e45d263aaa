"""An Alibaba Cloud on this machine: SMS and voice, signatures and templates, receipts and replies."""

from bot.playground.aliyun.account import Account, Template
from bot.playground.aliyun.server import AliyunServer

__all__ = ["Account", "AliyunServer", "Template"]
