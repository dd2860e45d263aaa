"""Each code and each status means one thing, in Twilio's words, without a secret."""

import json

import pytest

from adapters.providers.twilio.errors import KINDS, WORDS, failure_of, words_for
from adapters.providers.twilio.receipts import CALLS, MESSAGES, of_call, of_message
from bot.adapter import FailureKind
from bot.outbound.client import Reply
from bot.outbound.redaction import Redaction
from bot.provider import Progress

PASSES = {20429, 21611, 30022, 30023}
NOBODY_KNOWS = {20500, 20503}
NOT_TAKEN = {21730, 30001}
NUMBER = {13224, 21201, 21211, 21214, 21216, 21217, 21604, 21608, 21610, 21612, 21614}
NUMBER |= {30003, 30004, 30005, 30006, 60200}
ACCOUNT = {13227, 20003, 20404, 21205, 21210, 21212, 21215, 21408, 21603, 21606, 21609}
ACCOUNT |= {30002, 30007, 30034, 32205, 60220}
TABLE = [
    *((code, FailureKind.RATE_LIMITED) for code in PASSES),
    *((code, FailureKind.UNCERTAIN) for code in NOBODY_KNOWS),
    *((code, FailureKind.UNREACHABLE) for code in NOT_TAKEN),
    *((code, FailureKind.REFUSED) for code in NUMBER),
    *((code, FailureKind.UNAUTHORIZED) for code in ACCOUNT),
    (63038, FailureKind.QUOTA),
    (21602, FailureKind.MALFORMED),
    (21617, FailureKind.TOO_LONG),
    (21658, FailureKind.TOO_LONG),
    (21220, FailureKind.GONE),
]
CLEAN = Redaction("secret-token")


def reply(status: int, code: object = None, **headers: str) -> Reply:
    body = {"code": code, "message": "No, secret-token https://x.example/?t=1", "status": status}
    return Reply(status, json.dumps(body).encode() if code else b"<h1>Bad Gateway</h1>", headers)


@pytest.mark.parametrize(("code", "kind"), TABLE)
def test_a_code(code: int, kind: FailureKind) -> None:
    failure = failure_of(reply(400, code), CLEAN)
    assert (failure.kind, failure.code) == (kind, code)
    assert failure.detail.startswith(f"{code} No, [redacted] https://x.example")
    assert "t=1" not in failure.detail


def test_the_table_is_whole() -> None:
    assert dict(TABLE) == KINDS


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, FailureKind.UNCERTAIN),
        (302, FailureKind.UNAUTHORIZED),
        (400, FailureKind.REFUSED),
        (401, FailureKind.UNAUTHORIZED),
        (402, FailureKind.QUOTA),
        (403, FailureKind.UNAUTHORIZED),
        (404, FailureKind.UNAUTHORIZED),
        (413, FailureKind.TOO_LONG),
        (422, FailureKind.REFUSED),
        (429, FailureKind.RATE_LIMITED),
        (500, FailureKind.UNCERTAIN),
        (502, FailureKind.UNCERTAIN),
        (504, FailureKind.UNCERTAIN),
    ],
)
def test_a_status_without_a_code_that_is_known(status: int, kind: FailureKind) -> None:
    assert failure_of(reply(status), CLEAN).kind is kind
    assert failure_of(reply(status, 99999), CLEAN).kind is kind
    assert failure_of(reply(status), CLEAN).detail == f"HTTP {status} Bad Gateway"


def test_how_long_to_wait() -> None:
    assert failure_of(reply(429, 20429, **{"retry-after": "7"}), CLEAN).retry_after == 7
    assert failure_of(reply(429, 20429), CLEAN).retry_after == 10
    assert failure_of(reply(400, 21211), CLEAN).retry_after is None


def test_what_a_receipts_code_says() -> None:
    assert all(words_for(str(code)).startswith(f"error {code}, ") for code in WORDS)
    assert words_for("12345") == "error 12345"
    assert words_for("?") == "error ?"
    assert "START" in failure_of(reply(400, 21610), CLEAN).detail


def test_what_is_reported_of_a_message() -> None:
    for status, progress in MESSAGES.items():
        report = of_message({"MessageStatus": status, "MessageSid": "SM1", "ErrorCode": "0"}, "7.x")
        assert report is not None
        assert (report.progress, report.said, report.reference, report.id) == (progress, status, "7.x", "SM1")
    assert of_message({"MessageStatus": "receiving"}, "7.x") is None


@pytest.mark.parametrize(
    ("fields", "progress", "said"),
    [
        *(({"CallStatus": status}, progress, status) for status, progress in CALLS.items() if status != "completed"),
        ({"CallStatus": "failed", "SipResponseCode": "480"}, Progress.NO_ANSWER, "failed, SIP 480"),
        ({"CallStatus": "failed", "SipResponseCode": "404"}, Progress.FAILED, "failed, SIP 404"),
        ({"CallStatus": "completed", "CallDuration": "12"}, Progress.ENDED, "completed after 12 s"),
        ({"CallStatus": "completed", "AnsweredBy": "human"}, Progress.ENDED, "completed after 0 s"),
        ({"CallStatus": "completed", "AnsweredBy": "unknown"}, Progress.ENDED, "completed after 0 s"),
        ({"CallStatus": "completed", "AnsweredBy": "fax"}, Progress.VOICEMAIL, "completed, answered by fax"),
    ],
)
def test_what_is_reported_of_a_call(fields: dict[str, str], progress: Progress, said: str) -> None:
    report = of_call({"CallSid": "CA1", **fields}, "7.x", listening=False)
    assert report is not None
    assert (report.progress, report.said, report.id) == (progress, said, "CA1")
