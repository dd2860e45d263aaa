"""What each way in which Feishu can say no means for what happens next.

The body decides, not the HTTP status: most refusals come with 400, some with 200. A code that is not in the table
counts as refused. Source: https://open.feishu.cn/document/server-docs/api-call-guide/generic-error-code and the pages
of the methods. The SDK's own classifier is not used: it takes the rate limit 99991400 for a missing right and 230020
for a revoked message. Guess: that 230001 speaks of a message which is not there when its words name `message_id`.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from bot.adapter import DeliveryFailed, FailureKind
from bot.outbound.client import Reply
from bot.outbound.redaction import Redaction

# Seconds to wait where Feishu asks for patience without saying how long.
DEFAULT_RETRY_AFTER: Final = 5.0
DETAIL_LIMIT: Final = 500

_KINDS: Final[Mapping[FailureKind, str]] = {
    FailureKind.RATE_LIMITED: "99991400 230020 11232 11233 11247",
    # Somebody else is at it: 232019 one change of a chat at a time, 18121.
    FailureKind.UNREACHABLE: "232019 18121",
    # Feishu fails inside, or is at it still (230049); it may have been done all the same.
    FailureKind.UNCERTAIN: "230049 2200 1500 1663 5000 55001 300000",
    FailureKind.QUOTA: "99991403 230024",
    FailureKind.UNLINKED: """
        230013 230029 230053 230034 230038 18120 99992351 99992360 99992361 99992364 11225 232024 41050""",
    # The chat takes no messages from us.
    FailureKind.REFUSED: """
        230002 232009 232006 10029 11213 232011 11237 230018 230035 230054 230075 230071 230072""",
    # The message that was to be edited or replied to.
    FailureKind.GONE: "230011 230110 230031 200000 230019",
    FailureKind.UNAUTHORIZED: """
        99991672 99991401 99991662 99991673 10014 232034 10003 10015 20002 99991543 230006 232025 11205 230027
        234002 234007""",
}

# A token that Feishu no longer knows: a new one is asked for, once.
_TOKEN: Final = "99991663 99991664 99991665 99991661 99991671 99991668 99991677 20013"  # noqa: S105 - codes

# Codes that speak of our content: a plain line in its stead can still be taken.
_CONTENT: Final[Mapping[FailureKind, str]] = {
    FailureKind.TOO_LONG: "230025 19036 234006 234039",
    FailureKind.MALFORMED: """
        230001 230099 230022 230028 9499 100290 11310 200621 200861 200570 200530 200830 11246 234001 234010
        234011""",
}

CODES: Final[Mapping[int, FailureKind]] = MappingProxyType(
    {int(code): kind for table in (_KINDS, _CONTENT) for kind, codes in table.items() for code in codes.split()}
    | {int(code): FailureKind.UNAUTHORIZED for code in _TOKEN.split()}
)
CONTENT_CODES: Final = frozenset(int(code) for codes in _CONTENT.values() for code in codes.split())
TOKEN_CODES: Final = frozenset(int(code) for code in _TOKEN.split())
THREAD_CODES: Final = frozenset({230071, 230072})
BAD_MENTION: Final = 100290
BAD_CARD: Final = 230099
# Nobody has this ID, or, where the message was for a chat, no chat has it.
BAD_RECEIVER: Final = 230034
_INVALID: Final = 230001
_LOCKED: Final = 11310
_SUB_CODE: Final = re.compile(r"ErrCode:\s*(\d{1,12})")
_SECONDS: Final = re.compile(r"\d{1,6}(?:\.\d{1,6})?", re.ASCII)
_addresses: Final = Redaction()


class FeishuFailed(DeliveryFailed):
    """A failure with Feishu's own `code`, the inner one of a faulty card; 0 where Feishu gave none."""

    def __init__(self, kind: FailureKind, detail: str, *, code: int = 0, retry_after: float | None = None) -> None:
        super().__init__(kind, _addresses(detail)[:DETAIL_LIMIT], retry_after=retry_after)
        self.code = code

    @property
    def is_content(self) -> bool:
        """Whether the content is at fault, so that less of it may be taken."""
        return self.code in CONTENT_CODES and self.kind in (FailureKind.MALFORMED, FailureKind.TOO_LONG)


def failure_of(method: str, reply: Reply, clean: Redaction = _addresses) -> FeishuFailed | None:
    """Return what an answer says that is no yes, its words without what `clean` hides; None: it is one."""
    body = reply.json()
    code = body.get("code")
    if not isinstance(code, int) or isinstance(code, bool):
        return _status_failure(method, reply)
    if code == 0:
        return None
    msg = body.get("msg")
    # Feishu says again what it was sent, and its words are read in chats.
    return _refusal(f"{method}: {code}", code, clean(msg) if isinstance(msg, str) else "", reply)


def _refusal(detail: str, code: int, words: str, reply: Reply) -> FeishuFailed:
    inner = _SUB_CODE.search(words) if code == BAD_CARD else None
    kind = CODES.get(code)
    if reply.status == 429:
        kind = FailureKind.RATE_LIMITED
    elif kind is None:
        kind = FailureKind.UNCERTAIN if reply.status >= 500 else FailureKind.REFUSED
    elif inner is not None and int(inner[1]) == _LOCKED and "lock" in words:
        # "card action is lock": another change of the card is under way.
        kind = FailureKind.UNREACHABLE
    elif code == _INVALID and "message_id" in words:
        kind = FailureKind.GONE
    wait = _seconds(reply) if kind is FailureKind.RATE_LIMITED else None
    known = int(inner[1]) if inner is not None and int(inner[1]) in CODES else code
    return FeishuFailed(kind, f"{detail} {words}".strip(), code=known, retry_after=wait)


def _status_failure(method: str, reply: Reply) -> FeishuFailed:
    """Return what an HTTP status means where the body says nothing."""
    detail = f"{method}: HTTP {reply.status}"
    if reply.status == 429:
        return FeishuFailed(FailureKind.RATE_LIMITED, detail, retry_after=_seconds(reply))
    return FeishuFailed(FailureKind.UNCERTAIN, f"{detail}, and no answer that can be read")


def _seconds(reply: Reply) -> float:
    given = reply.headers.get("x-ogw-ratelimit-reset", "").strip()
    return float(given) if _SECONDS.fullmatch(given) else DEFAULT_RETRY_AFTER
