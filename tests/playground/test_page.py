"""The page's routes: its own files only, nothing from elsewhere, and no way in for other sites."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Self

import httpx
import pytest
from starlette.applications import Starlette

from bot.clock import Clock, DemoClock
from bot.playground.listener import Listener
from bot.playground.page import SAMPLES, routes, sample
from bot.playground.slack import SlackPane, SlackServer
from tests.playground.manual_clock import ManualClock
from tests.playground.oncall import OnCall


class Site:
    """The page on a port."""

    def __init__(self, slack: SlackServer, clock: Clock) -> None:
        self.slack = slack
        self.oncall = OnCall(slack)
        self._listener = Listener(Starlette(routes=routes([SlackPane(slack)], clock, self.oncall)))

    async def __aenter__(self) -> Self:
        await self._listener.start()
        await self.oncall.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.oncall.stop()
        await self._listener.close()

    async def vanish(self) -> None:
        """Drop every connection and refuse new ones."""
        await self._listener.pull()

    async def come_back(self) -> None:
        await self._listener.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.port}"


@pytest.fixture
async def http(slack: SlackServer, clock: ManualClock) -> AsyncIterator[httpx.AsyncClient]:
    async with Site(slack, clock) as site, httpx.AsyncClient(base_url=site.url) as client:
        yield client


async def test_the_page_and_its_files_are_its_own(http: httpx.AsyncClient) -> None:
    page = await http.get("/playground")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert "unsafe-inline" not in page.headers["content-security-policy"]
    assert "https://" not in page.text
    for path, kind in [
        ("playground.css", "text/css"),
        ("playground.js", "text/javascript"),
        ("panes/slack.js", "text/javascript"),
        ("oncard.svg", "image/svg+xml"),
    ]:
        answer = await http.get(f"/playground/static/{path}")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(kind)
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["none.js", "../routes.py", "%2e%2e/routes.py", "..%2f..%2froutes.py", "panes", ""])
async def test_no_other_file_is_given_away(http: httpx.AsyncClient, path: str) -> None:
    assert (await http.get(f"/playground/static/{path}")).status_code in (307, 404)


async def test_a_form_of_another_site_changes_nothing(http: httpx.AsyncClient, slack: SlackServer) -> None:
    body = json.dumps({"do": "fire", "sample": "disk"})
    for path in ("control", "act"):
        answer = await http.post(f"/playground/{path}", content=body, headers={"Content-Type": "text/plain"})
        assert answer.status_code == 415
    assert slack.workspace.messages(slack.workspace.channel("ops-alerts").id) == []


async def test_the_state_is_what_one_person_sees(http: httpx.AsyncClient, slack: SlackServer) -> None:
    bo = slack.workspace.user("bo").id
    await http.post("/playground/control", json={"do": "fire", "sample": "disk"})
    state = (await http.get("/playground/state", params={"as": bo})).json()
    assert (await http.get("/playground/state", params={"as": "bo"})).json() == state, "a handle is as good as an id"
    [pane] = state["panes"]
    assert (pane["platform"], pane["plugged"], pane["person"]) == ("slack", True, bo)
    assert [chat["name"] for chat in pane["chats"]] == ["ops-alerts", "elsewhere", "hidden"]
    assert {person["handle"]: person["direct"] for person in pane["people"]} == {"ana": 1, "bo": 0, "chen": 0, "dee": 0}
    assert [item["name"] for item in state["samples"]] == [item.name for item in SAMPLES]
    assert state["curl"].startswith("curl http://127.0.0.1:")
    assert state["clock"] == {"now": "2026-03-01T12:00:00+00:00", "runnable": False, "fast": False}


async def test_a_chat_holds_the_wire_payload(http: httpx.AsyncClient, slack: SlackServer) -> None:
    workspace = slack.workspace
    await http.post("/playground/control", json={"do": "fire", "sample": "disk"})
    asked = {"pane": "slack", "chat": workspace.channel("ops-alerts").id, "as": workspace.user("bo").id}
    chat = (await http.get("/playground/chat", params=asked)).json()
    [message] = chat["messages"]
    assert message["blocks"][0]["text"]["text"] == sample("disk").title
    assert message["attachments"][0]["color"] == "#d92d20"
    hidden = {**asked, "chat": workspace.channel("secops").id}
    assert (await http.get("/playground/chat", params=hidden)).status_code == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("control", {"do": "explode"}),
        ("control", {"do": "fire", "sample": "none"}),
        ("control", {"do": "pull", "pane": "none"}),
        ("control", {"do": "run", "seconds": 60}),
        ("act", {"pane": "slack", "as": "U0", "do": "write", "text": "t"}),
        ("act", {"pane": "none"}),
    ],
)
async def test_what_is_not_there_is_said(http: httpx.AsyncClient, path: str, body: dict[str, object]) -> None:
    answer = await http.post(f"/playground/{path}", json=body)
    assert answer.status_code == 404
    assert answer.json()["error"]


async def test_the_stream_says_when_to_look_again(http: httpx.AsyncClient, slack: SlackServer) -> None:
    async with http.stream("GET", "/playground/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.aiter_lines()
        events = (line async for line in lines if line.startswith("event:"))
        assert await anext(events) == "event: changed"
        slack.workspace.say("ana", "ops-alerts", "hello")
        assert await anext(events) == "event: changed"
        assert await anext(events) == "event: clock"


async def test_the_plug_is_pulled_and_put_back(http: httpx.AsyncClient, slack: SlackServer) -> None:
    await http.post("/playground/control", json={"do": "pull", "pane": "slack"})
    assert not slack.plugged
    await http.post("/playground/control", json={"do": "put back", "pane": "slack"})
    assert slack.plugged


async def test_trouble_is_switched_on_and_off(http: httpx.AsyncClient, slack: SlackServer) -> None:
    async def switch(name: str) -> dict[str, bool]:
        await http.post("/playground/control", json={"do": "switch", "pane": "slack", "name": name})
        state = (await http.get("/playground/state")).json()
        return dict(state["panes"][0]["switches"])

    async def posting() -> tuple[int, str]:
        message = {"channel": slack.workspace.channel("ops-alerts").id, "text": "hello"}
        headers = {"Authorization": f"Bearer {slack.bot_token}"}
        answer = await http.post(f"{slack.api_base_url}chat.postMessage", json=message, headers=headers)
        return answer.status_code, answer.json().get("error", "")

    assert await switch("rate limit") == {"rate limit": True, "kick the bot": False}
    assert [await posting() for _ in range(3)] == [(429, "ratelimited")] * 3
    assert await switch("rate limit") == {"rate limit": False, "kick the bot": False}
    assert await switch("kick the bot") == {"rate limit": False, "kick the bot": True}
    assert await posting() == (200, "not_in_channel")
    await switch("kick the bot")
    assert await posting() == (200, "")
    assert not slack.workspace.channel("elsewhere").bot_member
    unknown = {"do": "switch", "pane": "slack", "name": "none"}
    assert (await http.post("/playground/control", json=unknown)).status_code == 404


async def test_time_runs_on_a_demo_clock(slack: SlackServer) -> None:
    clock = DemoClock(datetime(2026, 3, 1, tzinfo=UTC))
    async with Site(slack, clock) as site, httpx.AsyncClient(base_url=site.url) as http:
        answer = await http.post("/playground/control", json={"do": "run", "seconds": 1800})
        assert answer.json()["said"] == "30 minutes pass"
        assert answer.json()["clock"]["fast"] is True
        assert clock.fast
        assert (await http.post("/playground/control", json={"do": "run", "seconds": 7})).status_code == 404
        assert clock.now() - datetime(2026, 3, 1, tzinfo=UTC) < timedelta(minutes=31)


def test_samples_are_what_the_standard_source_takes() -> None:
    for item in SAMPLES:
        event = item.event()
        assert len(item.title) <= 512
        assert len(item.description) <= 2048
        assert event["event_status"] == item.severity
        assert item.event(recovered=True)["event_status"] == "Ok"
        assert item.event(recovered=True)["alert_key"] == event["alert_key"]
