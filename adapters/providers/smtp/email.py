"""E-mail through a mail server: each mail to one person over a connection of its own.

A server that has accepted a mail has not delivered it: what becomes of it later comes back as a mail to its return
address, and whoever keeps that mailbox hands it to us (`bot.web`: `/email/<provider>/bounces`). Where the server knows
how (DSN, RFC 3461), we ask it to tell of delays too. What is an answer, of a machine or of a person, changes nothing:
anybody could write one in another's name.
"""

import asyncio
import contextlib
import hmac
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Final

import aiosmtplib

from adapters.providers.smtp.bounces import report_of
from adapters.providers.smtp.config import Security, SmtpConfig
from adapters.providers.smtp.errors import CONTENT_KINDS, Stage, failure_of
from adapters.providers.smtp.letter import compose
from adapters.providers.smtp.words import return_address, written
from bot.adapter import Answer, Callback, DeliveryFailed, FailureKind, MessageRef, Receipt
from bot.clock import Clock
from bot.outbound.redaction import Redaction
from bot.outbound.settings import read
from bot.provider import Envelope, ProviderInbox
from cards.email import Mail, brief, render

BOUNCES: Final = "bounces"
# Seconds for taking leave: the mail is accepted already.
LEAVE_WITHIN: Final = 1.0
SAID_LIMIT: Final = 300
# The most that an envelope's id may have (RFC 3461, 4.4).
ENVID_LIMIT: Final = 100
_ADDRESS: Final = re.compile(r"[^\s<>()\[\],;:\\\"@]{1,64}@[^\s<>()\[\],;:\\\"@]{1,253}")


class _Session:
    """A connection to the server, and how far a mail has come on it."""

    def __init__(self, provider: str, config: SmtpConfig) -> None:
        self._provider = provider
        self._config = config
        self.stage = Stage.CONNECT
        self.client = aiosmtplib.SMTP(
            hostname=config.host,
            port=config.at,
            local_hostname=config.domain,
            timeout=config.timeout,
            use_tls=config.security is Security.TLS,
            # Never where the server happens to offer it: what is configured is required.
            start_tls=config.security is Security.STARTTLS,
            tls_context=config.certificates() if config.security is not Security.NONE else None,
        )

    async def open(self) -> None:
        """Connect, and say who we are. Raises what the library raises, here and below."""
        await self.client.connect()
        self.stage = Stage.EHLO
        await self.client.ehlo()
        config = self._config
        if config.user is not None and config.password is not None:
            self.stage = Stage.AUTH
            await self.client.login(config.user, config.password.get_secret_value())

    async def hand_over(self, envelope: Envelope, mail: Mail, now: datetime) -> Receipt:
        """Hand one mail over."""
        message, client, config = compose(mail, envelope, self._config, now), self.client, self._config
        sender = return_address(config.bounce_address, envelope.reference) if config.bounce_address else config.address
        of_mail, of_recipient = self._options(envelope)
        encoding = "ascii" if envelope.to.isascii() else "utf-8"
        self.stage = Stage.MAIL
        await client.mail(sender, options=of_mail)
        self.stage = Stage.RCPT
        await client.rcpt(envelope.to, options=of_recipient, encoding=encoding)
        # The library asks for leave and hands over in one step: so what breaks in it may have been handed over.
        self.stage = Stage.DATA
        taken = await client.data(message.as_bytes())
        name = str(message["Message-ID"])
        return Receipt(MessageRef(self._provider, name), " ".join(f"{taken.code} {taken.message}".split())[:SAID_LIMIT])

    async def leave(self) -> None:
        """Take leave, which can cost nothing any more."""
        with contextlib.suppress(aiosmtplib.SMTPException, OSError):
            async with asyncio.timeout(LEAVE_WITHIN):
                await self.client.quit()

    def _options(self, envelope: Envelope) -> tuple[list[str], list[str]]:
        """Return the options of the mail and of its recipient. Raises ValueError: the server takes no such address."""
        of_mail: list[str] = []
        of_recipient: list[str] = []
        if not envelope.to.isascii():
            if not self.client.supports_extension("smtputf8"):
                self.stage = Stage.RCPT
                raise ValueError("this server takes addresses in ASCII only (no SMTPUTF8)")
            of_mail.append("SMTPUTF8")
        if self.client.supports_extension("dsn"):
            of_mail += ["RET=HDRS", f"ENVID={written(envelope.reference)[:ENVID_LIMIT]}"]
            of_recipient.append("NOTIFY=FAILURE,DELAY")
        return of_mail, of_recipient


class SmtpEmail:
    """One mail server."""

    def __init__(self, name: str, config: SmtpConfig, clock: Clock) -> None:
        self._name = name
        self._config = config
        self._clock = clock
        password = config.password.get_secret_value() if config.password is not None else ""
        self._redaction = Redaction(password)

    @property
    def timeout(self) -> float:
        return self._config.timeout + LEAVE_WITHIN

    async def check(self) -> str:
        """Log in and hand over nothing. Raises DeliveryFailed."""
        async with self._session():
            pass
        config = self._config
        return f"{config.user or 'nobody'} at {config.host}:{config.at}, as {config.address}"

    async def send(self, envelope: Envelope) -> Receipt:
        """Send the mail; what is refused for its size or form goes once more as a few plain lines."""
        if _ADDRESS.fullmatch(envelope.to) is None:
            raise DeliveryFailed(FailureKind.REFUSED, "that is no e-mail address")
        now = self._clock.now()
        async with self._session() as session:
            try:
                mail = render(envelope.message, envelope.locale, envelope.links)
                return await session.hand_over(envelope, mail, now)
            except aiosmtplib.SMTPDataError as error:
                failure = failure_of(Stage.DATA, error, self._redaction)
                if failure.kind not in CONTENT_KINDS:
                    raise
            short = brief(envelope.message, envelope.locale, envelope.links)
            receipt = await session.hand_over(envelope, short, now)
            return replace(
                receipt, said=f"{receipt.said} (as a few lines, for the whole was refused: {failure.detail})"
            )

    async def close(self) -> None:
        """Give back nothing: no connection is kept."""

    async def callback(self, request: Callback, inbox: ProviderInbox) -> Answer:
        """Take a mail that came back."""
        secret = self._config.bounce_secret
        if secret is None or request.path.strip("/") != BOUNCES:
            return Answer(404, b"nothing is taken here\n")
        given = request.headers.get("authorization", "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, f"Bearer {secret.get_secret_value()}".encode()):
            return Answer(401, b"give the bounce_secret: Authorization: Bearer ...\n")
        if request.method != "POST":
            return Answer(405, b"post the mail as it is\n")
        report = report_of(request.body)
        if report is not None:
            await inbox.reported(report)
        return Answer(204)

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[_Session]:
        """Give an open connection for as long as the deadline allows. Raises DeliveryFailed."""
        try:
            session = _Session(self._name, self._config)
        except OSError as error:
            raise DeliveryFailed(FailureKind.UNAUTHORIZED, f"ca_file cannot be read: {error.strerror}") from None
        try:
            async with asyncio.timeout(self._config.timeout):
                await session.open()
                yield session
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            failure = failure_of(session.stage, error, self._redaction)
            if isinstance(error, aiosmtplib.SMTPResponseException):
                # It has answered, so it is there to be told.
                await session.leave()
        else:
            await session.leave()
            return
        finally:
            session.client.close()
        # Outside of the handler, so that it holds nothing of the library's error.
        raise failure


def connect(name: str, values: Mapping[str, str], clock: Clock) -> SmtpEmail:
    """Make the provider. Raises ValueError, in words for the admin."""
    return SmtpEmail(name, read(SmtpConfig, values, "host"), clock)
