"""A Tencent Cloud on this machine: start it, point a provider's `api_base_url` at it, and act on people's phones.

    async with TencentServer(clock, phones) as tencent:
        tencent.account.templates["1234"] = Template("您有一条待处理的值班告警,编号{1}。")
        tencent.where["sms_status"] = "https://oncall.example.com/sms/main/<secret>/status"
        ...                                         # a provider with tencent.api_base_url and the account's key
        phones.write("ana", NUMBER, "1 42")

SMS and voice are two hosts in truth; here one address serves both, and the signature says which is meant. What it tells
is not signed, as with the real one. A guess: when a callback that was not taken is repeated.
"""

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from bot.clock import Clock, SystemClock
from bot.playground.actions import ActionEndpoint, Asked, Said
from bot.playground.endpoint import Heard
from bot.playground.phones import Phones
from bot.playground.tencent.account import Account
from bot.playground.tencent.calls import Calls
from bot.playground.tencent.gate import Gate
from bot.playground.tencent.refusal import Refusal
from bot.playground.tencent.texts import NUMBER, Texts
from bot.playground.wire import JsonObject

AGAIN: Final = (60.0, 300.0)
"""Seconds before each repeat of a callback that was not taken."""


class TencentServer(ActionEndpoint):
    """One account. `where` takes `sms_status`, `sms_reply` and `voice_status`."""

    def __init__(self, clock: Clock | None = None, phones: Phones | None = None, port: int = 0) -> None:
        super().__init__(clock or SystemClock(), port, header="x-tc-action", again=AGAIN)
        self.phones = phones or Phones(self.clock)
        self.account = Account()
        self.log.hide([self.account.secret_key])
        self.texts = Texts(self.account, self.phones, self.clock, self.notify)
        self.calls = Calls(self.account, self.phones, self.clock, self.notify, self.begin)
        self.phones.serve(NUMBER, self.texts.replied)
        self._gate = Gate({self.account.secret_id: self.account.secret_key})
        self._actions: Mapping[tuple[str, str], Callable[[JsonObject], JsonObject]] = {
            ("sms", "SendSms"): self.texts.send,
            ("sms", "DescribeSmsTemplateList"): self.texts.templates,
            ("vms", "SendTtsVoice"): self.calls.read_out,
        }

    def answer(self, asked: Asked) -> Said:
        """Judge a call, carry it out and say what it is answered."""
        request = secrets.token_hex(16)
        try:
            service = self._gate.enter(asked, self.clock.now())
            action = self._actions.get((service, asked.headers.get("x-tc-action", "")))
            if action is None:
                raise Refusal("InvalidAction", "The request is illegal: there is no such action.")
            result = action(_content(asked.body))
        except Refusal as refusal:
            return Said(refusal.body(request))
        return Said({"Response": {"RequestId": request} | result})

    def bodies(self, kind: str, items: Sequence[JsonObject]) -> list[object]:
        """Return receipts of SMS as one array, anything else one by one."""
        return [list(items)] if kind == "sms_status" else list(items)

    def is_taken(self, heard: Heard) -> bool:
        """Whether it was answered 200 with the `result` 0."""
        try:
            answer: object = json.loads(heard.words)
        except ValueError:
            return False
        return heard.status == 200 and isinstance(answer, dict) and answer.get("result") == 0


def _content(body: bytes) -> JsonObject:
    try:
        read: object = json.loads(body)
    except ValueError:
        read = None
    if not isinstance(read, dict):
        raise Refusal("FailedOperation.JsonParseFail", "the body is no JSON object.")
    return read
