"""A mail server on this machine, and everybody's mailboxes behind it."""

from bot.playground.mailbox.mail import Mail
from bot.playground.mailbox.server import Doors, Hook, Mailbox

__all__ = ["Doors", "Hook", "Mail", "Mailbox"]
