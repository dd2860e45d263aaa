"""What people said of themselves is found again; what only a newer version knows is left alone; secrets stay secret."""

from datetime import timedelta

import sqlalchemy as sa

from bot.domain.definition import AccountDefinition, Contact, Definition, Kind, ProviderDefinition, Secret, link_key
from bot.domain.event import Severity
from bot.domain.people import AccountId, ContactKind, Method, Preference
from bot.domain.verification import LASTS, REMEMBERED, How, Pending, Sent
from storage import contacts, definitions, tables
from storage.database import Connection, Database
from storage.said import Proven, proven, said
from storage.vault import Vault
from tests.support.clocks import START

ANA, BO = AccountId(1), AccountId(2)
PHONE = Contact(ANA, ContactKind.PHONE, "+4930123456")
WAYS = (Preference(Method.IM), Preference(Method.SMS, timedelta(minutes=2)))
VAULT = Vault("a key for tests, long enough to be one")


async def test_what_was_said_is_found_again(database: Database) -> None:
    async def work(connection: Connection) -> None:
        before = await definitions.revision(connection)
        await contacts.prove(connection, PHONE, How.SMS, START)
        await contacts.prefer(connection, ANA, Severity.CRITICAL, WAYS)
        await contacts.prefer(connection, BO, Severity.INFO, WAYS[:1])
        await contacts.prefer(connection, BO, Severity.INFO, None)
        assert await definitions.revision(connection) > before, "every process reads it again"

    await database.transact(work)
    found = await database.read(said)
    assert found.contacts == {PHONE}
    assert found.preferences == {ANA: {Severity.CRITICAL: WAYS}}
    assert await database.read(proven) == [Proven(PHONE, START, "sms")]


async def test_of_each_kind_one_contact_counts(database: Database) -> None:
    other = Contact(ANA, ContactKind.PHONE, "+4930999999")

    async def work(connection: Connection) -> None:
        await contacts.prove(connection, PHONE, How.VOICE, START)
        await contacts.prove(connection, other, How.ADMIN, START)

    await database.transact(work)
    assert await database.read(lambda connection: proven(connection, ANA)) == [Proven(other, START, "admin")]
    assert await database.read(lambda connection: proven(connection, BO)) == []


async def test_what_only_a_newer_version_knows_is_left_alone(database: Database) -> None:
    async def work(connection: Connection) -> None:
        row = {"account_id": ANA, "value": "x", "verified_at": START, "how": "fax"}
        await connection.execute(sa.insert(tables.contacts).values(kind="fax", **row))
        await connection.execute(sa.insert(tables.contacts).values(kind="email", **row))
        await connection.execute(sa.insert(tables.own_preferences).values(account_id=ANA, severity="Dire", body="?"))

    await database.transact(work)
    found = await database.read(said)
    assert found.contacts == {Contact(ANA, ContactKind.EMAIL, "x")}
    assert found.preferences == {}


async def test_codes_and_when_they_were_sent_are_forgotten_in_time(database: Database) -> None:
    def code(account: AccountId, digest: str) -> Pending:
        return Pending(account, ContactKind.PHONE, PHONE.value, Method.SMS, digest, START + LASTS, 3)

    async def work(connection: Connection) -> None:
        await contacts.hold(connection)
        await contacts.offer(connection, code(ANA, "a"), "digest", START)
        await contacts.offer(connection, code(BO, "b"), "digest", START)
        assert await contacts.pending(connection, ANA) == [code(ANA, "a")]
        sent = await contacts.sent(connection, ANA, "digest", START)
        assert sent == Sent((START, START), (START,), (START, START))
        later = START + REMEMBERED
        await contacts.offer(connection, code(ANA, "c"), "other", later)
        assert await contacts.pending(connection, BO) == [], "it has expired"
        assert await contacts.sent(connection, ANA, "digest", later) == Sent((), (later,), (later,))
        assert len((await connection.execute(sa.select(tables.code_sends))).all()) == 1
        await contacts.keep(connection, ANA, ())
        assert await contacts.pending(connection, ANA) == []

    await database.transact(work)


async def test_what_a_device_is_known_by_is_kept_as_a_secret(database: Database) -> None:
    push = Definition(
        Kind.PROVIDER,
        ProviderDefinition("bell", Method.PUSH, "any", settings={"timeout": "5"}, links={"ana@example.com": ""}),
        {"token": Secret("tok-1"), link_key("ana@example.com"): Secret("topic-of-ana")},
    )

    async def work(connection: Connection) -> None:
        people = Definition(Kind.ACCOUNT, AccountDefinition("ana@example.com", "Ana"))
        await definitions.replace_all(connection, [people, push], VAULT)

    await database.transact(work)
    rows = await database.read(lambda connection: connection.execute(sa.select(tables.definitions)))
    assert "topic-of-ana" not in str(rows.all())
    found = await database.read(lambda connection: definitions.provider_secrets(connection, VAULT))
    ((name, (definition, secrets)),) = found.items()
    assert (name, definition.settings, definition.links) == (
        "push/bell",
        {"timeout": "5"},
        {"ana@example.com": "topic-of-ana"},
    )
    assert secrets == {"token": Secret("tok-1")}
    organisation = await database.read(definitions.organisation)
    assert [one.links for one in organisation.providers] == [frozenset({"ana@example.com"})]
