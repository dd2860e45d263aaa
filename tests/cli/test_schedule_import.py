"""schedule import: a calendar file becomes a section of the configuration file that has the same people on call."""

from itertools import count
from pathlib import Path

import pytest

from bot.cli.schedule_import import bounded
from bot.config.ical.refused import NotImported
from tests.cli.shell import SAMPLE, Shell
from tests.config.ical.calendars import calendar, event

BERLIN = ";TZID=Europe/Berlin:"
WEEKS = calendar(
    event(f"{BERLIN}20261102T090000", f"{BERLIN}20261109T090000", "RRULE:FREQ=WEEKLY;INTERVAL=2", summary="Ana"),
    event(f"{BERLIN}20261109T090000", f"{BERLIN}20261116T090000", "RRULE:FREQ=WEEKLY;INTERVAL=2", summary="Robert"),
    event(f"{BERLIN}20261204T090000", f"{BERLIN}20261204T170000", summary="On call: dee@example.com", uid="d"),
)
ROBERT = ("--person", "Robert=bo@example.com")


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "rota.ics"
    path.write_bytes(WEEKS)
    return str(path)


def test_what_is_printed_is_a_section_that_can_be_applied(shell: Shell, file: str) -> None:
    printed = shell.say("schedule", "import", file, "--name", "payments", *ROBERT, "--from", "2026-11-02")
    assert printed.startswith("# Who is on call from 2026-11-02 on, for 366 days, by ")
    head, _, section = printed.partition("\n")
    assert head.endswith(" instants.")
    assert section.startswith("schedules:\n  - name: payments\n    timezone: Europe/Berlin\n")
    assert shell.say("schedule", "list") == "no schedule is configured\n"
    shell.say("apply", "-", typed=SAMPLE + section)
    shown = shell.json("schedule", "show", "payments", "--from", "2026-12-01T00:00", "--to", "2026-12-08T00:00")
    assert [[one["name"] for one in shift["people"]] for shift in shown["shifts"]] == [
        ["Ana"], ["Ana", "Dee"], ["Ana"], ["Bo"]
    ]  # fmt: skip


def test_the_role_and_the_time_may_be_said(sqlite_shell: Shell, file: str) -> None:
    printed = sqlite_shell.say(
        "schedule", "import", file, "--name", "copy", *ROBERT, "--role", "backup", "--days", "60"
    )
    assert "role: backup" in printed


def test_what_is_wrong_is_said_in_a_line(sqlite_shell: Shell, file: str) -> None:
    name = ("--name", "payments")
    said = sqlite_shell.refused("schedule", "import", file, *name, "--from", "2026-11-02")
    assert "the event `Robert` of 2026-11-09 09:00: it names nobody who is known" in said
    assert '--person "Robert=ana@example.com"' in said
    assert "there is no account `eve@example.com`" in sqlite_shell.refused(
        "schedule", "import", file, *name, "--person", "Robert=eve@example.com"
    )
    assert "names nobody" in sqlite_shell.misused("schedule", "import", file, *name, "--person", "Robert")
    assert "did you mean `Europe/Berlin`?" in sqlite_shell.misused(
        "schedule", "import", file, *name, "--timezone", "Europe/Berlim"
    )
    assert "see that the path is right" in sqlite_shell.refused("schedule", "import", "nowhere.ics", *name)
    assert "a `/` parts a schedule from a role" in sqlite_shell.refused(
        "schedule", "import", file, "--name", "a/b", *ROBERT, "--from", "2026-11-02"
    )


def test_the_zone_and_the_file_may_come_from_elsewhere(sqlite_shell: Shell) -> None:
    floating = calendar(event("20261105T090000", "20261105T170000"), head="X-A:B").decode()
    printed = sqlite_shell.say(
        "schedule", "import", "-", "--name", "x", "--timezone", "Asia/Tokyo", "--from", "2026-11-02", typed=floating
    )
    assert "start: 2026-11-05T09:00" in printed
    assert "timezone: Asia/Tokyo" in printed


def test_what_would_take_too_long_is_given_up() -> None:
    with pytest.raises(NotImported, match="export less of it, or say fewer --days"), bounded(0.01):
        sum(1 for _ in count())
