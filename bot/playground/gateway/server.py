"""A gateway for SMS and calls on this machine, as many companies have one of their own: a little JSON over HTTP.

    POST /sms    {"to", "text", "ref", "callback"}                 -> 202 {"id", "state": "queued"}
    POST /calls  {"to", "say": [...], "digits", "ref", "callback"}  -> 202 {"id", "state": "queued"}
    401, 429 with Retry-After, 400 {"error": {"code": "bad_number", "message": "..."}}

It tells the callback what became of each (`{"id", "ref", "state"}`), what was written back (`{"id", "from", "text"}`,
to `replies_to`, and sends the answer's `reply` as an SMS) and which keys were pressed (`{"id", "ref", "keys"}`): the
answer's `{"say", "digits"}` is what the call says next. With `signing_secret` each request carries `X-Signature`, the
HMAC-SHA256 of its body in hexadecimal digits.
"""

import asyncio
import hashlib
import hmac
import json
import re
from collections.abc import Coroutine
from typing import Final, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.clock import Clock
from bot.playground.endpoint import Endpoint, Heard, Told
from bot.playground.phones import Call, Ended, Phone, Phones
from bot.playground.wire import JsonObject, as_list, as_object, as_text

SMS: Final = "sms"
CALLS: Final = "calls"
REPORT: Final = "report"
REPLY: Final = "reply"
KEYS: Final = "keys"
TEXT_LIMIT: Final = 1600
RING_SECONDS: Final = 30.0
KEY_SECONDS: Final = 8.0
_NUMBER: Final = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_ENDS: Final = {
    Ended.BUSY: "busy",
    Ended.DECLINED: "busy",
    Ended.NO_ANSWER: "no-answer",
    Ended.HUNG_UP: "hung-up",
    Ended.FINISHED: "completed",
    Ended.CANCELLED: "cancelled",
}

_Result = TypeVar("_Result")


class GatewayServer(Endpoint):
    """One gateway with its `number` and its `api_key`; an empty one lets anybody in."""

    def __init__(self, clock: Clock, phones: Phones, port: int = 0, *, number: str = "+15550100000") -> None:
        super().__init__(clock, port)
        self.phones = phones
        self.number = number
        self.api_key = "gateway-key-1"
        self.signing_secret = ""
        self.replies_to = ""
        self.undeliverable: set[str] = set()
        self._count = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self.log.hide([self.api_key])
        phones.serve(number, self._carry)
        self.route(SMS, "POST", "/sms", self._sms)
        self.route(CALLS, "POST", "/calls", self._calls)

    async def stop(self) -> None:
        """Drop every connection and every call."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await super().stop()

    async def settled(self) -> None:
        """Wait until all that was to be told by now has been told; a call that lasts is waited for."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    # What it answers

    async def _sms(self, request: Request) -> Response:
        sent, refused = await self._read(request)
        text = as_text(sent.get("text"))
        if refused is None and not 0 < len(text) <= TEXT_LIMIT:
            refused = _refusal(400, "bad_text", f"the text has 1 to {TEXT_LIMIT} characters")
        if refused is not None:
            return refused
        number = self._next_id("sms")
        self._begin(self._deliver(sent, number, text))
        return JSONResponse({"id": number, "state": "queued"}, 202)

    async def _calls(self, request: Request) -> Response:
        sent, refused = await self._read(request)
        if refused is not None:
            return refused
        number = self._next_id("call")
        self._begin(self._call(sent, number))
        return JSONResponse({"id": number, "state": "queued"}, 202)

    async def _read(self, request: Request) -> tuple[JsonObject, Response | None]:
        if self.api_key and request.headers.get("authorization", "") != f"Bearer {self.api_key}":
            return {}, _refusal(401, "bad_key", "the API key is wrong")
        try:
            sent = as_object(json.loads(await request.body()))
        except ValueError:
            sent = {}
        if not sent:
            return {}, _refusal(400, "bad_body", "the body is no JSON object")
        to = as_text(sent.get("to"))
        if _NUMBER.fullmatch(to) is None:
            return {}, _refusal(400, "bad_number", f"{to} is no number in E.164 form")
        return sent, None

    # What becomes of it

    async def _deliver(self, sent: JsonObject, number: str, text: str) -> None:
        phone = self.phones.find(as_text(sent["to"]))
        await self._report(sent, number, "sent")
        if phone is None or phone.number in self.undeliverable:
            await self._report(sent, number, "undeliverable")
            return
        phone.take_text(self.number, text)
        await self._report(sent, number, "delivered")

    async def _call(self, sent: JsonObject, number: str) -> None:
        phone = self.phones.find(as_text(sent["to"]))
        if phone is None:
            await self._report(sent, number, "failed")
            return
        call = phone.take_call(self.number)
        await self._report(sent, number, "ringing")
        if not await self._within(call.answered(), RING_SECONDS):
            call.end(Ended.NO_ANSWER)
        elif call.machine:
            self._say(call, [as_text(one) for one in as_list(sent.get("say"))])
            call.end(Ended.FINISHED)
            await self._report(sent, number, "machine")
            return
        else:
            await self._report(sent, number, "answered")
            await self._talk(sent, number, call)
        await self._report(sent, number, _ENDS[call.ended or Ended.FINISHED])

    async def _talk(self, sent: JsonObject, number: str, call: Call) -> None:
        turn = sent
        while call.is_talking:
            self._say(call, [as_text(one) for one in as_list(turn.get("say"))])
            digits = turn.get("digits")
            if not isinstance(digits, int) or digits < 1:
                call.end(Ended.FINISHED)
                return
            keys = await self._listen(call, digits)
            if call.ended is not None:
                return
            body = {"id": number, "ref": sent.get("ref"), "keys": keys}
            heard = await self._tell(KEYS, as_text(sent.get("callback")), body)
            turn = _json(heard.words)

    async def _listen(self, call: Call, digits: int) -> str:
        keys = ""
        while len(keys) < digits and (key := await self._within(call.key(), KEY_SECONDS)):
            keys += key
        return keys

    def _say(self, call: Call, lines: list[str]) -> None:
        for line in lines:
            call.say(line)

    async def _within(self, wanted: Coroutine[object, object, _Result], seconds: float) -> _Result | None:
        """Return what comes of it; None: so many seconds have passed before."""
        waiting = asyncio.ensure_future(wanted)
        alarm = asyncio.ensure_future(self.clock.sleep(seconds))
        try:
            await asyncio.wait((waiting, alarm), return_when=asyncio.FIRST_COMPLETED)
            return waiting.result() if waiting.done() else None
        finally:
            waiting.cancel()
            alarm.cancel()

    def _begin(self, what: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(what)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _next_id(self, kind: str) -> str:
        self._count += 1
        return f"{kind}-{self._count}"

    # What it tells

    def _carry(self, phone: Phone, words: str) -> None:
        body: JsonObject = {"id": self._next_id("in"), "from": phone.number, "text": words}
        self._begin(self._reply(phone, body))

    async def _reply(self, phone: Phone, body: JsonObject) -> None:
        answer = as_text(_json((await self._tell(REPLY, self.replies_to, body)).words).get("reply"))
        if answer:
            phone.take_text(self.number, answer)

    async def _report(self, sent: JsonObject, number: str, state: str) -> None:
        callback = as_text(sent.get("callback"))
        if callback:
            await self._tell(REPORT, callback, {"id": number, "ref": sent.get("ref"), "state": state})

    async def _tell(self, name: str, url: str, body: JsonObject) -> Heard:
        if not url:
            return Heard(0)
        raw = json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        if self.signing_secret:
            headers["X-Signature"] = hmac.new(self.signing_secret.encode(), raw, hashlib.sha256).hexdigest()
        return await self.tell(Told(name, url, raw, headers))


def _refusal(status: int, code: str, message: str) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status)


def _json(words: str) -> JsonObject:
    try:
        return as_object(json.loads(words))
    except ValueError:
        return {}
