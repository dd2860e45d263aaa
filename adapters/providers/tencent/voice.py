"""Calls through Tencent Cloud: an approved text is read out, up to three times.

There is no menu to be had by its API, and nothing can be said in answer to a key. A key that somebody presses all the
same, because the approved text asks for it, comes back by a receipt and counts. Receipts are not signed: a secret in
the address protects them. They name the call by its id (CallId); our word for the message does not come back.
By default the same person can be called every 30 seconds, twice in 10 minutes, 3 times a day, and once in a night.
Sources: https://cloud.tencent.com/document/api/1128/51558, vms 3.0.1459 of the SDK. Guesses: that a call that is not
answered brings only one of its two kinds of receipt, and that SendTtsVoice without a number is refused after it has
judged who asks.
"""

from collections.abc import Mapping
from typing import Final

from adapters.providers.tencent.api import FORGED, TAKEN, UNREADABLE, Api
from adapters.providers.tencent.config import CODE, TencentVoiceConfig
from bot.adapter import Answer, Callback, DeliveryFailed, FailureKind, MessageRef, Receipt
from bot.clock import Clock
from bot.outbound.callback_body import items_of, text_of
from bot.outbound.callback_secret import told
from bot.outbound.settings import read
from bot.outbound.templates import code_of, fields_of, fill
from bot.provider import Envelope, Progress, ProviderInbox, Report

LIMITS: Final = "unless it was granted more: 3 calls to a number in a day, 1 from 22:00 to 08:00"
OK_KINDS: Final = frozenset({FailureKind.REFUSED, FailureKind.MALFORMED})
"""What the service says of a call without a number: who we are it has accepted."""

RESULTS: Final[Mapping[str, tuple[Progress, str]]] = {
    "0": (Progress.ENDED, "answered"),
    "1": (Progress.NO_ANSWER, "no answer"),
    "2": (Progress.FAILED, "the call failed"),
}
FAILURES: Final[Mapping[str, tuple[Progress, str]]] = {
    "1": (Progress.FAILED, "switched off"),
    "2": (Progress.BUSY, "busy"),
    "3": (Progress.FAILED, "no service"),
    "5": (Progress.NO_ANSWER, "no answer"),
    "7": (Progress.FAILED, "suspended"),
    "8": (Progress.FAILED, "no such number"),
    "15": (Progress.FAILED, "no such number"),
}


class TencentVoice:
    """One account, one application, one approved text."""

    def __init__(self, name: str, config: TencentVoiceConfig, clock: Clock) -> None:
        self._name = name
        self._config = config
        self._api = Api(config, clock, service="vms", version="2020-09-02")

    @property
    def timeout(self) -> float:
        return self._config.timeout

    async def check(self) -> str:
        """Return who we are, and how little may be called; it is asked for a call to nobody. Raises DeliveryFailed."""
        try:
            await self._api.call("SendTtsVoice", self._asked("", self._config.template_id, ()))
        except DeliveryFailed as failure:
            if failure.kind not in OK_KINDS:
                raise
        return f"{self._config.voice_sdk_appid}: {self._config.template_id}; {LIMITS}"

    async def send(self, envelope: Envelope) -> Receipt:
        """Call. Raises DeliveryFailed."""
        id_, variables = self._config.template_id, self._config.template_param_set
        if code_of(envelope.message):
            id_, variables = self._config.code_template_id or "", CODE
        if not id_:
            raise DeliveryFailed(FailureKind.REFUSED, "codes need a text of their own: set code_template_id")
        values = fill(variables, fields_of(envelope.message, self._config.locale))
        response = await self._api.call("SendTtsVoice", self._asked(envelope.to, id_, values))
        status = response.get("SendStatus")
        id_ = text_of(status, "CallId") if isinstance(status, dict) else ""
        if not id_:
            raise DeliveryFailed(FailureKind.UNCERTAIN, "SendTtsVoice: an answer without a CallId")
        return Receipt(MessageRef(self._name, id_), f"SendTtsVoice: Ok, CallId {id_}")

    async def callback(self, request: Callback, inbox: ProviderInbox) -> Answer:
        """Tell the inbox what became of calls, and which keys were pressed."""
        if told(request.path, self._config.callback_secret) != "status":
            return FORGED
        items = items_of(request.body)
        if items is None:
            return UNREADABLE
        for item in items:
            await _tell(item, inbox)
        return TAKEN

    async def close(self) -> None:
        """Give back the connections."""
        await self._api.close()

    def _asked(self, number: str, template: str, values: tuple[str, ...]) -> dict[str, object]:
        return {
            "TemplateId": template,
            "CalledNumber": number,
            "VoiceSdkAppid": self._config.voice_sdk_appid,
            "TemplateParamSet": list(values),
            "PlayTimes": self._config.play_times,
        }


def connect(name: str, values: Mapping[str, str], clock: Clock) -> TencentVoice:
    """Return the provider. Raises ValueError: what is wrong with which setting."""
    return TencentVoice(name, read(TencentVoiceConfig, values, "template_id"), clock)


async def _tell(item: Mapping[str, object], inbox: ProviderInbox) -> None:
    for name, told_of in item.items():
        if not isinstance(told_of, dict):
            continue
        id_ = text_of(told_of, "callid")
        if name == "voicekey_callback" and text_of(told_of, "keypress"):
            await inbox.pressed("", text_of(told_of, "keypress"), id=id_)
        elif name == "voiceprompt_callback":
            result = text_of(told_of, "result")
            progress, meaning = RESULTS.get(result, (Progress.FAILED, ""))
            await inbox.reported(Report(progress, f"result {result} {meaning}".strip(), id=id_))
        elif name == "voice_failure_callback":
            code, reason = text_of(told_of, "failure_code"), text_of(told_of, "failure_reason")
            progress, meaning = FAILURES.get(code, (Progress.FAILED, ""))
            await inbox.reported(Report(progress, f"failure {code} {reason or meaning}".strip(), id=id_))
