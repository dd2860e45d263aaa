"""A mail server on this machine, and providers that send by it."""

import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme

from adapters.providers.smtp.email import SmtpEmail, connect
from bot.playground.mailbox import Mailbox
from bot.provider import Envelope, Report, Spoken
from cards.script import Script
from tests.cards.test_email_limits import a_card
from tests.support.clocks import ManualClock

ANA = "ana@example.com"
REFERENCE = "1234.Abc-_DEFGHIJKLMNopqrstuv"
SECRET = "bounce-secret-0123456789"


@dataclass
class Inbox:
    """What a provider told us."""

    reports: list[Report] = field(default_factory=list)

    async def reported(self, report: Report) -> None:
        self.reports.append(report)

    async def replied(self, spoken: Spoken) -> str:
        raise AssertionError(spoken)

    async def answered(self, reference: str) -> Script:
        raise AssertionError(reference)

    async def pressed(self, reference: str, keys: str, *, id: str = "") -> Script:  # noqa: A002 - The protocol's word.
        raise AssertionError(keys)

    def knows(self, reference: str) -> bool:
        return bool(reference)

    async def seen(self, reference: str, token: str) -> str:
        raise AssertionError(token)


@dataclass(frozen=True)
class Certificates:
    """An authority of the test's own: its file, and what a server of 127.0.0.1 shows."""

    file: Path
    context: ssl.SSLContext


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return Certificates(tmp_path / "ca.pem", context)


Make = Callable[..., SmtpEmail]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def mailbox(clock: ManualClock) -> AsyncIterator[Mailbox]:
    async with Mailbox(clock) as server:
        yield server


@pytest.fixture
def make(clock: ManualClock) -> Make:
    """Make a provider for a server; what is given stands beside or in place of the configuration."""

    def provider(server: Mailbox, **changes: str) -> SmtpEmail:
        values = {
            "host": server.host,
            "port": str(server.port),
            "from": "Oncard <oncard@example.com>",
            "security": "none",
            "timeout": "5",
        }
        return connect("main", values | {name.rstrip("_"): value for name, value in changes.items()}, clock)

    return provider


@pytest.fixture
def provider(mailbox: Mailbox, make: Make) -> SmtpEmail:
    return make(mailbox)


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


def envelope(to: str = ANA, **changes: object) -> Envelope:
    """Return a message for somebody."""
    return Envelope(**{"to": to, "message": a_card(), "reference": REFERENCE, **changes})  # type: ignore[arg-type]
