"""What each refusal of Telegram means: the table of answers, shown on the wire."""

import asyncio
from datetime import timedelta

import httpx
import pytest
from aiohttp import web
from telegram.error import BadRequest, NetworkError, RetryAfter, TelegramError, TimedOut

from adapters.telegram.adapter import TelegramAdapter
from adapters.telegram.errors import ROWS, failure_of
from bot.adapter import DeliveryFailed, FailureKind, MessageRef, To
from bot.playground.telegram.server import TelegramServer
from tests.adapters.telegram.conftest import Make
from tests.adapters.telegram.desk import LOOPBACK, a_card, answering

# As an on-call engineer would sort them, by the error code and the words in which the server says it.
EXPECTED: dict[FailureKind, list[tuple[int, str]]] = {
    FailureKind.UNLINKED: [
        (403, "Forbidden: bot was blocked by the user"),
        (403, "Forbidden: user is deactivated"),
        (403, "Forbidden: bot can't initiate conversation with a user"),
        (403, "Forbidden: bot can't send messages to bots"),
        (403, "Forbidden: bots can't send messages to bots"),
        (403, "Forbidden: bot can't send messages to the user"),
    ],
    FailureKind.REFUSED: [
        (403, "Forbidden: bot was kicked from the group chat"),
        (403, "Forbidden: bot was kicked from the supergroup chat"),
        (403, "Forbidden: bot is not a member of the channel chat"),
        (403, "Forbidden: the group chat was deleted"),
        (403, "Forbidden: something new"),
        (404, "Not Found: method not found"),
        (409, "Conflict: something new"),
        (400, "Bad Request: chat not found"),
        (400, "Bad Request: not enough rights to send text messages to the chat"),
        (400, "Bad Request: have no rights to send a message"),
        (400, "Bad Request: need administrator rights in the channel chat"),
        (400, "Bad Request: CHAT_WRITE_FORBIDDEN"),
        (400, "Bad Request: CHAT_RESTRICTED"),
        (400, "Bad Request: message thread not found"),
        (400, "Bad Request: TOPIC_CLOSED"),
        (400, "Bad Request: TOPIC_DELETED"),
        (400, "Bad Request: group chat was upgraded to a supergroup chat"),
        (400, "Bad Request: something that nobody knows yet"),
    ],
    FailureKind.UNAUTHORIZED: [
        (401, "Unauthorized"),
        (401, "Unauthorized: invalid token specified"),
        (404, "Not Found"),
        (400, "Bad Request: Logged out"),
    ],
    FailureKind.TOO_LONG: [
        (400, "Bad Request: message is too long"),
        (400, "Bad Request: MESSAGE_TOO_LONG"),
        (400, "Bad Request: text is too long"),
        (400, "Bad Request: reply markup is too long"),
        (400, "Bad Request: REPLY_MARKUP_TOO_LONG"),
        (400, "Bad Request: ENTITIES_TOO_LONG"),
        (400, "Bad Request: message caption is too long"),
        (400, "Bad Request: too big for a photo"),
        (413, "Request Entity Too Large"),
    ],
    FailureKind.MALFORMED: [
        (400, "Bad Request: can't parse entities: Unsupported start tag"),
        (400, "Bad Request: message text is empty"),
        (400, "Bad Request: text must be non-empty"),
        (400, "Bad Request: wrong parameter action in request"),
        (400, "Bad Request: there is no photo in the request"),
        (400, "Bad Request: PHOTO_INVALID_DIMENSIONS"),
        (400, "Bad Request: IMAGE_PROCESS_FAILED"),
        (400, "Bad Request: wrong HTTP URL specified"),
        (400, "Bad Request: inline keyboard button text must be non-empty"),
        (400, "Bad Request: object expected as reply markup"),
        (400, "Bad Request: unsupported parse_mode"),
        (400, "Bad Request: BUTTON_DATA_INVALID"),
        (400, "Bad Request: ENTITY_TEXTURL_INVALID"),
        (400, "Bad Request: URL_INVALID"),
        (400, "Bad Request: strings must be encoded in UTF-8"),
    ],
    FailureKind.GONE: [
        (400, "Bad Request: message to edit not found"),
        (400, "Bad Request: message can't be edited"),
        (400, "Bad Request: there is no text in the message to edit"),
        (400, "Bad Request: message to be replied not found"),
        (400, "Bad Request: message to reply not found"),
        (400, "Bad Request: MESSAGE_ID_INVALID"),
        (400, "Bad Request: message identifier is not specified"),
    ],
    FailureKind.UNCERTAIN: [
        (500, "Internal Server Error: restart"),
        (500, "Internal Server Error"),
        (502, "Bad Gateway"),
    ],
    FailureKind.RATE_LIMITED: [(429, "Too Many Requests: something")],
}
ANSWERS = [(kind, code, words) for kind, answers in EXPECTED.items() for code, words in answers]


async def failure(adapter: TelegramAdapter, to: To) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        await adapter.send(to, a_card())
    return caught.value


async def test_every_refusal_has_its_meaning_and_is_told(
    adapter: TelegramAdapter, telegram: TelegramServer, ops: str
) -> None:
    for kind, code, words in ANSWERS:
        telegram.faults.refuse("sendMessage", code, words, times=2)
        failed = await failure(adapter, To(ops))
        telegram.faults.clear()
        assert (words, failed.kind) == (words, kind)
        assert words.removeprefix("Bad Request: ").lower() in failed.detail.lower()
        assert failed.retry_after == (10 if kind is FailureKind.RATE_LIMITED else None)


def test_no_words_of_the_table_are_missing_here() -> None:
    said = [words.lower().removeprefix("bad request: ").removeprefix("forbidden: ") for _, _, words in ANSWERS]
    of_telegram = [begin for cls, begin, _ in ROWS if begin and not begin.startswith(("httpx", "pool timeout"))]
    of_telegram.remove("invalid server response")
    assert [begin for begin in of_telegram if not any(words.startswith(begin) for words in said)] == []


@pytest.mark.parametrize(
    "words", ["chat not found", "private chat not found", "user not found", "PEER_ID_INVALID", "USER_IS_BLOCKED"]
)
async def test_the_same_words_mean_something_else_of_a_person(
    adapter: TelegramAdapter, telegram: TelegramServer, ana: str, ops: str, words: str
) -> None:
    telegram.faults.refuse("sendMessage", 400, f"Bad Request: {words}", times=2)
    assert (await failure(adapter, To(ana, direct=True))).kind is FailureKind.UNLINKED
    assert (await failure(adapter, To(ops))).kind is FailureKind.REFUSED


async def test_whoever_has_not_pressed_start_or_blocked_us_is_unlinked(
    adapter: TelegramAdapter, telegram: TelegramServer, ana: str
) -> None:
    bo = telegram.workspace.user("bo").id
    assert (await failure(adapter, To(bo, direct=True))).kind is FailureKind.UNLINKED
    telegram.people.block("ana")
    assert "blocked" in (await failure(adapter, To(ana, direct=True))).detail
    assert (await failure(adapter, To("4711", direct=True))).kind is FailureKind.UNLINKED


async def test_a_group_that_threw_us_out_says_so(adapter: TelegramAdapter, telegram: TelegramServer, ops: str) -> None:
    telegram.people.kick_bot("ops", by="ana")
    failed = await failure(adapter, To(ops))
    assert failed.kind is FailureKind.REFUSED
    assert "kicked" in failed.detail


async def test_patience_is_told_in_seconds(adapter: TelegramAdapter, telegram: TelegramServer, ops: str) -> None:
    telegram.faults.rate_limit("sendMessage", 7800)
    failed = await failure(adapter, To(ops))
    assert (failed.kind, failed.retry_after) == (FailureKind.RATE_LIMITED, 7800)
    assert len(telegram.log.calls("sendMessage")) == 1


@pytest.mark.parametrize(("setting", "wait"), [("true", timedelta(seconds=5)), ("true", 5)])
def test_patience_is_understood_in_either_form(
    monkeypatch: pytest.MonkeyPatch, setting: str, wait: timedelta | int
) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", setting)
    assert failure_of("sendMessage", RetryAfter(wait)).retry_after == 5


@pytest.mark.filterwarnings("ignore:.*timedelta")
def test_patience_is_understood_as_the_sdk_told_it_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "false")
    assert failure_of("sendMessage", RetryAfter(5)).retry_after == 5


def test_a_connection_that_is_not_made_in_time_was_never_used() -> None:
    error = TimedOut()
    error.__cause__ = httpx.ConnectTimeout("")
    assert failure_of("sendMessage", error).kind is FailureKind.UNREACHABLE


def test_words_count_whatever_their_case_and_a_bad_request_before_a_lost_connection() -> None:
    assert failure_of("editMessageText", BadRequest("MESSAGE TO EDIT NOT FOUND: x")).kind is FailureKind.GONE
    assert isinstance(BadRequest("x"), NetworkError)
    assert failure_of("sendMessage", BadRequest("x")).kind is FailureKind.REFUSED
    assert failure_of("sendMessage", TelegramError("x")).kind is FailureKind.REFUSED


async def test_a_gateways_page_may_hide_a_message_whatever_its_status(
    adapter: TelegramAdapter, telegram: TelegramServer, ops: str
) -> None:
    for status in (400, 401, 403, 404, 409, 418, 500, 502, 503, 504):
        telegram.faults.status("sendMessage", status)
        failed = await failure(adapter, To(ops))
        assert (status, failed.kind) == (status, FailureKind.UNCERTAIN)
        assert f"({status})" in failed.detail
        assert "html" not in failed.detail
    telegram.faults.status("sendMessage", 429)
    failed = await failure(adapter, To(ops))
    assert (failed.kind, failed.retry_after) == (FailureKind.RATE_LIMITED, 10)


@pytest.mark.parametrize("body", ["<html>", "[]", "1", '"ok"', "{}", '{"ok": true}', '{"ok": true, "result": 1}'])
async def test_an_answer_that_cannot_be_read_may_hide_a_message(make: Make, body: str) -> None:
    async with answering(lambda _: web.Response(text=body, content_type="application/json")) as base:
        assert (await failure(make(api_base_url=base), To("-1"))).kind is FailureKind.UNCERTAIN


@pytest.mark.parametrize("result", [{}, {"message_id": 1}, {"chat": {"id": -1}}, {"message_id": 1, "chat": {}}])
async def test_a_message_without_its_number_is_not_known(make: Make, result: dict[str, object]) -> None:
    async with answering(lambda _: web.json_response({"ok": True, "result": result})) as base:
        adapter = make(api_base_url=base)
        assert "lacks" in (await failure(adapter, To("-1"))).detail
        with pytest.raises(DeliveryFailed, match="lacks the bot's id"):
            await adapter.check()


async def test_a_proxy_that_wants_a_password_passed_nothing_on(make: Make) -> None:
    async with answering(lambda _: web.Response(status=407)) as base:
        assert (await failure(make(proxy=base), To("-1"))).kind is FailureKind.UNREACHABLE


async def test_a_refusal_that_cannot_be_read_may_hide_a_message(make: Make) -> None:
    async with answering(lambda _: web.json_response([], status=400)) as base:
        assert (await failure(make(api_base_url=base), To("-1"))).kind is FailureKind.UNCERTAIN


async def test_a_call_without_an_answer_is_uncertain_and_in_time(
    make: Make, telegram: TelegramServer, ops: str
) -> None:
    adapter = make(timeout=1.5)
    hold = telegram.faults.hang("sendMessage")
    async with asyncio.timeout(15):
        failed = await failure(adapter, To(ops))
    hold.release()
    assert (failed.kind, failed.detail) == (FailureKind.UNCERTAIN, "sendMessage: no answer in time")


async def test_a_connection_that_breaks_is_uncertain(
    adapter: TelegramAdapter, telegram: TelegramServer, ops: str
) -> None:
    telegram.faults.cut("sendMessage", applied=True)
    assert (await failure(adapter, To(ops))).kind is FailureKind.UNCERTAIN
    assert len(telegram.workspace.messages(ops)) == 1


async def test_nobody_there_is_unreachable(adapter: TelegramAdapter, telegram: TelegramServer, ops: str) -> None:
    await telegram.pull_plug()
    assert (await failure(adapter, To(ops))).kind is FailureKind.UNREACHABLE
    await telegram.put_back()
    await adapter.send(To(ops), a_card())


async def test_a_proxy_that_is_not_there_is_unreachable(make: Make, ops: str) -> None:
    failed = await failure(make(proxy=f"http://{LOOPBACK}:1"), To(ops))
    assert failed.kind is FailureKind.UNREACHABLE


async def test_no_more_connections_than_there_are_is_unreachable(
    make: Make, telegram: TelegramServer, ops: str
) -> None:
    # Long enough that every connection there is stands, and has brought its call, on a slow machine too.
    adapter = make(timeout=1.5)
    hold = telegram.faults.hang("sendMessage", times=1000)
    calls = [asyncio.create_task(adapter.send(To(ops), a_card())) for _ in range(40)]
    results = await asyncio.gather(*calls, return_exceptions=True)
    hold.release()
    kinds = {result.kind for result in results if isinstance(result, DeliveryFailed)}
    assert kinds == {FailureKind.UNCERTAIN, FailureKind.UNREACHABLE}


async def test_an_edit_of_a_message_of_others_has_to_be_sent_anew(
    adapter: TelegramAdapter, telegram: TelegramServer, ops: str
) -> None:
    theirs = await telegram.type("ana", "ops", "hello")
    with pytest.raises(DeliveryFailed) as caught:
        await adapter.edit(MessageRef(ops, str(theirs.id)), a_card())
    assert caught.value.kind is FailureKind.GONE
