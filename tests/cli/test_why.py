"""why and ledger: what was decided, what became of it, and why somebody was not paged, from the shell."""

import asyncio
import csv
import io
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.clock import SystemClock
from bot.domain.delivery import Dropped
from storage import tables
from storage.database import Connection, Database
from tests.cli.shell import SAMPLE, SECRETS, Shell

MINUTE = timedelta(minutes=1)
LINES = {"sms": -1, "voice": -2, "email": -3, "push": -4}


def around_now() -> str:
    """Return a span of time around this moment, in UTC."""
    now = SystemClock().now()
    return f"{now - 5 * MINUTE:%Y-%m-%d %H:%M}-{now + 5 * MINUTE:%H:%M}"


def taken(shell: Shell) -> None:
    """Let an incident be opened, and Ana take it."""
    shell.fire("disk full")
    shell.say("incident", "ack", "1", "--as", "ana@example.com")


def store(shell: Shell, rows: list[dict[str, Any]], hops: list[dict[str, Any]] | None = None) -> None:
    """Write messages as a service would have left them."""

    async def write() -> None:
        database = Database(shell.url)

        async def work(connection: Connection) -> None:
            await connection.execute(sa.insert(tables.deliveries), rows)
            if hops:
                await connection.execute(sa.insert(tables.hops), hops)

        await database.transact(work)
        await database.close()

    asyncio.run(write())


def a_message(at: datetime, **more: Any) -> dict[str, Any]:
    """Return a page of incident 1 to Ana by SMS that was refused."""
    return {
        "incident_id": 1,
        "kind": "page",
        "lane": 0,
        "workspace_id": LINES["sms"],
        "place": "account:1",
        "account_id": 1,
        "version": 1,
        "level": 0,
        "turn": 0,
        "state": "failed",
        "reason": "refused",
        "said": "no such number +49 171 1234567, ask ana@example.com",
        "attempts": 1,
        "uncertain": False,
        "not_before": at,
        "created_at": at,
        "settled_at": at,
        **more,
    }


# ---- why -------------------------------------------------------------------------------------------------------------


def test_why_says_of_each_person_and_chat_what_was_decided_and_how_it_ended(shell: Shell) -> None:
    taken(shell)
    lines = shell.say("why", "#1").splitlines()
    assert lines[0].startswith("#1 Critical · disk full · Payments · 20")
    assert [line for line in lines if line and line[0].isalpha()] == ["chat C0OPS in acme", "Ana", "Bo"]
    text = "\n".join(lines)
    assert "card by acme (level 1 of rule “day and night”, turn 1): taken back, Ana acknowledged it" in text
    assert "card by chat in acme (level 1 of rule “day and night”, turn 1): still waiting, until " in text
    assert sum(line.endswith("  decided") for line in lines) == 4


def test_why_shows_the_hops_in_the_providers_words_and_masks_numbers(shell: Shell) -> None:
    taken(shell)
    now = SystemClock().now()
    hop = {"delivery_id": 900, "at": now, "hop": "attempt", "provider": "main", "said": "21211 for +491711234567"}
    store(shell, [a_message(now, id=900)], [hop])
    printed = shell.say("why", "1")
    assert "page by SMS (level 1 of rule “day and night”, turn 1): not delivered, no such number ***567" in printed
    assert "main  21211 for ***567" in " ".join(printed.split("\n")).replace("   ", "  ")
    assert "1234567" not in printed
    (message,) = [one for one in shell.json("why", "1")["messages"] if one["message"] == 900]
    assert (message["outcome"], message["reason"], message["via"]) == ("not delivered", "refused", "sms")
    assert [one["hop"] for one in message["hops"]] == ["decided", "queued", "attempt"]


def test_show_names_the_method_and_the_hops_too(shell: Shell) -> None:
    taken(shell)
    now = SystemClock().now()
    hop = {
        "delivery_id": 900,
        "at": now,
        "hop": "no_answer",
        "provider": "main",
        "said": "rang out",
        "message_id": "CA1",
    }
    store(shell, [a_message(now, id=900, workspace_id=LINES["voice"])], [hop])
    lines = shell.say("incident", "show", "1").splitlines()
    (at,) = [place for place, line in enumerate(lines) if "page to Ana by voice (level 1)" in line]
    assert lines[at + 1].split()[:2] == ["no", "answer"]
    assert lines[at + 1].split()[-3:] == ["main", "rang", "out"]
    (message,) = [one for one in shell.json("incident", "show", "1")["messages"] if one["workspace"] == "voice"]
    assert [(one["hop"], one["provider"], one["id"]) for one in message["hops"]] == [("no_answer", "main", "CA1")]


# ---- why not ---------------------------------------------------------------------------------------------------------


def test_why_not_says_who_was_faster(shell: Shell) -> None:
    taken(shell)
    printed = shell.say("why", "not", "dee", around_now())
    assert printed.splitlines()[0].startswith("Dee, 20")
    assert "paged for 0 of 1 open incident" in printed
    assert "#1 Critical · disk full · Payments: not paged" in printed
    assert "#1 · Ana acknowledged it at " in printed
    assert "#1 · level 2, which names them, would have come at " in printed
    asked = shell.json("why", "not", "dee@example.com", around_now())
    assert (asked["person"], asked["open_incidents"]) == ("Dee", 1)
    assert [one["reason"] for one in asked["incidents"][0]["reasons"]][-2:] == ["acknowledged", "would_be"]


def test_why_not_where_nothing_was_open(sqlite_shell: Shell) -> None:
    assert "nothing was open then" in sqlite_shell.say("why", "not", "ana", "yesterday", "03:00-04:00")


def test_the_times_are_in_the_zone_of_the_person(sqlite_shell: Shell) -> None:
    in_shanghai = SAMPLE.replace("email: dee@example.com,", "email: dee@example.com, timezone: Asia/Shanghai,")
    sqlite_shell.say("apply", "-", typed=in_shanghai)
    asked = sqlite_shell.json("why", "not", "dee", "2026-11-21", "03:00-04:00")
    assert (asked["since"], asked["until"]) == ("2026-11-20T19:00:00+00:00", "2026-11-20T20:00:00+00:00")
    assert sqlite_shell.say("why", "not", "dee", "2026-11-21 03:00-04:00").startswith("Dee, 2026-11-21 03:00 to")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["7"], "there is no incident 7"),
        (["not", "an", "03:00-04:00"], "“an”"),
        (["not", "sre", "03:00-04:00"], "Name one person"),
    ],
)
def test_what_is_not_there_is_refused(sqlite_shell: Shell, words: list[str], expected: str) -> None:
    result = sqlite_shell.run("why", *words)
    assert result.exit_code in (1, 2)
    assert expected in result.stderr


@pytest.mark.parametrize("words", [["disk"], ["not", "ana"], ["not", "ana", "25:00-26:00"]])
def test_what_is_no_question_says_what_is(sqlite_shell: Shell, words: list[str]) -> None:
    assert "for example" in sqlite_shell.misused("why", *words)


# ---- the export ------------------------------------------------------------------------------------------------------


def exported(shell: Shell, *words: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(shell.say("ledger", "export", *words))))


def test_every_message_is_exported_with_its_outcome(shell: Shell) -> None:
    taken(shell)
    rows = exported(shell)
    assert [row["message"] for row in rows] == ["1", "2", "3", "4"]
    assert [row["outcome"] for row in rows] == ["still waiting", "taken back", "taken back", "still waiting"]
    assert [row["account"] for row in rows] == ["", "Ana", "Bo", ""]
    as_json = json.loads(shell.say("ledger", "export", "--json"))
    assert [(one["message"], one["outcome"]) for one in as_json] == [(int(r["message"]), r["outcome"]) for r in rows]


def test_an_export_of_nothing_is_a_table_without_rows(sqlite_shell: Shell) -> None:
    assert exported(sqlite_shell) == []
    assert json.loads(sqlite_shell.say("ledger", "export", "--json")) == []


def test_an_export_holds_no_secret_and_no_whole_number(sqlite_shell: Shell) -> None:
    taken(sqlite_shell)
    now = SystemClock().now()
    formula = a_message(now, said='=HYPERLINK("http://example.com")', reason=str(Dropped.REACHED), state="withdrawn")
    store(sqlite_shell, [a_message(now), formula])
    printed = sqlite_shell.say("ledger", "export")
    assert "no such number ***567, ask ***@example.com" in printed
    assert "1234567" not in printed
    assert not any(secret in printed for secret in SECRETS)
    assert exported(sqlite_shell)[-1]["said"].startswith("'=")
    assert exported(sqlite_shell)[-1]["outcome"] == "not needed"


def test_very_many_are_exported_in_portions_and_of_a_span_only_those_within(shell: Shell) -> None:
    shell.fire()
    begin = datetime(2026, 1, 1, tzinfo=SystemClock().now().tzinfo)
    store(shell, [a_message(begin + number * MINUTE, id=1000 + number) for number in range(2_400)])
    assert len(exported(shell)) == 2_400 + 3
    since, until = begin + 1_000 * MINUTE, begin + 1_100 * MINUTE
    within = exported(shell, "--since", since.isoformat(), "--until", until.isoformat())
    assert [int(row["message"]) for row in within] == list(range(2_000, 2_100))
    assert len(exported(shell, "--until", until.isoformat())) == 1_100
