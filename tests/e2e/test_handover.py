"""Before a shift: a notice, a click, and everybody sees who has the pager; or no click, and others learn it in time."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.definition import Definition, Kind
from bot.domain.rotation import Unit
from bot.domain.schedule_definition import (
    HandoverDefinition,
    LayerDefinition,
    RotationDefinition,
    ScheduleDefinition,
)
from storage import definitions
from storage.database import Connection
from tests.support.clocks import START
from tests.support.lines import Night, night

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
AT = START + timedelta(hours=1)
"""When Bo takes over from Ana; Chen is the backup."""


def rota() -> ScheduleDefinition:
    start = datetime(2026, 11, 20, 4)  # noqa: DTZ001 - A local time.
    days = RotationDefinition(
        (("ana@example.com",), ("bo@example.com",)), Unit.DAY, handover=HandoverDefinition(start.time())
    )
    always = RotationDefinition((("chen@example.com",),))
    layers = (LayerDefinition("days", days, start), LayerDefinition("always", always, start, role="backup"))
    return ScheduleDefinition("payments", layers=layers)


@pytest.fixture
async def oncard(schema_url: str) -> AsyncIterator[Night]:
    async with night(schema_url) as made:
        made.clock.set(AT - 12 * MINUTE)
        await made.configure()

        async def work(connection: Connection) -> None:
            stored = await definitions.stored(connection, made.service.vault)
            wanted = [*stored, Definition(Kind.SCHEDULE, rota())]
            await definitions.replace_all(connection, wanted, made.service.vault)

        await made.service.database.transact(work)
        yield made


async def until(oncard: Night, instant: datetime) -> None:
    """Let time pass until an instant, second by second where something is due."""
    while oncard.clock.now() < instant:
        oncard.clock.set(min(oncard.clock.now() + 5 * SECOND, instant))
        await settle(oncard)


async def settle(oncard: Night) -> None:
    await oncard.service.handovers.round()
    await oncard.settle()


def direct(oncard: Night, who: str) -> list[float]:
    """Return when each direct message came to a person, in minutes after the hand-over."""
    slack = oncard.slack.workspace
    dm = slack.open_dm(slack.user(who).id).id
    times = [datetime.fromtimestamp(float(message.ts), UTC) for message in slack.messages(dm)]
    return [round((at - AT) / MINUTE, 1) for at in times]


async def test_a_notice_a_click_and_the_card_says_who_has_the_pager(oncard: Night) -> None:
    await until(oncard, AT - 8 * MINUTE)
    assert direct(oncard, "bo") == [-10]
    card = await oncard.slack.expect_dm("bo", "Your next shift: payments · primary")
    await card.shows("Confirm", "Hands over", "Ana", "Backup", "Chen")
    await card.offers("I have the pager", "Test my methods")

    await card.click("I have the pager", by="bo")
    await oncard.slack.expect_ephemeral("bo", "You have the pager: payments · primary.")
    await settle(oncard)
    await card.shows("You have the pager since")
    await until(oncard, AT + 2 * MINUTE)

    assert direct(oncard, "bo") == [-10]
    assert direct(oncard, "ana") == direct(oncard, "chen") == []
    assert not oncard.mailbox.mails("bo@example.com")


async def test_somebody_confirms_by_sms(oncard: Night) -> None:
    await until(oncard, AT - 9 * MINUTE)
    oncard.phones.write("bo", oncard.twilio.number, "pager")
    await oncard.comes(lambda: len(oncard.phone("bo").texts) == 2)
    assert oncard.phone("bo").texts[-1].words == "You have the pager: payments - primary."
    card = await oncard.slack.expect_dm("bo", "Your next shift")
    await card.shows("You have the pager since")
    oncard.phones.write("bo", oncard.twilio.number, "pager test")
    await oncard.comes(lambda: len(oncard.phone("bo").texts) == 4)
    assert "By SMS" in oncard.phone("bo").texts[-1].words
    assert not oncard.phone("bo").calls


async def test_no_click_a_reminder_by_mail_and_at_the_hand_over_the_others_are_told(oncard: Night) -> None:
    await until(oncard, AT - 5 * MINUTE - SECOND)
    assert not oncard.mailbox.mails("bo@example.com")
    await until(oncard, AT - 4 * MINUTE)
    (mail,) = oncard.mailbox.mails("bo@example.com")
    assert "not confirmed yet that you have the pager" in mail.text
    assert direct(oncard, "ana") == direct(oncard, "chen") == []
    await until(oncard, AT + MINUTE)
    assert (direct(oncard, "bo"), direct(oncard, "ana"), direct(oncard, "chen")) == ([-10], [0], [0])

    ana = await oncard.slack.expect_dm("ana", "Bo has not confirmed")
    chen = await oncard.slack.expect_dm("chen", "Bo has not confirmed")
    await ana.offers("I keep it for 1 h", "Page the backup")
    await ana.click("Page the backup", by="ana")
    # Slack is answered before anything is done: what is done is over when the clicker has been told.
    await oncard.slack.expect_ephemeral("ana", "The backup is being told by every way at once: Chen.")
    await settle(oncard)
    await until(oncard, AT + MINUTE + 20 * SECOND)
    assert [text.words for text in oncard.phone("chen").texts]
    await oncard.slack.expect_dm("chen", "Ana asks you to take the pager")
    call = oncard.phone("chen").calls[0]
    call.pick_up()
    await oncard.comes(lambda: "has not confirmed" in " ".join(call.heard))

    await ana.click("I keep it for 1 h", by="ana")
    await oncard.slack.expect_ephemeral("ana", "You have the pager until")
    await settle(oncard)
    await until(oncard, AT + 2 * MINUTE)
    await ana.shows("You have the pager until")
    await chen.shows("Ana has the pager until")
    bo = await oncard.slack.expect_dm("bo", "Your next shift")
    await bo.shows("Ana has the pager until")


async def test_each_method_is_rung_once_and_the_card_shows_what_came_of_it(oncard: Night) -> None:
    await until(oncard, AT - 9 * MINUTE)
    card = await oncard.slack.expect_dm("bo", "Your next shift: payments · primary")
    await card.click("Test my methods", by="bo")
    call = await oncard.ringing("bo")
    call.pick_up()
    await oncard.comes(lambda: "press 1" in " ".join(call.heard))
    call.press("9")
    await oncard.comes(lambda: "That key does nothing" in " ".join(call.heard))
    call.press("1")
    await oncard.comes(lambda: call.ended is not None)
    assert "Thank you. Calls reach you." in " ".join(call.heard)
    (text,) = oncard.phone("bo").texts
    await oncard.say(f"pager {text.words.split('pager ')[1][:6]}", by="bo")
    await until(oncard, AT - 7 * MINUTE)
    await card.shows("chat (acme): ✅ clicked", "call: ✅ answered and key pressed", "SMS: ✅ its code was typed")
    await card.shows("e-mail: accepted", "push: no provider knows a device of yours")
