"""An Alibaba Cloud on this machine, people's phones, and providers that speak to it."""

from collections.abc import AsyncIterator, Callable

import pytest

from adapters.providers.aliyun import sms, voice
from adapters.providers.aliyun.sms import AliyunSms
from adapters.providers.aliyun.voice import AliyunVoice
from bot.playground.aliyun import AliyunServer, Template
from bot.playground.phones import Phones
from tests.adapters.providers.cloud import SECRET, Desk, Door
from tests.playground.manual_clock import ManualClock

MakeSms = Callable[..., AliyunSms]
MakeVoice = Callable[..., AliyunVoice]


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
async def aliyun(clock: ManualClock, phones: Phones) -> AsyncIterator[AliyunServer]:
    async with AliyunServer(clock, phones) as server:
        server.account.templates = {
            "SMS_1": Template(
                "${severity}告警:${title},编号${number}。", longest={"title": 10}, digits=frozenset({"number"})
            ),
            "SMS_2": Template("您有一条待处理的值班告警,请打开值班系统查看。"),
            "SMS_3": Template("验证码${code},请勿泄露。", digits=frozenset({"code"}), code=True),
            "SMS_9": Template("On call: incident ${number}.", abroad=True),
        }
        server.account.voices = {
            "TTS_1": Template("值班告警,编号${number}。"),
            "TTS_3": Template("您的验证码是${code}。"),
            "TTS_10": Template("值班告警,编号${number},确认请按1,升级请按2,重听请按0。"),
            "TTS_11": Template("已收到您的确认。"),
            "TTS_12": Template("已收到,将通知下一位。"),
            "TTS_13": Template("再见。"),
        }
        server.account.numbers = {"057112345678"}
        yield server


def account_of(server: AliyunServer) -> dict[str, str]:
    return {
        "access_key_id": server.account.access_key_id,
        "access_key_secret": server.account.access_key_secret,
        "api_base_url": server.api_base_url,
        "callback_secret": SECRET,
        "timeout": "2",
    }


@pytest.fixture
async def make_sms(aliyun: AliyunServer, clock: ManualClock) -> AsyncIterator[MakeSms]:
    """Make SMS providers; what is given replaces the settings."""
    made: list[AliyunSms] = []

    def make(**changes: str) -> AliyunSms:
        usual = {
            "sign_name": "值班",
            "template_code": "SMS_1",
            "template_param": "severity=severity:4, title=title:10, number=number:6:digits",
        }
        made.append(sms.connect("main", account_of(aliyun) | usual | changes, clock))
        return made[-1]

    yield make
    for one in made:
        await one.close()


@pytest.fixture
async def make_voice(aliyun: AliyunServer, clock: ManualClock) -> AsyncIterator[MakeVoice]:
    """Make voice providers; what is given replaces the settings."""
    made: list[AliyunVoice] = []

    def make(**changes: str) -> AliyunVoice:
        usual = {
            "tts_code": "TTS_1",
            "tts_param": "number=number:6:digits",
            "called_show_number": "057112345678",
            "start_code": "TTS_10",
            "start_tts_params": "number=number:6:digits",
            "menu_key_map": "1=TTS_11, 2=TTS_12, 0=TTS_10",
            "bye_code": "TTS_13",
        }
        values = account_of(aliyun) | usual | changes
        made.append(voice.connect("main", {key: value for key, value in values.items() if value}, clock))
        return made[-1]

    yield make
    for one in made:
        await one.close()


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def texted(make_sms: MakeSms, desk: Desk, aliyun: AliyunServer) -> AsyncIterator[AliyunSms]:
    """An SMS provider that is told of receipts and replies."""
    provider = make_sms()
    async with Door(provider, desk) as door:
        aliyun.where = {kind: door.at(kind) for kind in ("sms_report", "sms_up")}
        yield provider


@pytest.fixture
async def called(make_voice: MakeVoice, desk: Desk, aliyun: AliyunServer) -> AsyncIterator[AliyunVoice]:
    """A voice provider that is told of its calls."""
    provider = make_voice()
    async with Door(provider, desk) as door:
        aliyun.where = {kind: door.at(kind) for kind in ("voice_call_report", "voice_report")}
        yield provider
