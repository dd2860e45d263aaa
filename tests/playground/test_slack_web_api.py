"""The Web API as an app meets it: wire forms, tokens, refusals, and what a call leaves behind."""

import json
from collections.abc import Awaitable, Callable

import httpx
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack import SlackServer
from bot.playground.wire import JsonObject, as_object, as_objects
from tests.playground.conftest import Call
from tests.playground.manual_clock import ManualClock

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "disk full"}}


def ids(slack: SlackServer) -> dict[str, str]:
    """Return the ids of people and channels by name."""
    people = {user.name: user.id for user in slack.workspace.users.values()}
    return people | {channel.name: channel.id for channel in slack.workspace.channels.values()}


async def test_a_message_is_stored_as_sent_and_answered_with_its_place(slack: SlackServer, call: Call) -> None:
    answer = await call("chat.postMessage", channel=ids(slack)["ops-alerts"], text="t", blocks=[SECTION])
    assert answer["ok"] is True
    [message] = slack.workspace.messages(str(answer["channel"]))
    assert message.ts == answer["ts"]
    assert as_objects(as_object(answer["message"])["blocks"])[0]["text"] == SECTION["text"]
    assert as_objects(as_object(answer["message"])["blocks"])[0]["block_id"]


async def json_body(http: httpx.AsyncClient, token: str, arguments: dict[str, str]) -> httpx.Response:
    return await http.post("conversations.open", json=arguments, headers={"Authorization": f"Bearer {token}"})


async def get_with_query(http: httpx.AsyncClient, token: str, arguments: dict[str, str]) -> httpx.Response:
    return await http.get("conversations.open", params=arguments, headers={"Authorization": f"Bearer {token}"})


async def post_with_query(http: httpx.AsyncClient, token: str, arguments: dict[str, str]) -> httpx.Response:
    return await http.post("conversations.open", params=arguments, headers={"Authorization": f"Bearer {token}"})


async def form(http: httpx.AsyncClient, token: str, arguments: dict[str, str]) -> httpx.Response:
    return await http.post("conversations.open", data={**arguments, "token": token})


@pytest.mark.parametrize("send", [json_body, get_with_query, post_with_query, form])
async def test_arguments_arrive_in_every_wire_form(
    slack: SlackServer,
    http: httpx.AsyncClient,
    send: Callable[[httpx.AsyncClient, str, dict[str, str]], Awaitable[httpx.Response]],
) -> None:
    answer = (await send(http, slack.bot_token, {"users": ids(slack)["ana"]})).json()
    assert answer["ok"] is True
    assert slack.workspace.channels[answer["channel"]["id"]].user == ids(slack)["ana"]


async def test_a_form_carries_blocks_as_json_text(slack: SlackServer, http: httpx.AsyncClient) -> None:
    arguments = {"token": slack.bot_token, "channel": ids(slack)["ops-alerts"], "blocks": json.dumps([SECTION])}
    assert (await http.post("chat.postMessage", data=arguments)).json()["ok"] is True


async def test_a_method_that_reads_ignores_a_json_body(call: Call) -> None:
    answer = await call("users.lookupByEmail", email="ana@example.com")
    assert answer["error"] == "invalid_arguments"


async def test_a_body_that_is_not_json_is_refused(slack: SlackServer, http: httpx.AsyncClient) -> None:
    headers = {"Authorization": f"Bearer {slack.bot_token}", "Content-Type": "application/json"}
    for body, code in [("{", "invalid_json"), ("[]", "json_not_object"), ('{"text":"\\ud800"}', "invalid_json")]:
        assert (await http.post("chat.postMessage", content=body, headers=headers)).json()["error"] == code


async def test_tokens_are_told_apart(slack: SlackServer, http: httpx.AsyncClient) -> None:
    async def error(method: str, token: str) -> object:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = await http.post(method, headers=headers)
        assert answer.status_code == 200
        return answer.json().get("error")

    assert await error("auth.test", "") == "not_authed"
    assert await error("auth.test", "xoxb-wrong") == "invalid_auth"
    assert await error("auth.test", slack.app_token) == "not_allowed_token_type"
    assert await error("apps.connections.open", slack.bot_token) == "not_allowed_token_type"
    assert await error("auth.test", slack.bot_token) is None
    assert await error("chat.shout", slack.bot_token) == "unknown_method"
    slack.workspace.tokens.revoked = True
    assert await error("auth.test", slack.bot_token) == "token_revoked"


async def test_auth_test_says_who_the_app_is_and_what_it_may(slack: SlackServer, web_client: AsyncWebClient) -> None:
    answer = await web_client.auth_test()
    assert answer["team_id"] == slack.workspace.team_id
    assert answer["user_id"] == slack.workspace.bot.id
    assert "chat:write" in answer.headers["x-oauth-scopes"].split(",")


async def test_a_missing_scope_is_named(slack: SlackServer, web_client: AsyncWebClient) -> None:
    slack.workspace.scopes -= {"users:read.email"}
    with pytest.raises(SlackApiError) as refused:
        await web_client.users_lookupByEmail(email="ana@example.com")
    assert refused.value.response["error"] == "missing_scope"
    assert refused.value.response["needed"] == "users:read.email"
    assert "users:read" in refused.value.response["provided"]


async def test_where_a_message_may_go(slack: SlackServer, call: Call) -> None:
    known = ids(slack)

    async def post(channel: str) -> object:
        answer = await call("chat.postMessage", channel=channel, text="t")
        return answer.get("error", "ok")

    assert await post(known["ops-alerts"]) == "ok"
    assert await post("#ops-alerts") == "ok"
    assert await post(known["secops"]) == "ok"
    assert await post(known["elsewhere"]) == "ok"
    assert await post(known["hidden"]) == "channel_not_found"
    assert await post("C99999999") == "channel_not_found"
    assert await post(known["ana"]) == "ok"
    assert await post(slack.workspace.bot.id) == "cannot_dm_bot"
    slack.workspace.scopes -= {"chat:write.public"}
    assert await post(known["elsewhere"]) == "not_in_channel"
    slack.workspace.set_bot_member("ops-alerts", member=False)
    assert await post(known["ops-alerts"]) == "not_in_channel"
    slack.workspace.set_archived("elsewhere", archived=True)
    assert await post(known["elsewhere"]) == "is_archived"
    slack.workspace.messages_tab = False
    assert await post(known["bo"]) == "messages_tab_disabled"


async def test_a_deactivated_person_takes_messages_but_opens_no_conversation(slack: SlackServer, call: Call) -> None:
    dee = ids(slack)["dee"]
    slack.workspace.deactivate("dee")
    assert (await call("conversations.open", users=dee))["error"] == "user_disabled"
    assert (await call("chat.postMessage", channel=dee, text="t"))["ok"] is True


async def test_a_direct_message_is_answered_with_the_conversation(slack: SlackServer, call: Call) -> None:
    ana = ids(slack)["ana"]
    posted = await call("chat.postMessage", channel=ana, text="t")
    assert str(posted["channel"]).startswith("D")
    opened = await call("conversations.open", users=ana)
    assert as_object(opened["channel"])["id"] == posted["channel"]
    assert (await call("chat.update", channel=ana, ts=posted["ts"], text="u"))["error"] == "channel_not_found"
    assert (await call("chat.update", channel=posted["channel"], ts=posted["ts"], text="u"))["ok"] is True


async def test_an_update_replaces_blocks_and_keeps_attachments_that_are_not_named(
    slack: SlackServer, call: Call
) -> None:
    posted = await call("chat.postMessage", channel="ops-alerts", blocks=[SECTION], attachments=[{"text": "a"}])
    place = {"channel": posted["channel"], "ts": posted["ts"]}
    await call("chat.update", **place, text="only text")
    message = slack.workspace.message(str(posted["channel"]), str(posted["ts"]))
    assert message is not None
    assert (message.draft.text, message.draft.blocks) == ("only text", ())
    assert len(message.draft.attachments) == 1
    await call("chat.update", **place, text="only text", attachments=[])
    message = slack.workspace.message(str(posted["channel"]), str(posted["ts"]))
    assert message is not None
    assert (message.draft.attachments, message.edits) == ((), 2)


async def test_what_cannot_be_updated(slack: SlackServer, call: Call) -> None:
    posted = await call("chat.postMessage", channel="ops-alerts", text="t")
    channel = str(posted["channel"])
    theirs = slack.workspace.say("ana", "ops-alerts", "hello")

    async def update(ts: object, text: str) -> object:
        return (await call("chat.update", channel=channel, ts=ts, text=text)).get("error", "ok")

    assert await update(posted["ts"], "t" * 4000) == "ok"
    assert await update(posted["ts"], "t" * 4001) == "msg_too_long"
    assert await update(posted["ts"], "") == "no_text"
    assert await update("1.000000", "t") == "message_not_found"
    assert await update(theirs.ts, "t") == "cant_update_message"
    slack.workspace.set_archived("ops-alerts", archived=True)
    assert await update(posted["ts"], "t") == "is_inactive"
    slack.workspace.set_archived("ops-alerts", archived=False)
    assert (await call("chat.delete", channel=channel, ts=theirs.ts))["error"] == "cant_delete_message"
    assert (await call("chat.delete", channel=channel, ts=posted["ts"]))["ok"] is True
    assert await update(posted["ts"], "t") == "message_not_found"


async def test_a_long_text_is_cut_with_a_warning(slack: SlackServer, call: Call) -> None:
    answer = await call("chat.postMessage", channel="ops-alerts", text="t" * 40_001)
    assert answer["warning"] == "message_truncated"
    [message] = slack.workspace.messages(str(answer["channel"]))
    assert len(message.draft.text) == 40_000


async def test_a_reply_hangs_on_the_first_message_of_its_thread(slack: SlackServer, call: Call) -> None:
    first = await call("chat.postMessage", channel="ops-alerts", text="card")
    reply = await call("chat.postMessage", channel="ops-alerts", text="one", thread_ts=first["ts"])
    again = await call("chat.postMessage", channel="ops-alerts", text="two", thread_ts=reply["ts"])
    assert as_object(again["message"])["thread_ts"] == first["ts"]
    lost = await call("chat.postMessage", channel="ops-alerts", text="three", thread_ts="1.000000")
    assert lost["error"] == "thread_not_found"


async def test_an_ephemeral_message_is_for_one_person_and_cannot_be_updated(slack: SlackServer, call: Call) -> None:
    known = ids(slack)
    shown = await call("chat.postEphemeral", channel=known["ops-alerts"], user=known["ana"], text="only you")
    assert (await slack.expect_ephemeral("ana", "only you")).ts == shown["message_ts"]
    assert slack.workspace.messages(known["ops-alerts"], reader=known["bo"]) == []
    update = await call("chat.update", channel=known["ops-alerts"], ts=shown["message_ts"], text="u")
    assert update["error"] == "message_not_found"
    outside = await call("chat.postEphemeral", channel=known["secops"], user=known["bo"], text="t")
    assert outside["error"] == "user_not_in_channel"


async def test_people_are_found_by_mail_id_and_list(slack: SlackServer, web_client: AsyncWebClient) -> None:
    found = await web_client.users_lookupByEmail(email="ANA@example.com")
    assert found["user"]["id"] == ids(slack)["ana"]
    assert (await web_client.users_info(user=ids(slack)["bo"]))["user"]["profile"]["email"] == "bo@example.com"
    pages = [[member["name"] for member in page["members"]] async for page in await web_client.users_list(limit=2)]
    assert pages == [["oncard", "ana"], ["bo", "chen"], ["dee"]]
    slack.workspace.deactivate("ana")
    for email in ("ana@example.com", "nobody@example.com"):
        with pytest.raises(SlackApiError, match="users_not_found"):
            await web_client.users_lookupByEmail(email=email)


async def test_the_bot_sees_the_channels_it_is_in(slack: SlackServer, web_client: AsyncWebClient) -> None:
    answer = await web_client.users_conversations(types="public_channel,private_channel")
    assert [channel["name"] for channel in answer["channels"]] == ["ops-alerts", "secops"]
    slack.workspace.set_archived("ops-alerts", archived=True)
    answer = await web_client.users_conversations(types="public_channel", exclude_archived=True)
    assert answer["channels"] == []
    info = await web_client.conversations_info(channel=ids(slack)["elsewhere"])
    assert (info["channel"]["name"], info["channel"]["is_member"]) == ("elsewhere", False)
    with pytest.raises(SlackApiError, match="channel_not_found"):
        await web_client.conversations_info(channel=ids(slack)["hidden"])


async def test_history_is_newest_first_and_carries_metadata_if_asked(
    slack: SlackServer, web_client: AsyncWebClient, clock: ManualClock
) -> None:
    slack.workspace.scopes |= {"channels:history"}
    channel = ids(slack)["ops-alerts"]
    metadata = {"event_type": "card", "event_payload": {"id": "42"}}
    for text in ("one", "two", "three"):
        await web_client.chat_postMessage(channel=channel, text=text, metadata=metadata)
        clock.advance(1)
    page = await web_client.conversations_history(channel=channel, limit=2, include_all_metadata=True)
    assert [message["text"] for message in page["messages"]] == ["three", "two"]
    assert page["has_more"] is True
    assert page["messages"][0]["metadata"] == metadata


async def test_timestamps_never_repeat(slack: SlackServer, call: Call) -> None:
    slack.pace.enabled = False
    answers = [await call("chat.postMessage", channel="ops-alerts", text=str(i)) for i in range(20)]
    stamps = [str(answer["ts"]) for answer in answers]
    assert stamps == sorted(set(stamps))


async def test_the_log_has_every_exchange_and_no_secret(slack: SlackServer, web_client: AsyncWebClient) -> None:
    await web_client.chat_postMessage(channel="ops-alerts", text=f"my token is {slack.bot_token}")
    [entry] = slack.log.calls("chat.postMessage")
    assert (entry.direction, entry.status) == ("in", 200)
    assert as_object(entry.response)["ok"] is True
    assert slack.bot_token not in "\n".join(str(entry) for entry in slack.log)
    assert "[redacted]" in str(entry)


def test_secrets_do_not_print() -> None:
    tokens = SlackServer().workspace.tokens
    assert tokens.bot not in repr(tokens)
    assert tokens.signing_secret not in repr(tokens)


async def test_invalid_blocks_are_answered_as_slack_does(slack: SlackServer, call: Call) -> None:
    long = {"type": "section", "text": {"type": "mrkdwn", "text": "m" * 3001}}
    answer: JsonObject = await call("chat.postMessage", channel="ops-alerts", blocks=[SECTION, long])
    fault = "must be less than 3001 characters [json-pointer:/blocks/1/text/text]"
    assert answer == {
        "ok": False,
        "error": "invalid_blocks",
        "errors": [fault],
        "response_metadata": {"messages": [f"[ERROR] {fault}"]},
    }
    assert slack.workspace.messages(ids(slack)["ops-alerts"]) == []
