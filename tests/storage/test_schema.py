"""The migrations make the schema that the code asks for."""

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from storage import migrating, schema
from storage.database import Connection, Database
from storage.tables import metadata


async def test_migrations_lead_to_the_tables_that_the_code_uses(database: Database) -> None:
    def differences(connection: sa.Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    async def work(connection: Connection) -> list[object]:
        return await connection.run_sync(differences)

    assert await database.read(work) == []


def test_the_code_knows_the_versions_that_there_are() -> None:
    assert migrating.revisions() == schema.VERSIONS


async def test_a_schema_that_is_up_to_date_stays_as_it_is(database: Database) -> None:
    assert await schema.upgrade(database) == (schema.newest(), schema.newest())


async def test_a_new_database_has_no_schema_until_it_is_given_one(database_url: str) -> None:
    database = Database(database_url)
    try:
        assert await schema.current(database) is None
        assert await schema.upgrade(database) == (None, schema.newest())
        assert await schema.current(database) == schema.newest()
    finally:
        await database.close()
