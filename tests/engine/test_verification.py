"""Proving what is yours in a chat: a code goes out by SMS, call or e-mail, and what is typed of it counts or not."""

import asyncio
import re
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.adapter import DeliveryFailed, FailureKind, MessageRef, Receipt
from bot.domain.definition import AccountDefinition, Definition, Kind, ProviderDefinition
from bot.domain.delivery import Place
from bot.domain.event import Severity
from bot.domain.incident import Actor
from bot.domain.organisation import Organisation
from bot.domain.people import Account, ContactKind, Method, Preference
from bot.engine import verification
from bot.engine.act import Desk
from bot.engine.heard import Heard
from bot.engine.verification import Asking
from cards.card import Message, Note
from cards.plain import spoken
from storage import definitions, tables
from storage.database import Connection, Database
from tests.engine.stage import Stage
from tests.support.clocks import ManualClock

PHONE, EMAIL = ContactKind.PHONE, ContactKind.EMAIL
NUMBER, OTHER = "+4930123456", "+4930999999"
DIGITS = re.compile(r"\d(?:, \d){5}|\d{6}")


@dataclass
class Box:
    """What was sent to whom, as lines of a provider take it; with a `refusal` they take nothing."""

    sent: list[tuple[Method, str, str]] = field(default_factory=list)
    refusal: Exception | None = None

    async def tell(self, account: Account, method: Method, message: Message) -> Receipt:
        if self.refusal is not None:
            raise self.refusal
        assert isinstance(message, Note)
        to = account.email if method is Method.EMAIL else account.phone
        self.sent.append((method, to, spoken(message.text)))
        return Receipt(MessageRef("main", f"id-{len(self.sent)}"), "queued")

    @property
    def code(self) -> str:
        """The code that was sent last."""
        found = DIGITS.search(self.sent[-1][2])
        assert found is not None
        return found[0].replace(", ", "")


@dataclass
class Chat:
    """Ana and Bo in a chat with Oncard, whose clock a test moves."""

    stage: Stage
    box: Box
    desk: Desk

    @property
    def clock(self) -> ManualClock:
        assert isinstance(self.stage.clock, ManualClock)
        return self.stage.clock

    async def says(self, text: str, by: str = "ana") -> str:
        """Type a command, and return all that is answered."""
        organisation = await self.organisation()
        account = next(one.id for one in organisation.people.accounts.values() if one.name == by)
        workspace = next(iter(organisation.workspaces))
        heard = Heard(text, Actor(account, "acme"), Place(workspace, account=account), user=by)
        note = (await self.desk.hear(heard)).note
        assert note is not None
        return "\n".join(spoken(line) for line in (note.text, *note.rows))

    async def organisation(self) -> Organisation:
        return await self.stage.database.read(self.stage.picture.current)

    async def ana(self) -> Account:
        people = (await self.organisation()).people.accounts
        return next(one for one in people.values() if one.name == "ana")

    async def define(self, *more: Definition, phone: str = NUMBER, email: str = "ana@example.com") -> None:
        """Let Ana have this number and this address, and let there be these providers too."""

        async def work(connection: Connection) -> None:
            stored = await definitions.stored(connection, self.stage.vault)
            wanted = [with_contact(one, phone, email) for one in stored]
            await definitions.replace_all(connection, [*wanted, *more], self.stage.vault)

        await self.stage.database.transact(work)

    async def rows(self, table: sa.Table) -> str:
        async def work(connection: Connection) -> str:
            return str((await connection.execute(sa.select(table))).all())

        return await self.stage.database.read(work)


def with_contact(one: Definition, phone: str, email: str) -> Definition:
    if isinstance(one.body, AccountDefinition) and one.body.name == "ana":
        return replace(one, body=replace(one.body, phone=phone, email=email))
    return one


def provider(method: Method, countries: tuple[str, ...] = ()) -> Definition:
    return Definition(Kind.PROVIDER, ProviderDefinition("main", method, "any", countries=countries))


PROVIDERS = tuple(provider(method) for method in (Method.SMS, Method.VOICE, Method.EMAIL))


@pytest.fixture
async def bare(database: Database) -> Chat:
    """Ana with a number, and nothing but a chat app, on each database."""
    stage = Stage(database)
    await stage.configure({"acme": 0}, ("ana@example.com", "bo@example.com"))
    box = Box()
    vault = stage.vault
    desk = Desk(database, stage.picture, stage.wakeups, stage.clock, vault.digest, sends=lambda: box)
    chat = Chat(stage, box, desk)
    await chat.define()
    return chat


@pytest.fixture
async def chat(bare: Chat) -> Chat:
    """The same with providers."""
    await bare.define(*PROVIDERS)
    return bare


async def test_a_number_counts_once_its_code_was_typed(chat: Chat) -> None:
    assert "not verified" in await chat.says("me")
    assert NUMBER in await chat.says("me verify phone")
    ((method, to, words),) = chat.box.sent
    assert (method, to) == (Method.SMS, NUMBER)
    assert "10 min" in words
    assert (await chat.ana()).verified == frozenset()
    assert await chat.says(f"me code {chat.box.code}") == f"{NUMBER} is verified now."
    assert (await chat.ana()).verified == {PHONE}
    assert f"Phone {NUMBER}: verified" in await chat.says("me")
    assert "is verified already" in await chat.says("me verify phone")
    assert "sms" in await chat.rows(tables.contacts)


async def test_a_call_says_the_code_digit_by_digit_and_once_more(chat: Chat) -> None:
    await chat.says("me verify phone by voice")
    ((method, to, words),) = chat.box.sent
    assert (method, to) == (Method.VOICE, NUMBER)
    assert words.count(", ".join(chat.box.code)) == 2
    await chat.says(f"me code {chat.box.code}")
    assert (await chat.ana()).verified == {PHONE}


async def test_an_address_counts_once_its_code_was_typed(chat: Chat) -> None:
    await chat.says("我 验证 邮箱")
    ((method, to, _),) = chat.box.sent
    assert (method, to) == (Method.EMAIL, "ana@example.com")
    await chat.says(f"我 验证码 {chat.box.code}")
    assert (await chat.ana()).verified == {EMAIL}


async def test_the_answer_in_the_chat_and_the_database_hold_no_code(chat: Chat) -> None:
    answer = await chat.says("me verify phone")
    assert chat.box.code not in answer
    for table in (tables.verifications, tables.code_sends):
        assert chat.box.code not in await chat.rows(table)
    assert NUMBER not in await chat.rows(tables.code_sends)


async def test_a_wrong_code_costs_a_try_and_after_five_the_right_one_is_none(chat: Chat) -> None:
    await chat.says("me verify phone")
    wrong = "000000" if chat.box.code != "000000" else "000001"
    answers = [await chat.says(f"me code {wrong}") for _ in range(5)]
    assert answers[:4] == [f"This code is wrong. Tries left: {left}." for left in (4, 3, 2, 1)]
    assert "wrong, used or expired; nothing changed. Type “me verify phone” or" in answers[4]
    assert "wrong, used or expired" in await chat.says(f"me code {chat.box.code}")
    assert (await chat.ana()).verified == frozenset()


async def test_tries_at_the_same_time_are_counted_one_by_one(chat: Chat) -> None:
    await chat.says("me verify phone")
    wrong = "000000" if chat.box.code != "000000" else "000001"
    await asyncio.gather(*(chat.says(f"me code {wrong}") for _ in range(5)))
    assert "wrong, used or expired" in await chat.says(f"me code {chat.box.code}")


async def test_a_code_is_good_once_for_ten_minutes_and_until_the_next(chat: Chat) -> None:
    await chat.says("me verify phone")
    first = chat.box.code
    chat.clock.advance(60)
    await chat.says("me verify phone")
    second = chat.box.code
    if first != second:
        assert "wrong" in await chat.says(f"me code {first}")
    chat.clock.advance(600)
    assert "wrong, used or expired" in await chat.says(f"me code {second}")
    await chat.says("me verify phone")
    await chat.says(f"me code {chat.box.code}")
    assert "wrong, used or expired" in await chat.says(f"me code {chat.box.code}")


async def test_a_code_is_good_for_who_asked_for_it_alone(chat: Chat) -> None:
    await chat.says("me verify phone")
    assert "wrong, used or expired" in await chat.says(f"me code {chat.box.code}", by="bo")
    await chat.says(f"me code {chat.box.code}")
    assert (await chat.ana()).verified == {PHONE}


async def test_codes_are_sent_so_often_and_no_more(chat: Chat) -> None:
    await chat.says("me verify phone")
    assert "too many codes" in await chat.says("me verify phone")
    assert "too many codes" in await chat.says("me verify phone by voice")
    assert len(chat.box.sent) == 1
    chat.clock.advance(60)
    await chat.says("me verify phone")
    assert len(chat.box.sent) == 2


async def test_of_two_who_ask_at_once_one_is_sent_a_code(chat: Chat) -> None:
    await asyncio.gather(*(chat.says("me verify phone") for _ in range(4)))
    assert len(chat.box.sent) == 1


async def test_a_number_that_was_changed_is_not_verified_and_its_former_owner_is_told_of_the_new_one(
    chat: Chat,
) -> None:
    await chat.says("me verify phone")
    await chat.says(f"me code {chat.box.code}")
    await chat.define(phone=OTHER)
    assert (await chat.ana()).verified == frozenset()
    chat.clock.advance(3600)
    await chat.says("me verify phone")
    assert chat.box.sent[-1][:2] == (Method.SMS, OTHER)
    await chat.says(f"me code {chat.box.code}")
    assert (await chat.ana()).verified == {PHONE}
    method, to, words = chat.box.sent[-1]
    assert (method, to) == (Method.SMS, NUMBER)
    assert f"the account of ana has another number or address now, {OTHER}" in words


async def test_a_code_for_the_number_before_proves_nothing(chat: Chat) -> None:
    await chat.says("me verify phone")
    await chat.define(phone=OTHER)
    assert "wrong, used or expired" in await chat.says(f"me code {chat.box.code}")
    assert (await chat.ana()).verified == frozenset()


async def test_a_number_that_comes_back_counts_again(chat: Chat) -> None:
    await chat.says("me verify phone")
    await chat.says(f"me code {chat.box.code}")
    await chat.define(phone=OTHER)
    await chat.define(phone=NUMBER)
    assert (await chat.ana()).verified == {PHONE}


@pytest.mark.parametrize(
    ("refusal", "why"),
    [
        (DeliveryFailed(FailureKind.REFUSED, "21211 no such number"), "21211 no such number"),
        (TimeoutError(), "no answer in time"),
    ],
)
async def test_what_could_not_be_sent_is_told_in_the_providers_words(chat: Chat, refusal: Exception, why: str) -> None:
    chat.box.refusal = refusal
    assert await chat.says("me verify phone") == f"The code could not be sent to {NUMBER}: {why}. Nothing changed."


async def test_where_no_code_can_be_sent_it_is_said_why_and_who_can_help(bare: Chat) -> None:
    assert await bare.says("me verify phone") == (
        "No code can be sent to you by SMS: no provider for it is configured. An admin can vouch for you: "
        "oncard contact confirm ana@example.com phone --trust"
    )
    await bare.define(provider(Method.SMS, countries=("+33",)))
    assert "no provider serves your number" in await bare.says("me verify phone")
    await bare.define(phone="")
    assert "you have no phone number" in await bare.says("me verify phone")
    assert bare.box.sent == []


async def test_nothing_but_a_desk_without_lines_says_so(bare: Chat) -> None:
    stage = bare.stage
    await bare.define(*PROVIDERS)
    bare.desk = Desk(stage.database, stage.picture, stage.wakeups, stage.clock, stage.vault.digest)
    assert "no provider for sms is connected here" in await bare.says("me verify phone")


async def test_an_admin_can_vouch(chat: Chat) -> None:
    stage, ana = chat.stage, await chat.ana()

    async def work(connection: Connection) -> None:
        organisation = await stage.picture.current(connection)
        asking = Asking(ana, organisation, stage.clock.now(), stage.vault.digest, "en", "cli")
        await verification.vouch(connection, asking, PHONE)

    await stage.database.transact(work)
    assert (await chat.ana()).verified == {PHONE}
    assert "admin" in await chat.rows(tables.contacts)


# ---- preferences -----------------------------------------------------------------------------------------------------


async def test_what_somebody_says_applies_until_they_take_it_back(chat: Chat) -> None:
    before = (await chat.ana()).wants(Severity.CRITICAL)
    answer = await chat.says("me critical im, sms 2m, voice 5m")
    assert "Critical, as you said: chat, SMS after 2 min, call after 5 min" in answer
    assert "SMS does not reach you: it is not verified that this is yours" in answer
    assert (await chat.ana()).wants(Severity.CRITICAL) == (
        Preference(Method.IM),
        Preference(Method.SMS, timedelta(minutes=2)),
        Preference(Method.VOICE, timedelta(minutes=5)),
    )
    assert (await chat.ana()).wants(Severity.INFO) == (Preference(Method.IM),)
    await chat.says("我 严重 电话")
    assert (await chat.ana()).wants(Severity.CRITICAL) == (Preference(Method.VOICE),)
    assert "by default" in await chat.says("me critical default")
    assert (await chat.ana()).wants(Severity.CRITICAL) == before


async def test_what_somebody_said_outlives_the_file(chat: Chat) -> None:
    await chat.says("me info email")
    await chat.define()
    assert (await chat.ana()).wants(Severity.INFO) == (Preference(Method.EMAIL),)
    await chat.says("me default")
    assert (await chat.ana()).preferences == {}


async def test_me_says_how_each_severity_is_told_and_what_cannot_work(bare: Chat) -> None:
    said = await bare.says("me")
    assert "Critical: chat, push at once, SMS after 2 min, call after 5 min" in said
    assert "Info: chat" in said
    for method in ("push", "SMS", "call"):
        assert f"{method} does not reach you: no provider for it is configured" in said
    assert "chat does not reach you" not in said


async def test_what_is_not_understood_changes_nothing(chat: Chat) -> None:
    before = await chat.organisation()
    assert "Say after how long" in await chat.says("me critical sms soon")
    assert await chat.organisation() == before


async def test_the_picture_is_that_of_each_account(chat: Chat) -> None:
    await chat.says("me critical voice", by="bo")
    assert (await chat.ana()).preferences == {}
