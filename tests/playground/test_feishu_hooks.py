"""Custom robots of groups."""

import json

import pytest

from bot.playground.feishu import FeishuServer, hooks
from bot.playground.feishu.tenant import Robot
from bot.playground.wire import JsonObject
from tests.playground.feishu_app import FeishuApp, button, card, old_card, plain
from tests.playground.manual_clock import ManualClock

TEXT: JsonObject = {"msg_type": "text", "content": {"text": "disk full"}}


async def post(feishu: FeishuServer, app: FeishuApp, robot: Robot, body: object) -> JsonObject:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = await app.http.post(feishu.hook_url(robot), content=content)
    assert response.status_code == 200
    answer: JsonObject = response.json()
    return answer


async def test_a_robot_posts_into_its_group(feishu: FeishuServer, feishu_app: FeishuApp) -> None:
    robot = feishu.workspace.add_robot("ops-alerts", name="Alerts")
    answer = await post(feishu, feishu_app, robot, TEXT)
    assert answer == {"StatusCode": 0, "StatusMessage": "success", "code": 0, "data": {}, "msg": "success"}
    assert (await feishu.expect_card("disk full", chat="ops-alerts")).message.author == "Alerts"
    rich = {"post": {"en_us": {"title": "Rich", "content": [[{"tag": "text", "text": "words"}]]}}}
    assert (await post(feishu, feishu_app, robot, {"msg_type": "post", "content": rich}))["code"] == 0
    assert (await feishu.expect_card("rich", chat="ops-alerts")).text == "Rich\nwords"
    buttons = {"tag": "action", "actions": [{"tag": "button", "text": plain("Ack"), "value": {"a": 1}}]}
    shown = {"msg_type": "interactive", "card": old_card(buttons, title="a card")}
    assert (await post(feishu, feishu_app, robot, shown))["code"] == 0
    seen = await feishu.expect_card("a card", chat="ops-alerts")
    assert (await feishu.click("ana", seen.id, "Ack")).code == 200340
    assert robot.token not in "\n".join(str(entry) for entry in feishu.log)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        {"msg_type": "text"},
        {"msg_type": "image", "content": {}},
        {"msg_type": "interactive", "card": card(button("x"))},
        {**TEXT, "filler": "x" * 20_480},
    ],
)
async def test_a_bad_body_is_refused(feishu: FeishuServer, feishu_app: FeishuApp, body: object) -> None:
    robot = feishu.workspace.add_robot("ops-alerts")
    assert (await post(feishu, feishu_app, robot, body))["code"] == 9499


def test_a_sign_is_what_openssl_makes_of_it() -> None:
    assert hooks.signature("1599360473", "demo") == "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="


async def test_a_robot_with_a_secret_wants_a_fresh_sign(
    feishu: FeishuServer, feishu_app: FeishuApp, clock: ManualClock
) -> None:
    robot = feishu.workspace.add_robot("ops-alerts", secret="s3cret")
    stamp = str(int(clock.now().timestamp()))
    signed = {**TEXT, "timestamp": stamp, "sign": hooks.signature(stamp, "s3cret")}
    assert (await post(feishu, feishu_app, robot, signed))["code"] == 0
    for wrong in (TEXT, {**signed, "sign": "x"}, {**signed, "timestamp": "now"}):
        assert (await post(feishu, feishu_app, robot, wrong))["code"] == 19021
    clock.advance(3601)
    assert (await post(feishu, feishu_app, robot, signed))["code"] == 19021


async def test_what_else_a_robot_refuses(feishu: FeishuServer, feishu_app: FeishuApp, clock: ManualClock) -> None:
    tenant = feishu.workspace
    picky = tenant.add_robot("ops-alerts", keywords=["oncard"])
    assert (await post(feishu, feishu_app, picky, TEXT))["code"] == 19024
    assert (await post(feishu, feishu_app, picky, {"msg_type": "text", "content": {"text": "oncard"}}))["code"] == 0
    assert (await post(feishu, feishu_app, tenant.add_robot("ops-alerts", ips=["203.0.113.1"]), TEXT))["code"] == 19022
    robot = tenant.add_robot("ops-alerts")
    assert [(await post(feishu, feishu_app, robot, TEXT))["code"] for _ in range(6)] == [0, 0, 0, 0, 0, 11232]
    clock.advance(1)
    feishu.faults.refuse("bot.v2.hook", 11233, chat="ops-alerts")
    assert (await feishu_app.http.post(feishu.hook_url(robot), json=TEXT)).json()["code"] == 11233
    feishu.dissolve("ops-alerts")
    assert (await post(feishu, feishu_app, robot, TEXT))["code"] == 19001
