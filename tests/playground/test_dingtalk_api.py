"""The gates of DingTalk's API: credentials, tokens, scopes, the calls of a second and of a month; robots; directory."""

import json

import pytest

from bot.playground.dingtalk import DingTalkServer
from bot.playground.dingtalk.pace import CALLS_PER_SECOND
from bot.playground.wire import as_list, as_object, as_objects
from tests.playground.dingtalk_app import App
from tests.playground.manual_clock import ManualClock

SEND = "POST v1.0/robot/groupMessages/send"


async def test_a_token_is_the_same_until_it_expires_and_asking_renews_it(
    dingtalk: DingTalkServer, dingtalk_app: App, clock: ManualClock
) -> None:
    async def token() -> object:
        credentials = {"appKey": dingtalk.client_id, "appSecret": dingtalk.client_secret}
        return (await dingtalk_app.call("POST v1.0/oauth2/accessToken", **credentials))["accessToken"]

    first = await token()
    clock.advance(7000)
    assert await token() == first
    clock.advance(7000)
    assert "processQueryKey" in await dingtalk_app.send("ops-alerts", "sampleText", content="hello")
    clock.advance(7201)
    answer = await dingtalk_app.ask(SEND)
    assert (answer.status_code, answer.json()["code"]) == (400, "InvalidAuthentication")
    assert set(answer.json()) == {"code", "message", "requestid"}
    assert await token() != first


async def test_wrong_credentials_are_refused(dingtalk: DingTalkServer, dingtalk_app: App) -> None:
    app = {"appKey": dingtalk.client_id, "appSecret": "wrong"}
    assert await dingtalk_app.code("POST v1.0/oauth2/accessToken", **app) == "invalidClientIdOrSecret"
    wrong = {"clientId": dingtalk.client_id, "clientSecret": "wrong", "subscriptions": []}
    answer = await dingtalk_app.ask("POST v1.0/gateway/connections/open", **wrong)
    assert (answer.status_code, answer.json()["code"]) == (401, "authFailed")


async def test_a_missing_scope_is_named(dingtalk: DingTalkServer, dingtalk_app: App) -> None:
    dingtalk.workspace.scopes = frozenset({"Card.Instance.Write"})
    refused = await dingtalk_app.call(SEND)
    assert refused["code"] == "Forbidden.AccessDenied.AccessTokenPermissionDenied"
    assert "[qyapi_robot_sendmsg]" in str(refused["message"])
    assert (await dingtalk_app.create())["success"] is True


async def test_more_than_twenty_calls_a_second_of_one_api_are_refused(
    dingtalk_app: App, dingtalk: DingTalkServer, clock: ManualClock
) -> None:
    for _ in range(CALLS_PER_SECOND):
        assert await dingtalk_app.code(SEND) == "invalidParameter.robotCode.empty"
    assert await dingtalk_app.code(SEND) == "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"
    clock.advance(1)
    assert await dingtalk_app.code(SEND) == "invalidParameter.robotCode.empty"
    dingtalk.pace.throttled = True
    clock.advance(1)
    assert await dingtalk_app.code(SEND) == "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"


async def test_the_calls_of_a_month_are_counted_and_run_out(
    dingtalk: DingTalkServer, dingtalk_app: App, clock: ManualClock
) -> None:
    dingtalk.pace.per_month = 2
    assert dingtalk.pace.used == 0, "a token is not counted"
    await dingtalk_app.create()
    await dingtalk_app.update("inc-1", {"status": "bo has it"})
    refused = await dingtalk_app.update("inc-1", {"status": "closed"})
    assert refused["code"] == "Forbidden.AccessDenied.ApiCountLimitForOrg"
    assert dingtalk.pace.used == 2
    clock.advance(31 * 86400)
    await dingtalk_app.__aenter__()
    assert (await dingtalk_app.update("inc-1", {"status": "closed"}))["success"] is True
    assert dingtalk.pace.used == 1


async def test_a_banned_address_is_answered_with_a_page(dingtalk: DingTalkServer, dingtalk_app: App) -> None:
    dingtalk.pace.banned = True
    answer = await dingtalk_app.ask(SEND)
    assert answer.headers["content-type"].startswith("text/html")
    assert "punish" in answer.text


@pytest.mark.parametrize(
    ("chat", "key", "param", "code"),
    [
        ("ops-alerts", "sampleText", {"content": "x" * 15_000}, "invalidParameter.msgParam.tooLong"),
        ("ops-alerts", "sampleAudio", {"content": "x"}, "msgKey.invalid"),
        ("ops-alerts", "sampleActionCard2", {"title": "t", "text": "t"}, "invalidParameter.msgParam.invalid"),
        ("elsewhere", "sampleText", {"content": "x"}, "invalidParameter.robotCode.notExsit"),
    ],
)
async def test_a_message_that_cannot_be_sent_is_refused(
    dingtalk_app: App, chat: str, key: str, param: dict[str, str], code: str
) -> None:
    assert (await dingtalk_app.send(chat, key, **param))["code"] == code


async def test_a_group_that_is_gone_and_a_robot_of_another_are_refused(
    dingtalk: DingTalkServer, dingtalk_app: App
) -> None:
    group = {"msgKey": "sampleText", "msgParam": '{"content": "x"}'}
    mine = {"robotCode": dingtalk.client_id, **group}
    assert await dingtalk_app.code(SEND, openConversationId="cid-none", **mine) == "invalid.openConversationId"
    assert await dingtalk_app.code(SEND, robotCode="ding-other", **group) == "robotCode.auth"
    dingtalk.workspace.disband("ops-alerts")
    assert (await dingtalk_app.send("ops-alerts", "sampleText", content="x"))["code"] == "group.disbanded"


async def test_a_markdown_and_an_action_card_are_seen_in_the_group(dingtalk: DingTalkServer, dingtalk_app: App) -> None:
    await dingtalk_app.send("ops-alerts", "sampleMarkdown", title="t", text="## Still\n**nobody** has disk_full \\*")
    seen = await dingtalk.expect_card("nobody has disk_full *", chat="ops-alerts")
    assert seen.text.startswith("Still")
    buttons = {"actionTitle1": "Acknowledge", "actionURL1": "dtmd://dingtalkclient/sendMessage?content=ack%2042"}
    more = {"actionTitle2": "Open", "actionURL2": "https://example.com/42"}
    await dingtalk_app.send("ops-alerts", "sampleActionCard2", title="t", text="disk full", **buttons, **more)
    card = await dingtalk.expect_card("disk full", chat="ops-alerts")
    assert card.buttons == ["Acknowledge", "Open"]
    with pytest.raises(LookupError, match=r"only opens https://example\.com/42"):
        await card.click("Open", by="ana")


async def test_people_are_reached_one_by_one_and_those_who_are_not_are_listed(
    dingtalk: DingTalkServer, dingtalk_app: App
) -> None:
    workspace = dingtalk.workspace
    ana, bo, chen = (workspace.user(name).id for name in ("ana", "bo", "chen"))
    workspace.leave("bo")
    workspace.flow_controlled.add(chen)
    sent = await dingtalk_app.send_to([ana, bo, chen, "nobody"], "sampleText", content="wake up")
    assert (sent["invalidStaffIdList"], sent["flowControlledStaffIdList"]) == ([bo, "nobody"], [chen])
    seen = await dingtalk.expect_dm("ana", "wake up")
    with pytest.raises(AssertionError, match="no message"):
        await dingtalk.expect_dm("chen", "wake up", within=0)
    asked = {"robotCode": dingtalk.client_id, "processQueryKey": sent["processQueryKey"]}
    status = await dingtalk_app.call("GET v1.0/robot/oToMessages/readStatus", **asked)
    assert [(r["userId"], r["readStatus"]) for r in as_objects(status["messageReadInfoList"])] == [(ana, "UNREAD")]
    workspace.mark_read(seen.message)
    status = await dingtalk_app.call("GET v1.0/robot/oToMessages/readStatus", **asked)
    assert as_objects(status["messageReadInfoList"])[0]["readStatus"] == "READ"
    assert (await dingtalk_app.send_to([], "sampleText", content="x"))["code"] == "param.invalid"


@pytest.mark.parametrize("path", ["groupMessages/recall", "otoMessages/batchRecall", "oToMessages/batchRecall"])
async def test_a_message_is_taken_back(dingtalk: DingTalkServer, dingtalk_app: App, path: str) -> None:
    key = (await dingtalk_app.send("ops-alerts", "sampleText", content="hello"))["processQueryKey"]
    seen = await dingtalk.expect_card("hello", chat="ops-alerts")
    answer = await dingtalk_app.call(
        f"POST v1.0/robot/{path}", robotCode=dingtalk.client_id, processQueryKeys=[key, "none"]
    )
    assert answer["successResult"] == [key]
    assert list(as_object(answer["failedResult"])) == ["none"]
    with pytest.raises(AssertionError, match="recalled"):
        _ = seen.text


async def test_the_old_api_finds_people_and_says_no_with_a_number(dingtalk: DingTalkServer, dingtalk_app: App) -> None:
    ana = dingtalk.workspace.user("ana")
    token = dingtalk_app.http.headers["x-acs-dingtalk-access-token"]
    by_mobile = f"POST topapi/v2/user/getbymobile?access_token={token}"
    found = await dingtalk_app.call(by_mobile, mobile=ana.mobile)
    assert (found["errcode"], as_object(found["result"])["userid"]) == (0, ana.id)
    one = await dingtalk_app.call(f"POST topapi/v2/user/get?access_token={token}", userid=ana.id)
    assert as_object(one["result"])["name"] == "Ana"
    assert (await dingtalk_app.call(by_mobile, mobile="13900000000"))["errcode"] == 60121
    wrong = await dingtalk_app.call("POST topapi/v2/user/getbymobile?access_token=x", mobile=ana.mobile)
    assert (wrong["errcode"], wrong["sub_code"]) == (88, "40014")
    dingtalk.workspace.scopes = frozenset()
    refused = await dingtalk_app.call(by_mobile, mobile=ana.mobile)
    assert (refused["sub_code"], "qyapi_get_member_by_mobile" in str(refused["errmsg"])) == ("60011", True)
    dingtalk.pace.throttled = True
    assert (await dingtalk_app.call(by_mobile, mobile=ana.mobile))["errcode"] == 90018
    assert (await dingtalk_app.call("POST topapi/none"))["errcode"] == 22
    assert dingtalk.pace.used == 0, "the directory is not counted"


async def test_what_is_no_json_object_is_refused(dingtalk_app: App) -> None:
    for body in (b"{", b"[]", b'{"a": "\\ud800"}'):
        answer = await dingtalk_app.http.post("v1.0/robot/groupMessages/send", content=body)
        assert answer.json()["code"] == "InvalidParameter.Body"
    assert (await dingtalk_app.ask("POST v1.0/none")).status_code == 404


async def test_no_secret_is_in_the_log(dingtalk: DingTalkServer, dingtalk_app: App) -> None:
    await dingtalk_app.create()
    (await dingtalk_app.connect()).websocket.closed  # noqa: B018 -- opened for what it leaves in the log
    told = "\n".join(str(entry) for entry in dingtalk.log)
    for secret in (dingtalk.client_secret, dingtalk_app.http.headers["x-acs-dingtalk-access-token"]):
        assert secret not in told
    assert json.dumps("[redacted]") in told
    assert as_list(dingtalk.log.calls("oauth2/accessToken"))
