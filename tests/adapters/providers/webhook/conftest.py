"""A gateway on this machine, and providers that are configured for it as its makers would tell you to."""

from collections.abc import AsyncIterator, Callable

import pytest

from adapters.providers.webhook import sms, voice
from adapters.providers.webhook.sms import WebhookSms
from adapters.providers.webhook.voice import WebhookVoice
from bot.playground.gateway import GatewayServer
from bot.playground.phones import Phone, Phones
from tests.playground.manual_clock import ManualClock

ANA = "+15550100001"
SECRET = "0123456789abcdef-gateway"
COMMON = {
    "secret": "gateway-key-1",
    "headers": "Authorization: Bearer {{ secret }}",
    "id_path": "id",
    "error_path": "error.code",
    "errors": "bad_number: refused\nbad_key: unauthorized\nno_credit: quota\nbad_text: too_long",
    "callback_secret": SECRET,
    "report_reference_path": "ref",
    "report_id_path": "id",
    "status_path": "state",
    "allow_private": "true",
    "timeout": "1",
}
SMS = {
    **COMMON,
    "body": '{"to": {{ to | tojson }}, "text": {{ text | tojson }}, "ref": {{ reference | tojson }}, '
    '"callback": {{ callback | tojson }}}',
    "states": "undeliverable: failed",
    "reply_sender_path": "from",
    "reply_text_path": "text",
    "reply_id_path": "id",
}
VOICE = {
    **COMMON,
    "body": '{"to": {{ to | tojson }}, "say": {{ say | tojson }}, "digits": {{ digits }}, '
    '"ref": {{ reference | tojson }}, "callback": {{ callback | tojson }}}',
    "states": "no-answer: no_answer\nmachine: voicemail\nhung-up: hung_up\ncompleted: ended\ncancelled: ended",
    "keys_path": "keys",
}

MakeSms = Callable[..., WebhookSms]
MakeVoice = Callable[..., WebhookVoice]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def ana(phones: Phones) -> Phone:
    return phones.add("ana", ANA)


@pytest.fixture
def phones(clock: ManualClock) -> Phones:
    return Phones(clock)


@pytest.fixture
async def gateway(clock: ManualClock, phones: Phones, ana: Phone) -> AsyncIterator[GatewayServer]:
    async with GatewayServer(clock, phones) as server:
        yield server


@pytest.fixture
async def make_sms(gateway: GatewayServer, clock: ManualClock) -> AsyncIterator[MakeSms]:
    """Make providers of SMS; what is given replaces the configuration."""
    made: list[WebhookSms] = []

    def provider(**values: str) -> WebhookSms:
        made.append(sms.connect("main", {**SMS, "url": f"{gateway.api_base_url}sms"} | values, clock))
        return made[-1]

    yield provider
    for one in made:
        await one.close()


@pytest.fixture
async def make_voice(gateway: GatewayServer, clock: ManualClock) -> AsyncIterator[MakeVoice]:
    """Make providers of calls; what is given replaces the configuration."""
    made: list[WebhookVoice] = []

    def provider(**values: str) -> WebhookVoice:
        made.append(voice.connect("main", {**VOICE, "url": f"{gateway.api_base_url}calls"} | values, clock))
        return made[-1]

    yield provider
    for one in made:
        await one.close()
