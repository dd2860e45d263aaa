"""`schedule` and `who` in a chat: who is on call by schedule until when, and which shifts follow."""

from datetime import datetime

import pytest

from bot.domain.delivery import Place
from bot.domain.incident import Actor
from bot.engine.act import Desk
from bot.engine.heard import Heard
from cards.plain import spoken
from storage import definitions
from storage.database import Connection, Database
from tests.config import example
from tests.engine.stage import Stage

NONE = """\
accounts:
  - {name: Ana, email: ana@example.com, timezone: Europe/Berlin}
  - {name: Bo, email: bo@example.com, locale: zh, timezone: Asia/Shanghai}
  - {name: Dee, email: dee@example.com, role: owner}
workspaces:
  - {name: acme, platform: chat, bot_token: tok-1, links: {ana@example.com: ana, bo@example.com: bo}}
channels:
  - name: payments
    escalation: [{name: all, levels: [{targets: ["account:dee@example.com"]}]}]
"""
ROTA = (
    NONE[: NONE.index("channels:")]
    + """\
schedules:
  - name: payments
    timezone: Europe/Berlin
    layers:
      - name: weeks
        rotation: {every: 1w, handover: mon 09:00}
        members: [ana@example.com, bo@example.com]
        start: 2026-11-02
      - name: nights
        rotation: {every: 1d, handover: "09:00"}
        members: [dee@example.com]
        start: 2026-11-02
        hours: ["22:00-06:00"]
        weekdays: [sun]
        role: backup
  - name: ended
    layers:
      - name: days
        rotation: {every: 1d}
        members: [dee@example.com]
        start: 2026-11-02
        end: 2026-11-03
        role: second line
channels:
  - name: payments
    escalation:
      - name: all
        levels:
          - targets: ["schedule:payments/primary", "account:dee@example.com"]
          - targets: ["schedule:payments", "team:"]
""".replace(', "team:"', "")
)


@pytest.fixture
def stage(database: Database) -> Stage:
    return Stage(database)


async def configure(stage: Stage, text: str) -> None:
    wanted = example.definitions(text)

    async def work(connection: Connection) -> None:
        await definitions.replace_all(connection, wanted, stage.vault)

    await stage.database.transact(work)


async def asked(stage: Stage, text: str, by: str = "ana") -> list[str]:
    """Return the lines of the answer to somebody in the chat `acme`."""
    organisation = await stage.database.read(stage.picture.current)
    (acme,) = organisation.workspaces
    account = next(one.id for one in organisation.people.accounts.values() if one.name == by.title())
    desk = Desk(stage.database, stage.picture, stage.wakeups, stage.clock, stage.vault.digest)
    reply = await desk.hear(Heard(text, Actor(account, "acme"), Place(acme, account=account), user=by))
    assert reply.note is not None
    return [spoken(row) for row in (reply.note.text, *reply.note.rows)]


async def test_schedule_says_who_is_on_call_in_each_until_when(stage: Stage) -> None:
    assert stage.clock.now() == datetime.fromisoformat("2026-11-21T03:00Z")
    await configure(stage, ROTA)
    assert await asked(stage, "schedule") == [
        "On call now",
        "⚠️ ended · second line: nobody",
        "payments · primary: Ana until 2026-11-23 09:00 CET",
        "⚠️ payments · backup: nobody until 2026-11-22 22:00 CET",
    ]
    assert (await asked(stage, "排班", by="bo"))[:3] == [
        "当前值班",
        "⚠️ ended · second line：无人值班",
        "payments · 主值班：Ana，至 2026-11-23 16:00 CST",
    ]


async def test_schedule_of_a_name_gives_the_next_two_weeks(stage: Stage) -> None:
    await configure(stage, ROTA)
    assert await asked(stage, "schedule Payments") == [
        "payments, from 2026-11-21 04:00 CET to 2026-12-05 04:00 CET",
        "2026-11-21 04:00 CET to 2026-11-23 09:00 CET · primary: Ana",
        "⚠️ 2026-11-21 04:00 CET to 2026-11-22 22:00 CET · backup: nobody",
        "2026-11-22 22:00 CET to 2026-11-23 06:00 CET · backup: Dee",
        "⚠️ 2026-11-23 06:00 CET to 2026-11-29 22:00 CET · backup: nobody",
        "2026-11-23 09:00 CET to 2026-11-30 09:00 CET · primary: Bo",
        "2026-11-29 22:00 CET to 2026-11-30 06:00 CET · backup: Dee",
        "⚠️ 2026-11-30 06:00 CET to 2026-12-05 04:00 CET · backup: nobody",
        "2026-11-30 09:00 CET to 2026-12-05 04:00 CET · primary: Ana",
    ]
    assert (await asked(stage, "schedule nights"))[0] == ("No schedule is called “nights”. There are: ended, payments.")


async def test_who_names_those_on_call_by_schedule(stage: Stage) -> None:
    await configure(stage, ROTA)
    assert await asked(stage, "who") == [
        "Who would be paged now",
        "payments · level 1 of 2: Ana, Dee · the next after 5 min",
        "payments · level 2 of 2: Ana",
        "payments · primary: Ana until 2026-11-23 09:00 CET",
        "⚠️ payments · backup: nobody until 2026-11-22 22:00 CET",
    ]


async def test_without_schedules_it_says_so(stage: Stage) -> None:
    await configure(stage, NONE)
    assert await asked(stage, "schedule") == ["No schedule is configured."]
    assert await asked(stage, "schedule payments") == ["No schedule is configured."]
    assert len(await asked(stage, "who")) == 2
