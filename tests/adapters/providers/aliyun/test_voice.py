import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.providers.aliyun.voice import FINAL, AliyunVoice
from bot.adapter import Callback, DeliveryFailed, FailureKind
from bot.playground.aliyun import AliyunServer
from bot.playground.phones import Habit, Phones
from bot.provider import Progress
from cards.script import Script
from tests.adapters.providers.aliyun.conftest import MakeVoice
from tests.adapters.providers.cloud import CODE, ITEMS, MENU, PAGE, SECRET, Desk, envelope, heard, ringing, until_idle
from tests.playground.manual_clock import ManualClock

SHORT = "m42.signed"


async def test_a_key_acknowledges_and_its_text_is_said(
    called: AliyunVoice, desk: Desk, aliyun: AliyunServer, phones: Phones
) -> None:
    receipt = await called.send(envelope(script=MENU, reference=SHORT))
    call = await ringing(phones)
    call.pick_up()
    call.press("1")
    await aliyun.idle()
    assert call.heard == ["值班告警,编号42,确认请按1,升级请按2,重听请按0。", "已收到您的确认。", "再见。"]
    assert set(desk.keys) == {(SHORT, "1", receipt.message.id)}
    assert sorted(one.progress for one in desk.reports) == sorted(
        [Progress.SENT, Progress.RINGING, Progress.ANSWERED, Progress.ENDED]
    )
    assert {(one.reference, one.id) for one in desk.reports} == {(SHORT, receipt.message.id)}


async def test_a_reference_that_is_too_long_stays_here(
    called: AliyunVoice, desk: Desk, aliyun: AliyunServer, phones: Phones
) -> None:
    receipt = await called.send(envelope(script=MENU, reference="m-42.1234567890123456789012"))
    call = await ringing(phones)
    call.pick_up()
    call.press("2")
    await aliyun.idle()
    assert set(desk.keys) == {("", "2", receipt.message.id)}


async def test_the_menu_is_heard_again(called: AliyunVoice, aliyun: AliyunServer, phones: Phones) -> None:
    await called.send(envelope(script=MENU))
    call = await ringing(phones)
    call.pick_up()
    call.press("01")
    await aliyun.idle()
    assert [said[:4] for said in call.heard] == ["值班告警", "值班告警", "值班告警", "已收到您", "再见。"]


async def test_no_key_is_told(
    called: AliyunVoice, desk: Desk, aliyun: AliyunServer, phones: Phones, clock: ManualClock
) -> None:
    await called.send(envelope(script=MENU))
    (await ringing(phones)).pick_up()
    await until_idle(aliyun, clock)
    assert [keys for _, keys, _ in desk.keys] == [""]
    assert desk.reports[-1].said == "200008 no key was pressed"


async def test_a_voicemail_presses_nothing(
    called: AliyunVoice, desk: Desk, aliyun: AliyunServer, phones: Phones, clock: ManualClock
) -> None:
    phones.phone("ana").habit = Habit.VOICEMAIL
    await called.send(envelope(script=MENU))
    await until_idle(aliyun, clock)
    assert [keys for _, keys, _ in desk.keys] == [""]


async def test_who_hangs_up_has_pressed_nothing(
    called: AliyunVoice, desk: Desk, aliyun: AliyunServer, phones: Phones
) -> None:
    await called.send(envelope(script=MENU))
    call = await ringing(phones)
    call.pick_up()
    await heard(call, "值班告警", phones)
    call.hang_up()
    await aliyun.idle()
    assert desk.keys == []
    assert Progress.HUNG_UP in {one.progress for one in desk.reports}


@pytest.mark.parametrize(
    ("habit", "progress", "said"),
    [
        (Habit.BUSY, Progress.BUSY, "200002 busy"),
        (Habit.OFF, Progress.FAILED, "200010 switched off"),
        (Habit.BY_HAND, Progress.NO_ANSWER, "200003 no answer"),
    ],
)
async def test_why_nobody_was_reached(
    called: AliyunVoice,
    desk: Desk,
    aliyun: AliyunServer,
    phones: Phones,
    clock: ManualClock,
    *,
    habit: Habit,
    progress: Progress,
    said: str,
) -> None:
    phones.phone("ana").habit = habit
    await called.send(envelope(script=MENU))
    await until_idle(aliyun, clock)
    assert (progress, said) in [(one.progress, one.said) for one in desk.reports]
    assert desk.keys == []


async def test_declining_is_no_answer(called: AliyunVoice, desk: Desk, aliyun: AliyunServer, phones: Phones) -> None:
    await called.send(envelope(script=MENU))
    (await ringing(phones)).decline()
    await aliyun.idle()
    assert Progress.NO_ANSWER in {one.progress for one in desk.reports}


@pytest.mark.parametrize(
    ("to", "script"),
    [
        ("+12025550123", MENU),
        ("+8613900000001", Script(("x",), digits=2)),
        ("+8613900000001", Script(("x",), digits=0)),
        ("+8613900000001", None),
    ],
)
async def test_where_no_key_can_be_pressed_it_only_speaks(
    called: AliyunVoice,
    desk: Desk,
    aliyun: AliyunServer,
    phones: Phones,
    clock: ManualClock,
    *,
    to: str,
    script: Script | None,
) -> None:
    await called.send(envelope(to, script=script))
    call = await ringing(phones, "bo" if to.startswith("+1") else "ana")
    call.pick_up()
    await until_idle(aliyun, clock)
    assert call.heard == ["值班告警,编号42。"] * 3
    assert desk.keys == []
    assert "200000 heard to its end" in [one.said for one in desk.reports]


async def test_a_code_is_read_out(
    make_voice: MakeVoice, aliyun: AliyunServer, phones: Phones, clock: ManualClock
) -> None:
    with pytest.raises(DeliveryFailed, match="set code_tts_code"):
        await make_voice().send(envelope(message=CODE))
    await make_voice(code_tts_code="TTS_3", play_times="2").send(envelope(message=CODE))
    call = await ringing(phones)
    call.pick_up()
    await until_idle(aliyun, clock)
    assert call.heard == ["您的验证码是123456。"] * 2


async def test_without_a_menu_it_only_speaks(make_voice: MakeVoice, aliyun: AliyunServer, phones: Phones) -> None:
    plain = make_voice(start_code="", start_tts_params="", menu_key_map="", called_show_number="", bye_code="")
    receipt = await plain.send(envelope(script=MENU))
    assert receipt.said == f"SingleCallByTts: OK, CallId {receipt.message.id}"
    assert await plain.check() == f"{aliyun.account.access_key_id}: TTS_1, it only speaks"


async def test_variables_that_are_too_long_together_are_not_sent(make_voice: MakeVoice, aliyun: AliyunServer) -> None:
    wordy = make_voice(tts_param="a=severity:130, b=summary:130")
    long = replace(PAGE, severity_word="严" * 130, summary="重" * 130)
    with pytest.raises(DeliveryFailed) as failed:
        await wordy.send(envelope(message=long))
    assert failed.value.kind is FailureKind.TOO_LONG
    assert aliyun.log.calls("SingleCallByTts") == []


async def test_the_same_person_may_not_be_called_at_once_again(make_voice: MakeVoice) -> None:
    provider = make_voice()
    await provider.send(envelope(script=MENU))
    with pytest.raises(DeliveryFailed) as failed:
        await provider.send(envelope(script=MENU))
    assert (failed.value.kind, failed.value.retry_after) == (FailureKind.RATE_LIMITED, 60.0)


async def test_check_asks_for_a_call_that_never_was(make_voice: MakeVoice, aliyun: AliyunServer) -> None:
    assert await make_voice().check() == f"{aliyun.account.access_key_id}: TTS_1, keys can be pressed"
    with pytest.raises(DeliveryFailed) as failed:
        await make_voice(access_key_secret="another-secret").check()
    assert failed.value.kind is FailureKind.UNAUTHORIZED


@pytest.mark.parametrize("code", sorted(FINAL))
async def test_each_end_is_told(called: AliyunVoice, desk: Desk, code: str) -> None:
    item = {"call_id": "1^2", "out_id": "r", "status_code": code}
    answer = await called.callback(Callback(f"{SECRET}/voice_report", json.dumps([item]).encode()), desk)
    assert answer.status == 200
    [report] = desk.reports
    assert (report.progress, report.said.partition(" ")[0]) == (FINAL[code][0], code)
    assert (desk.keys == [("r", "", "1^2")]) is (code == "200008")


async def test_an_unknown_end_is_a_failure_and_a_last_key_counts(called: AliyunVoice, desk: Desk) -> None:
    items = [
        {"call_id": "1^2", "status_code": "299999", "status_msg": "new"},
        {"call_id": "1^3", "status_code": 200000, "digits": "02"},
    ]
    await called.callback(Callback(f"{SECRET}/voice_report", json.dumps(items).encode()), desk)
    assert [(one.progress, one.said) for one in desk.reports] == [
        (Progress.FAILED, "299999 new"),
        (Progress.ENDED, "200000 heard to its end"),
    ]
    assert desk.keys == [("", "2", "1^3")]


@pytest.mark.parametrize(
    ("path", "status"), [("voice_call_report", 403), (f"{SECRET}/other", 403), (f"{SECRET}/voice_report", 400)]
)
async def test_what_is_not_theirs_is_refused(called: AliyunVoice, desk: Desk, path: str, status: int) -> None:
    assert (await called.callback(Callback(path, b"{"), desk)).status == status


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(("voice_call_report", "voice_report")), ITEMS)
async def test_whatever_is_told_nothing_breaks(called: AliyunVoice, kind: str, items: object) -> None:
    answer = await called.callback(Callback(f"{SECRET}/{kind}", json.dumps(items).encode()), Desk())
    assert answer.status == 200
