"""An Alibaba Cloud on this machine: start it, point a provider's `api_base_url` at it, and act on people's phones.

    async with AliyunServer(clock, phones) as aliyun:
        aliyun.account.templates["SMS_1"] = Template("${severity}告警,编号${number}。")
        aliyun.where["sms_report"] = "https://oncall.example.com/sms/main/<secret>/sms_report"
        ...                                         # a provider with aliyun.api_base_url and the account's access key
        phones.write("ana", NUMBER, "1 42")

SMS and voice are two hosts in truth; here one address serves both. What it tells is not signed, as with the real one.
"""

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from bot.clock import Clock, SystemClock
from bot.playground.actions import ActionEndpoint, Asked, Said
from bot.playground.aliyun.account import Account
from bot.playground.aliyun.calls import Calls
from bot.playground.aliyun.gate import Gate
from bot.playground.aliyun.refusal import Refusal
from bot.playground.aliyun.texts import NUMBER, Texts
from bot.playground.endpoint import Heard
from bot.playground.phones import Phones
from bot.playground.wire import JsonObject

AGAIN: Final = (60.0, 300.0, 600.0)
"""Seconds before each repeat of a callback that was not answered 200."""


class AliyunServer(ActionEndpoint):
    """One account. `where` takes `sms_report`, `sms_up`, `voice_call_report` and `voice_report`."""

    def __init__(self, clock: Clock | None = None, phones: Phones | None = None, port: int = 0) -> None:
        super().__init__(clock or SystemClock(), port, header="x-acs-action", again=AGAIN)
        self.phones = phones or Phones(self.clock)
        self.account = Account()
        self.log.hide([self.account.access_key_secret])
        self.texts = Texts(self.account, self.phones, self.clock, self.notify)
        self.calls = Calls(self.account, self.phones, self.clock, self.notify, self.begin)
        self.phones.serve(NUMBER, self.texts.replied)
        self._gate = Gate({self.account.access_key_id: self.account.access_key_secret})
        self._actions: Mapping[str, Callable[[Mapping[str, str]], JsonObject]] = {
            "SendSms": self.texts.send,
            "QuerySmsTemplate": self.texts.template,
            "SingleCallByTts": self.calls.read_out,
            "IvrCall": self.calls.with_menu,
            "QueryCallDetailByCallId": self.calls.detail,
        }

    def answer(self, asked: Asked) -> Said:
        """Judge a call, carry it out and say what it is answered."""
        request = secrets.token_hex(16).upper()
        try:
            given = self._gate.enter(asked, self.clock.now())
            action = self._actions.get(asked.headers["x-acs-action"])
            if action is None:
                raise Refusal("InvalidAction.NotFound", "Specified api is not found, please check your url.", 404)
            result = action(given)
        except Refusal as refusal:
            return Said(refusal.body(request), refusal.status)
        return Said({"RequestId": request, "Code": "OK", "Message": "OK"} | result)

    def bodies(self, kind: str, items: Sequence[JsonObject]) -> list[object]:
        """Return one array with all of it."""
        return [list(items)]

    def is_taken(self, heard: Heard) -> bool:
        """Whether it was answered 200 with a `code` that is a number."""
        try:
            answer: object = json.loads(heard.words)
        except ValueError:
            return False
        return heard.status == 200 and isinstance(answer, dict) and isinstance(answer.get("code"), int)
