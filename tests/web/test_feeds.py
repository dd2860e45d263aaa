"""The address of a feed: calendar programs get the shifts there, cheaply, until a new one is made in its place."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from icalendar import Calendar

from bot.domain.delivery import Place
from bot.domain.feed import Feed
from bot.domain.incident import Actor
from bot.domain.people import WorkspaceId
from bot.engine.heard import Heard
from bot.main import Service, Settings
from cards.plain import spoken
from storage import definitions
from storage.database import Connection
from storage.vault import Vault
from tests.config import example
from tests.support.clocks import ManualClock
from tests.support.world import SECRET_KEY

PUBLIC = "https://oncall.example.com"
ROTA = """\
accounts:
  - {name: Ana, email: ana@example.com, locale: zh}
  - {name: Bo, email: bo@example.com}
  - {name: Dee, email: dee@example.com, role: owner}
schedules:
  - name: payments
    timezone: Europe/Berlin
    layers:
      - name: weeks
        rotation: {every: 1w, handover: mon 09:00}
        members: [ana@example.com, bo@example.com]
        start: 2026-01-05
        end: 2027-01-04
"""


@dataclass(frozen=True)
class Oncard:
    """A service that is reached from outside, and whoever asks it."""

    service: Service
    clock: ManualClock
    http: httpx.AsyncClient


@pytest.fixture
async def oncard(schema_url: str) -> AsyncIterator[Oncard]:
    """Oncard on each database, with one schedule."""
    clock = ManualClock()
    service = Service(Settings(schema_url, SECRET_KEY, public_url=PUBLIC), clock)
    await service.prepare()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(service.app()), base_url=PUBLIC) as http:
        made = Oncard(service, clock, http)
        await configure(made, ROTA)
        yield made
    await service.close()


async def configure(oncard: Oncard, text: str) -> None:
    """Store this configuration."""

    async def work(connection: Connection) -> None:
        await definitions.replace_all(connection, example.definitions(text), oncard.service.vault)

    await oncard.service.database.transact(work)


async def address(oncard: Oncard, *, schedule: bool = True, email: str = "", rotate: bool = False) -> str:
    """Return the path of a feed."""

    async def work(connection: Connection) -> str:
        organisation = await oncard.service.picture.current(connection)
        (number,) = organisation.schedules
        accounts = organisation.people.accounts.values()
        account = next((one.id for one in accounts if one.email == email), None)
        feed = Feed(number if schedule else None, account)
        return await oncard.service.feeds.address(connection, feed, rotate=rotate)

    return (await oncard.service.database.transact(work)).removeprefix(PUBLIC)


def events(body: bytes) -> Any:
    """Return the events of a feed."""
    return Calendar.from_ical(body).walk("VEVENT")


async def test_a_calendar_program_gets_the_shifts(oncard: Oncard) -> None:
    answer = await oncard.http.get(await address(oncard))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    assert answer.headers["cache-control"] == "private, no-cache"
    titles = {str(event["SUMMARY"]) for event in events(answer.content)}
    assert titles == {"On call: Ana (primary)", "On call: Bo (primary)", "⚠️ NOBODY on call (primary)"}
    assert b"@example.com" not in answer.content.replace(b"@oncall.example.com", b"")


async def test_somebodys_own_feed_names_the_schedules_in_their_language(oncard: Oncard) -> None:
    answer = await oncard.http.get(await address(oncard, schedule=False, email="ana@example.com"))
    assert {str(event["SUMMARY"]) for event in events(answer.content)} == {"值班：payments（主值班）"}


async def test_who_has_it_already_gets_nothing_until_something_changes(oncard: Oncard) -> None:
    path = await address(oncard)
    first = await oncard.http.get(path)
    tag = first.headers["etag"]
    for said in (tag, f'"other", W/{tag}', "*"):
        again = await oncard.http.get(path, headers={"If-None-Match": said})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)

    oncard.clock.advance(3 * 86400)
    assert (await oncard.http.get(path)).content == first.content

    await configure(oncard, ROTA.replace("name: Bo,", "name: Bob,"))
    changed = await oncard.http.get(path, headers={"If-None-Match": tag})
    assert (changed.status_code, "On call: Bob (primary)" in changed.text) == (200, True)
    assert {event["UID"] for event in events(changed.content)} == {event["UID"] for event in events(first.content)}


async def test_after_a_month_it_reaches_further(oncard: Oncard) -> None:
    path = await address(oncard)
    first = await oncard.http.get(path)
    oncard.clock.advance(40 * 86400)
    later = await oncard.http.get(path)
    assert later.headers["etag"] != first.headers["etag"]
    assert max(event["DTEND"].dt for event in events(later.content)) > max(
        event["DTEND"].dt for event in events(first.content)
    )


async def test_a_new_address_takes_the_place_of_the_one_before(oncard: Oncard) -> None:
    old, own = await address(oncard), await address(oncard, schedule=False, email="ana@example.com")
    assert await address(oncard) == old
    new = await address(oncard, rotate=True)
    assert (await oncard.http.get(new)).status_code == 200
    gone = await oncard.http.get(old)
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "RouteNotFound")
    assert (await oncard.http.get(own)).status_code == 200
    assert await address(oncard, rotate=True) not in (old, new)
    assert (await oncard.http.get(new)).status_code == 404


async def test_what_nobody_signed_leads_nowhere(oncard: Oncard) -> None:
    path = await address(oncard)
    token = path.removeprefix("/schedules/").removesuffix(".ics")
    forged = Vault("another key that is long enough to be one").sign("feed", token.rpartition(".")[0])
    for other in (token[:-1] + ("A" if token[-1] != "A" else "B"), forged, "1.0.0", "x", "1.2." + token):
        assert (await oncard.http.get(f"/schedules/{other}.ics")).status_code == 404
    link = Vault(SECRET_KEY).sign("link", token.rpartition(".")[0])
    assert (await oncard.http.get(f"/schedules/{link}.ics")).status_code == 404


async def test_what_is_gone_has_no_feed(oncard: Oncard) -> None:
    of_schedule, of_bo = await address(oncard), await address(oncard, email="bo@example.com")
    assert (await oncard.http.get(of_bo)).status_code == 200
    await configure(oncard, ROTA.replace("  - {name: Bo, email: bo@example.com}\n", "").replace(", bo@example.com", ""))
    assert (await oncard.http.get(of_bo)).status_code == 404
    assert (await oncard.http.get(of_schedule)).status_code == 200
    await configure(oncard, ROTA[: ROTA.index("schedules:")])
    assert (await oncard.http.get(of_schedule)).status_code == 404


@pytest.mark.parametrize("text", ["schedule feed", "排班 订阅"])
async def test_whoever_asks_in_a_chat_is_told_where_their_own_are(oncard: Oncard, text: str) -> None:
    organisation = await oncard.service.database.read(oncard.service.picture.current)
    bo = next(one.id for one in organisation.people.accounts.values() if one.name == "Bo")
    reply = await oncard.service.desk.hear(Heard(text, Actor(bo, "acme"), Place(WorkspaceId(1), account=bo), user="bo"))
    assert reply.note is not None
    assert PUBLIC + await address(oncard, schedule=False, email="bo@example.com") in spoken(reply.note.text)
