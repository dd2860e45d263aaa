"""Polling: the connection is kept, its loss is noticed and said, and nothing loops in silence."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from bot.adapter import DeliveryFailed, FailureKind
from bot.playground.telegram.server import TelegramServer
from bot.playground.wire import as_object
from tests.adapters.telegram.conftest import Logs, Make
from tests.adapters.telegram.desk import WITHIN, Desk, Proxy, Still, answering, listening


async def failed(run: asyncio.Task[None]) -> DeliveryFailed:
    async with asyncio.timeout(WITHIN):
        with pytest.raises(DeliveryFailed) as caught:
            await run
    return caught.value


async def is_heard(telegram: TelegramServer, desk: Desk) -> None:
    """Have somebody type something, and wait until it is heard."""
    before = len(desk.heard)
    await telegram.type("ana", None, "list")
    await desk.until(lambda: len(desk.heard) > before)


async def test_it_connects_and_says_so(make: Make, telegram: TelegramServer) -> None:
    desk = Desk()
    async with listening(make(), desk):
        await is_heard(telegram, desk)
    assert desk.downs == []
    asked = as_object(telegram.log.calls("getUpdates")[0].request)
    assert json.loads(str(asked["allowed_updates"])) == ["message", "callback_query", "my_chat_member"]


async def test_what_happened_while_nobody_listened_is_heard_once(make: Make, telegram: TelegramServer) -> None:
    await telegram.type("ana", None, "first")
    await telegram.type("ana", None, "second")
    desk = Desk()
    async with listening(make(), desk):
        await desk.until(lambda: len(desk.heard) == 2)
        await is_heard(telegram, desk)
    assert [one.text for one in desk.heard] == ["first", "second", "list"]
    again = Desk()
    async with listening(make(), again):
        await is_heard(telegram, again)
    assert [one.text for one in again.heard] == ["list"]


async def test_it_leaves_nothing_behind(make: Make, telegram: TelegramServer) -> None:
    before = asyncio.all_tasks()
    desk = Desk()
    async with listening(make(), desk):
        await is_heard(telegram, desk)
        await telegram.polling.wait_busy()
    async with asyncio.timeout(WITHIN):
        await telegram.polling.wait_idle()
    left = asyncio.all_tasks() - before
    _, pending = await asyncio.wait(left, timeout=WITHIN) if left else (left, left)
    assert pending == set()


async def test_a_poisoned_update_is_skipped_and_said_once(make: Make, telegram: TelegramServer, logs: Logs) -> None:
    telegram.people.poison()
    desk = Desk()
    async with listening(make(), desk):
        await is_heard(telegram, desk)
        await is_heard(telegram, desk)
    assert str(logs).count("update_unreadable") == 1
    assert len(telegram.log.calls("getUpdates")) < 6


@pytest.mark.parametrize(
    ("update", "heard"),
    [
        ({"update_id": 5}, 0),
        ({"update_id": 5, "message": None}, 0),
        ({"update_id": 5, "callback_query": {"id": 7}}, 0),
        ({"update_id": 5, "my_chat_member": {"chat": 1}}, 0),
        ({"update_id": 5, "poll_answer": {"new": True}}, 0),
        ({"message": {"text": "list"}}, 0),
        ("nonsense", 0),
    ],
)
async def test_whatever_is_told_what_comes_after_it_is_heard(make: Make, update: object, heard: int) -> None:
    person = {"id": 7, "is_bot": False, "first_name": "Ana"}
    message = {"message_id": 1, "chat": {"id": 7, "type": "private"}, "from": person, "text": "list"}
    batches = [[update, {"update_id": 6, "message": message}]]
    desk = Desk()

    def answer(request: web.Request) -> web.StreamResponse:
        method = request.path.rpartition("/")[2]
        if method == "getMe":
            return web.json_response({"ok": True, "result": {"id": 1, "username": "oncard_bot"}})
        if method == "getUpdates" and batches:
            return web.json_response({"ok": True, "result": batches.pop()})
        if method == "getUpdates":
            return web.json_response({"ok": False, "description": "Conflict: end"}, status=409)
        return web.json_response({"ok": True, "result": {}})

    async with answering(answer) as base:
        await failed(asyncio.create_task(make(api_base_url=base).run(desk)))
        await desk.until(lambda: len(desk.heard) > heard)
    assert [one.text for one in desk.heard] == ["list"]


@pytest.mark.parametrize("result", [["nonsense"], [{"message": {}}], {}, True])
async def test_updates_without_a_number_do_not_loop(make: Make, result: object) -> None:
    def answer(request: web.Request) -> web.StreamResponse:
        me = {"id": 1, "username": "oncard_bot"}
        given = result if request.path.endswith("getUpdates") else me
        return web.json_response({"ok": True, "result": given})

    desk = Desk()
    async with answering(answer) as base:
        failure = await failed(asyncio.create_task(make(api_base_url=base).run(desk)))
    assert failure.kind is FailureKind.UNCERTAIN
    assert "can be read" in desk.downs[-1]


async def test_polls_that_end_at_once_do_not_loop(make: Make) -> None:
    polls = []

    def answer(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("getUpdates"):
            polls.append(request.path)
            return web.json_response({"ok": True, "result": []})
        return web.json_response({"ok": True, "result": {"id": 1, "username": "oncard_bot"}})

    desk = Desk()
    async with answering(answer) as base:
        failure = await failed(asyncio.create_task(make(api_base_url=base).run(desk)))
    assert failure.kind is FailureKind.UNREACHABLE
    assert "polls end at once" in desk.downs[-1]
    assert len(polls) == 6


async def test_a_second_program_that_polls_is_named(make: Make, telegram: TelegramServer) -> None:
    desk = Desk()
    async with listening(make(), desk) as run:
        telegram.faults.conflict()
        await telegram.type("ana", None, "list")
        failure = await failed(run)
    assert "another program polls" in failure.detail
    assert desk.downs == [failure.detail]
    assert len(telegram.log.calls("getUpdates")) <= 4


async def test_a_webhook_that_is_set_meanwhile_is_named_and_then_taken_away(
    make: Make, telegram: TelegramServer, logs: Logs
) -> None:
    desk = Desk()
    async with listening(make(), desk) as run:
        await telegram.polling.wait_busy()
        telegram.webhook.set("http://127.0.0.1:1/secret-path", "", 1, fresh=False)
        failure = await failed(run)
    assert "another program has set a webhook" in failure.detail
    again = Desk()
    async with listening(make(), again):
        await is_heard(telegram, again)
    assert telegram.webhook.url == ""
    said = str(logs)
    assert "webhook_taken_away" in said
    assert "secret-path" not in said


async def test_a_poll_while_a_webhook_is_set_is_named(make: Make, telegram: TelegramServer) -> None:
    words = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete it first"
    telegram.faults.refuse("getUpdates", 409, words)
    failure = await failed(asyncio.create_task(make().run(Desk())))
    assert "another program has set a webhook" in failure.detail


@pytest.mark.parametrize("method", ["getMe", "getUpdates"])
async def test_a_refused_token_ends_the_run_at_once(make: Make, telegram: TelegramServer, method: str) -> None:
    telegram.faults.refuse(method, 401, "Unauthorized")
    desk = Desk()
    assert (await failed(asyncio.create_task(make().run(desk)))).kind is FailureKind.UNAUTHORIZED
    assert "Unauthorized" in desk.downs[0]
    assert len(telegram.log.calls(method)) == 1


async def test_a_revoked_token_is_noticed_while_polling(make: Make, telegram: TelegramServer) -> None:
    desk = Desk()
    async with listening(make(), desk) as run:
        await telegram.polling.wait_busy()
        telegram.workspace.tokens.revoked = True
        telegram.updates.arrived.set()
        failure = await failed(run)
    assert failure.kind is FailureKind.UNAUTHORIZED


async def test_nobody_sleeps_because_telegram_wants_patience(make: Make, telegram: TelegramServer) -> None:
    telegram.faults.rate_limit("getUpdates", 600)
    failure = await failed(asyncio.create_task(make().run(Desk())))
    assert (failure.kind, failure.retry_after) == (FailureKind.RATE_LIMITED, 600)


@pytest.mark.parametrize("status", [500, 502, 504])
async def test_a_gateway_that_fails_ends_the_run(make: Make, telegram: TelegramServer, status: int) -> None:
    desk = Desk()
    async with listening(make(), desk) as run:
        telegram.faults.status("getUpdates", status, times=9)
        await telegram.type("ana", None, "list")
        await failed(run)
    assert len(desk.downs) == 1
    assert len(telegram.log.calls("getUpdates")) <= 4


async def test_an_outage_ends_the_run_with_its_reason_and_the_next_run_connects(
    make: Make, telegram: TelegramServer
) -> None:
    adapter, desk = make(), Desk()
    async with listening(adapter, desk) as run:
        await telegram.pull_plug()
        assert (await failed(run)).kind in (FailureKind.UNCERTAIN, FailureKind.UNREACHABLE)
    assert "getUpdates" in desk.downs[-1]
    await telegram.put_back()
    again = Desk()
    async with listening(adapter, again):
        await is_heard(telegram, again)


async def test_a_poll_that_hangs_is_noticed_and_replaced(make: Make, telegram: TelegramServer) -> None:
    adapter, desk = make(silence=0.05), Desk()
    async with listening(adapter, desk) as run:
        telegram.faults.stall()
        await telegram.type("ana", None, "list")
        failure = await failed(run)
    assert failure.kind is FailureKind.UNREACHABLE
    assert "no answer within 0.1 s" in desk.downs[-1]
    telegram.faults.clear()
    again = Desk()
    async with listening(make(), again):
        await is_heard(telegram, again)


async def test_a_first_poll_that_hangs_ends_the_run(make: Make, telegram: TelegramServer) -> None:
    telegram.faults.stall()
    failure = await failed(asyncio.create_task(make(timeout=0.1).run(Desk())))
    assert "getUpdates: no answer in time" in failure.detail


async def test_a_connection_on_which_nothing_passes_any_more_is_noticed(make: Make, telegram: TelegramServer) -> None:
    async with Proxy() as proxy:
        adapter, desk = make(proxy=proxy.address, silence=0.1), Desk()
        async with listening(adapter, desk) as run:
            proxy.thawed.clear()
            await failed(run)
        assert "getUpdates" in desk.downs[-1]
        proxy.thawed.set()
        again = Desk()
        async with listening(make(), again):
            await is_heard(telegram, again)


async def test_every_answered_poll_is_a_sign_of_life(make: Make, telegram: TelegramServer) -> None:
    desk = Desk()
    async with listening(make(), desk):
        for count in range(3):
            ups = desk.ups
            await telegram.type("ana", None, f"list {count}")
            await desk.until(lambda ups=ups: desk.ups > ups)  # type: ignore[misc]  # mypy knows no lambda's default
    assert desk.downs == []


async def test_what_the_bot_is_and_is_no_longer_in_is_said(make: Make, telegram: TelegramServer, logs: Logs) -> None:
    desk = Desk()
    async with listening(make(), desk):
        telegram.people.kick_bot("ops", by="ana")
        telegram.people.block("ana")
        telegram.people.unblock("ana")
        small = telegram.workspace.add_chat("small", kind="group")
        telegram.people.migrate("small", "ana")
        await is_heard(telegram, desk)
    said = str(logs)
    for event in ("removed_from_chat", "person_blocked_us", "person_is_back", "chat_moved"):
        assert event in said
    assert small.id in said
    assert [one.text for one in desk.heard] == ["list"]


async def test_closing_waits_for_answers_but_not_for_ever(
    make: Make, telegram: TelegramServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.telegram.adapter.CLOSE_WITHIN", 0.05)
    adapter, desk = make(), Desk()
    desk.gate.clear()
    async with listening(adapter, desk):
        await is_heard(telegram, desk)
    async with asyncio.timeout(WITHIN):
        await adapter.close()
    assert desk.cancelled == 1


async def test_numbers_that_begin_anew_lower_are_followed(make: Make) -> None:
    # Telegram picks a random number after a week without updates, and tells from the first for a number to come.
    waiting = [_typed(900, "first"), _typed(5, "second"), _typed(6, "third")]
    polls: list[int] = []

    async def take(request: web.Request) -> web.StreamResponse:
        if not request.path.endswith("getUpdates"):
            return web.json_response({"ok": True, "result": {"id": 1, "username": "oncard_bot"}})
        polls.append(int(str((await request.post())["offset"])))
        if waiting and waiting[0]["update_id"] == polls[-1] - 1:
            del waiting[0]
        if not waiting or len(polls) > 9:
            return web.json_response({"ok": False, "description": "Conflict: end"}, status=409)
        return web.json_response({"ok": True, "result": waiting[:1]})

    desk = Desk()
    async with answering(take) as base:
        await failed(asyncio.create_task(make(api_base_url=base).run(desk)))
        await desk.until(lambda: len(desk.heard) == 3)
    assert polls == [0, 901, 6, 7]


def _typed(number: int, text: str) -> dict[str, object]:
    person = {"id": 7, "is_bot": False, "first_name": "Ana"}
    message = {"message_id": number, "chat": {"id": 7, "type": "private"}, "from": person, "text": text}
    return {"update_id": number, "message": message}


async def test_what_was_typed_long_ago_is_not_done_now(make: Make, telegram: TelegramServer) -> None:
    # A bare `ack` would take an incident that its writer has never seen.
    await telegram.type("ana", None, "ack")
    desk = Desk()
    async with listening(make(clock=Still(datetime.now(UTC) + timedelta(minutes=11))), desk):
        await telegram.expect_dm("ana", "nothing changed. Try again")
    assert desk.heard == []
