"""Keeps the token out of what is said and logged: it stands in every address that is called."""

import logging
import re
from typing import Final

from bot.outbound.redaction import Redaction, quiet

_TOKEN: Final = re.compile(r"(?:bot)?\d{3,20}:[A-Za-z0-9_-]{25,}", re.ASCII)
_ADDRESSES: Final = Redaction()
# httpx tells every address; the SDK repeats what it could not read.
_LOGGERS: Final = ("httpx", "httpcore", "telegram", "telegram.Bot")
_OF_REQUESTS: Final = ("telegram.request.BaseRequest", "telegram.request.HTTPXRequest")


def without_secrets(text: str) -> str:
    """Return `text` without tokens, and of addresses only the host."""
    return _TOKEN.sub("[redacted]", _ADDRESSES(text))


def quiet_loggers() -> None:
    """Let the libraries' loggers tell only warnings and worse, cleaned; errors of reading are told by us."""
    for name in _LOGGERS:
        quiet(name, without_secrets)
    for name in _OF_REQUESTS:
        quiet(name, without_secrets, logging.CRITICAL)
