"""How one Slack workspace is reached: its tokens, and the way to it.

Tokens are checked for their kind, because the two that Slack hands out are easily swapped; no error shows one.
"""

import ssl
from collections.abc import Iterator, Mapping
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Final, Self
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

from bot.config.context import KeyFault, PlatformKeys

SLACK_API: Final = "https://slack.com/api/"


class Mode(StrEnum):
    """How clicks and commands reach us: over a connection that we open, or by requests that Slack makes to us."""

    SOCKET = "socket"
    HTTP = "http"


class SlackConfig(BaseModel):
    """One workspace. With an `app_token` it is listened to by Socket Mode; otherwise Slack calls us, signed.

    `timeout`: seconds for one call. `silence`: seconds between two signs of life of the connection. Without `proxy` the
    environment's proxies apply, and never to this machine itself. Raises ValidationError, which names the field.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    bot_token: SecretStr
    app_token: SecretStr | None = None
    signing_secret: SecretStr | None = None
    api_base_url: str = SLACK_API
    proxy: Annotated[str | None, Field(repr=False)] = None
    ca_file: Path | None = None
    timeout: Annotated[float, Field(gt=0, le=30)] = 8.0
    silence: Annotated[float, Field(gt=0, le=60)] = 5.0

    @field_validator("bot_token")
    @classmethod
    def _is_bot_token(cls, token: SecretStr) -> SecretStr:
        if token.get_secret_value().startswith("xapp-"):
            raise ValueError(
                "this is an app-level token (xapp-): it belongs into app_token; bot_token begins with xoxb-"
            )
        if not token.get_secret_value().startswith("xoxb-"):
            raise ValueError("a bot token begins with xoxb-: copy it from OAuth & Permissions of the Slack app")
        return token

    @field_validator("app_token")
    @classmethod
    def _is_app_token(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and token.get_secret_value().startswith("xoxb-"):
            raise ValueError("this is a bot token (xoxb-): it belongs into bot_token; app_token begins with xapp-")
        if token is not None and not token.get_secret_value().startswith("xapp-"):
            raise ValueError("an app-level token begins with xapp-: make it in Basic Information of the Slack app")
        return token

    @field_validator("signing_secret")
    @classmethod
    def _is_not_empty(cls, secret: SecretStr | None) -> SecretStr | None:
        # An empty key would let anybody sign.
        if secret is not None and not secret.get_secret_value():
            raise ValueError("it is empty: copy it from Basic Information of the Slack app")
        return secret

    @field_validator("api_base_url")
    @classmethod
    def _is_base(cls, url: str) -> str:
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise ValueError("it must be an address such as https://slack.com/api/")
        return url if url.endswith("/") else f"{url}/"

    @field_validator("proxy")
    @classmethod
    def _is_proxy(cls, url: str | None) -> str | None:
        if url and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname):
            raise ValueError("it must be an address such as http://proxy.example.com:3128")
        return url

    @field_validator("ca_file")
    @classmethod
    def _is_certificates(cls, path: Path | None) -> Path | None:
        if path is not None:
            try:
                ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
            except OSError as error:
                raise ValueError(f"no certificates in PEM form can be read from it: {error.strerror}") from None
        return path

    @model_validator(mode="after")
    def _can_hear(self) -> Self:
        if self.app_token is None and self.signing_secret is None:
            raise ValueError("give app_token (xapp-, for Socket Mode) or signing_secret (for requests from Slack)")
        return self

    @property
    def mode(self) -> Mode:
        """How the workspace is listened to."""
        return Mode.SOCKET if self.app_token is not None else Mode.HTTP

    def way_out(self) -> str | None:
        """Return the proxy to use: the configured one, else the environment's, if any, for this base address."""
        if self.proxy:
            return self.proxy
        base = urlsplit(self.api_base_url)
        host = base.hostname or ""
        if _is_this_machine(host) or proxy_bypass(host):
            return None
        return getproxies().get(base.scheme)


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def faults_of(values: Mapping[str, str]) -> Iterator[KeyFault]:
    """Yield what is wrong with a workspace's settings; no value is shown."""
    try:
        SlackConfig.model_validate(dict(values))
    except ValidationError as error:
        for fault in error.errors(include_input=False, include_url=False, include_context=False):
            field = str(fault["loc"][0]) if fault["loc"] else "bot_token"
            yield KeyFault(field, fault["msg"].removeprefix("Value error, "))


KEYS: Final = PlatformKeys(
    required=("bot_token",),
    optional=("app_token", "signing_secret"),
    secrets=frozenset({"bot_token", "app_token", "signing_secret"}),
    check=faults_of,
)
