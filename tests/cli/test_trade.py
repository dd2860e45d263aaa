"""cover, swap, trade, what-if: the chat's words from the shell."""

from tests.cli.shell import Shell
from tests.cli.test_override import FOREVER


def test_a_shift_is_asked_to_be_covered_taken_and_confirmed(shell: Shell) -> None:
    shell.say("apply", "-", typed=FOREVER)
    assert shell.say("trade").startswith("No request is open.")
    (on,) = shell.json("schedule", "list")[0]["people"]
    asker, taker = (f"{name}@example.com" for name in (("ana", "bo") if on == "Ana" else ("bo", "ana")))

    said = shell.say("cover", "payments", "by", taker, "--as", asker)
    assert said.startswith("Asked ")
    assert "no. 1" in shell.say("trade", "list")
    assert "you" in shell.refused("trade", "1", "take", "--as", asker)
    # It runs already, so it changes hands as soon as it is taken.
    shell.say("trade", "1", "take", "--as", taker)
    assert shell.json("schedule", "list")[0]["people"] != [on]
    assert shell.refused("trade", "1", "withdraw", "--as", asker)


def test_what_cannot_be_asked_is_refused_with_an_example(sqlite_shell: Shell) -> None:
    sqlite_shell.say("apply", "-", typed=FOREVER)
    assert "swap payments with" in sqlite_shell.refused("swap", "payments", "--as", "ana@example.com")
    assert "payments" in sqlite_shell.refused("cover", "paymints", "--as", "ana@example.com")


def test_what_if_asks_what_is_configured(sqlite_shell: Shell) -> None:
    sqlite_shell.say("apply", "-", typed=FOREVER)
    assert "Payments" in sqlite_shell.say("what-if", "Payments", "critical", "at", "03:00")
    assert "Say in which channel" in sqlite_shell.refused("what-if", "paymints")
