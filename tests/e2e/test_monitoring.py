"""Real monitoring at the front door: Debian's Alertmanager and Prometheus send, and a card appears in Slack."""

from collections.abc import AsyncIterator

import httpx
import pytest

from bot.clock import SystemClock
from bot.domain.incident import Progress
from tests.support.monitoring import StartServer
from tests.support.world import CHAT, PROMETHEUS_KEY, World, level, served, world

LABELS = {"alertname": "DiskFull", "instance": "db-1:9100", "severity": "critical"}
ANNOTATIONS = {"summary": "Disk almost full on db-1", "description": "3 % left"}


@pytest.fixture
async def oncard(schema_url: str) -> AsyncIterator[tuple[World, str]]:
    """Oncard as `serve` runs it, on a port of its own, and its address."""
    async with world(schema_url, SystemClock()) as made:
        await made.configure(level("ana", chats=(made.chat(),)))
        async with served(made) as address:
            yield made, address


async def post_alert(alertmanager: str, *, ends: str | None = None) -> None:
    """Tell Alertmanager of an alert, as Prometheus does; with `ends`, that it is over."""
    alert = {"labels": LABELS, "annotations": ANNOTATIONS, "startsAt": "2026-01-01T00:00:00Z"}
    if ends:
        alert["endsAt"] = ends
    async with httpx.AsyncClient() as client:
        (await client.post(f"{alertmanager}/api/v2/alerts", json=[alert])).raise_for_status()


async def test_alertmanager_fires_a_click_acknowledges_and_the_recovery_closes(
    oncard: tuple[World, str], alertmanager: StartServer
) -> None:
    made, address = oncard
    url = f"{address}/event/push/alert/prometheus?integration_key={PROMETHEUS_KEY}"
    sender = alertmanager(
        {
            "route": {"receiver": "oncard", "group_wait": "0s", "group_interval": "1s"},
            "receivers": [{"name": "oncard", "webhook_configs": [{"url": url, "send_resolved": True}]}],
        }
    )

    await post_alert(sender)
    card = await made.slack.expect_card("Disk almost full on db-1", chat=CHAT, within=20)
    await card.shows("Critical", "#1", "3 % left", "db-1:9100")
    await card.click("Acknowledge", by="ana")
    await card.shows("Acknowledged by Ana")

    await post_alert(sender, ends="2026-01-01T00:10:00Z")
    await made.until(Progress.CLOSED, within=20)
    await card.shows("Recovered")
    assert len(made.slack.workspace.messages(made.chat())) == 1


async def test_prometheus_itself_can_send(oncard: tuple[World, str], prometheus: StartServer) -> None:
    made, address = oncard
    # Prometheus finds its targets after 5 s, and sends what fired before then again only a minute later.
    lasting = {"expr": "vector(1)", "for": "8s"}
    rule = {"alert": "DiskFull", **lasting, "labels": {"severity": "warning"}, "annotations": ANNOTATIONS}
    target = {
        "static_configs": [{"targets": [address.removeprefix("http://")]}],
        "api_version": "v2",
        "basic_auth": {"username": "oncard", "password": PROMETHEUS_KEY},
    }
    prometheus(
        {
            "global": {"evaluation_interval": "1s"},
            "rule_files": ["rules.yml"],
            "alerting": {"alertmanagers": [target]},
        },
        files={"rules.yml": {"groups": [{"name": "disk", "rules": [rule]}]}},
    )

    card = await made.slack.expect_card("Disk almost full on db-1", chat=CHAT, within=30)

    await card.shows("Warning", "#1")
