"""Pushes by any service that Apprise knows: the long tail, without receipts and without buttons.

Apprise works in threads, each with a deadline. One that was given up goes on by itself, so that its push may have been
sent. Apprise tries nothing again. The page that asks to confirm stands as an address under the text.
https://github.com/caronc/apprise
"""

import asyncio
import re
import warnings
from collections.abc import Mapping
from typing import Final

import apprise

from adapters.providers.apprise.config import AppriseConfig, faults_of, is_allowed, schema_of
from adapters.providers.apprise.errors import failure_of
from bot.adapter import DeliveryFailed, FailureKind, MessageRef, Receipt
from bot.clock import Clock
from bot.outbound.redaction import Redaction, quiet
from bot.provider import Envelope
from cards.push import Limits, Loudness, Push, render

LIMITS: Final = Limits(title=200, body=900)
URL_LIMIT: Final = 500
# Seconds that are left to Apprise to say that it has given up.
GRACE: Final = 1.0
_TYPES: Final = {
    Loudness.ALARM: apprise.NotifyType.FAILURE,
    Loudness.NORMAL: apprise.NotifyType.WARNING,
    Loudness.QUIET: apprise.NotifyType.INFO,
}
_BETWEEN: Final = re.compile(r"[/:@?&=#]+")


def connect(name: str, values: Mapping[str, str], clock: Clock) -> "ApprisePush":
    """Return the provider. Raises ValueError: a setting is wrong."""
    del clock  # Apprise's deadlines are real time.
    faults = "; ".join(f"{one.key}: {one.what}" for one in faults_of(values))
    if faults:
        raise ValueError(faults)
    _read_modules()
    return ApprisePush(name, AppriseConfig.model_validate(dict(values)))


class ApprisePush:
    """What Apprise can reach: a Provider."""

    def __init__(self, name: str, config: AppriseConfig) -> None:
        self._name = name
        self._config = config
        # Nothing is written to disk, nothing is loaded from it, and addresses are masked in what is logged.
        self._asset = apprise.AppriseAsset(
            app_id="Oncard",
            storage_mode=apprise.PersistentStoreMode.MEMORY,
            secure_logging=True,
            plugin_paths=[],
        )
        quiet(apprise.LOGGER_NAME, Redaction())

    @property
    def timeout(self) -> float:
        return self._config.timeout + GRACE + 1

    async def check(self) -> str:
        if self._config.url is not None:
            self._service(self._config.address("somebody"), FailureKind.UNAUTHORIZED)
        return f"Apprise {apprise.__version__}: it is asked nothing before something is sent"

    async def send(self, envelope: Envelope) -> Receipt:
        address = self._config.address(envelope.to)
        service = self._service(address, FailureKind.REFUSED)
        push = render(envelope.message, limits=LIMITS, locale=envelope.locale, urgent=envelope.urgent)
        try:
            async with asyncio.timeout(self._config.timeout + GRACE):
                result = await service.async_notify(
                    title=push.title,
                    body=_body(push, envelope),
                    notify_type=_TYPES[push.loudness],
                    body_format=apprise.NotifyFormat.TEXT,
                    timeout=self._config.timeout,
                )
        except TimeoutError:
            raise DeliveryFailed(FailureKind.UNCERTAIN, "no answer in time") from None
        if result.status is apprise.AppriseResultStatus.SUCCESS:
            sent = ", ".join(one.name for one in result.results)
            return Receipt(MessageRef(self._name, envelope.reference), f"taken by {sent}")
        if result.status is apprise.AppriseResultStatus.TIMEOUT:
            raise DeliveryFailed(FailureKind.UNCERTAIN, "no answer in time")
        words = "; ".join(entry.message for one in result.results for entry in one.logs())
        raise failure_of(words, Redaction(*_BETWEEN.split(address)))

    async def close(self) -> None:
        """Nothing is held: what still runs in a thread ends by itself."""

    def _service(self, address: str, otherwise: FailureKind) -> apprise.Apprise:
        """Return what sends to an address. Raises DeliveryFailed, of the kind `otherwise`: it is none."""
        if not is_allowed(address):
            schema = schema_of(address)
            what = f"{schema}:// is not allowed" if schema else "the address is no Apprise URL"
            raise DeliveryFailed(otherwise, f"{what}: see the kinds of services in the reference")
        service = apprise.Apprise(asset=self._asset)
        if not service.add(address):
            raise DeliveryFailed(otherwise, f"Apprise finds something missing in the {schema_of(address)}:// address")
        return service


def _read_modules() -> None:
    """Have Apprise read its hundreds of modules now, which takes half a second, and not when somebody is paged."""
    with warnings.catch_warnings():
        # Of modules of Python that theirs import: nothing for our users to mend.
        warnings.simplefilter("ignore", DeprecationWarning)
        apprise.Apprise.instantiate("json://localhost")


def _body(push: Push, envelope: Envelope) -> str:
    """Return the text with the address under it at which somebody can confirm, or read about it."""
    pages = (
        f"{action.label}: {address}"
        for action in push.actions
        if 0 < len(address := envelope.links.get(action.token, "")) <= URL_LIMIT
    )
    return "\n".join(part for part in (push.body, next(pages, push.url)) if part)
