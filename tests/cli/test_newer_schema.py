"""A schema that a newer version has upgraded: this version goes on, and says so."""

import asyncio
import json
import signal
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from storage.database import Connection, Database
from tests.cli.shell import Shell
from tests.cli.test_serve import Start, logged_address, started, stopped


@pytest.fixture
def upgraded(shell: Shell) -> Shell:
    """Give a shell on a database that the next version has upgraded; it has also written to its timeline."""
    shell.fire()

    async def work(connection: Connection) -> None:
        body = json.dumps({"entry": "handed_over", "said": {"why": "the night is over"}})
        await connection.execute(
            sa.text("INSERT INTO timeline (incident_id, at, body) SELECT 1, at, :body FROM timeline LIMIT 1"),
            {"body": body},
        )
        await connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))

    async def upgrade() -> None:
        database = Database(shell.url)
        await database.transact(work)
        await database.close()

    asyncio.run(upgrade())
    return Shell(shell.url, {"ONCARD_LOG": "json"})


def test_the_command_line_goes_on(upgraded: Shell) -> None:
    assert upgraded.say("incident", "ack", "1").startswith("#1 is yours")
    assert "Handed over" in upgraded.say("incident", "show", "1")
    assert "9999" in upgraded.say("db", "upgrade")


def test_serve_goes_on_and_is_ready(upgraded: Shell, tmp_path: Path) -> None:
    with started(Start(("serve", "--port", "0"), upgraded, tmp_path, logged_address)) as served:
        assert httpx.get(f"{served.url}/readyz", timeout=30).json()["ready"]
        assert stopped(served, signal.SIGTERM) == 0
    said = [json.loads(line) for line in served.log.read_text().splitlines()]
    assert [line["found"] for line in said if line["event"] == "schema_is_newer"] == ["9999"]
