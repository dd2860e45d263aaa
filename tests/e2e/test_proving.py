"""A number is proven as a person does it: a command in the chat, an SMS or a call from the provider, the code typed."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest

from bot.domain.definition import AccountDefinition, Definition, Kind, ProviderDefinition, Secret
from bot.domain.people import Account, ContactKind, Method
from bot.playground.phones import Phone, Phones
from bot.playground.slack.flatten import visible_text
from bot.playground.twilio import TwilioServer
from storage import definitions
from storage.database import Connection
from tests.support.world import CHAT, World, level, world

NUMBER = "+14155550101"


@dataclass
class Proving:
    """Oncard, a chat app, a provider of SMS, and Ana's phone."""

    oncard: World
    twilio: TwilioServer
    phone: Phone

    async def says(self, text: str, expected: str) -> str:
        """Type a command as Ana, and return what she alone was answered."""
        slack = self.oncard.slack
        await slack.command("ana", CHAT, f"/oncard {text}")
        return visible_text(slack.workspace, await slack.expect_ephemeral("ana", expected))

    async def ana(self) -> Account:
        service = self.oncard.service
        people = (await service.database.read(service.picture.current)).people.accounts
        return next(one for one in people.values() if one.name == "Ana")

    def seen_in_the_chat(self) -> str:
        """Return all that was said in the chat, to everybody and to each alone."""
        slack = self.oncard.slack.workspace
        messages = slack.messages(slack.channel(CHAT).id, reader=slack.user("ana").id)
        return "\n".join(visible_text(slack, one) for one in messages)


@pytest.fixture
async def proving(schema_url: str) -> AsyncIterator[Proving]:
    """Ana with a number that nobody has proven, on each database."""
    async with world(schema_url) as made:
        phones = Phones(made.clock)
        phone = phones.add("ana", NUMBER)
        async with TwilioServer(made.clock, phones) as twilio:
            await made.configure(level("ana", chats=(made.chat(),)))
            await _give_number(made, twilio)
            await made.service.lines.follow()
            yield Proving(made, twilio, phone)
            await made.service.lines.close()


async def _give_number(made: World, twilio: TwilioServer) -> None:
    settings = {
        "account_sid": twilio.account.sid,
        "from": twilio.number,
        "api_base_url": twilio.api_base_url,
    }
    provider = Definition(
        Kind.PROVIDER,
        ProviderDefinition("main", Method.SMS, "twilio", settings=settings),
        {"auth_token": Secret(twilio.account.auth_token)},
    )

    async def work(connection: Connection) -> None:
        stored = await definitions.stored(connection, made.service.vault)
        wanted = [
            replace(one, body=replace(one.body, phone=NUMBER))
            if isinstance(one.body, AccountDefinition) and one.body.name == "Ana"
            else one
            for one in stored
        ]
        await definitions.replace_all(connection, [*wanted, provider], made.service.vault)

    await made.service.database.transact(work)


async def test_a_number_is_proven_by_the_code_in_an_sms(proving: Proving) -> None:
    answer = await proving.says("me", "not verified")
    assert "SMS does not reach you: it is not verified that this is yours" in answer
    await proving.says("me verify phone", "A code is on its way")
    (text,) = proving.phone.texts
    code = re.search(r"\d{6}", text.words)
    assert code is not None
    await proving.says(f"me code {code[0]}", f"{NUMBER} is verified now")
    assert (await proving.ana()).verified == {ContactKind.PHONE}
    assert f"your code is {code[0]}" not in proving.seen_in_the_chat()


async def test_what_the_provider_says_against_it_is_told(proving: Proving) -> None:
    proving.twilio.refuse("messages.create", 21211, NUMBER)
    answer = await proving.says("me verify phone", "could not be sent")
    assert "21211" in answer
    assert proving.phone.texts == []
    assert (await proving.ana()).verified == frozenset()


async def test_a_button_asks_for_the_code(proving: Proving) -> None:
    slack = proving.oncard.slack
    await proving.says("me", "not verified")
    note = await slack.expect_ephemeral("ana", "not verified")
    await slack.click("ana", CHAT, note.ts, "Verify phone")
    await slack.expect_ephemeral("ana", "A code is on its way")
    assert len(proving.phone.texts) == 1
