"""What stands around a PostgreSQL in production: a pooler before it, and a standby that takes over."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bot.playground.slack.server import SlackServer
from tests.support.pgbouncer import pgbouncer
from tests.support.postgresql import PostgresqlServer, replicated
from tests.support.serving import CHAT, Served, Site, configuration, events

# Several programs start, one after the other, on a machine that may be busy.
pytestmark = pytest.mark.timeout(150)

# One chat takes one message a second.
MOST_CARDS = 20


async def test_through_a_pooler_all_goes_on_and_only_the_wake_ups_are_lost(
    postgresql_url: str, postgresql_server: PostgresqlServer, tmp_path: Path, slack: SlackServer
) -> None:
    database = postgresql_url.partition("@/")[2].partition("?")[0]
    with pgbouncer(postgresql_server, database, connections=5) as url:
        site = Site(f"{url}&prepared_statement_cache_size=0", tmp_path, configuration(slack))
        async with site.serving("--role", "web") as web, site.serving("--role", "worker") as worker:
            answers = await asyncio.gather(*(web.fire(f"alert {number}") for number in range(5)))
            assert {answer.status_code for answer in answers} == {200}
            for number in range(5):
                await slack.expect_card(f"alert {number}", chat=CHAT, within=20)
            await worker.said("other_processes_not_heard")
            await web.said("other_processes_not_heard")
        for served in (web, worker):
            trouble = Counter(line["event"] for line in events(served.log) if line["level"] in ("warning", "error"))
            assert trouble == {"other_processes_not_heard": 1}, trouble


class Sender:
    """A monitoring system: sends one alert after the other, and each again until it is answered with 2xx."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self.taken: list[str] = []
        self.refused = 0

    async def send(self, title: str) -> None:
        """Send one alert until it is taken."""
        while True:
            try:
                answer = await self._served.fire(title)
            except httpx.TransportError:
                self.refused += 1
                continue
            if answer.is_success:
                self.taken.append(title)
                return
            self.refused += 1
            await asyncio.sleep(0.05)

    async def send_until(self, enough: asyncio.Event) -> None:
        """Send alerts until there are enough."""
        while not enough.is_set():
            await self.send(f"alert {len(self.taken)}.")
            for _ in range(8):
                await asyncio.sleep(0.05)  # One chat takes one message a second.


@pytest.fixture
def pair() -> Iterator[tuple[PostgresqlServer, PostgresqlServer]]:
    """Give a server with an empty database, and its standby."""
    with replicated("oncard") as servers:
        yield servers


async def test_a_standby_takes_over_and_nothing_that_was_taken_is_lost(
    pair: tuple[PostgresqlServer, PostgresqlServer], tmp_path: Path, slack: SlackServer
) -> None:
    primary, standby = pair
    url = f"postgresql+asyncpg://postgres@/oncard?host={primary.host}:5432&host={standby.host}:5432"
    site = Site(f"{url}&target_session_attrs=read-write", tmp_path, configuration(slack))
    async with site.serving() as served:
        sender, enough = Sender(served), asyncio.Event()
        sending = asyncio.create_task(sender.send_until(enough))
        await slack.expect_card("alert 2.", chat=CHAT)

        await asyncio.to_thread(primary.kill)
        before = len(sender.taken)
        refused, ready = await served.fire("while nobody is there"), await served.http.get("/readyz")
        assert (refused.status_code, refused.headers["retry-after"], ready.status_code) == (500, "5", 503)
        await asyncio.to_thread(standby.execute, "SELECT pg_promote()")
        await slack.wait_for(lambda: len(sender.taken) > before + 2, within=20)
        enough.set()
        await sending
        assert (await served.http.get("/readyz")).json()["ready"]
        for title in sender.taken:
            await slack.expect_card(title, chat=CHAT, within=MOST_CARDS)
    assert not [line for line in events(served.log) if line["event"] == "delivery_not_settled"]
    posts = [str(call.request) for call in slack.log.calls("chat.postMessage")]
    assert Counter(title for title in sender.taken for post in posts if title in post) == Counter(sender.taken)
