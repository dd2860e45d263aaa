"""What each way in which Slack can say no means for what happens next.

The body decides, not the HTTP status; a code that is not in the table counts as refused. Codes are those of the
methods' own pages below https://docs.slack.dev/reference/methods.
"""

import asyncio
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from adapters.slack.secrets import without_secrets
from bot.adapter import DeliveryFailed, FailureKind

# Seconds to wait where Slack asks for patience without saying how long.
DEFAULT_RETRY_AFTER: Final = 10.0
DETAIL_LIMIT: Final = 500
_SSL: Final = re.compile(r" ssl:(?:<[^>]*>|\w+)")

_KINDS: Final[Mapping[FailureKind, str]] = {
    FailureKind.RATE_LIMITED: "ratelimited rate_limited",
    # Slack did nothing, and may do it in a moment.
    FailureKind.UNREACHABLE: """
        service_unavailable request_timeout team_added_to_org external_channel_migrating update_failed""",
    # "It is possible that some aspect of the operation succeeded before the error was raised."
    FailureKind.UNCERTAIN: "fatal_error internal_error",
    # The workspace may send no more for a good while; it comes with HTTP 200 and without Retry-After.
    FailureKind.QUOTA: "message_limit_exceeded",
    # The chat takes no messages from us.
    FailureKind.REFUSED: """
        channel_not_found is_archived not_in_channel cannot_reply_to_message ekm_access_denied no_permission
        restricted_action restricted_action_read_only_channel restricted_action_thread_only_channel
        restricted_action_non_threadable_channel restricted_action_thread_locked posting_to_channel_denied
        method_not_supported_for_channel_type""",
    FailureKind.UNLINKED: """
        users_not_found user_not_found user_disabled user_not_visible no_user messages_tab_disabled cannot_dm_bot
        user_not_in_channel org_user_not_in_team user_is_restricted app_access_restricted""",
    # The message that was to be edited or replied to.
    FailureKind.GONE: "message_not_found thread_not_found cant_update_message edit_window_closed is_inactive",
    FailureKind.UNAUTHORIZED: """
        invalid_auth not_authed account_inactive token_revoked token_expired org_login_required access_denied
        missing_scope not_allowed_token_type two_factor_setup_required team_not_found unknown_method
        accesslimited team_access_not_granted link_disabled""",
}

# Codes that speak of our content: a plain line in its stead can still be taken.
_CONTENT: Final[Mapping[FailureKind, str]] = {
    FailureKind.TOO_LONG: "msg_too_long msg_blocks_too_long attachment_payload_limit_exceeded too_many_attachments",
    FailureKind.MALFORMED: """
        invalid_blocks invalid_blocks_format invalid_attachments invalid_arguments invalid_arg_name
        invalid_array_arg invalid_json json_not_object no_text block_mismatch markdown_text_conflict
        invalid_metadata_format invalid_metadata_schema metadata_too_large duplicate_external_id""",
}

CODES: Final[Mapping[str, FailureKind]] = MappingProxyType(
    {code: kind for table in (_KINDS, _CONTENT) for kind, codes in table.items() for code in codes.split()}
)
CONTENT_CODES: Final = frozenset(code for codes in _CONTENT.values() for code in codes.split())


class SlackFailed(DeliveryFailed):
    """A failure with Slack's own `code`; empty where Slack gave none."""

    def __init__(self, kind: FailureKind, detail: str, *, code: str = "", retry_after: float | None = None) -> None:
        super().__init__(kind, without_secrets(detail)[:DETAIL_LIMIT], retry_after=retry_after)
        self.code = code


def failure_of(method: str, error: Exception) -> SlackFailed:
    """Return what it means that a call of `method` ended with `error`."""
    if isinstance(error, SlackApiError):
        return _no(method, error)
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError | aiohttp.ClientHttpProxyError):
        return SlackFailed(FailureKind.UNREACHABLE, f"{method}: not connected: {_words(error)}")
    if isinstance(error, asyncio.TimeoutError):
        return SlackFailed(FailureKind.UNCERTAIN, f"{method}: no answer in time")
    return SlackFailed(FailureKind.UNCERTAIN, f"{method}: no answer that can be read: {_words(error)}")


def status_failure(method: str, status: int, retry_after: object = None) -> SlackFailed:
    """Return what an HTTP status means where the body says nothing."""
    detail = f"{method}: HTTP {status}"
    if status == 429:
        return SlackFailed(FailureKind.RATE_LIMITED, detail, retry_after=_seconds(retry_after))
    return SlackFailed(FailureKind.UNCERTAIN, f"{detail}, and no answer that can be read")


def answered(error: SlackApiError) -> AsyncSlackResponse | None:
    """Return the answer if Slack did what was asked though the SDK holds it an error, for the HTTP status' sake."""
    response = error.response
    if isinstance(response, AsyncSlackResponse) and isinstance(response.data, dict) and response.data.get("ok") is True:
        return response
    return None


def _no(method: str, error: SlackApiError) -> SlackFailed:
    # With JSON that cannot be read, the SDK hands over aiohttp's response in place of its own.
    response: object = error.response
    if not isinstance(response, AsyncSlackResponse | aiohttp.ClientResponse):
        return SlackFailed(FailureKind.UNCERTAIN, f"{method}: no answer that can be read")
    status = response.status_code if isinstance(response, AsyncSlackResponse) else response.status
    body = response.data if isinstance(response, AsyncSlackResponse) else None
    retry_after = response.headers.get("Retry-After")
    code = body.get("error") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(code, str):
        return status_failure(method, status, retry_after)
    kind = FailureKind.RATE_LIMITED if status == 429 else CODES.get(code, FailureKind.REFUSED)
    wait = _seconds(retry_after) if kind is FailureKind.RATE_LIMITED else None
    return SlackFailed(kind, f"{method}: {code}{_reasons(body)}", code=code, retry_after=wait)


def _reasons(body: Mapping[str, object]) -> str:
    """Return what Slack says beside its code: the scope that is missing, the block that is wrong."""
    needed = body.get("needed")
    reasons = [f"needs the scope {needed}"] if isinstance(needed, str) else []
    about = body.get("response_metadata")
    messages = about.get("messages") if isinstance(about, dict) else None
    if isinstance(messages, list):
        reasons += [str(message) for message in messages]
    return f" ({'; '.join(reasons)})" if reasons else ""


def _seconds(retry_after: object) -> float:
    text = retry_after.strip() if isinstance(retry_after, str) else ""
    return float(text) if text.isascii() and text.isdecimal() and len(text) < 7 else DEFAULT_RETRY_AFTER


def _words(error: Exception) -> str:
    # aiohttp names the object that it would have checked the certificate with.
    text = _SSL.sub("", str(error))
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
