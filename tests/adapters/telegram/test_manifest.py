"""What the checklist says is what the adapter does: its commands, its updates, its address."""

import json
import re

import pytest

from adapters.telegram.commands import LANGUAGES
from bot.commands import VERBS
from bot.playground.telegram.commands import Scope
from bot.playground.telegram.server import TelegramServer
from bot.playground.wire import as_object, as_text
from manifest.telegram import COMMANDS, UPDATES, manifest
from tests.adapters.telegram.conftest import Logs, Make
from tests.adapters.telegram.desk import Desk, listening


async def test_its_commands_are_those_that_are_published(make: Make, telegram: TelegramServer) -> None:
    async with listening(make(), Desk()):
        pass
    for scope, wanted in COMMANDS.items():
        listed = telegram.commands.published(Scope(scope))
        assert {as_text(one["command"]): as_text(one["description"]) for one in listed} == wanted
        in_chinese = telegram.commands.published(Scope(scope, language="zh"))
        assert [one["command"] for one in in_chinese] == list(wanted)
    assert len(telegram.log.calls("setMyCommands")) == len(COMMANDS) * len(LANGUAGES)


async def test_commands_that_telegram_has_are_not_published_again(make: Make, telegram: TelegramServer) -> None:
    for _ in range(2):
        async with listening(make(ephemeral=True), Desk()):
            pass
    assert len(telegram.log.calls("setMyCommands")) == 4
    assert telegram.commands.is_ephemeral(telegram.workspace.chat("ops"), "oncard")
    async with listening(make(ephemeral=False), Desk()):
        pass
    assert not telegram.commands.is_ephemeral(telegram.workspace.chat("ops"), "oncard")


async def test_commands_that_cannot_be_published_cost_only_themselves(
    make: Make, telegram: TelegramServer, logs: Logs
) -> None:
    telegram.faults.rate_limit("setMyCommands", 60)
    desk = Desk()
    async with listening(make(), desk):
        assert desk.downs == []
    assert "commands_not_published" in str(logs)


def test_each_command_is_one_of_the_grammars() -> None:
    assert set(COMMANDS["all_private_chats"]) - {"oncard"} <= VERBS.keys()
    for listed in COMMANDS.values():
        assert all(re.fullmatch(r"[a-z0-9_]{1,32}", name) and 1 <= len(does) <= 256 for name, does in listed.items())


async def test_its_updates_are_those_that_are_asked_for(make: Make, telegram: TelegramServer) -> None:
    async with listening(make(), Desk()):
        pass
    hook = {"webhook_secret": "s3cret", "webhook_url": "https://oncard.example.com/im/telegram/acme"}
    async with listening(make(**hook), Desk()):
        pass
    for method in ("getUpdates", "setWebhook"):
        asked = as_object(telegram.log.calls(method)[0].request)
        assert json.loads(as_text(asked["allowed_updates"])) == list(UPDATES)


@pytest.mark.parametrize("url", ["https://oncard.example.com", "https://oncard.example.com/"])
async def test_its_address_is_the_one_to_configure(make: Make, telegram: TelegramServer, url: str) -> None:
    text = manifest(url, "acme prod")
    found = re.search(r"webhook_url: (\S+)", text)
    assert found
    assert found[1] == "https://oncard.example.com/im/telegram/acme%20prod"
    async with listening(make(webhook_secret="s3cret", webhook_url=found[1]), Desk()):
        assert telegram.webhook.url.startswith(f"{found[1]}/")


def test_without_an_address_nothing_has_to_be_called() -> None:
    text = manifest()
    assert "webhook" not in text
    for name in ("/oncard", "/newbot", "/setprivacy", "/setjoingroups", "bot_token", "oncard doctor", "Start"):
        assert name in text
    assert "{" not in text
    assert "{" not in manifest("https://oncard.example.com")


@pytest.mark.parametrize(
    "url", ["http://a.example.com", "a.example.com", "", "https://", "https://a/?b=c", "https://a:8000", "https://a:x"]
)
def test_an_address_that_telegram_cannot_call_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"https://oncard\.example\.com"):
        manifest(url)
