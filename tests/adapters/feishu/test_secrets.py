"""No secret, no token, no password and no secret address in an error, a log or on the terminal, whatever goes wrong."""

import asyncio
import json
import logging
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from adapters.feishu.adapter import FeishuAdapter
from bot.adapter import Callback, DeliveryFailed, MessageRef, To
from bot.playground.feishu import FeishuServer
from cards.card import Note
from tests.adapters.feishu.conftest import Make
from tests.adapters.feishu.desk import Desk, Still, a_card, clicked, listening, posted

ENDPOINT = "ws.endpoint"


@dataclass
class Said:
    """Everything that can be read of what went wrong."""

    caplog: pytest.LogCaptureFixture
    capfd: pytest.CaptureFixture[str]
    errors: list[str] = field(default_factory=list)

    async def of(self, doing: Awaitable[object]) -> None:
        async with asyncio.timeout(15):
            with pytest.raises(DeliveryFailed) as caught:
                await doing
        self.errors += [repr(caught.value), caught.value.detail, *traceback.format_exception(caught.value)]

    def hides(self, *secrets: str) -> None:
        printed = self.capfd.readouterr()
        # The servers of the test log their own side, where such secrets are at home.
        ours = [
            record for record in self.caplog.records if not record.name.startswith(("uvicorn", "websockets.server"))
        ]
        logged = [f"{record.getMessage()} {record.exc_info} {record.exc_text}" for record in ours]
        everything = "\n".join([printed.out, printed.err, *logged, *self.errors])
        assert everything.strip()
        for secret in secrets:
            assert secret not in everything


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Said:
    caplog.set_level(logging.DEBUG)
    for name in ("uvicorn", "uvicorn.error", "websockets.server"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return Said(caplog, capfd)


Trouble = Callable[[FeishuServer, str], object]


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(lambda feishu, method: feishu.faults.refuse(method, 99991663, times=2), id="refused"),
        pytest.param(lambda feishu, method: feishu.faults.status(method, 502), id="gateway"),
        pytest.param(lambda feishu, method: feishu.faults.garble(method), id="garbled"),
        pytest.param(lambda feishu, method: feishu.faults.rate_limit(method, 9), id="too fast"),
        pytest.param(lambda feishu, method: feishu.faults.cut(method, applied=False, times=2), id="cut"),
        pytest.param(lambda feishu, method: feishu.faults.hang(method), id="hanging"),
    ],
)
async def test_no_failed_call_tells_a_token(make: Make, feishu: FeishuServer, said: Said, trouble: Trouble) -> None:
    adapter = make(timeout=1)
    token = await adapter._api.token()  # noqa: SLF001
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "bot.v3.info": adapter.check,
        "im.v1.message.create": lambda: adapter.send(To("oc_1"), a_card()),
        "im.v1.message.patch": lambda: adapter.edit(MessageRef("oc_1", "om_1"), a_card()),
        "im.v1.message.reply": lambda: adapter.send(To("oc_1"), a_card(), under=MessageRef("oc_1", "om_1")),
        "contact.v3.user.batch_get_id": lambda: adapter.find_by_email("ana@example.com"),
        "auth.v3.tenant_access_token.internal": make(timeout=1).check,
    }
    for method, call in calls.items():
        trouble(feishu, method)
        await said.of(call())
    said.hides(feishu.app_secret, token)


async def test_what_feishu_says_again_of_a_call_is_not_told(make: Make, feishu: FeishuServer, said: Said) -> None:
    adapter = make()
    token = await adapter._api.token()  # noqa: SLF001
    feishu.faults.refuse("im.v1.message.create", 99991672, msg=f"the token {token} of {feishu.app_secret} may not")
    await said.of(adapter.send(To("oc_1"), a_card()))
    feishu.faults.refuse("auth.v3.tenant_access_token.internal", 10003, msg=f"{feishu.app_secret} is no secret")
    await said.of(make().check())
    assert "the token [redacted] of [redacted] may not" in said.errors[1]
    said.hides(feishu.app_secret, token)


@pytest.mark.usefixtures("lark")
async def test_no_outage_tells_a_secret_or_a_ticket(make: Make, feishu: FeishuServer, said: Said) -> None:
    adapter = make(timeout=0.5)
    async with listening(adapter, Desk()) as run:
        await feishu.pull_plug()
        await said.of(run)
    await said.of(adapter.send(To("oc_1"), a_card()))
    await feishu.put_back()
    feishu.connections.refuse_handshake(403, "forbidden")
    await said.of(adapter.run(Desk()))
    feishu.faults.status(ENDPOINT, 502)
    await said.of(adapter.run(Desk()))
    hold = feishu.faults.hang("ws.connect")
    await said.of(adapter.run(Desk()))
    hold.release()
    said.hides(feishu.app_secret, "ticket=", "access_key")


async def test_no_proxys_password_is_told(make: Make, feishu: FeishuServer, said: Said) -> None:
    proxy = feishu.api_base_url.replace("//", "//user:very-secret@").rstrip("/")
    await said.of(make(proxy=proxy, api_base_url="https://feishu.example.com").check())
    said.hides("very-secret", feishu.app_secret)


async def test_no_forged_request_is_told(make: Make, feishu: FeishuServer, said: Said) -> None:
    clock = Still()
    adapter = make(clock=clock, encrypt_key=feishu.encrypt_key, verification_token=feishu.verification_token)
    async with listening(adapter, Desk()):
        for _ in range(100):
            request = posted(feishu.workspace, clicked("very-private"))
            headers = {**request.headers, "x-lark-signature": "very-wrong"}
            assert (await adapter.callback(Callback("", request.body, headers))).status == 401
    said.hides(feishu.encrypt_key, feishu.verification_token, "very-private", "very-wrong")
    assert adapter.rejected == 100
    assert len([record for record in said.caplog.records if "rejected" in record.getMessage()]) < 10


async def test_what_fails_inside_tells_no_secret(called: FeishuAdapter, feishu: FeishuServer, said: Said) -> None:
    desk = Desk(Note(("x",)))
    desk.fault = RuntimeError(f"the key is {feishu.encrypt_key}, the secret {feishu.app_secret}")
    async with listening(called, desk):
        event = clicked(feishu.workspace.user("ana").id)
        event["header"]["token"] = feishu.verification_token
        answer = await called.callback(posted(feishu.workspace, event))
    assert json.loads(answer.body) == {}
    said.hides(feishu.encrypt_key, feishu.app_secret, feishu.verification_token)
