"""A Tencent Cloud on this machine, people's phones, and providers that speak to it."""

from collections.abc import AsyncIterator, Callable

import pytest

from adapters.providers.tencent import sms, voice
from adapters.providers.tencent.sms import TencentSms
from adapters.providers.tencent.voice import TencentVoice
from bot.playground.phones import Phones
from bot.playground.tencent import Template, TencentServer
from tests.adapters.providers.cloud import SECRET, Desk, Door
from tests.playground.manual_clock import ManualClock

MakeSms = Callable[..., TencentSms]
MakeVoice = Callable[..., TencentVoice]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def phones(clock: ManualClock) -> Phones:
    phones = Phones(clock)
    phones.add("ana", "+8613900000001")
    phones.add("bo", "+12025550123")
    return phones


@pytest.fixture
async def tencent(clock: ManualClock, phones: Phones) -> AsyncIterator[TencentServer]:
    async with TencentServer(clock, phones) as server:
        server.account.templates = {
            "1001": Template("{1}告警:{2},编号{3}。"),
            "1002": Template("您有一条待处理的值班告警,请打开值班系统查看。"),
            "1003": Template("验证码{1},请勿泄露。"),
            "1009": Template("On call: incident {1}.", abroad=True),
        }
        server.account.voices = {
            "2001": Template("值班告警,编号{1},确认请按1。"),
            "2003": Template("您的验证码是{1}。"),
        }
        yield server


def account_of(server: TencentServer) -> dict[str, str]:
    return {
        "secret_id": server.account.secret_id,
        "secret_key": server.account.secret_key,
        "api_base_url": server.api_base_url,
        "callback_secret": SECRET,
        "timeout": "2",
    }


@pytest.fixture
async def make_sms(tencent: TencentServer, clock: ManualClock) -> AsyncIterator[MakeSms]:
    """Make SMS providers; what is given replaces the settings."""
    made: list[TencentSms] = []

    def make(**changes: str) -> TencentSms:
        usual = {
            "sms_sdk_app_id": tencent.account.sms_app,
            "sign_name": "值班",
            "template_id": "1001",
            "template_param_set": "severity:4, title, number:6:digits",
        }
        made.append(sms.connect("main", account_of(tencent) | usual | changes, clock))
        return made[-1]

    yield make
    for one in made:
        await one.close()


@pytest.fixture
async def make_voice(tencent: TencentServer, clock: ManualClock) -> AsyncIterator[MakeVoice]:
    """Make voice providers; what is given replaces the settings."""
    made: list[TencentVoice] = []

    def make(**changes: str) -> TencentVoice:
        usual = {
            "voice_sdk_appid": tencent.account.voice_app,
            "template_id": "2001",
            "template_param_set": "number:6:digits",
        }
        made.append(voice.connect("main", account_of(tencent) | usual | changes, clock))
        return made[-1]

    yield make
    for one in made:
        await one.close()


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def texted(make_sms: MakeSms, desk: Desk, tencent: TencentServer) -> AsyncIterator[TencentSms]:
    """An SMS provider that is told of receipts and replies."""
    provider = make_sms()
    async with Door(provider, desk) as door:
        tencent.where = {"sms_status": door.at("status"), "sms_reply": door.at("reply")}
        yield provider


@pytest.fixture
async def called(make_voice: MakeVoice, desk: Desk, tencent: TencentServer) -> AsyncIterator[TencentVoice]:
    """A voice provider that is told of its calls."""
    provider = make_voice()
    async with Door(provider, desk) as door:
        tencent.where = {"voice_status": door.at("status")}
        yield provider
