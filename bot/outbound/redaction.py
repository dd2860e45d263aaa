"""Keeps secrets out of what is said and logged about calls.

Addresses hold secrets themselves: one-time tickets, a bot's token in the path, a proxy's password. So only scheme and
host of an address are told. A library's logger gets a filter that does the same to its records.
"""

import logging
import re
from collections.abc import Callable
from typing import Final

# Looked for at the beginning of a word only: a long text without any takes no longer than it is.
_ADDRESS: Final = re.compile(
    r"(?<![a-z0-9+.-])([a-z0-9+.-]+)://(?:[^\s/?#'\"<>]*@)?([^\s/?#'\"<>@]*)[^\s'\"<>]*", re.IGNORECASE
)
# Shorter ones are no secrets, and replacing them would make words unreadable.
SHORTEST: Final = 6


class Redaction:
    """What must not be said of one workspace: its secrets, wherever they turn up, and what any address holds."""

    def __init__(self, *secrets: str) -> None:
        self._secrets = tuple(sorted({one for one in secrets if len(one) >= SHORTEST}, key=len, reverse=True))

    def __call__(self, text: str) -> str:
        """Return `text` without any of it."""
        for secret in self._secrets:
            text = text.replace(secret, "[redacted]")
        return _ADDRESS.sub(r"\1://\2", text)


class _Clean(logging.Filter):
    """Cleans a record in place, and drops its traceback, which repeats the error's text."""

    def __init__(self, clean: Callable[[str], str]) -> None:
        super().__init__()
        self._clean = clean

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if record.exc_info and record.exc_info[0] is not None:
            message = f"{message} [{record.exc_info[0].__name__}]"
        record.msg, record.args = self._clean(message), ()
        record.exc_info = record.exc_text = record.stack_info = None
        return True


def quiet(name: str, clean: Callable[[str], str], level: int = logging.WARNING) -> logging.Logger:
    """Return the logger of that name, which tells only warnings and worse, cleaned; its own handlers are gone."""
    logger = logging.getLogger(name)
    logger.setLevel(level)
    logger.handlers.clear()
    logger.propagate = True
    logger.filters[:] = [one for one in logger.filters if not isinstance(one, _Clean)]
    logger.addFilter(_Clean(clean))
    return logger
