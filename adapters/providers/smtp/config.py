"""How a mail server is reached, as whom we send, and where what could not be delivered comes back to.

With `bounce_address` each mail has a return address of its own (`bounces+<word>@…`, so the mailbox must take what
stands behind a plus sign), and whoever keeps that mailbox hands what arrives there to `/email/<provider>/bounces` by
HTTP, with `Authorization: Bearer <bounce_secret>`. Without it, what comes back goes to the address in `from`, and
nobody is told.
"""

from collections.abc import Iterator, Mapping
from email.message import EmailMessage
from email.policy import SMTP
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from bot.config.context import KeyFault, PlatformKeys
from bot.domain.people import Method
from bot.outbound import settings
from bot.outbound.callback_secret import CallbackSecret

_PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}


class Security(StrEnum):
    """How the connection is made secret: upgraded before anything is said, from the start, or not at all."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class SmtpConfig(settings.Trust):
    """One mail server, and who we are there."""

    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9.:_-]{1,253}$")]
    sender: Annotated[str, Field(alias="from")]
    port: Annotated[int | None, Field(ge=1, le=65535)] = None
    security: Security = Security.STARTTLS
    user: str | None = None
    password: SecretStr | None = None
    reply_to: str | None = None
    bounce_address: str | None = None
    bounce_secret: CallbackSecret | None = None
    timeout: Annotated[float, Field(gt=0, le=30)] = 10.0

    @field_validator("sender", "reply_to")
    @classmethod
    def _is_mailbox(cls, written: str | None) -> str | None:
        if written is not None:
            address_of(written)
        return written

    @field_validator("bounce_address")
    @classmethod
    def _is_address(cls, written: str | None) -> str | None:
        if written is not None and address_of(written) != written:
            raise ValueError("it must be an address alone, such as bounces@example.com")
        return written

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("give user and password together, or neither")
        if self.password is not None and self.security is Security.NONE:
            raise ValueError("a password is not sent over an open connection: set security to starttls or tls")
        if (self.bounce_address is None) != (self.bounce_secret is None):
            raise ValueError("give bounce_address and bounce_secret together, or neither")
        return self

    @property
    def at(self) -> int:
        """The port: the configured one, else the usual one."""
        return self.port or _PORTS[self.security]

    @property
    def address(self) -> str:
        """The address in `from`."""
        return address_of(self.sender)

    @property
    def domain(self) -> str:
        """The domain that we send from, in which our messages have their names."""
        return self.address.rpartition("@")[2].lower()


def address_of(written: str) -> str:
    """Return the address in `Oncard <oncard@example.com>`. Raises ValueError: it is none, several, or not in ASCII."""
    message = EmailMessage(SMTP)
    try:
        message["From"] = written
        (found,) = message["From"].addresses
    except (ValueError, IndexError):
        found = None
    if found is None or not found.username or not found.domain or not found.addr_spec.isascii():
        raise ValueError("it must be one address, such as oncard@example.com or Oncard <oncard@example.com>")
    address: str = found.addr_spec
    return address


def faults_of(values: Mapping[str, str]) -> Iterator[KeyFault]:
    """Yield what is wrong with the settings; no value is shown."""
    for fault in settings.faults_of(SmtpConfig, values, "host"):
        # General keys, which a provider of any other kind takes.
        is_for_http = fault.key in ("api_base_url", "proxy")
        yield KeyFault(fault.key, "a mail server is reached without it", "take it out") if is_for_http else fault


KEYS: Final[Mapping[Method, PlatformKeys]] = {
    Method.EMAIL: PlatformKeys(
        required=("host", "from"),
        optional=("port", "security", "user", "password", "reply_to", "bounce_address", "bounce_secret"),
        secrets=frozenset({"password", "bounce_secret"}),
        check=faults_of,
    )
}
