"""SMS: taken, sent on to the phones, and what is told of them on the way; and those that people write to us.

https://www.twilio.com/docs/messaging/api/message-resource. Guesses: that each of `sending`, `sent` and the last state
is told, and the words after STOP.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.playground.endpoint import Heard, Told
from bot.playground.phones import Habit, Phone
from bot.playground.twilio.account import Refused, is_number, need_address, need_whole, new_sid, written
from bot.playground.twilio.network import Fields, Network, Page
from bot.playground.twilio.twiml import Message, parse
from bot.playground.wire import JsonObject

BODY_LIMIT: Final = 1600
STOPPED: Final = "You have successfully been unsubscribed. You will not receive any more messages from this number."
STARTED: Final = "You have successfully been re-subscribed to messages from this number."
_STOPS: Final = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"})
_STARTS: Final = frozenset({"START", "YES", "UNSTOP"})
_GSM: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_DOUBLE: Final = frozenset("\f^{}\\[~]|€")

Tell = Callable[[Told], Awaitable[Heard]]


@dataclass(slots=True)
class Sms:
    """One message."""

    sid: str
    to: str
    sender: str
    body: str
    at: datetime
    callback: str = ""
    status: str = "queued"
    error: int = 0


class Texts:
    """The SMS of one account.

    `pause`: seconds of the clock between two states. `fates`: by number, the error code with which its messages fail
    on the way. `inbound_url`: where we want to be told of what people write, as set in the console for each number.
    """

    def __init__(self, network: Network, tell: Tell, ask: Tell) -> None:
        self._network = network
        self._tell = tell
        self._ask = ask
        self.sent: list[Sms] = []
        self.pause = 0.0
        self.fates: dict[str, int] = {}
        self.inbound_url = ""

    # What the API does

    def create(self, fields: Fields) -> JsonObject:
        """Take a message. Raises Refused."""
        account, to = self._network.account, fields.get("To", "")
        sender = fields.get("From", "") or account.services.get(fields.get("MessagingServiceSid", ""), "")
        _need(to, 21604)
        _need(sender, 21603)
        if not is_number(to):
            raise Refused(21211, to)
        if sender not in account.numbers:
            raise Refused(21606, sender)
        _need(fields.get("Body", ""), 21602)
        if len(fields["Body"]) > BODY_LIMIT:
            raise Refused(21617)
        callback = fields.get("StatusCallback", "")
        need_address(callback, 21609)
        need_whole(fields, "ValidityPeriod", 36000, range(1, 36001))
        if (to, sender) in account.stopped:
            raise Refused(21610)
        sms = Sms(new_sid("SM"), to, sender, fields["Body"], self._network.clock.now(), callback)
        self.sent.append(sms)
        shown = self._shown(sms)
        self._network.spawn(self._deliver(sms))
        return shown

    def fetch(self, sid: str) -> JsonObject:
        """Return one message. Raises Refused."""
        return self._shown(self._find(sid))

    def update(self, sid: str, fields: Fields) -> JsonObject:
        """Cancel a message that waits. Raises Refused."""
        sms = self._find(sid)
        if fields.get("Status") != "canceled" or sms.status != "queued":
            raise Refused(20001, "Status")
        sms.status = "canceled"
        return self._shown(sms)

    def listed(self, fields: Fields) -> JsonObject:
        """Return the messages to a number, the newest first."""
        to, day = fields.get("To", ""), fields.get("DateSent>", "")
        found = [one for one in reversed(self.sent) if to in ("", one.to) and f"{one.at:%Y-%m-%d}" >= day]
        return Page("messages", tuple(self._shown(one) for one in found)).body()

    # What people do

    def carry(self, phone: Phone, to: str, words: str) -> None:
        """Somebody has written to one of our numbers."""
        self._network.spawn(self._receive(phone, to, words))

    async def _receive(self, phone: Phone, to: str, words: str) -> None:
        stopped = self._network.account.stopped
        kind = "STOP" if words.strip().upper() in _STOPS else "START" if words.strip().upper() in _STARTS else ""
        if kind == "STOP":
            stopped.add((phone.number, to))
            phone.take_text(to, STOPPED)
        elif kind == "START" and (phone.number, to) in stopped:
            stopped.discard((phone.number, to))
            phone.take_text(to, STARTED)
        if not self.inbound_url:
            return
        sid = new_sid("SM")
        fields = {"MessageSid": sid, "SmsSid": sid, "SmsMessageSid": sid, "SmsStatus": "received", "NumMedia": "0"}
        fields |= {"From": phone.number, "To": to, "Body": words, "NumSegments": str(segments(words))}
        if kind:
            fields["OptOutType"] = kind
        heard = await self._tell(self._network.told("inbound", self.inbound_url, fields))
        if heard.status and self._network.judged(heard, self.inbound_url):
            self._answer(phone, to, heard.words)

    def _answer(self, phone: Phone, sender: str, document: str) -> None:
        try:
            verbs = parse(document)
        except ValueError as error:
            self._network.alerts.append((12100, str(error)))
            return
        for verb in verbs:
            if isinstance(verb, Message):
                phone.take_text(sender, verb.words[:BODY_LIMIT])

    # What becomes of a message

    async def _deliver(self, sms: Sms) -> None:
        for status in ("sending", "sent"):
            await self._network.clock.sleep(self.pause)
            if sms.status == "canceled":
                return
            await self._report(sms, status)
        await self._network.clock.sleep(self.pause)
        phone = self._network.phones.find(sms.to)
        sms.error = self.fates.get(sms.to, 0) or (30005 if phone is None else 30003 if phone.habit is Habit.OFF else 0)
        if phone is not None and not sms.error:
            phone.take_text(sms.sender, sms.body)
        await self._report(sms, "undelivered" if sms.error else "delivered")

    async def _report(self, sms: Sms, status: str) -> None:
        sms.status = status
        if not sms.callback:
            return
        fields = {"MessageSid": sms.sid, "SmsSid": sms.sid, "MessageStatus": status, "SmsStatus": status}
        fields |= {"To": sms.to, "From": sms.sender, "ChannelToAddress": ""}
        if sms.error:
            fields["ErrorCode"] = str(sms.error)
        heard = await self._tell(self._network.told(f"message {status}", sms.callback, fields))
        if heard.status:
            self._network.judged(heard, sms.callback)

    def _find(self, sid: str) -> Sms:
        found = next((one for one in self.sent if one.sid == sid), None)
        if found is None:
            raise Refused(20404, f"Messages/{sid}.json")
        return found

    def _shown(self, sms: Sms) -> JsonObject:
        return {
            "sid": sms.sid,
            "account_sid": self._network.account.sid,
            "to": sms.to,
            "from": sms.sender,
            "body": sms.body,
            "status": sms.status,
            "direction": "outbound-api",
            "num_segments": str(segments(sms.body)),
            "error_code": sms.error or None,
            "error_message": None,
            "price": None,
            "date_created": written(sms.at),
        }


def segments(body: str) -> int:
    """Return how many segments a message is billed as."""
    if set(body) <= _GSM | _DOUBLE:
        whole, part, widths = 160, 153, [1 + (one in _DOUBLE) for one in body]
    else:
        whole, part, widths = 70, 67, [len(one.encode("utf-16-le", "surrogatepass")) // 2 for one in body]
    if sum(widths) <= whole:
        return 1
    count, room = 1, part
    for width in widths:
        count, room = (count, room) if width <= room else (count + 1, part)
        room -= width
    return count


def _need(value: str, code: int) -> None:
    if not value:
        raise Refused(code)
