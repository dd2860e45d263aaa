"""Calls: what SingleCallByTts and IvrCall do on somebody's phone, and the receipts that tell of it.

Sources: version 5.3.0 of the SDK (fields), https://help.aliyun.com/document_detail/178344.html (codes). Guesses: how
long a phone rings, that a wrong key is answered by the menu again, and the words of the limits.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from bot.clock import Clock
from bot.playground.actions import within
from bot.playground.aliyun.account import Account
from bot.playground.aliyun.numbers import e164, plain
from bot.playground.aliyun.refusal import Refusal
from bot.playground.frequency import Frequency, Limit
from bot.playground.phones import Call, Ended, Habit, Phones
from bot.playground.wire import JsonObject

RING_SECONDS: Final = 30.0
POOL: Final = "057100000000"
"""What a call comes from where no number was bought."""
LONGEST_OUT_ID: Final = 15
STATUS: Final[Mapping[Ended, str]] = {
    Ended.FINISHED: "200000",
    Ended.HUNG_UP: "200001",
    Ended.BUSY: "200002",
    Ended.NO_ANSWER: "200003",
    Ended.DECLINED: "200005",
}

Begin = Callable[..., None]
Notify = Callable[[str, JsonObject], None]


@dataclass(frozen=True, slots=True)
class Menu:
    """What is said at first, and what each key is answered; without keys the words are only read out.

    `within`: seconds in which a key must be pressed. `bye`: what is said at the end.
    """

    words: str
    keys: Mapping[str, str] = field(default_factory=dict)
    within: float = 0.0
    bye: str = ""
    times: int = 3


@dataclass(frozen=True, slots=True)
class Line:
    """One call that was accepted."""

    id: str
    number: str
    caller: str
    out_id: str
    menu: Menu
    at: datetime


@dataclass(slots=True)
class Calls:
    """The calls of one account. `speech_seconds`: how long a text takes to be read out once."""

    account: Account
    phones: Phones
    clock: Clock
    notify: Notify
    begin: Begin
    speech_seconds: float = 4.0
    frequency: Frequency = field(
        default_factory=lambda: Frequency(
            Limit(60.0, 1, "触发分钟级流控Permits:1"),
            Limit(3600.0, 5, "触发小时级流控Permits:5"),
            Limit(86_400.0, 20, "触发天级流控Permits:20"),
        )
    )
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(100_000_000))

    def read_out(self, given: Mapping[str, str]) -> JsonObject:
        """Carry out SingleCallByTts. Raises Refusal."""
        words = self.account.spoken(given.get("TtsCode", ""), given.get("TtsParam", ""))
        shown = given.get("CalledShowNumber", "")
        if shown and shown not in self.account.numbers:
            raise Refusal("isv.DISPLAY_NUMBER_ILLEGAL", "号显不合法")
        return self._call(given, shown or POOL, Menu(words, times=_times(given)))

    def with_menu(self, given: Mapping[str, str]) -> JsonObject:
        """Carry out IvrCall. Raises Refusal."""
        shown = given.get("CalledShowNumber", "")
        if shown not in self.account.numbers:
            raise Refusal("isv.DISPLAY_NUMBER_ILLEGAL", "号显不合法")
        if not e164(given.get("CalledNumber", "")).startswith("+86"):
            raise Refusal("isv.MOBILE_NUMBER_ILLEGAL", "只支持中国内地号码")
        words = self.account.spoken(given.get("StartCode", ""), given.get("StartTtsParams", ""))
        bye = given.get("ByeCode", "")
        menu = Menu(
            words,
            self._keys(given),
            int(given.get("Timeout", "3000")) / 1000,
            self.account.spoken(bye, given.get("ByeTtsParams", "")) if bye else "",
            _times(given),
        )
        return self._call(given, shown, menu)

    def detail(self, given: Mapping[str, str]) -> JsonObject:
        """Carry out QueryCallDetailByCallId, of which this server keeps nothing. Raises Refusal."""
        raise Refusal("isv.INVALID_PARAMETERS", f"参数异常: CallId {given.get('CallId', '')}")

    def _keys(self, given: Mapping[str, str]) -> dict[str, str]:
        keys: dict[str, str] = {}
        for place in itertools.count(1):
            key, code = given.get(f"MenuKeyMap.{place}.Key"), given.get(f"MenuKeyMap.{place}.Code")
            if key is None or code is None:
                return keys
            keys[key] = self.account.spoken(code, given.get(f"MenuKeyMap.{place}.TtsParams", ""))
        return keys

    def _call(self, given: Mapping[str, str], caller: str, menu: Menu) -> JsonObject:
        number, out_id = e164(given.get("CalledNumber", "")), given.get("OutId", "")
        if len(out_id.encode()) > LONGEST_OUT_ID:
            raise Refusal("isv.PARAM_LENGTH_LIMIT", "参数超出长度限制: OutId")
        limit = self.frequency.take(number, self.clock.now())
        if limit is not None:
            raise Refusal("isv.BUSINESS_LIMIT_CONTROL", limit.words)
        self.account.pay()
        line = Line(f"{next(self._ids)}^{next(self._ids)}", number, caller, out_id, menu, self.clock.now())
        self.begin(self._ring(line))
        return {"CallId": line.id}

    async def _ring(self, line: Line) -> None:
        self._live(line, "200101")
        phone = self.phones.find(line.number)
        if phone is None or phone.habit is Habit.OFF:
            self._final(line, "200004" if phone is None else "200010", "")
            return
        self._live(line, "200201")
        call = phone.take_call(line.caller)
        code = await self._talk(line, call)
        self._live(line, "200100")
        self._final(line, code, call.pressed)

    async def _talk(self, line: Line, call: Call) -> str:
        """Let it ring, speak and listen; return the final code."""
        if not await within(self.clock, call.answered(), RING_SECONDS):
            call.end(Ended.NO_ANSWER)
            return STATUS[call.ended or Ended.NO_ANSWER]
        self._live(line, "200102")
        is_heard = await (self._menu(line, call) if line.menu.keys else self._read(line, call))
        call.end(Ended.FINISHED)
        return "200008" if call.ended is Ended.FINISHED and not is_heard else STATUS[call.ended or Ended.FINISHED]

    async def _read(self, line: Line, call: Call) -> bool:
        for _ in range(line.menu.times):
            call.say(line.menu.words)
            await within(self.clock, call.is_over(), self.speech_seconds)
            if call.ended is not None:
                break
        return True

    async def _menu(self, line: Line, call: Call) -> bool:
        """Say the menu until a key is pressed that is in it; return whether one was."""
        for _ in range(line.menu.times):
            call.say(line.menu.words)
            key = await within(self.clock, call.key(), self.speech_seconds + line.menu.within)
            if key is None:
                continue
            if not key:
                return False
            self._live(line, "300000", key)
            if key in line.menu.keys:
                call.say(line.menu.keys[key])
                if line.menu.keys[key] == line.menu.words:
                    continue
                if line.menu.bye:
                    call.say(line.menu.bye)
                return True
        return False

    def _live(self, line: Line, code: str, key: str = "") -> None:
        told: JsonObject = {
            "call_id": line.id,
            "out_id": line.out_id,
            "status_code": code,
            "status_time": f"{self.clock.now():%Y-%m-%d %H:%M:%S}",
        }
        self.notify("voice_call_report", told | ({"dtmf": key} if key else {}))

    def _final(self, line: Line, code: str, keys: str) -> None:
        now = self.clock.now()
        told: JsonObject = {
            "call_id": line.id,
            "out_id": line.out_id,
            "status_code": code,
            "start_time": f"{line.at:%Y-%m-%d %H:%M:%S}",
            "end_time": f"{now:%Y-%m-%d %H:%M:%S}",
            "duration": str(int((now - line.at).total_seconds())),
            "caller": line.caller,
            "callee": plain(line.number),
            "hangup_direction": "0",
        }
        self.notify("voice_report", told | ({"dtmf": keys} if keys else {}))


def _times(given: Mapping[str, str]) -> int:
    times = given.get("PlayTimes", "3")
    if times not in ("1", "2", "3"):
        raise Refusal("isv.INVALID_PARAMETERS", "参数异常: PlayTimes")
    return int(times)
