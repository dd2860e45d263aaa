"""Several processes on one PostgreSQL: each does its part, and together they are one Oncard."""

import signal
from pathlib import Path

import httpx
import pytest

from bot.playground.slack.server import SlackServer
from tests.support.serving import CHAT, Site, configuration

# Several programs start, one after the other, on a machine that may be busy.
pytestmark = pytest.mark.timeout(150)


@pytest.fixture
def site(postgresql_url: str, tmp_path: Path, slack: SlackServer) -> Site:
    return Site(postgresql_url, tmp_path, configuration(slack))


async def test_the_web_takes_alerts_without_a_worker_and_a_worker_sends_them(site: Site, slack: SlackServer) -> None:
    async with site.serving("--role", "web") as web:
        assert (await web.fire("disk full")).status_code == 200
        assert not slack.log.calls("apps.connections.open"), "it listens to nobody"
        async with site.serving("--role", "worker") as worker:
            await slack.expect_card("disk full", chat=CHAT)
            assert (await web.fire("cpu hot")).status_code == 200
            await slack.expect_card("cpu hot", chat=CHAT)

            refused = await worker.fire()
            assert (refused.status_code, refused.json()["error"]["code"]) == (404, "RouteNotFound")
            assert "--role web" in refused.json()["error"]["message"]
            assert (await worker.http.get("/readyz")).json()["workspaces"] == {"acme": "connected"}
            assert "oncard_workspace_connected" in (await worker.http.get("/metrics")).text
        ready = (await web.http.get("/readyz")).json()
        assert (ready["ready"], ready["workspaces"]) == (True, {})


async def test_a_click_comes_to_the_web_and_the_worker_shows_it(
    postgresql_url: str, tmp_path: Path, slack: SlackServer
) -> None:
    site = Site(postgresql_url, tmp_path, configuration(slack, by_callbacks=True))
    async with site.serving("--role", "web") as web, site.serving("--role", "worker") as worker:
        path = f"{web.url}/im/slack/acme"
        slack.deliver_by_http(f"{path}/interactive", commands_url=f"{path}/commands")
        await web.fire()
        card = await slack.expect_card("disk full", chat=CHAT)
        await card.click("Acknowledge", by="ana")
        await card.shows("Acknowledged by Ana")
        async with httpx.AsyncClient() as http:
            assert (await http.post(f"{worker.url}/im/slack/acme/interactive")).status_code == 404


async def test_what_a_process_was_killed_with_another_sends(site: Site, slack: SlackServer) -> None:
    """The one that is frozen in the middle of its work is no hindrance, and sends nothing twice when it wakes."""
    async with site.serving() as first:
        await slack.wait_for(lambda: bool(slack.sockets.connected))
        async with site.serving() as second:
            first.signal(signal.SIGSTOP)
            assert (await second.fire("disk full")).status_code == 200
            await slack.expect_card("disk full", chat=CHAT)
            first.signal(signal.SIGCONT)
            assert (await first.fire("cpu hot")).status_code == 200
            await slack.expect_card("cpu hot", chat=CHAT)
            first.signal(signal.SIGKILL)
            await first.ended()
            assert (await second.fire("memory low")).status_code == 200
            await slack.expect_card("memory low", chat=CHAT)
    sent = [str(call.request) for call in slack.log.calls("chat.postMessage")]
    assert [sum(title in one for one in sent) for title in ("disk full", "cpu hot", "memory low")] == [1, 1, 1]


async def test_a_command_of_the_shell_is_seen_at_once(site: Site, slack: SlackServer) -> None:
    async with site.serving():
        ran = await site.run("alert", "send", "--channel", "payments", "--severity", "Critical", "--title", "disk full")
        assert ran.returncode == 0, ran.stderr
        card = await slack.expect_card("disk full", chat=CHAT)
        await site.run("incident", "ack", "1")
        await card.shows("Acknowledged by Ana")
