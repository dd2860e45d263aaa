"""What is wrong around a command is one line on standard error that says how to mend it, and never a traceback."""

from pathlib import Path

import pytest

from bot.main import settings
from storage import schema
from tests.cli.shell import SECRET_KEY, Shell

NEEDS_THE_DATABASE = [
    ["apply", "-"],
    ["export"],
    ["who"],
    ["alert", "send", "--channel", "Payments", "--severity", "Info", "--title", "x"],
    ["incident", "list"],
    ["incident", "show", "1"],
    ["incident", "ack", "1"],
    ["serve", "--port", "0"],
]


@pytest.mark.parametrize("words", NEEDS_THE_DATABASE)
def test_without_a_key_nothing_starts(sqlite_url: str, words: list[str]) -> None:
    shell = Shell(sqlite_url, {"ONCARD_SECRET_KEY": None})
    assert shell.refused(*words).startswith("ONCARD_SECRET_KEY is not set: set it to a long random text")


@pytest.mark.parametrize("words", NEEDS_THE_DATABASE)
def test_a_database_that_does_not_answer_is_named_without_its_password(words: list[str]) -> None:
    shell = Shell("postgresql+asyncpg://oncard:hunter2@127.0.0.1:1/oncard")
    said = shell.refused(*words)
    assert said.startswith("cannot use postgresql+asyncpg://oncard:***@127.0.0.1:1/oncard: ")
    assert said.endswith("see that it is there, and that ONCARD_DATABASE_URL is right")
    assert "hunter2" not in said


def test_a_database_of_another_kind_is_refused() -> None:
    said = "ONCARD_DATABASE_URL starts with 'mysql': use sqlite+aiosqlite or postgresql+asyncpg instead"
    assert Shell("mysql://oncard:hunter2@db.example.com/x").refused("who") == said
    assert Shell("mysql://oncard:hunter2@db.example.com/x").refused("db", "upgrade") == said


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "oncard.db"
    path.write_text("This is a letter, not a database. " * 100)
    for words in (["who"], ["db", "upgrade"]):
        assert "file is not a database" in Shell(f"sqlite+aiosqlite:///{path}").refused(*words)


def test_a_weak_key_and_a_wrong_one_are_told_apart(shell: Shell) -> None:
    weak = Shell(shell.url, {"ONCARD_SECRET_KEY": "hunter2"})
    assert weak.refused("who").startswith("ONCARD_SECRET_KEY has 7 characters: give it at least 32 random ones")
    other = Shell(shell.url, {"ONCARD_SECRET_KEY": SECRET_KEY[::-1]})
    for words in (["export"], ["apply", "-"], ["serve", "--port", "0"]):
        said = other.refused(*words)
        assert said.startswith("ONCARD_SECRET_KEY is not the key that the stored secrets were encrypted with")
        assert SECRET_KEY[::-1] not in said


@pytest.mark.parametrize(
    ("name", "value", "mend"),
    [
        ("ONCARD_PUBLIC_URL", "oncall.example.com", "write an address such as https://oncall.example.com"),
        ("ONCARD_PUBLIC_URL", "http://[", "write an address such as https://oncall.example.com"),
        ("ONCARD_PUBLIC_URL", "https://oncall.example.com:99999", "write an address such as"),
        ("ONCARD_PUBLIC_URL", "https://example.com/oncard", "write an address such as"),
        ("ONCARD_PUBLIC_URL", "https://oncall.example.com/?a=1", "write an address such as"),
        ("ONCARD_FALLBACK_AFTER", "soon", "write a time from 5s to 10m, such as 30s"),
        ("ONCARD_FALLBACK_AFTER", "1s", "write a time from 5s to 10m, such as 30s"),
    ],
)
def test_a_variable_that_is_wrong_is_named(sqlite_url: str, name: str, value: str, mend: str) -> None:
    said = Shell(sqlite_url, {name: value}).refused("who")
    assert said.startswith(f"{name} is {value!r}: {mend}")


def test_a_public_address_may_have_a_port_and_a_slash() -> None:
    environment = {"ONCARD_SECRET_KEY": SECRET_KEY, "ONCARD_PUBLIC_URL": "https://oncall.example.com:8443/"}
    assert settings(environment).public_url == "https://oncall.example.com:8443"


def test_a_style_of_logs_that_is_not_there_is_refused(sqlite_url: str) -> None:
    assert Shell(sqlite_url, {"ONCARD_LOG": "xml"}).refused("who") == "ONCARD_LOG is 'xml': set it to text or json"


# ---- the schema ------------------------------------------------------------------------------------------------------


def test_an_empty_database_is_brought_up_to_date_when_asked(empty: Shell) -> None:
    assert "run `oncard db upgrade`, then `oncard apply FILE`" in empty.refused("incident", "list")
    keyless = Shell(empty.url, {"ONCARD_SECRET_KEY": None})
    assert keyless.say("db", "upgrade") == f"schema: none → {schema.newest()}\n"
    assert keyless.say("db", "upgrade") == f"the schema is up to date ({schema.newest()})\n"
    assert empty.say("incident", "list") == "no open incidents\n"
