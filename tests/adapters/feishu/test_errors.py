"""What each refusal of Feishu means: the table of answers, shown on the wire."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.feishu.adapter import FeishuAdapter
from adapters.feishu.errors import CODES, CONTENT_CODES, TOKEN_CODES, failure_of
from bot.adapter import DeliveryFailed, FailureKind, MessageRef, To
from bot.outbound.client import Reply
from bot.playground.feishu import FeishuServer
from bot.playground.listener import LOOPBACK, Listener
from tests.adapters.feishu.conftest import Make
from tests.adapters.feishu.desk import a_card

POST = "im.v1.message.create"

# As an on-call engineer would sort them: is it worth another try, or must somebody be told in another way at once?
EXPECTED: dict[FailureKind, list[int]] = {
    FailureKind.RATE_LIMITED: [99991400, 230020, 11232, 11233, 11247],
    FailureKind.UNREACHABLE: [232019, 18121],
    FailureKind.UNCERTAIN: [230049, 2200, 1500, 1663, 5000, 55001, 300000],
    FailureKind.QUOTA: [99991403, 230024],
    FailureKind.UNLINKED: [
        *(230013, 230029, 230053, 230034, 230038, 18120, 99992351, 99992360, 99992361, 99992364),
        *(11225, 232024, 41050),
    ],
    FailureKind.REFUSED: [
        *(230002, 232009, 232006, 10029, 11213, 232011, 11237, 230018, 230035, 230054, 230075, 230071, 230072),
        # Nobody knows these yet.
        *(1, 777777, 99999999),
    ],
    FailureKind.GONE: [230011, 230110, 230031, 200000, 230019],
    FailureKind.UNAUTHORIZED: [
        *(99991672, 99991401, 99991662, 99991673, 10014, 232034, 10003, 10015, 20002, 99991543),
        *(230006, 232025, 11205, 230027, 234002, 234007),
        *(99991663, 99991664, 99991665, 99991661, 99991671, 99991668, 99991677, 20013),
    ],
    FailureKind.TOO_LONG: [230025, 19036, 234006, 234039],
    FailureKind.MALFORMED: [
        *(230001, 230099, 230022, 230028, 9499, 100290, 11310, 200621, 200861, 200570, 200530, 200830, 11246),
        *(234001, 234010, 234011),
    ],
}
MEANINGS = {code: kind for kind, codes in EXPECTED.items() for code in codes}
# What speaks of the receiver speaks of the chat where the message was for one: nobody is to be linked.
OF_A_CHAT = {230034: FailureKind.REFUSED}


async def failure(adapter: FeishuAdapter, to: str = "oc_1") -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        await adapter.send(To(to), a_card())
    return caught.value


@asynccontextmanager
async def answering(answer: Callable[[], Response]) -> AsyncIterator[str]:
    """Serve a token, and one answer to everything else; give the base address."""

    async def token(_: Request) -> Response:
        return JSONResponse({"code": 0, "tenant_access_token": "t-1", "expire": 7200})

    async def handle(_: Request) -> Response:
        return answer()

    routes = [
        Route("/open-apis/auth/{path:path}", token, methods=["POST"]),
        Route("/{path:path}", handle, methods=["GET", "POST", "PATCH"]),
    ]
    listener = Listener(Starlette(routes=routes))
    await listener.start()
    try:
        yield f"http://{LOOPBACK}:{listener.port}/"
    finally:
        await listener.close()


async def test_every_code_has_its_meaning_and_is_told(adapter: FeishuAdapter, feishu: FeishuServer, ops: str) -> None:
    for code, kind in MEANINGS.items():
        feishu.faults.refuse(POST, code, times=3)
        failed = await failure(adapter, ops)
        feishu.faults.clear()
        assert failed.kind is OF_A_CHAT.get(code, kind), code
        assert str(code) in failed.detail


def test_no_code_is_missing_here() -> None:
    assert CODES.keys() <= MEANINGS.keys()
    assert CODES.keys() >= CONTENT_CODES | TOKEN_CODES
    assert sum(len(codes) for codes in EXPECTED.values()) == len(MEANINGS)


@pytest.mark.parametrize("status", [200, 400, 403, 500])
@pytest.mark.parametrize(("code", "kind"), [(230002, FailureKind.REFUSED), (99991400, FailureKind.RATE_LIMITED)])
def test_the_body_decides_and_not_the_status(status: int, code: int, kind: FailureKind) -> None:
    failed = failure_of("x", Reply(status, b'{"code": %d, "msg": "no"}' % code))
    assert failed is not None
    assert failed.kind is kind
    assert failure_of("x", Reply(status, b'{"code": 0}')) is None


@pytest.mark.parametrize(
    ("msg", "kind", "code"),
    [
        ("Failed to create card content, ext=ErrCode: 100290; ErrMsg: bad at;", FailureKind.MALFORMED, 100290),
        ("ext=ErrCode: 11310; ErrMsg: element exceeds the limit;", FailureKind.MALFORMED, 11310),
        ("ext=ErrCode: 11310; ErrMsg: card action is lock;", FailureKind.UNREACHABLE, 11310),
        ("ext=ErrCode: 123; ErrMsg: new;", FailureKind.MALFORMED, 230099),
        ("", FailureKind.MALFORMED, 230099),
    ],
)
def test_what_is_wrong_with_a_card_stands_in_the_words(msg: str, kind: FailureKind, code: int) -> None:
    failed = failure_of("x", Reply(400, b'{"code": 230099, "msg": "%s"}' % msg.encode()))
    assert failed is not None
    assert (failed.kind, failed.code) == (kind, code)


def test_an_unknown_code_of_a_failing_server_may_have_been_done() -> None:
    failed = failure_of("x", Reply(502, b'{"code": 4711, "msg": "upstream"}'))
    assert failed is not None
    assert failed.kind is FailureKind.UNCERTAIN


async def test_a_missing_scope_is_named(adapter: FeishuAdapter, feishu: FeishuServer, ops: str) -> None:
    feishu.workspace.app.scopes = frozenset()
    failed = await failure(adapter, ops)
    assert failed.kind is FailureKind.UNAUTHORIZED
    assert "im:message" in failed.detail


async def test_an_edit_of_a_message_that_is_gone_says_so(
    adapter: FeishuAdapter, feishu: FeishuServer, ops: str
) -> None:
    sent = await adapter.send(To(ops), a_card())
    feishu.workspace.remove(sent.message.id)
    for message in (sent.message, MessageRef(ops, "om_never")):
        with pytest.raises(DeliveryFailed) as caught:
            await adapter.edit(message, a_card())
        assert caught.value.kind is FailureKind.GONE


async def test_a_gateways_page_may_hide_a_message_whatever_its_status(
    adapter: FeishuAdapter, feishu: FeishuServer, ops: str
) -> None:
    for status in (400, 403, 404, 500, 502, 503, 504):
        feishu.faults.status(POST, status)
        failed = await failure(adapter, ops)
        assert failed.kind is FailureKind.UNCERTAIN, status
        assert f"HTTP {status}" in failed.detail


@pytest.mark.parametrize(("wait", "expected"), [(0, 0.0), (7, 7.0), (86_400, 86_400.0)])
async def test_too_fast_says_when_to_come_back(
    adapter: FeishuAdapter, feishu: FeishuServer, ops: str, wait: int, expected: float
) -> None:
    feishu.faults.rate_limit(POST, wait)
    failed = await failure(adapter, ops)
    assert (failed.kind, failed.retry_after) == (FailureKind.RATE_LIMITED, expected)
    assert len(feishu.log.calls(POST)) == 1


@pytest.mark.parametrize("header", ["soon", "-3", "٣", "9" * 20, ""])
def test_a_time_that_is_no_number_counts_as_five_seconds(header: str) -> None:
    for body in (b"", b'{"code": 99991400}', b'{"code": 777}'):
        failed = failure_of("x", Reply(429, body, {"x-ogw-ratelimit-reset": header}))
        assert failed is not None
        assert (failed.kind, failed.retry_after) == (FailureKind.RATE_LIMITED, 5.0)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"hello", b"<html>", b'{"code": tru', b"null", b"[]", b"{}", b'{"code": "0"}', b'{"code": true}'),
        *(b'{"code": 0}', b'{"code": 0, "data": {"chat_id": "oc_1"}}', b'{"code": 0, "data": {"message_id": 1}}'),
    ],
)
async def test_an_answer_that_says_neither_yes_nor_no_is_uncertain(make: Make, body: bytes) -> None:
    async with answering(lambda: Response(body)) as base:
        assert (await failure(make(api_base_url=base))).kind is FailureKind.UNCERTAIN


async def test_no_answer_in_time_is_uncertain(make: Make, feishu: FeishuServer, ops: str) -> None:
    feishu.faults.hang(POST, applied=True)
    async with asyncio.timeout(15):
        failed = await failure(make(timeout=1.5), ops)
    assert failed.kind is FailureKind.UNCERTAIN
    assert len(feishu.workspace.messages(ops)) == 1


async def test_where_nobody_listens_feishu_is_unreachable(
    adapter: FeishuAdapter, feishu: FeishuServer, ops: str
) -> None:
    await feishu.pull_plug()
    assert (await failure(adapter, ops)).kind is FailureKind.UNREACHABLE
    await feishu.put_back()
    assert (await adapter.send(To(ops), a_card())).said == "ok"


async def test_a_token_that_cannot_be_read_sends_nothing(make: Make) -> None:
    for body in (b"{}", b"<html>", b'{"code": 0}', b'{"code": 0, "tenant_access_token": "", "expire": 7200}'):
        listener = Listener(Starlette(routes=[Route("/{path:path}", _saying(body), methods=["POST"])]))
        await listener.start()
        try:
            failed = await failure(make(api_base_url=f"http://{LOOPBACK}:{listener.port}/"))
        finally:
            await listener.close()
        assert failed.kind is FailureKind.UNREACHABLE


def _saying(body: bytes) -> Callable[[Request], Awaitable[Response]]:
    async def say(_: Request) -> Response:
        return Response(body)

    return say
