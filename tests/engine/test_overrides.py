"""`override` in a chat: who is on call instead, at once and in every process; listed, removed, and told once."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.domain.delivery import Place
from bot.domain.incident import Actor, Incident, IncidentId
from bot.domain.law import step
from bot.domain.organisation import Organisation
from bot.engine.act import Desk
from bot.engine.heard import Heard, Reply
from bot.engine.picture import Picture
from cards.plain import spoken
from storage import definitions, incidents
from storage.database import Connection, Database
from tests.config import example
from tests.engine.stage import Stage

ROTA = """\
accounts:
  - {name: Ana, email: ana@example.com, timezone: Europe/Berlin}
  - {name: Bo, email: bo@example.com, locale: zh, timezone: Asia/Shanghai}
  - {name: Chen, email: chen@example.com}
  - {name: Chen Wu, email: wu@example.com}
  - {name: Dee, email: dee@example.com, role: owner}
workspaces:
  - name: acme
    platform: chat
    bot_token: tok-1
    links: {ana@example.com: ana, bo@example.com: bo, chen@example.com: chen}
schedules:
  - name: payments
    timezone: Europe/Berlin
    layers:
      - name: weeks
        rotation: {every: 1w, handover: mon 09:00}
        members: [ana@example.com, bo@example.com]
        start: 2026-11-02
      - name: behind
        rotation: {every: 1w, handover: mon 09:00}
        members: [chen@example.com]
        start: 2026-11-02
        role: backup
channels:
  - name: payments
    escalation: [{name: all, levels: [{targets: ["schedule:payments/primary"]}]}]
"""
HELD = ROTA.replace("start: 2026-11-02", "start: 2026-11-23").replace(
    'levels: [{targets: ["schedule:payments/primary"]}]',
    'levels: [{targets: ["schedule:payments/primary"], when_nobody: hold}]',
)
EMPTY = "There are no temporary changes."


@pytest.fixture
async def stage(database: Database) -> Stage:
    stage = Stage(database)
    await configure(stage)
    return stage


async def configure(stage: Stage, text: str = ROTA) -> None:
    wanted = example.definitions(text)

    async def work(connection: Connection) -> None:
        await definitions.replace_all(connection, wanted, stage.vault)

    await stage.database.transact(work)


async def current(stage: Stage, picture: Picture | None = None) -> Organisation:
    return await stage.database.read((picture or stage.picture).current)


async def heard(
    stage: Stage, text: str, by: str = "ana", *, trigger: str | None = None, is_token: bool = False
) -> Reply:
    organisation = await current(stage)
    (acme,) = organisation.workspaces
    account = next(one.id for one in organisation.people.accounts.values() if one.email == f"{by}@example.com")
    desk = Desk(stage.database, stage.picture, stage.wakeups, stage.clock, stage.vault.digest)
    place = Place(acme, account=account)
    return await desk.hear(Heard(text, Actor(account, "acme"), place, is_token, user=by, trigger=trigger))


async def asked(stage: Stage, text: str, by: str = "ana") -> list[str]:
    """Return the lines of the answer to somebody in the chat `acme`."""
    reply = await heard(stage, text, by)
    assert reply.note is not None
    return [spoken(row) for row in (reply.note.text, *reply.note.rows)]


def on_call(organisation: Organisation, at: datetime, role: str = "primary") -> list[str]:
    (schedule,) = organisation.schedules
    people = organisation.people.accounts
    return [people[one.account].name for one in organisation.duty(schedule, role, at)]


async def test_a_change_counts_from_the_next_decision_on_in_every_process(stage: Stage) -> None:
    other = Picture(stage.clock.now)
    now = stage.clock.now()
    assert on_call(await current(stage, other), now) == ["Ana"]
    said = await asked(stage, "override payments dee@example.com for 4h because Ana is ill")
    assert said == [
        "Dee is on call for payments · primary from 2026-11-21 04:00 CET to 2026-11-21 08:00 CET (no. 1).",
        "Because: Ana is ill",
        "Before: Ana from 2026-11-21 04:00 CET to 2026-11-21 08:00 CET",
    ]
    seen = await current(stage, other)
    assert on_call(seen, now) == ["Dee"]
    assert on_call(seen, now + timedelta(hours=4)) == ["Ana"]
    assert "primary: Dee until 2026-11-21 08:00 CET" in (await asked(stage, "schedule"))[1]
    assert "Dee" in (await asked(stage, "who"))[1]


async def test_the_answer_states_both_zones_who_was_on_before_and_on_what_it_lies(stage: Stage) -> None:
    await asked(stage, "override payments dee@example.com 2026-11-23 00:00 to 2026-11-24 00:00")
    said = await asked(stage, "override payments chen 2026-11-23 08:00 to 2026-11-23 20:00 as primary", by="bo")
    assert said == [
        "Chen 在 2026-11-23 08:00 CST 至 2026-11-23 20:00 CST 担任 payments · 主值班（编号 2）。",
        "按排班表的时区：2026-11-23 01:00 至 2026-11-23 13:00（Europe/Berlin）",
        "此前：Dee，2026-11-23 08:00 CST 至 2026-11-23 20:00 CST",
        "它覆盖编号 1：Dee，2026-11-23 07:00 CST 至 2026-11-24 07:00 CST",
    ]
    assert on_call(await current(stage), datetime.fromisoformat("2026-11-23T02:00Z")) == ["Chen"]


async def test_somebody_is_stood_in_for_in_their_own_role(stage: Stage) -> None:
    said = await asked(stage, "override payments dee@example.com tomorrow 22:00-06:00 for chen@example.com")
    assert said[0].startswith("Dee is on call for payments · backup from 2026-11-22 22:00 CET to 2026-11-23 06:00 CET")
    assert "in the place of Chen" in said[0]
    at = datetime.fromisoformat("2026-11-23T00:00Z")
    assert on_call(await current(stage), at, "backup") == ["Dee"]
    assert on_call(await current(stage), at) == ["Ana"]


async def test_a_change_is_listed_and_removed_and_what_held_stays_known(stage: Stage) -> None:
    made = await heard(stage, "override payments dee@example.com for 4h")
    assert made.note is not None
    (undo,) = made.note.buttons
    assert await asked(stage, "override list payments") == [
        "Temporary changes",
        "no. 1 · payments · primary: Dee from 2026-11-21 04:00 CET to 2026-11-21 08:00 CET · by Ana",
    ]
    began = stage.clock.now()
    stage.clock.advance(3600)  # type: ignore[attr-defined]
    removed = await heard(stage, undo.token, by="bo", is_token=True)
    assert removed.note is not None
    assert "已移除" in spoken(removed.note.text)
    organisation = await current(stage)
    assert on_call(organisation, stage.clock.now()) == ["Ana"]
    assert on_call(organisation, began) == ["Dee"], "up to then it held"
    assert (await asked(stage, "override remove 1"))[0] == ("Bo has removed no. 1 already, at 2026-11-21 05:00 CET.")
    assert (await asked(stage, "override remove 7"))[0] == "There is no temporary change no. 7 that still holds."
    assert (await asked(stage, "override"))[0].startswith(EMPTY)


REFUSED = [
    ("payments dee 2026-11-20 09:00 to 2026-11-20 10:00", "That is over already"),
    ("payments dee 2026-12-01 to 2027-12-31", "longer than a year"),
    ("payments dee 2028-01-01", "more than a year"),
    ("payments dee tomorrow for bo", "Bo is not on call for payments in that time"),
    ("payments dee tomorrow for dee", "Dee cannot stand in for themselves"),
    ("payments dee tomorrow as boss", "payments has no such role. There are: primary, backup."),
    ("payments dee tomorrow to today", "Say from when to when"),
    ("payments dee", "Say from when to when"),
    ("payments tomorrow", "Say who, one person"),
    ("payments dee ana tomorrow", "Say who, one person"),
    ("payments nobody@example.com tomorrow", "nobody@example.com"),
    ("remove", "Say which one"),
]


async def test_what_cannot_be_changes_nothing_and_says_why(stage: Stage) -> None:
    for said, why in REFUSED:
        assert why in (await asked(stage, f"override {said}"))[0], said
    assert (await asked(stage, "override"))[0].startswith(EMPTY)


async def test_a_name_that_means_several_is_asked_back(stage: Stage) -> None:
    organisation = await current(stage)
    named = ROTA.replace("name: Chen,", "name: Chen Li,")
    await configure(stage, named)
    reply = await heard(stage, "override payments chen for 4h because of chen")
    assert reply.note is not None
    number = next(one.id for one in organisation.people.accounts.values() if one.email == "wu@example.com")
    assert [one.token for one in reply.note.buttons][1] == f"override payments @{number} for 4h because of chen"
    assert (await asked(stage, reply.note.buttons[1].token))[0].startswith("Chen Wu is on call")


async def test_what_a_platform_tells_again_is_not_done_again(stage: Stage) -> None:
    first = await heard(stage, "override payments dee for 4h", trigger="Ev01")
    again = await heard(stage, "override payments dee for 4h", trigger="Ev01")
    assert first.note is not None
    assert again.note is None
    assert len(await asked(stage, "override list")) == 2


async def test_applying_leaves_changes_alone_and_one_of_who_has_left_hides_nobody(stage: Stage) -> None:
    await asked(stage, "override payments dee for 4h")
    await configure(stage)
    assert on_call(await current(stage), stage.clock.now()) == ["Dee"]
    await configure(stage, ROTA.replace("  - {name: Dee, email: dee@example.com, role: owner}\n", ""))
    assert on_call(await current(stage), stage.clock.now()) == ["Ana"]
    await configure(
        stage,
        ROTA.replace("name: payments\n    timezone", "name: other\n    timezone").replace(
            "schedule:payments", "schedule:other"
        ),
    )
    assert (await asked(stage, "override list"))[0].startswith(EMPTY), "a schedule that is gone has none"


async def test_what_waits_until_somebody_is_on_duty_is_told_as_soon_as_a_change_puts_somebody_there(
    stage: Stage,
) -> None:
    await configure(stage, HELD)
    await stage.fire("disk")

    async def notified(connection: Connection) -> list[str]:
        return [str(one.record.entry) for one in await incidents.timeline(connection, IncidentId(1), 100)]

    await stage.timers.tick()
    assert "notified" not in await stage.database.read(notified)
    await asked(stage, "override payments dee for 4h")
    assert await stage.timers.tick() == 1
    assert "notified" in await stage.database.read(notified)
    assert await stage.timers.tick() == 0


async def test_one_that_waits_and_cannot_be_looked_at_keeps_no_other_waiting(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await configure(stage, HELD)
    await stage.fire("disk", "load")
    await stage.timers.tick()

    def spoilt(incident: Incident, *rest: Any) -> object:
        if incident.id == 1:
            raise ValueError("spoilt")
        return step(incident, *rest)

    monkeypatch.setattr("bot.engine.timers.step", spoilt)
    await asked(stage, "override payments dee for 4h")
    with capture_logs() as logs:
        assert await stage.timers.tick() == 1
    assert [(one["event"], one["incident"]) for one in logs] == [("incident_not_ticked", 1)]
