import asyncio
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.providers.aliyun import sms
from adapters.providers.aliyun.numbers import ours, theirs
from adapters.providers.aliyun.sms import AliyunSms
from bot.adapter import Callback, DeliveryFailed, FailureKind, MessageRef
from bot.playground.aliyun import AliyunServer
from bot.playground.aliyun.account import Status, Template
from bot.playground.aliyun.texts import NUMBER
from bot.playground.endpoint import Reports
from bot.playground.phones import Habit, Phones
from bot.provider import Progress, Report, Spoken
from cards.card import Note
from tests.adapters.providers.aliyun.conftest import MakeSms
from tests.adapters.providers.cloud import CODE, ITEMS, REFERENCE, SECRET, Desk, envelope, texts_of, until_idle
from tests.playground.manual_clock import ManualClock


async def test_a_page_arrives_in_the_approved_words(texted: AliyunSms, phones: Phones, aliyun: AliyunServer) -> None:
    receipt = await texted.send(envelope())
    assert texts_of(phones) == ["【值班】严重告警:磁盘将满 db_pr,编号42。"]
    [sent] = aliyun.texts.sent
    assert receipt.message == MessageRef("main", sent.id)
    assert receipt.said == f"SendSms: OK, BizId {sent.id}"
    assert sent.out_id == REFERENCE


async def test_what_a_message_lacks_is_filled_up(make_sms: MakeSms, phones: Phones) -> None:
    await make_sms().send(envelope(message=Note(("验证码 🔥123456【x】",))))
    assert texts_of(phones) == ["【值班】-告警:验证码 123456,编号0。"]


async def test_a_template_may_have_no_variables(make_sms: MakeSms, phones: Phones, aliyun: AliyunServer) -> None:
    await make_sms(template_code="SMS_2", template_param="").send(envelope())
    assert texts_of(phones) == ["【值班】您有一条待处理的值班告警,请打开值班系统查看。"]
    [call] = aliyun.log.calls("SendSms")
    assert isinstance(call.request, dict)
    assert "TemplateParam" not in call.request


async def test_a_code_has_a_template_of_its_own(make_sms: MakeSms, phones: Phones, aliyun: AliyunServer) -> None:
    with pytest.raises(DeliveryFailed, match="set code_template_code") as failed:
        await make_sms(fallback_template_code="SMS_2").send(envelope(message=CODE))
    assert failed.value.kind is FailureKind.REFUSED
    await make_sms(code_template_code="SMS_3").send(envelope(message=CODE))
    assert texts_of(phones) == ["【值班】验证码123456,请勿泄露。"]


async def test_a_code_that_is_refused_is_not_replaced_by_other_words(make_sms: MakeSms, aliyun: AliyunServer) -> None:
    aliyun.account.banned = {"123456"}
    with pytest.raises(DeliveryFailed) as failed:
        await make_sms(code_template_code="SMS_3", fallback_template_code="SMS_2").send(envelope(message=CODE))
    assert failed.value.kind is FailureKind.MALFORMED


async def test_numbers_abroad(make_sms: MakeSms, phones: Phones) -> None:
    abroad = make_sms(template_code="SMS_9", template_param="number=number")
    await abroad.send(envelope("+12025550123"))
    assert texts_of(phones, "bo") == ["【值班】On call: incident 42."]
    with pytest.raises(DeliveryFailed) as failed:
        await abroad.send(envelope())
    assert failed.value.kind is FailureKind.REFUSED


@pytest.mark.parametrize(
    ("e164", "written"),
    [("+8613900000001", "13900000001"), ("+12025550123", "12025550123"), ("+85261234567", "85261234567")],
)
def test_numbers_are_written_as_they_want_them(e164: str, written: str) -> None:
    assert theirs(e164) == written


@pytest.mark.parametrize(
    ("written", "e164"),
    [
        ("13900000001", "+8613900000001"),
        ("8613900000001", "+8613900000001"),
        ("+8613900000001", "+8613900000001"),
        ("008613900000001", "+8613900000001"),
        ("85261234567", "+85261234567"),
        ("", ""),
        ("abc", ""),
    ],
)
def test_numbers_of_replies_are_read(written: str, e164: str) -> None:
    assert ours(written) == e164


# ---- content that is refused -----------------------------------------------------------------------------------------


async def test_refused_content_goes_out_without_variables(
    make_sms: MakeSms, phones: Phones, aliyun: AliyunServer
) -> None:
    aliyun.account.banned.add("磁盘")
    receipt = await make_sms(fallback_template_code="SMS_2").send(envelope())
    assert texts_of(phones) == ["【值班】您有一条待处理的值班告警,请打开值班系统查看。"]
    assert "without variables, because of SendSms: isv.BLACK_KEY_CONTROL_LIMIT" in receipt.said


async def test_refused_content_without_a_fallback_is_told(make_sms: MakeSms, aliyun: AliyunServer) -> None:
    aliyun.account.templates["SMS_1"] = Template("${title}", usual=3)
    with pytest.raises(DeliveryFailed) as failed:
        await make_sms().send(envelope())
    assert failed.value.kind is FailureKind.TOO_LONG


async def test_nothing_else_is_sent_twice(make_sms: MakeSms, aliyun: AliyunServer) -> None:
    aliyun.account.balance = 0
    with pytest.raises(DeliveryFailed) as failed:
        await make_sms(fallback_template_code="SMS_2").send(envelope())
    assert failed.value.kind is FailureKind.QUOTA
    assert len(aliyun.log.calls("SendSms")) == 1


# ---- failures --------------------------------------------------------------------------------------------------------


async def test_a_wrong_key_is_the_accounts_trouble(make_sms: MakeSms) -> None:
    for changes in ({"access_key_secret": "another-secret"}, {"access_key_id": "LTAI-other"}):
        with pytest.raises(DeliveryFailed) as failed:
            await make_sms(**changes).send(envelope())
        assert failed.value.kind is FailureKind.UNAUTHORIZED
        assert "another-secret" not in failed.value.detail


async def test_the_service_is_away(make_sms: MakeSms, aliyun: AliyunServer) -> None:
    await aliyun.pull_plug()
    with pytest.raises(DeliveryFailed) as failed:
        await make_sms().send(envelope())
    assert failed.value.kind is FailureKind.UNREACHABLE


async def test_an_answer_that_never_comes(make_sms: MakeSms, aliyun: AliyunServer, phones: Phones) -> None:
    aliyun.faults.cut("SendSms", applied=True)
    aliyun.faults.hang("SendSms", applied=True)
    for provider in (make_sms(), make_sms(timeout="0.4")):
        with pytest.raises(DeliveryFailed) as failed:
            await provider.send(envelope())
        assert failed.value.kind is FailureKind.UNCERTAIN
    assert len(texts_of(phones)) == 2


async def test_a_gateway_and_an_answer_without_an_id(make_sms: MakeSms, aliyun: AliyunServer) -> None:
    aliyun.faults.status("SendSms", 502)
    aliyun.faults.refuse("SendSms", 200, {"Code": "OK", "Message": "OK"})
    for _ in range(2):
        with pytest.raises(DeliveryFailed) as failed:
            await make_sms().send(envelope())
        assert failed.value.kind is FailureKind.UNCERTAIN


# ---- check -----------------------------------------------------------------------------------------------------------


async def test_check_names_the_templates(make_sms: MakeSms) -> None:
    every = make_sms(fallback_template_code="SMS_2", code_template_code="SMS_3")
    assert await every.check() == "值班: SMS_1 oncall, SMS_2 oncall, SMS_3 oncall"


async def test_check_finds_a_template_that_is_not_approved(make_sms: MakeSms, aliyun: AliyunServer) -> None:
    aliyun.account.templates["SMS_1"] = Template("x", status=Status.REVIEWING)
    with pytest.raises(DeliveryFailed, match="the template SMS_1 is being reviewed") as failed:
        await make_sms().check()
    assert failed.value.kind is FailureKind.UNAUTHORIZED


# ---- receipts and replies --------------------------------------------------------------------------------------------


async def test_a_receipt_is_known_by_our_word(texted: AliyunSms, desk: Desk, aliyun: AliyunServer) -> None:
    receipt = await texted.send(envelope())
    await aliyun.idle()
    assert not any(SECRET in str(entry) for entry in aliyun.log)
    assert desk.reports == [
        Report(Progress.DELIVERED, "DELIVERED 用户接收成功", reference=REFERENCE, id=receipt.message.id)
    ]


async def test_a_phone_that_is_off_is_told(texted: AliyunSms, desk: Desk, aliyun: AliyunServer, phones: Phones) -> None:
    phones.phone("ana").habit = Habit.OFF
    await texted.send(envelope())
    await aliyun.idle()
    assert [(one.progress, one.said) for one in desk.reports] == [(Progress.FAILED, "UNDELIV 手机终端不可达")]


async def test_receipts_come_late_together_and_backwards(texted: AliyunSms, desk: Desk, aliyun: AliyunServer) -> None:
    aliyun.reports = Reports.LATE
    ids = [(await texted.send(envelope())).message.id for _ in range(3)]
    assert desk.reports == []
    [heard] = await aliyun.tell_late()
    assert heard.status == 200
    assert [one.id for one in desk.reports] == ids[::-1]


async def test_what_cannot_be_stored_comes_again(
    texted: AliyunSms, desk: Desk, aliyun: AliyunServer, clock: ManualClock
) -> None:
    desk.away = 2
    await texted.send(envelope())
    await until_idle(aliyun, clock, step=30)
    assert len(desk.reports) == 1
    assert [entry.status for entry in aliyun.log.calls("sms_report")] == [500, 500, 200]


async def test_a_reply_is_told_with_what_it_is_known_by(
    texted: AliyunSms, desk: Desk, aliyun: AliyunServer, phones: Phones
) -> None:
    aliyun.reports = Reports.DOUBLED
    phones.write("ana", NUMBER, "1 42")
    await aliyun.idle()
    first, second = desk.replies
    assert first == second == Spoken("+8613900000001", "1 42", first.trigger)
    assert first.trigger


@pytest.mark.parametrize("path", ["sms_report", "x/sms_report", "", "/", f"{SECRET}x/sms_report", f"{SECRET}/other"])
async def test_who_does_not_know_the_secret_is_refused(texted: AliyunSms, desk: Desk, path: str) -> None:
    body = json.dumps([{"biz_id": "1", "success": True}]).encode()
    assert (await texted.callback(Callback(path, body), desk)).status == 403
    assert desk.reports == []


async def test_without_a_secret_nobody_may_call(desk: Desk, clock: ManualClock) -> None:
    values = {"access_key_id": "a", "access_key_secret": "b", "sign_name": "c", "template_code": "SMS_1"}
    bare = sms.connect("bare", values, clock)
    assert (await bare.callback(Callback("/sms_report", b"[]"), desk)).status == 403


@pytest.mark.parametrize("body", [b"", b"3", b"[", b"\xff", b"[" * 100_000])
async def test_what_is_no_json_is_refused(texted: AliyunSms, desk: Desk, body: bytes) -> None:
    assert (await texted.callback(Callback(f"{SECRET}/sms_report", body), desk)).status == 400


async def test_items_that_make_no_sense_do_not_stop_the_others(texted: AliyunSms, desk: Desk) -> None:
    items = [None, 3, {}, {"phone_number": [], "content": "x"}, {"phone_number": "13900000001", "content": "1"}]
    answer = await texted.callback(Callback(f"{SECRET}/sms_up", json.dumps(items).encode()), desk)
    assert (answer.status, answer.body) == (200, b'{"code":0,"msg":"OK"}')
    assert [one.number for one in desk.replies] == ["+8613900000001"]


async def test_many_at_once(texted: AliyunSms, aliyun: AliyunServer) -> None:
    receipts = await asyncio.gather(*(texted.send(envelope()) for _ in range(10)))
    assert len({one.message.id for one in receipts}) == 10


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(("sms_report", "sms_up")), ITEMS)
async def test_whatever_is_told_nothing_breaks(texted: AliyunSms, kind: str, items: object) -> None:
    answer = await texted.callback(Callback(f"{SECRET}/{kind}", json.dumps(items).encode()), Desk())
    assert answer.status == 200
