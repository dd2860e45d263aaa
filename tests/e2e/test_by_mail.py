"""A night by e-mail: a button leads to a page that asks, and a mail that comes back is not the last word."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from bot.domain.definition import ProviderDefinition, Secret
from bot.domain.incident import Progress
from bot.domain.people import Method
from bot.playground.mailbox import Hook
from bot.playground.mailbox.faults import Bounce
from storage import definitions
from storage.database import Connection
from tests.support.lines import Night, night
from tests.support.world import level

ANA = "ana@example.com"
SECRET = "bounce-secret-0123456789"
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def oncard(schema_url: str) -> AsyncIterator[Night]:
    async with night(schema_url) as made:
        yield made


async def test_who_presses_the_button_of_the_page_behind_a_mail_has_it_everywhere(oncard: Night) -> None:
    await oncard.configure(level("ana", chats=(oncard.chat(),), methods=(Method.EMAIL,), escalate_after=30 * MINUTE))
    await oncard.fire()
    await oncard.comes(lambda: len(oncard.mailbox.mails(ANA)) == 1)
    (mail,) = oncard.mailbox.mails(ANA)
    assert mail.subject == "[#1] Critical: disk full"

    async with httpx.AsyncClient(trust_env=False) as browser:
        # A scanner has opened them all before.
        shown = [await browser.get(link) for link in mail.links]
        assert {one.status_code for one in shown} == {200}
        assert (await oncard.incident()).progress is Progress.TRIGGERED
        seen = re.search(r'name="seen" value="(\d+)"', shown[0].text)
        assert seen
        done = await browser.post(mail.links[0], data={"seen": seen[1]})
    assert done.status_code == 200
    await oncard.settle()

    card = await oncard.slack.expect_card("#1 disk full", chat=oncard.chat())
    await card.shows("Acknowledged by Ana by e-mail")


async def bounces_are_known(oncard: Night) -> None:
    """Let the mail server hand over what comes back."""

    async def work(connection: Connection) -> None:
        stored = await definitions.stored(connection, oncard.service.vault)
        changed = [
            replace(
                one,
                body=replace(one.body, settings={**one.body.settings, "bounce_address": "bounces@example.com"}),
                secrets={"bounce_secret": Secret(SECRET)},
            )
            if isinstance(one.body, ProviderDefinition) and one.body.method is Method.EMAIL
            else one
            for one in stored
        ]
        await definitions.replace_all(connection, changed, oncard.service.vault)

    await oncard.service.database.transact(work)
    await oncard.service.lines.follow()
    public_url = oncard.twilio.texts.inbound_url.removesuffix("/sms/main/inbound")
    oncard.mailbox.hook = Hook(f"{public_url}/email/main/bounces", SECRET)


async def test_a_mail_that_comes_back_makes_the_phone_ring(oncard: Night) -> None:
    await oncard.configure(level("ana", methods=(Method.EMAIL, Method.VOICE), escalate_after=30 * MINUTE))
    await bounces_are_known(oncard)
    oncard.mailbox.faults.bounce(Bounce(ANA, "no such user"))
    await oncard.fire()
    await oncard.comes(lambda: len(oncard.mailbox.reports) == 1)
    await oncard.mailbox.posted()

    call = await oncard.ringing("ana")
    assert call.number == oncard.phone("ana").number
    assert oncard.mailbox.mails(ANA) == ()
