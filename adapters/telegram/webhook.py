"""Requests that Telegram makes to us: whether they come from it, and where it makes them.

Telegram signs nothing; it sends the secret along that it was given with the address, and repeats what we do not take.
So the secret is compared before anything is read, and an update that came before is taken without being done again.
The address ends with a segment that comes of the secret: it cannot be guessed, and it changes with the secret, which
Telegram tells nobody. https://core.telegram.org/bots/api#setwebhook
"""

import hashlib
import hmac
from typing import Final

import structlog

from adapters.telegram.api import Api
from adapters.telegram.config import TelegramConfig
from adapters.telegram.errors import TelegramFailed
from adapters.telegram.updates import KINDS
from bot.adapter import Callback, FailureKind, Inbox
from bot.clock import Clock

HEADER: Final = "x-telegram-bot-api-secret-token"
CONNECTIONS: Final = 40
# Seconds between two looks at whether Telegram still calls us.
LOOK_EVERY: Final = 60.0

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger(__name__)


class Webhook:
    """The address of one bot, and its secret. Without a `webhook_secret` nobody may call."""

    def __init__(self, config: TelegramConfig) -> None:
        self._secret = config.webhook_secret.get_secret_value() if config.webhook_secret else ""
        key = hmac.new(self._secret.encode(), b"oncard webhook path", hashlib.sha256).hexdigest()
        self._segment = key[:32]
        self.url = f"{(config.webhook_url or '').rstrip('/')}/{self._segment}"
        self._error: object = None

    def is_genuine(self, request: Callback) -> bool:
        """Whether the request carries our secret, at our address."""
        given = request.headers.get(HEADER, "")
        segment = request.path.rpartition("/")[2]
        knows = hmac.compare_digest(given.encode("utf-8", "replace"), self._secret.encode())
        is_there = hmac.compare_digest(segment.encode("utf-8", "replace"), self._segment.encode())
        return bool(self._secret) and knows and is_there

    async def register(self, api: Api) -> None:
        """Have Telegram call us, unless it does already: it limits how often it is asked to. Raises TelegramFailed."""
        info = await api.get("getWebhookInfo")
        if self._is_ours(info):
            self._error = info.get("last_error_date")
            return
        arguments = {
            "url": self.url,
            "secret_token": self._secret,
            "max_connections": CONNECTIONS,
            "allowed_updates": list(KINDS),
        }
        await api.call("setWebhook", arguments)
        _log.info("webhook_set", replaced=bool(info.get("url")))

    async def watch(self, api: Api, inbox: Inbox, clock: Clock, look_every: float) -> None:
        """Look now and then whether Telegram reaches us. Raises TelegramFailed: another has taken the bot."""
        while True:
            await clock.sleep(look_every)
            info = await api.get("getWebhookInfo")
            if not self._is_ours(info):
                why = "getWebhookInfo: another program has changed this bot's webhook: stop it"
                raise TelegramFailed(FailureKind.REFUSED, why)
            error, self._error = self._error, info.get("last_error_date")
            if info.get("pending_update_count") and self._error not in (None, error):
                inbox.disconnected(f"Telegram cannot reach us: {info.get('last_error_message')}")
            else:
                inbox.connected()

    def _is_ours(self, info: dict[str, object]) -> bool:
        kinds = info.get("allowed_updates")
        return info.get("url") == self.url and isinstance(kinds, list) and sorted(kinds) == sorted(KINDS)
