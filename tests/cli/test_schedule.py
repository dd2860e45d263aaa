"""schedule: the shifts of a schedule as text and as JSON, in the reader's zone, with every gap."""

from pathlib import Path

from tests.cli.shell import SAMPLE, Shell

ROTA = """\
calendars:
  - {name: cn, country: CN}
schedules:
  - name: payments
    timezone: Europe/Berlin
    layers:
      - name: weeks
        rotation: {every: 1w, handover: mon 09:00}
        members: [ana@example.com, bo@example.com]
        start: 2026-11-02
        end: 2030-01-07
      - name: nights
        rotation: {every: 1d, handover: "09:00"}
        members: [dee@example.com]
        start: 2026-11-02
        hours: ["22:00-06:00"]
        weekdays: [sat]
        role: backup
    overrides:
      - {start: 2026-11-11T00:00, end: 2026-11-12T00:00, members: [dee@example.com], replaces: bo@example.com, why: it}
channels:
  - name: Payments
    team: sre
    escalation:
      - name: by schedule
        levels:
          - targets: ["schedule:payments/primary"]
            escalate_after: 10m
          - targets: ["schedule:payments/backup"]
            when_nobody: hold
          - targets: ["schedule:payments/backup"]
            when_nobody: catch_all
"""
SCHEDULED = SAMPLE[: SAMPLE.index("channels:")] + ROTA
SPAN = ("--from", "2026-11-09T00:00", "--to", "2026-11-16T00:00")


def test_the_shifts_are_printed_in_the_zone_of_the_schedule(shell: Shell) -> None:
    shell.say("apply", "-", typed=SCHEDULED)
    assert shell.say("schedule", "show", "payments", *SPAN) == (
        "payments · Mon 2026-11-09 00:00 to Mon 2026-11-16 00:00 · times in Europe/Berlin\n"
        "  from                  to                    role     on call  by\n"
        "  Mon 2026-11-09 00:00  Mon 2026-11-09 09:00  primary  Ana      layer weeks\n"
        "  Mon 2026-11-09 00:00  Sat 2026-11-14 22:00  backup   nobody\n"
        "  Mon 2026-11-09 09:00  Wed 2026-11-11 00:00  primary  Bo       layer weeks\n"
        "  Wed 2026-11-11 00:00  Thu 2026-11-12 00:00  primary  Dee      override it\n"
        "  Thu 2026-11-12 00:00  Mon 2026-11-16 00:00  primary  Bo       layer weeks\n"
        "  Sat 2026-11-14 22:00  Sun 2026-11-15 06:00  backup   Dee      layer nights\n"
        "  Sun 2026-11-15 06:00  Mon 2026-11-16 00:00  backup   nobody\n"
    )


def test_the_reader_is_whoever_is_named(sqlite_shell: Shell) -> None:
    shanghai = SCHEDULED.replace("email: bo@example.com}", "email: bo@example.com, timezone: Asia/Shanghai}")
    sqlite_shell.say("apply", "-", typed=shanghai)
    printed = sqlite_shell.say("schedule", "show", "payments", *SPAN, "--as", "bo@example.com")
    assert "times in Asia/Shanghai" in printed.splitlines()[0]
    assert "Mon 2026-11-09 16:00  Wed 2026-11-11 07:00  primary  Bo " in printed


def test_the_shifts_as_json(sqlite_shell: Shell) -> None:
    sqlite_shell.say("apply", "-", typed=SCHEDULED)
    said = sqlite_shell.json(
        "schedule", "show", "payments", "--from", "2026-11-14T12:00+01:00", "--to", "2026-11-15T00:00"
    )
    assert (said["schedule"], said["timezone"]) == ("payments", "Europe/Berlin")
    assert (said["from"], said["to"]) == ("2026-11-14T12:00:00+01:00", "2026-11-15T00:00:00+01:00")
    primary, gap, night = said["shifts"]
    assert primary["people"] == [{"name": "Bo", "email": "bo@example.com", "origin": "layer", "by": "weeks"}]
    assert (gap["role"], gap["people"], gap["end"]) == ("backup", [], "2026-11-14T22:00:00+01:00")
    assert [person["name"] for person in night["people"]] == ["Dee"]


def test_without_times_it_is_the_next_two_weeks(sqlite_shell: Shell) -> None:
    sqlite_shell.say("apply", "-", typed=SCHEDULED)
    assert len(sqlite_shell.json("schedule", "show", "payments")["shifts"]) > 4


def test_who_is_on_call_now_in_every_schedule(sqlite_shell: Shell) -> None:
    assert sqlite_shell.say("schedule", "list") == "no schedule is configured\n"
    forever = ROTA.replace("        end: 2030-01-07\n", "").replace("[ana@example.com, bo@", "[bo@")
    sqlite_shell.say("apply", "-", typed=SAMPLE[: SAMPLE.index("channels:")] + forever)
    primary, backup = sqlite_shell.json("schedule", "list")
    assert (primary["schedule"], primary["role"], primary["people"]) == ("payments", "primary", ["Bo"])
    assert backup["role"] == "backup"
    assert sqlite_shell.say("schedule", "list").splitlines()[1].split()[:3] == ["payments", "primary", "Bo"]


def test_what_cannot_be_shown_is_refused_with_the_mend(sqlite_shell: Shell) -> None:
    assert "none is configured yet" in sqlite_shell.refused("schedule", "show", "payments")
    sqlite_shell.say("apply", "-", typed=SCHEDULED)
    assert (
        sqlite_shell.refused("schedule", "show", "paymets")
        == "there is no schedule `paymets`; did you mean `payments`?"
    )
    empty = sqlite_shell.refused("schedule", "show", "payments", "--from", "2026-11-09", "--to", "2026-11-09")
    assert empty.startswith("the time to show is empty, or longer than 366 days")
    assert "'soon' is no time such as" in sqlite_shell.misused("schedule", "show", "payments", "--from", "soon")


def test_who_says_until_when_and_what_follows_where_nobody_is(sqlite_shell: Shell) -> None:
    sqlite_shell.say("apply", "-", typed=SCHEDULED)
    printed = sqlite_shell.say("who", "--channel", "Payments", "--at", "2026-11-10T12:00Z").splitlines()
    assert "Bo (payments until 2026-11-10 23:00)" in printed[4]
    assert "(nobody is on call: held until the next shift)" in printed[5]
    assert "(nobody is on call: the team and the admins are told)" in printed[6]
    (channel,) = sqlite_shell.json("who", "--channel", "Payments", "--at", "2026-11-10T12:00Z")["channels"]
    first, second, _ = channel["levels"]
    assert first["on_call"] == [
        {"schedule": "payments", "role": "primary", "account": "bo@example.com", "until": "2026-11-10T23:00:00+00:00"}
    ]
    assert (second["people"], second["on_call"], second["when_nobody"]) == ([], [], "hold")


def test_what_was_applied_is_exported_and_found_unchanged(shell: Shell) -> None:
    shell.say("apply", "-", typed=SCHEDULED)
    exported = shell.say("export")
    assert "targets: [schedule:payments/primary]" in exported
    assert shell.say("apply", "-", "--dry-run", typed=exported) == "nothing to change\n"
    changed = shell.say("apply", "-", "--dry-run", typed=exported.replace("every: 1w", "every: 2w"))
    assert "~ schedule payments: layers.weeks.rotation.every 1w → 2w\n" in changed


def test_a_schedule_is_drawn_into_a_file(sqlite_shell: Shell, tmp_path: Path) -> None:
    sqlite_shell.say("apply", "-", typed=SCHEDULED.replace("name: Bo,", "name: \U00013000,"))
    file = tmp_path / "payments.png"
    said = sqlite_shell.say("schedule", "show", "payments", *SPAN[:2], "--days", "7", "--png", str(file))
    label = "A is \U00013000: no font here has its letters; name one that does in ONCARD_FONT"
    assert said == f"wrote {file}\n{label}\n"
    assert file.read_bytes()[:4] == b"\x89PNG"
    again = tmp_path / "again.png"
    sqlite_shell.say("schedule", "show", "payments", *SPAN, "--png", str(again))
    assert again.read_bytes() == file.read_bytes()
    in_chinese = tmp_path / "today.png"
    sqlite_shell.say("schedule", "show", "payments", "--as", "ana@example.com", "--png", str(in_chinese))
    assert in_chinese.read_bytes() != file.read_bytes()


def test_what_cannot_be_drawn_is_said(sqlite_shell: Shell, tmp_path: Path) -> None:
    sqlite_shell.say("apply", "-", typed=SCHEDULED)
    show = ("schedule", "show", "payments")
    file = str(tmp_path / "payments.png")
    assert "at most 92 days" in sqlite_shell.refused(*show, "--days", "93", "--png", file)
    assert "leave one of them out" in sqlite_shell.refused(*show, "--json", "--png", file)
    assert "leave one of them out" in sqlite_shell.refused(*show, "--days", "3", "--to", "2030-01-01")
    nowhere = str(tmp_path / "none" / "payments.png")
    assert f"cannot write {nowhere}" in sqlite_shell.refused(*show, "--png", nowhere)
