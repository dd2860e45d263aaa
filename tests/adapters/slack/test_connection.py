"""Socket Mode: the connection is kept, its loss is noticed and said, and nothing loops in silence."""

import asyncio

import pytest
from aiohttp import web

from bot.adapter import DeliveryFailed, FailureKind, To
from bot.playground.slack import SlackServer
from bot.playground.slack.socket_mode import Reason
from tests.adapters.slack.conftest import Make
from tests.adapters.slack.desk import WITHIN, Desk, Proxy, a_card, answering, listening


async def failed(run: asyncio.Task[None]) -> DeliveryFailed:
    async with asyncio.timeout(WITHIN):
        with pytest.raises(DeliveryFailed) as caught:
            await run
    return caught.value


async def is_heard(slack: SlackServer, desk: Desk) -> bool:
    """Whether somebody who types a command is answered and heard."""
    before = len(desk.heard)
    answer = await slack.command(slack.workspace.user("ana").id, "ops", "/oncard list")
    await desk.until(lambda: len(desk.heard) > before)
    return answer.acked


async def test_it_connects_and_says_so(make: Make, slack: SlackServer) -> None:
    desk = Desk()
    async with listening(make(), desk):
        assert slack.sockets.connected == 1
        assert await is_heard(slack, desk)
    assert desk.downs == []


async def test_it_leaves_nothing_behind(make: Make, slack: SlackServer) -> None:
    before = asyncio.all_tasks()
    desk = Desk()
    async with listening(make(), desk):
        ups = desk.ups
        await slack.disconnect_sockets("refresh_requested")
        await desk.until(lambda: desk.ups > ups)
        assert await is_heard(slack, desk)
    left = asyncio.all_tasks() - before
    _, pending = await asyncio.wait(left, timeout=WITHIN) if left else (left, left)
    assert pending == set()
    assert slack.sockets.connected == 0


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
async def test_a_replacement_that_slack_asks_for_goes_unnoticed(make: Make, slack: SlackServer, reason: Reason) -> None:
    desk = Desk()
    async with listening(make(), desk) as run:
        ups = desk.ups
        await slack.disconnect_sockets(reason)
        await desk.until(lambda: desk.ups > ups)
        assert await is_heard(slack, desk)
        assert not run.done()
    assert desk.downs == []
    assert len(slack.log.calls("apps.connections.open")) == 2


async def test_the_old_connection_listens_until_its_successor_stands(make: Make, slack: SlackServer) -> None:
    desk = Desk()
    async with listening(make(), desk):
        ups = desk.ups
        opening = slack.faults.hang("apps.connections.open")
        await slack.disconnect_sockets("warning")
        await opening.reached.wait()
        assert await is_heard(slack, desk)
        opening.release()
        await desk.until(lambda: desk.ups > ups)
        assert await is_heard(slack, desk)


async def test_a_lost_connection_is_said_and_replaced(make: Make, slack: SlackServer) -> None:
    desk = Desk()
    async with listening(make(), desk) as run:
        ups = desk.ups
        await slack.pull_plug()
        await slack.put_back()
        await desk.until(lambda: desk.ups > ups)
        assert len(desk.downs) == 1
        assert await is_heard(slack, desk)
        assert not run.done()


async def test_an_outage_ends_the_run_with_its_reason_and_the_next_run_connects(make: Make, slack: SlackServer) -> None:
    adapter, desk = make(), Desk()
    async with listening(adapter, desk) as run:
        await slack.pull_plug()
        assert (await failed(run)).kind is FailureKind.UNREACHABLE
    assert "apps.connections.open" in desk.downs[-1]
    await slack.put_back()
    again = Desk()
    async with listening(adapter, again):
        assert await is_heard(slack, again)


async def test_a_connection_that_never_lasts_is_left_to_the_core(make: Make, slack: SlackServer) -> None:
    desk = Desk()
    async with listening(make(), desk) as run:
        for _ in range(2):
            ups = desk.ups
            await slack.disconnect_sockets("refresh_requested")
            await desk.until(lambda ups=ups: desk.ups > ups)  # type: ignore[misc]  # mypy knows no lambda's default
            assert await is_heard(slack, desk)
        await slack.disconnect_sockets("refresh_requested")
        assert "no connection lasts" in (await failed(run)).detail


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("invalid_auth", FailureKind.UNAUTHORIZED),
        ("link_disabled", FailureKind.UNAUTHORIZED),
        ("internal_error", FailureKind.UNCERTAIN),
    ],
)
async def test_a_refused_token_ends_the_run_at_once(
    make: Make, slack: SlackServer, code: str, kind: FailureKind
) -> None:
    slack.faults.refuse("apps.connections.open", code)
    desk = Desk()
    assert (await failed(asyncio.create_task(make().run(desk)))).kind is kind
    assert code in desk.downs[0]
    assert desk.ups == 0
    assert len(slack.log.calls("apps.connections.open")) == 1


async def test_nobody_sleeps_because_slack_wants_patience(make: Make, slack: SlackServer) -> None:
    slack.faults.rate_limit("apps.connections.open", 600)
    failure = await failed(asyncio.create_task(make().run(Desk())))
    assert (failure.kind, failure.retry_after) == (FailureKind.RATE_LIMITED, 600)


async def test_an_address_that_is_spent_is_not_tried_for_ever(make: Make, slack: SlackServer) -> None:
    spent = f"ws://127.0.0.1:{slack.port}/link/?ticket=spent"
    desk = Desk()
    async with answering(lambda _: web.json_response({"ok": True, "url": spent})) as base:
        adapter = make(api_base_url=base, timeout=1.5)
        failure = await failed(asyncio.create_task(adapter.run(desk)))
    assert failure.kind is FailureKind.UNREACHABLE
    assert "no hello" in desk.downs[0]


async def test_too_many_connections_are_said(make: Make, slack: SlackServer) -> None:
    desks = [Desk() for _ in range(10)]
    slack.pace.enabled = False
    async with asyncio.timeout(WITHIN):
        runs = [asyncio.create_task(make().run(desk)) for desk in desks]
        await slack.sockets.wait_connected(10)
    eleventh = Desk()
    assert "too_many_websockets" in (await failed(asyncio.create_task(make().run(eleventh)))).detail
    for run in runs:
        run.cancel()
    await asyncio.gather(*runs, return_exceptions=True)


async def test_a_silent_connection_is_noticed(make: Make, slack: SlackServer) -> None:
    async with Proxy() as proxy:
        desk = Desk()
        adapter = make(proxy=proxy.address, silence=0.4, timeout=1.5)
        async with listening(adapter, desk) as run:
            assert await is_heard(slack, desk)
            proxy.thawed.clear()
            await failed(run)
        assert desk.downs
        proxy.thawed.set()
        again = Desk()
        async with listening(adapter, again):
            assert await is_heard(slack, again)


async def test_signs_of_life_are_passed_on(make: Make, slack: SlackServer) -> None:
    desk = Desk()
    # The SDK gives up after four times that.
    async with listening(make(silence=1), desk):
        await desk.until(lambda: desk.ups >= 3)
    assert desk.downs == []


async def test_everything_goes_through_the_proxy(make: Make, slack: SlackServer, ops: str) -> None:
    async with Proxy() as proxy:
        adapter, desk = make(proxy=proxy.address), Desk()
        async with listening(adapter, desk):
            await adapter.send(To(ops), a_card())
            assert await is_heard(slack, desk)
    assert any(line.startswith(f"POST {slack.api_base_url}") for line in proxy.asked)
    assert any("/link/" in line for line in proxy.asked)


async def test_a_proxy_that_is_away_makes_slack_unreachable(make: Make, slack: SlackServer, ops: str) -> None:
    async with Proxy() as proxy:
        gone = proxy.address
    with pytest.raises(DeliveryFailed) as caught:
        await make(proxy=gone.replace("//", "//user:password@")).send(To(ops), a_card())
    assert caught.value.kind is FailureKind.UNREACHABLE
    assert "password" not in caught.value.detail


async def test_the_environments_proxy_is_not_for_this_machine(
    make: Make, slack: SlackServer, ops: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    adapter, desk = make(), Desk()
    async with listening(adapter, desk):
        await adapter.send(To(ops), a_card())
        assert await is_heard(slack, desk)
