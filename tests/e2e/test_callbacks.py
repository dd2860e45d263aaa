"""A workspace that calls us instead of being listened to.

Clicks come in by signed requests, through our own web server.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import urlencode

import httpx
import pytest

from bot.clock import SystemClock
from bot.domain.definition import Secret, WorkspaceDefinition
from bot.domain.incident import Progress
from bot.engine import metrics
from storage import definitions
from storage.database import Connection
from tests.adapters.slack.desk import signed
from tests.support.world import CHAT, World, level, served, world


@pytest.fixture
async def oncard(schema_url: str) -> AsyncIterator[tuple[World, str]]:
    """Oncard as `serve` runs it, with a signing secret and no connection of its own to Slack."""
    async with world(schema_url, SystemClock()) as made:
        await made.configure(level("ana", chats=(made.chat(),)))
        await by_callbacks(made)
        async with served(made) as address:
            path = f"{address}/im/slack/acme"
            made.slack.deliver_by_http(f"{path}/interactive", commands_url=f"{path}/commands")
            yield made, address


async def by_callbacks(made: World) -> None:
    """Configure the workspace with a signing secret in the place of the token for Socket Mode."""

    async def work(connection: Connection) -> None:
        stored = await definitions.stored(connection, made.service.vault)
        secrets = {"bot_token": Secret(made.slack.bot_token), "signing_secret": Secret(made.slack.signing_secret)}
        wanted = [replace(one, secrets=secrets) if isinstance(one.body, WorkspaceDefinition) else one for one in stored]
        await definitions.replace_all(connection, wanted, made.service.vault)

    await made.service.database.transact(work)
    await made.connect()


async def test_a_signed_click_acknowledges(oncard: tuple[World, str]) -> None:
    made, _ = oncard
    await made.http.post(
        "/event/push/alert/standard",
        params={"integration_key": "standard-key-0123456789ab"},
        json={"event_status": "Critical", "title_rule": "disk full", "alert_key": "db-1"},
    )
    card = await made.slack.expect_card("#1 disk full", chat=CHAT)

    await card.click("Acknowledge", by="ana")

    await made.until(Progress.PROCESSING)
    await card.shows("Acknowledged by Ana")


async def test_what_is_not_signed_is_refused(oncard: tuple[World, str]) -> None:
    _, address = oncard
    before = rejected("forged"), rejected("repeated")
    async with httpx.AsyncClient() as client:
        forged = await client.post(f"{address}/im/slack/acme/interactive", content=b"payload=%7B%7D")
        nowhere = await client.post(f"{address}/im/slack/nobody/interactive", content=b"payload=%7B%7D")

    assert forged.status_code == 401
    assert nowhere.status_code == 404
    assert (rejected("forged"), rejected("repeated")) == (before[0] + 1, before[1])


async def test_what_is_made_again_is_answered_and_counted_and_not_done_again(oncard: tuple[World, str]) -> None:
    made, address = oncard
    ana = made.slack.workspace.user("ana").id
    await made.http.post(
        "/event/push/alert/standard",
        params={"integration_key": "standard-key-0123456789ab"},
        json={"event_status": "Critical", "title_rule": "disk full", "alert_key": "db-1"},
    )
    await made.slack.expect_card("#1 disk full", chat=CHAT)
    form = {"command": "/oncard", "text": "ack 1", "user_id": ana, "channel_id": made.chat(), "trigger_id": "1.2.3"}
    request = signed(made.slack.signing_secret, urlencode(form).encode(), SystemClock().now())
    url, headers = f"{address}/im/slack/acme/commands", dict(request.headers)
    before = rejected("forged"), rejected("repeated")
    async with httpx.AsyncClient() as client:
        first = await client.post(url, content=request.body, headers=headers)
        await made.until(Progress.PROCESSING)
        await made.slack.command(ana, CHAT, "/oncard unack 1")
        await made.until(Progress.TRIGGERED)
        again = await client.post(url, content=request.body, headers=headers)
        # What is carried out after the second answer would be done before this.
        await made.slack.command(ana, CHAT, "/oncard show 1")
        await made.slack.expect_ephemeral("ana", "disk full")

    assert (first.status_code, again.status_code) == (200, 200)
    assert (rejected("forged"), rejected("repeated")) == (before[0], before[1] + 1)
    assert (await made.incident()).progress is Progress.TRIGGERED


def rejected(reason: str) -> float:
    """Return how many callbacks of the workspace have not been carried out for this reason."""
    labels = {"platform": "slack", "workspace": "acme", "reason": reason}
    return metrics.REGISTRY.get_sample_value("oncard_callbacks_rejected_total", labels) or 0
