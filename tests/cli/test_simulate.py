"""simulate: a file and an alert go in, and who would be told comes out, without a database."""

import json
import re
from pathlib import Path

import pytest

from bot import playground
from tests.cli.shell import SAMPLE, Shell
from tests.cli.test_schedule import SCHEDULED
from tests.config.test_sample import context

PAGE = (Path(__file__).parents[2] / "docs/simulation.md").read_text()
CHATS = {
    "DEMO_CHAT_OPS_ALERTS": "C0OPSALERTS",
    "DEMO_FEISHU_CHAT_OPS_ALERTS": "oc_ops_alerts",
    "DEMO_DINGTALK_CHAT_OPS_ALERTS": "cid_ops_alerts",
    "DEMO_TELEGRAM_CHAT_OPS_ALERTS": "-100200300",
}
ALERT = {"event_status": "Critical", "title_rule": "disk full", "alert_key": "disk"}
AT = ("--at", "2026-11-21T03:00Z")


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """Give a configuration file and an alert."""
    file, alert = tmp_path / "oncard.yaml", tmp_path / "alert.json"
    file.write_text(SAMPLE)
    alert.write_text(json.dumps(ALERT))
    return str(file), str(alert)


def block(language: str, place: int = 0) -> str:
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return found[place]


def test_the_page_shows_what_the_sample_organisation_comes_to(tmp_path: Path) -> None:
    alert = tmp_path / "alert.json"
    alert.write_text(block("json"))
    shell = Shell("", {**context().environment, **CHATS, "ONCARD_DATABASE_URL": None, "ONCARD_SECRET_KEY": None})
    sample = str(Path(playground.__path__[0], "sample.yaml"))
    dark = ("--dark", "acme", "--dark", "push")
    assert shell.say("simulate", sample, "--alert", str(alert), *AT, "--channel", "infrastructure", *dark) == block(
        "text"
    )


def test_each_channel_is_told_and_one_without_a_rule_says_so(without_database: Shell, files: tuple[str, str]) -> None:
    file, alert = files
    said = without_database.say("simulate", file, "--alert", alert, *AT)
    payments, quiet = said.split("\nIf Critical came to ")[1:]
    assert payments.startswith("Payments at 2026-11-21 03:00 UTC, and nobody reacted: ")
    rows = [" ".join(row.split()) for row in payments.splitlines()]
    assert "+0:00 Ana acme told level 1 of rule “day and night”, turn 1" in rows
    assert "+10:00 Dee acme told level 2 of rule “day and night”, turn 1" in rows
    assert "+15:00 Every level told, nobody acknowledged" in rows
    assert quiet.startswith("Quiet at 2026-11-21 03:00 UTC")
    assert "Nobody told: no escalation rule" in quiet


def test_as_json_with_every_way(without_database: Shell, files: tuple[str, str]) -> None:
    file, alert = files
    said = without_database.json("simulate", file, "--alert", alert, *AT, "--channel", "Payments", "--dark", "acme")
    (channel,) = said["channels"]
    assert (channel["channel"], channel["rule"], channel["rough_from"]) == ("Payments", "day and night", None)
    opened, first = channel["lines"][:2]
    assert (opened["what"], opened["after"]) == ("opened", 0)
    assert first == {
        "at": "2026-11-21T03:00:00+00:00",
        "after": 0,
        "what": "card",
        "who": "C0OPS",
        "by": "chat in acme",
        "fate": "dark",
        "why": "level 1 of rule “day and night”, turn 1",
        "level": 1,
        "turn": 1,
    }


def test_ways_that_are_not_needed_are_counted_or_shown(tmp_path: Path, without_database: Shell) -> None:
    file, alert = tmp_path / "oncard.yaml", tmp_path / "alert.json"
    provider = "providers:\n  email:\n    - {kind: smtp, host: mail.example.com, from: oncard@example.com}\n"
    file.write_text(SAMPLE + provider)
    alert.write_text(json.dumps(ALERT))
    words = ("simulate", str(file), "--alert", str(alert), *AT, "--channel", "Payments")
    assert "because another way did it or somebody had acted: --all shows them" in without_database.say(*words)
    assert "not needed" in without_database.say(*words, "--all")


def test_from_where_times_are_rough_it_says_so(tmp_path: Path, without_database: Shell) -> None:
    file, alert = tmp_path / "oncard.yaml", tmp_path / "alert.json"
    beta = "  - {name: beta, platform: slack, bot_token: xoxb-1, app_token: xapp-1}\nchannels:"
    file.write_text(SAMPLE.replace("channels:", beta, 1).replace("account:dee@", "account:ana@"))
    alert.write_text(json.dumps(ALERT))
    said = without_database.say(
        "simulate", str(file), "--alert", str(alert), *AT, "--channel", "Payments", "--dark", "acme"
    )
    assert "times depend on when what is dark is tried again" in said


def test_what_is_wrong_with_the_file_is_said_as_check_says_it(tmp_path: Path, without_database: Shell) -> None:
    file = tmp_path / "oncard.yaml"
    file.write_text("teams:\n  - {name: sre, members: [nobody@example.com]}\n")
    words = ("simulate", str(file), "--alert", "unread.json")
    result = without_database.run(*words)
    assert (result.exit_code, result.stderr) == (1, "")
    assert result.stdout == without_database.run("check", str(file)).stdout
    assert json.loads(without_database.run(*words, "--json").stdout)["ok"] is False


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ('{"event_status": "Bad"}', "event_status: must be Critical, Warning, Info or Ok, not 'Bad'"),
        ("[]", "holds 0 alerts; simulate one at a time"),
        (json.dumps([ALERT, {"event_status": "Info"}]), "[1].title_rule: is missing: every alert needs a title"),
        ('{"event_status": "Ok", "alert_key": "disk"}', "event_status: a recovery tells nobody anything new"),
        ("{", "body"),
    ],
)
def test_an_alert_that_cannot_be_taken_is_refused(
    files: tuple[str, str], without_database: Shell, body: str, why: str
) -> None:
    file, alert = files
    Path(alert).write_text(body)
    assert why in without_database.refused("simulate", file, "--alert", alert)


def test_what_is_named_must_exist(files: tuple[str, str], without_database: Shell, tmp_path: Path) -> None:
    file, alert = files
    words = ("simulate", file, "--alert", alert)
    assert without_database.refused(*words, "--dark", "acne").startswith("there is no workspace or method `acne`")
    assert "did you mean" in without_database.refused(*words, "--channel", "Payment")
    assert "is no time such as" in without_database.misused(*words, "--at", "soon")
    empty = tmp_path / "empty.yaml"
    empty.write_text("accounts: []\n")
    assert "no channel is configured" in without_database.refused("simulate", str(empty), "--alert", alert)


def test_who_acts_when_is_a_line_among_the_others(files: tuple[str, str], without_database: Shell) -> None:
    file, alert = files
    acts = ("--act", "3m ana@example.com ack", "--act", "10m recover", "--act", "4m Bo ack")
    words = ("simulate", file, "--alert", alert, *AT, "--channel", "Payments", *acts)
    rows = [" ".join(row.split()) for row in without_database.say(*words).splitlines()]
    assert "and nobody reacted but as it says: " in rows[2]
    assert rows[rows.index("+3:00 Ana acknowledged it") :] == [
        "+3:00 Ana acknowledged it",
        "+4:00 Bo could do nothing: Already acknowledged by Ana 1 min ago; nothing changed.",
        "+10:00 Recovered",
    ]
    (channel,) = without_database.json(*words)["channels"]
    assert [one["what"] for one in channel["lines"]][-3:] == ["acknowledged", "hindered", "recovered"]


@pytest.mark.parametrize(
    ("act", "why"),
    [
        ("ana ack", "--act `ana ack` is no act: write when, who and a command, such as `3m ana@example.com ack`"),
        ("soon ana ack", "Say when after the alert, who, and what they do"),
        ("3m eve ack", "Nobody is called “eve”"),
        ("3m ana snooze never", "Say for how long"),
    ],
)
def test_what_is_no_act_is_refused(files: tuple[str, str], without_database: Shell, act: str, why: str) -> None:
    file, alert = files
    assert why in without_database.refused("simulate", file, "--alert", alert, "--act", act)


def test_whoever_a_schedule_has_on_call_is_named_with_its_layer(
    files: tuple[str, str], without_database: Shell
) -> None:
    file, alert = files
    Path(file).write_text(SCHEDULED)
    words = ("simulate", file, "--alert", alert, "--at", "2026-11-10T03:00Z", "--channel", "Payments")
    assert "turn 1, on call by schedule payments (layer weeks)" in without_database.say(*words)
    (channel,) = without_database.json(*words)["channels"]
    told = next(one for one in channel["lines"] if one["what"] == "card")
    assert (told["who"], told["schedule"], told["role"], told["layer"]) == ("Bo", "payments", "primary", "weeks")


def test_an_alert_is_read_as_an_integration_of_the_file_is_sent_it(
    files: tuple[str, str], without_database: Shell
) -> None:
    file, alert = files
    mapped = (
        "    integrations:\n"
        "      - name: odd\n"
        "        source: standard\n"
        "        key: odd-key-0123456789abcdef\n"
        "        fields: {event_status: '{{level}}', title_rule: 'odd {{what}}'}\n"
        "        values: {level: {page: Critical}}\n"
    )
    Path(file).write_text(SCHEDULED.replace("    team: sre\n", "    team: sre\n" + mapped, 1))
    Path(alert).write_text('{"level": "page", "what": "disk"}')
    said = without_database.say("simulate", file, "--alert", alert, "--integration", "odd", *AT)
    assert "If Critical came to Payments at 2026-11-21 03:00 UTC" in said
    assert said.count("\nIf ") == 1
    refused = without_database.refused("simulate", file, "--alert", alert, "--integration", "old")
    assert refused.startswith("there is no integration `old`; did you mean `odd`?")
    Path(file).write_text(SCHEDULED)
    none = without_database.refused("simulate", file, "--alert", alert, "--integration", "odd")
    assert "none is configured: add one under its channel" in none
