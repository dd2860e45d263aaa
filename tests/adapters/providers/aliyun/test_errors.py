import json

import pytest

from adapters.providers.aliyun.errors import CODES, FAMILIES, LIMITED, accepted, failure_of
from bot.adapter import DeliveryFailed, FailureKind
from bot.outbound.client import Reply

MEANT = {
    FailureKind.UNCERTAIN: {
        "isp.SYSTEM_ERROR",
        "isp.GATEWAY_ERROR",
        "SignatureNonceUsed",
        "isv.VOICE_CALL_FAIL",
        "ServiceUnavailable",
        "InternalError",
    },
    FailureKind.REFUSED: {
        "isv.MOBILE_NUMBER_ILLEGAL",
        "isv.MOBILE_COUNT_OVER_LIMIT",
        "isv.DOMESTIC_NUMBER_NOT_SUPPORTED",
        "isv.COMPLAINT_REJECT",
    },
    FailureKind.TOO_LONG: {"isv.PARAM_LENGTH_LIMIT"},
    FailureKind.MALFORMED: {
        "isv.BLACK_KEY_CONTROL_LIMIT",
        "isv.PARAM_NOT_SUPPORT_URL",
        "isv.TEMPLATE_MISSING_PARAMETERS",
        "isv.TEMPLATE_PARAMS_ILLEGAL",
        "isv.INVALID_JSON_PARAM",
        "isv.INVALID_PARAMETERS",
        "isv.SMS_CONTENT_ILLEGAL",
    },
    FailureKind.QUOTA: {"isv.AMOUNT_NOT_ENOUGH", "isv.DAY_LIMIT_CONTROL", "isv.MONTH_LIMIT_CONTROL"},
    FailureKind.UNAUTHORIZED: {
        "isp.RAM_PERMISSION_DENY",
        "isv.DENY_IP_RANGE",
        "isv.OUT_OF_SERVICE",
        "isv.PRODUCT_UN_SUBSCRIPT",
        "isv.PRODUCT_UNSUBSCRIBE",
        "isv.ACCOUNT_NOT_EXISTS",
        "isv.ACCOUNT_ABNORMAL",
        "isv.BILLID_NOT_EXIST",
        "isv.SMS_SIGNATURE_ILLEGAL",
        "isv.SIGN_STATE_ILLEGAL",
        "isv.SMS_SIGNATURE_SCENE_ILLEGAL",
        "isv.SMS_TEMPLATE_ILLEGAL",
        "isv.TTS_TEMPLATE_ILLEGAL",
        "isv.TEMPLATE_ILLEGAL",
        "isv.VOICE_FILE_ILLEGAL",
        "isv.DISPLAY_NUMBER_ILLEGAL",
        "SignatureDoesNotMatch",
        "IncompleteSignature",
        "MissingAccessKeyId",
    },
}


def said(code: object, message: object = "words", status: int = 200) -> DeliveryFailed:
    """Return how an answer fails."""
    with pytest.raises(DeliveryFailed) as failed:
        accepted("SendSms", Reply(status, json.dumps({"Code": code, "Message": message}).encode()))
    return failed.value


@pytest.mark.parametrize(("kind", "code"), [(kind, code) for kind, codes in MEANT.items() for code in sorted(codes)])
def test_each_code_means_one_thing(kind: FailureKind, code: str) -> None:
    failure = said(code)
    assert failure.kind is kind
    assert failure.detail == f"SendSms: {code}: words"


def test_every_code_of_the_table_is_tested() -> None:
    assert {code for codes in MEANT.values() for code in codes} == set(CODES)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("Throttling.User", FailureKind.RATE_LIMITED),
        ("InvalidAccessKeyId.NotFound", FailureKind.UNAUTHORIZED),
        ("InvalidSecurityToken.Expired", FailureKind.UNAUTHORIZED),
        ("InvalidTimeStamp.Expired", FailureKind.UNAUTHORIZED),
        ("Forbidden.RAM", FailureKind.UNAUTHORIZED),
        ("NoPermission", FailureKind.UNAUTHORIZED),
        ("isv.ACCOUNT_FROZEN", FailureKind.UNAUTHORIZED),
        ("isp.SOMETHING_NEW", FailureKind.UNCERTAIN),
        ("isv.SOMETHING_NEW", FailureKind.REFUSED),
    ],
)
def test_families_and_unknown_codes(code: str, kind: FailureKind) -> None:
    assert said(code, status=400).kind is kind


def test_every_family_is_tested() -> None:
    assert len(FAMILIES) == 8


@pytest.mark.parametrize(
    ("words", "kind", "wait"),
    [
        ("触发分钟级流控Permits:1", FailureKind.RATE_LIMITED, 60.0),
        ("触发小时级流控Permits:5", FailureKind.REFUSED, None),
        ("触发天级流控Permits:10", FailureKind.REFUSED, None),
        ("", FailureKind.REFUSED, None),
    ],
)
def test_a_limit_is_waited_for_only_if_it_counts_minutes(words: str, kind: FailureKind, wait: float | None) -> None:
    failure = failure_of("SendSms", LIMITED, words)
    assert (failure.kind, failure.retry_after) == (kind, wait)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, b"<html>maintenance</html>", FailureKind.UNCERTAIN),
        (200, b'{"Code": 1}', FailureKind.UNCERTAIN),
        (302, b"", FailureKind.UNCERTAIN),
        (400, b"", FailureKind.REFUSED),
        (403, b"[]", FailureKind.REFUSED),
        (429, b"", FailureKind.RATE_LIMITED),
        (500, b"", FailureKind.UNCERTAIN),
        (503, b'{"Code": "SomethingNew"}', FailureKind.UNCERTAIN),
        (503, b'{"Code": "OK"}', FailureKind.UNCERTAIN),
    ],
)
def test_what_is_no_answer_of_theirs(status: int, body: bytes, kind: FailureKind) -> None:
    with pytest.raises(DeliveryFailed) as failed:
        accepted("SendSms", Reply(status, body))
    assert failed.value.kind is kind
    assert failed.value.detail.startswith("SendSms: ")


def test_words_are_cut() -> None:
    assert len(said("isv.MOBILE_NUMBER_ILLEGAL", "x" * 5000).detail) == 500
