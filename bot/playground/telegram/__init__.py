"""A local Telegram: the Bot API with polling and webhook, its limits and refusals, and the people around one bot."""

from bot.playground.telegram.clicks import Answer
from bot.playground.telegram.expect import Card
from bot.playground.telegram.pane import TelegramPane
from bot.playground.telegram.server import TelegramServer
from bot.playground.telegram.workspace import Chat, Message, Notice, User, Workspace

__all__ = ["Answer", "Card", "Chat", "Message", "Notice", "TelegramPane", "TelegramServer", "User", "Workspace"]
