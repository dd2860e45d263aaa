"""What each way in which DingTalk can say no means for what happens next: one table for both APIs and the webhooks.

The newer API says HTTP 400 or 403 with `{code, message}`, the older one and webhooks HTTP 200 with `errcode`, and a
card that was created may yet be delivered nowhere. The body decides, not the status; a code that is not in the table
counts as refused. Source: https://open.dingtalk.com/document/orgapp/server-api-error-codes-1, and the pages of methods.
Guesses: the name of the code for a missing scope, and that a gateway's page which speaks of no `wait` is a ban of five
minutes when it is a 403.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from bot.adapter import DeliveryFailed, FailureKind
from bot.outbound.client import Reply
from bot.outbound.redaction import Redaction

# Seconds to wait where DingTalk asks for patience without saying how long, and for which it turns an address away.
DEFAULT_RETRY_AFTER: Final = 2.0
BANNED_FOR: Final = 300.0
DETAIL_LIMIT: Final = 500

_KINDS: Final[Mapping[FailureKind, str]] = {
    FailureKind.RATE_LIMITED: """
        Forbidden.AccessDenied.QpsLimitForAppkeyAndApi Forbidden.AccessDenied.QpsLimitForApi 90018 90002
        request.too.fast send.too.fast send.byToken.tooFast toomuch.msg flowControlledStaffIdList 410100 1111""",
    FailureKind.UNREACHABLE: "system.busy",
    # It may have been done all the same.
    FailureKind.UNCERTAIN: "system.error unknown.send.result -1",
    FailureKind.QUOTA: "Forbidden.AccessDenied.ApiCountLimitForOrg 90020 20001 ding.serverquota.insufficient",
    FailureKind.UNLINKED: """
        invalidStaffIdList param.userIdNotExist invalid.staffid miss.staffId staffChangeError robot.oto.notExist 60121
        40103""",
    # The chat takes no messages from us, or from nobody any more.
    FailureKind.REFUSED: """
        group.disbanded invalid.openConversationId invalidParameter.robotCode.notExsit invalidParameter.robotCode.empty
        robot.not.found bot.stopped template.stopped invalidRequest.robotIsStop robotDisabled 400013 400101 400102
        400106 bot.forbidden.sendMessage""",
    # The card that was to be edited, or the session that was to be answered in.
    FailureKind.GONE: "param.cardNotExist 300001",
    FailureKind.UNAUTHORIZED: """
        Forbidden.AccessDenied.AccessTokenPermissionDenied 60011 robotCode.auth orgAccessForbidden
        invalidClientIdOrSecret authFailed param.templateNotExist param.templateUnpublished 310000 sign.not.match
        keywords.not.match ip.not.match""",
}

# A token that is no longer good: a new one is asked for, once.
_TOKEN: Final = "InvalidAuthentication 40014 42001 88"  # noqa: S105 - codes

# Codes that speak of our content: a plain line in its stead can still be taken.
_CONTENT: Final[Mapping[FailureKind, str]] = {
    FailureKind.TOO_LONG: "invalidParameter.msgParam.tooLong 40006",
    FailureKind.MALFORMED: """
        param.contentUnsafe contain.unsafe.url 430101 430102 430103 430104 msgKey.invalid param.invalid
        invalidParameter.msgParam.invalid 400602 40004 40005 40007 41005""",
}

CODES: Final[Mapping[str, FailureKind]] = MappingProxyType(
    {code: kind for table in (_KINDS, _CONTENT) for kind, codes in table.items() for code in codes.split()}
    | dict.fromkeys(_TOKEN.split(), FailureKind.UNAUTHORIZED)
)
CONTENT_CODES: Final = frozenset(code for codes in _CONTENT.values() for code in codes.split())
TOKEN_CODES: Final = frozenset(_TOKEN.split())
TEMPLATE_CODES: Final = frozenset({"param.templateNotExist", "param.templateUnpublished"})
MENTION_CODES: Final = frozenset({"param.userIdNotExist", "invalid.staffid", "miss.staffId", "param.invalid"})
SCOPE_CODES: Final = frozenset({"Forbidden.AccessDenied.AccessTokenPermissionDenied", "60011"})
EXISTS: Final = "param.cardAlreadyExist"
_CODE: Final = re.compile(r"[A-Za-z][\w]*(?:\.\w+)+|[A-Za-z]\w*|-?\d+", re.ASCII)
_SECONDS: Final = re.compile(r"\d{1,6}", re.ASCII)
_addresses: Final = Redaction()


class DingTalkFailed(DeliveryFailed):
    """A failure with DingTalk's own `code`; empty where DingTalk gave none.

    `is_nowhere`: it said itself that the card is in no place; the card may exist all the same.
    """

    def __init__(self, kind: FailureKind, detail: str, *, code: str = "", retry_after: float | None = None) -> None:
        super().__init__(kind, _addresses(detail)[:DETAIL_LIMIT], retry_after=retry_after)
        self.code = code
        self.is_nowhere = False

    @property
    def is_content(self) -> bool:
        """Whether the content is at fault, so that less of it may be taken."""
        return self.code in CONTENT_CODES


def failure_of(method: str, reply: Reply) -> DingTalkFailed | None:
    """Return what an answer says that is no yes; None: it is one."""
    body = reply.json()
    if body.get("punish") or body.get("status") == 1111:
        return _banned(method, body.get("wait"))
    code = _code(body)
    if code is not None and code not in ("0", "OK", "ok", "success"):
        return refused(method, code, _words(body), reply)
    if reply.status != 200:
        return _status_failure(method, reply)
    if not body:
        return DingTalkFailed(FailureKind.UNCERTAIN, f"{method}: no answer that can be read")
    if body.get("success") is False or body.get("result") is False:
        words = _words(body)
        return refused(method, _first_code(words), words, reply)
    return None


def refused(method: str, code: str, words: str = "", reply: Reply | None = None) -> DingTalkFailed:
    """Return the failure that a code of DingTalk's stands for."""
    status = reply.status if reply is not None else 200
    kind = CODES.get(code)
    if status == 429:
        kind = FailureKind.RATE_LIMITED
    elif kind is None:
        kind = FailureKind.UNCERTAIN if status >= 500 else FailureKind.REFUSED
    wait = _wait(reply) if kind is FailureKind.RATE_LIMITED else None
    detail = f"{method}: {code or 'refused'} {words if words != code else ''}".strip()
    return DingTalkFailed(kind, detail, code=code, retry_after=wait)


def not_delivered(method: str, results: object) -> DingTalkFailed | None:
    """Return why a card that was created is not in its place; None: it is."""
    if not isinstance(results, list) or not results:
        return DingTalkFailed(FailureKind.UNCERTAIN, f"{method}: the answer does not say whether it was delivered")
    for result in results:
        if not isinstance(result, dict) or result.get("success") is not True:
            said = result.get("errorMsg") if isinstance(result, dict) else None
            words = said if isinstance(said, str) else ""
            failure = refused(method, _first_code(words), words)
            failure.is_nowhere = isinstance(result, dict) and result.get("success") is False
            return failure
    return None


def _code(body: Mapping[str, object]) -> str | None:
    """Return the code of an answer; for a refusal by the older API's gateway (88) the inner one."""
    inner = body.get("sub_code")
    for code in (inner, body.get("code"), body.get("errcode"), body.get("errCode")):
        if isinstance(code, str | int) and not isinstance(code, bool) and code != "":
            return str(code)
    return None


def _words(body: Mapping[str, object]) -> str:
    said = [body.get(name) for name in ("message", "errmsg", "errorMsg")]
    detail = body.get("accessdenieddetail")
    scopes = detail.get("requiredScopes") if isinstance(detail, dict) else None
    if isinstance(scopes, list):
        said.append(f"needs {', '.join(map(str, scopes))}")
    return "; ".join(one for one in said if isinstance(one, str) and one)


def _first_code(words: str) -> str:
    """Return the first code of the table that stands in a text."""
    return next((found for found in _CODE.findall(words) if found in CODES), "")


def _status_failure(method: str, reply: Reply) -> DingTalkFailed:
    """Return what an HTTP status means where the body gives no code."""
    if reply.status == 429:
        return DingTalkFailed(FailureKind.RATE_LIMITED, f"{method}: HTTP 429", retry_after=_wait(reply))
    if reply.status == 403:
        return _banned(method, None)
    kind = FailureKind.UNAUTHORIZED if reply.status == 401 else FailureKind.UNCERTAIN
    return DingTalkFailed(kind, f"{method}: HTTP {reply.status}, and no answer that can be read")


def _banned(method: str, wait: object) -> DingTalkFailed:
    """Return that the gateway turns this machine's address away."""
    seconds = float(wait) if isinstance(wait, int | float) and not isinstance(wait, bool) and wait > 0 else BANNED_FOR
    detail = f"{method}: DingTalk turns this address away for too many calls"
    return DingTalkFailed(FailureKind.RATE_LIMITED, detail, code="1111", retry_after=seconds)


def _wait(reply: Reply | None) -> float:
    given = reply.headers.get("retry-after", "").strip() if reply is not None else ""
    return float(given) if _SECONDS.fullmatch(given) else DEFAULT_RETRY_AFTER
