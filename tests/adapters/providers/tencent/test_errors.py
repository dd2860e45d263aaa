import json

import pytest

from adapters.providers.tencent.errors import CODES, FAMILIES, accepted, failure_of
from bot.adapter import DeliveryFailed, FailureKind
from bot.outbound.client import Reply

MEANT = {
    FailureKind.REFUSED: {
        "InvalidParameterValue.IncorrectPhoneNumber",
        "InvalidParameterValue.CalledNumberVerifyFail",
        "FailedOperation.PhoneNumberInBlacklist",
        "FailedOperation.PhoneNumberParseFail",
        "UnsupportedOperation.UnsupportedRegion",
        "UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone",
        "UnsupportedOperation.GlobalTemplateToChineseMainlandPhone",
        "LimitExceeded.PhoneNumberDailyLimit",
        "LimitExceeded.PhoneNumberSameContentDailyLimit",
    },
    FailureKind.RATE_LIMITED: {
        "LimitExceeded.PhoneNumberThirtySecondLimit",
        "LimitExceeded.PhoneNumberOneHourLimit",
        "LimitExceeded.DeliveryFrequencyLimit",
        "LimitExceeded.GlobalSmsSendingRateLimit",
    },
    FailureKind.UNCERTAIN: {"FailedOperation.OtherError", "FailedOperation.AccessUpstreamTimeout"},
    FailureKind.MALFORMED: {
        "FailedOperation.ContainSensitiveWord",
        "InvalidParameter.DirtyWordFound",
        "FailedOperation.TemplateParamSetNotMatchApprovedTemplate",
        "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter",
        "InvalidParameterValue.TemplateParameterFormatError",
        "InvalidParameterValue.UnsupportedTemplateVariable",
    },
    FailureKind.TOO_LONG: {
        "InvalidParameterValue.TemplateParameterLengthLimit",
        "InvalidParameterValue.ContentLengthLimit",
    },
    FailureKind.UNAUTHORIZED: {
        "FailedOperation.SignatureIncorrectOrUnapproved",
        "FailedOperation.MissingSignature",
        "FailedOperation.TemplateIncorrectOrUnapproved",
        "FailedOperation.TemplateUnapprovedOrNotExist",
        "FailedOperation.TemplateIdNotExist",
        "FailedOperation.ProhibitSubAccountUse",
        "FailedOperation.NotEnterpriseCertification",
        "FailedOperation.PhonenumberUnappliedOrExpired",
        "InvalidParameterValue.SdkAppIdNotExist",
        "InvalidParameterValue.SdkAppidNotExist",
        "InternalError.SigVerificationFail",
        "InternalError.SigFieldMissing",
        "LimitExceeded.AppCountryOrRegionInBlacklist",
    },
    FailureKind.QUOTA: {
        "FailedOperation.InsufficientBalanceInSmsPackage",
        "FailedOperation.InsufficientBalanceInVoicePackage",
        "LimitExceeded.AppDailyLimit",
        "LimitExceeded.AppGlobalDailyLimit",
        "LimitExceeded.AppMainlandChinaDailyLimit",
        "LimitExceeded.AppCountryOrRegionDailyLimit",
        "LimitExceeded.DailyLimit",
    },
}


def said(body: object, status: int = 200) -> DeliveryFailed:
    """Return how an answer fails."""
    with pytest.raises(DeliveryFailed) as failed:
        accepted("SendSms", Reply(status, json.dumps(body).encode()))
    return failed.value


@pytest.mark.parametrize(("kind", "code"), [(kind, code) for kind, codes in MEANT.items() for code in sorted(codes)])
def test_each_code_means_one_thing(kind: FailureKind, code: str) -> None:
    failure = said({"Response": {"Error": {"Code": code, "Message": "words"}}})
    assert failure.kind is kind
    assert failure.detail == f"SendSms: {code}: words"


def test_every_code_of_the_table_is_tested() -> None:
    assert {code for codes in MEANT.values() for code in codes} == set(CODES)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("AuthFailure.SignatureExpire", FailureKind.UNAUTHORIZED),
        ("UnauthorizedOperation.RequestIpNotInWhitelist", FailureKind.UNAUTHORIZED),
        ("RequestLimitExceeded", FailureKind.RATE_LIMITED),
        ("InternalError.Timeout", FailureKind.UNCERTAIN),
        ("Something.New", FailureKind.REFUSED),
    ],
)
def test_families_and_unknown_codes(code: str, kind: FailureKind) -> None:
    assert failure_of("SendSms", code, "").kind is kind


def test_every_family_is_tested() -> None:
    assert len(FAMILIES) == 4


@pytest.mark.parametrize(
    ("code", "wait"),
    [
        ("LimitExceeded.PhoneNumberThirtySecondLimit", 30.0),
        ("LimitExceeded.PhoneNumberOneHourLimit", 3600.0),
        ("RequestLimitExceeded", 5.0),
        ("LimitExceeded.PhoneNumberDailyLimit", None),
    ],
)
def test_how_long_a_limit_lasts(code: str, wait: float | None) -> None:
    assert failure_of("SendSms", code, "").retry_after == wait


def test_a_limit_of_calls_is_not_waited_for() -> None:
    assert failure_of("SendTtsVoice", "LimitExceeded.DeliveryFrequencyLimit", "").kind is FailureKind.REFUSED


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ([], 200, FailureKind.UNCERTAIN),
        ({"Response": 1}, 200, FailureKind.UNCERTAIN),
        ({"Response": {"Error": 1}}, 200, FailureKind.REFUSED),
        ({"Response": {}}, 500, FailureKind.UNCERTAIN),
        ({}, 403, FailureKind.REFUSED),
        ({}, 429, FailureKind.RATE_LIMITED),
        ({}, 302, FailureKind.UNCERTAIN),
    ],
)
def test_what_is_no_answer_of_theirs(body: object, status: int, kind: FailureKind) -> None:
    assert said(body, status).kind is kind


def test_words_are_cut() -> None:
    assert len(failure_of("SendSms", "Something.New", "x" * 5000).detail) == 500
