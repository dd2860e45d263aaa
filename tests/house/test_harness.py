"""What the tests stand on, tested: databases, network guard, browser, monitoring servers."""

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from playwright.async_api import Page
from sqlalchemy import text

from storage import schema
from storage.database import Connection, Database
from tests.support.browser import NewPage
from tests.support.databases import NewDatabase
from tests.support.golden import compare, write
from tests.support.monitoring import StartServer
from tests.support.network import OutsideNetworkError

OUTSIDE = "192.0.2.1"


def a_table_with_one_row(url: str) -> None:
    """Fill an empty database."""
    asyncio.run(said(url, "CREATE TABLE word (word text)", "INSERT INTO word VALUES ('built')"))


async def said(url: str, *statements: str) -> list[str]:
    """Run the statements in one transaction, and return the words that the last one finds."""
    database = Database(url)

    async def work(connection: Connection) -> list[str]:
        *_, last = [await connection.execute(text(statement)) for statement in statements]
        return list(last.scalars()) if last.returns_rows else []

    try:
        return await database.transact(work)
    finally:
        await database.close()


async def words(url: str, *added: str) -> list[str]:
    """Add words to the table, and return all that it holds."""
    adding = [f"INSERT INTO word VALUES ('{word}')" for word in added]  # noqa: S608 - Words of this test.
    return await said(url, *adding, "SELECT word FROM word ORDER BY word")


async def test_each_database_is_a_fresh_copy_of_what_was_built(new_database: NewDatabase) -> None:
    first, second = new_database(a_table_with_one_row), new_database(a_table_with_one_row)
    assert await words(first, "mine") == ["built", "mine"]
    assert await words(second) == ["built"]


async def test_an_empty_database_takes_a_schema(database_url: str) -> None:
    await said(database_url, "CREATE TABLE word (word text)")
    assert await words(database_url) == []


async def test_a_database_has_the_newest_schema(database: Database) -> None:
    assert await schema.current(database) == schema.newest()


def test_a_golden_file_that_differs_fails_with_the_difference(tmp_path: Path) -> None:
    write(tmp_path / "cards" / "words.txt", "one\ntwo\n")
    compare(tmp_path / "cards" / "words.txt", "one\ntwo\n")
    with pytest.raises(pytest.fail.Exception, match=r"-two\n\+three"):
        compare(tmp_path / "cards" / "words.txt", "one\nthree\n")


def test_a_golden_file_that_is_not_there_fails(tmp_path: Path) -> None:
    with pytest.raises(pytest.fail.Exception, match="--update-golden"):
        compare(tmp_path / "words.txt", "")


def test_golden_files_are_not_written_in_ci(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-c", str(tmp_path / "pytest.ini"), "--noconftest"]
    done = subprocess.run(
        [*command, "-p", "tests.support.golden", "--update-golden"],
        env={**os.environ, "CI": "true", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "refused in CI" in done.stderr


@pytest.mark.parametrize("host", [OUTSIDE, "alerts.example.com"])
def test_another_machine_is_out_of_reach(host: str, refused_connections: list[str]) -> None:
    with pytest.raises(OutsideNetworkError):
        socket.create_connection((host, 443), timeout=1)
    assert host in refused_connections.pop()


async def test_a_page_reports_its_errors(page: Page, page_errors: list[str]) -> None:
    await page.goto("data:text/html," + quote("<script>console.error('from the console')</script>"))
    await page.goto("data:text/html," + quote("<script>throw new Error('not caught')</script>"))
    assert [error.split(" (")[0] for error in page_errors] == ["console: from the console", "page: not caught"]
    page_errors.clear()


async def test_the_browser_does_not_reach_another_machine(page: Page, page_errors: list[str]) -> None:
    await page.set_content("<img src='https://pictures.example.com/a.png'>")
    await page.wait_for_function("document.images[0].complete")
    assert "ERR_NAME_NOT_RESOLVED" in page_errors.pop()


async def test_pages_are_as_wide_and_dark_as_wanted(new_page: NewPage) -> None:
    page = await new_page(width=375, color_scheme="dark")
    assert await page.evaluate("[innerWidth, matchMedia('(prefers-color-scheme: dark)').matches]") == [375, True]


def test_a_real_alertmanager_runs(alertmanager: StartServer) -> None:
    address = alertmanager({"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}]})
    assert httpx.get(f"{address}/api/v2/alerts").json() == []


def test_a_real_prometheus_runs_with_its_rules(prometheus: StartServer) -> None:
    rule = {"alert": "Always", "expr": "vector(1)"}
    rules = {"groups": [{"name": "rules", "interval": "1s", "rules": [rule]}]}
    address = prometheus({"rule_files": ["rules.yml"]}, files={"rules.yml": rules})
    groups = httpx.get(f"{address}/api/v1/rules").json()["data"]["groups"]
    assert [rule["name"] for group in groups for rule in group["rules"]] == ["Always"]


def test_a_server_that_refuses_its_configuration_says_why(alertmanager: StartServer) -> None:
    with pytest.raises(RuntimeError, match=r"no routes? provided"):
        alertmanager({})
