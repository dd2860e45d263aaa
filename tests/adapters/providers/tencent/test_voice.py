import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.providers.tencent.voice import FAILURES, RESULTS, TencentVoice
from bot.adapter import Callback, DeliveryFailed, FailureKind
from bot.playground.phones import Habit, Phones
from bot.playground.tencent import TencentServer
from bot.provider import Progress
from tests.adapters.providers.cloud import CODE, ITEMS, MENU, SECRET, Desk, envelope, heard, ringing, until_idle
from tests.adapters.providers.tencent.conftest import MakeVoice
from tests.playground.manual_clock import ManualClock


async def test_it_speaks_three_times(
    called: TencentVoice, desk: Desk, tencent: TencentServer, phones: Phones, clock: ManualClock
) -> None:
    receipt = await called.send(envelope(script=MENU))
    call = await ringing(phones)
    call.pick_up()
    await until_idle(tencent, clock)
    assert call.heard == ["值班告警,编号42,确认请按1。"] * 3
    assert [(one.progress, one.said, one.id) for one in desk.reports] == [
        (Progress.ENDED, "result 0 answered", receipt.message.id)
    ]
    assert desk.keys == []


async def test_a_key_that_is_pressed_all_the_same_counts(
    called: TencentVoice, desk: Desk, tencent: TencentServer, phones: Phones, clock: ManualClock
) -> None:
    receipt = await called.send(envelope(script=MENU))
    call = await ringing(phones)
    call.pick_up()
    await heard(call, "确认", phones)
    call.press("1")
    await until_idle(tencent, clock)
    assert desk.keys == [("", "1", receipt.message.id)]


@pytest.mark.parametrize(
    ("habit", "progress"),
    [(Habit.BUSY, Progress.BUSY), (Habit.OFF, Progress.FAILED), (Habit.BY_HAND, Progress.NO_ANSWER)],
)
async def test_why_nobody_was_reached(
    called: TencentVoice,
    desk: Desk,
    tencent: TencentServer,
    phones: Phones,
    clock: ManualClock,
    *,
    habit: Habit,
    progress: Progress,
) -> None:
    phones.phone("ana").habit = habit
    await called.send(envelope(script=MENU))
    await until_idle(tencent, clock)
    assert [one.progress for one in desk.reports] == [progress]


async def test_at_night_one_call_is_all(make_voice: MakeVoice, clock: ManualClock) -> None:
    # 22:30 in Beijing.
    clock.advance(2.5 * 3600)
    provider = make_voice()
    await provider.send(envelope())
    clock.advance(4 * 3600)
    with pytest.raises(DeliveryFailed, match="night") as failed:
        await provider.send(envelope())
    assert failed.value.kind is FailureKind.REFUSED


async def test_check_says_how_little_may_be_called(make_voice: MakeVoice, tencent: TencentServer) -> None:
    said = await make_voice().check()
    assert said.startswith(f"{tencent.account.voice_app}: 2001; ")
    assert "3 calls to a number in a day, 1 from 22:00 to 08:00" in said
    with pytest.raises(DeliveryFailed) as failed:
        await make_voice(secret_id="AKIDother").check()
    assert failed.value.kind is FailureKind.UNAUTHORIZED


async def test_a_code_is_read_out(
    make_voice: MakeVoice, tencent: TencentServer, phones: Phones, clock: ManualClock
) -> None:
    with pytest.raises(DeliveryFailed, match="set code_template_id"):
        await make_voice().send(envelope(message=CODE))
    await make_voice(code_template_id="2003", play_times="1").send(envelope(message=CODE))
    call = await ringing(phones)
    call.pick_up()
    await until_idle(tencent, clock)
    assert call.heard == ["您的验证码是123456。"]


async def test_an_answer_without_an_id(make_voice: MakeVoice, tencent: TencentServer) -> None:
    tencent.faults.refuse("SendTtsVoice", 200, {"Response": {"SendStatus": {}}})
    with pytest.raises(DeliveryFailed) as failed:
        await make_voice().send(envelope())
    assert failed.value.kind is FailureKind.UNCERTAIN


@pytest.mark.parametrize(("code", "progress"), [(code, meant[0]) for code, meant in FAILURES.items()])
async def test_each_failure_is_told(called: TencentVoice, desk: Desk, code: str, progress: Progress) -> None:
    body = {"voice_failure_callback": {"callid": "c", "failure_code": int(code), "failure_reason": "原因"}}
    answer = await called.callback(Callback(f"{SECRET}/status", json.dumps(body).encode()), desk)
    assert (answer.status, answer.body) == (200, b'{"result":0,"errmsg":"OK"}')
    assert [(one.progress, one.said, one.id) for one in desk.reports] == [(progress, f"failure {code} 原因", "c")]


@pytest.mark.parametrize(
    ("result", "progress"), [*((key, one[0]) for key, one in RESULTS.items()), ("7", Progress.FAILED)]
)
async def test_each_result_is_told(called: TencentVoice, desk: Desk, result: str, progress: Progress) -> None:
    body = [{"voiceprompt_callback": {"callid": "c", "result": result}, "other": 1}]
    await called.callback(Callback(f"{SECRET}/status", json.dumps(body).encode()), desk)
    assert [one.progress for one in desk.reports] == [progress]


@pytest.mark.parametrize(("path", "status"), [("status", 403), (f"{SECRET}/reply", 403), (f"{SECRET}/status", 400)])
async def test_what_is_not_theirs_is_refused(called: TencentVoice, desk: Desk, path: str, status: int) -> None:
    assert (await called.callback(Callback(path, b"\xff"), desk)).status == status


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(("status",)), ITEMS)
async def test_whatever_is_told_nothing_breaks(called: TencentVoice, kind: str, items: object) -> None:
    answer = await called.callback(Callback(f"{SECRET}/{kind}", json.dumps(items).encode()), Desk())
    assert answer.status == 200
