"""The Bot API: one call at a time, each with a deadline, and every way to fail told as DeliveryFailed.

The SDK's `Bot` makes the calls, and its classes name the errors. Answers are taken as JSON: its types trip over an
update that they do not know, and then its own Updater asks for the same one for ever. Its rate limiter is not used: one
refusal stalls every chat. Nothing is tried again, and no error carries an address, which holds the token.
"""

import asyncio
import os
import ssl
from collections.abc import Mapping
from typing import Final

import httpx
from telegram import Bot
from telegram.error import TelegramError
from telegram.request import HTTPXRequest

from adapters.telegram.config import TelegramConfig
from adapters.telegram.errors import TelegramFailed, failure_of
from adapters.telegram.secrets import quiet_loggers
from bot.adapter import FailureKind

Arguments = Mapping[str, object]

CONNECTIONS: Final = 32
CLOSE_WITHIN: Final = 1.0
# What the SDK raises when it trips over an answer, beside its own errors.
_BROKEN: Final = (AttributeError, KeyError, TypeError, ValueError, RecursionError, OSError, httpx.HTTPError)

# Without it the SDK warns at each refusal that it will give a timedelta one day.
os.environ.setdefault("PTB_TIMEDELTA", "true")


class _Bot(Bot):
    """The SDK's bot, called by the methods' names."""

    @classmethod
    def _warn(cls, *_: object, **__: object) -> None:
        """Say nothing: the SDK wants its own methods called, which read the answers."""


class Api:
    """The calls of one bot, over connections of their own."""

    def __init__(self, config: TelegramConfig) -> None:
        quiet_loggers()
        self._timeout = config.timeout
        # Polls hold a connection for long, so they have their own.
        certificates = config.certificates()
        self._requests = tuple(_request(config, size, certificates) for size in (CONNECTIONS, 2))
        self._bot = _Bot(
            config.bot_token.get_secret_value(),
            base_url=f"{config.api_base_url}bot",
            request=self._requests[0],
            get_updates_request=self._requests[1],
        )

    async def call(
        self, method: str, arguments: Arguments | None = None, *, direct: bool = False, within: float | None = None
    ) -> object:
        """Call a method and return its result; `direct`: it concerns one person. Raises TelegramFailed."""
        limit = within or self._timeout
        try:
            async with asyncio.timeout(limit):
                return await self._bot.do_api_request(
                    method, dict(arguments or {}), read_timeout=limit, write_timeout=limit
                )
        except TimeoutError:
            failure = TelegramFailed(FailureKind.UNCERTAIN, f"{method}: no answer in time")
        except (TelegramError, *_BROKEN) as error:
            failure = failure_of(method, error, direct=direct)
        # Outside of the handlers, so that it holds nothing of the SDK's error.
        raise failure

    async def get(self, method: str, arguments: Arguments | None = None, *, direct: bool = False) -> dict[str, object]:
        """Call a method whose result is an object. Raises TelegramFailed."""
        result = await self.call(method, arguments, direct=direct)
        if not isinstance(result, dict):
            raise TelegramFailed(FailureKind.UNCERTAIN, f"{method}: no answer that can be read")
        return result

    async def close(self) -> None:
        """Give back the connections."""
        for request in self._requests:
            try:
                async with asyncio.timeout(CLOSE_WITHIN):
                    await request.shutdown()
            except (TimeoutError, *_BROKEN):
                # They end with their sockets; nobody waits for that.
                continue


def _request(config: TelegramConfig, connections: int, certificates: ssl.SSLContext) -> HTTPXRequest:
    return HTTPXRequest(
        connection_pool_size=connections,
        connect_timeout=config.timeout / 2,
        pool_timeout=config.timeout / 4,
        proxy=config.way_out(),
        # The environment's proxies are chosen by `way_out`: httpx takes them for this machine's own addresses too.
        httpx_kwargs={"trust_env": False, "verify": certificates},
    )
