"""Keeps secrets out of what is said and logged: tokens, and addresses that are secrets themselves.

The SDK logs whole bodies when its logger's level allows, and errors whose text holds the address of a socket with its
ticket. So it gets a logger of its own, from warnings up, whose records are cleaned.
"""

import logging
import re
from typing import Final

from bot.outbound.redaction import Redaction, quiet

_TOKEN: Final = re.compile(r"\bx(?:ox[a-z]|app)[-.][\w.-]+")
_addresses: Final = Redaction()


def without_secrets(text: str) -> str:
    """Return `text` without tokens, and with every address cut to its scheme and host."""
    return _TOKEN.sub("[redacted]", _addresses(text))


def sdk_logger() -> logging.Logger:
    """Return the logger that the SDK is given; bolt copies its level and filters to every logger it makes."""
    return quiet("adapters.slack.sdk", without_secrets)
