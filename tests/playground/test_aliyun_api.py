"""The local Alibaba Cloud refuses what the real one would: signatures, templates, limits."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

import httpx
import pytest

from bot.playground.actions import Asked
from bot.playground.aliyun import Account, AliyunServer, Template
from bot.playground.aliyun.gate import Gate
from bot.playground.aliyun.refusal import Refusal
from bot.playground.phones import Phones
from tests.playground.manual_clock import ManualClock

AT: Final = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NO_BODY: Final = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
# What Alibaba Cloud's own SDK (alibabacloud-tea-openapi 0.4.6) made of this call.
SIGNATURE: Final = "aa6d6180bdecb29b3ab7c9407493bc820857e0b98854e0f0c08c922e7b7c3ab5"
NAMES: Final = "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version"
GIVEN: Final = {
    "PhoneNumbers": "13900000001",
    "SignName": "值班",
    "TemplateCode": "SMS_1",
    "TemplateParam": '{"number":"42","title":"a b*~/磁盘"}',
    "OutId": "ref.A-_",
}
HEADERS: Final = {
    "host": "dysmsapi.aliyuncs.com",
    "x-acs-action": "SendSms",
    "x-acs-content-sha256": NO_BODY,
    "x-acs-date": "2026-03-01T12:00:00Z",
    "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
    "x-acs-version": "2017-05-25",
    "authorization": f"ACS3-HMAC-SHA256 Credential=LTAI-test,SignedHeaders={NAMES},Signature={SIGNATURE}",
}
ASKED: Final = Asked("POST", "/", urlencode(GIVEN), HEADERS, b"")


def gate() -> Gate:
    return Gate({"LTAI-test": "secret-of-the-test"})


def refused(asked: Asked, now: datetime = AT) -> tuple[str, int]:
    with pytest.raises(Refusal) as refusal:
        gate().enter(asked, now)
    return refusal.value.code, refusal.value.status


def with_headers(**changes: str | None) -> Asked:
    headers = HEADERS | {name.replace("_", "-"): value for name, value in changes.items() if value is not None}
    return replace(
        ASKED,
        headers={name: one for name, one in headers.items() if changes.get(name.replace("-", "_"), "") is not None},
    )


# ---- the gateway -----------------------------------------------------------------------------------------------------


def test_what_the_sdk_signs_may_enter() -> None:
    assert gate().enter(ASKED, AT) == GIVEN


def test_a_nonce_counts_once() -> None:
    door = gate()
    door.enter(ASKED, AT)
    with pytest.raises(Refusal) as refusal:
        door.enter(ASKED, AT + timedelta(minutes=14))
    assert (refusal.value.code, refusal.value.status) == ("SignatureNonceUsed", 400)


def test_a_clock_may_be_wrong_by_a_quarter_of_an_hour() -> None:
    assert gate().enter(ASKED, AT - timedelta(minutes=15))
    assert refused(ASKED, AT + timedelta(minutes=15, seconds=1)) == ("InvalidTimeStamp.Expired", 400)


@pytest.mark.parametrize(
    ("asked", "code", "status"),
    [
        (with_headers(authorization=None), "IncompleteSignature", 400),
        (with_headers(authorization=HEADERS["authorization"].replace("ACS3", "ACS2")), "IncompleteSignature", 400),
        (
            with_headers(authorization=HEADERS["authorization"].replace("LTAI", "XXXX")),
            "InvalidAccessKeyId.NotFound",
            404,
        ),
        (with_headers(authorization=HEADERS["authorization"].replace("aa6d", "aa6e")), "SignatureDoesNotMatch", 400),
        (with_headers(x_acs_date="yesterday"), "InvalidTimeStamp.Format", 400),
        (with_headers(x_acs_action="IvrCall"), "SignatureDoesNotMatch", 400),
        (with_headers(x_acs_security_token="unsigned"), "IncompleteSignature", 400),
        (with_headers(x_acs_signature_nonce=None), "IncompleteSignature", 400),
        (replace(ASKED, body=b"x"), "SignatureDoesNotMatch", 400),
        (replace(ASKED, query=urlencode(GIVEN | {"PhoneNumbers": "13900000002"})), "SignatureDoesNotMatch", 400),
        (replace(ASKED, method="GET"), "SignatureDoesNotMatch", 400),
    ],
)
def test_what_is_not_signed_so_is_refused(asked: Asked, code: str, status: int) -> None:
    assert refused(asked) == (code, status)


async def test_the_gateway_refuses_with_a_status_and_the_service_with_200(server: AliyunServer) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.post(server.api_base_url, headers={"x-acs-action": "SendSms"})
    assert (answer.status_code, answer.json()["Code"]) == (400, "IncompleteSignature")
    [entry] = server.log
    assert (entry.method, entry.status) == ("SendSms", 400)


# ---- templates -------------------------------------------------------------------------------------------------------


TEMPLATE: Final = Template("${title},编号${number}。", longest={"title": 6}, digits=frozenset({"number"}))


@pytest.mark.parametrize(
    ("param", "code"),
    [
        ("", "isv.TEMPLATE_MISSING_PARAMETERS"),
        ('{"title":"a"}', "isv.TEMPLATE_MISSING_PARAMETERS"),
        ('{"title":"","number":"1"}', "isv.TEMPLATE_MISSING_PARAMETERS"),
        ('{"title":"a","number":1}', "isv.INVALID_JSON_PARAM"),
        ("[]", "isv.INVALID_JSON_PARAM"),
        ("{", "isv.INVALID_JSON_PARAM"),
        ('{"title":"abcdefg","number":"1"}', "isv.PARAM_LENGTH_LIMIT"),
        ('{"title":"a.cn","number":"1"}', "isv.PARAM_NOT_SUPPORT_URL"),
        ('{"title":"发票","number":"1"}', "isv.BLACK_KEY_CONTROL_LIMIT"),
        ('{"title":"【x】","number":"1"}', "isv.SMS_CONTENT_ILLEGAL"),
        ('{"title":"🔥","number":"1"}', "isv.SMS_CONTENT_ILLEGAL"),
        ('{"title":"a","number":"#1"}', "isv.INVALID_PARAMETERS"),
    ],
)
def test_a_variable_keeps_to_its_rules(param: str, code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        Account().written(TEMPLATE, param)
    assert (refusal.value.code, refusal.value.status) == (code, 200)


def test_what_keeps_to_the_rules_is_written() -> None:
    assert Account().written(TEMPLATE, '{"title":"磁盘","number":"42","more":"x"}') == "磁盘,编号42。"


def test_what_is_said_has_less_than_250_characters() -> None:
    account = Account(voices={"TTS_1": Template("${a}", usual=300)})
    fits = json.dumps({"a": "x" * (249 - len('{"a": ""}'))})
    assert account.spoken("TTS_1", fits)
    with pytest.raises(Refusal) as refusal:
        account.spoken("TTS_1", fits + " ")
    assert refusal.value.code == "isv.PARAM_LENGTH_LIMIT"


# ---- sending ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def server(clock: ManualClock) -> AsyncIterator[AliyunServer]:
    phones = Phones(clock)
    phones.add("ana", "+8613900000001")
    async with AliyunServer(clock, phones) as server:
        server.account.templates = {
            "SMS_1": TEMPLATE,
            "SMS_2": Template("待处理。"),
            "SMS_3": Template("验证码${code}", code=True),
        }
        server.account.voices = {"TTS_1": Template("待处理。")}
        server.account.numbers = {"057112345678"}
        yield server


def sms(**changes: str) -> dict[str, str]:
    return {"PhoneNumbers": "13900000001", "SignName": "值班", "TemplateCode": "SMS_2"} | changes


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (sms(SignName="别人"), "isv.SMS_SIGNATURE_ILLEGAL"),
        (sms(TemplateCode="SMS_0"), "isv.SMS_TEMPLATE_ILLEGAL"),
        (sms(PhoneNumbers="+12025550123"), "isv.MOBILE_NUMBER_ILLEGAL"),
        (sms(PhoneNumbers="110"), "isv.MOBILE_NUMBER_ILLEGAL"),
        (sms(PhoneNumbers=""), "isv.MOBILE_NUMBER_ILLEGAL"),
    ],
)
async def test_an_sms_that_is_not_sent(server: AliyunServer, given: dict[str, str], code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        server.texts.send(given)
    assert refusal.value.code == code
    assert server.phones.phone("ana").texts == []


@pytest.mark.parametrize("number", ["13900000001", "8613900000001", "008613900000001", "+8613900000001"])
async def test_a_number_is_written_in_four_ways(server: AliyunServer, number: str) -> None:
    server.texts.send(sms(PhoneNumbers=number))
    assert [text.words for text in server.phones.phone("ana").texts] == ["【值班】待处理。"]


def refusals(server: AliyunServer, given: dict[str, str], clock: ManualClock, *pauses: float) -> list[str]:
    """Send once after each of these pauses, and return what was said."""
    said = []
    for pause in pauses:
        clock.advance(pause)
        try:
            server.texts.send(given)
        except Refusal as refusal:
            said.append(refusal.message)
        else:
            said.append("OK")
    return said


async def test_codes_are_limited_by_minute_hour_and_day(server: AliyunServer, clock: ManualClock) -> None:
    code = sms(TemplateCode="SMS_3", TemplateParam='{"code":"123456"}')
    minute, hour = "触发分钟级流控Permits:1", "触发小时级流控Permits:5"
    assert refusals(server, code, clock, 0, 59, 1, 60, 60, 60, 60) == ["OK", minute, "OK", "OK", "OK", "OK", hour]
    assert refusals(server, code, clock, *[3600.0] * 7) == ["OK"] * 5 + ["触发天级流控Permits:10"] * 2


async def test_nobody_gets_more_than_40_a_day(server: AliyunServer, clock: ManualClock) -> None:
    assert refusals(server, sms(), clock, *[1.0] * 41) == ["OK"] * 40 + ["触发天级流控Permits:40"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"CalledNumber": "13900000001", "TtsCode": "TTS_0"}, "isv.TTS_TEMPLATE_ILLEGAL"),
        ({"CalledNumber": "13900000001", "TtsCode": "TTS_1", "CalledShowNumber": "1"}, "isv.DISPLAY_NUMBER_ILLEGAL"),
        ({"CalledNumber": "13900000001", "TtsCode": "TTS_1", "OutId": "1234567890123456"}, "isv.PARAM_LENGTH_LIMIT"),
        ({"CalledNumber": "13900000001", "TtsCode": "TTS_1", "PlayTimes": "4"}, "isv.INVALID_PARAMETERS"),
    ],
)
async def test_a_call_that_is_not_made(server: AliyunServer, given: dict[str, str], code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        server.calls.read_out(given)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("number", "shown", "code"),
    [("13900000001", "", "isv.DISPLAY_NUMBER_ILLEGAL"), ("12025550123", "057112345678", "isv.MOBILE_NUMBER_ILLEGAL")],
)
async def test_a_menu_needs_a_bought_number_and_the_mainland(
    server: AliyunServer, number: str, shown: str, code: str
) -> None:
    with pytest.raises(Refusal) as refusal:
        server.calls.with_menu({"CalledNumber": number, "CalledShowNumber": shown, "StartCode": "TTS_1"})
    assert refusal.value.code == code
