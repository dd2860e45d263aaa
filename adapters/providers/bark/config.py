"""How a Bark server is reached: api.day.app, or one's own by `api_base_url`, with Basic authentication if it asks.

Each person's device key is the provider's link to them. Whoever knows it can write to the phone: it is a secret.
"""

import base64
from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Self

from pydantic import Field, SecretStr, model_validator

from bot.config.context import KeyFault, PlatformKeys
from bot.domain.people import Method
from bot.outbound import settings

BARK: Final = "https://api.day.app/"


class BarkConfig(settings.Way):
    """One server. `volume`: of an alarm, 0 to 10; `sound`: the app's name for one; `group`: where pushes are kept."""

    username: str | None = None
    password: SecretStr | None = None
    volume: Annotated[int, Field(ge=0, le=10)] = 8
    sound: Annotated[str | None, Field(pattern=r"^[a-zA-Z0-9_-]{1,30}$")] = None
    group: Annotated[str, Field(max_length=40)] = "Oncard"
    api_base_url: str = BARK

    @model_validator(mode="after")
    def _is_both(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("give username and password together, or neither")
        return self

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be told."""
        return (self.password.get_secret_value(),) if self.password is not None else ()

    @property
    def authorization(self) -> Mapping[str, str]:
        """The header that says who we are."""
        if self.username is None or self.password is None:
            return {}
        both = base64.b64encode(f"{self.username}:{self.password.get_secret_value()}".encode())
        return {"Authorization": f"Basic {both.decode()}"}


def faults_of(values: Mapping[str, str]) -> Iterator[KeyFault]:
    """Yield what is wrong with the settings; no value is shown."""
    return settings.faults_of(BarkConfig, values, "username")


KEYS: Final[Mapping[Method, PlatformKeys]] = {
    Method.PUSH: PlatformKeys(
        required=(),
        optional=("username", "password", "volume", "sound", "group"),
        secrets=frozenset({"password"}),
        check=faults_of,
    )
}
