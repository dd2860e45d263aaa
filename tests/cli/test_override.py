"""override: somebody else is on call for a time, from the shell; listed and removed, as text and as JSON."""

from tests.cli.shell import SAMPLE, Shell
from tests.cli.test_schedule import SCHEDULED

FOREVER = SCHEDULED.replace("        end: 2030-01-07\n", "")
SPAN = ("--from", "2099-11-09T10:00", "--lasting", "4h")


def test_a_change_is_made_listed_and_removed(shell: Shell) -> None:
    shell.say("apply", "-", typed=FOREVER)
    assert shell.say("override", "list") == "no temporary changes\n"
    said = shell.say("override", "add", "payments", "dee@example.com", "--lasting", "4h", "--why", "she flies")
    assert said.startswith("Dee is on call for payments · primary from ")
    assert "Because: she flies" in said
    assert shell.json("schedule", "list")[0]["people"] == ["Dee"]
    (one,) = shell.json("override", "list", "payments")
    assert (one["number"], one["account"], one["instead_of"], one["why"], one["made_by"], one["made_via"]) == (
        1,
        "dee@example.com",
        None,
        "she flies",
        "dee@example.com",
        "cli",
    )
    assert shell.say("override", "list").splitlines()[1].split()[:4] == ["1", "payments", "primary", "Dee"]
    assert shell.say("apply", "-", "--dry-run", typed=FOREVER) == "nothing to change\n"
    assert "she flies" not in shell.say("export")
    assert shell.say("override", "remove", "1") == "removed: no. 1\n"
    assert shell.json("schedule", "list")[0]["people"] != ["Dee"]
    assert shell.refused("override", "remove", "1").startswith("there is no temporary change no. 1 that still holds")


def test_times_are_those_of_who_acts_and_the_answer_is_json(sqlite_shell: Shell) -> None:
    zoned = FOREVER.replace("email: ana@example.com}", "email: ana@example.com, timezone: America/New_York}")
    sqlite_shell.say("apply", "-", typed=zoned)
    week = ("--from", "2026-12-25T09:00", "--to", "2026-12-25T12:00+01:00")
    refused = sqlite_shell.refused("override", "add", "payments", "bo@example.com", *week, "--as", "ana@example.com")
    assert refused == "It ends before it begins; nothing changed."
    on, off = ("ana", "bo") if sqlite_shell.json("schedule", "list")[0]["people"] == ["Ana"] else ("bo", "ana")
    who = (f"{off}@example.com", "--instead-of", f"{on}@example.com", "--as", "ana@example.com")
    made = sqlite_shell.json(
        "override", "add", "payments", *who, "--lasting", "30m", "--role", "primary", "--why", "x" * 5000
    )
    assert made["why"] == "x" * 200
    assert (made["account"], made["instead_of"]) == (f"{off}@example.com", f"{on}@example.com")
    assert sqlite_shell.json("override", "remove", "1") == [1]


def test_what_cannot_be_is_refused_with_the_mend(sqlite_shell: Shell) -> None:
    sqlite_shell.say("apply", "-", typed=FOREVER)
    add = ("override", "add")
    assert "did you mean `payments`?" in sqlite_shell.refused(*add, "paymets", "bo@example.com", "--lasting", "4h")
    assert "there is no account" in sqlite_shell.refused(*add, "payments", "x@example.com", "--lasting", "4h")
    assert "more than a year" in sqlite_shell.refused(*add, "payments", "bo@example.com", *SPAN)
    boss = sqlite_shell.refused(*add, "payments", "bo@example.com", "--lasting", "4h", "--role", "boss")
    assert boss == "payments has no such role. There are: primary, backup."
    assert "give --to TIME, or --lasting TIME" in sqlite_shell.misused(*add, "payments", "bo@example.com")
    assert "is no time such as 4h" in sqlite_shell.misused(*add, "payments", "bo@example.com", "--lasting", "long")
    sqlite_shell.say("apply", "-", typed=SAMPLE)
    assert sqlite_shell.json("override", "list") == []
