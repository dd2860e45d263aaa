"""A Twilio on this machine, phones, and providers that speak to it."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace

import pytest

from adapters.providers.twilio import sms, voice
from adapters.providers.twilio.sms import TwilioSms
from adapters.providers.twilio.voice import TwilioVoice
from bot.playground.phones import Phone, Phones
from bot.playground.twilio import TwilioServer
from bot.provider import Envelope
from cards import build
from cards.script import Script
from tests.adapters.providers.twilio.oncall import MENU, Core, Oncard
from tests.cards.stories import Story
from tests.playground.manual_clock import ManualClock

ANA = "+14155550101"
REFERENCE = "7.signed-word_"

MakeSms = Callable[..., TwilioSms]
MakeVoice = Callable[..., TwilioVoice]
Write = Callable[..., Envelope]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def phones(clock: ManualClock) -> Phones:
    known = Phones(clock)
    known.add("ana", ANA)
    known.add("chen", "+8613900000000")
    return known


@pytest.fixture
def ana(phones: Phones) -> Phone:
    return phones.phone("ana")


@pytest.fixture
def core() -> Core:
    return Core()


@pytest.fixture
async def oncard(core: Core) -> AsyncIterator[Oncard]:
    async with Oncard(core) as running:
        yield running


@pytest.fixture
async def twilio(clock: ManualClock, phones: Phones, oncard: Oncard) -> AsyncIterator[TwilioServer]:
    async with TwilioServer(clock, phones) as server:
        server.texts.inbound_url = f"{oncard.url('sms')}inbound"
        yield server


@dataclass(frozen=True, slots=True)
class Night:
    """All that there is besides the provider."""

    ana: Phone
    core: Core
    oncard: Oncard
    twilio: TwilioServer
    clock: ManualClock


@pytest.fixture
def night(ana: Phone, core: Core, oncard: Oncard, twilio: TwilioServer, clock: ManualClock) -> Night:
    return Night(ana, core, oncard, twilio, clock)


@pytest.fixture
def credentials(twilio: TwilioServer) -> dict[str, str]:
    account = twilio.account
    return {
        "account_sid": account.sid,
        "auth_token": account.auth_token,
        "from": twilio.number,
        "api_base_url": twilio.api_base_url,
    }


@pytest.fixture
async def make_sms(credentials: dict[str, str], oncard: Oncard, clock: ManualClock) -> AsyncIterator[MakeSms]:
    """Make providers; what is given replaces the configuration, and the last one is called back."""
    made: list[TwilioSms] = []

    def make(**changes: str) -> TwilioSms:
        values = {key: value for key, value in (credentials | changes).items() if value}
        made.append(sms.connect("main", values, clock))
        oncard.provider = made[-1]
        return made[-1]

    yield make
    for one in made:
        await one.close()


@pytest.fixture
async def make_voice(credentials: dict[str, str], oncard: Oncard, clock: ManualClock) -> AsyncIterator[MakeVoice]:
    """Make providers; what is given replaces the configuration, and the last one is called back."""
    made: list[TwilioVoice] = []

    def make(**changes: str) -> TwilioVoice:
        made.append(voice.connect("main", credentials | changes, clock))
        oncard.provider = made[-1]
        return made[-1]

    yield make
    for one in made:
        await one.close()


@pytest.fixture
def write(oncard: Oncard) -> Write:
    """Write envelopes about incident 42 for Ana."""

    def envelope(method: str, *, script: Script | None = MENU, **changes: object) -> Envelope:
        card = build.card(Story().scene())
        base = Envelope(ANA, card, REFERENCE, callback=oncard.url(method), script=script)
        return replace(base, **changes)  # type: ignore[arg-type]  # Each test names fields that an envelope has.

    return envelope
