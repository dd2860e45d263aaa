"""How Pushover is reached: the API token of one's own application there.

Each person's user key (or a group's) is the provider's link to them. It is treated as a secret.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Final

from pydantic import Field, SecretStr, field_validator

from bot.config.context import KeyFault, PlatformKeys
from bot.domain.people import Method
from bot.outbound import settings

PUSHOVER: Final = "https://api.pushover.net/"
_TOKEN: Final = re.compile(r"[A-Za-z0-9]{30}", re.ASCII)


class PushoverConfig(settings.Way):
    """One application. An alarm sounds every `retry` seconds until it is acknowledged, or `expire` seconds are over."""

    app_token: SecretStr
    retry: Annotated[int, Field(ge=30, le=3600)] = 60
    expire: Annotated[int, Field(ge=60, le=10800)] = 3600
    sound: Annotated[str | None, Field(pattern=r"^[a-zA-Z0-9_-]{1,30}$")] = None
    api_base_url: str = PUSHOVER

    @field_validator("app_token")
    @classmethod
    def _is_token(cls, token: SecretStr) -> SecretStr:
        if _TOKEN.fullmatch(token.get_secret_value()) is None:
            raise ValueError("an application's API token has 30 letters and digits: see https://pushover.net/apps")
        return token


def faults_of(values: Mapping[str, str]) -> Iterator[KeyFault]:
    """Yield what is wrong with the settings; no value is shown."""
    return settings.faults_of(PushoverConfig, values, "app_token")


KEYS: Final[Mapping[Method, PlatformKeys]] = {
    Method.PUSH: PlatformKeys(
        required=("app_token",),
        optional=("retry", "expire", "sound"),
        secrets=frozenset({"app_token"}),
        check=faults_of,
    )
}
