"""The protocol of a mail server (RFC 5321), by aiosmtpd, with what it lacks: DSN (RFC 3461) and trouble on demand."""

import asyncio
import re
import ssl
from typing import Any, Protocol

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from bot.playground.mailbox.faults import GREY, Command, Fault, Faults

HOST = "mail.example.com"
_OF_MAIL = re.compile(r"\s(RET|ENVID)=(\S+)", re.IGNORECASE)
_OF_RECIPIENT = re.compile(r"\s(NOTIFY|ORCPT)=(\S+)", re.IGNORECASE)


class Office(Protocol):
    """What stands behind the protocol."""

    faults: Faults
    offers_dsn: bool

    def is_grey(self, address: str) -> bool:
        """Whether mail to an address is refused for now."""
        ...

    def knows(self, user: str, password: str) -> bool:
        """Whether somebody who logs in may."""
        ...

    @property
    def asks_who(self) -> bool:
        """Whether only who has logged in may send."""
        ...

    def take(self, envelope: Envelope, options: dict[str, str]) -> str:
        """Put a mail into the mailboxes; return the reply."""
        ...

    def heard(self, command: str, said: str, reply: str) -> None:
        """Note what was said and answered."""
        ...


class Talk(SMTP):
    """One connection."""

    def __init__(self, office: Office, context: ssl.SSLContext | None, talks: set["Talk"], *, utf8: bool) -> None:
        super().__init__(
            _Handler(office),
            hostname=HOST,
            ident="playground",
            tls_context=context,
            enable_SMTPUTF8=utf8,
            # Whether it is secret is seen to by what we offer: aiosmtpd knows no connection that is so from the start.
            auth_require_tls=False,
            authenticator=_Guard(office),
            loop=asyncio.get_running_loop(),
        )
        self._office = office
        self._talks = talks
        self.options: dict[str, str] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._talks.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._talks.discard(self)
        super().connection_lost(error)

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd finds commands by these names.
        """Take what DSN adds to the command away before aiosmtpd sees it."""
        self.options = {}
        await super().smtp_MAIL(self._without(_OF_MAIL, arg))

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802 - As above.
        """Take what DSN adds to the command away before aiosmtpd sees it."""
        await super().smtp_RCPT(self._without(_OF_RECIPIENT, arg))

    def _without(self, pattern: re.Pattern[str], arg: str | None) -> str | None:
        if arg is None or not self._office.offers_dsn:
            return arg
        self.options |= {name.upper(): value for name, value in pattern.findall(arg)}
        return pattern.sub("", arg)


class _Handler:
    """Answers the commands. The names are those that aiosmtpd looks for."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def handle_EHLO(  # noqa: N802 - As said above, here and below.
        self, server: Talk, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        reply = await self._befall(server, Command.EHLO, "")
        self._office.heard("EHLO", hostname, reply or responses[0])
        if reply:
            return [reply]
        return [*responses[:-1], *(["250-DSN"] if self._office.offers_dsn else []), responses[-1]]

    async def handle_MAIL(  # noqa: N802
        self, server: Talk, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = await self._befall(server, Command.MAIL, address)
        if not reply and self._office.asks_who and not session.authenticated:
            reply = "530 5.7.0 Authentication required"
        if not reply:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return self._said("MAIL", address, reply or "250 2.1.0 Ok")

    async def handle_RCPT(  # noqa: N802
        self, server: Talk, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = await self._befall(server, Command.RCPT, address)
        if not reply and self._office.is_grey(address):
            reply = GREY
        if not reply:
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return self._said("RCPT", address, reply or "250 2.1.5 Ok")

    async def handle_DATA(self, server: Talk, session: Session, envelope: Envelope) -> str:  # noqa: N802
        address = envelope.rcpt_tos[0]
        fault = self._office.faults.next(Command.DATA, address)
        reply = self._office.take(envelope, server.options) if fault is not None and fault.applied else ""
        refused = await self._suffer(server, fault)
        reply = refused or reply or self._office.take(envelope, server.options)
        return self._said("DATA", f"{len(envelope.original_content or b'')} bytes", reply)

    async def _befall(self, server: Talk, command: Command, address: str) -> str:
        return await self._suffer(server, self._office.faults.next(command, address))

    async def _suffer(self, server: Talk, fault: Fault | None) -> str:
        """Let trouble happen; return the reply that refuses the command, empty: it goes on."""
        if fault is None:
            return ""
        if fault.kind == "refuse":
            return fault.reply
        if fault.kind == "cut":
            self._office.heard(fault.command, "", "connection cut")
            transport = server.transport
            if isinstance(transport, asyncio.WriteTransport):
                transport.abort()
            # What is lost ends this: aiosmtpd cancels it then.
            await asyncio.Event().wait()
        fault.hold.reached.set()
        await fault.hold.released.wait()
        return ""

    def _said(self, command: str, said: str, reply: str) -> str:
        self._office.heard(command, said, reply)
        return reply


class _Guard:
    """Looks at who logs in, as aiosmtpd asks it."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def __call__(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any) -> AuthResult:
        fault = self._office.faults.next(Command.AUTH, "")
        is_known = isinstance(given, LoginPassword) and self._office.knows(
            given.login.decode(errors="replace"), given.password.decode(errors="replace")
        )
        reply = fault.reply if fault is not None else "" if is_known else "535 5.7.8 Authentication credentials invalid"
        self._office.heard("AUTH", mechanism, reply or "235 2.7.0 Authentication successful")
        return AuthResult(success=not reply, handled=False, message=reply or None)
