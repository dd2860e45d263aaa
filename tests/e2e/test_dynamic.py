"""Dynamic assignment end to end: what labels and the query say of a level is done, said and not shown as a label."""

from collections.abc import AsyncIterator

import pytest

from tests.support.world import CHAT, PROMETHEUS_KEY, STANDARD_KEY, World, level, world

RESET, TEAMS = "layer_person_reset_0_emails", "layer_person_reset_1_team_names"


@pytest.fixture
async def oncard(schema_url: str) -> AsyncIterator[World]:
    """Oncard on each database."""
    async with world(schema_url) as made:
        yield made


async def test_the_query_goes_before_the_label_and_the_card_says_what_was_done(oncard: World) -> None:
    await oncard.configure(level("ana", chats=(oncard.chat(),)), level("dee"))
    alert = {
        "event_status": "Critical",
        "title_rule": "disk full",
        "labels": {"host": "db-1", RESET: "chen@example.com", TEAMS: "sre"},
    }
    query = {"integration_key": STANDARD_KEY, RESET: "bo@example.com,eve@example.com"}

    response = await oncard.http.post("/event/push/alert/standard", params=query, json=alert)
    assert response.status_code == 200
    await oncard.settle()
    await oncard.slack.expect_dm("bo", "disk full")
    card = await oncard.slack.expect_card("#1 disk full", chat=CHAT)

    await card.shows(f"Level 1 tells Bo, as {RESET} says; not known or not to be told: eve@example.com")
    await card.shows("db-1")
    incident = await oncard.incident()
    assert incident.facts.labels == {"host": "db-1"}
    assert [one.level for one in incident.resets] == [0, 1]
    assert await oncard.timeline() == ["opened", "reset", "reset", "notified"]


async def test_labels_of_alertmanager_are_read_alike(oncard: World) -> None:
    await oncard.configure(level("ana"))
    alert = {"status": "firing", "labels": {"alertname": "disk full", RESET: "chen@example.com"}, "annotations": {}}
    query = {"integration_key": PROMETHEUS_KEY}

    response = await oncard.http.post("/event/push/alert/prometheus", params=query, json={"alerts": [alert]})
    assert response.status_code == 200
    await oncard.settle()
    await oncard.slack.expect_dm("chen", "disk full")
