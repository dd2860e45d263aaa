"""who: the answer names everybody who would be told, in their order, and says loudly where that is nobody."""

from tests.cli.shell import SAMPLE, Shell


def test_levels_people_chats_and_loops_are_told(shell: Shell) -> None:
    printed = shell.say("who", "--at", "2026-11-21T03:07+01:00")
    assert printed == (
        "Who would be told at 2026-11-21 02:07:00 UTC:\n"
        "\n"
        "Payments · team sre · rule day and night\n"
        "  level  people   chats       again              next level after\n"
        "  1      Ana, Bo  acme/C0OPS  3 times, every 5m  10m unless acknowledged\n"
        "  2      Dee                                     5m unless closed\n"
        "\n"
        "Quiet · no team\n"
        "  no escalation rule: nobody would be told; add one under `escalation` of the channel\n"
    )


def test_one_channel_as_json(shell: Shell) -> None:
    said = shell.json("who", "--channel", "Payments", "--at", "2026-11-21T03:07")
    assert said["at"] == "2026-11-21T03:07:00+00:00"
    (channel,) = said["channels"]
    assert (channel["channel"], channel["team"], channel["rule"]) == ("Payments", "sre", "day and night")
    assert channel["levels"] == [
        {
            "level": 1,
            "people": [{"name": "Ana", "email": "ana@example.com"}, {"name": "Bo", "email": "bo@example.com"}],
            "on_call": [],
            "chats": ["acme/C0OPS"],
            "methods": "preferences",
            "reaches_somebody": True,
            "repeat": {"every": "5m", "times": 3},
            "escalate_after": "10m",
            "unless": "acknowledged",
            "when_nobody": "pass",
        },
        {
            "level": 2,
            "people": [{"name": "Dee", "email": "dee@example.com"}],
            "on_call": [],
            "chats": [],
            "methods": "preferences",
            "reaches_somebody": True,
            "repeat": None,
            "escalate_after": "5m",
            "unless": "closed",
            "when_nobody": "pass",
        },
    ]


def test_a_level_that_reaches_nobody_says_so(sqlite_shell: Shell) -> None:
    before, after = SAMPLE.index("workspaces:"), SAMPLE.index("channels:")
    nowhere = (SAMPLE[:before] + SAMPLE[after:]).replace("            chats: [acme/C0OPS]\n", "")
    sqlite_shell.say("apply", "-", typed=nowhere)
    assert "Ana, Bo (reaches nobody: passed at once)" in sqlite_shell.say("who", "--channel", "Payments")


def test_an_unknown_channel_is_told_its_nearest_name(sqlite_shell: Shell) -> None:
    assert (
        sqlite_shell.refused("who", "--channel", "paymets") == "there is no channel `paymets`; did you mean `Payments`?"
    )
    assert sqlite_shell.refused("who", "--channel", "x") == "there is no channel `x`; there is `Payments`, `Quiet`"


def test_a_channel_that_was_removed_is_unknown(sqlite_shell: Shell) -> None:
    sqlite_shell.say("apply", "-", typed=SAMPLE.replace("  - name: Quiet\n", ""))
    assert "Quiet" not in sqlite_shell.say("who")
    assert sqlite_shell.refused("who", "--channel", "Quiet") == "there is no channel `Quiet`; there is `Payments`"


def test_without_channels_nobody_is_told(empty: Shell) -> None:
    empty.say("db", "upgrade")
    assert empty.say("who") == "no channel is configured: nobody is told\n"
    assert empty.json("who")["channels"] == []
    assert "none is configured yet" in empty.refused("who", "--channel", "Payments")
