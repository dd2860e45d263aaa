"""alert send: an alert from the shell is an alert as any other."""

from tests.cli.shell import Shell

OK = ("alert", "send", "--channel", "Payments", "--severity", "Ok", "--title", "disk full")


def test_an_alert_opens_an_incident_and_its_recovery_closes_it(shell: Shell) -> None:
    key = ("--key", "db-1/disk")
    assert shell.fire("disk full", *key) == "incident #1 opened (alert key db-1/disk)\n"
    assert shell.fire("disk full", *key) == (
        "incident #1 has this alert already: nothing changed (alert key db-1/disk)\n"
    )
    assert shell.fire("disk almost full", *key) == "incident #1 changed (alert key db-1/disk)\n"
    assert shell.say(*OK, *key) == "the alert of incident #1 recovered (alert key db-1/disk)\n"
    assert shell.say(*OK, *key) == "no alert has the key db-1/disk, or it has recovered already: nothing changed\n"
    assert shell.say("incident", "list") == "no open incidents\n"


def test_an_alert_without_a_key_is_always_a_new_one(shell: Shell) -> None:
    assert shell.fire().startswith("incident #1 opened (alert key ")
    assert shell.fire().startswith("incident #2 opened (alert key ")


def test_everything_said_of_an_alert_is_kept(shell: Shell) -> None:
    more = (
        "--description",
        "92 % of /var",
        "--label",
        "service=postgres",
        "--label",
        "query=a=b",
        "--key",
        "k",
        "--json",
    )
    words = ("alert", "send", "--channel", "Payments", "--severity", "warning", "--title", "disk full")
    assert shell.json(*words, *more[:-1]) == {"outcome": "opened", "incident": 1, "alert_key": "k"}
    incident = shell.json("incident", "show", "1")["incident"]
    assert incident["severity"] == "Warning"
    assert incident["description"] == "92 % of /var"
    assert incident["labels"] == {"service": "postgres", "query": "a=b"}


def test_a_recovery_needs_the_key_of_what_recovered(sqlite_shell: Shell) -> None:
    assert "Ok needs --key" in sqlite_shell.misused(*OK)


def test_wrong_values_are_wrong_usage(sqlite_shell: Shell) -> None:
    words = ("alert", "send", "--channel", "Payments", "--title", "x")
    assert "'service' is no label such as service=shop" in sqlite_shell.misused(
        *words, "--severity", "Info", "--label", "service"
    )
    assert "'Bad' is not one of" in sqlite_shell.misused(*words, "--severity", "Bad")
    assert "at most 255" in sqlite_shell.misused(*words, "--severity", "Info", "--key", "k" * 256)
    assert "at most 50" in sqlite_shell.misused(
        *words, "--severity", "Info", *(f"--label=l{number}=x" for number in range(51))
    )
    assert "what is the matter" in sqlite_shell.misused(
        "alert", "send", "--channel", "Payments", "--severity", "Info", "--title", " "
    )


def test_an_unknown_channel_is_told_its_nearest_name(sqlite_shell: Shell) -> None:
    words = ("alert", "send", "--channel", "payments", "--severity", "Info", "--title", "x")
    assert sqlite_shell.refused(*words) == "there is no channel `payments`; did you mean `Payments`?"
