"""When the chat fails: SMS, calls and e-mail, as people see and answer them."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.domain.incident import IncidentId, Progress
from bot.domain.people import LINES, Method
from bot.playground.endpoint import Reports
from bot.playground.phones import Habit
from bot.provider import RANKS
from storage import deliveries, lines, tables
from storage.database import Connection
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


async def test_a_key_calls_the_next_level(oncard: Night) -> None:
    await oncard.configure(
        level("ana", methods=(Method.VOICE,), escalate_after=30 * MINUTE), level("bo", escalate_after=30 * MINUTE)
    )
    await oncard.fire()
    call = await oncard.ringing("ana")
    call.pick_up()
    await oncard.comes(lambda: "press 2" in " ".join(call.heard))

    call.press("2")
    await oncard.comes(lambda: call.ended is not None)

    assert (await oncard.incident()).level == 1
    await oncard.slack.expect_dm("bo", "disk full")


async def test_where_a_code_is_spoken_a_single_key_does_nothing(oncard: Night) -> None:
    oncard.voice = {"spoken_code": "critical"}
    await oncard.configure(level("ana", methods=(Method.VOICE,), escalate_after=30 * MINUTE))
    await oncard.fire()
    call = await oncard.ringing("ana")
    call.pick_up()
    await oncard.comes(lambda: "To acknowledge, press" in " ".join(call.heard))
    code = re.search(r"To acknowledge, press (\d) (\d)", " ".join(call.heard))
    assert code is not None

    wrong = "11" if code.groups() != ("1", "1") else "12"
    call.press(wrong)
    await oncard.comes(lambda: "That key does nothing." in " ".join(call.heard))
    assert (await oncard.incident()).progress is Progress.TRIGGERED

    call.press("".join(code.groups()))
    await oncard.comes(lambda: call.ended is not None)
    assert (await oncard.incident()).progress is Progress.PROCESSING


async def test_who_picks_up_when_somebody_has_taken_it_hears_who(oncard: Night) -> None:
    await oncard.configure(level("ana", "bo", methods=(Method.VOICE,), escalate_after=30 * MINUTE))
    oncard.twilio.faults.refuse("calls.update", 500, {}, times=9)
    await oncard.fire()
    call = await oncard.ringing("ana")
    await oncard.say("ack 1", by="bo")
    await oncard.until(Progress.PROCESSING)

    call.pick_up()
    await oncard.comes(lambda: call.ended is not None)

    assert "Acknowledged by Bo" in " ".join(call.heard)
    assert "press" not in " ".join(call.heard)


async def test_who_writes_back_without_a_number_is_asked_which_of_several(oncard: Night) -> None:
    await oncard.configure(level("ana", methods=(Method.SMS,), escalate_after=30 * MINUTE))
    ana = oncard.phone("ana")
    await oncard.fire("disk full")
    await oncard.fire("cpu hot")
    await oncard.comes(lambda: sum(text.incoming for text in ana.texts) == 2)

    oncard.phones.write("ana", oncard.twilio.number, "1")
    await oncard.comes(lambda: sum(text.incoming for text in ana.texts) == 3)

    assert {(await oncard.incident(number)).progress for number in (1, 2)} == {Progress.TRIGGERED}
    assert "ack 1" in ana.texts[-1].words
    assert "ack 2" in ana.texts[-1].words

    oncard.phones.write("ana", oncard.twilio.number, "ack 2")
    await oncard.comes(lambda: sum(text.incoming for text in ana.texts) == 4)
    assert (await oncard.incident(2)).progress is Progress.PROCESSING
    assert (await oncard.incident(1)).progress is Progress.TRIGGERED


async def test_receipts_that_come_twice_and_late_never_move_a_state_backwards(oncard: Night) -> None:
    await oncard.configure(level("ana", methods=(Method.SMS,), escalate_after=30 * MINUTE))
    oncard.twilio.reports = Reports.DOUBLED
    await oncard.fire()
    await oncard.comes(lambda: len(oncard.phone("ana").texts) == 1)
    for _ in range(20):
        await oncard.settle()
        await asyncio.sleep(0.01)

    async def work(connection: Connection) -> list[str]:
        (page,) = [one for one in await deliveries.ledger(connection, IncidentId(1)) if one.delivery.rank == 0]
        hops = await lines.hops_of(connection, [page.delivery.id])
        return [hop.hop for hop in hops[page.delivery.id]]

    said = await oncard.service.database.read(work)
    assert said == sorted(set(said), key=[str(one) for one in RANKS].index)
    assert said[-1] == "delivered"


async def test_a_push_that_is_tapped_acknowledges(oncard: Night) -> None:
    oncard.pushed = ("ana",)
    await oncard.configure(level("ana", methods=(Method.PUSH,), escalate_after=30 * MINUTE))
    await oncard.fire()
    ana = oncard.phone("ana")
    await oncard.comes(lambda: len(ana.pushes) == 1)
    assert ana.pushes[0].title.startswith("🔴 Critical · disk full")

    heard = await oncard.ntfy.tap(ana.pushes[0].id, "Acknowledge")
    assert heard.is_ok
    await oncard.settle()

    assert (await oncard.incident()).progress is Progress.PROCESSING
    assert ana.pushes == []


@pytest.mark.parametrize("is_taken", [False, True])
async def test_a_call_that_may_come_a_second_time_says_so_to_whoever_picks_up(oncard: Night, *, is_taken: bool) -> None:
    await oncard.configure(level("ana", escalate_after=30 * MINUTE))
    await oncard.fire()
    await oncard.advance(5 * MINUTE)
    await oncard.ringing("ana")

    async def lost(connection: Connection) -> None:
        """The process that called died before it stored that: so the next one calls again."""
        columns = tables.deliveries.c
        calls = sa.update(tables.deliveries).where(columns.workspace_id == LINES[Method.VOICE])
        await connection.execute(
            calls.values(state="sending", claim="dead", lease_until=oncard.clock.now(), message_id=None)
        )

    await oncard.service.database.transact(lost)
    await oncard.comes(lambda: len(oncard.phone("ana").calls) == 2)
    call = oncard.phone("ana").calls[-1]
    if is_taken:
        oncard.twilio.faults.status("calls.update", 503, times=99)  # It rings on.
        await oncard.say("ack 1", by="bo")
        await oncard.settle()
    call.pick_up()
    await oncard.comes(lambda: "disk full" in " ".join(call.heard))

    assert ("Acknowledged by" in " ".join(call.heard)) is is_taken
    assert "You may have had this call before." in " ".join(call.heard)


async def test_what_is_not_ours_is_refused_and_counted(oncard: Night) -> None:
    await oncard.configure(level("ana"))
    paths = ("/sms/main/inbound", "/voice/main/1.forged/keys", "/email/main/bounces", "/push/main/1.forged/act")

    answers = [(await oncard.http.post(path, content=b"Digits=1")).status_code for path in paths]

    assert [status in (401, 403, 404) for status in answers] == [True] * len(paths)
    assert (await oncard.http.post("/sms/nobody/inbound")).status_code == 404


async def test_by_sms_nothing_dear_can_be_done(oncard: Night) -> None:
    await oncard.configure(level("ana", methods=(Method.SMS,), escalate_after=30 * MINUTE))
    ana = oncard.phone("ana")
    await oncard.fire()
    await oncard.comes(lambda: sum(text.incoming for text in ana.texts) == 1)

    for number, text in enumerate(("me critical email", "reassign 1 bo", "link ABCD-EFGH"), start=2):
        oncard.phones.write("ana", oncard.twilio.number, text)
        await oncard.comes(lambda number=number: sum(text.incoming for text in ana.texts) == number)  # type: ignore[misc]
        assert "Nothing changed" in ana.texts[-1].words


async def test_a_call_asks_for_the_pin_of_somebody_who_has_one(oncard: Night) -> None:
    await oncard.configure(level("ana", methods=(Method.VOICE,), escalate_after=30 * MINUTE))
    await oncard.say("me pin 4711", by="ana")
    await oncard.fire()
    call = await oncard.ringing("ana")
    call.pick_up()
    await oncard.comes(lambda: "press 1" in " ".join(call.heard))

    call.press("1")
    await oncard.comes(lambda: call.heard[-1] == "Enter your PIN.")
    call.press("1234")
    await oncard.comes(lambda: "That PIN is wrong." in call.heard)
    assert (await oncard.incident()).progress is Progress.TRIGGERED

    call.press("4711")
    await oncard.comes(lambda: call.ended is not None)
    assert (await oncard.incident()).progress is Progress.PROCESSING


async def test_three_wrong_pins_end_the_call(oncard: Night) -> None:
    await oncard.configure(level("ana", methods=(Method.VOICE,), escalate_after=30 * MINUTE))
    await oncard.say("me pin 4711", by="ana")
    await oncard.fire()
    call = await oncard.ringing("ana")
    call.pick_up()
    await oncard.comes(lambda: "press 1" in " ".join(call.heard))
    call.press("1")
    for tries in range(1, 4):
        await oncard.comes(lambda: call.heard[-1] == "Enter your PIN.")
        call.press("0000")
        await oncard.comes(lambda tries=tries: tries == 3 or call.heard.count("That PIN is wrong.") == tries)  # type: ignore[misc]
    await oncard.comes(lambda: call.ended is not None)

    assert "wrong too often" in " ".join(call.heard)
    assert (await oncard.incident()).progress is Progress.TRIGGERED
