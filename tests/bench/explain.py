"""The plans of the queries that some work makes, as the database tells them."""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from storage.database import Connection, Database

_FINDS = re.compile(r"\b(?:Scan|SCAN|SEARCH|Cond|Filter)\b")
_SHORTER = (
    (re.compile(r"\s+"), " "),
    (re.compile(r"'\{[^{}]*\}'"), "'{…}'"),
    (re.compile(r"::[A-Za-z]+(?: WITH TIME ZONE| with time zone)?(?:\[\])?"), ""),
    (re.compile(r"\bIN \((?!SELECT)[^()]*(?:\([^()]*\)[^()]*)*\)"), "IN (…)"),
    (re.compile(r"^SELECT .*? FROM "), "SELECT … FROM "),
    (re.compile(r" SET .*? WHERE "), " SET … WHERE "),
    (re.compile(r" *\(cost=[^()]*\)"), ""),
    (re.compile(r"^ *-> *"), ""),
)


@dataclass
class Heard:
    """The statements that were made, each once, with the values of the first time."""

    statements: dict[str, Any] = field(default_factory=dict)


@contextlib.contextmanager
def listening() -> Iterator[Heard]:
    """Note every statement that any database is asked within the block."""
    heard = Heard()

    def note(*said: Any) -> None:
        _, _, statement, parameters, _, is_many = said
        if not is_many and statement.split(maxsplit=1)[0] in ("SELECT", "UPDATE", "DELETE", "WITH"):
            heard.statements.setdefault(statement, parameters)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield heard
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


async def plans(database: Database, heard: Heard) -> list[tuple[str, str]]:
    """Return each statement, and how it finds its rows, one line each; nothing is changed by asking."""

    async def work(connection: Connection) -> dict[str, str]:
        word = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
        found = {}
        for statement, parameters in heard.statements.items():
            rows = (await connection.exec_driver_sql(f"{word} {statement}", parameters)).all()
            lines = [str(row[-1]) for row in rows]
            # Statements that differ only in how many values they hold are one.
            found[_short(statement)] = "; ".join(_short(line) for line in lines if _FINDS.search(line))
        return found

    return list((await database.read(work)).items())


def _short(text: str) -> str:
    for pattern, replacement in _SHORTER:
        text = pattern.sub(replacement, text)
    return text.strip()
