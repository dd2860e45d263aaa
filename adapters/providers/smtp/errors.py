"""What each way in which a mail server can say no means for what happens next: one table.

The enhanced code (RFC 3463: `5.1.1`), where there is one, says more than the basic code (`550`), and counts first. What
is refused before the recipient is named concerns us and not them. What breaks before the mail is handed over was
certainly not sent; what breaks after may have been. Servers use codes as they like: which codes ask for another try
later than in a minute is partly guessed.
"""

import re
import ssl
from collections.abc import Iterator
from enum import IntEnum
from typing import Final

import aiosmtplib

from bot.adapter import DeliveryFailed, FailureKind
from bot.outbound.redaction import Redaction

DETAIL_LIMIT: Final = 500
# Seconds. Grey listing lets nobody in earlier than after some minutes.
SOON: Final = 60.0
GREY: Final = 300.0


class Stage(IntEnum):
    """How far a mail has come."""

    CONNECT = 0
    EHLO = 1
    AUTH = 2
    MAIL = 3
    RCPT = 4
    DATA = 5


Meaning = tuple[FailureKind, float | None]

# Of no mail, but of who we are: whatever the enhanced code says.
AUTHENTICATION: Final = frozenset({530, 534, 535, 538})

# The longest beginning that fits counts.
ENHANCED: Final[dict[str, Meaning]] = {
    "5.1": (FailureKind.REFUSED, None),
    "5.1.7": (FailureKind.UNAUTHORIZED, None),
    "5.1.8": (FailureKind.UNAUTHORIZED, None),
    "5.2": (FailureKind.REFUSED, None),
    "5.2.3": (FailureKind.TOO_LONG, None),
    "5.3.4": (FailureKind.TOO_LONG, None),
    "5.4": (FailureKind.REFUSED, None),
    # "Daily user sending limit exceeded", as Gmail says it.
    "5.4.5": (FailureKind.QUOTA, None),
    "5.6": (FailureKind.MALFORMED, None),
    "5.6.7": (FailureKind.REFUSED, None),
    "5.7": (FailureKind.UNAUTHORIZED, None),
    "4.2": (FailureKind.RATE_LIMITED, GREY),
    "4.3": (FailureKind.UNREACHABLE, None),
    "4.4": (FailureKind.UNREACHABLE, None),
    "4.5.3": (FailureKind.RATE_LIMITED, SOON),
    "4.7": (FailureKind.RATE_LIMITED, GREY),
}

BASIC: Final[dict[int, Meaning]] = {
    421: (FailureKind.UNREACHABLE, None),
    450: (FailureKind.RATE_LIMITED, SOON),
    451: (FailureKind.RATE_LIMITED, GREY),
    452: (FailureKind.RATE_LIMITED, SOON),
    550: (FailureKind.REFUSED, None),
    551: (FailureKind.REFUSED, None),
    552: (FailureKind.TOO_LONG, None),
    553: (FailureKind.REFUSED, None),
    554: (FailureKind.REFUSED, None),
}
CONTENT_KINDS: Final = frozenset({FailureKind.TOO_LONG, FailureKind.MALFORMED})

_ENHANCED: Final = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_CLEAR: Final = Redaction()


def failure_of(stage: Stage, error: Exception, redaction: Redaction = _CLEAR) -> DeliveryFailed:
    """Return what it means that `error` ended a mail at this stage."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused) and error.recipients:
        return failure_of(Stage.RCPT, error.recipients[0], redaction)
    if isinstance(error, aiosmtplib.SMTPResponseException) and error.code >= 400:
        kind, wait = meaning(stage, error.code, error.message)
        return _failed(kind, stage, f"{error.code} {error.message}", redaction, wait)
    if _distrusts(error):
        return _failed(FailureKind.UNAUTHORIZED, stage, f"no secure connection: {_words(error)}", redaction)
    if isinstance(error, aiosmtplib.SMTPException) and not isinstance(
        error, OSError | aiosmtplib.SMTPResponseException
    ):
        # The server cannot do what is configured: no STARTTLS, no way to log in.
        return _failed(FailureKind.UNAUTHORIZED, stage, _words(error), redaction)
    if isinstance(error, ValueError):
        kind = FailureKind.REFUSED if stage >= Stage.RCPT else FailureKind.UNAUTHORIZED
        return _failed(kind, stage, _words(error), redaction)
    kind = FailureKind.UNCERTAIN if stage is Stage.DATA else FailureKind.UNREACHABLE
    return _failed(kind, stage, _words(error), redaction)


def meaning(stage: Stage, code: int, message: str) -> Meaning:
    """Return what a refusal means, and how many seconds to wait at least."""
    kind, wait = _of_codes(code, message)
    if kind is FailureKind.REFUSED and stage < Stage.RCPT:
        return FailureKind.UNAUTHORIZED, None
    # Only what was handed over can be too long or malformed; what was said before was an address.
    if kind in CONTENT_KINDS and stage < Stage.DATA:
        return (FailureKind.REFUSED if stage is Stage.RCPT else FailureKind.UNAUTHORIZED), None
    return kind, wait


def _of_codes(code: int, message: str) -> Meaning:
    if code in AUTHENTICATION:
        return FailureKind.UNAUTHORIZED, None
    found = _ENHANCED.search(message[:40])
    # One that contradicts the basic code says nothing.
    if found is not None and found[1][0] == str(code)[0]:
        whole = found[1]
        for known in (whole, whole.rpartition(".")[0]):
            if known in ENHANCED:
                return ENHANCED[known]
    if code in BASIC:
        return BASIC[code]
    if 500 <= code <= 504 or code == 555:
        return FailureKind.MALFORMED, None
    return (FailureKind.UNREACHABLE if code < 500 else FailureKind.REFUSED), None


def _distrusts(error: BaseException) -> bool:
    """Whether the certificate is not one that we trust, or what answers speaks no TLS."""
    return any(
        isinstance(one, ssl.SSLCertVerificationError)
        or (isinstance(one, ssl.SSLError) and one.reason in ("WRONG_VERSION_NUMBER", "UNSUPPORTED_PROTOCOL"))
        for one in _chain(error)
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _failed(
    kind: FailureKind, stage: Stage, words: str, redaction: Redaction, wait: float | None = None
) -> DeliveryFailed:
    said = " ".join(redaction(words).split())[:DETAIL_LIMIT]
    return DeliveryFailed(kind, f"{stage.name}: {said}", retry_after=wait)
