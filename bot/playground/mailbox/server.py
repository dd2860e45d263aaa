"""A mail server on this machine: start it, let Oncard send, and read what has arrived.

    async with Mailbox(clock) as mailbox:
        ...                                             # a provider with host 127.0.0.1 and mailbox.port
        mail = await mailbox.expect("ana@example.com", "disk full")
        mail.links

It runs in the caller's event loop. Time is the given clock's. Mail to any address is taken; the mailbox of a return
address holds the reports on what came back, and with a `hook` each of them is also posted, as a mail server does that
hands mail to a program.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import httpx
from aiosmtpd.smtp import Envelope

from bot.clock import Clock, SystemClock
from bot.playground.listener import LOOPBACK, bound_to
from bot.playground.mailbox.faults import Faults
from bot.playground.mailbox.mail import Mail, opened
from bot.playground.mailbox.protocol import Talk
from bot.playground.mailbox.reports import report
from bot.playground.wire import WireEntry, WireLog

WAIT_SECONDS: Final = 15.0
POST_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Doors:
    """How one comes in: `context` with a certificate, for STARTTLS or, with `at_once`, from the start.

    With a `user` only who logs in may send.
    """

    context: ssl.SSLContext | None = None
    at_once: bool = False
    user: str = ""
    password: str = ""


@dataclass(frozen=True, slots=True)
class Hook:
    """Where reports are posted, and what shows that it is the mail server."""

    url: str
    secret: str


class Mailbox:
    """The server and everybody's mailboxes."""

    def __init__(self, clock: Clock | None = None, *, port: int = 0, doors: Doors | None = None) -> None:
        self.clock = clock or SystemClock()
        self.port = port
        self.doors = doors or Doors()
        self.log = WireLog()
        self.log.hide([self.doors.password])
        self.faults = Faults()
        self.offers_dsn = True
        self.offers_starttls = True
        self.offers_utf8 = True
        self.exact_reports = True
        self.hook: Hook | None = None
        self.reports: list[bytes] = []
        self._mails: list[Mail] = []
        self._server: asyncio.Server | None = None
        self._kept: socket.socket | None = None
        self._talks: set[Talk] = set()
        self._posting: set[asyncio.Task[None]] = set()
        self._watchers: list[Callable[[], None]] = []

    # Running

    async def start(self) -> None:
        """Listen; raises OSError if the port is taken."""
        if self._server is not None:
            return
        doors = self.doors
        bound, self._kept = self._kept or bound_to(self.port), None
        self.port = bound.getsockname()[1]
        try:
            self._server = await asyncio.get_running_loop().create_server(
                self._talk, sock=bound, ssl=doors.context if doors.at_once else None
            )
        except OSError:
            bound.close()
            raise

    async def stop(self) -> None:
        """Drop every connection and stop listening."""
        self.faults.clear()
        await self.pull_plug()
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()
        for task in tuple(self._posting):
            task.cancel()
        await asyncio.gather(*self._posting, return_exceptions=True)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def pull_plug(self) -> None:
        """Make the server vanish: every connection is dropped, new ones are refused."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
            # At once, before anybody can be given the port. Where the system does not allow it, it is asked for anew.
            with contextlib.suppress(OSError):
                self._kept = bound_to(self.port)
        for talk in tuple(self._talks):
            if isinstance(talk.transport, asyncio.WriteTransport):
                talk.transport.abort()
        self._changed()

    async def put_back(self) -> None:
        """Bring the server back on the same port, with all its mail."""
        await self.start()
        self._changed()

    @property
    def plugged(self) -> bool:
        """Whether it can be reached."""
        return self._server is not None

    @property
    def host(self) -> str:
        """The address of the server."""
        return LOOPBACK

    # Reading

    def mails(self, address: str) -> tuple[Mail, ...]:
        """Return what has arrived in a mailbox, the oldest first."""
        return tuple(one for one in self._mails if one.recipient.lower() == address.lower())

    def all(self) -> tuple[Mail, ...]:
        """Return what has arrived in all of them, the oldest first."""
        return tuple(self._mails)

    async def expect(self, address: str, text: str, *, within: float = WAIT_SECONDS) -> Mail:
        """Wait for a mail with `text` in its subject or text; raises AssertionError with what was there."""
        changed = asyncio.Event()
        with self.watching(changed.set):
            try:
                async with asyncio.timeout(within):
                    while True:
                        for mail in self.mails(address):
                            if text in mail.subject or text in mail.text:
                                return mail
                        await changed.wait()
                        changed.clear()
            except TimeoutError:
                there = [mail.subject for mail in self.mails(address)]
                raise AssertionError(f"no mail to {address} says {text!r}; there are {there}") from None

    @contextmanager
    def watching(self, tell: Callable[[], None]) -> Iterator[None]:
        """Call `tell` after every change while the context lasts."""
        self._watchers.append(tell)
        try:
            yield
        finally:
            self._watchers.remove(tell)

    async def post(self, raw: bytes, hook: Hook) -> int:
        """Hand a mail over by HTTP; return the status that was answered, 0: nothing was."""
        headers = {"Authorization": f"Bearer {hook.secret}", "Content-Type": "message/rfc822"}
        # No certificates are read: it calls addresses of this machine only.
        nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            async with httpx.AsyncClient(verify=nobody, timeout=POST_SECONDS, trust_env=False) as client:
                status = (await client.post(hook.url, content=raw, headers=headers)).status_code
        except httpx.HTTPError:
            status = 0
        self.log.record(WireEntry(self.clock.now(), "out", "report", raw.decode(errors="replace"), None, status))
        return status

    async def posted(self) -> None:
        """Wait until every report has been posted."""
        await asyncio.gather(*self._posting)

    # What the protocol asks

    @property
    def asks_who(self) -> bool:
        """Whether only who has logged in may send."""
        return bool(self.doors.user)

    def knows(self, user: str, password: str) -> bool:
        """Whether somebody who logs in may."""
        return (user, password) == (self.doors.user, self.doors.password)

    def is_grey(self, address: str) -> bool:
        """Whether mail to an address is refused for now."""
        return self.faults.is_grey(address, self.clock.now())

    def take(self, envelope: Envelope, options: dict[str, str]) -> str:
        """Put a mail into the mailboxes; return the reply."""
        raw = envelope.original_content or b""
        for address in envelope.rcpt_tos:
            mail = opened(self.clock.now(), (envelope.mail_from or "", address), raw, options)
            self._mails.append(mail)
            bounce = self.faults.next_bounce(address)
            if bounce is not None:
                self._mails.remove(mail)
                self._come_back(report(mail, bounce, is_exact=self.exact_reports), mail.sender)
        self._changed()
        return f"250 2.0.0 Ok: queued as {len(self._mails):06X}"

    def heard(self, command: str, said: str, reply: str) -> None:
        """Note what was said and answered."""
        self.log.record(WireEntry(self.clock.now(), "in", command, said, reply))

    def _come_back(self, raw: bytes, address: str) -> None:
        self.reports.append(raw)
        self._mails.append(opened(self.clock.now(), ("", address), raw, {}))
        if self.hook is not None:
            task = asyncio.ensure_future(self._report(raw, self.hook))
            self._posting.add(task)
            task.add_done_callback(self._posting.discard)

    async def _report(self, raw: bytes, hook: Hook) -> None:
        await self.post(raw, hook)

    def _talk(self) -> Talk:
        offered = self.doors.context if self.offers_starttls and not self.doors.at_once else None
        return Talk(self, offered, self._talks, utf8=self.offers_utf8)

    def _changed(self) -> None:
        for tell in tuple(self._watchers):
            tell()
