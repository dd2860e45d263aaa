"""SMS through Twilio: sent, their receipts, and what people write back.

A message without an answer may be on its way, and Twilio would send a second one as gladly, so the core is told that
nobody knows. Where Twilio refuses the address for receipts the message goes without: a page without receipts is better
than none. Twilio itself answers STOP and START. Guesses: to which countries nobody can write back.
"""

import asyncio
from collections.abc import Mapping
from typing import Final

from adapters.providers.twilio import receipts
from adapters.providers.twilio.api import Api
from adapters.providers.twilio.config import SmsConfig
from adapters.providers.twilio.errors import NO_SUCH_CALLBACK, TwilioFailed
from adapters.providers.twilio.signature import Gate
from adapters.providers.twilio.twiml import document, written
from bot.adapter import Answer, Callback, MessageRef, Receipt
from bot.clock import Clock
from bot.outbound.settings import read
from bot.provider import Envelope, ProviderInbox, Spoken
from cards.sms import text

INBOUND: Final = "inbound"
STATUS: Final = "status"
# Twilio waits for 15 s.
PATIENCE: Final = 10.0
ONE_WAY: Final = ("+86", "+91", "+502", "+506", "+507", "+84")
NO_LINKS: Final = ("+86",)

FORGED: Final = Answer(401, b"the signature does not fit")
NOWHERE: Final = Answer(404, b"nothing is told here")
TAKEN: Final = Answer(204)


class TwilioSms:
    """One account, sending from one number or messaging service."""

    def __init__(self, name: str, config: SmsConfig, clock: Clock) -> None:
        self._name = name
        self._config = config
        self._clock = clock
        self._api = Api(config, "Messages")
        self._gate = Gate(f"/sms/{name}/", config.tokens, config.callback_url)
        self._answering: set[asyncio.Task[str]] = set()

    @property
    def timeout(self) -> float:
        return self._config.timeout

    async def check(self) -> str:
        """Return the account and whom it sends as. Raises DeliveryFailed."""
        await self._api.look()
        return f"{self._config.account_sid}, from {self._config.sender or self._config.messaging_service_sid}"

    async def send(self, envelope: Envelope) -> Receipt:
        """Send it. Raises DeliveryFailed."""
        fields = self._fields(envelope)
        told = [("StatusCallback", f"{envelope.callback}{envelope.reference}/{STATUS}")] if envelope.callback else []
        try:
            sent, without = await self._api.create([*fields, *told]), ""
        except TwilioFailed as failure:
            if failure.code not in NO_SUCH_CALLBACK or not told:
                raise
            sent, without = await self._api.create(fields), f", without receipts, because of {failure.detail}"
        said = f"{sent.get('status')}, {sent.get('num_segments')} segments, {sent['sid']}{without}"
        return Receipt(MessageRef(self._name, str(sent["sid"])), said)

    async def callback(self, request: Callback, inbox: ProviderInbox) -> Answer:
        """Tell the inbox of receipts and replies."""
        fields = self._gate.admit(request)
        if fields is None:
            return FORGED
        if request.path == INBOUND:
            return await self._hear(fields, inbox)
        reference, _, what = request.path.rpartition("/")
        if not reference or what != STATUS:
            return NOWHERE
        report = receipts.of_message(fields, reference)
        if report is not None:
            await inbox.reported(report)
        return TAKEN

    async def close(self) -> None:
        """Give back the connections."""
        await self._api.close()

    def _fields(self, envelope: Envelope) -> list[tuple[str, str]]:
        config = self._config
        can_reply = config.replies and bool(envelope.callback) and self._hears() and not envelope.to.startswith(ONE_WAY)
        body = text(
            envelope.message,
            locale=envelope.locale,
            segments=config.segments,
            reply=can_reply,
            links=config.links and not envelope.to.startswith(NO_LINKS),
            addresses=envelope.links,
        )
        service = config.messaging_service_sid
        sender = ("MessagingServiceSid", service) if service else ("From", config.sender)
        return [("To", envelope.to), sender, ("Body", body), ("ValidityPeriod", str(config.validity))]

    def _hears(self) -> bool:
        """Whether it sends from something that can be written to: a name cannot."""
        return self._config.sender.removeprefix("+").isdecimal() or not self._config.sender

    async def _hear(self, fields: Mapping[str, str], inbox: ProviderInbox) -> Answer:
        """Pass on what somebody wrote; an answer that takes too long is not waited for, but the work is done."""
        if fields.get("OptOutType") or not fields.get("From"):
            return document(written(""))
        spoken = Spoken(fields["From"], fields.get("Body", ""), fields.get("MessageSid", ""))
        work = asyncio.ensure_future(inbox.replied(spoken))
        self._answering.add(work)
        work.add_done_callback(self._answering.discard)
        over = asyncio.Event()
        work.add_done_callback(lambda _: over.set())
        if not await self._clock.wait(over, PATIENCE):
            return document(written(""))
        return document(written(work.result()))


def connect(name: str, values: Mapping[str, str], clock: Clock) -> TwilioSms:
    """Return the provider. Raises ValueError: what is wrong with which setting."""
    return TwilioSms(name, read(SmsConfig, values, "from"), clock)
