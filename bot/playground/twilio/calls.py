"""Calls: they ring on a phone, speak TwiML, take keys, and what is told of them on the way, in order.

https://www.twilio.com/docs/voice/api/call-resource. Guesses: a phone that is off ends a call as `failed` with SIP 480,
a declined call is busy, a key that is pressed while something is read does not stop it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urljoin

from bot.playground.phones import Call, Ended, Habit
from bot.playground.twilio.account import Refused, is_number, need_address, need_whole, new_sid, written
from bot.playground.twilio.network import Fields, Network, Page
from bot.playground.twilio.texts import Tell
from bot.playground.twilio.twiml import LONGEST_INLINE, Gather, Hangup, Pause, Redirect, Say, Verb, parse
from bot.playground.wire import JsonObject

EXTRA_RING: Final = 5.0
SORRY: Final = "We are sorry, an application error has occurred. Goodbye."
EVENTS: Final = ("initiated", "ringing", "answered", "completed")
WAITING: Final = ("queued", "initiated", "ringing")
_ENDS: Final = {
    Ended.BUSY: "busy",
    Ended.DECLINED: "busy",
    Ended.NO_ANSWER: "no-answer",
    Ended.CANCELLED: "canceled",
    Ended.HUNG_UP: "completed",
    Ended.FINISHED: "completed",
}
_SIP: Final = {"busy": "486", "no-answer": "487", "canceled": "487", "completed": "200"}


@dataclass(slots=True)
class Line:
    """One call as the API knows it."""

    sid: str
    to: str
    sender: str
    at: datetime
    url: str = ""
    twiml: str = ""
    callback: str = ""
    events: tuple[str, ...] = ("completed",)
    ring: int = 60
    detection: str = ""
    status: str = "queued"
    sequence: int = 0
    answered_at: datetime | None = None
    answered_by: str = ""
    sip: str = ""
    duration: int = 0
    call: Call | None = None
    said: tuple[Say, ...] = ()


Document = tuple[str, tuple[Verb, ...]]
"""Verbs, and the address that they came from."""


class Calls:
    """The calls of one account. `speech`: seconds of the clock that a letter takes to be read."""

    def __init__(self, network: Network, tell: Tell, ask: Tell) -> None:
        self._network = network
        self._tell = tell
        self._ask = ask
        self.made: list[Line] = []
        self.speech = 0.0

    # What the API does

    def create(self, fields: Sequence[tuple[str, str]]) -> JsonObject:
        """Take a call; `StatusCallbackEvent` may stand there several times. Raises Refused."""
        one = dict(fields)
        events = tuple(value for name, value in fields if name == "StatusCallbackEvent") or ("completed",)
        to, sender = one.get("To", ""), one.get("From", "")
        if not to:
            raise Refused(21201)
        if not is_number(to):
            raise Refused(21217, to)
        if sender not in self._network.account.numbers:
            raise Refused(21210, sender)
        if not one.get("Url") and not one.get("Twiml"):
            raise Refused(21205)
        need_address(one.get("Url", ""), 21205)
        need_address(one.get("StatusCallback", ""), 21609)
        detection = one.get("MachineDetection", "")
        wrong = "Twiml" * (len(one.get("Twiml", "")) > LONGEST_INLINE)
        wrong = wrong or "MachineDetection" * (detection not in ("", "Enable", "DetectMessageEnd"))
        wrong = wrong or "StatusCallbackEvent" * (not set(events) <= set(EVENTS))
        if wrong:
            raise Refused(20001, wrong)
        line = Line(new_sid("CA"), to, sender, self._network.clock.now(), detection=detection)
        line.ring = need_whole(one, "Timeout", 60, range(1, 601))
        line.url, line.twiml = one.get("Url", ""), one.get("Twiml", "")
        line.callback, line.events = one.get("StatusCallback", ""), events
        self.made.append(line)
        shown = self._shown(line)
        self._network.spawn(self._live(line))
        return shown

    def fetch(self, sid: str) -> JsonObject:
        """Return one call. Raises Refused."""
        return self._shown(self._find(sid))

    def update(self, sid: str, fields: Fields) -> JsonObject:
        """End a call: `canceled` one that rings, `completed` any. Raises Refused."""
        line, wanted = self._find(sid), fields.get("Status", "")
        if wanted not in ("canceled", "completed"):
            raise Refused(20001, "Status")
        talks = line.call is not None and line.call.is_talking
        rings = line.status in WAITING and not talks
        if not rings and (wanted == "canceled" or not talks):
            raise Refused(21220)
        if line.call is not None:
            line.call.end(Ended.CANCELLED if rings else Ended.FINISHED)
        line.status = "canceled" if rings else "completed"
        return self._shown(line)

    def listed(self, fields: Fields) -> JsonObject:
        """Return the calls to a number, the newest first."""
        found = [one for one in reversed(self.made) if fields.get("To", "") in ("", one.to)]
        return Page("calls", tuple(self._shown(one) for one in found)).body()

    # What becomes of a call

    async def _live(self, line: Line) -> None:
        await self._event(line, "initiated", "initiated")
        phone = self._network.phones.find(line.to)
        if line.status == "canceled":
            await self._over(line, "canceled")
        elif phone is None:
            await self._over(line, "failed", "404")
        else:
            line.call = phone.take_call(line.sender)
            if phone.habit is Habit.OFF:
                await self._over(line, "failed", "480")
                return
            await self._event(line, "ringing", "ringing")
            if await self._is_answered(line.call, line.ring + EXTRA_RING):
                await self._talk(line, line.call)
            # A call that is over says how.
            await self._over(line, _ENDS[line.call.ended or Ended.FINISHED])

    async def _is_answered(self, call: Call, seconds: float) -> bool:
        answered = asyncio.ensure_future(call.answered())
        too_late = asyncio.ensure_future(self._network.clock.sleep(seconds))
        try:
            await asyncio.wait((answered, too_late), return_when=asyncio.FIRST_COMPLETED)
        finally:
            answered.cancel()
            too_late.cancel()
        if not call.is_talking:
            call.end(Ended.NO_ANSWER)
        return call.is_talking

    async def _talk(self, line: Line, call: Call) -> None:
        line.answered_at = self._network.clock.now()
        if line.detection:
            end = "machine_start" if line.detection == "Enable" else "machine_end_beep"
            line.answered_by = end if call.machine else "human"
        await self._event(line, "in-progress", "answered")
        document = await self._fetched(line, line.url, {}) if line.url else self._read(line, "", line.twiml)
        while document is not None and call.is_talking:
            document = await self._play(line, call, document)
        call.end(Ended.FINISHED)

    async def _play(self, line: Line, call: Call, document: Document) -> Document | None:
        """Carry out the verbs of a document; return the one that follows it."""
        base, verbs = document
        for verb in verbs:
            if not call.is_talking:
                return None
            match verb:
                case Say() | Pause():
                    await self._utter(line, call, verb)
                case Gather():
                    keys = await self._keys(line, call, verb)
                    if call.ended is None and (keys or verb.on_empty):
                        return await self._fetched(line, urljoin(base, verb.action), {"Digits": keys})
                case Redirect():
                    return await self._fetched(line, urljoin(base, verb.url), {})
                case Hangup():
                    return None
                case _:
                    self._network.alerts.append((12200, "Schema validation warning: Message in a call"))
        return None

    async def _utter(self, line: Line, call: Call, verb: Say | Pause) -> None:
        if isinstance(verb, Pause):
            await self._network.clock.sleep(verb.seconds if self.speech else 0)
        elif verb.is_spoken:
            line.said = (*line.said, verb)
            call.say(verb.words)
            await self._network.clock.sleep(self.speech * len(verb.words))
        else:
            self._network.alerts.append((13520, f"Say: Invalid text: {verb.voice} does not speak {verb.language}"))

    async def _keys(self, line: Line, call: Call, gather: Gather) -> str:
        for verb in gather.nested:
            if call.is_talking:
                await self._utter(line, call, verb)
        keys = ""
        while call.is_talking and (not gather.digits or len(keys) < gather.digits):
            key = await self._key(call, gather.seconds)
            if not key or (gather.finish and key in gather.finish):
                break
            keys += key
        return keys

    async def _key(self, call: Call, seconds: float) -> str:
        """Wait for one key; empty: none came in time, or the call is over."""
        key = asyncio.ensure_future(call.key())
        silence = asyncio.ensure_future(self._network.clock.sleep(seconds))
        try:
            await asyncio.wait((key, silence), return_when=asyncio.FIRST_COMPLETED)
            return key.result() if key.done() else ""
        finally:
            key.cancel()
            silence.cancel()

    async def _fetched(self, line: Line, url: str, fields: Fields) -> Document | None:
        """Ask us what to say next; where we do not answer well, the person hears so."""
        heard = await self._ask(self._network.told("twiml", url, {**self._about(line), **fields}))
        if not self._network.judged(heard, url):
            return self._read(line, url, f"<Response><Say>{SORRY}</Say></Response>")
        return self._read(line, url, heard.words)

    def _read(self, line: Line, url: str, document: str) -> Document:
        try:
            return url, parse(document)
        except ValueError as error:
            self._network.alerts.append((12100, f"{line.sid}: {error}"))
            return url, (Say(SORRY),)

    async def _over(self, line: Line, status: str, sip: str = "") -> None:
        line.sip = sip or _SIP[status]
        if line.answered_at is not None:
            line.duration = round((self._network.clock.now() - line.answered_at).total_seconds())
        await self._event(line, status, "completed")

    async def _event(self, line: Line, status: str, event: str) -> None:
        """The call comes into a state, of which we are told if we asked for it."""
        if line.status not in ("canceled", "completed"):
            line.status = status
        sequence, line.sequence = line.sequence, line.sequence + 1
        if not line.callback or event not in line.events:
            return
        fields = {**self._about(line), "CallStatus": status, "SequenceNumber": str(sequence)}
        fields |= {"CallbackSource": "call-progress-events", "Timestamp": written(self._network.clock.now())}
        if event == "completed":
            fields |= {"CallDuration": str(line.duration), "SipResponseCode": line.sip}
        heard = await self._tell(self._network.told(f"call {status}", line.callback, fields))
        if heard.status:
            self._network.judged(heard, line.callback)

    def _about(self, line: Line) -> Fields:
        fields = {"CallSid": line.sid, "CallStatus": line.status, "Direction": "outbound-api"}
        fields |= {"From": line.sender, "To": line.to, "Caller": line.sender, "Called": line.to}
        return {**fields, "AnsweredBy": line.answered_by} if line.answered_by else fields

    def _find(self, sid: str) -> Line:
        found = next((one for one in self.made if one.sid == sid), None)
        if found is None:
            raise Refused(20404, f"Calls/{sid}.json")
        return found

    def _shown(self, line: Line) -> JsonObject:
        return {
            "sid": line.sid,
            "account_sid": self._network.account.sid,
            "to": line.to,
            "from": line.sender,
            "status": line.status,
            "direction": "outbound-api",
            "answered_by": line.answered_by or None,
            "duration": str(line.duration) if line.answered_at else None,
            "date_created": written(line.at),
        }
