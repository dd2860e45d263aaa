"""What each way in which Alibaba Cloud can say no means for what happens next: one table.

What its services refuse comes with HTTP status 200 and a Code other than OK; what its gateway refuses, with 4xx or 5xx.
Sources: https://help.aliyun.com/document_detail/101346.html (SMS), https://help.aliyun.com/document_detail/178344.html
(voice), and the common errors of the gateway. A limit per hour or day concerns one number, so another way to the person
is better than waiting. Guesses: a code that no row knows is a refusal, and `isp.…` means trouble on their side.
"""

from collections.abc import Mapping
from typing import Final

from bot.adapter import DeliveryFailed, FailureKind
from bot.outbound.client import Reply

MINUTE: Final = 60.0
DETAIL_LIMIT: Final = 500
LIMITED: Final = "isv.BUSINESS_LIMIT_CONTROL"
# Their words for a limit that counts minutes.
_BY_THE_MINUTE: Final = "分钟"
# A guess: seconds after which the gateway takes calls again.
_THROTTLED_FOR: Final = 5.0

CODES: Final[Mapping[str, FailureKind]] = {
    # Their trouble: it may have been sent.
    "isp.SYSTEM_ERROR": FailureKind.UNCERTAIN,
    "isp.GATEWAY_ERROR": FailureKind.UNCERTAIN,
    "SignatureNonceUsed": FailureKind.UNCERTAIN,
    "isv.VOICE_CALL_FAIL": FailureKind.UNCERTAIN,
    # This number only.
    "isv.MOBILE_NUMBER_ILLEGAL": FailureKind.REFUSED,
    "isv.MOBILE_COUNT_OVER_LIMIT": FailureKind.REFUSED,
    "isv.DOMESTIC_NUMBER_NOT_SUPPORTED": FailureKind.REFUSED,
    "isv.COMPLAINT_REJECT": FailureKind.REFUSED,
    # What we put into the variables.
    "isv.BLACK_KEY_CONTROL_LIMIT": FailureKind.MALFORMED,
    "isv.PARAM_LENGTH_LIMIT": FailureKind.TOO_LONG,
    "isv.PARAM_NOT_SUPPORT_URL": FailureKind.MALFORMED,
    "isv.TEMPLATE_MISSING_PARAMETERS": FailureKind.MALFORMED,
    "isv.TEMPLATE_PARAMS_ILLEGAL": FailureKind.MALFORMED,
    "isv.INVALID_JSON_PARAM": FailureKind.MALFORMED,
    "isv.INVALID_PARAMETERS": FailureKind.MALFORMED,
    "isv.SMS_CONTENT_ILLEGAL": FailureKind.MALFORMED,
    # The account, what it was granted, and what it was approved.
    "isp.RAM_PERMISSION_DENY": FailureKind.UNAUTHORIZED,
    "isv.DENY_IP_RANGE": FailureKind.UNAUTHORIZED,
    "isv.OUT_OF_SERVICE": FailureKind.UNAUTHORIZED,
    "isv.PRODUCT_UN_SUBSCRIPT": FailureKind.UNAUTHORIZED,
    "isv.PRODUCT_UNSUBSCRIBE": FailureKind.UNAUTHORIZED,
    "isv.ACCOUNT_NOT_EXISTS": FailureKind.UNAUTHORIZED,
    "isv.ACCOUNT_ABNORMAL": FailureKind.UNAUTHORIZED,
    "isv.BILLID_NOT_EXIST": FailureKind.UNAUTHORIZED,
    "isv.SMS_SIGNATURE_ILLEGAL": FailureKind.UNAUTHORIZED,
    "isv.SIGN_STATE_ILLEGAL": FailureKind.UNAUTHORIZED,
    "isv.SMS_SIGNATURE_SCENE_ILLEGAL": FailureKind.UNAUTHORIZED,
    "isv.SMS_TEMPLATE_ILLEGAL": FailureKind.UNAUTHORIZED,
    "isv.TTS_TEMPLATE_ILLEGAL": FailureKind.UNAUTHORIZED,
    "isv.TEMPLATE_ILLEGAL": FailureKind.UNAUTHORIZED,
    "isv.VOICE_FILE_ILLEGAL": FailureKind.UNAUTHORIZED,
    "isv.DISPLAY_NUMBER_ILLEGAL": FailureKind.UNAUTHORIZED,
    "isv.AMOUNT_NOT_ENOUGH": FailureKind.QUOTA,
    "isv.DAY_LIMIT_CONTROL": FailureKind.QUOTA,
    "isv.MONTH_LIMIT_CONTROL": FailureKind.QUOTA,
    # The gateway.
    "SignatureDoesNotMatch": FailureKind.UNAUTHORIZED,
    "IncompleteSignature": FailureKind.UNAUTHORIZED,
    "MissingAccessKeyId": FailureKind.UNAUTHORIZED,
    "ServiceUnavailable": FailureKind.UNCERTAIN,
    "InternalError": FailureKind.UNCERTAIN,
}

# By how a code begins.
FAMILIES: Final[tuple[tuple[str, FailureKind], ...]] = (
    ("Throttling", FailureKind.RATE_LIMITED),
    ("InvalidAccessKeyId", FailureKind.UNAUTHORIZED),
    ("InvalidSecurityToken", FailureKind.UNAUTHORIZED),
    # Our clock is wrong by more than a quarter of an hour.
    ("InvalidTimeStamp", FailureKind.UNAUTHORIZED),
    ("Forbidden", FailureKind.UNAUTHORIZED),
    ("NoPermission", FailureKind.UNAUTHORIZED),
    ("isv.ACCOUNT_", FailureKind.UNAUTHORIZED),
    ("isp.", FailureKind.UNCERTAIN),
)

CONTENT_KINDS: Final = frozenset({FailureKind.TOO_LONG, FailureKind.MALFORMED})


def accepted(action: str, reply: Reply) -> dict[str, object]:
    """Return what the service answered. Raises DeliveryFailed where it said anything but OK."""
    answer = reply.json()
    code, words = answer.get("Code"), answer.get("Message")
    if reply.status == 200 and code == "OK":
        return answer
    if not isinstance(code, str):
        kind = FailureKind.REFUSED if 400 <= reply.status < 500 else FailureKind.UNCERTAIN
        retry_after = None
        if reply.status == 429:
            kind, retry_after = FailureKind.RATE_LIMITED, _THROTTLED_FOR
        detail = f"{action}: HTTP {reply.status}, and no answer that can be read"
        raise DeliveryFailed(kind, detail, retry_after=retry_after)
    said = words if isinstance(words, str) else ""
    raise failure_of(action, code, said, status=reply.status)


def failure_of(action: str, code: str, words: str, *, status: int = 200) -> DeliveryFailed:
    """Return what it means that a call was answered with this code."""
    detail = f"{action}: {code}: {words}"[:DETAIL_LIMIT]
    if code == LIMITED:
        if _BY_THE_MINUTE in words:
            return DeliveryFailed(FailureKind.RATE_LIMITED, detail, retry_after=MINUTE)
        return DeliveryFailed(FailureKind.REFUSED, detail)
    kind = CODES.get(code) or next((kind for begin, kind in FAMILIES if code.startswith(begin)), None)
    if kind is None:
        kind = FailureKind.UNCERTAIN if status >= 500 else FailureKind.REFUSED
    return DeliveryFailed(kind, detail, retry_after=_THROTTLED_FOR if kind is FailureKind.RATE_LIMITED else None)
