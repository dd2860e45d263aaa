"""schedule feed: where calendar programs get the shifts of a schedule, or of a person."""

from tests.cli.shell import Shell
from tests.cli.test_schedule import SCHEDULED

PUBLIC = "https://oncall.example.com"


def reached(shell: Shell) -> Shell:
    """Return the shell of a service that people reach from outside."""
    there = Shell(shell.url, {"ONCARD_PUBLIC_URL": PUBLIC})
    there.say("apply", "-", typed=SCHEDULED)
    return there


def test_the_address_is_printed_and_stays_until_a_new_one_is_made(shell: Shell) -> None:
    there = reached(shell)
    first = there.say("schedule", "feed", "payments")
    assert first.startswith(f"{PUBLIC}/schedules/")
    assert first.endswith(".ics\n")
    assert there.say("schedule", "feed", "payments") == first
    second = there.say("schedule", "feed", "payments", "--rotate")
    assert second != first
    assert there.json("schedule", "feed", "payments") == {"address": second.strip()}


def test_each_has_an_address_of_its_own(sqlite_shell: Shell) -> None:
    there = reached(sqlite_shell)
    ana = ("--account", "ana@example.com")
    said = [
        there.say("schedule", "feed", "payments"),
        there.say("schedule", "feed", *ana),
        there.say("schedule", "feed", "payments", *ana),
        there.say("schedule", "feed", "--account", "bo@example.com"),
    ]
    assert len(set(said)) == 4
    there.say("schedule", "feed", "payments", "--rotate")
    assert there.say("schedule", "feed", *ana) == said[1]


def test_what_has_no_address_is_refused_with_the_mend(sqlite_shell: Shell) -> None:
    there = reached(sqlite_shell)
    assert "did you mean `payments`?" in there.refused("schedule", "feed", "paymets")
    assert "did you mean `ana@example.com`?" in there.refused("schedule", "feed", "--account", "anna@example.com")
    assert "name a schedule, or a person with --account EMAIL" in there.misused("schedule", "feed")
    before = there.say("schedule", "feed", "payments")
    assert "set ONCARD_PUBLIC_URL" in Shell(there.url).refused("schedule", "feed", "payments", "--rotate")
    # Nothing was made anew where nobody learnt of it.
    assert there.say("schedule", "feed", "payments") == before
