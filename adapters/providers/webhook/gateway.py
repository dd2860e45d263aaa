"""One gateway, whatever it carries: a request made from the templates, its answer, and what it reports."""

import json
from collections.abc import Mapping

import structlog

from adapters.providers.webhook.callbacks import Item, address
from adapters.providers.webhook.config import WebhookConfig
from adapters.providers.webhook.errors import id_of
from adapters.providers.webhook.request import Request, make
from adapters.providers.webhook.templates import WrongTemplate
from adapters.providers.webhook.values import found
from bot.adapter import Answer, DeliveryFailed, FailureKind, MessageRef, Receipt
from bot.outbound.client import HttpClient
from bot.outbound.redaction import Redaction
from bot.provider import Envelope, Progress, ProviderInbox, Report
from cards import sms

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger(__name__)


class Gateway:
    """What the providers of SMS and of calls by a gateway have in common."""

    def __init__(self, name: str, config: WebhookConfig) -> None:
        self._name = name
        self._config = config
        self._templates = config.templates
        self._redaction = Redaction(*config.secrets)
        self._progress = config.progress
        self._http = HttpClient(config.way, self._redaction, outside_only=not config.allow_private)

    @property
    def timeout(self) -> float:
        """Seconds after which a request that has not been answered counts as not delivered."""
        return self._config.timeout + 2

    async def check(self) -> str:
        """Return that something answers where the gateway is. Raises DeliveryFailed: nothing does."""
        reply = await self._http.call("HEAD", "")
        return f"something answers there, with HTTP {reply.status}: only a real message shows more"

    async def close(self) -> None:
        """Give back the connections."""
        await self._http.close()

    async def put(self, envelope: Envelope, content: Mapping[str, object]) -> Receipt:
        """Make the request for a message. Raises DeliveryFailed."""
        variables = {
            **sms.fields(envelope.message, envelope.locale),
            **content,
            "to": envelope.to,
            "reference": envelope.reference,
            "callback": address(self._config, envelope.callback, envelope.reference),
            "locale": envelope.locale,
            "urgent": envelope.urgent,
            "secret": self._config.secret.get_secret_value(),
        }
        request = self._made(variables)
        reply = await self._http.call(
            request.method, request.url, content=request.body or None, headers=request.headers
        )
        number = id_of(self._config, reply, lambda text: self._redaction(text.replace(envelope.to, "[number]")))
        return Receipt(MessageRef(self._name, number or envelope.reference), f"HTTP {reply.status}")

    async def report(self, item: Item, inbox: ProviderInbox) -> Progress | None:
        """Store what became of a message, and return it; None: the item says nothing of it."""
        said = found(self._config.status_path, item.scope)
        if not said or not (item.reference or item.id):
            return None
        progress = self._progress.get(said.casefold())
        if progress is None:
            _log.warning("gateway_state_unknown", provider=self._name, state=said[:40], mend="add it to states")
            return None
        await inbox.reported(Report(progress, said[:200], item.reference, item.id))
        return progress

    def _made(self, variables: Mapping[str, object]) -> Request:
        try:
            return make(self._templates, variables)
        except WrongTemplate as error:
            why = str(error)
        # The settings were checked: it is this message that they cannot carry.
        kind = FailureKind.TOO_LONG if "64 KiB" in why else FailureKind.MALFORMED
        raise DeliveryFailed(kind, self._redaction(why))


def as_json(body: Mapping[str, object]) -> Answer:
    """Return an answer that says `body`."""
    return Answer(200, json.dumps(body, ensure_ascii=False).encode(), "application/json")
