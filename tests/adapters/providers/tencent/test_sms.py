import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.providers.tencent import sms
from adapters.providers.tencent.sms import TencentSms
from bot.adapter import Callback, DeliveryFailed, FailureKind, MessageRef
from bot.playground.endpoint import Reports
from bot.playground.phones import Habit, Phones
from bot.playground.tencent import Template, TencentServer
from bot.playground.tencent.account import Status
from bot.playground.tencent.texts import NUMBER
from bot.provider import Progress, Report, Spoken
from cards.card import Note
from tests.adapters.providers.cloud import CODE, ITEMS, SECRET, Desk, envelope, texts_of, until_idle
from tests.adapters.providers.tencent.conftest import MakeSms
from tests.playground.manual_clock import ManualClock


async def test_a_page_arrives_in_the_approved_words(texted: TencentSms, phones: Phones) -> None:
    receipt = await texted.send(envelope())
    assert texts_of(phones) == ["【值班】严重告警:磁盘将满 d,编号42。"]
    assert receipt.message == MessageRef("main", f"2028:{1:018d}")
    assert receipt.said == f"SendSms: Ok, SerialNo 2028:{1:018d}"


async def test_what_a_message_lacks_is_filled_up(make_sms: MakeSms, phones: Phones) -> None:
    await make_sms().send(envelope(message=Note(("🔥",))))
    assert texts_of(phones) == ["【值班】-告警:-,编号0。"]


async def test_a_template_may_have_no_variables(make_sms: MakeSms, phones: Phones) -> None:
    await make_sms(template_id="1002", template_param_set="").send(envelope())
    assert texts_of(phones) == ["【值班】您有一条待处理的值班告警,请打开值班系统查看。"]


async def test_a_code_has_a_template_of_its_own(make_sms: MakeSms, phones: Phones, tencent: TencentServer) -> None:
    with pytest.raises(DeliveryFailed, match="set code_template_id") as failed:
        await make_sms().send(envelope(message=CODE))
    assert failed.value.kind is FailureKind.REFUSED
    with_codes = make_sms(code_template_id="1003", fallback_template_id="1002")
    await with_codes.send(envelope(message=CODE))
    assert texts_of(phones) == ["【值班】验证码123456,请勿泄露。"]
    tencent.account.banned = {"123456"}
    with pytest.raises(DeliveryFailed) as failed:
        await with_codes.send(envelope(message=CODE))
    assert failed.value.kind is FailureKind.MALFORMED


async def test_a_template_for_abroad(make_sms: MakeSms, phones: Phones) -> None:
    abroad = make_sms(template_id="1009", template_param_set="number", international="true")
    assert await abroad.check() == "值班: 1009 oncall"
    await abroad.send(envelope("+12025550123"))
    assert texts_of(phones, "bo") == ["【值班】On call: incident 42."]
    for provider, number in ((abroad, "+8613900000001"), (make_sms(), "+12025550123"), (make_sms(), "+1x")):
        with pytest.raises(DeliveryFailed) as failed:
            await provider.send(envelope(number))
        assert failed.value.kind is FailureKind.REFUSED


async def test_refused_content_goes_out_without_variables(
    make_sms: MakeSms, phones: Phones, tencent: TencentServer
) -> None:
    tencent.account.templates["1001"] = Template("{1}告警:{2},编号{3}。", longest=4)
    receipt = await make_sms(fallback_template_id="1002").send(envelope())
    assert texts_of(phones) == ["【值班】您有一条待处理的值班告警,请打开值班系统查看。"]
    assert "without variables, because of SendSms: InvalidParameterValue.TemplateParameterLengthLimit" in receipt.said


@pytest.mark.parametrize(
    ("template", "kind"),
    [
        (Template("{1}", longest=6), FailureKind.MALFORMED),
        (Template("{1}{2}{3}", longest=1), FailureKind.TOO_LONG),
    ],
)
async def test_refused_content_without_a_fallback_is_told(
    make_sms: MakeSms, tencent: TencentServer, template: Template, kind: FailureKind
) -> None:
    tencent.account.templates["1001"] = template
    with pytest.raises(DeliveryFailed) as failed:
        await make_sms().send(envelope())
    assert failed.value.kind is kind


async def test_the_same_words_again_must_wait(make_sms: MakeSms) -> None:
    provider = make_sms()
    await provider.send(envelope())
    with pytest.raises(DeliveryFailed) as failed:
        await provider.send(envelope())
    assert (failed.value.kind, failed.value.retry_after) == (FailureKind.RATE_LIMITED, 30.0)


async def test_money_and_keys(make_sms: MakeSms, tencent: TencentServer) -> None:
    tencent.account.balance = 0
    kinds = []
    for provider in (make_sms(), make_sms(secret_key="another-secret"), make_sms(sms_sdk_app_id="1")):
        with pytest.raises(DeliveryFailed) as failed:
            await provider.send(envelope())
        assert "another-secret" not in failed.value.detail
        kinds.append(failed.value.kind)
    assert kinds == [FailureKind.QUOTA, FailureKind.UNAUTHORIZED, FailureKind.UNAUTHORIZED]


async def test_what_is_no_answer(make_sms: MakeSms, tencent: TencentServer, phones: Phones) -> None:
    tencent.faults.status("SendSms", 502)
    tencent.faults.refuse("SendSms", 200, {"Response": {"SendStatusSet": []}})
    tencent.faults.cut("SendSms", applied=True)
    for _ in range(3):
        with pytest.raises(DeliveryFailed) as failed:
            await make_sms().send(envelope())
        assert failed.value.kind is FailureKind.UNCERTAIN
    await tencent.pull_plug()
    with pytest.raises(DeliveryFailed) as failed:
        await make_sms().send(envelope())
    assert failed.value.kind is FailureKind.UNREACHABLE
    assert len(texts_of(phones)) == 1


async def test_check_finds_templates_that_may_not_be_used(make_sms: MakeSms, tencent: TencentServer) -> None:
    assert await make_sms(fallback_template_id="1002").check() == "值班: 1001 oncall, 1002 oncall"
    tencent.account.templates["1001"] = Template("x", status=Status.REJECTED)
    with pytest.raises(DeliveryFailed, match="the template 1001 was rejected: 内容不规范") as failed:
        await make_sms().check()
    assert failed.value.kind is FailureKind.UNAUTHORIZED
    with pytest.raises(DeliveryFailed, match="the template 9999 does not exist"):
        await make_sms(template_id="9999").check()


# ---- receipts and replies --------------------------------------------------------------------------------------------


async def test_a_receipt_is_known_by_its_serial_number(texted: TencentSms, desk: Desk, tencent: TencentServer) -> None:
    receipt = await texted.send(envelope())
    await tencent.idle()
    assert desk.reports == [Report(Progress.DELIVERED, "DELIVRD 用户短信送达成功", id=receipt.message.id)]


async def test_a_phone_that_is_off_is_told(
    texted: TencentSms, desk: Desk, tencent: TencentServer, phones: Phones
) -> None:
    phones.phone("ana").habit = Habit.OFF
    await texted.send(envelope())
    await tencent.idle()
    assert [(one.progress, one.said) for one in desk.reports] == [(Progress.FAILED, "UNDELIV 终端不可达")]


async def test_what_cannot_be_stored_comes_again(
    texted: TencentSms, desk: Desk, tencent: TencentServer, clock: ManualClock
) -> None:
    desk.away = 1
    await texted.send(envelope())
    await until_idle(tencent, clock, step=30)
    assert len(desk.reports) == 1


async def test_a_reply_is_known_by_who_wrote_what_and_when(
    texted: TencentSms, desk: Desk, tencent: TencentServer, phones: Phones, clock: ManualClock
) -> None:
    tencent.reports = Reports.DOUBLED
    phones.write("bo", NUMBER, "1 42")
    await tencent.idle()
    tencent.reports = Reports.ON_TIME
    clock.advance(1)
    phones.write("bo", NUMBER, "1 42")
    await tencent.idle()
    first, again, later = desk.replies
    assert first == again == Spoken("+12025550123", "1 42", first.trigger)
    assert later.trigger != first.trigger


@pytest.mark.parametrize("path", ["status", "", f"{SECRET}/other", f"{SECRET}", "wrong/status"])
async def test_who_does_not_know_the_secret_is_refused(texted: TencentSms, desk: Desk, path: str) -> None:
    assert (await texted.callback(Callback(path, b'[{"sid":"1"}]'), desk)).status == 403
    assert desk.reports == []


async def test_without_a_secret_nobody_may_call(desk: Desk, clock: ManualClock) -> None:
    values = {"secret_id": "a", "secret_key": "b", "sms_sdk_app_id": "1", "sign_name": "c", "template_id": "1"}
    bare = sms.connect("bare", values, clock)
    assert (await bare.callback(Callback("/status", b"[]"), desk)).status == 403


async def test_what_cannot_be_read(texted: TencentSms, desk: Desk) -> None:
    assert (await texted.callback(Callback(f"{SECRET}/status", b"["), desk)).status == 400
    items = [None, {"mobile": "1", "nationcode": "x"}, {"mobile": "13900000001", "nationcode": "+86", "text": "1"}]
    answer = await texted.callback(Callback(f"{SECRET}/reply", json.dumps(items).encode()), desk)
    assert (answer.status, answer.body) == (200, b'{"result":0,"errmsg":"OK"}')
    assert [one.number for one in desk.replies] == ["+8613900000001"]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(("status", "reply")), ITEMS)
async def test_whatever_is_told_nothing_breaks(texted: TencentSms, kind: str, items: object) -> None:
    answer = await texted.callback(Callback(f"{SECRET}/{kind}", json.dumps(items).encode()), Desk())
    assert answer.status == 200
