"""Calls: what SendTtsVoice does on somebody's phone, and the receipts that tell of it.

Sources: vms 3.0.1459 of the SDK, https://cloud.tencent.com/document/api/1128/51558. By default the same person can be
called every 30 seconds, twice in 10 minutes, 3 times a day, and once from 22:00 to 08:00. Guesses: how long a phone
rings, and that a call which is not answered brings a receipt of failure only.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from bot.clock import Clock
from bot.playground.actions import within
from bot.playground.frequency import Frequency, Limit
from bot.playground.phones import Call, Ended, Habit, Phones
from bot.playground.tencent.account import LONGEST_SPOKEN, Account, Status
from bot.playground.tencent.refusal import Refusal
from bot.playground.tencent.texts import BEIJING, is_number, split
from bot.playground.wire import JsonObject, as_list, as_text

RING_SECONDS: Final = 30.0
CALLER: Final = "075583763333"
OFF, BUSY, NO_ANSWER, NO_SUCH_NUMBER = (1, "关机"), (2, "忙线"), (5, "无人接听"), (8, "空号")

Begin = Callable[..., None]
Notify = Callable[[str, JsonObject], None]


@dataclass(frozen=True, slots=True)
class Line:
    """One call that was accepted."""

    id: str
    number: str
    words: str
    times: int


@dataclass(slots=True)
class Calls:
    """The calls of one account. `speech_seconds`: how long a text takes to be read out once.

    `by_night`: how often one person may be called from 22:00 to 08:00.
    """

    account: Account
    phones: Phones
    clock: Clock
    notify: Notify
    begin: Begin
    speech_seconds: float = 4.0
    by_night: int = 1
    frequency: Frequency = field(
        default_factory=lambda: Frequency(
            Limit(30.0, 1, "30 s"),
            Limit(600.0, 2, "10 min"),
            Limit(86_400.0, 3, "day"),
        )
    )
    _nights: dict[tuple[str, date], int] = field(default_factory=dict)
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def read_out(self, given: JsonObject) -> JsonObject:
        """Carry out SendTtsVoice. Raises Refusal."""
        number, times = as_text(given.get("CalledNumber")), given.get("PlayTimes", 2)
        if not is_number(number):
            raise Refusal("InvalidParameterValue.CalledNumberVerifyFail", "called number verification failed.")
        if given.get("VoiceSdkAppid") != self.account.voice_app:
            raise Refusal("UnauthorizedOperation.VoiceSdkAppidVerifyFail", "VoiceSdkAppid verification failed.")
        template = self.account.voices.get(as_text(given.get("TemplateId")))
        if template is None or template.status is not Status.APPROVED:
            raise Refusal(
                "FailedOperation.TemplateIncorrectOrUnapproved", "template is not approved or does not exist."
            )
        words = template.filled(as_list(given.get("TemplateParamSet")), self.account.banned)
        if len(words) > LONGEST_SPOKEN:
            raise Refusal("InvalidParameterValue.ContentLengthLimit", "the content is too long.")
        if not isinstance(times, int) or not 1 <= times <= 3:
            raise Refusal("FailedOperation.InvalidParameters", "PlayTimes is 3 at most.")
        self._count(number)
        self.account.pay("Voice")
        line = Line(f"call-{next(self._ids):08d}", number, words, times)
        self.begin(self._ring(line))
        return {"SendStatus": {"CallId": line.id, "SessionContext": as_text(given.get("SessionContext"))}}

    def _count(self, number: str) -> None:
        now = self.clock.now()
        night, words = _night(now), ""
        if night is not None and self.frequency.enabled and self._nights.get((number, night), 0) >= self.by_night:
            words = "night"
        elif (limit := self.frequency.take(number, now)) is not None:
            words = limit.words
        if words:
            raise Refusal("LimitExceeded.DeliveryFrequencyLimit", f"the frequency limit is reached: {words}.")
        if night is not None:
            self._nights[number, night] = self._nights.get((number, night), 0) + 1

    async def _ring(self, line: Line) -> None:
        begun, phone = self.clock.now(), self.phones.find(line.number)
        if phone is None or phone.habit is Habit.OFF:
            self._failed(line, NO_SUCH_NUMBER if phone is None else OFF)
            return
        call = phone.take_call(CALLER)
        if not await within(self.clock, call.answered(), RING_SECONDS):
            call.end(Ended.NO_ANSWER)
            self._failed(line, BUSY if call.ended in (Ended.BUSY, Ended.DECLINED) else NO_ANSWER)
            return
        accepted = self.clock.now()
        await self._read(line, call)
        call.end(Ended.FINISHED)
        ended = self.clock.now()
        told: JsonObject = {
            "result": "0",
            "accept_time": str(int(accepted.timestamp())),
            "start_calltime": f"{begun.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}",
            "end_calltime": f"{ended.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}",
            "call_from": CALLER,
            "fee": "1",
        }
        self._tell("voiceprompt_callback", line, told)

    async def _read(self, line: Line, call: Call) -> None:
        for _ in range(line.times):
            call.say(line.words)
            key = await within(self.clock, call.key(), self.speech_seconds)
            if key:
                self._tell("voicekey_callback", line, {"keypress": key, "call_from": CALLER})
            if call.ended is not None:
                return

    def _failed(self, line: Line, failure: tuple[int, str]) -> None:
        code, reason = failure
        told: JsonObject = {"failure_code": code, "failure_reason": reason, "call_from": CALLER}
        self._tell("voice_failure_callback", line, told)

    def _tell(self, what: str, line: Line, told: JsonObject) -> None:
        country, mobile = split(line.number)
        about: JsonObject = {"callid": line.id, "mobile": mobile, "nationcode": country}
        self.notify("voice_status", {what: about | told})


def _night(at: datetime) -> date | None:
    """Return the day on which this night began, None by day."""
    local = at.astimezone(BEIJING)
    if local.hour >= 22:
        return local.date()
    return (local - timedelta(days=1)).date() if local.hour < 8 else None
