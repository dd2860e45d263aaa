"""Calls in which nothing can be pressed: a code that proves a number, and a storm."""

from collections.abc import AsyncIterator

import pytest

from bot.domain.people import Method
from bot.domain.verification import LASTS
from bot.playground.phones import Call
from bot.provider import Spoken
from cards import contacts
from storage.database import Connection
from storage.links import Identity, offer
from tests.support.lines import NUMBERS, Night, night
from tests.support.world import level

MANY = 14


@pytest.fixture
async def oncard(schema_url: str) -> AsyncIterator[Night]:
    async with night(schema_url) as made:
        yield made


async def heard_by(oncard: Night, call: Call) -> str:
    """Pick up, and return what is said until the call is over."""
    call.pick_up()
    await oncard.comes(lambda: call.ended is not None)
    return " ".join(call.heard)


async def test_a_code_is_heard_by_whoever_picks_up(oncard: Night) -> None:
    await oncard.configure(level("ana"))
    people = (await oncard.service.database.read(oncard.service.picture.current)).people.accounts.values()
    ana = next(one for one in people if one.name == "Ana")

    await oncard.service.lines.tell(ana, Method.VOICE, contacts.code("123456", Method.VOICE, LASTS, "en"))

    assert "1, 2, 3, 4, 5, 6" in await heard_by(oncard, await oncard.ringing("ana"))


async def test_two_codes_are_two_mails(oncard: Night) -> None:
    await oncard.configure(level("ana"))
    people = (await oncard.service.database.read(oncard.service.picture.current)).people.accounts.values()
    ana = next(one for one in people if one.name == "Ana")

    for code in ("123456", "654321"):
        await oncard.service.lines.tell(ana, Method.EMAIL, contacts.code(code, Method.EMAIL, LASTS, "en"))

    await oncard.comes(lambda: len(oncard.mailbox.mails(ana.email)) == 2)
    assert len({mail.headers["Message-ID"] for mail in oncard.mailbox.mails(ana.email)}) == 2


async def test_a_call_about_a_storm_says_what_the_storm_is(oncard: Night) -> None:
    await oncard.configure(level("ana", methods=(Method.VOICE,)))
    for number in range(MANY):
        await oncard.post({"event_status": "Critical", "title_rule": f"disk {number}", "alert_key": str(number)})

    said = await heard_by(oncard, await oncard.ringing("ana"))

    assert f"{MANY} open incidents" in said


async def test_a_number_alone_links_no_chat_account(oncard: Night) -> None:
    await oncard.configure(level("ana"), links={})
    before = await oncard.service.database.read(oncard.service.picture.current)
    (workspace,) = before.workspaces
    stranger = Identity(workspace, "U-STRANGER", "stranger")

    async def work(connection: Connection) -> None:
        now = oncard.clock.now()
        await offer(connection, oncard.service.vault.digest("ABCDEFGH"), stranger, now + LASTS, now)

    await oncard.service.database.transact(work)

    said = await oncard.service.phone.inbox(Method.SMS, "main").replied(Spoken(NUMBERS["ana"], "link ABCD-EFGH", "1"))

    organisation = await oncard.service.database.read(oncard.service.picture.current)
    assert "Nothing changed" in said
    assert all(link.user != stranger.user for link in organisation.links)
