"""No token, no password and no secret address in an error, a log or on the terminal, whatever goes wrong."""

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from slack_sdk.errors import SlackClientError

from adapters.slack.adapter import SlackAdapter
from adapters.slack.secrets import sdk_logger, without_secrets
from bot.adapter import DeliveryFailed, MessageRef, To
from bot.playground.slack import SlackServer
from cards.card import Note
from tests.adapters.slack.conftest import Make
from tests.adapters.slack.desk import Desk, Still, a_card, answering, listening, signed

SECRET = "signing-very-secret"
BODY = b"payload=a+very+private+body&token=very-secret"


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
        ours = [record for record in self.caplog.records if not record.name.startswith(("uvicorn", "aiohttp"))]
        logged = [f"{record.getMessage()} {record.exc_info} {record.exc_text}" for record in ours]
        everything = "\n".join([printed.out, printed.err, *logged, *self.errors])
        assert everything.strip()
        for secret in secrets:
            assert secret not in everything


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Said:
    caplog.set_level(logging.DEBUG)
    return Said(caplog, capfd)


Trouble = Callable[[SlackServer, str], object]


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(lambda slack, method: slack.faults.refuse(method, "invalid_auth"), id="refused"),
        pytest.param(lambda slack, method: slack.faults.status(method, 502), id="gateway"),
        pytest.param(lambda slack, method: slack.faults.garble(method), id="garbled"),
        pytest.param(lambda slack, method: slack.faults.rate_limit(method, 9), id="too fast"),
        pytest.param(lambda slack, method: slack.faults.cut(method, applied=False, times=2), id="cut"),
        pytest.param(lambda slack, method: slack.faults.hang(method), id="hanging"),
    ],
)
async def test_no_failed_call_tells_a_token(make: Make, slack: SlackServer, said: Said, trouble: Trouble) -> None:
    adapter = make(timeout=0.3)
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "auth.test": adapter.check,
        "apps.connections.open": lambda: adapter.run(Desk()),
        "chat.postMessage": lambda: adapter.send(To("ops"), a_card()),
        "chat.update": lambda: adapter.edit(MessageRef("C1", "1.2"), a_card()),
        "conversations.open": lambda: adapter.send(To("U1", direct=True), a_card()),
        "users.lookupByEmail": lambda: adapter.find_by_email("ana@example.com"),
    }
    for method, call in calls.items():
        trouble(slack, method)
        await said.of(call())
    said.hides(slack.bot_token, slack.app_token)


async def test_no_outage_tells_a_token(adapter: SlackAdapter, slack: SlackServer, said: Said) -> None:
    async with listening(adapter, Desk()) as run:
        await slack.pull_plug()
        await said.of(run)
    await said.of(adapter.send(To("C1"), a_card()))
    said.hides(slack.bot_token, slack.app_token, "ticket=")


async def test_no_sockets_address_is_told(make: Make, slack: SlackServer, said: Said) -> None:
    spent = f"ws://127.0.0.1:{slack.port}/link/?ticket=very-secret"
    async with answering(lambda _: web.json_response({"ok": True, "url": spent})) as base:
        await said.of(make(api_base_url=base, timeout=0.3).run(Desk()))
    said.hides("very-secret", slack.app_token)


async def test_no_proxys_password_is_told(make: Make, slack: SlackServer, said: Said) -> None:
    async with answering(lambda _: web.Response(status=407)) as base:
        proxy = base.removesuffix("/api/").replace("//", "//user:very-secret@")
        await said.of(make(proxy=proxy).check())
        await said.of(make(proxy=proxy, api_base_url="https://slack.example.com/api/").check())
    said.hides("very-secret", slack.bot_token)


async def test_no_forged_request_is_told(make: Make, said: Said) -> None:
    clock = Still()
    adapter = make(clock=clock, app_token=None, signing_secret=SECRET)
    async with listening(adapter, Desk()):
        for _ in range(100):
            assert (await adapter.callback(signed("wrong", BODY, clock.at))).status == 401
    said.hides(SECRET, "private", "very-secret")
    assert adapter.rejected == 100
    assert len(said.caplog.records) < 50


async def test_no_clicks_address_is_told(make: Make, slack: SlackServer, ops: str, said: Said) -> None:
    adapter, desk = make(), Desk(Note(("You are not linked",)))
    slack.faults.cut("response_url", applied=False)
    async with listening(adapter, desk):
        await adapter.send(To(ops), a_card())
        card = await slack.expect_card("disk full", chat="ops")
        await card.click("Acknowledge", by="ana")
        await slack.expect_ephemeral("ana", "not linked")
    said.hides("/actions/", slack.bot_token)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("token xoxb-1-2-abc and xapp-1-A-b.", "token [redacted] and [redacted]"),
        ("wss://wss.slack.com/link/?ticket=1&app_id=2", "wss://wss.slack.com"),
        ("url='https://hooks.slack.com/actions/T1/2/3'", "url='https://hooks.slack.com'"),
        ("http://me:pass@proxy.example.com:3128", "http://proxy.example.com:3128"),
        ("https://me:p@ss@proxy.example.com/x?y", "https://proxy.example.com"),
        ("channel_not_found in C1", "channel_not_found in C1"),
    ],
)
def test_what_is_said_is_cleaned(text: str, clean: str) -> None:
    assert without_secrets(text) == clean


def test_the_sdk_logs_only_from_warnings_up_and_cleaned(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logger = sdk_logger()
    logger.info("body: %s", "private")
    try:
        raise SlackClientError("xoxb-1-abc")
    except SlackClientError as error:
        logger.exception(f"Failed to connect: {error}")  # noqa: G004, TRY401 - as the SDK does
    assert "private" not in caplog.text
    assert "xoxb" not in caplog.text
    assert "[SlackClientError]" in caplog.text
