"""`why` reads back what was decided and what became of it, in a chat, from what is stored."""

from datetime import timedelta

import pytest

from bot.adapter import FailureKind
from bot.domain.delivery import Place
from bot.domain.incident import Actor, IncidentId
from bot.domain.ledger import Ledger
from bot.domain.people import AccountId, Method
from bot.domain.untold import Span
from bot.engine import ledger
from bot.engine.act import Desk
from bot.engine.heard import Heard
from bot.engine.outcomes import lost
from cards.plain import spoken
from storage import deliveries
from storage.database import Connection, Database
from tests.bench.explain import listening, plans
from tests.engine.stage import Stage, prefer_indexes
from tests.engine.test_fallback import MINUTE, Team, refuse, to

AFTER = "03:00 UTC · Ana · {} (level 1 of rule “all”, turn 1, after {} min if nobody acts)"


@pytest.fixture
def team(database: Database) -> Team:
    return Team(Stage(database))


async def asked(team: Team, text: str, by: str = "ana") -> list[str]:
    """Return the lines of the answer to somebody in the chat `acme`."""
    organisation = await team.stage.database.read(team.stage.picture.current)
    (acme,) = organisation.workspaces
    account = next(one.id for one in organisation.people.accounts.values() if one.name == by.title())
    stage = team.stage
    desk = Desk(stage.database, stage.picture, stage.wakeups, stage.clock, stage.vault.digest)
    reply = await desk.hear(Heard(text, Actor(account, "acme"), Place(acme, account=account), user=by))
    assert reply.note is not None
    assert not reply.is_done
    return [spoken(row) for row in (reply.note.text, *reply.note.rows)]


async def test_why_says_of_every_way_what_it_was_for_and_how_it_ended(team: Team) -> None:
    await team.configure(to("ana"), to("bo"))
    refuse(team.way(Method.IM), FailureKind.REFUSED)
    await team.stage.fire("disk")
    await team.advance(3 * MINUTE)
    await team.acknowledge("ana")

    assert await asked(team, "why 1") == [
        "#1 Critical · trouble with disk · payments · 2026-11-21 03:00 UTC: 4 messages were decided on",
        "03:00 UTC · Ana · acme (level 1 of rule “all”, turn 1): not delivered · the platform says refused (refused)",
        f"{AFTER.format('SMS', 2)}: delivered · taken at 03:00 UTC: ok",
        f"{AFTER.format('call', 5)}: taken back · Ana acknowledged it",
        "03:00 UTC · Ana · e-mail (level 1 of rule “all”, turn 1, if call fails): not needed · reached by SMS",
        "03:03 UTC · Ana acknowledged it",
    ]
    assert (await asked(team, "1 why"))[0] == (await asked(team, "为什么 #1?"))[0]


async def test_why_not_says_who_was_faster_and_when_the_next_level_would_have_come(team: Team) -> None:
    await team.configure(to("ana"), to("bo"))
    await team.stage.fire("disk")
    await team.advance(MINUTE)
    await team.acknowledge("ana")

    assert await asked(team, "why not bo 03:00-03:30") == [
        "Bo, 2026-11-21 03:00 to 2026-11-21 03:30: paged for 0 of 1 open incident",
        "#1 Critical · trouble with disk · payments: not paged",
        "#1 · Ana acknowledged it at 03:01 UTC",
        "#1 · level 2, which names them, would have come at 03:05 UTC",
    ]
    assert "paged for 1 of 1" in (await asked(team, "why not 03:00-03:30"))[0]
    assert "nothing was open then" in (await asked(team, "why not bo yesterday 03:00-03:30"))[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("why", "Say which incident, or who and when"),
        ("why not bo", "Say from when to when"),
        ("why not nobody 03:00-04:00", "nobody"),
        ("why not sre 03:00-04:00", "Name one person"),
        ("why 7", "There is no incident #7"),
    ],
)
async def test_what_is_not_understood_is_answered_with_what_is(team: Team, text: str, expected: str) -> None:
    await team.configure(to("ana"))
    assert expected in (await asked(team, text))[0]


async def test_the_ledger_of_a_night_has_every_delivery_once_and_every_hop(team: Team) -> None:
    await team.configure(to("ana"), to("bo"))
    refuse(team.way(Method.EMAIL), FailureKind.REFUSED)
    await team.stage.fire("disk")
    await team.advance(7 * MINUTE)
    await _lose_sms(team)
    await team.advance(40 * MINUTE)

    found = await _ledger(team)
    stored = await team.stage.ledger()
    assert sorted(one.delivery.id for one in found.tellings) == [one.delivery.id for one in stored]
    lost_one = next(one for one in found.tellings if one.sent.reason == "no_answer")
    assert [hop.word for hop in lost_one.hops] == ["decided", "queued", "accepted"]
    assert lost_one.hops[-1].said == "ok"
    tried = [one for one in found.tellings if one.delivery.attempts]
    assert tried
    assert all(any(hop.word in ("attempt", "accepted") for hop in one.hops) for one in tried)


async def test_why_is_answered_from_indexes(schema_url: str, database: Database) -> None:
    team = Team(Stage(database))
    await team.configure(to("ana"), to("bo"))
    await team.stage.fire("disk")
    await team.advance(MINUTE)
    await prefer_indexes(schema_url)
    again = Database(schema_url)
    organisation = await again.read(team.stage.picture.current)
    now = team.clock.now()

    async def work(connection: Connection) -> None:
        await ledger.of(connection, IncidentId(1), organisation)
        await ledger.absence(connection, AccountId(1), Span(now - timedelta(hours=1), now), organisation)

    with listening() as heard:
        await again.read(work)
    made = await plans(again, heard)
    await again.close()
    assert len(made) >= 6
    # Of the open incidents all are gone through, in an index that holds no others.
    whole = [how for _, how in made if "Seq Scan" in how or ("SCAN" in how and "ix_incidents_open" not in how)]
    assert whole == []


async def _ledger(team: Team) -> Ledger:
    async def work(connection: Connection) -> Ledger | None:
        return await ledger.of(connection, IncidentId(1), await team.stage.picture.current(connection))

    found = await team.stage.database.read(work)
    assert found is not None
    return found


async def _lose_sms(team: Team) -> None:
    """The provider reports that the SMS has reached nobody after all."""

    async def work(connection: Connection) -> None:
        organisation = await team.stage.picture.current(connection)
        of_sms = [one for one in await deliveries.ledger(connection, IncidentId(1)) if one.said == "ok"]
        page = next(one.delivery for one in of_sms if organisation.via(one.delivery.place.workspace) == "sms")
        await lost(connection, page, ("no_answer", "gone"), organisation, team.clock.now())

    await team.stage.database.transact(work)
