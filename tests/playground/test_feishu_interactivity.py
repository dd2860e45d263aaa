"""What people do with cards and in chats, and what the app hears of it."""

import json
from datetime import timedelta

import pytest

from bot.playground.feishu import FeishuServer
from bot.playground.feishu.expect import Card
from bot.playground.wire import JsonObject, as_object
from tests.playground.feishu_app import FeishuApp, button, card, form, menu, old_card, plain
from tests.playground.manual_clock import ManualClock

INPUT: JsonObject = {"tag": "input", "name": "note", "max_length": 5, "default_value": "why"}
PERSON: JsonObject = {"tag": "select_person", "name": "to"}


async def shown(feishu: FeishuServer, app: FeishuApp, content: JsonObject) -> Card:
    await app.sent(content)
    return await feishu.expect_card("disk full", chat="ops-alerts")


async def heard(feishu: FeishuServer, app: FeishuApp) -> list[JsonObject]:
    """Return the events that the app has heard, once all have been told."""
    await feishu.delivery.settled()
    return [as_object(payload["event"]) for payload in app.heard]


async def test_a_form_is_filled_in_and_sent(feishu: FeishuServer, feishu_app: FeishuApp) -> None:
    seen = await shown(feishu, feishu_app, card(form(menu("for", "2", "8", required=True), INPUT, PERSON)))
    assert (seen.buttons, seen.fields) == (["Snooze"], ["for", "note", "to"])
    assert (seen.choices("for"), "8 hours" in seen.text) == (["2 hours", "8 hours"], False)
    with pytest.raises(LookupError, match="no menu 'other'"):
        seen.choices("other")
    async with feishu_app.connected():
        await seen.submit("Snooze", {"for": "8 hours", "to": "bo"}, by="ana")
        await seen.submit("go", {"for": "2", "note": "x"}, by="ana")
    first, second = [as_object(event["action"]) for event in await heard(feishu, feishu_app)]
    assert first["form_value"] == {"for": "8", "note": "why", "to": feishu.user("bo").id}
    assert second["form_value"] == {"for": "2", "note": "x"}
    assert (first["tag"], first["name"], first["value"]) == ("button", "go", {"does": "Snooze"})


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({}, "'for' must be filled in"),
        ({"for": "9"}, "no option '9'"),
        ({"for": "2", "note": "123456"}, "more than 5 characters"),
        ({"for": "2", "to": "nobody"}, "no user 'nobody'"),
        ({"for": "2", "other": "x"}, "the form has no other"),
    ],
)
async def test_a_form_cannot_be_filled_in_wrongly(
    feishu: FeishuServer, feishu_app: FeishuApp, values: dict[str, object], why: str
) -> None:
    seen = await shown(feishu, feishu_app, card(form(menu("for", "2", required=True), INPUT, PERSON)))
    with pytest.raises(LookupError, match=why):
        await seen.submit("Snooze", values, by="ana")


async def test_other_fields_of_a_form(feishu: FeishuServer, feishu_app: FeishuApp) -> None:
    many = {**menu("many", "1", "2"), "tag": "multi_select_static"}
    some = {"tag": "select_person", "name": "one", "options": [{"value": feishu.user("bo").id}]}
    fields = ({"tag": "checker", "name": "sure"}, {"tag": "date_picker", "name": "day"}, many)
    seen = await shown(feishu, feishu_app, card(form(*fields)))
    async with feishu_app.connected():
        await seen.submit("Snooze", {"many": ["1 hours", "2"], "day": "2026-03-01"}, by="ana")
    [event] = await heard(feishu, feishu_app)
    assert as_object(event["action"])["form_value"] == {"sure": False, "day": "2026-03-01", "many": ["1", "2"]}
    limited = old_card({"tag": "action", "actions": [some]}, title="whom")
    await feishu_app.sent(limited)
    with pytest.raises(LookupError, match="not among those"):
        await (await feishu.expect_card("whom", chat="ops-alerts")).choose("one", "ana", by="ana")


async def test_a_menu_outside_of_a_form_tells_the_choice(feishu: FeishuServer, feishu_app: FeishuApp) -> None:
    tells = {"behaviors": [{"type": "callback", "value": {"does": "snooze"}}]}
    seen = await shown(feishu, feishu_app, card({**menu("for", "2"), **tells}, {**INPUT, **tells}))
    async with feishu_app.connected():
        await seen.choose("For how long", "2 hours", by="ana")
        await seen.choose("note", "x", by="ana")
    first, second = [as_object(event["action"]) for event in await heard(feishu, feishu_app)]
    assert (first["option"], first["name"], first["value"]) == ("2", "for", {"does": "snooze"})
    assert second["input_value"] == "x"


async def test_a_card_in_the_answer_replaces_the_one_that_was_clicked(
    feishu: FeishuServer, feishu_app: FeishuApp
) -> None:
    seen = await shown(feishu, feishu_app, card(button("Acknowledge")))
    new = card(button("Close"), title="acknowledged by Ana")
    async with feishu_app.connected(lambda _: {"card": {"type": "raw", "data": new}}):
        await seen.click("Acknowledge", by="ana")
    assert (seen.edits, seen.buttons, "by Ana" in seen.text) == (1, ["Close"], True)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"toast": {"type": "loud", "content": "x"}}, 200672),
        ({"toast": {"type": "info"}}, 200672),
        ({"card": {"type": "raw", "data": {}}}, 200673),
        ({"card": {"type": "raw", "data": card({"tag": "note"})}}, 200673),
        ({"card": card()}, 200673),
        ({"card": {"type": "raw", "data": old_card()}}, 200830),
    ],
)
async def test_a_wrong_answer_is_shown_as_an_error(
    feishu: FeishuServer, feishu_app: FeishuApp, answer: JsonObject, code: int
) -> None:
    seen = await shown(feishu, feishu_app, card(button("Acknowledge")))
    async with feishu_app.connected(lambda _: answer):
        assert (await feishu.click("ana", seen.id, "Acknowledge")).code == code
    await feishu.expect_private("ana", str(code))
    assert seen.edits == 0


async def test_a_toast_speaks_the_language_of_its_reader(feishu: FeishuServer, feishu_app: FeishuApp) -> None:
    seen = await shown(feishu, feishu_app, card(button("Acknowledge")))
    words = {"type": "info", "content": "好", "i18n": {"en_us": "fine", "zh_cn": "好"}}
    async with feishu_app.connected(lambda _: {"toast": words}):
        await seen.click("Acknowledge", by="ana")
    assert (await feishu.expect_private("ana", "fine")).text == "fine"


async def test_what_cannot_be_clicked(feishu: FeishuServer, feishu_app: FeishuApp, clock: ManualClock) -> None:
    link = {
        "tag": "button",
        "text": plain("Open"),
        "behaviors": [{"type": "open_url", "default_url": "https://a.example"}],
    }
    idle = {"tag": "button", "text": plain("Idle")}
    seen = await shown(feishu, feishu_app, card(button("Off", disabled=True), link, idle))
    with pytest.raises(LookupError, match="'Off' is disabled"):
        await seen.click("Off", by="ana")
    with pytest.raises(LookupError, match=r"no 'Close' on the card; there are: 'Off', 'Open', 'Idle'"):
        await seen.click("Close", by="ana")
    with pytest.raises(LookupError, match="sends no form"):
        await seen.submit("Idle", {"a": 1}, by="ana")
    opened = await seen.click("Open", by="ana")
    assert (opened.via, opened.body) == ("link", {"url": "https://a.example"})
    assert (await feishu.click("ana", seen.id, "Idle")).code == 200340
    with pytest.raises(LookupError, match="no card om_none"):
        await feishu.click("ana", "om_none", "Open")
    secret = await feishu_app.sent(card(button("OK")), to=feishu.chat("secops").id)
    with pytest.raises(LookupError, match="bo does not see"):
        await feishu.click("bo", secret, "OK")
    clock.advance(timedelta(days=14, seconds=1).total_seconds())
    assert (await feishu.click("ana", secret, 0)).why.startswith("nobody takes")


async def test_an_old_card_is_clicked_too(feishu: FeishuServer, feishu_app: FeishuApp) -> None:
    buttons = [
        {"tag": "button", "text": plain("OK"), "value": {"a": 1}},
        {"tag": "button", "text": plain("Open"), "url": "https://a.example"},
    ]
    chat, ana = feishu.chat("ops-alerts").id, feishu.user("ana").id
    content = old_card({"tag": "action", "actions": buttons})
    body = {"chat_id": chat, "open_id": ana, "msg_type": "interactive", "card": content}
    assert await feishu_app.code("POST", "ephemeral/v1/send", body) == 0
    seen = await feishu.expect_private("ana", "disk full")
    async with feishu_app.connected(lambda _: {"card": {"type": "raw", "data": old_card(title="done")}}):
        assert (await seen.click("Open", by="ana")).via == "link"
        await seen.click("OK", by="ana")
    assert seen.text == "done"
    with pytest.raises(LookupError, match="bo does not see"):
        await feishu.click("bo", seen.id, "OK")


async def test_a_message_to_the_bot_is_heard(feishu: FeishuServer, feishu_app: FeishuApp) -> None:
    async with feishu_app.connected():
        message = await feishu.type("ana", None, "who")
        [event] = await heard(feishu, feishu_app)
    told = as_object(event["message"])
    assert (told["message_id"], told["chat_type"], told["content"]) == (message.id, "p2p", '{"text": "who"}')
    assert "mentions" not in told
    assert as_object(as_object(event["sender"])["sender_id"])["open_id"] == feishu.user("ana").id


async def test_in_a_group_only_what_mentions_the_bot_is_heard(feishu: FeishuServer, feishu_app: FeishuApp) -> None:
    async with feishu_app.connected():
        await feishu.type("ana", "ops-alerts", "ack 42")
        await feishu.type("ana", "elsewhere", "@Oncard ack 42")
        await feishu.type("ana", "ops-alerts", "@oncard reassign 42 @Bo @all @nobody a@b")
        [event] = await heard(feishu, feishu_app)
        feishu.workspace.app.scopes |= {"im:message.group_msg"}
        await feishu.type("ana", "ops-alerts", "hello")
        feishu.workspace.app.scopes = frozenset()
        await feishu.type("ana", "ops-alerts", "@Oncard who")
        await feishu.type("ana", None, "who")
        assert len(await heard(feishu, feishu_app)) == 2
    told = as_object(event["message"])
    assert told["content"] == json.dumps({"text": "@_user_1 reassign 42 @_user_2 @_all @nobody a@b"})
    mentions = told["mentions"]
    assert isinstance(mentions, list)
    assert [(m["key"], m["name"], m["id"]["open_id"]) for m in mentions] == [
        ("@_user_1", "Oncard", feishu.workspace.app.open_id),
        ("@_user_2", "Bo", feishu.user("bo").id),
    ]
    await feishu.expect_card("@Oncard reassign 42 @Bo", chat="ops-alerts")


async def test_a_reply_names_what_it_replies_to(feishu: FeishuServer, feishu_app: FeishuApp) -> None:
    seen = await shown(feishu, feishu_app, card(button("Acknowledge")))
    async with feishu_app.connected():
        first = await feishu.type("ana", "ops-alerts", "@Oncard ack", reply_to=seen)
        await feishu.type("bo", "ops-alerts", "@Oncard who", reply_to=first)
        events = await heard(feishu, feishu_app)
    told = {as_object(event["message"])["parent_id"]: as_object(event["message"])["root_id"] for event in events}
    assert told == {seen.id: seen.id, first.id: seen.id}
    feishu.workspace.remove(seen.id)
    with pytest.raises(LookupError, match="no message"):
        await feishu.type("ana", "ops-alerts", "x", reply_to=seen)
    with pytest.raises(LookupError, match="bo is not in secops"):
        await feishu.type("bo", "secops", "x")


async def test_the_bot_hears_of_its_groups(feishu: FeishuServer, feishu_app: FeishuApp) -> None:
    async with feishu_app.connected():
        feishu.kick_bot("ops-alerts", by="bo")
        await feishu.delivery.settled()
        feishu.invite_bot("ops-alerts")
        await feishu.delivery.settled()
        feishu.dissolve("ops-alerts")
        feishu.dissolve("secops", keep_history=True)
        feishu.dissolve("elsewhere")
        await feishu.delivery.settled()
    kinds = [as_object(payload["header"])["event_type"] for payload in feishu_app.heard]
    assert kinds == ["im.chat.member.bot.deleted_v1", "im.chat.member.bot.added_v1", "im.chat.disbanded_v1"]
    event = as_object(feishu_app.heard[0]["event"])
    assert (event["chat_id"], event["name"]) == (feishu.chat("ops-alerts").id, "ops-alerts")
    assert as_object(event["operator_id"])["open_id"] == feishu.user("bo").id
    feishu.leave("dee")
    assert [user.name for user in feishu.workspace.people()] == ["ana", "bo", "chen"]
