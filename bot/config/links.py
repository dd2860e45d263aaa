"""A table of links: a CSV file with the columns `email` and `user`, in any order, and others that are passed over."""

import csv
import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

from pydantic_core import PydanticCustomError

from bot.config.fault import SAID, Fault, did_you_mean, quoted
from bot.config.values import platform_id
from bot.domain.address import normalised

COLUMNS: Final = ("email", "user")
LONGEST_USER: Final = 128


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: the account of this address is this user there. Lines count from 1."""

    line: int
    email: str
    user: str


@dataclass(slots=True)
class Table:
    """What a table says, and what is wrong with it."""

    rows: list[Row] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def read(text: str, accounts: Collection[str]) -> Table:
    """Read the text of a table; `accounts` are the addresses of those that there are."""
    table = Table()
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    begins = 1
    heads: Sequence[str] | None = None
    try:
        for cells in reader:
            line, begins = begins, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if heads is None:
                heads = [cell.strip().casefold() for cell in cells]
                if (fault := _head_fault(line, heads)) is not None:
                    table.faults.append(fault)
                    return table
                continue
            _take(table, line, dict(zip(heads, cells, strict=False)), accounts)
    except csv.Error as error:
        table.faults.append(Fault(begins, f"this is no CSV: {error}", "quote a cell that holds quotes, and close it"))
    if heads is None and not table.faults:
        table.faults.append(Fault(1, "the file is empty", f"begin it with the line `{','.join(COLUMNS)}`"))
    return table


def _head_fault(line: int, heads: Sequence[str]) -> Fault | None:
    for name in COLUMNS:
        if heads.count(name) != 1:
            what = f"the first line names no column `{name}`" if name not in heads else f"`{name}` is named twice"
            return Fault(line, what, f"begin the file with the line `{','.join(COLUMNS)}`, with commas between columns")
    return None


def _take(table: Table, line: int, cells: dict[str, str], accounts: Collection[str]) -> None:
    """Take one line in: as a row, or with its faults."""
    email, user = normalised(cells.get("email", "")), cells.get("user", "").strip()
    faults = [fault for fault in (_email_fault(line, email, accounts), _user_fault(line, user)) if fault is not None]
    for row in table.rows:
        if row.email == email:
            faults.append(Fault(line, f"{quoted(email)} is on line {row.line} already", "remove one of the two"))
        if row.user == user:
            faults.append(
                Fault(line, f"the user {quoted(user)} is on line {row.line} already", "remove one of the two")
            )
    table.faults += faults
    if not faults:
        table.rows.append(Row(line, email, user))


def _email_fault(line: int, email: str, accounts: Collection[str]) -> Fault | None:
    if not email:
        return Fault(line, "there is no e-mail address", "write that of an account")
    if email not in accounts:
        mend = did_you_mean(email, accounts, "write the address of an account, or add it to the configuration")
        return Fault(line, f"there is no account {quoted(email)}", mend)
    return None


def _user_fault(line: int, user: str) -> Fault | None:
    if not user:
        return Fault(line, "there is no user", "write the user's id in the chat app")
    try:
        platform_id(user)
    except PydanticCustomError as error:
        said = error.context or {}
        return Fault(line, str(said.get("what", "")).replace(SAID, quoted(user)), str(said.get("mend", "")))
    if len(user) > LONGEST_USER:
        return Fault(line, f"the user {quoted(user)} is longer than {LONGEST_USER} characters", "copy the user's id")
    return None
