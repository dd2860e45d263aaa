"""What Apprise may be used for: services on the network that show a push or a message, and nothing on this machine.

Each person's address is an Apprise URL (`gotify://host/token`), the provider's link to them. Or `url` is the same for
all, and `{to}` in it is replaced by what the person's link says. Either holds secrets. All that comes back is whether
it was taken: a kind of its own (ntfy, Pushover, Bark) is better where there is one.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Final
from urllib.parse import quote

from pydantic import Field, SecretStr, field_validator

from bot.config.context import KeyFault, PlatformKeys
from bot.domain.people import Method
from bot.outbound import settings

HERE: Final = "{to}"
_ALLOWED: Final = """
apprise apprises bark barks chanify discord flock gotify gotifys groupme guilded hassio hassios ifttt ilert join json
jsons line mastodon mastodons matrix matrixs mmost mmosts mqtt mqtts nctalk nctalks notica noticas notifiarr notifico
notificos ntfy ntfys onesignal pagertree pbul pjet pjets pover prowl psafer psafers push pushdeer pushdeers pushed
pushme pushplus pushy revolt rocket rockets ryver schan signal signals signl4 simplepush spike splunk spugpush spush
squadcast synology synologys threema twist viber whatsapp wpush wxpusher xmpp xmpps zulip
"""
SCHEMAS: Final = frozenset(_ALLOWED.split())
"""What may stand before `://`. Others use files, this machine's desktop or its log, or are no push."""


class AppriseConfig(settings.Way):
    """One way out by Apprise. It takes no `proxy` and no `ca_file` of ours: it goes by the environment's."""

    url: SecretStr | None = None
    api_base_url: str = "https://apprise.invalid/"
    timeout: Annotated[float, Field(gt=0, le=30)] = 10.0

    @field_validator("url")
    @classmethod
    def _is_allowed(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not is_allowed(url.get_secret_value()):
            raise ValueError("only services on the network are allowed, such as gotify://host/token")
        return url

    def address(self, to: str) -> str:
        """Return the Apprise URL by which somebody is reached."""
        if self.url is None:
            return to
        return self.url.get_secret_value().replace(HERE, quote(to, safe=""))


def schema_of(url: str) -> str:
    """Return what stands before `://`; empty: it is no Apprise URL."""
    schema, separator, _ = url.strip().partition("://")
    return schema.lower() if separator and schema.isalnum() and schema.isascii() and len(schema) <= 20 else ""


def is_allowed(url: str) -> bool:
    """Whether an address is of a service on the network."""
    return schema_of(url) in SCHEMAS


def faults_of(values: Mapping[str, str]) -> Iterator[KeyFault]:
    """Yield what is wrong with the settings; no value is shown."""
    for key in ("api_base_url", "proxy", "ca_file"):
        if key in values:
            yield KeyFault(
                key, "Apprise does not take it", "remove it: the environment's proxies and authorities count"
            )
    yield from settings.faults_of(AppriseConfig, values, "url")


KEYS: Final[Mapping[Method, PlatformKeys]] = {
    Method.PUSH: PlatformKeys(required=(), optional=("url",), secrets=frozenset({"url"}), check=faults_of)
}
