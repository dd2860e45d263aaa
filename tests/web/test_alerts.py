"""The front door: what it takes, what it refuses and how it says so."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator

import httpx
import pytest
import sqlalchemy as sa

from bot.domain.incident import IncidentId
from storage import tables
from storage.database import Connection
from tests.support.world import PROMETHEUS_KEY, STANDARD_KEY, World, level, world

STANDARD = "/event/push/alert/standard"
ALERT = {"event_status": "Critical", "title_rule": "disk full", "alert_key": "db-1"}


@pytest.fixture
async def oncard(schema_url: str) -> AsyncIterator[World]:
    """Oncard on each database, with one level."""
    async with world(schema_url) as made:
        await made.configure(level("ana"))
        yield made


async def count(oncard: World, table: sa.Table) -> int:
    """Return how many rows a table has."""

    async def work(connection: Connection) -> int:
        found: int = (await connection.execute(sa.select(sa.func.count()).select_from(table))).scalar_one()
        return found

    return await oncard.service.database.read(work)


async def post(oncard: World, path: str = STANDARD, key: str = STANDARD_KEY, **more: object) -> httpx.Response:
    """Send a request, by default the alert of the standard source."""
    content = more.pop("content", None)
    body = {} if content is not None else {"json": more.pop("json", ALERT)}
    params = {"integration_key": key} if key else {}
    return await oncard.http.post(path, params=params, content=content, **body, **more)  # type: ignore[arg-type]


def fault(response: httpx.Response) -> tuple[int, str, str | None]:
    """Return status, code and field of an error; every error has this form."""
    body = response.json()
    assert set(body) == {"request_id", "error"}
    assert body["request_id"] == response.headers["X-Request-Id"]
    assert body["error"]["message"]
    return response.status_code, body["error"]["code"], body["error"].get("field")


async def test_the_answer_names_the_request_and_the_alert_key(oncard: World) -> None:
    response = await post(oncard)

    assert response.status_code == 200
    assert response.json() == {"request_id": response.headers["X-Request-Id"], "data": {"alert_key": "db-1"}}


async def test_an_alert_without_a_key_is_given_one(oncard: World) -> None:
    first, second = [await post(oncard, json={"event_status": "Info", "title_rule": "x"}) for _ in range(2)]

    assert first.json()["data"]["alert_key"] != second.json()["data"]["alert_key"]
    assert await count(oncard, tables.incidents) == 2


async def test_an_address_may_be_longer_than_most(oncard: World) -> None:
    query = {"integration_key": STANDARD_KEY, "from": "x" * 2_000}

    response = await oncard.http.post(STANDARD, params=query, json=ALERT)

    assert response.json()["data"] == {"alert_key": "db-1"}


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"key": ""}, (401, "Unauthorized", "integration_key")),
        ({"key": "nobody-has-this-key-at-all"}, (401, "Unauthorized", "integration_key")),
        ({"key": PROMETHEUS_KEY}, (403, "AccessDenied", "integration_key")),
        ({"path": "/event/push/alert/nonsense"}, (404, "RouteNotFound", None)),
        ({"path": "/nowhere"}, (404, "RouteNotFound", None)),
        ({"json": {**ALERT, "event_status": "Dreadful"}}, (400, "InvalidParameter", "event_status")),
        ({"json": {**ALERT, "labels": "none"}}, (400, "InvalidParameter", "labels")),
        ({"json": {"event_status": "Ok", "title_rule": "x"}}, (400, "InvalidParameter", "alert_key")),
        ({"content": b"{"}, (400, "InvalidParameter", "body")),
        ({"content": b"\xff\xfe"}, (400, "InvalidParameter", "body")),
        ({"content": b""}, (400, "InvalidParameter", "body")),
        ({"content": b"[" * 100_000}, (400, "InvalidParameter", "body")),
        ({"content": b'"' + b"x" * 1024 * 1024 + b'"'}, (413, "RequestTooLarge", None)),
    ],
)
async def test_what_is_refused_names_the_field_and_changes_nothing(
    oncard: World, sent: dict[str, object], expected: tuple[int, str, str | None]
) -> None:
    response = await post(oncard, **sent)  # type: ignore[arg-type]

    assert fault(response) == expected
    assert await count(oncard, tables.events) == 0
    assert STANDARD_KEY not in response.text


async def test_other_methods_are_refused_in_the_same_form(oncard: World) -> None:
    assert fault(await oncard.http.get(STANDARD)) == (405, "MethodNotAllowed", None)


@pytest.mark.parametrize(
    "authorization",
    [
        f"Bearer {PROMETHEUS_KEY}",
        "Basic " + base64.b64encode(f"anybody:{PROMETHEUS_KEY}".encode()).decode(),
    ],
)
async def test_prometheus_may_give_its_key_as_a_password(oncard: World, authorization: str) -> None:
    alert = {"labels": {"alertname": "DiskFull"}, "endsAt": "2099-01-01T00:00:00Z"}

    response = await post(oncard, "/api/v2/alerts", key="", json=[alert], headers={"Authorization": authorization})

    assert response.status_code == 200
    assert await count(oncard, tables.incidents) == 1


async def test_a_faulty_alert_of_a_batch_is_named_and_costs_its_neighbours_nothing(oncard: World) -> None:
    good = {"labels": {"alertname": "DiskFull"}, "endsAt": "2099-01-01T00:00:00Z"}

    response = await post(oncard, "/api/v2/alerts", key=PROMETHEUS_KEY, json=[{"labels": {}}, good])

    assert fault(response) == (400, "InvalidParameter", "[0].labels")
    assert await count(oncard, tables.incidents) == 1


async def test_a_repeated_report_changes_nothing(oncard: World) -> None:
    for _ in range(3):
        assert (await post(oncard)).status_code == 200

    assert await count(oncard, tables.events) == 1
    assert await count(oncard, tables.incidents) == 1
    assert (await oncard.incident()).version == 2


async def test_many_senders_at_once_are_each_taken_once(oncard: World) -> None:
    """Ten alerts, each reported by eight senders at the same moment, as a pair of Alertmanagers does."""
    alerts = [{**ALERT, "alert_key": f"db-{number % 10}"} for number in range(80)]

    answers = await asyncio.gather(*(post(oncard, json=alert) for alert in alerts))

    assert {answer.status_code for answer in answers} == {200}
    assert await count(oncard, tables.incidents) == 10
    assert await count(oncard, tables.events) == 10
    assert [await oncard.incident(number) for number in range(1, 11)]


async def test_several_reports_of_one_alert_in_one_request_are_taken_in_their_order(oncard: World) -> None:
    fields = {"title_rule": "{{title}}", "event_status": "{{status}}", "alert_key": "{{key}}"}
    await oncard.map_fields(fields)
    batch = [
        {"title": "disk full", "status": status, "key": "db-1"} for status in ("Warning", "Critical", "Ok", "Critical")
    ]

    response = await post(oncard, json=batch)

    assert response.status_code == 200, response.text
    assert [(await oncard.incident(number)).is_open for number in (1, 2)] == [False, True]
    assert await count(oncard, tables.events) == 4


async def test_labels_that_a_database_cannot_hold_do_no_harm(oncard: World) -> None:
    body = json.dumps({**ALERT, "labels": {"nul": "a\u0000b", "half": "\ud800", "right": "\u202eleft"}})

    response = await post(oncard, content=body.encode())

    assert response.status_code == 200
    assert set((await oncard.incident()).facts.labels) <= {"nul", "half", "right"}


async def test_numbers_are_short_and_follow_each_other(oncard: World) -> None:
    for number in range(1, 6):
        await post(oncard, json={**ALERT, "alert_key": f"db-{number}"})
        await post(oncard, json={**ALERT, "alert_key": f"db-{number}", "description": "still full"})

    assert [(await oncard.incident(number)).id for number in range(1, 6)] == [IncidentId(n) for n in range(1, 6)]


async def test_ready_means_that_an_alert_would_be_on_disk(oncard: World) -> None:
    ready = await oncard.http.get("/readyz")
    assert (ready.status_code, ready.json()["workspaces"]) == (200, {"acme": "connected"})

    async def work(connection: Connection) -> None:
        await connection.execute(sa.text("ALTER TABLE numbers RENAME TO gone"))

    await oncard.service.database.transact(work)

    unready = await oncard.http.get("/readyz")
    assert (unready.status_code, unready.json()["ready"]) == (503, False)
    assert (await oncard.http.get("/healthz")).status_code == 200


async def test_what_cannot_be_stored_is_not_answered_as_if_it_were(oncard: World) -> None:
    async def work(connection: Connection) -> None:
        await connection.execute(sa.text("ALTER TABLE timeline RENAME TO gone"))

    await oncard.service.database.transact(work)

    response = await post(oncard)

    assert fault(response) == (500, "InternalError", None)
    assert response.headers["Retry-After"]
    assert await count(oncard, tables.incidents) == 0


async def test_metrics_count_what_came_and_what_waits_and_hold_no_data(oncard: World) -> None:
    await oncard.slack.pull_plug()
    await post(oncard)
    await oncard.settle()

    text = (await oncard.http.get("/metrics")).text

    assert 'oncard_incidents{progress="Triggered"} 1.0' in text
    assert 'oncard_queue{kind="card",state="pending"} 1.0' in text
    assert "disk full" not in text
    assert STANDARD_KEY not in text
