"""A call rings, speaks and takes keys; how it ended is told apart; only a key acknowledges."""

import pytest

from bot.adapter import DeliveryFailed, FailureKind
from bot.playground.endpoint import Reports
from bot.playground.phones import Call, Habit, Phone
from bot.playground.twilio import TwilioServer
from bot.provider import Progress
from cards.script import Script
from tests.adapters.providers.twilio.conftest import REFERENCE, MakeVoice, Night, Write
from tests.adapters.providers.twilio.oncall import MENU, Core, Oncard, passing, until

CAME = [Progress.SENT, Progress.RINGING, Progress.ANSWERED]


async def ringing(phone: Phone, calls: int = 1) -> Call:
    """Return the call that comes."""
    await until(lambda: len(phone.calls) == calls)
    return phone.calls[-1]


async def taken(phone: Phone, lines: int = 3) -> Call:
    """Take the call that comes, and listen to what it says first."""
    call = await ringing(phone)
    call.pick_up()
    await until(lambda: len(call.heard) >= lines)
    return call


async def test_somebody_takes_it_by_pressing_a_key(
    make_voice: MakeVoice, write: Write, ana: Phone, core: Core, twilio: TwilioServer
) -> None:
    receipt = await make_voice().send(write("voice"))
    call = await taken(ana)
    assert call.caller == twilio.number
    assert call.heard == list(MENU.lines)
    call.press("1")
    await twilio.network.settle()
    assert call.heard[3:] == ["#42 is yours now.", "Goodbye."]
    assert core.keys == ["1"]
    line = twilio.calls.made[0]
    assert receipt.message.id == line.sid
    assert core.progress == [*CAME, Progress.ENDED]
    assert {(one.reference, one.id) for one in core.reports} == {(REFERENCE, line.sid)}
    assert twilio.network.alerts == []


async def test_it_rings_for_as_long_as_is_configured(make_voice: MakeVoice, write: Write, night: Night) -> None:
    await make_voice().send(write("voice"))
    call = await ringing(night.ana)
    await until(lambda: night.core.progress == [Progress.SENT, Progress.RINGING])
    begun = night.clock.now()
    await passing(night.clock, lambda: not call.is_ringing)
    assert 30 <= (night.clock.now() - begun).total_seconds() < 40
    await night.twilio.network.settle()
    assert night.core.progress == [Progress.SENT, Progress.RINGING, Progress.NO_ANSWER]


async def test_silence_is_told_after_it_was_said_once_more(make_voice: MakeVoice, write: Write, night: Night) -> None:
    await make_voice().send(write("voice"))
    call = await taken(night.ana)
    await passing(night.clock, lambda: len(call.heard) == 6)
    assert night.core.keys == []
    await passing(night.clock, lambda: night.core.keys)
    await night.twilio.network.settle()
    assert call.heard == [*MENU.lines, *MENU.lines, "Nothing was pressed."]
    assert night.core.keys == [""]
    assert night.core.progress[-1] is Progress.ENDED


async def test_a_call_may_wait_for_two_keys(
    make_voice: MakeVoice, write: Write, ana: Phone, core: Core, twilio: TwilioServer
) -> None:
    core.opening = Script(MENU.lines, digits=2, again=0)
    await make_voice().send(write("voice"))
    call = await taken(ana)
    call.press("#7")
    await until(lambda: core.keys)
    call.hang_up()
    await twilio.network.settle()
    assert core.keys == ["#7"]


async def test_a_call_goes_on_turn_by_turn(
    make_voice: MakeVoice, write: Write, ana: Phone, core: Core, twilio: TwilioServer
) -> None:
    await make_voice().send(write("voice"))
    call = await taken(ana)
    call.press("0")
    await until(lambda: len(call.heard) == 6)
    call.press("0")
    await until(lambda: len(call.heard) == 9)
    call.press("1")
    await twilio.network.settle()
    assert core.keys == ["0", "0", "1"]


@pytest.mark.parametrize(
    ("habit", "outcome"),
    [(Habit.BUSY, (Progress.BUSY, "busy")), (Habit.OFF, (Progress.NO_ANSWER, "failed, SIP 480"))],
)
async def test_a_phone_that_cannot_be_reached(
    make_voice: MakeVoice, write: Write, night: Night, habit: Habit, outcome: tuple[Progress, str]
) -> None:
    night.ana.habit = habit
    await make_voice().send(write("voice"))
    await night.twilio.network.settle()
    assert (night.core.reports[-1].progress, night.core.reports[-1].said) == outcome


async def test_a_number_that_is_nobodys(make_voice: MakeVoice, write: Write, core: Core, twilio: TwilioServer) -> None:
    await make_voice().send(write("voice", to="+14155550199"))
    await twilio.network.settle()
    assert (core.reports[-1].progress, core.reports[-1].said) == (Progress.FAILED, "failed, SIP 404")


async def test_who_hangs_up_is_told_from_who_listened_to_the_end(
    make_voice: MakeVoice, write: Write, night: Night
) -> None:
    await make_voice().send(write("voice"))
    call = await taken(night.ana)
    night.clock.advance(5)
    call.hang_up()
    await night.twilio.network.settle()
    assert (night.core.reports[-1].progress, night.core.reports[-1].said) == (Progress.HUNG_UP, "completed after 5 s")
    assert night.core.keys == []


async def test_a_declined_call_is_busy(
    make_voice: MakeVoice, write: Write, ana: Phone, core: Core, twilio: TwilioServer
) -> None:
    await make_voice().send(write("voice"))
    (await ringing(ana)).decline()
    await twilio.network.settle()
    assert core.progress[-1] is Progress.BUSY


async def test_a_machine_gets_a_short_text_and_acknowledges_nothing(
    make_voice: MakeVoice, write: Write, ana: Phone, core: Core, twilio: TwilioServer
) -> None:
    ana.habit = Habit.VOICEMAIL
    await make_voice(machine_detection="on").send(write("voice"))
    await twilio.network.settle()
    assert ana.calls[0].heard == list(MENU.lines[:2])
    assert core.keys == []
    assert core.progress == [*CAME, Progress.VOICEMAIL, Progress.VOICEMAIL]
    assert core.reports[-1].said == "completed, answered by machine_start"


async def test_a_machine_that_nobody_recognised_presses_no_key(
    make_voice: MakeVoice, write: Write, night: Night
) -> None:
    night.ana.habit = Habit.VOICEMAIL
    await make_voice().send(write("voice"))
    await passing(night.clock, lambda: night.core.keys)
    await night.twilio.network.settle()
    assert night.core.keys == [""]
    assert night.core.progress == [*CAME, Progress.ENDED]


async def test_a_ringing_call_is_ended_and_a_talking_one_goes_on(
    make_voice: MakeVoice, write: Write, ana: Phone, core: Core, twilio: TwilioServer
) -> None:
    provider = make_voice()
    first = await provider.send(write("voice"))
    call = await ringing(ana)
    await until(lambda: Progress.RINGING in core.progress)
    assert await provider.cancel(first.message.id) == "canceled"
    await twilio.network.settle()
    assert call.ended is not None
    assert (core.reports[-1].progress, core.reports[-1].said) == (Progress.ENDED, "canceled")
    second = await provider.send(write("voice"))
    (await ringing(ana, 2)).pick_up()
    await until(lambda: ana.calls[-1].heard)
    for one in (first, second):
        with pytest.raises(DeliveryFailed) as failed:
            await provider.cancel(one.message.id)
        assert failed.value.kind is FailureKind.GONE
    with pytest.raises(DeliveryFailed) as failed:
        await provider.cancel("CA0")
    assert failed.value.kind is FailureKind.GONE
    twilio.refuse("calls.update", 20003)
    with pytest.raises(DeliveryFailed) as failed:
        await provider.cancel(second.message.id)
    assert failed.value.kind is FailureKind.UNAUTHORIZED
    assert ana.calls[-1].is_talking


async def test_a_slow_core_is_waited_for_with_words(make_voice: MakeVoice, write: Write, night: Night) -> None:
    await make_voice().send(write("voice", locale="zh"))
    night.core.gate.clear()
    call = await ringing(night.ana)
    call.pick_up()
    await until(lambda: night.core.picked_up)
    night.clock.advance(10)
    await until(lambda: call.heard)
    assert call.heard == ["请稍候…"]
    night.core.gate.set()
    await until(lambda: len(call.heard) == 4)
    assert night.core.picked_up == 1
    night.core.gate.clear()
    call.press("1")
    await until(lambda: night.core.keys)
    night.clock.advance(10)
    await until(lambda: len(call.heard) == 5)
    night.core.gate.set()
    await night.twilio.network.settle()
    assert night.core.keys == ["1"]
    assert call.heard[5:] == ["#42 is yours now.", "Goodbye."]


async def test_a_core_that_does_not_come_back_is_not_waited_for_for_ever(
    make_voice: MakeVoice, write: Write, night: Night
) -> None:
    await make_voice().send(write("voice"))
    night.core.gate.clear()
    call = await ringing(night.ana)
    call.pick_up()
    await until(lambda: night.core.picked_up)
    await passing(night.clock, lambda: len(call.heard) == 5)
    await night.twilio.network.settle()
    assert call.heard == ["One moment…"] * 3 + ["Please acknowledge it in the chat.", "Goodbye."]
    night.core.gate.set()


async def test_a_core_that_fails_is_asked_again(make_voice: MakeVoice, write: Write, night: Night) -> None:
    provider = make_voice()
    night.core.broken = True
    await provider.send(write("voice"))
    (await ringing(night.ana)).pick_up()
    await until(lambda: night.ana.calls[0].heard)
    assert night.ana.calls[0].heard[0].startswith("We are sorry")
    again = next(one for one in night.oncard.requests if one.path.endswith("answered"))
    assert b"press 1" in (await provider.callback(again, night.core)).body


async def test_a_request_that_is_repeated_presses_nothing_twice(
    make_voice: MakeVoice, write: Write, night: Night
) -> None:
    provider = make_voice()
    await provider.send(write("voice"))
    (await taken(night.ana)).press("1")
    await night.twilio.network.settle()
    pressed = next(one for one in night.oncard.requests if one.path.endswith("keys"))
    again = await provider.callback(pressed, night.core)
    assert night.core.keys == ["1"]
    assert again.repeated
    assert b"yours now" in again.body


async def test_receipts_come_late_and_backwards(
    make_voice: MakeVoice, write: Write, ana: Phone, core: Core, twilio: TwilioServer
) -> None:
    twilio.reports = Reports.LATE
    await make_voice().send(write("voice"))
    (await ringing(ana)).decline()
    await twilio.network.settle()
    await twilio.tell_late()
    assert core.progress == [Progress.BUSY, Progress.RINGING, Progress.SENT]


async def test_a_call_speaks_the_readers_language(
    make_voice: MakeVoice, write: Write, ana: Phone, core: Core, twilio: TwilioServer
) -> None:
    core.opening = Script(("严重故障，编号 42 & <磁盘>",), "zh-CN", digits=0, again=1)
    await make_voice().send(write("voice", locale="zh"))
    (await ringing(ana)).pick_up()
    await twilio.network.settle()
    line = twilio.calls.made[0]
    assert [(one.language, one.voice, one.words) for one in line.said] == [
        ("cmn-CN", "Polly.Zhiyu", "严重故障，编号 42 & <磁盘>")
    ] * 2
    assert core.progress[-1] is Progress.ENDED
    core.opening = Script(("Disk full.",), "en", digits=0, again=0)
    await make_voice(voices="en=en-GB/Polly.Amy").send(write("voice"))
    (await ringing(ana, 2)).pick_up()
    await twilio.network.settle()
    assert [(one.language, one.voice) for one in twilio.calls.made[1].said] == [("en-GB", "Polly.Amy")]


async def test_without_an_address_of_ours_a_call_only_speaks(
    make_voice: MakeVoice, write: Write, ana: Phone, core: Core, twilio: TwilioServer
) -> None:
    spoken = Script(("This is Oncard.", "Disk full."), digits=0, again=1)
    await make_voice().send(write("voice", callback="", script=spoken))
    (await ringing(ana)).pick_up()
    await twilio.network.settle()
    assert ana.calls[0].heard == ["This is Oncard.", "Disk full."] * 2
    assert core.reports == []


@pytest.mark.parametrize("script", [None, MENU])
async def test_a_call_that_only_speaks_asks_for_no_key(
    make_voice: MakeVoice, write: Write, ana: Phone, twilio: TwilioServer, script: Script | None
) -> None:
    twilio.refuse("calls.create", 21205, "https://oncall.internal/")
    receipt = await make_voice().send(write("voice", script=script))
    (await ringing(ana)).pick_up()
    await twilio.network.settle()
    assert "it only speaks, because of 21205" in receipt.said
    assert "Critical incident number 42: Host high CPU load." in ana.calls[0].heard
    assert not any("press" in heard for heard in ana.calls[0].heard)


async def test_who_cannot_sign_gets_nothing(make_voice: MakeVoice, write: Write, core: Core, oncard: Oncard) -> None:
    provider = make_voice()
    await provider.send(write("voice"))
    await until(lambda: oncard.requests)
    genuine = oncard.requests[0]
    for headers in ({}, {**genuine.headers, "x-twilio-signature": "A" * 28}):
        forged = type(genuine)(f"{REFERENCE}/keys", b"Digits=1", headers)
        assert (await provider.callback(forged, core)).status == 401
    assert core.keys == []


@pytest.mark.parametrize("path", ["", "keys", "7.word/else"])
async def test_nothing_is_told_elsewhere(
    make_voice: MakeVoice, twilio: TwilioServer, oncard: Oncard, core: Core, path: str
) -> None:
    make_voice()
    told = twilio.network.told("odd", f"{oncard.url('voice')}{path}", {"CallSid": "CA1"})
    assert (await twilio.ask(told)).status == 404
    odd = twilio.network.told("odd", f"{oncard.url('voice')}7.word/status", {"CallStatus": "vanished"})
    assert (await twilio.ask(odd)).status == 204
    assert core.reports == []


async def test_it_says_who_it_is_or_what_is_wrong(make_voice: MakeVoice, write: Write, twilio: TwilioServer) -> None:
    provider = make_voice()
    assert await provider.check() == f"{twilio.account.sid}, from {twilio.number}"
    assert provider.timeout == 8.0
    twilio.refuse("calls.create", 21215, "+8613900000000")
    with pytest.raises(DeliveryFailed) as failed:
        await provider.send(write("voice", to="+8613900000000"))
    assert failed.value.kind is FailureKind.UNAUTHORIZED
