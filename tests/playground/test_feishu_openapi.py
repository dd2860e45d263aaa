"""What the OpenAPI answers to an app that does everything right, and to one that does not."""

import json
from dataclasses import replace

import httpx
import pytest

from bot.playground.feishu import FeishuServer
from bot.playground.wire import JsonObject
from tests.playground.feishu_app import TOKEN, FeishuApp, button, card, old_card, plain
from tests.playground.manual_clock import ManualClock

NOTE: JsonObject = {"tag": "div", "text": plain("look")}


async def test_a_token_is_given_for_the_secret(feishu: FeishuServer, feishu_app: FeishuApp) -> None:
    first = await feishu_app.log_in()
    assert (first["code"], first["msg"], first["expire"]) == (0, "ok", 7200)
    assert (await feishu_app.log_in())["tenant_access_token"] == first["tenant_access_token"]
    for body, code in [
        ({"app_id": feishu.app_id, "app_secret": "wrong"}, 10014),
        ({"app_id": "cli_other", "app_secret": feishu.app_secret}, 10003),
    ]:
        assert (await feishu_app.http.post(TOKEN, json=body)).json()["code"] == code


async def test_a_token_dies_and_is_renewed_before(
    feishu: FeishuServer, feishu_app: FeishuApp, clock: ManualClock
) -> None:
    old = feishu_app.token
    clock.advance(7200 - 1700)
    assert (await feishu_app.log_in())["tenant_access_token"] != old
    feishu_app.token = old
    assert await feishu_app.code("GET", "bot/v3/info") == 0
    clock.advance(1701)
    answer = await feishu_app.call("GET", "bot/v3/info")
    assert (answer.status_code, answer.json()["code"]) == (400, 99991663)
    assert "log_id" in answer.json()["error"]
    feishu_app.token = ""
    assert await feishu_app.code("GET", "bot/v3/info") == 99991661
    await feishu_app.log_in()
    feishu.workspace.revoke_tokens()
    assert await feishu_app.code("GET", "bot/v3/info") == 99991663


async def test_no_secret_is_in_the_log(feishu: FeishuServer, feishu_app: FeishuApp) -> None:
    await feishu_app.endpoint()
    written = "\n".join(str(entry) for entry in feishu.log)
    assert feishu.app_secret not in written
    assert feishu_app.token not in written
    assert "ws.endpoint" in written


@pytest.mark.parametrize("kind", ["chat_id", "open_id", "user_id", "union_id", "email"])
async def test_a_card_is_sent_to_whoever_is_named(feishu: FeishuServer, feishu_app: FeishuApp, kind: str) -> None:
    ana = feishu.user("ana")
    ids = {"open_id": ana.id, "user_id": ana.user_id, "union_id": ana.union_id, "email": ana.email}
    to = ids.get(kind, feishu.chat("ops-alerts").id)
    body = {"receive_id": to, "msg_type": "interactive", "content": json.dumps(card(NOTE))}
    data = (await feishu_app.call("POST", "im/v1/messages", body, receive_id_type=kind)).json()["data"]
    assert data["sender"] == {
        "id": feishu.app_id,
        "id_type": "app_id",
        "sender_type": "app",
        "tenant_key": data["sender"]["tenant_key"],
    }
    assert json.loads(data["body"]["content"]) == card(NOTE)
    seen = await (
        feishu.expect_card("look", chat="ops-alerts") if kind == "chat_id" else feishu.expect_dm("ana", "look")
    )
    assert (seen.id, seen.colour, seen.text) == (data["message_id"], "red", "disk full\nlook")


@pytest.mark.parametrize(
    ("changes", "query", "code"),
    [
        ({}, "", 99992402),
        ({}, "phone", 99992402),
        ({"receive_id": ""}, "chat_id", 99992402),
        ({"receive_id": "oc_none"}, "chat_id", 230034),
        ({"receive_id": "ou_none"}, "open_id", 99992351),
        ({"receive_id": "none"}, "user_id", 99992360),
        ({"receive_id": "none@example.com"}, "email", 230034),
        ({"msg_type": "image"}, "chat_id", 99992402),
        ({"content": "{"}, "chat_id", 230001),
        ({"content": "[]"}, "chat_id", 230001),
        ({"content": "{}"}, "chat_id", 230099),
        ({"content": "{}", "msg_type": "text"}, "chat_id", 230001),
        ({"content": "{}", "msg_type": "post"}, "chat_id", 230001),
        ({"content": '{"en_us": {"content": ["x"]}}', "msg_type": "post"}, "chat_id", 230001),
        ({"uuid": "x" * 51}, "chat_id", 99992402),
        ({"content": json.dumps({"text": "x" * 153_600}), "msg_type": "text"}, "chat_id", 230025),
        ({"content": json.dumps(card(NOTE, title="x" * 30_720))}, "chat_id", 230025),
    ],
)
async def test_a_wrong_call_is_refused(
    feishu: FeishuServer, feishu_app: FeishuApp, changes: JsonObject, query: str, code: int
) -> None:
    right: JsonObject = {"receive_id": feishu.chat("ops-alerts").id, "msg_type": "interactive"}
    body = right | {"content": json.dumps(card(NOTE))} | changes
    answer = await feishu_app.call("POST", "im/v1/messages", body, receive_id_type=query)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert feishu.workspace.messages(feishu.chat("ops-alerts").id) == []


async def test_what_is_no_json_is_refused(feishu_app: FeishuApp) -> None:
    headers = {"Authorization": f"Bearer {feishu_app.token}"}
    answer = await feishu_app.http.post("open-apis/im/v1/messages", content="{", headers=headers)
    assert answer.json()["code"] == 99992402
    assert (await feishu_app.call("GET", "im/v1/nothing")).status_code == 404


async def test_texts_and_posts_are_read_as_people_see_them(feishu: FeishuServer, feishu_app: FeishuApp) -> None:
    bo = feishu.user("bo").id
    await feishu_app.sent({"text": f'<at user_id="{bo}">x</at> look &lt;b&gt;'}, msg_type="text")
    assert (await feishu.expect_card("look", chat="ops-alerts")).text == "@Bo look <b>"
    rows = [[{"tag": "text", "text": "all of "}, {"tag": "at", "user_id": "all"}], [{"tag": "md", "text": "**now**"}]]
    await feishu_app.sent({"en_us": {"title": "Hands", "content": rows}}, msg_type="post")
    assert (await feishu.expect_card("Hands", chat="ops-alerts")).text == "Hands\nall of @Everyone\nnow"


async def test_a_uuid_sends_once_within_an_hour(
    feishu: FeishuServer, feishu_app: FeishuApp, clock: ManualClock
) -> None:
    first = await feishu_app.sent(card(NOTE), uuid="one")
    clock.advance(3599)
    assert await feishu_app.sent(card(NOTE, title="again"), uuid="one") == first
    assert await feishu_app.sent(card(NOTE), uuid="two") != first
    clock.advance(1)
    await feishu_app.log_in()
    assert await feishu_app.sent(card(NOTE), uuid="one") != first
    assert len(feishu.workspace.messages(feishu.chat("ops-alerts").id)) == 3


async def test_a_card_is_updated_in_place(feishu: FeishuServer, feishu_app: FeishuApp) -> None:
    message = await feishu_app.sent(card(NOTE, button("Acknowledge")))
    seen = await feishu.expect_card("disk full", chat="ops-alerts")
    assert seen.buttons == ["Acknowledge"]
    assert await feishu_app.patch(message, card(NOTE, title="acknowledged by Ana")) == 0
    await seen.shows("ACKNOWLEDGED", "ana")
    await seen.hides("disk full")
    assert await seen.offers() is seen
    assert seen.edits == 1


async def test_an_update_must_fit_the_card_that_is_there(
    feishu: FeishuServer, feishu_app: FeishuApp, clock: ManualClock
) -> None:
    new, old = await feishu_app.sent(card(NOTE)), await feishu_app.sent(old_card(NOTE))
    own = await feishu_app.sent(old_card(NOTE, update_multi=False))
    text = await feishu_app.sent({"text": "words"}, msg_type="text")
    typed = await feishu.type("ana", "ops-alerts", "hello")
    answer = await feishu_app.call("PATCH", f"im/v1/messages/{new}", {"content": json.dumps(old_card(NOTE))})
    assert (answer.json()["code"], "ErrCode: 200830" in answer.json()["msg"]) == (230099, True)
    assert await feishu_app.patch(old, card(NOTE)) == 0
    assert await feishu_app.patch(own, old_card(NOTE)) == 230001
    assert await feishu_app.patch(new, card({"tag": "nothing"})) == 230099
    assert await feishu_app.patch(text, card(NOTE)) == 230054
    assert await feishu_app.patch(typed.id, card(NOTE)) == 230017
    assert await feishu_app.patch("om_none", card(NOTE)) == 230001
    clock.advance(14 * 86400)
    await feishu_app.log_in()
    assert await feishu_app.patch(new, card(NOTE)) == 0
    clock.advance(1)
    assert await feishu_app.patch(new, card(NOTE)) == 230031


async def test_a_message_that_is_gone_cannot_be_updated(feishu: FeishuServer, feishu_app: FeishuApp) -> None:
    recalled, deleted = await feishu_app.sent(card(NOTE)), await feishu_app.sent(card(NOTE))
    assert await feishu_app.code("DELETE", f"im/v1/messages/{recalled}") == 0
    feishu.workspace.remove(deleted, 230110)
    assert await feishu_app.patch(recalled, card(NOTE)) == 230011
    assert await feishu_app.patch(deleted, card(NOTE)) == 230110
    assert await feishu_app.code("POST", f"im/v1/messages/{recalled}/reply", {"content": "{}"}) == 230011
    with pytest.raises(LookupError, match="no message"):
        feishu.workspace.remove(recalled)


async def test_a_reply_stands_by_its_message_or_in_its_thread(feishu: FeishuServer, feishu_app: FeishuApp) -> None:
    root = await feishu_app.sent(card(NOTE))
    answer = {"content": json.dumps({"text": "still"}), "msg_type": "text"}
    beside = (await feishu_app.call("POST", f"im/v1/messages/{root}/reply", answer)).json()["data"]
    assert (beside["root_id"], beside["parent_id"], "thread_id" in beside) == (root, root, False)
    path = f"im/v1/messages/{beside['message_id']}/reply"
    inside = (await feishu_app.call("POST", path, {**answer, "reply_in_thread": True})).json()["data"]
    assert (inside["root_id"], inside["parent_id"]) == (root, beside["message_id"])
    assert inside["thread_id"].startswith("omt_")
    quiet = await feishu_app.sent(card(NOTE), to=feishu.chat("secops").id)
    path = f"im/v1/messages/{quiet}/reply"
    assert await feishu_app.code("POST", path, {**answer, "reply_in_thread": True}) == 230071
    assert await feishu_app.code("POST", path, answer) == 0


async def test_an_ephemeral_card_is_for_one_person_of_a_group(feishu: FeishuServer, feishu_app: FeishuApp) -> None:
    chat, ana = feishu.chat("ops-alerts").id, feishu.user("ana").id
    right: JsonObject = {"chat_id": chat, "open_id": ana, "msg_type": "interactive", "card": old_card(NOTE)}

    async def code(**changes: object) -> int:
        return await feishu_app.code("POST", "ephemeral/v1/send", right | changes)

    assert await code() == 0
    seen = await feishu.expect_private("ana", "look")
    assert feishu.workspace.messages(chat) == []
    assert [m.id for m in feishu.workspace.messages(chat, reader=ana)] == [seen.id]
    assert await feishu_app.patch(seen.id, old_card(NOTE)) == 230054
    assert await code(card=card(NOTE)) == 230099
    assert await code(card=old_card(NOTE, title="x" * 31_000)) == 230025
    assert await code(msg_type="text") == 99992402
    assert await code(chat_id="oc_none") == 232006
    assert await code(chat_id=feishu.workspace.open_p2p(ana).id) == 18053
    assert await code(chat_id=feishu.chat("secops").id, open_id=feishu.user("bo").id) == 230013
    assert await feishu_app.code("POST", "ephemeral/v1/delete", {"message_id": seen.id}) == 0
    assert await feishu_app.code("POST", "ephemeral/v1/delete", {"message_id": seen.id}) == 230001
    with pytest.raises(AssertionError, match="was recalled"):
        _ = seen.text


async def test_people_are_found_by_mail_and_mobile(feishu: FeishuServer, feishu_app: FeishuApp) -> None:
    ana, bo = feishu.user("ana"), feishu.user("bo")
    feishu.workspace.set_standing("bo", "resigned")
    feishu.workspace.set_standing("chen", "invisible")

    async def found(**more: object) -> list[JsonObject]:
        emails = ["Ana@example.com", bo.email, "chen@example.com", "no@example.com"]
        body = {"emails": emails, "mobiles": [ana.mobile, ana.mobile.removeprefix("+86")], **more}
        answer = await feishu_app.call("POST", "contact/v3/users/batch_get_id", body, user_id_type="open_id")
        users: list[JsonObject] = answer.json()["data"]["user_list"]
        return users

    assert [item.get("user_id") for item in await found()] == [ana.id, None, None, None, ana.id, ana.id]
    assert (await found(include_resigned=True))[1] == {"email": bo.email, "user_id": bo.id}
    path = "contact/v3/users/batch_get_id"
    assert await feishu_app.code("POST", path, {"emails": ["a@example.com"] * 51}) == 99992402


async def test_groups_are_listed_by_pages_and_described(feishu: FeishuServer, feishu_app: FeishuApp) -> None:
    async def page(**query: str) -> httpx.Response:
        return await feishu_app.call("GET", "im/v1/chats", **query)

    first = (await page(page_size="1")).json()["data"]
    assert ([item["name"] for item in first["items"]], first["has_more"]) == (["ops-alerts"], True)
    second = (await page(page_size="1", page_token=first["page_token"])).json()["data"]
    assert ([item["name"] for item in second["items"]], second["has_more"]) == (["secops"], False)
    assert (await page(page_size="101")).json()["code"] == 99992402
    assert (await page(page_token="x")).json()["code"] == 99992402
    group = (await feishu_app.call("GET", f"im/v1/chats/{feishu.chat('secops').id}")).json()["data"]
    assert (group["name"], group["user_count"], group["chat_status"]) == ("secops", "1", "normal")
    assert await feishu_app.code("GET", f"im/v1/chats/{feishu.chat('elsewhere').id}") == 230002
    assert await feishu_app.code("GET", "im/v1/chats/oc_none") == 232006


async def test_the_bot_says_who_it_is(feishu: FeishuServer, feishu_app: FeishuApp) -> None:
    bot = (await feishu_app.call("GET", "bot/v3/info")).json()["bot"]
    assert (bot["open_id"], bot["app_name"]) == (feishu.workspace.app.open_id, "Oncard")
    feishu.workspace.app.bot_ability = False
    assert await feishu_app.code("GET", "bot/v3/info") == 11205


@pytest.mark.parametrize(
    ("standing", "code"), [("resigned", 230029), ("stopped", 230053), ("invisible", 230013), ("active", 0)]
)
async def test_some_people_cannot_be_reached(
    feishu: FeishuServer, feishu_app: FeishuApp, standing: str, code: int
) -> None:
    ana = feishu.user("ana").id
    p2p = feishu.workspace.open_p2p(ana).id
    feishu.workspace.users[ana] = replace(feishu.user("ana"), standing=standing)  # type: ignore[arg-type]
    assert (await feishu_app.send(card(NOTE), to=ana)).json()["code"] == code
    assert (await feishu_app.send(card(NOTE), to=p2p)).json()["code"] == code


async def test_a_group_must_be_there_and_have_the_bot(feishu: FeishuServer, feishu_app: FeishuApp) -> None:
    message = await feishu_app.sent(card(NOTE))
    assert await feishu_app.refused(card(NOTE), to=feishu.chat("elsewhere").id) == (
        230002,
        "The bot can not be outside the group.",
    )
    feishu.kick_bot("ops-alerts")
    assert await feishu_app.patch(message, card(NOTE)) == 230002
    feishu.invite_bot("ops-alerts")
    assert await feishu_app.patch(message, card(NOTE)) == 0
    feishu.workspace.store(replace(feishu.chat("ops-alerts"), muted=True))
    assert (await feishu_app.refused(card(NOTE)))[0] == 230018
    feishu.dissolve("ops-alerts")
    assert (await feishu_app.refused(card(NOTE)))[0] == 232009
    feishu.workspace.app.bot_ability = False
    assert (await feishu_app.refused(card(NOTE)))[0] == 230006


async def test_a_missing_scope_is_named(feishu: FeishuServer, feishu_app: FeishuApp) -> None:
    app = feishu.workspace.app
    app.scopes -= {"im:message:send_as_bot", "contact:user.id:readonly"}
    answer = (await feishu_app.send(card(NOTE))).json()
    assert answer["code"] == 99991672
    assert "im:message:send_as_bot" in answer["msg"]
    named = [violation["subject"] for violation in answer["error"]["permission_violations"]]
    assert named == ["im:message", "im:message:send", "im:message:send_as_bot"]
    assert await feishu_app.code("POST", "contact/v3/users/batch_get_id", {}) == 99991672
    app.scopes |= {"im:message"}
    await feishu_app.sent(card(NOTE))


async def test_the_console_can_shut_the_app_out(feishu: FeishuServer, feishu_app: FeishuApp) -> None:
    app = feishu.workspace.app
    app.allowed_ips = frozenset({"203.0.113.1"})
    assert (await feishu_app.refused(card(NOTE)))[0] == 99991401
    assert (await feishu_app.log_in())["code"] == 99991401
    app.allowed_ips = frozenset({"127.0.0.1"})
    await feishu_app.log_in()
    app.quota = 1
    await feishu_app.sent(card(NOTE))
    assert (await feishu_app.refused(card(NOTE)))[0] == 99991403


async def test_five_messages_a_second_for_each_chat_and_card(
    feishu: FeishuServer, feishu_app: FeishuApp, clock: ManualClock
) -> None:
    messages = [await feishu_app.sent(card(NOTE)) for _ in range(5)]
    assert (await feishu_app.refused(card(NOTE)))[0] == 230020
    await feishu_app.sent(card(NOTE), to=feishu.chat("secops").id)
    assert [await feishu_app.patch(messages[0], card(NOTE)) for _ in range(6)] == [0, 0, 0, 0, 0, 230020]
    assert await feishu_app.patch(messages[1], card(NOTE)) == 0
    clock.advance(1)
    await feishu_app.sent(card(NOTE))
    feishu.pace.enabled = False
    for _ in range(10):
        await feishu_app.sent(card(NOTE))


async def test_fifty_calls_a_second_of_a_method(feishu_app: FeishuApp) -> None:
    codes = [await feishu_app.code("GET", "bot/v3/info") for _ in range(50)]
    assert codes == [0] * 50
    answer = await feishu_app.call("GET", "bot/v3/info")
    assert (answer.status_code, answer.json()["code"]) == (429, 99991400)
    assert answer.headers["x-ogw-ratelimit-reset"] == "1"
