"""How one Telegram bot is reached: its token, and the way to it.

Without `webhook_secret` the bot asks for its updates (polling), which needs no public address. With it Telegram calls
`webhook_url`, the public address of `/im/telegram/<workspace>`; the adapter registers the address by itself, with one
more segment that comes of the secret, so that nobody can guess it and a new secret is noticed.
"""

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Final, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from bot.config.context import KeyFault, PlatformKeys
from bot.outbound import settings

TELEGRAM: Final = "https://api.telegram.org/"
PORTS: Final = (None, 443, 80, 88, 8443)
_TOKEN: Final = re.compile(r"[1-9][0-9]{2,19}:[A-Za-z0-9_-]{30,50}", re.ASCII)
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{1,256}", re.ASCII)
_PATH: Final = re.compile(r".*/im/telegram/[^/]+/?")


class Mode(StrEnum):
    """How clicks and messages reach us: by asking for them, or by requests that Telegram makes to us."""

    POLLING = "polling"
    WEBHOOK = "webhook"


class TelegramConfig(settings.Way):
    """One bot. `ephemeral`: whether what one person is told in a group is sent so that only they see it.

    A server older than Bot API 10.2 would show it to all, so by default this is on at Telegram's own address only.
    `silence`: seconds for which the server may keep a poll when there is nothing to tell.
    """

    bot_token: SecretStr
    webhook_secret: SecretStr | None = None
    webhook_url: str | None = None
    ephemeral: bool | None = None
    api_base_url: str = TELEGRAM
    silence: Annotated[float, Field(gt=0, le=50)] = 20.0

    @field_validator("bot_token")
    @classmethod
    def _is_bot_token(cls, token: SecretStr) -> SecretStr:
        if _TOKEN.fullmatch(token.get_secret_value()) is None:
            raise ValueError("a bot token looks like 123456789:AbC-… : copy the whole line that @BotFather gave")
        return token

    @field_validator("webhook_secret")
    @classmethod
    def _is_secret(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and _SECRET.fullmatch(secret.get_secret_value()) is None:
            raise ValueError(
                "it must be 1 to 256 of the characters A-Z, a-z, 0-9, _ and -: make one up, long and random"
            )
        return secret

    @field_validator("ephemeral", mode="before")
    @classmethod
    def _is_switch(cls, value: object) -> object:
        if isinstance(value, str) and value.lower() not in ("on", "off", "true", "false", "yes", "no"):
            raise ValueError("it must be on or off")
        return value

    @model_validator(mode="after")
    def _can_be_called(self) -> Self:
        if (self.webhook_secret is None) != (self.webhook_url is None):
            raise ValueError("give webhook_secret and webhook_url together, or neither of them for polling")
        if self.webhook_url is not None:
            self._check_address(self.webhook_url)
        return self

    def _check_address(self, url: str) -> None:
        example = "https://oncard.example.com/im/telegram/<workspace>"
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise ValueError(f"webhook_url must be an address such as {example}") from None
        if not parts.hostname or parts.query or parts.fragment or _PATH.fullmatch(parts.path) is None:
            raise ValueError(f"webhook_url must be an address such as {example}")
        # A server of one's own takes any; Telegram's takes these only.
        is_taken = parts.scheme == "https" and port in PORTS
        if parts.scheme not in ("http", "https") or (self.api_base_url == TELEGRAM and not is_taken):
            raise ValueError("webhook_url must be https, at port 443, 80, 88 or 8443: Telegram calls no other")

    @property
    def mode(self) -> Mode:
        """How the bot is listened to."""
        return Mode.WEBHOOK if self.webhook_secret is not None else Mode.POLLING

    @property
    def is_private(self) -> bool:
        """Whether messages for one person can be sent into a group."""
        return self.api_base_url == TELEGRAM if self.ephemeral is None else self.ephemeral


def faults_of(values: Mapping[str, str]) -> Iterator[KeyFault]:
    """Yield what is wrong with a workspace's settings; no value is shown."""
    return settings.faults_of(TelegramConfig, values, "webhook_secret")


KEYS: Final = PlatformKeys(
    required=("bot_token",),
    optional=("webhook_secret", "webhook_url", "ephemeral"),
    secrets=frozenset({"bot_token", "webhook_secret"}),
    check=faults_of,
)
