"""What each way in which Telegram can say no means for what happens next: one table.

A row is the SDK's class of the error, how its words begin, whatever their case, and the meaning; the first row that
fits counts. The classes stand in the order in which they must be asked: a BadRequest is a NetworkError to the SDK. What
no row knows counts as refused. The words are those of the server's source (tdlib/telegram-bot-api, `Client.cpp`);
those in capitals, which it passes on from elsewhere, are partly guesses.
"""

from datetime import timedelta
from typing import Final

import httpx
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from adapters.telegram.secrets import without_secrets
from bot.adapter import DeliveryFailed, FailureKind

# Seconds to wait where Telegram asks for patience without saying how long.
DEFAULT_RETRY_AFTER: Final = 10.0
DETAIL_LIMIT: Final = 500

Row = tuple[type[TelegramError], str, FailureKind]

ROWS: Final[tuple[Row, ...]] = (
    (RetryAfter, "", FailureKind.RATE_LIMITED),
    (ChatMigrated, "", FailureKind.REFUSED),
    # The person cannot be reached.
    (Forbidden, "bot was blocked by the user", FailureKind.UNLINKED),
    (Forbidden, "user is deactivated", FailureKind.UNLINKED),
    (Forbidden, "bot can't initiate conversation", FailureKind.UNLINKED),
    (Forbidden, "bot can't send messages to bots", FailureKind.UNLINKED),
    (Forbidden, "bots can't send messages to bots", FailureKind.UNLINKED),
    (Forbidden, "bot can't send messages to the user", FailureKind.UNLINKED),
    # The chat takes no messages from us.
    (Forbidden, "bot was kicked from", FailureKind.REFUSED),
    (Forbidden, "bot is not a member of", FailureKind.REFUSED),
    (Forbidden, "the group chat was deleted", FailureKind.REFUSED),
    (Forbidden, "", FailureKind.REFUSED),
    (EndPointNotFound, "", FailureKind.REFUSED),
    (InvalidToken, "not found: method not found", FailureKind.REFUSED),
    (InvalidToken, "", FailureKind.UNAUTHORIZED),
    (Conflict, "", FailureKind.REFUSED),
    # Our content: a plain line in its stead can still be taken.
    (BadRequest, "message is too long", FailureKind.TOO_LONG),
    (BadRequest, "message_too_long", FailureKind.TOO_LONG),
    (BadRequest, "text is too long", FailureKind.TOO_LONG),
    (BadRequest, "reply markup is too long", FailureKind.TOO_LONG),
    (BadRequest, "reply_markup_too_long", FailureKind.TOO_LONG),
    (BadRequest, "entities_too_long", FailureKind.TOO_LONG),
    (BadRequest, "message caption is too long", FailureKind.TOO_LONG),
    (BadRequest, "too big for a photo", FailureKind.TOO_LONG),
    (BadRequest, "there is no photo in the request", FailureKind.MALFORMED),
    (BadRequest, "photo_", FailureKind.MALFORMED),
    (BadRequest, "image_process_failed", FailureKind.MALFORMED),
    (BadRequest, "can't parse", FailureKind.MALFORMED),
    (BadRequest, "message text is empty", FailureKind.MALFORMED),
    (BadRequest, "text must be", FailureKind.MALFORMED),
    (BadRequest, "wrong parameter", FailureKind.MALFORMED),
    (BadRequest, "wrong http url", FailureKind.MALFORMED),
    (BadRequest, "inline keyboard", FailureKind.MALFORMED),
    (BadRequest, "object expected as", FailureKind.MALFORMED),
    (BadRequest, "unsupported parse_mode", FailureKind.MALFORMED),
    (BadRequest, "button_", FailureKind.MALFORMED),
    (BadRequest, "entity_", FailureKind.MALFORMED),
    (BadRequest, "url_invalid", FailureKind.MALFORMED),
    (BadRequest, "strings must be encoded in utf-8", FailureKind.MALFORMED),
    # The message that was to be edited or replied to.
    (BadRequest, "message to edit not found", FailureKind.GONE),
    (BadRequest, "message can't be edited", FailureKind.GONE),
    (BadRequest, "there is no text in the message to edit", FailureKind.GONE),
    (BadRequest, "message to be replied not found", FailureKind.GONE),
    (BadRequest, "message to reply not found", FailureKind.GONE),
    (BadRequest, "message_id_invalid", FailureKind.GONE),
    (BadRequest, "message identifier is not specified", FailureKind.GONE),
    (BadRequest, "logged out", FailureKind.UNAUTHORIZED),
    # The chat, again.
    (BadRequest, "not enough rights", FailureKind.REFUSED),
    (BadRequest, "have no rights to send a message", FailureKind.REFUSED),
    (BadRequest, "need administrator rights", FailureKind.REFUSED),
    (BadRequest, "chat_write_forbidden", FailureKind.REFUSED),
    (BadRequest, "chat_restricted", FailureKind.REFUSED),
    (BadRequest, "message thread not found", FailureKind.REFUSED),
    (BadRequest, "topic_closed", FailureKind.REFUSED),
    (BadRequest, "topic_deleted", FailureKind.REFUSED),
    (BadRequest, "group chat was upgraded", FailureKind.REFUSED),
    (BadRequest, "", FailureKind.REFUSED),
    # What is said of connections comes from the SDK: "The request was *not* sent".
    (TimedOut, "pool timeout", FailureKind.UNREACHABLE),
    (TimedOut, "", FailureKind.UNCERTAIN),
    (NetworkError, "httpx.connecterror", FailureKind.UNREACHABLE),
    (NetworkError, "httpx.proxyerror", FailureKind.UNREACHABLE),
    (NetworkError, "httpx.unsupportedprotocol", FailureKind.UNREACHABLE),
    (NetworkError, "too many requests", FailureKind.RATE_LIMITED),
    (NetworkError, "request entity too large", FailureKind.TOO_LONG),
    # Gateways, restarts, lost connections: it may have been done.
    (NetworkError, "", FailureKind.UNCERTAIN),
    (TelegramError, "invalid server response", FailureKind.UNCERTAIN),
    (TelegramError, "", FailureKind.REFUSED),
)

# What means something else about a person than about a group.
OF_PEOPLE: Final = ("chat not found", "private chat not found", "user not found", "peer_id_invalid", "user_is_blocked")
NOT_MODIFIED: Final = "message is not modified"
TOO_OLD: Final = "query is too old"
CONTENT_KINDS: Final = frozenset({FailureKind.TOO_LONG, FailureKind.MALFORMED})


class TelegramFailed(DeliveryFailed):
    """A failure with Telegram's own `words`, in small letters; empty where it said none.

    `moved_to`: the id that the group has now.
    """

    def __init__(
        self,
        kind: FailureKind,
        detail: str,
        *,
        words: str = "",
        moved_to: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(kind, without_secrets(detail)[:DETAIL_LIMIT], retry_after=retry_after)
        self.words = words
        self.moved_to = moved_to


def failure_of(method: str, error: Exception, *, direct: bool = False) -> TelegramFailed:
    """Return what it means that a call of `method` ended with `error`; `direct`: it concerned one person."""
    if not isinstance(error, TelegramError):
        return TelegramFailed(FailureKind.UNCERTAIN, f"{method}: no answer that can be read: {type(error).__name__}")
    cause = error.__cause__
    if isinstance(error, InvalidToken | EndPointNotFound) and isinstance(cause, InvalidToken):
        # The SDK has replaced the words.
        return failure_of(method, cause, direct=direct)
    if isinstance(cause, TelegramError):
        return _gateway(method, error)
    if isinstance(cause, httpx.ConnectTimeout):
        return TelegramFailed(FailureKind.UNREACHABLE, f"{method}: not connected in time")
    words = _words(error)
    kind = _kind(error, words)
    if direct and kind is FailureKind.REFUSED and words.startswith(OF_PEOPLE):
        kind = FailureKind.UNLINKED
    return TelegramFailed(
        kind,
        f"{method}: {error.message}",
        words=words,
        moved_to=str(error.new_chat_id) if isinstance(error, ChatMigrated) else "",
        retry_after=_seconds(error) if kind is FailureKind.RATE_LIMITED else None,
    )


def _gateway(method: str, error: TelegramError) -> TelegramFailed:
    """Return what a page means that is not Telegram's: its status says nothing of what became of the call."""
    status = error.message.partition(". Parsing the server response")[0]
    if status.lower().startswith("too many requests"):
        return TelegramFailed(FailureKind.RATE_LIMITED, f"{method}: {status}", retry_after=DEFAULT_RETRY_AFTER)
    if status.lower().startswith("proxy authentication required"):
        return TelegramFailed(FailureKind.UNREACHABLE, f"{method}: {status}")
    return TelegramFailed(FailureKind.UNCERTAIN, f"{method}: {status}, and no answer that can be read")


def _kind(error: TelegramError, words: str) -> FailureKind:
    fitting = (kind for cls, begin, kind in ROWS if isinstance(error, cls) and words.startswith(begin))
    return next(fitting, FailureKind.REFUSED)


def _words(error: TelegramError) -> str:
    said = error.message.lower()
    for before in ("bad request: ", "forbidden: ", "conflict: "):
        said = said.removeprefix(before)
    return said


def _seconds(error: TelegramError) -> float:
    if not isinstance(error, RetryAfter):
        return DEFAULT_RETRY_AFTER
    wait = error.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
