"""How one Feishu workspace is reached: the app's credentials, and the way to it. Lark is the same at another address.

With `encrypt_key`, Feishu calls us; without it, we are told over a connection that we open. A verification token alone
is a fault: without an Encrypt Key Feishu signs nothing, and whoever learns the token could click for everybody.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from bot.config.context import KeyFault, PlatformKeys
from bot.outbound import settings

FEISHU: Final = "https://open.feishu.cn/"
LARK: Final = "https://open.larksuite.com/"


class Mode(StrEnum):
    """How clicks and messages reach us: over a connection that we open, or by requests that Feishu makes to us."""

    CONNECTION = "connection"
    HTTP = "http"


class FeishuConfig(settings.Way):
    """One workspace. With an `encrypt_key` Feishu calls us; otherwise it is listened to by the long connection.

    `silence`: seconds between two signs of life of the connection.
    """

    app_id: str
    app_secret: SecretStr
    encrypt_key: SecretStr | None = None
    verification_token: SecretStr | None = None
    api_base_url: str = FEISHU
    silence: Annotated[float, Field(gt=0, le=60)] = 10.0

    @field_validator("app_id")
    @classmethod
    def _is_app_id(cls, app_id: str) -> str:
        if not app_id.startswith("cli_"):
            raise ValueError("an App ID begins with cli_: copy it from Credentials & Basic Info of the app")
        return app_id

    @field_validator("app_secret", "encrypt_key", "verification_token")
    @classmethod
    def _is_not_empty(cls, secret: SecretStr | None) -> SecretStr | None:
        # An empty key would let anybody sign.
        if secret is not None and not secret.get_secret_value().strip():
            raise ValueError("it is empty: copy it from the app's page in the developer console")
        return secret

    @model_validator(mode="after")
    def _is_signed(self) -> Self:
        if self.verification_token is not None and self.encrypt_key is None:
            raise ValueError(
                "verification_token alone does not protect: set an Encrypt Key under Events & Callbacks of the app and "
                "give it as encrypt_key, or leave both out for the long connection"
            )
        return self

    @property
    def mode(self) -> Mode:
        """How the workspace is listened to."""
        return Mode.HTTP if self.encrypt_key is not None else Mode.CONNECTION

    def secrets(self) -> tuple[str, ...]:
        """Return what must never be said."""
        given = (self.app_secret, self.encrypt_key, self.verification_token)
        return tuple(secret.get_secret_value() for secret in given if secret is not None)


def faults_of(values: Mapping[str, str]) -> Iterator[KeyFault]:
    """Yield what is wrong with a workspace's settings; no value is shown."""
    return settings.faults_of(FeishuConfig, values, "verification_token")


KEYS: Final = PlatformKeys(
    required=("app_id", "app_secret"),
    optional=("encrypt_key", "verification_token"),
    secrets=frozenset({"app_secret", "encrypt_key", "verification_token"}),
    check=faults_of,
)
