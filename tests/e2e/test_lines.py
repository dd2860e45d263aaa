"""When the chat fails: SMS, calls and e-mail, as people see and answer them."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.domain.incident import Progress
from bot.domain.people import Method
from bot.playground.phones import Habit
from tests.support.lines import Night, night
from tests.support.world import level

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
async def oncard(schema_url: str) -> AsyncIterator[Night]:
    async with night(schema_url) as made:
        yield made


async def test_slack_is_dead_the_sms_is_not_answered_the_call_is_and_every_card_changes(oncard: Night) -> None:
    await oncard.configure(level("ana", chats=(oncard.chat(),), escalate_after=30 * MINUTE))
    slack, ana = oncard.slack, oncard.phone("ana")
    oncard.no_chat("ana")

    await oncard.fire()
    await oncard.comes(lambda: len(ana.texts) == 1)
    assert ana.texts[0].words.startswith("Critical")
    assert "#1: disk full" in ana.texts[0].words
    assert "1 1" in ana.texts[0].words

    await oncard.advance(5 * MINUTE)
    call = await oncard.ringing("ana")
    call.pick_up()
    await oncard.comes(lambda: "press 1" in " ".join(call.heard))
    assert "disk full" in " ".join(call.heard)
    call.press("1")
    await oncard.comes(lambda: call.ended is not None)

    incident = await oncard.incident()
    assert incident.progress is Progress.PROCESSING
    card = await slack.expect_card("#1 disk full", chat=oncard.chat())
    await card.shows("Acknowledged by Ana by phone")


async def test_somebody_writes_back(oncard: Night) -> None:
    await oncard.configure(level("ana", "bo", escalate_after=30 * MINUTE))
    oncard.no_chat("ana", "bo")
    await oncard.fire()
    await oncard.comes(lambda: len(oncard.phone("ana").texts) == 1)

    oncard.phones.write("ana", oncard.twilio.number, "1 1")
    await oncard.comes(lambda: len(oncard.phone("ana").texts) == 3)

    assert (await oncard.incident()).progress is Progress.PROCESSING
    assert "1" in oncard.phone("ana").texts[-1].words
    # Bo was paged by SMS too, and learns that it is in good hands.
    await oncard.comes(lambda: len(oncard.mailbox.mails("bo@example.com")) + len(oncard.phone("bo").texts) == 2)


async def test_a_call_that_rings_ends_when_somebody_else_acknowledges(oncard: Night) -> None:
    await oncard.configure(level("ana", "bo", escalate_after=30 * MINUTE))
    await oncard.fire()
    await oncard.advance(5 * MINUTE)
    call = await oncard.ringing("ana")

    await oncard.say("ack 1", by="bo")
    await oncard.comes(lambda: call.ended is not None)

    assert str(call.ended) == "cancelled"


async def test_an_answering_machine_acknowledges_nothing_and_the_next_way_is_tried(oncard: Night) -> None:
    await oncard.configure(level("ana", methods=(), escalate_after=30 * MINUTE))
    oncard.phone("ana").habit = Habit.VOICEMAIL
    await oncard.fire()

    await oncard.advance(6 * MINUTE)
    await oncard.comes(lambda: bool(oncard.phone("ana").calls) and oncard.phone("ana").calls[0].ended is not None)

    assert (await oncard.incident()).progress is Progress.TRIGGERED


@pytest.mark.parametrize("habit", [Habit.BUSY, Habit.OFF])
async def test_who_cannot_be_called_gets_an_e_mail_at_once(oncard: Night, habit: Habit) -> None:
    await oncard.configure(level("ana", methods=(Method.VOICE,), escalate_after=30 * MINUTE))
    oncard.no_chat("ana")
    oncard.twilio.refuse("messages.create", 21614, times=9)
    oncard.phone("ana").habit = habit

    await oncard.fire()
    await oncard.comes(lambda: len(oncard.mailbox.mails("ana@example.com")) == 1)

    (mail,) = oncard.mailbox.mails("ana@example.com")
    assert "[#1]" in mail.subject
    assert "disk full" in mail.text


async def test_sms_in_chinese(oncard: Night) -> None:
    await oncard.configure(level("ana", escalate_after=30 * MINUTE), locale="zh")
    oncard.no_chat("ana")
    await oncard.fire(title="磁盘已满")
    await oncard.comes(lambda: len(oncard.phone("ana").texts) == 1)

    assert "严重" in oncard.phone("ana").texts[0].words


async def test_who_writes_from_a_number_that_is_nobodys_gets_no_answer(oncard: Night) -> None:
    await oncard.configure(level("ana", escalate_after=30 * MINUTE))
    stranger = oncard.phones.add("stranger", "+12015550199")
    await oncard.fire()

    oncard.phones.write("stranger", oncard.twilio.number, "1 1")
    await oncard.twilio.network.settle()

    assert (await oncard.incident()).progress is Progress.TRIGGERED
    assert [text.incoming for text in stranger.texts] == [False]
