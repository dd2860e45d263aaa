"""What `oncard doctor` finds out about a bot, without disturbing whoever polls."""

from collections.abc import Callable

import pytest
from aiohttp import web

from bot.adapter import DeliveryFailed, Finding
from bot.playground.telegram.server import TelegramServer
from tests.adapters.telegram.conftest import Make
from tests.adapters.telegram.desk import Desk, answering, listening

HOOK = {"webhook_secret": "s3cret", "webhook_url": "https://oncard.example.com/im/telegram/acme"}


async def faults(make: Make, chats: tuple[str, ...] = (), **changes: object) -> list[Finding]:
    return [found for found in await make(**changes).diagnose(chats) if found.mend]


async def test_where_all_is_well_it_says_what_it_saw(make: Make, telegram: TelegramServer, ops: str) -> None:
    found = await make().diagnose((ops,))
    assert [one.mend for one in found] == ["", "", "", ""]
    assert "@oncard_bot" in found[0].what
    assert ops in found[-1].what
    assert telegram.log.calls("getUpdates") == []


async def test_a_refused_token_ends_it(make: Make, telegram: TelegramServer) -> None:
    telegram.workspace.tokens.revoked = True
    with pytest.raises(DeliveryFailed, match="Unauthorized"):
        await make().diagnose(())


async def test_a_bot_that_hears_everything_is_said(make: Make, telegram: TelegramServer) -> None:
    telegram.workspace.privacy = False
    (found,) = await faults(make)
    assert "/setprivacy" in found.mend


async def test_a_bot_that_cannot_be_added_and_one_that_was_left_behind_are_said(make: Make) -> None:
    answers: dict[str, object] = {
        "getMe": {"id": 1, "username": "oncard_bot", "can_join_groups": False},
        "getWebhookInfo": {"url": ""},
        "getChat": {"id": -1},
        "getChatMember": {"status": "left"},
    }

    def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response({"ok": True, "result": answers[request.path.rpartition("/")[2]]})

    async with answering(answer) as base:
        found = await faults(make, ("-1",), api_base_url=base)
    assert ["/setjoingroups" in found[0].mend, "(left)" in found[1].what, len(found)] == [True, True, 2]


@pytest.mark.parametrize(
    ("befalls", "what"),
    [
        (lambda telegram: telegram.people.kick_bot("ops", by="ana"), "kicked"),
        (lambda telegram: telegram.people.place_bot("ops", by="ana", standing="left"), "not a member"),
        (lambda telegram: telegram.people.delete_group("ops"), "deleted"),
        (lambda telegram: telegram.people.place_bot("ops", by="ana", standing="restricted"), "may not write"),
    ],
)
async def test_a_chat_that_takes_nothing_is_said(
    make: Make, telegram: TelegramServer, ops: str, befalls: Callable[[TelegramServer], object], what: str
) -> None:
    befalls(telegram)
    (found,) = await faults(make, (ops,))
    assert what in found.what
    assert ops in found.what


async def test_a_chat_that_does_not_exist_is_said_and_the_others_are_looked_at(make: Make, ops: str) -> None:
    found = await make().diagnose(("-1", ops))
    assert "Chat not found" in found[-2].what
    assert "-100" in found[-2].mend
    assert found[-1].mend == ""


async def test_an_administrator_may_write(make: Make, telegram: TelegramServer, ops: str) -> None:
    telegram.people.place_bot("ops", by="ana", standing="administrator")
    assert await faults(make, (ops,)) == []


async def test_a_group_that_was_left_is_said(make: Make, telegram: TelegramServer) -> None:
    small = telegram.workspace.add_chat("small", kind="group")
    telegram.people.place_bot("small", by="ana", standing="left")
    (found,) = await faults(make, (small.id,))
    assert small.id in found.what


async def test_a_webhook_in_the_way_of_polling_is_said(make: Make, telegram: TelegramServer) -> None:
    telegram.webhook.set("http://127.0.0.1:1/x", "", 1, fresh=False)
    (found,) = await faults(make)
    assert "webhook" in found.what
    (found,) = await faults(make, (), **HOOK)
    assert "does not call" in found.what


async def test_updates_that_nobody_takes_are_said(make: Make, telegram: TelegramServer) -> None:
    for number in range(25):
        await telegram.type("ana", None, f"list {number}")
    (found,) = await faults(make)
    assert found.what == "25 updates wait: nobody takes them"


async def test_that_telegram_cannot_reach_us_is_said(make: Make, telegram: TelegramServer) -> None:
    adapter = make(webhook_secret="s3cret", webhook_url="http://127.0.0.1:1/im/telegram/acme")
    async with listening(adapter, Desk()):
        found = await adapter.diagnose(())
        assert [one.mend for one in found] == ["", "", ""]
        assert "calls this workspace" in found[-1].what
        await telegram.type("ana", None, "list")
        assert await telegram.wait_for_log(lambda: bool(telegram.log.calls("webhook")))
        (found_now,) = [one for one in await adapter.diagnose(()) if one.mend]
    assert "could not reach us: Connection refused" in found_now.what
