"""SMS by any gateway that speaks HTTP, with receipts and replies where it has them.

What is written back is answered in the answer to the gateway's request: `{"reply": "..."}`, for it to send.
"""

import hashlib
from collections.abc import Mapping
from typing import Final

from adapters.providers.webhook.callbacks import Item, heard
from adapters.providers.webhook.config import SmsConfig, faults_in
from adapters.providers.webhook.gateway import Gateway, as_json
from adapters.providers.webhook.values import found
from bot.adapter import Answer, Callback, Receipt
from bot.clock import Clock
from bot.provider import Envelope, ProviderInbox, Spoken
from cards import sms

SAME_WITHIN: Final = 300
"""Seconds."""


def connect(name: str, values: Mapping[str, str], clock: Clock) -> "WebhookSms":
    """Return the provider. Raises ValueError: a setting is wrong."""
    faults_in(SmsConfig, values)
    return WebhookSms(name, SmsConfig.model_validate(dict(values)), clock)


class WebhookSms(Gateway):
    """One gateway for SMS: a Provider that is CalledBack."""

    def __init__(self, name: str, config: SmsConfig, clock: Clock) -> None:
        super().__init__(name, config)
        self._sms = config
        self._clock = clock

    async def send(self, envelope: Envelope) -> Receipt:
        text = sms.text(
            envelope.message,
            locale=envelope.locale,
            segments=self._sms.segments,
            reply=self._sms.reply_text_path is not None and bool(envelope.callback),
            links=self._sms.links,
            addresses=envelope.links,
        )
        return await self.put(envelope, {"text": text})

    async def callback(self, request: Callback, inbox: ProviderInbox) -> Answer:
        told = heard(self._sms, request)
        if isinstance(told, Answer):
            return told
        replies = []
        for item in told:
            await self.report(item, inbox)
            spoken = self._spoken(item)
            if spoken is not None:
                replies.append(await inbox.replied(spoken))
        said = [reply for reply in replies if reply]
        return as_json({"reply": "\n".join(said)} if said else {})

    def _spoken(self, item: Item) -> Spoken | None:
        """Return what somebody wrote back; None: the item is no reply."""
        number = found(self._sms.reply_sender_path, item.scope)
        text = found(self._sms.reply_text_path, item.scope)
        if not number or not text:
            return None
        return Spoken(number, text, found(self._sms.reply_id_path, item.scope) or self._trigger(number, text))

    def _trigger(self, number: str, text: str) -> str:
        """Return an id for a reply to which the gateway gives none: within minutes, the same words are the same one."""
        when = int(self._clock.now().timestamp() // SAME_WITHIN)
        return hashlib.sha256(f"{when}\n{number}\n{text}".encode()).hexdigest()[:32]
