"""Trouble on demand."""

import asyncio

import httpx
import pytest

from bot.playground.feishu import FeishuServer
from tests.playground.feishu_app import FeishuApp, button, card

CREATE = "im.v1.message.create"
CARD = card(button("Acknowledge"))


async def test_the_next_calls_are_refused(feishu: FeishuServer, feishu_app: FeishuApp) -> None:
    feishu.faults.refuse(CREATE, 230053, times=2, chat="ana")
    await feishu_app.sent(CARD)
    assert (await feishu_app.refused(CARD, to=feishu.user("ana").id))[0] == 230053
    assert (await feishu_app.refused(CARD, to=feishu.user("ana").email))[0] == 230053
    await feishu_app.sent(CARD, to=feishu.user("ana").id)
    feishu.faults.refuse("*", 1, msg="whatever")
    assert await feishu_app.refused(CARD) == (1, "whatever")


async def test_a_fault_for_a_chat_befalls_updates_of_its_messages(feishu: FeishuServer, feishu_app: FeishuApp) -> None:
    here, there = await feishu_app.sent(CARD), await feishu_app.sent(CARD, to=feishu.chat("secops").id)
    feishu.faults.refuse("im.v1.message.patch", 230020, chat="secops")
    assert [await feishu_app.patch(here, CARD), await feishu_app.patch(there, CARD)] == [0, 230020]


async def test_a_gateway_answers_instead(feishu: FeishuServer, feishu_app: FeishuApp) -> None:
    feishu.faults.status(CREATE, 502)
    answer = await feishu_app.send(CARD)
    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html; charset=utf-8")
    feishu.faults.garble(CREATE)
    answer = await feishu_app.send(CARD)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    with pytest.raises(ValueError, match="Expecting value"):
        answer.json()
    feishu.faults.rate_limit(CREATE, 7)
    answer = await feishu_app.send(CARD)
    assert (answer.status_code, answer.headers["x-ogw-ratelimit-reset"]) == (429, "7")
    assert answer.json()["code"] == 99991400


@pytest.mark.parametrize("applied", [True, False])
async def test_a_call_hangs_before_or_after_its_effect(
    feishu: FeishuServer, feishu_app: FeishuApp, applied: bool
) -> None:
    hold = feishu.faults.hang(CREATE, applied=applied)
    sending = asyncio.create_task(feishu_app.send(CARD))
    await hold.reached.wait()
    assert len(feishu.workspace.messages(feishu.chat("ops-alerts").id)) == applied
    hold.release()
    assert (await sending).json()["code"] == 0
    hold = feishu.faults.hang(CREATE)
    sending = asyncio.create_task(feishu_app.send(CARD))
    await hold.reached.wait()
    sending.cancel()
    assert await feishu.wait_for_log(lambda: feishu.log.calls(CREATE)[-1].response == "connection cut")
    assert len(feishu.workspace.messages(feishu.chat("ops-alerts").id)) == 1


@pytest.mark.parametrize("applied", [True, False])
async def test_a_connection_is_cut(feishu: FeishuServer, feishu_app: FeishuApp, applied: bool) -> None:
    feishu.faults.cut(CREATE, applied=applied)
    with pytest.raises(httpx.TransportError):
        await feishu_app.send(CARD)
    assert len(feishu.workspace.messages(feishu.chat("ops-alerts").id)) == applied


async def test_the_plug_is_pulled_and_put_back(feishu: FeishuServer, feishu_app: FeishuApp) -> None:
    message = await feishu_app.sent(CARD)
    await feishu.pull_plug()
    with pytest.raises(httpx.TransportError):
        await feishu_app.send(CARD)
    assert (await feishu.click("ana", message, "Acknowledge")).code == 200342
    await feishu.put_back()
    assert await feishu_app.patch(message, CARD) == 0


async def test_what_hangs_is_let_go_when_the_server_stops(feishu: FeishuServer, feishu_app: FeishuApp) -> None:
    hold = feishu.faults.hang(CREATE)
    sending = asyncio.create_task(feishu_app.send(CARD))
    await hold.reached.wait()
    feishu.faults.clear()
    assert (await sending).json()["code"] == 0
