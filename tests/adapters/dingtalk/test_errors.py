"""What each refusal of DingTalk means, code by code; what is not known was not delivered."""

import asyncio
import json
from collections.abc import Callable

import aiohttp.web
import pytest
from structlog.testing import capture_logs

from adapters.dingtalk import errors, web
from adapters.dingtalk.adapter import DingTalkAdapter
from adapters.dingtalk.errors import (
    CODES,
    CONTENT_CODES,
    TOKEN_CODES,
    DingTalkFailed,
    failure_of,
    not_delivered,
    refused,
)
from adapters.dingtalk.messages import Messages
from bot.adapter import FailureKind, MessageRef, To
from bot.outbound.client import Reply
from bot.playground.dingtalk import DingTalkServer
from tests.adapters.dingtalk.conftest import Make
from tests.adapters.dingtalk.desk import Still, a_card
from tests.adapters.telegram.desk import answering

K = FailureKind
QPS = "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"
# Written down a second time, after the sheet of facts.
TABLE = {
    K.RATE_LIMITED: [
        *(QPS, "Forbidden.AccessDenied.QpsLimitForApi", "90018", "90002", "request.too.fast", "send.too.fast"),
        *("send.byToken.tooFast", "toomuch.msg", "flowControlledStaffIdList", "410100", "1111"),
    ],
    K.UNREACHABLE: ["system.busy"],
    K.UNCERTAIN: ["system.error", "unknown.send.result", "-1"],
    K.QUOTA: ["Forbidden.AccessDenied.ApiCountLimitForOrg", "90020", "20001", "ding.serverquota.insufficient"],
    K.UNLINKED: [
        *("invalidStaffIdList", "param.userIdNotExist", "invalid.staffid", "miss.staffId", "staffChangeError"),
        *("robot.oto.notExist", "60121", "40103"),
    ],
    K.REFUSED: [
        *("group.disbanded", "invalid.openConversationId", "invalidParameter.robotCode.notExsit"),
        *("invalidParameter.robotCode.empty", "robot.not.found", "bot.stopped", "template.stopped"),
        *("invalidRequest.robotIsStop", "robotDisabled", "400013", "400101", "400102", "400106"),
        "bot.forbidden.sendMessage",
    ],
    K.GONE: ["param.cardNotExist", "300001"],
    K.UNAUTHORIZED: [
        *("Forbidden.AccessDenied.AccessTokenPermissionDenied", "60011", "robotCode.auth", "orgAccessForbidden"),
        *("invalidClientIdOrSecret", "authFailed", "param.templateNotExist", "param.templateUnpublished", "310000"),
        *("sign.not.match", "keywords.not.match", "ip.not.match", "InvalidAuthentication", "40014", "42001", "88"),
    ],
    K.TOO_LONG: ["invalidParameter.msgParam.tooLong", "40006"],
    K.MALFORMED: [
        *("param.contentUnsafe", "contain.unsafe.url", "430101", "430102", "430103", "430104", "msgKey.invalid"),
        *("param.invalid", "invalidParameter.msgParam.invalid", "400602"),
        *("40004", "40005", "40007", "41005"),
    ],
}
ROWS = [(code, kind) for kind, codes in TABLE.items() for code in codes]


def reply(body: object, status: int = 200, **headers: str) -> Reply:
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return Reply(status, raw, {name.replace("_", "-"): value for name, value in headers.items()})


def test_the_table_is_whole() -> None:
    assert dict(ROWS) == dict(CODES)
    assert set(TABLE[K.TOO_LONG] + TABLE[K.MALFORMED]) == CONTENT_CODES


@pytest.mark.parametrize(("code", "kind"), ROWS)
def test_each_code_in_each_of_its_forms(code: str, kind: FailureKind) -> None:
    forms = [reply({"code": code, "message": "words"}, 400)]
    if code.lstrip("-").isdigit():
        forms.append(reply({"errcode": int(code), "errmsg": "words"}))
        forms.append(reply({"errcode": 88, "sub_code": code, "errmsg": "words"}))
    for form in forms:
        failure = failure_of("m", form)
        assert failure is not None
        assert (failure.kind, failure.code) == (kind, code)
        assert "words" in failure.detail
        assert (failure.retry_after is not None) == (kind is K.RATE_LIMITED)
    undelivered = not_delivered("m", [{"success": False, "errorMsg": f"failed: {code}: sorry"}])
    assert undelivered is not None
    assert (undelivered.kind, undelivered.code) == (kind, code)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (reply({"code": "what.is.this", "message": "x"}, 400), K.REFUSED),
        (reply({"code": "what.is.this"}, 500), K.UNCERTAIN),
        (reply({"code": "system.busy"}, 503), K.UNREACHABLE),
        (reply({"code": "what.is.this"}, 429), K.RATE_LIMITED),
        (reply({"errcode": 12345}), K.REFUSED),
        (reply({"success": False, "message": "no"}), K.REFUSED),
        (reply({"success": True, "result": False}), K.REFUSED),
        (reply({"success": False, "errorMsg": "param.cardNotExist"}), K.GONE),
        (reply("<html>", 502), K.UNCERTAIN),
        (reply("<html>"), K.UNCERTAIN),
        (reply("<html>", 429), K.RATE_LIMITED),
        (reply("{}", 401), K.UNAUTHORIZED),
    ],
)
def test_what_is_not_in_the_table_was_not_delivered(answer: Reply, kind: FailureKind) -> None:
    failure = failure_of("m", answer)
    assert failure is not None
    assert failure.kind is kind


@pytest.mark.parametrize(
    ("answer", "wait"),
    [
        (reply({"status": 1111, "punish": "deny", "wait": 5}), 5.0),
        (reply({"status": 1111, "punish": "deny", "wait": "soon"}), errors.BANNED_FOR),
        (reply("<html>punish</html>", 403), errors.BANNED_FOR),
        (reply({"code": QPS}, 403), errors.DEFAULT_RETRY_AFTER),
        (reply({"code": QPS}, 429, retry_after="7"), 7.0),
        (reply({"code": QPS}, 429, retry_after="Friday"), errors.DEFAULT_RETRY_AFTER),
    ],
)
def test_who_is_asked_for_patience_knows_for_how_long(answer: Reply, wait: float) -> None:
    failure = failure_of("m", answer)
    assert failure is not None
    assert (failure.kind, failure.retry_after) == (K.RATE_LIMITED, wait)


@pytest.mark.parametrize(
    "answer",
    [reply({"errcode": 0, "errmsg": "ok"}), reply({"processQueryKey": "k"}), reply({"success": True, "result": True})],
)
def test_a_yes_is_none(answer: Reply) -> None:
    assert failure_of("m", answer) is None


@pytest.mark.parametrize(
    ("results", "kind"),
    [
        (None, K.UNCERTAIN),
        ([], K.UNCERTAIN),
        (["x"], K.REFUSED),
        ([{"success": "true"}], K.REFUSED),
        ([{"success": True}, {"success": False, "errorMsg": "group.disbanded"}], K.REFUSED),
        ([{"success": False, "errorMsg": None}], K.REFUSED),
    ],
)
def test_a_card_that_is_not_in_its_place_was_not_delivered(results: object, kind: FailureKind) -> None:
    failure = not_delivered("m", results)
    assert failure is not None
    assert failure.kind is kind
    assert not_delivered("m", [{"success": True}]) is None


def test_the_words_name_the_scope_that_is_missing() -> None:
    code = "Forbidden.AccessDenied.AccessTokenPermissionDenied"
    body = {"code": code, "message": "no", "accessdenieddetail": {"requiredScopes": ["Card.Instance.Write"]}}
    failure = failure_of("m", reply(body, 403))
    assert failure is not None
    assert "needs Card.Instance.Write" in failure.detail


def test_a_detail_holds_no_address_and_is_short() -> None:
    failure = refused("m", "x", "see https://oapi.dingtalk.com/robot/send?access_token=t0ken " + "y" * 900)
    assert "t0ken" not in failure.detail
    assert len(failure.detail) == errors.DETAIL_LIMIT


# ---- the token -------------------------------------------------------------------------------------------------------


def tokens(dingtalk: DingTalkServer) -> int:
    return sum(entry.method == "oauth2/accessToken" for entry in dingtalk.log)


@pytest.mark.parametrize("code", sorted(TOKEN_CODES))
async def test_a_token_that_is_no_longer_good_is_replaced_once(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer, ops: str, code: str
) -> None:
    dingtalk.faults.refuse("card/instances/createAndDeliver", code)
    await adapter.send(To(ops), a_card())
    assert tokens(dingtalk) == 2
    dingtalk.faults.refuse("card/instances/createAndDeliver", code, times=2)
    with pytest.raises(DingTalkFailed) as caught:
        await adapter.send(To(ops), a_card())
    assert caught.value.kind is K.UNAUTHORIZED
    assert tokens(dingtalk) == 3


async def test_both_generations_of_the_api_share_the_token(adapter: DingTalkAdapter, dingtalk: DingTalkServer) -> None:
    await adapter.check()
    dingtalk.tokens.revoke()
    assert await adapter.find_by_mobile("13900000000") is None
    await adapter.check()
    assert tokens(dingtalk) == 2


@pytest.mark.parametrize("body", [{"hello": "world"}, {"status": "maintenance"}, {"code": None}])
async def test_an_answer_that_says_neither_yes_nor_no_is_no_yes(make: Make, body: object) -> None:
    def answer(request: aiohttp.web.Request) -> aiohttp.web.Response:
        is_token = request.path.endswith("accessToken")
        return aiohttp.web.json_response({"accessToken": "t", "expireIn": 7200} if is_token else body)

    async with answering(answer) as base:
        adapter = make(api_base_url=base)
        messages = Messages(adapter._config, adapter._api, adapter._clock, "")  # noqa: SLF001
        for told in (
            adapter.send(To("cid1"), a_card()),
            adapter.edit(MessageRef("cid1", "oncard-1"), a_card()),
            messages.answer(f"{base}robot/sendBySession", a_card()),
        ):
            with pytest.raises(DingTalkFailed) as caught:
                await told
            assert caught.value.kind is K.UNCERTAIN


async def test_a_token_is_asked_for_once_and_again_before_its_end(make: Make, dingtalk: DingTalkServer) -> None:
    clock = Still()
    adapter = make(clock=clock)
    await asyncio.gather(*(adapter.check() for _ in range(5)))
    assert tokens(dingtalk) == 1
    clock.at = clock.at.replace(hour=clock.at.hour + 1, minute=51)
    await adapter.check()
    assert tokens(dingtalk) == 2


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        (lambda server: server.faults.refuse("oauth2/accessToken", "invalidClientIdOrSecret"), K.UNAUTHORIZED),
        (lambda server: server.faults.cut("oauth2/accessToken", applied=True), K.UNREACHABLE),
        (lambda server: server.faults.garble("oauth2/accessToken"), K.UNREACHABLE),
        (lambda server: server.faults.status("oauth2/accessToken", 502), K.UNREACHABLE),
        (lambda server: server.faults.rate_limit("oauth2/accessToken", 3), K.RATE_LIMITED),
    ],
    ids=["secret", "cut", "garbled", "gateway", "patience"],
)
async def test_without_a_token_nothing_was_sent(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer, ops: str, trouble: Callable[[DingTalkServer], object], kind: K
) -> None:
    trouble(dingtalk)
    with pytest.raises(DingTalkFailed) as caught:
        await adapter.send(To(ops), a_card())
    assert caught.value.kind is kind
    assert not dingtalk.workspace.messages(ops)


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        (lambda server, method: server.faults.cut(method, applied=False), K.UNCERTAIN),
        (lambda server, method: server.faults.garble(method), K.UNCERTAIN),
        (lambda server, method: server.faults.status(method, 503), K.UNCERTAIN),
        (lambda server, method: server.faults.status(method, 403), K.RATE_LIMITED),
        (lambda server, method: server.faults.rate_limit(method, 9), K.RATE_LIMITED),
        (lambda server, _: setattr(server.pace, "banned", True), K.RATE_LIMITED),
        (lambda server, _: setattr(server.pace, "spent", True), K.QUOTA),
        (lambda server, _: setattr(server.pace, "throttled", True), K.RATE_LIMITED),
    ],
    ids=["cut", "garbled", "gateway", "forbidden", "patience", "banned", "spent", "throttled"],
)
async def test_trouble_on_the_way_is_told_as_what_it_is(
    adapter: DingTalkAdapter,
    dingtalk: DingTalkServer,
    ops: str,
    trouble: Callable[[DingTalkServer, str], object],
    kind: K,
) -> None:
    await adapter.check()
    trouble(dingtalk, "card/instances/createAndDeliver")
    with pytest.raises(DingTalkFailed) as caught:
        await adapter.send(To(ops), a_card())
    assert caught.value.kind is kind


async def test_dingtalk_that_is_away_is_unreachable(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer, ops: str
) -> None:
    await adapter.check()
    await dingtalk.pull_plug()
    with pytest.raises(DingTalkFailed) as caught:
        await adapter.send(To(ops), a_card())
    assert caught.value.kind in (K.UNREACHABLE, K.UNCERTAIN)


async def test_the_admin_is_told_once_when_the_calls_of_the_month_run_out(
    make: Make, ops: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "WARN_AT", 2)
    clock = Still()
    adapter = make(clock=clock)
    with capture_logs() as logs:
        for _ in range(4):
            await adapter.send(To(ops), a_card())
        clock.at = clock.at.replace(month=12)
        for _ in range(2):
            await adapter.send(To(ops), a_card())
    assert [log["event"] for log in logs] == ["calls_of_the_month_run_out"] * 2


async def test_closing_while_a_token_is_asked_for_does_not_hang(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer
) -> None:
    held = dingtalk.faults.hang("oauth2/accessToken")
    asking = asyncio.create_task(adapter.check())
    await held.reached.wait()
    async with asyncio.timeout(15):
        await adapter.close()
    assert isinstance((await asyncio.gather(asking, return_exceptions=True))[0], asyncio.CancelledError)


async def test_answers_go_to_no_address_but_dingtalks(adapter: DingTalkAdapter) -> None:
    for address in (
        "https://evil.example.com/robot",
        "http://oapi.dingtalk.com/x",
        "file:///etc",
        "https://dingtalk.com.evil.example.com/",
    ):
        with pytest.raises(DingTalkFailed, match="none of DingTalk's"):
            await adapter._api.answer(address, {})  # noqa: SLF001
