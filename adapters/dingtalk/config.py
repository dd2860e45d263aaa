"""How one DingTalk organisation is reached: the app's credentials, its card template, and the way to it.

With `mode: http` DingTalk calls us; otherwise we are told over a Stream connection that we open. Without a card
template messages are the robot's: they cannot be changed once they are sent, and their buttons send sentences.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Final, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from bot.config.context import KeyFault, PlatformKeys
from bot.outbound import settings

API: Final = "https://api.dingtalk.com/"
OLD_API: Final = "https://oapi.dingtalk.com/"


class Mode(StrEnum):
    """How clicks and messages reach us: over a connection that we open, or by requests that DingTalk makes to us."""

    STREAM = "stream"
    HTTP = "http"


class DingTalkConfig(settings.Way):
    """One organisation. `old_api_base_url`: where the older API is, by default beside the newer one.

    `api_secret` signs the clicks on cards that DingTalk tells us at `callback_url`, in the mode `http` alone; messages
    to the robot are signed with the `client_secret`. `silence`: seconds between two frames of the connection.
    """

    client_id: Annotated[str, Field(min_length=1)]
    client_secret: SecretStr
    robot_code: str = ""
    card_template_id: str = ""
    mode: Mode = Mode.STREAM
    api_secret: SecretStr | None = None
    callback_url: str = ""
    api_base_url: str = API
    old_api_base_url: str = ""
    silence: Annotated[float, Field(gt=0, le=180)] = 90.0

    @field_validator("client_secret", "api_secret")
    @classmethod
    def _is_not_empty(cls, secret: SecretStr | None) -> SecretStr | None:
        # An empty key would let anybody sign.
        if secret is not None and not secret.get_secret_value().strip():
            raise ValueError("it is empty: copy the Client Secret of the app, or make up an API secret for its cards")
        return secret

    @field_validator("card_template_id")
    @classmethod
    def _is_template(cls, template: str) -> str:
        if template and not template.endswith(".schema"):
            raise ValueError(
                "a template's id ends with .schema: copy it from the list of templates in the card builder"
            )
        return template

    @field_validator("old_api_base_url")
    @classmethod
    def _is_old_base(cls, url: str) -> str:
        if url and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname):
            raise ValueError(f"it must be an address such as {OLD_API}")
        return url if not url or url.endswith("/") else f"{url}/"

    @model_validator(mode="after")
    def _can_be_called(self) -> Self:
        if self.mode is Mode.HTTP and self.card_template_id and not (self.api_secret and self.callback_url):
            raise ValueError(
                "with mode: http and a card_template_id, give api_secret (any long random text) and callback_url (the "
                "public address of this workspace's cards, as `oncard manifest dingtalk --url` prints it)"
            )
        if self.callback_url and urlsplit(self.callback_url).scheme not in ("http", "https"):
            raise ValueError(
                "callback_url must be an address such as https://oncard.example.com/im/dingtalk/acme/cards"
            )
        if self.mode is Mode.STREAM and (self.api_secret or self.callback_url):
            raise ValueError("api_secret and callback_url are for mode: http; leave them out, or give mode: http")
        return self

    @property
    def robot(self) -> str:
        """The code of the app's robot, which is the client id unless it is configured."""
        return self.robot_code or self.client_id

    @property
    def old_api(self) -> str:
        """Where the older API is."""
        if self.old_api_base_url:
            return self.old_api_base_url
        return OLD_API if self.api_base_url == API else self.api_base_url

    def secrets(self) -> tuple[str, ...]:
        """Return what must never be said."""
        return tuple(one.get_secret_value() for one in (self.client_secret, self.api_secret) if one is not None)


def faults_of(values: Mapping[str, str]) -> Iterator[KeyFault]:
    """Yield what is wrong with a workspace's settings; no value is shown."""
    return settings.faults_of(DingTalkConfig, values, "mode")


KEYS: Final = PlatformKeys(
    required=("client_id", "client_secret"),
    optional=("robot_code", "card_template_id", "mode", "api_secret", "callback_url", "old_api_base_url"),
    secrets=frozenset({"client_secret", "api_secret"}),
    check=faults_of,
)
