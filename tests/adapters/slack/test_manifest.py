"""The manifest asks for what the adapter calls, and for nothing else."""

from io import StringIO
from typing import Any

import pytest
from ruamel.yaml import YAML

from bot.adapter import To
from bot.playground.slack import SlackServer
from cards.card import Button, Note, Picture
from manifest.slack import manifest
from tests.adapters.slack.conftest import Make
from tests.adapters.slack.desk import Desk, a_card, listening

# What each method needs, from its own page below https://docs.slack.dev/reference/methods.
NEEDS = {
    "auth.test": set[str](),
    "apps.connections.open": set[str](),  # connections:write of the app-level token
    "chat.postMessage": {"chat:write", "chat:write.public"},
    "chat.update": {"chat:write"},
    "chat.postEphemeral": {"chat:write"},
    "conversations.open": {"im:write"},
    "users.lookupByEmail": {"users:read", "users:read.email"},
    "views.open": set[str](),
    "views.update": set[str](),
    "response_url": set[str](),
    "files.getUploadURLExternal": {"files:write"},
    "upload": set[str](),
    "files.completeUploadExternal": {"files:write"},
}


def read(text: str) -> Any:
    return YAML(typ="safe").load(StringIO(text))


async def test_its_scopes_are_those_of_the_calls_that_are_made(
    make: Make, slack: SlackServer, ops: str, ana: str
) -> None:
    scopes = read(manifest())["oauth_config"]["scopes"]["bot"]
    slack.workspace.scopes = frozenset(scopes)
    slack.workspace.set_bot_member("ops", member=False)
    slack.faults.status("response_url", 500)
    adapter, desk = make(), Desk(Note(("You are not linked",)))
    async with listening(adapter, desk):
        await adapter.check()
        sent = await adapter.send(To(ops), a_card())
        await adapter.send(To(ana, direct=True), a_card())
        await adapter.edit(sent.message, a_card())
        assert await adapter.find_by_email("ana@example.com") == ana
        slack.workspace.set_bot_member("ops", member=True)
        assert (await slack.command(ana, "ops", "/oncard help")).acked
        await slack.expect_ephemeral("ana", "not linked")
        await adapter.show(To(ops), Picture("payments.png", "payments", b"png"))
        await adapter.send(To(ops), a_card((Button("Close…", "close? 42 3"),)))
        asking = await slack.expect_card("disk full", chat="ops")
        await asking.click("Close…", by="ana")
        assert await slack.wait_for_log(lambda: bool(slack.log.calls("views.update")))
    called = {entry.method for entry in slack.log if entry.direction == "in" and " " not in entry.method}
    assert called == NEEDS.keys()
    assert set(scopes) == {"commands"}.union(*NEEDS.values())


def test_mentions_in_commands_come_with_their_ids() -> None:
    assert read(manifest())["features"]["slash_commands"][0]["should_escape"] is True


def test_with_socket_mode_slack_needs_no_address() -> None:
    text = manifest()
    app = read(text)
    assert app["settings"]["socket_mode_enabled"] is True
    assert app["settings"]["interactivity"] == {"is_enabled": True}
    assert app["features"]["slash_commands"][0]["command"] == "/oncard"
    assert "url" not in app["features"]["slash_commands"][0]
    assert app["features"]["app_home"]["messages_tab_enabled"] is True


@pytest.mark.parametrize("url", ["https://oncard.example.com", "https://oncard.example.com/"])
def test_with_an_address_slack_calls_the_workspaces_path(url: str) -> None:
    app = read(manifest(url, "main"))
    root = "https://oncard.example.com/im/slack/main"
    assert app["settings"]["socket_mode_enabled"] is False
    assert app["settings"]["interactivity"]["request_url"] == f"{root}/interactive"
    assert app["features"]["slash_commands"][0]["url"] == f"{root}/commands"


def test_any_name_fits_into_the_address() -> None:
    app = read(manifest("https://example.com:8443/on call", 'a "b"/c: {d}'))
    assert app["features"]["slash_commands"][0]["url"].endswith("/im/slack/a%20%22b%22%2Fc%3A%20%7Bd%7D/commands")


@pytest.mark.parametrize("url", ["http://oncard.example.com", "oncard.example.com", "", "https://", "https://a/?b=c"])
def test_an_address_that_slack_cannot_call_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"https://oncard\.example\.com"):
        manifest(url)


def test_it_keeps_slacks_limits() -> None:
    app = read(manifest())
    assert len(app["display_information"]["name"]) <= 35
    assert len(app["display_information"]["description"]) <= 140
    [command] = app["features"]["slash_commands"]
    assert len(command["command"]) <= 32
