"""A call by a gateway of one's own: it speaks, takes keys, and how it ended is told apart."""

from collections.abc import Callable

from bot.adapter import Callback
from bot.playground.gateway import GatewayServer
from bot.playground.phones import Call, Habit, Phone
from bot.provider import Progress
from cards.script import Script
from tests.adapters.providers.desk import REFERENCE, Desk, Door, an_envelope, until
from tests.adapters.providers.webhook.conftest import ANA, SECRET, MakeVoice
from tests.playground.manual_clock import ManualClock

SCRIPT = Script(("Critical: disk full.", "Press 1 to acknowledge."))


async def call_of(phone: Phone) -> Call:
    await until(lambda: bool(phone.calls))
    return phone.calls[-1]


async def pass_time(clock: ManualClock, happened: Callable[[], bool]) -> None:
    """Let seconds pass until it has happened."""

    def look() -> bool:
        clock.advance(1)
        return happened()

    await until(look)


async def test_a_key_acknowledges_and_the_call_says_so(
    make_voice: MakeVoice, gateway: GatewayServer, ana: Phone
) -> None:
    desk, provider = Desk(), make_voice()
    async with Door(provider, desk) as door:
        receipt = await provider.send(an_envelope(ANA, callback=door.address, script=SCRIPT))
        call = await call_of(ana)
        call.pick_up()
        await until(lambda: len(call.heard) == 2)
        call.press("1")
        await gateway.settled()
    assert call.heard == [*SCRIPT.lines, "Thank you."]
    assert desk.keys == [(REFERENCE, "1", "call-1")]
    assert desk.picked_up == [REFERENCE]
    assert receipt.message.id == "call-1"
    assert [one.progress for one in desk.reports] == [Progress.RINGING, Progress.ANSWERED, Progress.ENDED]


async def test_a_call_in_which_nothing_is_pressed_says_what_the_core_says_then(
    make_voice: MakeVoice, gateway: GatewayServer, ana: Phone, clock: ManualClock
) -> None:
    desk, provider = Desk(), make_voice()
    async with Door(provider, desk) as door:
        await provider.send(an_envelope(ANA, callback=door.address, script=SCRIPT))
        call = await call_of(ana)
        call.pick_up()
        await pass_time(clock, lambda: len(call.heard) == 3)
        await gateway.settled()
    assert desk.keys == [(REFERENCE, "", "call-1")]
    assert call.heard[-1] == "Thank you."


async def test_busy_no_answer_voicemail_and_hang_up_are_told_apart(
    make_voice: MakeVoice, gateway: GatewayServer, ana: Phone, clock: ManualClock
) -> None:
    desk, provider = Desk(), make_voice()
    async with Door(provider, desk) as door:
        for habit in (Habit.BUSY, Habit.VOICEMAIL, Habit.BY_HAND, Habit.BY_HAND):
            ana.habit = habit
            before = len(ana.calls)
            await provider.send(an_envelope(ANA, callback=door.address, script=SCRIPT))
            if habit is Habit.BY_HAND and before == 2:
                await pass_time(clock, lambda: len(desk.reports) == 6)
            elif habit is Habit.BY_HAND:
                await until(lambda: len(ana.calls) == 4)
                ana.calls[-1].pick_up()
                await until(lambda: len(ana.calls[-1].heard) == 2)
                ana.calls[-1].hang_up()
            await gateway.settled()
    ends = [one.progress for one in desk.reports if one.progress not in (Progress.RINGING, Progress.ANSWERED)]
    assert ends == [Progress.BUSY, Progress.VOICEMAIL, Progress.NO_ANSWER, Progress.HUNG_UP]
    assert desk.keys == []


async def test_without_a_script_the_message_is_read_and_nothing_is_asked(
    make_voice: MakeVoice, gateway: GatewayServer, ana: Phone
) -> None:
    await make_voice().send(an_envelope(ANA))
    call = await call_of(ana)
    call.pick_up()
    await gateway.settled()
    assert call.heard == ["Critical #42: disk full"]


async def test_keys_count_only_with_a_call_that_they_belong_to(make_voice: MakeVoice) -> None:
    desk = Desk()
    provider = make_voice()
    assert (await provider.callback(Callback(SECRET, b'{"keys": "1"}'), desk)).body == b"{}"
    assert (await provider.callback(Callback("else", b'{"keys": "1"}'), desk)).status == 403
    assert desk.keys == []
    await provider.callback(Callback(SECRET, b'{"keys": "1", "id": "call-7"}'), desk)
    assert desk.keys == [("", "1", "call-7")]
