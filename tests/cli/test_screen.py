"""Colours are for people at a terminal who want them; what is piped is plain."""

import re

from tests.cli.shell import Shell

MARK = re.compile(r"\x1b\[[0-9;]*m")
COLOUR = re.compile(r"\x1b\[[0-9;]*3[1-7]m")


def listed(shell: Shell, **environment: str) -> str:
    """Return the list of incidents as a shell with this environment prints it."""
    return Shell(shell.url, environment).say("incident", "list")


def test_a_terminal_gets_colours_unless_it_wants_none(sqlite_shell: Shell) -> None:
    sqlite_shell.fire()
    assert COLOUR.search(listed(sqlite_shell, FORCE_COLOR="1", TERM="xterm"))
    assert not COLOUR.search(listed(sqlite_shell, FORCE_COLOR="1", TERM="xterm", NO_COLOR="1"))


def test_what_is_piped_is_plain_and_as_wide_as_it_is(sqlite_shell: Shell) -> None:
    title = "a title that is wider than any terminal " * 5
    sqlite_shell.fire(title)
    printed = listed(sqlite_shell, COLUMNS="40", TERM="xterm")
    assert "\x1b" not in printed
    assert title.strip() in printed
    assert [line for line in printed.splitlines() if line != line.rstrip()] == []


def test_a_narrow_terminal_loses_nothing(sqlite_shell: Shell) -> None:
    sqlite_shell.fire("unmistakable")
    printed = listed(sqlite_shell, FORCE_COLOR="1", NO_COLOR="1", TERM="xterm", COLUMNS="60")
    assert max(len(line) for line in MARK.sub("", printed).splitlines()) <= 60
    assert "…" not in printed
