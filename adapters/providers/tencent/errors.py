"""What each way in which Tencent Cloud can say no means for what happens next: one table.

Everything comes with HTTP status 200: what is wrong with a request as `Response.Error`, what is wrong with one number
as a Code other than `Ok` beside that number. Source: errorcodes.py of sms 3.1.153 and vms 3.0.1459 of its SDK. A limit
of the half minute or the hour passes; one of the day concerns the number, so another way to the person is better.
Guesses: that a code which no row knows is a refusal, and how long a limit on the rate of calls lasts.
"""

from collections.abc import Mapping
from typing import Final

from bot.adapter import DeliveryFailed, FailureKind
from bot.outbound.client import Reply

DETAIL_LIMIT: Final = 500
_LIMITED_FOR: Final = 5.0

CODES: Final[Mapping[str, FailureKind]] = {
    # This number only.
    "InvalidParameterValue.IncorrectPhoneNumber": FailureKind.REFUSED,
    "InvalidParameterValue.CalledNumberVerifyFail": FailureKind.REFUSED,
    "FailedOperation.PhoneNumberInBlacklist": FailureKind.REFUSED,
    "FailedOperation.PhoneNumberParseFail": FailureKind.REFUSED,
    "UnsupportedOperation.UnsupportedRegion": FailureKind.REFUSED,
    "UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone": FailureKind.REFUSED,
    "UnsupportedOperation.GlobalTemplateToChineseMainlandPhone": FailureKind.REFUSED,
    "LimitExceeded.PhoneNumberDailyLimit": FailureKind.REFUSED,
    "LimitExceeded.PhoneNumberSameContentDailyLimit": FailureKind.REFUSED,
    # It passes.
    "LimitExceeded.PhoneNumberThirtySecondLimit": FailureKind.RATE_LIMITED,
    "LimitExceeded.PhoneNumberOneHourLimit": FailureKind.RATE_LIMITED,
    "LimitExceeded.DeliveryFrequencyLimit": FailureKind.RATE_LIMITED,
    "LimitExceeded.GlobalSmsSendingRateLimit": FailureKind.RATE_LIMITED,
    "FailedOperation.OtherError": FailureKind.UNCERTAIN,
    "FailedOperation.AccessUpstreamTimeout": FailureKind.UNCERTAIN,
    # What we put into the variables.
    "FailedOperation.ContainSensitiveWord": FailureKind.MALFORMED,
    "InvalidParameter.DirtyWordFound": FailureKind.MALFORMED,
    "FailedOperation.TemplateParamSetNotMatchApprovedTemplate": FailureKind.MALFORMED,
    "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter": FailureKind.MALFORMED,
    "InvalidParameterValue.TemplateParameterFormatError": FailureKind.MALFORMED,
    "InvalidParameterValue.UnsupportedTemplateVariable": FailureKind.MALFORMED,
    "InvalidParameterValue.TemplateParameterLengthLimit": FailureKind.TOO_LONG,
    "InvalidParameterValue.ContentLengthLimit": FailureKind.TOO_LONG,
    # The account, what it was granted, and what it was approved.
    "FailedOperation.SignatureIncorrectOrUnapproved": FailureKind.UNAUTHORIZED,
    "FailedOperation.MissingSignature": FailureKind.UNAUTHORIZED,
    "FailedOperation.TemplateIncorrectOrUnapproved": FailureKind.UNAUTHORIZED,
    "FailedOperation.TemplateUnapprovedOrNotExist": FailureKind.UNAUTHORIZED,
    "FailedOperation.TemplateIdNotExist": FailureKind.UNAUTHORIZED,
    "FailedOperation.ProhibitSubAccountUse": FailureKind.UNAUTHORIZED,
    "FailedOperation.NotEnterpriseCertification": FailureKind.UNAUTHORIZED,
    "FailedOperation.PhonenumberUnappliedOrExpired": FailureKind.UNAUTHORIZED,
    "InvalidParameterValue.SdkAppIdNotExist": FailureKind.UNAUTHORIZED,
    "InvalidParameterValue.SdkAppidNotExist": FailureKind.UNAUTHORIZED,
    "InternalError.SigVerificationFail": FailureKind.UNAUTHORIZED,
    "InternalError.SigFieldMissing": FailureKind.UNAUTHORIZED,
    "LimitExceeded.AppCountryOrRegionInBlacklist": FailureKind.UNAUTHORIZED,
    "FailedOperation.InsufficientBalanceInSmsPackage": FailureKind.QUOTA,
    "FailedOperation.InsufficientBalanceInVoicePackage": FailureKind.QUOTA,
    "LimitExceeded.AppDailyLimit": FailureKind.QUOTA,
    "LimitExceeded.AppGlobalDailyLimit": FailureKind.QUOTA,
    "LimitExceeded.AppMainlandChinaDailyLimit": FailureKind.QUOTA,
    "LimitExceeded.AppCountryOrRegionDailyLimit": FailureKind.QUOTA,
    "LimitExceeded.DailyLimit": FailureKind.QUOTA,
}

# By how a code begins.
FAMILIES: Final[tuple[tuple[str, FailureKind], ...]] = (
    ("AuthFailure", FailureKind.UNAUTHORIZED),
    ("UnauthorizedOperation", FailureKind.UNAUTHORIZED),
    ("RequestLimitExceeded", FailureKind.RATE_LIMITED),
    ("InternalError", FailureKind.UNCERTAIN),
)

RETRY_AFTER: Final[Mapping[str, float]] = {
    "LimitExceeded.PhoneNumberThirtySecondLimit": 30.0,
    "LimitExceeded.PhoneNumberOneHourLimit": 3600.0,
    "LimitExceeded.DeliveryFrequencyLimit": 30.0,
}
"""Seconds."""

OF_CALLS: Final[Mapping[str, FailureKind]] = {"LimitExceeded.DeliveryFrequencyLimit": FailureKind.REFUSED}
"""What means something else of a call: it may be the limit of the day, or of the night."""

CONTENT_KINDS: Final = frozenset({FailureKind.TOO_LONG, FailureKind.MALFORMED})


def accepted(action: str, reply: Reply) -> dict[str, object]:
    """Return the service's `Response`. Raises DeliveryFailed where it holds an error, or is none."""
    response = reply.json().get("Response")
    if not isinstance(response, dict) or reply.status != 200:
        kind = FailureKind.REFUSED if 400 <= reply.status < 500 else FailureKind.UNCERTAIN
        limited = reply.status == 429
        raise DeliveryFailed(
            FailureKind.RATE_LIMITED if limited else kind,
            f"{action}: HTTP {reply.status}, and no answer that can be read",
            retry_after=_LIMITED_FOR if limited else None,
        )
    error = response.get("Error")
    if error is not None:
        said = error if isinstance(error, dict) else {}
        raise failure_of(action, str(said.get("Code")), str(said.get("Message")))
    return response


def failure_of(action: str, code: str, words: str) -> DeliveryFailed:
    """Return what it means that a call was answered with this code."""
    kind = CODES.get(code) or next((kind for begin, kind in FAMILIES if code.startswith(begin)), FailureKind.REFUSED)
    if action == "SendTtsVoice":
        kind = OF_CALLS.get(code, kind)
    wait = RETRY_AFTER.get(code, _LIMITED_FOR) if kind is FailureKind.RATE_LIMITED else None
    return DeliveryFailed(kind, f"{action}: {code}: {words}"[:DETAIL_LIMIT], retry_after=wait)
