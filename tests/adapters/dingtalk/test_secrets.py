"""No secret, token, ticket or session's address in an error, a log or on the terminal, whatever goes wrong."""

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from adapters.dingtalk.adapter import DingTalkAdapter
from bot.adapter import DeliveryFailed, MessageRef, To
from bot.playground.dingtalk import DingTalkServer
from cards.card import Note
from tests.adapters.dingtalk.conftest import Make
from tests.adapters.dingtalk.desk import Desk, Still, a_card, listening, posted

GATEWAY = "gateway/connections/open"
Trouble = Callable[[DingTalkServer, str], object]


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
        ours = [one for one in self.caplog.records if not one.name.startswith(("uvicorn", "websockets.server"))]
        logged = [f"{record.getMessage()} {record.exc_info} {record.exc_text}" for record in ours]
        everything = "\n".join([printed.out, printed.err, *logged, *self.errors])
        assert everything.strip()
        for secret in secrets:
            assert secret
            assert secret not in everything


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Said:
    caplog.set_level(logging.DEBUG)
    for name in ("uvicorn", "uvicorn.error", "websockets.server"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return Said(caplog, capfd)


def secrets_of(dingtalk: DingTalkServer) -> list[str]:
    """Return what the server and the adapter know and nobody else may."""
    hidden = [dingtalk.client_secret, "ticket=", "session=", "access_token="]
    token = dingtalk.tokens._token  # noqa: SLF001 - the newest
    return [*hidden, token] if token else hidden


@pytest.mark.parametrize(
    "trouble",
    [
        lambda server, method: server.faults.cut(method, applied=False),
        lambda server, method: server.faults.garble(method),
        lambda server, method: server.faults.status(method, 502),
        lambda server, method: server.faults.refuse(method, "param.invalid", times=3),
    ],
    ids=["cut", "garbled", "gateway", "refused"],
)
@pytest.mark.parametrize("method", ["oauth2/accessToken", "card/instances/createAndDeliver"])
async def test_a_send_that_fails_hides_them(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer, said: Said, trouble: Trouble, method: str
) -> None:
    trouble(dingtalk, method)
    await said.of(adapter.send(To(dingtalk.workspace.chat("ops").id), a_card()))
    said.hides(*secrets_of(dingtalk))


async def test_a_look_up_that_fails_hides_the_token_in_its_address(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer, said: Said
) -> None:
    await adapter.check()
    dingtalk.faults.cut("topapi/v2/user/getbymobile", applied=False)
    await said.of(adapter.find_by_mobile("13900000000"))
    dingtalk.faults.status("topapi/v2/user/getbymobile", 500)
    await said.of(adapter.find_by_mobile("13900000000"))
    said.hides(*secrets_of(dingtalk))


@pytest.mark.parametrize("method", [GATEWAY, "connect"])
async def test_a_connection_that_fails_hides_its_ticket(
    make: Make, dingtalk: DingTalkServer, said: Said, method: str
) -> None:
    dingtalk.faults.cut(method, applied=False)
    await said.of(make(timeout=0.5).run(Desk()))
    said.hides(*secrets_of(dingtalk))


async def test_a_run_hides_them(adapter: DingTalkAdapter, dingtalk: DingTalkServer, ops: str, said: Said) -> None:
    desk = Desk(Note(("x",)))
    async with listening(adapter, desk):
        dingtalk.faults.refuse("robot/sendBySession", "300001")
        dingtalk.faults.refuse("robot/oToMessages/batchSend", "system.error")
        await dingtalk.type("ana", None, "list")
        await dingtalk.wait_for_log(lambda: any(entry.method.endswith("batchSend") for entry in dingtalk.log))
        # Read by nobody: the SDK logs it whole.
        [one] = dingtalk.stream._connections  # noqa: SLF001
        await one.websocket.send_text(
            '{"type": "CALLBACK", "headers": {"topic": "/x"}, "data": "{\\"a\\": \\"https://x.example/?session=1\\"}"}'
        )
        await one.websocket.send_text("https://x.example/?ticket=1")
        await said.of(adapter.edit(MessageRef(ops, "oncard-0"), a_card()))
        dingtalk.stream.drop()
        await desk.until(lambda: bool(desk.downs))
    said.hides(*secrets_of(dingtalk))


async def test_a_forged_callback_and_a_defect_hide_them(make: Make, dingtalk: DingTalkServer, said: Said) -> None:
    clock, desk = Still(), Desk()
    adapter = make(clock=clock, mode="http", api_secret="s3cr3t-of-cards", callback_url="https://a.example/cards")
    desk.fault = RuntimeError(f"at https://a.example/?access_token=1 with {dingtalk.client_secret} s3cr3t-of-cards")
    async with listening(adapter, desk):
        await adapter.callback(posted("robot", "another", {"msgtype": "text"}, clock.at))
        message = {"senderStaffId": "1", "msgtype": "text", "text": {"content": "x"}, "conversationType": "1"}
        await adapter.callback(posted("robot", dingtalk.client_secret, message, clock.at))
        await desk.until(lambda: bool(desk.heard))
    await adapter.close()
    said.hides(*secrets_of(dingtalk), "s3cr3t-of-cards")
