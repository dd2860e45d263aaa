"""What each refusal of Slack means: the table of answers, shown on the wire."""

import asyncio

import pytest
from aiohttp import web

from adapters.slack.adapter import SlackAdapter
from adapters.slack.errors import CODES, CONTENT_CODES
from bot.adapter import DeliveryFailed, FailureKind, MessageRef, To
from bot.playground.slack import SlackServer
from tests.adapters.slack.conftest import Make
from tests.adapters.slack.desk import LOOPBACK, a_card, answering

# As an on-call engineer would sort them: is it worth another try, or must somebody be told in another way at once?
TRY_AGAIN = {
    FailureKind.RATE_LIMITED: ["ratelimited", "rate_limited"],
    FailureKind.UNREACHABLE: [
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
        "external_channel_migrating",
        "update_failed",
    ],
    FailureKind.UNCERTAIN: ["fatal_error", "internal_error"],
}
MOVE_ON = {
    FailureKind.QUOTA: ["message_limit_exceeded"],
    FailureKind.TOO_LONG: [
        "msg_too_long",
        "msg_blocks_too_long",
        "attachment_payload_limit_exceeded",
        "too_many_attachments",
    ],
    FailureKind.MALFORMED: [
        "invalid_blocks",
        "invalid_blocks_format",
        "invalid_attachments",
        "invalid_arguments",
        "invalid_arg_name",
        "invalid_array_arg",
        "invalid_json",
        "json_not_object",
        "no_text",
        "block_mismatch",
        "markdown_text_conflict",
        "invalid_metadata_format",
        "invalid_metadata_schema",
        "metadata_too_large",
        "duplicate_external_id",
    ],
    FailureKind.REFUSED: [
        "channel_not_found",
        "is_archived",
        "not_in_channel",
        "cannot_reply_to_message",
        "ekm_access_denied",
        "no_permission",
        "restricted_action",
        "restricted_action_read_only_channel",
        "restricted_action_thread_only_channel",
        "restricted_action_non_threadable_channel",
        "restricted_action_thread_locked",
        "posting_to_channel_denied",
        "method_not_supported_for_channel_type",
        "a_code_that_nobody_knows_yet",
    ],
    FailureKind.UNLINKED: [
        "users_not_found",
        "user_not_found",
        "user_disabled",
        "user_not_visible",
        "no_user",
        "messages_tab_disabled",
        "cannot_dm_bot",
        "user_not_in_channel",
        "org_user_not_in_team",
        "user_is_restricted",
        "app_access_restricted",
    ],
    FailureKind.GONE: [
        "message_not_found",
        "thread_not_found",
        "cant_update_message",
        "edit_window_closed",
        "is_inactive",
    ],
    FailureKind.UNAUTHORIZED: [
        "invalid_auth",
        "not_authed",
        "account_inactive",
        "token_revoked",
        "token_expired",
        "org_login_required",
        "access_denied",
        "missing_scope",
        "not_allowed_token_type",
        "two_factor_setup_required",
        "team_not_found",
        "unknown_method",
        "accesslimited",
        "team_access_not_granted",
        "link_disabled",
    ],
}
EXPECTED = {code: kind for table in (TRY_AGAIN, MOVE_ON) for kind, codes in table.items() for code in codes}


async def failure(adapter: SlackAdapter, to: str = "C1") -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        await adapter.send(To(to), a_card())
    return caught.value


@pytest.mark.parametrize(("code", "kind"), EXPECTED.items())
async def test_every_code_has_its_meaning_and_is_told(
    adapter: SlackAdapter, slack: SlackServer, ops: str, code: str, kind: FailureKind
) -> None:
    slack.faults.refuse("chat.postMessage", code, times=2)
    failed = await failure(adapter, ops)
    assert failed.kind is kind
    assert code in failed.detail


def test_no_code_is_missing_here() -> None:
    assert CODES.keys() <= EXPECTED.keys()
    assert CODES.keys() >= CONTENT_CODES


async def test_an_edit_of_a_message_that_is_gone_says_so(adapter: SlackAdapter, slack: SlackServer, ops: str) -> None:
    with pytest.raises(DeliveryFailed) as caught:
        await adapter.edit(MessageRef(ops, "1700000000.000001"), a_card())
    assert caught.value.kind is FailureKind.GONE
    assert "chat.update: message_not_found" in caught.value.detail


async def test_a_missing_scope_is_named(adapter: SlackAdapter, slack: SlackServer, ops: str) -> None:
    slack.workspace.scopes = frozenset()
    failed = await failure(adapter, ops)
    assert failed.kind is FailureKind.UNAUTHORIZED
    assert "chat:write" in failed.detail


async def test_a_gateways_page_may_hide_a_message_whatever_its_status(
    adapter: SlackAdapter, slack: SlackServer, ops: str
) -> None:
    slack.pace.enabled = False
    for status in [s for s in range(400, 600) if s != 429]:
        slack.faults.status("chat.postMessage", status)
        failed = await failure(adapter, ops)
        assert failed.kind is FailureKind.UNCERTAIN, status
        assert f"HTTP {status}" in failed.detail


@pytest.mark.parametrize(("wait", "expected"), [(0, 0.0), (7, 7.0), (86_400, 86_400.0)])
async def test_too_fast_says_when_to_come_back(
    adapter: SlackAdapter, slack: SlackServer, ops: str, wait: int, expected: float
) -> None:
    slack.faults.rate_limit("chat.postMessage", wait)
    failed = await failure(adapter, ops)
    assert (failed.kind, failed.retry_after) == (FailureKind.RATE_LIMITED, expected)
    assert len(slack.log.calls("chat.postMessage")) == 1


async def test_too_fast_without_json_or_time_waits_ten_seconds(
    adapter: SlackAdapter, slack: SlackServer, ops: str
) -> None:
    slack.faults.status("chat.postMessage", 429)
    failed = await failure(adapter, ops)
    assert (failed.kind, failed.retry_after) == (FailureKind.RATE_LIMITED, 10.0)


@pytest.mark.parametrize("header", ["soon", "-3", "1.5", "٣", "99999999999999999999", ""])
async def test_a_time_that_is_no_number_counts_as_ten_seconds(make: Make, header: str) -> None:
    def too_fast(_: web.Request) -> web.Response:
        return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": header})

    async with answering(too_fast) as base:
        assert (await failure(make(api_base_url=base))).retry_after == 10.0


async def test_a_limit_that_comes_without_a_time_and_with_http_200(make: Make) -> None:
    async with answering(lambda _: web.json_response({"ok": False, "error": "ratelimited"})) as base:
        failed = await failure(make(api_base_url=base))
    assert (failed.kind, failed.retry_after) == (FailureKind.RATE_LIMITED, 10.0)


JSON = "application/json"


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (200, "text/plain", b"hello"),
        (200, "text/html", b"<html>"),
        (200, "application/gzip", b"hello"),
        (200, JSON, b""),
        (200, JSON, b'{"ok": tru'),
        (200, JSON, b'{"ok": "\xff"}'),
        (200, JSON, b"null"),
        (200, JSON, b"[]"),
        (200, JSON, b'["ok"]'),
        (200, JSON, b"{}"),
        (200, JSON, b'{"ok": false}'),
        (200, JSON, b'{"ok": false, "error": {"code": 1}}'),
        (200, JSON, b'{"ok": true}'),
        (200, JSON, b'{"ok": true, "channel": "C1", "ts": 17}'),
        (500, JSON, b'{"ok": "yes please"}'),
    ],
)
async def test_an_answer_that_says_neither_yes_nor_no_is_uncertain(
    make: Make, status: int, kind: str, body: bytes
) -> None:
    async with answering(lambda _: web.Response(status=status, content_type=kind, body=body)) as base:
        assert (await failure(make(api_base_url=base))).kind is FailureKind.UNCERTAIN


@pytest.mark.parametrize("status", [201, 302, 403, 500, 503])
async def test_the_body_decides_and_not_the_status_when_it_is_a_yes(make: Make, status: int) -> None:
    def taken(_: web.Request) -> web.Response:
        return web.json_response({"ok": True, "channel": "C1", "ts": "1.2"}, status=status)

    async with answering(taken) as base:
        receipt = await make(api_base_url=base).send(To("C1"), a_card())
    assert receipt.message == MessageRef("C1", "1.2")


@pytest.mark.parametrize("status", [200, 403, 500, 503])
async def test_the_body_decides_and_not_the_status_when_it_is_a_no(make: Make, status: int) -> None:
    async with answering(lambda _: web.json_response({"ok": False, "error": "is_archived"}, status=status)) as base:
        assert (await failure(make(api_base_url=base))).kind is FailureKind.REFUSED


async def test_no_answer_in_time_is_uncertain(make: Make, slack: SlackServer, ops: str) -> None:
    slack.faults.hang("chat.postMessage", applied=True)
    async with asyncio.timeout(15):
        failed = await failure(make(timeout=1.5), ops)
    assert failed.kind is FailureKind.UNCERTAIN
    assert len(slack.workspace.messages(ops)) == 1


@pytest.mark.parametrize("applied", [True, False])
async def test_a_cut_connection_is_uncertain_and_nothing_is_sent_twice(
    adapter: SlackAdapter, slack: SlackServer, ops: str, applied: bool
) -> None:
    slack.faults.cut("chat.postMessage", applied=applied)
    assert (await failure(adapter, ops)).kind is FailureKind.UNCERTAIN
    assert len(slack.log.calls("chat.postMessage")) == 1
    assert len(slack.workspace.messages(ops)) == int(applied)


async def test_where_nobody_listens_slack_is_unreachable(adapter: SlackAdapter, slack: SlackServer, ops: str) -> None:
    await slack.pull_plug()
    failed = await failure(adapter, ops)
    assert failed.kind is FailureKind.UNREACHABLE
    assert LOOPBACK in failed.detail
    await slack.put_back()
    assert (await adapter.send(To(ops), a_card())).said == "ok"


async def test_a_direct_message_is_not_sent_if_its_conversation_is_uncertain(
    adapter: SlackAdapter, slack: SlackServer, ana: str
) -> None:
    slack.faults.cut("conversations.open", applied=True)
    with pytest.raises(DeliveryFailed) as caught:
        await adapter.send(To(ana, direct=True), a_card())
    assert caught.value.kind is FailureKind.UNREACHABLE
