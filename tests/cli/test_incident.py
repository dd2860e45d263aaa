"""incident: what people do from the shell is done as from a chat, and `show` says all that happened."""

import asyncio
import json

import pytest
import sqlalchemy as sa

from bot.commands import VERBS
from storage import tables
from storage.database import Connection, Database
from tests.cli.shell import SAMPLE, Shell


def test_what_is_open_is_listed_newest_first(shell: Shell) -> None:
    shell.fire("disk full")
    shell.fire("host down")
    shell.say("incident", "close", "1")
    head, row = shell.say("incident", "list").splitlines()
    assert head.split() == ["number", "severity", "progress", "opened", "(UTC)", "channel", "responders", "title"]
    assert row.startswith("#2      Critical  Triggered  20")
    assert row.endswith("  Payments  Ana, Bo     host down")
    assert [line.split()[0] for line in shell.say("incident", "list", "--all").splitlines()[1:]] == ["#2", "#1"]
    assert [one["number"] for one in shell.json("incident", "list", "--all", "--limit", "1")] == [2]


def test_the_list_as_json(shell: Shell) -> None:
    assert shell.json("incident", "list") == []
    shell.fire("disk full", "--label", "service=postgres")
    (one,) = shell.json("incident", "list")
    shown = {name: one[name] for name in ("number", "severity", "progress", "title", "channel", "labels", "responders")}
    assert shown == {
        "number": 1,
        "severity": "Critical",
        "progress": "Triggered",
        "title": "disk full",
        "channel": "Payments",
        "labels": {"service": "postgres"},
        "responders": ["ana@example.com", "bo@example.com"],
    }
    assert one["due"] is not None
    assert one["closed_at"] is None


def test_every_verb_of_the_chat_is_a_command_and_acts(shell: Shell) -> None:
    shell.fire()
    said = {
        "ack": shell.say("incident", "ack", "1"),
        "unack": shell.say("incident", "unack", "#1"),
        "escalate": shell.say("incident", "escalate", "1", "2"),
        "snooze": shell.say("incident", "snooze", "1", "30m"),
        "reassign": shell.say("incident", "reassign", "1", "bo@example.com"),
        "add": shell.say("incident", "add", "1", "dee@example.com"),
        "comment": shell.say("incident", "comment", "1", "looking", "into it"),
        "close": shell.say("incident", "close", "1", "disk", "replaced"),
        "reopen": shell.say("incident", "reopen", "1"),
        "undo": shell.say("incident", "undo", "1"),
    }
    assert said.keys() == {name for name, verb in VERBS.items() if verb.action and not verb.for_all}
    assert said["ack"].startswith("#1 is yours: disk full.")
    assert said["escalate"].startswith("You escalated #1: level 2 of 2 is paged. You can take it back for 1 min")
    assert said["reassign"].startswith("You assigned #1 to Bo.")
    assert said["add"].startswith("You added Dee to #1: paged now.")
    assert said["undo"].startswith("You took it back. #1 is as it was: Closed by Dee")
    entries = [item["entry"] for item in shell.json("incident", "show", "1")["timeline"]]
    done = {"acknowledged", "unacknowledged", "escalated", "snoozed", "reassigned", "commented", "closed", "reopened"}
    done |= {"added", "undone"}
    assert done <= set(entries)


def test_a_board_that_is_not_there_is_refused(shell: Shell) -> None:
    assert "There is no board 7; nothing changed." in shell.refused("incident", "ackboard", "7")


def test_show_says_who_did_what_and_what_became_of_each_message(shell: Shell) -> None:
    shell.fire("disk full", "--label", "service=postgres")
    shell.say("incident", "ack", "1", "--as", "ana@example.com")
    shell.say("incident", "comment", "1", "looking", "into", "it")
    lines = shell.say("incident", "show", "1").splitlines()
    assert lines[0] == "Critical: disk full (#1)"
    assert lines[1].startswith("Acknowledged by Ana from the command line at ")
    text = "\n".join(lines)
    assert "labels      service=postgres" in text
    said = [line[len("  2026-11-21 03:07:00  ") :] for line in lines[lines.index("Timeline (UTC)") + 1 :]]
    assert said[:4] == [
        "Opened: Critical, disk full",
        "Level 1 told: Ana, Bo",
        "Ana from the command line acknowledged it",
        "Dee from the command line: looking into it",
    ]
    messages = lines[lines.index("Messages (UTC)") + 1 :]
    assert messages[0].split() == ["wanted", "at", "message", "state", "why"]
    assert any("card to chat C0OPS in acme (level 1)" in line and "pending" in line for line in messages)
    assert any("card to Ana in acme (level 1)" in line and "withdrawn" in line for line in messages)
    assert any(line.endswith("somebody acted") for line in messages)


def test_the_whole_story_as_json(shell: Shell) -> None:
    shell.fire()
    shell.say("incident", "ack", "1", "--as", "ana@example.com")
    story = shell.json("incident", "show", "1")
    assert story.keys() == {"incident", "timeline", "messages"}
    assert story["incident"]["progress"] == "Processing"
    acknowledged = story["timeline"][-1]
    assert acknowledged["entry"] == "acknowledged"
    assert (acknowledged["by"], acknowledged["via"]) == ("ana@example.com", "cli")
    assert acknowledged["words"] == "Ana from the command line acknowledged it"
    to_ana = next(one for one in story["messages"] if one["account"] == "ana@example.com" and one["kind"] == "card")
    assert (to_ana["state"], to_ana["reason"], to_ana["workspace"]) == ("withdrawn", "somebody_acted", "acme")
    assert (to_ana["level"], to_ana["turn"], to_ana["attempts"]) == (1, 1, 0)


def test_a_long_comment_is_shown_whole(sqlite_shell: Shell) -> None:
    text = "word " * 60 + "end"
    sqlite_shell.fire()
    sqlite_shell.say("incident", "comment", "1", text)
    assert f"Dee from the command line: {text}\n" in sqlite_shell.say("incident", "show", "1")


def test_nobody_told_is_shown_too(sqlite_shell: Shell) -> None:
    sqlite_shell.say("alert", "send", "--channel", "Quiet", "--severity", "Info", "--title", "x")
    printed = sqlite_shell.say("incident", "show", "1")
    assert "Nobody was told: channel Quiet has no escalation rule." in printed
    assert "note “no rule” to Dee in acme" in printed


def test_what_an_alert_says_cannot_command_the_terminal(sqlite_shell: Shell) -> None:
    sqlite_shell.fire("\x1b[2J[red]disk\u202e\nfull[/red]", "--description", "\x1b]0;owned\x07", "--label", "a=\x9bH")
    printed = sqlite_shell.say("incident", "list") + sqlite_shell.say("incident", "show", "1")
    assert "[red]disk full[/red]" in printed
    assert not any(sign in printed for sign in "\x1b\x07\x9b\u202e")


def test_a_long_title_is_not_wrapped_where_scripts_read_it(sqlite_shell: Shell) -> None:
    title = "word " * 100 + "end"
    sqlite_shell.fire(title)
    assert title in sqlite_shell.say("incident", "list").splitlines()[1]


# ---- refusals --------------------------------------------------------------------------------------------------------


def test_what_is_done_already_says_who_did_it(shell: Shell) -> None:
    shell.fire()
    shell.say("incident", "ack", "1", "--as", "ana@example.com")
    assert shell.refused("incident", "ack", "1", "--as", "bo@example.com").startswith(
        "Already acknowledged by Ana from the command line "
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["snooze", "1", "5x"], "Say for how long, at most 24 h: snooze 42 30m"),
        (["reassign", "1", "zoe@example.com"], "Nobody is called “zoe@example.com”"),
        (["escalate", "1", "9"], "There is no such level: the last one is 2. Nothing changed."),
        (["ack", "99"], "There is no incident #99; nothing changed."),
        (["show", "99"], "there is no incident #99; `oncard incident list --all` shows which there are"),
    ],
)
def test_what_cannot_be_done_is_one_line_with_the_mend(sqlite_shell: Shell, words: list[str], said: str) -> None:
    sqlite_shell.fire()
    before = sqlite_shell.json("incident", "show", "1")
    assert said in sqlite_shell.refused("incident", *words)
    assert sqlite_shell.json("incident", "show", "1") == before


# ---- who acts --------------------------------------------------------------------------------------------------------


def by(shell: Shell) -> str:
    """Return the e-mail address of who made the newest entry of the first incident."""
    email: str = shell.json("incident", "show", "1")["timeline"][-1]["by"]
    return email


def test_the_only_owner_acts_unless_somebody_else_is_named(sqlite_shell: Shell) -> None:
    sqlite_shell.fire()
    sqlite_shell.say("incident", "comment", "1", "a")
    assert by(sqlite_shell) == "dee@example.com"
    Shell(sqlite_shell.url, {"ONCARD_AS": "bo@example.com"}).say("incident", "comment", "1", "b")
    assert by(sqlite_shell) == "bo@example.com"
    sqlite_shell.say("incident", "comment", "1", "c", "--as", "Ana@Example.com")
    assert by(sqlite_shell) == "ana@example.com"


def test_somebody_unknown_cannot_act(sqlite_shell: Shell) -> None:
    sqlite_shell.fire()
    said = sqlite_shell.refused("incident", "ack", "1", "--as", "anna@example.com")
    assert said == "there is no account `anna@example.com`; did you mean `ana@example.com`?"


def test_with_several_owners_or_none_it_must_be_said_who_acts(sqlite_shell: Shell) -> None:
    sqlite_shell.fire()
    sqlite_shell.say("apply", "-", typed=SAMPLE.replace("bo@example.com}", "bo@example.com, role: owner}", 1))
    said = sqlite_shell.refused("incident", "ack", "1")
    assert said == (
        "it is not clear who acts: the owners are `bo@example.com`, `dee@example.com`; "
        "say it with --as EMAIL, or set ONCARD_AS"
    )
    sqlite_shell.say("apply", "-", typed=SAMPLE.replace(", role: owner", ""))
    assert "there is no owner" in sqlite_shell.refused("incident", "ack", "1")


def test_who_has_left_cannot_act_and_is_still_named(sqlite_shell: Shell) -> None:
    sqlite_shell.fire()
    sqlite_shell.say("incident", "ack", "1", "--as", "bo@example.com")
    without_bo = SAMPLE.replace("  - {name: Bo, email: bo@example.com}\n", "").replace(", bo@example.com]", "]")
    sqlite_shell.say("apply", "-", typed=without_bo)
    assert "there is no account" in sqlite_shell.refused("incident", "close", "1", "--as", "bo@example.com")
    assert "Acknowledged by Bo" in sqlite_shell.say("incident", "show", "1")


def test_what_cannot_be_read_is_said_and_keeps_no_other_from_being_listed(shell: Shell) -> None:
    shell.fire("disk full")
    shell.fire("host down")
    asyncio.run(_spoil(shell.url, 2))

    listed = shell.run("incident", "list")
    assert (listed.exit_code, [line.split()[0] for line in listed.stdout.splitlines()[1:]]) == (0, ["#1"])
    assert listed.stderr == "Left out, because what is stored of them cannot be read: #2\n"
    assert [one["number"] for one in json.loads(shell.run("incident", "list", "--json").stdout)] == [1]
    for words in (("show", "2"), ("ack", "2")):
        assert "What is stored of incident #2 cannot be read; nothing changed." in shell.refused("incident", *words)
    assert shell.say("incident", "ack", "1").startswith("#1 is yours")


async def _spoil(url: str, number: int) -> None:
    """Let an incident be stored as nobody can read it."""
    database = Database(url)

    async def work(connection: Connection) -> None:
        await connection.execute(sa.update(tables.incidents).where(tables.incidents.c.id == number).values(body="{}"))

    await database.transact(work)
    await database.close()
