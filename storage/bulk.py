"""Many rows in one statement.

A statement for each row costs far more than the row: SQLite's driver lets go of the interpreter's lock at every step,
and PostgreSQL's waits for the network. So all rows of a table go in one: as a list of values for SQLite, as one array
per column for PostgreSQL, whose statement is then the same for any number of rows.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

import sqlalchemy as sa

from storage.connection import Connection

Row = Mapping[str, object]
Names = tuple[str, ...]
_Convert = Callable[[Any], Any]

# SQLite's driver keeps the last 128 statements of a connection by their text, each as large as it has values: with a
# text for each number of rows that were hundreds of MB, and most would be prepared anew. So there are a few sizes only,
# the powers of two above `FEW`. A larger one than `MOST_ROWS` is no faster.
FEW: Final = 8
MOST_ROWS: Final = 128


@dataclass(frozen=True, slots=True)
class _Columns:
    """Columns of a table: their names, how a value of each becomes the driver's, and PostgreSQL's types for them."""

    names: tuple[str, ...]
    converters: tuple[_Convert | None, ...]
    types: tuple[str, ...]

    def values(self, rows: Sequence[tuple[object, ...]]) -> list[Sequence[object]]:
        """Return the values of the rows as the driver takes them, column by column."""
        return [
            _converted(values, convert)
            for values, convert in zip(zip(*rows, strict=True), self.converters, strict=True)
        ]


def _converted(values: tuple[object, ...], convert: _Convert | None) -> Sequence[object]:
    """Convert the values; mostly they are few different ones, such as the instant of the transaction."""
    if convert is None:
        return values
    known = {value: convert(value) for value in set(values)}
    return list(map(known.__getitem__, values))


_KNOWN: Final[dict[tuple[str, str, tuple[str, ...]], _Columns]] = {}


async def insert(connection: Connection, table: sa.Table, rows: Sequence[Row], *, conflict: str = "") -> None:
    """Add rows, all with the same columns. `conflict`: the clause for a row that is there already."""
    if rows:
        names, values = _plain(rows)
        await insert_values(connection, table, names, values, conflict=conflict)


async def insert_values(
    connection: Connection,
    table: sa.Table,
    names: Names,
    rows: Sequence[tuple[object, ...]],
    *,
    conflict: str = "",
) -> None:
    """Add rows of which each is the values of the columns of these names: where there are many, it is quicker so."""
    if not rows:
        return
    columns = _columns(table, names, connection.dialect)
    into = _into(table, columns)
    for source, parameters in _sources(columns, rows, connection.dialect):
        if conflict:
            # Where such rows are there already is to be looked at now, and not beside others that are added.
            await connection.exec_driver_sql(f"{into} {source} {conflict}", parameters)
        else:
            await connection.change(table.name, f"{into} {source}", parameters)


async def merge_values(
    connection: Connection, table: sa.Table, names: Names, rows: Sequence[tuple[object, ...]], conflict: str
) -> None:
    """Add rows, or do as the clause `conflict` says of those that are there already.

    Such a row must be there since before this transaction, or since something was asked in it: what is only added goes
    to the server beside these.
    """
    if not rows:
        return
    columns = _columns(table, names, connection.dialect)
    for source, parameters in _sources(columns, rows, connection.dialect):
        await connection.change(f"{table.name}, merged", f"{_into(table, columns)} {source} {conflict}", parameters)


async def update_values(
    connection: Connection, table: sa.Table, names: Names, rows: Sequence[tuple[object, ...]]
) -> None:
    """Set the columns of these names in the rows that have the `id`s among them."""
    if not rows:
        return
    columns = _columns(table, names, connection.dialect)
    quoted = [_quoted(name) for name in columns.names]
    to = ", ".join(f"{name} = new.{name}" for name in quoted if name != _quoted("id"))
    for source, parameters in _sources(columns, rows, connection.dialect):
        new = f"WITH new ({', '.join(quoted)}) AS ({source})"
        where = f"WHERE {table.name}.id = new.id"
        statement = f"{new} UPDATE {table.name} SET {to} FROM new {where}"  # noqa: S608 - Names of our own tables.
        await connection.change(table.name, statement, parameters)


def _into(table: sa.Table, columns: _Columns) -> str:
    return f"INSERT INTO {table.name} ({', '.join(map(_quoted, columns.names))})"


def _plain(rows: Sequence[Row]) -> tuple[Names, list[tuple[object, ...]]]:
    names = tuple(rows[0])
    return names, [tuple(row[name] for name in names) for row in rows]


def _sources(
    columns: _Columns, rows: Sequence[tuple[object, ...]], dialect: sa.Dialect
) -> list[tuple[str, tuple[object, ...]]]:
    """Return the rows as what a statement can read from, with its parameters; in portions that the database takes."""
    values = columns.values(rows)
    if dialect.name == "postgresql":
        arrays = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(columns.types, 1))
        return [(f"SELECT * FROM unnest({arrays})", tuple(values))]  # noqa: S608 - Types of our own columns.
    width = len(columns.names)
    one = f"({', '.join('?' * width)})"
    # Row by row in one list: the statement counts its variables through.
    through = tuple(chain.from_iterable(zip(*values, strict=True)))
    sources, first = [], 0
    for size in _sizes(len(rows)):
        last = first + size * width
        sources.append((f"VALUES {', '.join([one] * size)}", through[first:last]))
        first = last
    return sources


def _sizes(count: int) -> Iterator[int]:
    """Yield how many of so many rows go together."""
    while count:
        size = count if count <= FEW else min(1 << (count.bit_length() - 1), MOST_ROWS)
        yield size
        count -= size


def _quoted(name: str) -> str:
    return f'"{name}"'


def _columns(table: sa.Table, names: tuple[str, ...], dialect: sa.Dialect) -> _Columns:
    known_as = (dialect.name, table.name, names)
    if known_as not in _KNOWN:
        columns = [table.c[name] for name in names]
        _KNOWN[known_as] = _Columns(
            names,
            tuple(column.type.dialect_impl(dialect).bind_processor(dialect) for column in columns),
            # Without the length, so that what is too long is refused by its column instead of being cut here.
            tuple(str(column.type.compile(dialect)).partition("(")[0] for column in columns),
        )
    return _KNOWN[known_as]
