"""An SMS goes out and its receipts come in, a reply is heard and answered, and every failure says what it means."""

import pytest

from bot.adapter import DeliveryFailed, FailureKind
from bot.playground.endpoint import Reports
from bot.playground.phones import Habit, Phone, Phones
from bot.playground.twilio import TwilioServer
from bot.provider import Progress
from tests.adapters.providers.twilio.conftest import ANA, REFERENCE, MakeSms, Night, Write
from tests.adapters.providers.twilio.oncall import Core, Oncard, until


async def test_a_message_reaches_the_phone_and_is_reported_step_by_step(
    make_sms: MakeSms, write: Write, ana: Phone, core: Core, twilio: TwilioServer
) -> None:
    receipt = await make_sms().send(write("sms"))
    await twilio.network.settle()
    hint = "Reply 1 42 to acknowledge, 2 42 to escalate"
    assert [text.words for text in ana.texts] == [f"Critical #42: Host high CPU load - {hint}"]
    sent = twilio.texts.sent[0]
    assert receipt.message.chat == "main"
    assert receipt.message.id == sent.sid
    assert receipt.said == f"queued, 1 segments, {sent.sid}"
    assert core.progress == [Progress.QUEUED, Progress.SENT, Progress.DELIVERED]
    assert {(one.reference, one.id) for one in core.reports} == {(REFERENCE, sent.sid)}
    assert twilio.network.alerts == []


async def test_it_is_given_up_when_it_waits_for_too_long(make_sms: MakeSms, write: Write, twilio: TwilioServer) -> None:
    await make_sms().send(write("sms"))
    await make_sms(validity="120").send(write("sms"))
    asked = [entry.request for entry in twilio.log.calls("messages.create")]
    assert [one["ValidityPeriod"] for one in asked if isinstance(one, dict)] == ["300", "120"]


async def test_a_message_goes_through_a_messaging_service(
    make_sms: MakeSms, write: Write, ana: Phone, twilio: TwilioServer
) -> None:
    provider = make_sms(**{"from": "", "messaging_service_sid": twilio.service})
    await provider.send(write("sms"))
    await twilio.network.settle()
    assert len(ana.texts) == 1
    assert await provider.check() == f"{twilio.account.sid}, from {twilio.service}"


@pytest.mark.parametrize("changes", [{"replies": "off"}, {"from": "ONCALL"}])
async def test_nobody_is_told_to_reply_where_nobody_hears_it(
    make_sms: MakeSms, write: Write, night: Night, changes: dict[str, str]
) -> None:
    night.twilio.account.numbers.add("ONCALL")
    await make_sms(**changes).send(write("sms"))
    await make_sms().send(write("sms", callback=""))
    await night.twilio.network.settle()
    assert [text.words for text in night.ana.texts] == ["Critical #42: Host high CPU load"] * 2


async def test_china_gets_no_links_and_no_reply_hint(
    make_sms: MakeSms, write: Write, phones: Phones, twilio: TwilioServer
) -> None:
    links = {"ack 42 v1": "https://oncall.example.com/links/abc"}
    envelope = write("sms", to="+8613900000000", locale="zh", links=links)
    await make_sms().send(envelope)
    await twilio.network.settle()
    assert [text.words for text in phones.phone("chen").texts] == ["Critical #42: Host high CPU load"]


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (ANA, "undelivered: error 30003, the phone is off or out of reach"),
        ("+14155550199", "undelivered: error 30005, the number is unknown or no longer in use"),
    ],
)
async def test_what_fails_on_the_way_says_why(
    make_sms: MakeSms, write: Write, night: Night, number: str, said: str
) -> None:
    night.ana.habit = Habit.OFF
    await make_sms().send(write("sms", to=number))
    await night.twilio.network.settle()
    assert night.core.reports[-1].progress is Progress.FAILED
    assert night.core.reports[-1].said == said


async def test_receipts_come_late_and_twice(make_sms: MakeSms, write: Write, core: Core, twilio: TwilioServer) -> None:
    twilio.reports = Reports.LATE
    await make_sms().send(write("sms"))
    await twilio.network.settle()
    assert core.progress == []
    await twilio.tell_late()
    assert core.progress == [Progress.DELIVERED, Progress.SENT, Progress.QUEUED]
    twilio.reports = Reports.DOUBLED
    await make_sms().send(write("sms"))
    await twilio.network.settle()
    assert core.progress[3:] == [Progress.QUEUED] * 2 + [Progress.SENT] * 2 + [Progress.DELIVERED] * 2


async def test_a_reply_is_carried_out_and_answered(
    make_sms: MakeSms, ana: Phone, phones: Phones, core: Core, twilio: TwilioServer
) -> None:
    make_sms()
    core.answer = "<#42> & more"
    phones.write("ana", twilio.number, "1 42")
    await twilio.network.settle()
    assert [(one.number, one.text) for one in core.replies] == [(ANA, "1 42")]
    assert core.replies[0].trigger.startswith("SM")
    assert ana.texts[-1].words == "<#42> & more"
    assert twilio.network.alerts == []


async def test_a_reply_that_is_told_twice_has_one_trigger(
    make_sms: MakeSms, phones: Phones, core: Core, twilio: TwilioServer
) -> None:
    make_sms()
    twilio.reports = Reports.DOUBLED
    phones.write("ana", twilio.number, "1 42")
    await twilio.network.settle()
    assert len(core.replies) == 2
    assert len({one.trigger for one in core.replies}) == 1


async def test_stop_is_twilios_and_after_it_nothing_can_be_sent(
    make_sms: MakeSms, write: Write, phones: Phones, core: Core, twilio: TwilioServer
) -> None:
    provider = make_sms()
    phones.write("ana", twilio.number, "stop")
    await twilio.network.settle()
    assert core.replies == []
    with pytest.raises(DeliveryFailed, match="must write START") as failed:
        await provider.send(write("sms"))
    assert failed.value.kind is FailureKind.REFUSED
    phones.write("ana", twilio.number, "START")
    await twilio.network.settle()
    await provider.send(write("sms"))


async def test_a_slow_core_does_its_work_though_the_answer_is_lost(
    make_sms: MakeSms, night: Night, phones: Phones
) -> None:
    make_sms()
    night.core.gate.clear()
    phones.write("ana", night.twilio.number, "1 42")
    await until(lambda: night.core.replies)
    night.clock.advance(10)
    await night.twilio.network.settle()
    night.core.gate.set()
    assert [text.incoming for text in night.ana.texts] == [False]
    assert night.twilio.network.alerts == []


async def test_who_cannot_sign_is_not_heard(make_sms: MakeSms, core: Core, oncard: Oncard, phones: Phones) -> None:
    make_sms(auth_token="f" * 32)
    server_answers = oncard.answers
    phones.write("ana", "+15005550006", "1 42")
    await until(lambda: server_answers)
    assert [one.status for one in server_answers] == [401]
    assert core.replies == []


async def test_the_other_token_and_the_other_algorithm_count_too(
    make_sms: MakeSms, write: Write, core: Core, twilio: TwilioServer
) -> None:
    twilio.account.algorithm = "HMAC_SHA256"
    provider = make_sms(auth_token="f" * 32, alternate_auth_token=twilio.account.auth_token, api_key="", api_secret="")
    with pytest.raises(DeliveryFailed):
        await provider.send(write("sms"))
    key = {"api_key": twilio.account.api_key, "api_secret": twilio.account.api_secret}
    other = make_sms(auth_token="f" * 32, alternate_auth_token=twilio.account.auth_token, **key)
    await other.send(write("sms"))
    await twilio.network.settle()
    assert core.progress[-1] is Progress.DELIVERED


async def test_an_address_that_twilio_does_not_take_costs_only_the_receipts(
    make_sms: MakeSms, write: Write, ana: Phone, twilio: TwilioServer
) -> None:
    twilio.refuse("messages.create", 21609, "https://oncall.internal/")
    receipt = await make_sms().send(write("sms"))
    await twilio.network.settle()
    assert len(ana.texts) == 1
    assert "without receipts, because of 21609" in receipt.said


async def test_what_nobody_knows_is_not_sent_twice(
    make_sms: MakeSms, write: Write, ana: Phone, twilio: TwilioServer
) -> None:
    provider = make_sms(timeout="0.4")
    hold = twilio.faults.hang("messages.create", applied=True)
    with pytest.raises(DeliveryFailed) as failed:
        await provider.send(write("sms"))
    hold.release()
    await twilio.network.settle()
    assert failed.value.kind is FailureKind.UNCERTAIN
    assert len(ana.texts) == 1
    twilio.faults.cut("messages.create", applied=True)
    with pytest.raises(DeliveryFailed) as failed:
        await provider.send(write("sms"))
    assert failed.value.kind is FailureKind.UNCERTAIN


async def test_a_twilio_that_is_away_has_taken_nothing(make_sms: MakeSms, write: Write, twilio: TwilioServer) -> None:
    provider = make_sms()
    await twilio.pull_plug()
    with pytest.raises(DeliveryFailed) as failed:
        await provider.send(write("sms"))
    assert failed.value.kind is FailureKind.UNREACHABLE


async def test_it_says_who_it_is_or_what_is_wrong(make_sms: MakeSms, twilio: TwilioServer) -> None:
    provider = make_sms(timeout="3")
    assert provider.timeout == 3.0
    assert await provider.check() == f"{twilio.account.sid}, from {twilio.number}"
    with pytest.raises(DeliveryFailed, match="20003 Authenticate") as failed:
        await make_sms(auth_token="f" * 32).check()
    assert failed.value.kind is FailureKind.UNAUTHORIZED
    with pytest.raises(DeliveryFailed, match="20404") as failed:
        await make_sms(
            account_sid="AC" + "0" * 32, api_key=twilio.account.api_key, api_secret=twilio.account.api_secret
        ).check()
    assert failed.value.kind is FailureKind.UNAUTHORIZED


@pytest.mark.parametrize("path", ["", "status", "7.word/else", "inbound/more"])
async def test_nothing_is_told_elsewhere(
    make_sms: MakeSms, twilio: TwilioServer, oncard: Oncard, core: Core, path: str
) -> None:
    make_sms()
    told = twilio.network.told("odd", f"{oncard.url('sms')}{path}", {"MessageStatus": "delivered"})
    assert (await twilio.ask(told)).status == 404
    odd = twilio.network.told("odd", f"{oncard.url('sms')}7.word/status", {"MessageStatus": "vanished"})
    assert (await twilio.ask(odd)).status == 204
    assert core.reports == []
