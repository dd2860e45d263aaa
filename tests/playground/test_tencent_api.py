"""The local Tencent Cloud refuses what the real one would: signatures, templates, limits."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import httpx
import pytest

from bot.playground.actions import Asked
from bot.playground.phones import Phones
from bot.playground.tencent import Template, TencentServer
from bot.playground.tencent.gate import Gate
from bot.playground.tencent.refusal import Refusal
from bot.playground.wire import as_object, as_objects
from tests.playground.manual_clock import ManualClock

AT: Final = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BODY: Final = (
    '{"PhoneNumberSet":["+8613900000001"],"SmsSdkAppId":"1400006666","SignName":"值班","TemplateId":"1234",'
    '"TemplateParamSet":["42","严重"]}'
).encode()
# What Tencent Cloud's own SDK (tencentcloud-sdk-python-common 3.1.195) made of this call.
SIGNATURE: Final = "5b2c3f0d8bc1ae6bc0136eb832d40b55f82f4d6e76c0a0da8a95a723a4be1f45"
HEADERS: Final = {
    "host": "sms.tencentcloudapi.com",
    "content-type": "application/json",
    "x-tc-action": "SendSms",
    "x-tc-version": "2021-01-11",
    "x-tc-timestamp": "1772366400",
    "authorization": (
        "TC3-HMAC-SHA256 Credential=AKID-test/2026-03-01/sms/tc3_request, SignedHeaders=content-type;host, "
        f"Signature={SIGNATURE}"
    ),
}
ASKED: Final = Asked("POST", "/", "", HEADERS, BODY)


def refused(asked: Asked, now: datetime = AT) -> str:
    with pytest.raises(Refusal) as refusal:
        Gate({"AKID-test": "secret-of-the-test"}).enter(asked, now)
    return refusal.value.code


def with_header(name: str, old: str, new: str) -> Asked:
    return replace(ASKED, headers=HEADERS | {name: HEADERS[name].replace(old, new)})


# ---- the gateway -----------------------------------------------------------------------------------------------------


def test_what_the_sdk_signs_may_enter() -> None:
    assert Gate({"AKID-test": "secret-of-the-test"}).enter(ASKED, AT + timedelta(minutes=5)) == "sms"


def test_a_clock_may_be_wrong_by_five_minutes() -> None:
    assert refused(ASKED, AT + timedelta(minutes=5, seconds=1)) == "AuthFailure.SignatureExpire"
    assert refused(ASKED, AT - timedelta(minutes=5, seconds=1)) == "AuthFailure.SignatureExpire"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (with_header("authorization", "TC3", "TC2"), "AuthFailure.InvalidAuthorization"),
        (with_header("authorization", "AKID-test", "AKID-other"), "AuthFailure.SecretIdNotFound"),
        (with_header("authorization", "5b2c", "5b2d"), "AuthFailure.SignatureFailure"),
        (with_header("authorization", "content-type;host", "host"), "AuthFailure.SignatureFailure"),
        (with_header("authorization", "2026-03-01", "2026-03-02"), "AuthFailure.SignatureExpire"),
        (with_header("content-type", "json", "xml"), "AuthFailure.SignatureFailure"),
        (with_header("x-tc-timestamp", "1772366400", "now"), "InvalidParameter"),
        (with_header("x-tc-version", "2021", "2019"), "NoSuchVersion"),
        (replace(ASKED, body=b"{}"), "AuthFailure.SignatureFailure"),
        (replace(ASKED, headers={}), "AuthFailure.InvalidAuthorization"),
    ],
)
def test_what_is_not_signed_so_is_refused(asked: Asked, code: str) -> None:
    assert refused(asked) == code


async def test_even_the_gateway_refuses_with_200(server: TencentServer) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.post(server.api_base_url, headers={"x-tc-action": "SendSms"})
    assert answer.status_code == 200
    assert answer.json()["Response"]["Error"]["Code"] == "AuthFailure.InvalidAuthorization"


# ---- templates -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ([], "FailedOperation.TemplateParamSetNotMatchApprovedTemplate"),
        (["1", "2", "3"], "FailedOperation.TemplateParamSetNotMatchApprovedTemplate"),
        ([1, "2"], "InvalidParameterValue.TemplateParameterFormatError"),
        (["", "2"], "InvalidParameterValue.TemplateParameterFormatError"),
        (["【1】", "2"], "InvalidParameterValue.TemplateParameterFormatError"),
        (["1234567", "2"], "InvalidParameterValue.TemplateParameterLengthLimit"),
        (["a.cn", "2"], "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter"),
        (["发票", "2"], "FailedOperation.ContainSensitiveWord"),
    ],
)
def test_a_variable_keeps_to_its_rules(values: list[object], code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        Template("{1},编号{2}。").filled(values, {"发票"})
    assert refusal.value.code == code


def test_what_keeps_to_the_rules_is_written() -> None:
    assert Template("{1},编号{2}。").filled(["磁盘", "42"], set()) == "磁盘,编号42。"


# ---- sending ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def server(clock: ManualClock) -> AsyncIterator[TencentServer]:
    phones = Phones(clock)
    phones.add("ana", "+8613900000001")
    async with TencentServer(clock, phones) as server:
        server.account.templates = {"1": Template("编号{1}。"), "2": Template("Number {1}.", abroad=True)}
        server.account.voices = {"3": Template("编号{1}。")}
        yield server


def sms(server: TencentServer, *numbers: str, **changes: object) -> list[str]:
    """Send to these numbers, and return the code of each."""
    usual: dict[str, object] = {
        "PhoneNumberSet": list(numbers),
        "SmsSdkAppId": server.account.sms_app,
        "SignName": "值班",
        "TemplateId": "1",
        "TemplateParamSet": ["42"],
    }
    answer = server.texts.send(usual | changes)
    return [str(status["Code"]) for status in as_objects(answer["SendStatusSet"])]


async def test_each_number_has_a_code_of_its_own(server: TencentServer) -> None:
    assert sms(server, "+8613900000001", "13900000002", "+12025550123") == [
        "Ok",
        "InvalidParameterValue.IncorrectPhoneNumber",
        "UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone",
    ]
    assert [text.words for text in server.phones.phone("ana").texts] == ["【值班】编号42。"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"SignName": "别人"}, "FailedOperation.SignatureIncorrectOrUnapproved"),
        ({"TemplateId": "9"}, "FailedOperation.TemplateIncorrectOrUnapproved"),
        ({"TemplateId": "2"}, "UnsupportedOperation.GlobalTemplateToChineseMainlandPhone"),
    ],
)
async def test_an_sms_that_is_not_sent(server: TencentServer, changes: dict[str, object], code: str) -> None:
    assert sms(server, "+8613900000001", **changes) == [code]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"PhoneNumberSet": []}, "MissingParameter.EmptyPhoneNumberSet"),
        ({"PhoneNumberSet": ["+8613900000001"] * 201}, "LimitExceeded.PhoneNumberCountLimit"),
        ({"SmsSdkAppId": "1"}, "UnauthorizedOperation.SmsSdkAppIdVerifyFail"),
    ],
)
async def test_a_request_that_is_wrong(server: TencentServer, changes: dict[str, object], code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        sms(server, "+8613900000001", **changes)
    assert refusal.value.code == code


async def test_the_same_words_are_limited_and_other_words_are_not(server: TencentServer, clock: ManualClock) -> None:
    assert sms(server, "+8613900000001") == ["Ok"]
    assert sms(server, "+8613900000001") == ["LimitExceeded.PhoneNumberThirtySecondLimit"]
    assert sms(server, "+8613900000001", TemplateParamSet=["43"]) == ["Ok"]
    for _ in range(9):
        clock.advance(30)
        assert sms(server, "+8613900000001") == ["Ok"]
    clock.advance(30)
    assert sms(server, "+8613900000001") == ["LimitExceeded.PhoneNumberSameContentDailyLimit"]


async def test_templates_are_listed_by_country(server: TencentServer) -> None:
    listed = server.texts.templates({"International": 1, "TemplateIdSet": [1, 2]})
    assert [one["TemplateId"] for one in as_objects(listed["DescribeTemplateStatusSet"])] == [2]


def call(server: TencentServer, **changes: object) -> str:
    """Call, and return the id of the call, or the refusal's code and words."""
    usual: dict[str, object] = {
        "CalledNumber": "+8613900000001",
        "VoiceSdkAppid": server.account.voice_app,
        "TemplateId": "3",
        "TemplateParamSet": ["42"],
        "PlayTimes": 1,
    }
    try:
        return str(as_object(server.calls.read_out(usual | changes)["SendStatus"])["CallId"])
    except Refusal as refusal:
        return f"{refusal.code} {refusal.message}"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"CalledNumber": "13900000001"}, "InvalidParameterValue.CalledNumberVerifyFail"),
        ({"VoiceSdkAppid": "1"}, "UnauthorizedOperation.VoiceSdkAppidVerifyFail"),
        ({"TemplateId": "1"}, "FailedOperation.TemplateIncorrectOrUnapproved"),
        ({"PlayTimes": 4}, "FailedOperation.InvalidParameters"),
    ],
)
async def test_a_call_that_is_not_made(server: TencentServer, changes: dict[str, object], code: str) -> None:
    assert call(server, **changes).partition(" ")[0] == code


async def test_calls_are_limited_by_the_half_minute_ten_minutes_and_day(
    server: TencentServer, clock: ManualClock
) -> None:
    # 12:00 UTC is 20:00 in Beijing.
    said = []
    for pause in (0, 29, 1, 30, 600, 600):
        clock.advance(pause)
        said.append(call(server).rpartition(": ")[2])
    assert [one for one in said if one.startswith("call-")] == ["call-00000001", "call-00000002", "call-00000003"]
    assert [one for one in said if not one.startswith("call-")] == ["30 s.", "10 min.", "day."]


async def test_a_night_has_one_call_and_the_next_night_another(server: TencentServer, clock: ManualClock) -> None:
    clock.advance(3 * 3600)
    assert call(server).startswith("call-")
    clock.advance(8 * 3600)
    assert call(server).endswith("night.")
    clock.advance(3600)
    assert call(server).startswith("call-")
    clock.advance(15 * 3600)
    assert call(server).startswith("call-")
