"""How an ntfy server is reached: ntfy.sh, or one's own by `api_base_url`.

A server that asks for it gets a `token`, or `username` and `password`. Each person's topic is the provider's link to
them. Whoever knows the name of a topic reads it, and may acknowledge in its owner's name, unless the server protects it
(`auth-default-access: deny-all`): so a topic's name is treated as a secret.
"""

import base64
from collections.abc import Iterator, Mapping
from typing import Final, Self

from pydantic import SecretStr, model_validator

from bot.config.context import KeyFault, PlatformKeys
from bot.domain.people import Method
from bot.outbound import settings

NTFY: Final = "https://ntfy.sh/"


class NtfyConfig(settings.Way):
    """One server, and who we are there; nobody where nothing is given."""

    token: SecretStr | None = None
    username: str | None = None
    password: SecretStr | None = None
    api_base_url: str = NTFY

    @model_validator(mode="after")
    def _is_one_of_them(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("give username and password together, or a token, or neither")
        if self.token is not None and self.password is not None:
            raise ValueError("give a token or a password, not both")
        return self

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be told."""
        return tuple(one.get_secret_value() for one in (self.token, self.password) if one is not None)

    @property
    def authorization(self) -> Mapping[str, str]:
        """The header that says who we are."""
        if self.token is not None:
            return {"Authorization": f"Bearer {self.token.get_secret_value()}"}
        if self.username is not None and self.password is not None:
            both = base64.b64encode(f"{self.username}:{self.password.get_secret_value()}".encode())
            return {"Authorization": f"Basic {both.decode()}"}
        return {}


def faults_of(values: Mapping[str, str]) -> Iterator[KeyFault]:
    """Yield what is wrong with the settings; no value is shown."""
    return settings.faults_of(NtfyConfig, values, "token")


KEYS: Final[Mapping[Method, PlatformKeys]] = {
    Method.PUSH: PlatformKeys(
        required=(),
        optional=("token", "username", "password"),
        secrets=frozenset({"token", "password"}),
        check=faults_of,
    )
}
