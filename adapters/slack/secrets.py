"""Keeps secrets out of what is said and logged: tokens, and addresses that are secrets themselves.

The SDK logs whole bodies when its logger's level allows, and errors whose text holds the address of a socket with its
ticket. So it gets a logger of its own, from warnings up, whose records are cleaned.
"""

import logging
import re
from typing import Final

_TOKEN: Final = re.compile(r"\bx(?:ox[a-z]|app)[-.][\w.-]+")
# Response URLs, socket tickets and a proxy's password stand in addresses: only scheme and host are told.
_ADDRESS: Final = re.compile(r"\b([a-z][a-z0-9+.-]*)://(?:[^\s/?#'\"<>]*@)?([^\s/?#'\"<>@]*)[^\s'\"<>]*", re.IGNORECASE)


def without_secrets(text: str) -> str:
    """Return `text` without tokens, and with every address cut to its scheme and host."""
    return _TOKEN.sub("[redacted]", _ADDRESS.sub(r"\1://\2", text))


class _Clean(logging.Filter):
    """Cleans a record in place, and drops its traceback, which repeats the error's text."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if record.exc_info and record.exc_info[0] is not None:
            message = f"{message} [{record.exc_info[0].__name__}]"
        record.msg, record.args = without_secrets(message), ()
        record.exc_info = record.exc_text = record.stack_info = None
        return True


def sdk_logger() -> logging.Logger:
    """Return the logger that the SDK is given; bolt copies its level and filters to every logger it makes."""
    logger = logging.getLogger("adapters.slack.sdk")
    logger.setLevel(logging.WARNING)
    if not logger.filters:
        logger.addFilter(_Clean())
    return logger
