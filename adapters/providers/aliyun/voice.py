"""Calls through Alibaba Cloud: approved texts are read out, and keys can be pressed where a menu is configured.

IvrCall says its menu and answers a key with a text, all approved beforehand: what the core would say next cannot be
said. A key comes back by a receipt (VoiceCallReport, 300000), and once more when the call is over (VoiceReport). It
takes one key and calls numbers of mainland China only, so elsewhere, and where a code of several digits is asked for, a
call only speaks (SingleCallByTts). A call cannot be stopped: CancelCall is for calls between two people. What is heard
to its end acknowledges nothing; a voicemail cannot be told from a person who presses no key.
OutId has 15 bytes at most: a longer reference stays here, and the call is known by its CallId.
Receipts are arrays that nobody signs, and may come again: a secret in the address protects them.
The same person can be called once a minute, 5 times an hour, 20 times a day.
Guesses: that a key may also be named `digits`, as in one tutorial; that a QueryCallDetailByCallId of a call that never
was is answered by the service itself, which shows that the credentials are good.
"""

from collections.abc import Mapping
from typing import Final

from adapters.providers.aliyun.api import FORGED, TAKEN, UNREADABLE, Api, parameters_of
from adapters.providers.aliyun.config import AliyunVoiceConfig
from adapters.providers.aliyun.numbers import is_mainland, theirs
from bot.adapter import Answer, Callback, DeliveryFailed, FailureKind, MessageRef, Receipt
from bot.clock import Clock
from bot.outbound.callback_body import items_of, text_of
from bot.outbound.callback_secret import told
from bot.outbound.settings import read
from bot.outbound.templates import Variable, code_of, fields_of
from bot.provider import Envelope, Progress, ProviderInbox, Report

OUT_ID_BYTES: Final = 15
MOST_CHARACTERS: Final = 249
"""Of all variables of a text together, as JSON."""
KEY_WITHIN: Final = 8000
"""Milliseconds for which the menu waits for a key."""
PRESSED: Final = "300000"
NO_KEY: Final = "200008"
OK_KINDS: Final = frozenset({FailureKind.REFUSED, FailureKind.MALFORMED, FailureKind.TOO_LONG})
"""What the service says of a call that never was: who we are it has accepted."""

LIVE: Final[Mapping[str, Progress]] = {
    "200101": Progress.SENT,
    "200201": Progress.RINGING,
    "200102": Progress.ANSWERED,
}
"""While the call lasts. Its end (200100) says nothing of how it ended, the final report does."""

FINAL: Final[Mapping[str, tuple[Progress, str]]] = {
    "200000": (Progress.ENDED, "heard to its end"),
    "200001": (Progress.HUNG_UP, "hung up"),
    "200002": (Progress.BUSY, "busy"),
    "200003": (Progress.NO_ANSWER, "no answer"),
    "200004": (Progress.FAILED, "no such number"),
    "200005": (Progress.NO_ANSWER, "rejected or not reachable"),
    "200007": (Progress.FAILED, "no service"),
    NO_KEY: (Progress.ENDED, "no key was pressed"),
    "200010": (Progress.FAILED, "switched off"),
    "200011": (Progress.FAILED, "suspended"),
    "200118": (Progress.FAILED, "calls are not allowed at this time"),
    "200119": (Progress.FAILED, "called too often"),
    "200121": (Progress.FAILED, "too many calls at once"),
}


class AliyunVoice:
    """One account and its approved texts."""

    def __init__(self, name: str, config: AliyunVoiceConfig, clock: Clock) -> None:
        self._name = name
        self._config = config
        self._api = Api(config, clock)
        self._clock = clock

    @property
    def timeout(self) -> float:
        return self._config.timeout

    async def check(self) -> str:
        """Return who we are; the service is asked for a call that never was. Raises DeliveryFailed."""
        asked = {
            "CallId": "0^0",
            "ProdId": "11010000138001",
            "QueryDate": str(int(self._clock.now().timestamp() * 1000)),
        }
        try:
            await self._api.call("QueryCallDetailByCallId", asked)
        except DeliveryFailed as failure:
            if failure.kind not in OK_KINDS:
                raise
        menu = "keys can be pressed" if self._config.has_menu else "it only speaks"
        return f"{self._config.access_key_id}: {self._config.tts_code}, {menu}"

    async def send(self, envelope: Envelope) -> Receipt:
        """Call. Raises DeliveryFailed."""
        asks = envelope.script is not None and envelope.script.digits == 1
        is_menu = self._config.has_menu and asks and is_mainland(envelope.to)
        action, parameters = ("IvrCall", self._ivr(envelope)) if is_menu else ("SingleCallByTts", self._tts(envelope))
        parameters["CalledNumber"] = theirs(envelope.to)
        parameters["PlayTimes"] = str(self._config.play_times)
        if self._config.called_show_number:
            parameters["CalledShowNumber"] = self._config.called_show_number
        if 0 < len(envelope.reference.encode()) <= OUT_ID_BYTES:
            parameters["OutId"] = envelope.reference
        id_ = await self._api.send(action, parameters, "CallId")
        return Receipt(MessageRef(self._name, id_), f"{action}: OK, CallId {id_}")

    async def callback(self, request: Callback, inbox: ProviderInbox) -> Answer:
        """Tell the inbox what becomes of calls, and which keys are pressed."""
        what = told(request.path, self._config.callback_secret)
        if what not in ("voice_call_report", "voice_report"):
            return FORGED
        items = items_of(request.body)
        if items is None:
            return UNREADABLE
        for item in items:
            await (_live(item, inbox) if what == "voice_call_report" else _final(item, inbox))
        return TAKEN

    async def close(self) -> None:
        """Give back the connections."""
        await self._api.close()

    def _tts(self, envelope: Envelope) -> dict[str, str]:
        code, variables = self._config.tts_code, self._config.tts_param
        if code_of(envelope.message):
            code, variables = self._config.code_tts_code or "", self._config.code_tts_param
        if not code:
            raise DeliveryFailed(FailureKind.REFUSED, "codes need a text of their own: set code_tts_code")
        said = self._said(variables, envelope)
        return {"TtsCode": code} | ({"TtsParam": said} if said else {})

    def _ivr(self, envelope: Envelope) -> dict[str, str]:
        said = self._said(self._config.start_tts_params, envelope)
        start = self._config.start_code or ""
        parameters = {"StartCode": start, "Timeout": str(KEY_WITHIN)} | ({"StartTtsParams": said} if said else {})
        for place, (key, code) in enumerate(self._config.menu_key_map, start=1):
            parameters[f"MenuKeyMap.{place}.Key"] = key
            parameters[f"MenuKeyMap.{place}.Code"] = code
            if code == start and said:
                parameters[f"MenuKeyMap.{place}.TtsParams"] = said
        if self._config.bye_code:
            parameters["ByeCode"] = self._config.bye_code
        return parameters

    def _said(self, variables: tuple[Variable, ...], envelope: Envelope) -> str:
        said = parameters_of(variables, fields_of(envelope.message, self._config.locale))
        if len(said) > MOST_CHARACTERS:
            raise DeliveryFailed(FailureKind.TOO_LONG, f"the variables have {len(said)} characters: shorten them")
        return said


def connect(name: str, values: Mapping[str, str], clock: Clock) -> AliyunVoice:
    """Return the provider. Raises ValueError: what is wrong with which setting."""
    return AliyunVoice(name, read(AliyunVoiceConfig, values, "start_code"), clock)


async def _live(item: Mapping[str, object], inbox: ProviderInbox) -> None:
    reference, id_, code = text_of(item, "out_id"), text_of(item, "call_id"), text_of(item, "status_code")
    keys = text_of(item, "dtmf", "digits")
    if code == PRESSED and keys:
        await inbox.pressed(reference, keys, id=id_)
    elif code in LIVE:
        await inbox.reported(Report(LIVE[code], code, reference=reference, id=id_))


async def _final(item: Mapping[str, object], inbox: ProviderInbox) -> None:
    reference, id_, code = text_of(item, "out_id"), text_of(item, "call_id"), text_of(item, "status_code")
    keys = text_of(item, "dtmf", "digits")
    if keys or code == NO_KEY:
        # Of several keys the last counts: the others were told of while the call lasted.
        await inbox.pressed(reference, keys[-1:], id=id_)
    progress, meaning = FINAL.get(code, (Progress.FAILED, text_of(item, "status_msg")))
    await inbox.reported(Report(progress, f"{code} {meaning}".strip(), reference=reference, id=id_))
