"""Calls by any gateway that speaks HTTP: it gets the lines as text, reads them aloud and tells us the keys.

The answer to the keys, and to the report that somebody has picked up, is what the call says next:
`{"say": ["..."], "digits": 1, "again": 1, "locale": "en"}`; with `digits` 0 it says its lines and hangs up.
"""

from collections.abc import Mapping
from typing import Final

from adapters.providers.webhook.callbacks import heard
from adapters.providers.webhook.config import VoiceConfig, faults_in
from adapters.providers.webhook.gateway import Gateway, as_json
from adapters.providers.webhook.values import maybe
from bot.adapter import Answer, Callback, Receipt
from bot.clock import Clock
from bot.provider import Envelope, Progress, ProviderInbox
from cards import sms
from cards.script import Script

SEGMENTS: Final = 3


def connect(name: str, values: Mapping[str, str], clock: Clock) -> "WebhookVoice":
    """Return the provider. Raises ValueError: a setting is wrong."""
    del clock  # Nothing here waits.
    faults_in(VoiceConfig, values)
    return WebhookVoice(name, VoiceConfig.model_validate(dict(values)))


class WebhookVoice(Gateway):
    """One gateway for calls: a Provider that is CalledBack."""

    def __init__(self, name: str, config: VoiceConfig) -> None:
        super().__init__(name, config)
        self._voice = config

    async def send(self, envelope: Envelope) -> Receipt:
        text = sms.text(envelope.message, locale=envelope.locale, segments=SEGMENTS, links=False)
        script = envelope.script or Script((text,), envelope.locale, digits=0)
        said = {"say": list(script.lines), "text": " ".join(script.lines)}
        return await self.put(envelope, {**said, "digits": script.digits, "again": script.again})

    async def callback(self, request: Callback, inbox: ProviderInbox) -> Answer:
        told = heard(self._voice, request)
        if isinstance(told, Answer):
            return told
        script: Script | None = None
        for item in told:
            progress = await self.report(item, inbox)
            keys = maybe(self._voice.keys_path, item.scope)
            if keys is not None and (item.reference or item.id):
                script = await inbox.pressed(item.reference, keys, id=item.id)
            elif progress is Progress.ANSWERED and item.reference:
                script = await inbox.answered(item.reference)
        return as_json(_turn(script) if script is not None else {})


def _turn(script: Script) -> dict[str, object]:
    """Return what the call says next, for a gateway."""
    return {"say": list(script.lines), "digits": script.digits, "again": script.again, "locale": script.locale}
