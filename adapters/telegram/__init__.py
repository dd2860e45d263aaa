"""Telegram, spoken through python-telegram-bot, which `config` does not import: a check can do without it."""
