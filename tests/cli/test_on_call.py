"""incident: what is given to whoever a schedule has on call."""

from tests.cli.shell import Shell
from tests.cli.test_schedule import SCHEDULED

TWO = """\
  - name: sre
    layers:
      - {name: all, rotation: {every: 1d}, members: [dee@example.com], start: 2026-11-02}
  - name: later
    layers:
      - {name: all, rotation: {every: 1d}, members: [ana@example.com], start: 2039-11-02}
  - name: soon
    layers:
      - {name: all, rotation: {every: 1d}, members: [ana@example.com], start: 2026-11-02, hours: ["HOURS"]}
channels:
"""


def test_it_is_given_to_a_schedule_and_a_name_of_two_kinds_is_asked_for(sqlite_shell: Shell) -> None:
    sqlite_shell.say("apply", "-", typed=SCHEDULED.replace("channels:\n", TWO.replace("HOURS", "00:00-24:00")))
    sqlite_shell.fire()

    assert "You assigned #1 to Dee" in sqlite_shell.say("incident", "reassign", "1", "schedule:sre")
    said = sqlite_shell.run("incident", "reassign", "1", "sre").stderr
    assert "Who is “sre”? Nothing changed yet.\nteam:sre\nschedule:sre\n" in said
    assert "nobody" not in sqlite_shell.say("incident", "add", "1", "soon/primary")
    assert "has no role “standby”" in sqlite_shell.refused("incident", "add", "1", "payments/standby")
    later = sqlite_shell.refused("incident", "reassign", "1", "later")
    assert "Nobody is on call there, now or later, so #1 stays as it was." in later
