"""How one Slack workspace is reached: its tokens, and the way to it.

Tokens are checked for their kind, because the two that Slack hands out are easily swapped; no error shows one.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from bot.config.context import KeyFault, PlatformKeys
from bot.outbound import settings

SLACK_API: Final = "https://slack.com/api/"


class Mode(StrEnum):
    """How clicks and commands reach us: over a connection that we open, or by requests that Slack makes to us."""

    SOCKET = "socket"
    HTTP = "http"


class SlackConfig(settings.Way):
    """One workspace. With an `app_token` it is listened to by Socket Mode; otherwise Slack calls us, signed.

    `silence`: seconds between two signs of life of the connection.
    """

    bot_token: SecretStr
    app_token: SecretStr | None = None
    signing_secret: SecretStr | None = None
    api_base_url: str = SLACK_API
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

    @model_validator(mode="after")
    def _can_hear(self) -> Self:
        if self.app_token is None and self.signing_secret is None:
            raise ValueError("give app_token (xapp-, for Socket Mode) or signing_secret (for requests from Slack)")
        return self

    @property
    def mode(self) -> Mode:
        """How the workspace is listened to."""
        return Mode.SOCKET if self.app_token is not None else Mode.HTTP


def faults_of(values: Mapping[str, str]) -> Iterator[KeyFault]:
    """Yield what is wrong with a workspace's settings; no value is shown."""
    return settings.faults_of(SlackConfig, values, "bot_token")


KEYS: Final = PlatformKeys(
    required=("bot_token",),
    optional=("app_token", "signing_secret"),
    secrets=frozenset({"bot_token", "app_token", "signing_secret"}),
    check=faults_of,
)
