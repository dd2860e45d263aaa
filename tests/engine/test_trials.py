"""Somebody has each of their methods rung once, and sees what came of each, in the provider's words."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.adapter import DeliveryFailed, FailureKind
from bot.domain.letter import Matter
from bot.domain.people import LINES, Method
from bot.domain.trial import AGAIN_AFTER, WATCHED
from storage import letters, lines, tables, trials
from storage.database import Connection, Database
from storage.lines import Hop
from tests.engine.shifts import AT, MINUTE, SECOND, Rota, rota_on, shift_rota

WAYS = (Method.SMS, Method.VOICE, Method.EMAIL)


@pytest.fixture
async def rota(database: Database) -> Rota:
    return await rota_on(database, WAYS)


def code_of(rota: Rota, method: Method) -> str:
    """Return the code of the message that came by a method."""
    return rota.lines[method].told[-1].words.split("pager ")[1][:6]


async def reported(rota: Rota, method: Method, hop: str, said: str) -> None:
    """Let a provider report of the message that it brought."""

    async def work(connection: Connection) -> None:
        sent = await letters.about(connection, Matter.TRIAL, [1])
        letter = next(one.letter for one in sent if one.letter.place.workspace == LINES[method])
        columns = tables.deliveries.c
        number = await connection.scalar(sa.select(columns.id).where(columns.card_id == letter.id))
        assert number is not None
        await lines.add(connection, [Hop(number, rota.clock.now(), hop, "main", said)])

    await rota.stage.database.transact(work)


async def test_what_comes_of_each_shows_on_the_card_of_the_hand_over_and_in_the_test_itself(rota: Rota) -> None:
    rota.lines[Method.EMAIL].refusal = DeliveryFailed(FailureKind.REFUSED, "550 no such user")
    await rota.until(AT - 9 * MINUTE)
    answer = await rota.says("bo", "pager test", is_token=True)
    assert answer.splitlines() == [
        "Your methods are being rung, each once. What comes of it:",
        "chat (acme): ✅ clicked 03:51 UTC",
        "e-mail: on its way",
        "SMS: on its way",
        "call: on its way",
        "⚠️ push: no provider for it is configured: an admin adds one under `providers`",
    ]
    await rota.until(AT - 8 * MINUTE)
    await reported(rota, Method.SMS, "delivered", "delivered to the handset")
    await rota.until(AT - 7 * MINUTE)

    card = rota.by("bo")[0]
    assert card.words.splitlines()[-5:] == [
        "chat (acme): ✅ clicked 03:51 UTC",
        "e-mail: ⚠️ failed 03:51 UTC: 550 no such user",
        "SMS: 03:52 UTC main: delivered to the handset",
        "call: accepted 03:51 UTC by +491711234510: ok",
        "⚠️ push: no provider for it is configured: an admin adds one under `providers`",
    ]
    test = next(one for one in rota.chat.told if one.words.startswith("Test of your methods"))
    assert test.words.splitlines()[-5:] == card.words.splitlines()[-5:]
    await rota.says("bo", f"pager {code_of(rota, Method.SMS)}")
    await rota.until(AT - 7 * MINUTE + 5 * SECOND)
    assert "SMS: ✅ its code was typed 03:53 UTC" in card.words


async def test_each_rings_once_in_ten_minutes(rota: Rota) -> None:
    await rota.says("bo", "pager test")
    await rota.until(rota.clock.now() + MINUTE)
    again = await rota.says("bo", "pager test")
    assert again.splitlines()[0] == (
        "Your methods were rung at 03:39 UTC, and can be again from 03:49 UTC. What came of it:"
    )
    assert [len(rota.lines[method].told) for method in WAYS] == [1, 1, 1]
    await rota.until(rota.clock.now() + AGAIN_AFTER)
    assert "being rung" in await rota.says("bo", "pager test")
    await rota.until(rota.clock.now() + MINUTE)
    assert [len(rota.lines[method].told) for method in WAYS if method is not Method.EMAIL] == [2, 2]


async def test_a_code_shows_that_its_own_message_has_come_and_no_other_does(rota: Rota) -> None:
    await rota.says("bo", "pager test")
    await rota.until(rota.clock.now() + 5 * SECOND)
    code = code_of(rota, Method.EMAIL)
    assert await rota.says("bo", f"pager {code}") == "e-mail: the code is right, so this message has come."
    assert await rota.says("bo", f"pager {code}") == "e-mail: the code is right, so this message has come."
    assert "This code is of no test" in await rota.says("ana", f"pager {code}")
    other = "000000" if code != "000000" else "000001"
    assert "This code is of no test" in await rota.says("bo", f"pager {other}")
    shown = (await rota.says("bo", "pager test")).splitlines()
    assert "e-mail: ✅ its code was typed 03:39 UTC" in shown
    assert not [row for row in shown if row.startswith("SMS") and "✅" in row]


async def test_a_chat_is_proven_by_the_button_of_its_message(rota: Rota) -> None:
    await rota.says("bo", "pager test")
    await rota.until(rota.clock.now() + 5 * SECOND)
    (test,) = [one for one in rota.chat.told if one.words.startswith("Test of your methods")]
    await rota.says("bo", test.buttons[0], is_token=True)
    await rota.until(rota.clock.now() + 5 * SECOND)
    assert "chat (acme): ✅ clicked 03:39 UTC" in test.words
    assert test.buttons == ()


async def test_what_does_not_go_out_yet_says_why_and_what_is_too_late_is_not_sent(rota: Rota) -> None:
    rota.lines[Method.SMS].refusal = DeliveryFailed(FailureKind.UNREACHABLE, "connection refused")
    await rota.says("bo", "pager test")
    await rota.until(rota.clock.now() + 30 * SECOND)
    assert "SMS: not yet, it is tried again: connection refused" in await rota.says("bo", "pager test")
    await rota.until(rota.clock.now() + WATCHED, timedelta(minutes=1))
    rota.lines[Method.SMS].refusal = None
    await rota.until(rota.clock.now() + 5 * MINUTE, timedelta(minutes=1))
    assert not [one for one in rota.lines[Method.SMS].told if "test" in one.words]


@pytest.mark.parametrize(
    ("hop", "said", "expected"),
    [
        ("busy", "the line is busy", "⚠️ failed 03:39 UTC: main: the line is busy"),
        ("ringing", "it rings", "accepted 03:39 UTC by +491711234510: ok"),
        ("acted", "1", "✅ answered and key pressed 03:39 UTC"),
        ("accepted", "queued", "accepted 03:39 UTC by main: queued"),
        ("seen", "", "03:39 UTC main: seen"),
    ],
)
async def test_reports_are_shown_as_they_come(rota: Rota, hop: str, said: str, expected: str) -> None:
    await rota.says("bo", "pager test")
    await rota.until(rota.clock.now() + 5 * SECOND)
    await reported(rota, Method.VOICE, hop, said)
    await rota.until(rota.clock.now() + 5 * SECOND)
    assert f"call: {expected}" in await rota.says("bo", "pager test")


async def test_tests_and_hand_overs_go_when_they_are_old(rota: Rota) -> None:
    await rota.says("bo", "pager test")

    async def forget(connection: Connection) -> tuple[int, int]:
        before = rota.clock.now() + timedelta(days=2)
        return await trials.forget_old(connection, before, 10), await trials.forget_old(connection, before, 10)

    assert await rota.stage.database.transact(forget) == (1, 0)


async def test_who_is_linked_nowhere_has_no_chat_rung_and_learns_how_to_mend_it(rota: Rota) -> None:
    await rota.configure([shift_rota()], WAYS, linked=("ana", "chen"))
    answer = await rota.says("bo", "pager test")
    assert "⚠️ chat: no chat account is linked to you: type “link”" in answer
    await rota.until(rota.clock.now() + 5 * SECOND)
    assert not rota.chat.told
