"""Calls through Twilio: they ring, say what the core says, take keys, and can be ended while they ring.

1. What a call says is asked for when somebody picks up, at our own address, which holds our word for the message. Where
   Twilio cannot reach us it is sent along with the order to call, and the call only speaks.
2. Completed is not acknowledged, whoever picked up and however long they listened. A machine gets the first two lines
   and is hung up on.
3. Keys are numbered by turns in the address, so that a request that is repeated presses nothing twice.
4. Who asks has to wait for 10 s at most; then they hear that it takes a moment, and Twilio asks again.

Guesses: that addresses in TwiML may be relative to where it came from; that a key in a call whose Url was refused could
not have been pressed.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs, quote

from adapters.providers.twilio import receipts, twiml
from adapters.providers.twilio.api import Api
from adapters.providers.twilio.config import VoiceConfig
from adapters.providers.twilio.errors import NO_SUCH_CALLBACK, NOT_FOUND, TwilioFailed
from adapters.providers.twilio.signature import Gate
from adapters.providers.twilio.turns import Turns, Work
from bot.adapter import Answer, Callback, DeliveryFailed, FailureKind, MessageRef, Receipt
from bot.clock import Clock
from bot.outbound.settings import read
from bot.provider import Envelope, Progress, ProviderInbox, Report
from cards import voice, words
from cards.script import Script
from cards.words import name_of

EVENTS: Final = ("initiated", "ringing", "answered", "completed")
PATIENCE: Final = 10.0
MOST_MOMENTS: Final = 3
LINES_FOR_A_MACHINE: Final = 2

FORGED: Final = Answer(401, b"the signature does not fit")
NOWHERE: Final = Answer(404, b"nothing is told here")
TAKEN: Final = Answer(204)


class TwilioVoice:
    """One account, calling from one number."""

    def __init__(self, name: str, config: VoiceConfig, clock: Clock) -> None:
        self._name = name
        self._config = config
        self._api = Api(config, "Calls")
        self._gate = Gate(f"/voice/{name}/", config.tokens, config.callback_url)
        self._turns = Turns(clock, PATIENCE)

    @property
    def timeout(self) -> float:
        return self._config.timeout

    async def check(self) -> str:
        """Return the account and the number it calls from. Raises DeliveryFailed."""
        await self._api.look()
        return f"{self._config.account_sid}, from {self._config.sender}"

    async def send(self, envelope: Envelope) -> Receipt:
        """Call. Raises DeliveryFailed."""
        config, without = self._config, ""
        who = [("To", envelope.to), ("From", config.sender), ("Timeout", str(config.ring))]
        if config.machine_detection:
            who.append(("MachineDetection", "Enable"))
        if not envelope.callback:
            made = await self._api.create([*who, self._inline(envelope)])
        else:
            try:
                made = await self._api.create([*who, *_addresses(envelope)])
            except TwilioFailed as failure:
                if failure.code not in NO_SUCH_CALLBACK:
                    raise
                made = await self._api.create([*who, self._inline(envelope)])
                without = f", it only speaks, because of {failure.detail}"
        return Receipt(MessageRef(self._name, str(made["sid"])), f"{made.get('status')}, {made['sid']}{without}")

    async def cancel(self, id: str) -> str:  # noqa: A002 - As in the protocol.
        """End a call that rings; one in which somebody listens goes on. Raises DeliveryFailed."""
        try:
            ended = await self._api.update(id, [("Status", "canceled")])
        except TwilioFailed as failure:
            if failure.code != NOT_FOUND:
                raise
            raise DeliveryFailed(FailureKind.GONE, failure.detail) from None
        return str(ended.get("status"))

    async def callback(self, request: Callback, inbox: ProviderInbox) -> Answer:
        """Tell the inbox what becomes of a call and which keys are pressed; say what comes next."""
        fields = self._gate.admit(request)
        if fields is None:
            return FORGED
        reference, _, what = request.path.rpartition("/")
        if not reference:
            return NOWHERE
        step = _Step(reference, fields, request.query)
        match what:
            case "status":
                listening = self._turns.is_listening(step.call)
                report = receipts.of_call(fields, reference, listening=listening)
                if report is not None:
                    await inbox.reported(report)
                return TAKEN
            case "answered":
                return await self._say(step, lambda: self._answered(step, inbox))
            case "keys":
                keys = fields.get("Digits", "")
                return await self._say(step, lambda: inbox.pressed(reference, keys, id=step.call))
            case "moment":
                # Where another process does the work, what the call says now is all that is known here.
                return await self._say(step, lambda: self._answered(step, inbox))
        return NOWHERE

    async def close(self) -> None:
        """Give back the connections."""
        await self._api.close()

    async def _answered(self, step: "_Step", inbox: ProviderInbox) -> Script:
        if not receipts.is_machine(step.fields):
            return await inbox.answered(step.reference)
        said = f"answered by {step.fields['AnsweredBy']}"
        await inbox.reported(Report(Progress.VOICEMAIL, said, reference=step.reference, id=step.call))
        script = await inbox.answered(step.reference)
        return Script(script.lines[:LINES_FOR_A_MACHINE], script.locale, digits=0, again=0)

    async def _say(self, step: "_Step", work: Work) -> Answer:
        """Return what the call says at this step, or if that takes too long, words that fill the time."""
        voices = self._config.voices
        turn = await self._turns.take(step.call, step.place, work)
        if turn.script is not None:
            action = step.next("keys", place=step.place + 1)
            said = twiml.spoken(turn.script, voices, action, self._config.silence)
        elif step.moments < MOST_MOMENTS:
            moment = name_of(step.locale, words.ONE_MOMENT)
            said = twiml.one_moment(moment, step.locale, voices, step.next("moment", moments=step.moments + 1))
        else:
            said = twiml.spoken(voice.last_words(voice.NO_KEYS, step.locale), voices, "", 0)
        return twiml.document(said, repeated=turn.repeated and step.moments == 0)

    def _inline(self, envelope: Envelope) -> tuple[str, str]:
        """Return the whole call for when nobody reaches us: then it must not ask for keys."""
        script = envelope.script
        if script is None or script.digits:
            script = voice.opening(envelope.message, envelope.locale, None)
        return "Twiml", twiml.inline(script, self._config.voices)


class _Step:
    """Where a call is: what its address says, which was signed, so that we have written it."""

    def __init__(self, reference: str, fields: Mapping[str, str], query: str) -> None:
        given = {name: values[0] for name, values in parse_qs(query).items()}
        self.reference = reference
        self.fields = fields
        self.call = fields.get("CallSid", "")
        self.locale = given.get("locale", "en")
        self.place = _whole(given.get("turn", ""))
        self.moments = _whole(given.get("moments", ""))

    def next(self, what: str, *, place: int | None = None, moments: int = 0) -> str:
        """Return the address of what follows, beside this one."""
        turn = self.place if place is None else place
        more = f"&moments={moments}" if moments else ""
        return f"{what}?locale={quote(self.locale)}&turn={turn}{more}"


def connect(name: str, values: Mapping[str, str], clock: Clock) -> TwilioVoice:
    """Return the provider. Raises ValueError: what is wrong with which setting."""
    return TwilioVoice(name, read(VoiceConfig, values, "from"), clock)


def _addresses(envelope: Envelope) -> list[tuple[str, str]]:
    at = f"{envelope.callback}{envelope.reference}/"
    told = [("StatusCallback", f"{at}status"), *(("StatusCallbackEvent", event) for event in EVENTS)]
    return [("Url", f"{at}answered?locale={quote(envelope.locale)}"), ("Method", "POST"), *told]


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 5 else 0
