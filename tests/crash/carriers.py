"""The other ways to people: a Twilio, a mail server, everybody's phones, and the one address that providers call.

They live in this process, and so outlive every kill. Each message that they take names its delivery by the reference
in its addresses or its id, which is signed: so the model knows for certain what belongs to what.
"""

import asyncio
import contextlib
import random
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import parse_qs

from aiosmtpd.smtp import Envelope

from adapters.providers.smtp import words
from bot.clock import Clock
from bot.domain.delivery import Kind
from bot.domain.people import Method
from bot.playground.endpoint import Heard, Told
from bot.playground.listener import LOOPBACK
from bot.playground.mailbox.mail import Mail, opened
from bot.playground.mailbox.server import Mailbox
from bot.playground.phones import Phones
from bot.playground.twilio.calls import SORRY
from bot.playground.twilio.server import TwilioServer
from tests.crash.history import Arrival, DeliveryRow, IncidentRow, Ring, Seen, Word
from tests.crash.setting import NUMBERS

PROVIDER: Final = "main"
MAILS: Final = "mails"
# Seconds: what is taken and not answered for so long counts as in doubt.
TIMEOUT: Final = 2
RING: Final = 8
_MARK: Final = "may be a repeat"
_CALL_MARK: Final = "may have had this call before"
_SHORT: Final = re.compile(r"([12]) (\d+)")
_SEEN: Final = {Kind.NOTE: Seen.NOTE, Kind.LETTER: Seen.NOTE, Kind.BOARD: Seen.BOARD}
_VERBS: Final = {"1": "ack", "2": "escalate"}


@dataclass(frozen=True, slots=True)
class Exchange:
    """Something that the Twilio told us, and what it heard."""

    began: datetime
    ended: datetime
    told: Told
    heard: Heard

    @property
    def fields(self) -> Mapping[str, str]:
        """What was told."""
        return {name: values[0] for name, values in parse_qs(self.told.body.decode()).items()}


class Twilio(TwilioServer):
    """A Twilio that remembers what it told us."""

    def __init__(self, clock: Clock, phones: Phones) -> None:
        super().__init__(clock, phones)
        self.exchanges: list[Exchange] = []

    async def ask(self, told: Told) -> Heard:
        """Make a request to us, and remember it."""
        began = self.clock.now()
        heard = await super().ask(told)
        self.exchanges.append(Exchange(began, self.clock.now(), told, heard))
        return heard


class Post(Mailbox):
    """A mail server that remembers what it took, also what comes back."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.taken: list[Mail] = []

    def take(self, envelope: Envelope, options: dict[str, str]) -> str:
        """Put a mail into the mailboxes; return the reply."""
        raw, to = envelope.original_content or b"", envelope.rcpt_tos[0]
        self.taken.append(opened(self.clock.now(), (envelope.mail_from or "", to), raw, options))
        return super().take(envelope, options)


class Door:
    """One address for all processes: each connection goes to one of them, and is cut if that one is dead."""

    def __init__(self, dice: random.Random) -> None:
        self.ports: Sequence[int] = ()
        self.port = 0
        self._dice = dice
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """Where providers reach us."""
        return f"http://{LOOPBACK}:{self.port}"

    async def open(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._pass_on, LOOPBACK, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            there, thither = await asyncio.open_connection(LOOPBACK, self._dice.choice(self.ports))
            await asyncio.gather(_pump(reader, thither), _pump(there, writer))
        writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while some := await reader.read(65536):
            writer.write(some)
            await writer.drain()
    writer.close()


class Carriers:
    """All of them together, and what they took."""

    def __init__(self, clock: Clock, dice: random.Random) -> None:
        self.phones = Phones(clock)
        self.twilio = Twilio(clock, self.phones)
        self.post = Post(clock)
        self.door = Door(dice)
        self._clock = clock
        self._ended: dict[int, datetime] = {}
        for name, number in NUMBERS.items():
            self.phones.add(name, number)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run them while the context lasts."""
        await self.door.open()
        self.twilio.texts.inbound_url = f"{self.door.url}/sms/{PROVIDER}/inbound"
        try:
            async with self.twilio, self.post:
                with self.phones.watching(self._note_ends):
                    yield
        finally:
            await self.door.close()

    def configuration(self) -> list[str]:
        """Return the lines of a configuration file that lead to them."""
        twilio, account = self.twilio, self.twilio.account
        ours = f"kind: twilio, name: {PROVIDER}, account_sid: {account.sid}, auth_token: {account.auth_token}"
        ours += f', from: "{twilio.number}", api_base_url: {twilio.api_base_url}, timeout: {TIMEOUT}s'
        server = f"kind: smtp, name: {MAILS}, host: {LOOPBACK}, port: {self.post.port}, security: none"
        return [
            "providers:",
            f"  sms: [{{{ours}}}]",
            f"  voice: [{{{ours}, ring: {RING}}}]",
            f"  email: [{{{server}, from: oncard@example.com, timeout: {TIMEOUT}s}}]",
        ]

    # ---- what the model reads ----------------------------------------------------------------------------------------

    def arrivals(self, rows: Sequence[DeliveryRow], incidents: Mapping[int, IncidentRow]) -> list[Arrival]:
        """Return what they took. What names no delivery that is stored is about incident 0."""
        known = {row.id: row for row in rows}
        found: list[Arrival] = []
        for at, method, name, message, is_marked in self._taken():
            row = known.get(number := _delivery(name))
            incident = row.incident if row is not None else 0
            title = incidents[incident].title if incident in incidents else ""
            seen = _SEEN.get(row.kind, Seen.PAGE) if row is not None else Seen.NOTE
            place = f"{method}:@{row.person if row is not None else '?'}"
            found.append(Arrival(at, place, incident, seen, message, title, is_marked, number))
        return found

    def rings(self, rows: Sequence[DeliveryRow]) -> list[Ring]:
        """Return every call that came to a phone."""
        known = {row.id: row for row in rows}
        found: list[Ring] = []
        for line in self.twilio.calls.made:
            row, call = known.get(_delivery(line.url.split("/")[-2])), line.call
            if row is not None and call is not None:
                taken = line.answered_at is not None
                found.append(Ring(row.incident, row.person, call.at, self._ended.get(id(call)), taken))
        return found

    def words(self, rows: Sequence[DeliveryRow]) -> list[Word]:
        """Return what people wrote and pressed that was taken, each the first time."""
        known = {row.id: row for row in rows}
        found: dict[str, Word] = {}
        for one in self.twilio.exchanges:
            said = _written(one) or _pressed(one, known) if one.heard.is_ok else None
            if said is not None:
                found.setdefault(said.trigger, said)
        return list(found.values())

    def _taken(self) -> list[tuple[datetime, Method, str, tuple[str, str], bool]]:
        texts = [
            (one.at, Method.SMS, one.callback.split("/")[-2], (PROVIDER, one.sid), _MARK in one.body)
            for one in self.twilio.texts.sent
        ]
        calls = []
        for line in self.twilio.calls.made:
            ours = [one.words for one in line.said if one.words != SORRY]
            # What nobody has heard, or what a dead process could not tell the Twilio, could not say so.
            is_marked = not ours or any(_CALL_MARK in words for words in ours)
            calls.append((line.at, Method.VOICE, line.url.split("/")[-2], (PROVIDER, line.sid), is_marked))
        mails = []
        for mail in self.post.taken:
            name = mail.headers["Message-ID"]
            word = words.read(name.strip("<>").partition("@")[0])
            mails.append((mail.at, Method.EMAIL, word, (MAILS, name), _MARK in " ".join(mail.text.split())))
        return [*texts, *calls, *mails]

    def _note_ends(self) -> None:
        for phone in self.phones.all():
            for call in reversed(phone.calls):
                if call.ended is not None and id(call) not in self._ended:
                    self._ended[id(call)] = self._clock.now()


def _delivery(reference: str) -> int:
    """Return which delivery a reference is of."""
    return int(reference.partition(".")[0])


def _written(one: Exchange) -> Word | None:
    """Return what somebody asked for by an SMS; None: it is something else."""
    fields = one.fields
    short = _SHORT.fullmatch(fields.get("Body", "")) if one.told.name == "inbound" else None
    if short is None:
        return None
    person = next(name for name, number in NUMBERS.items() if number == fields["From"])
    return Word(one.began, one.ended, person, int(short[2]), _VERBS[short[1]], fields["MessageSid"])


def _pressed(one: Exchange, rows: Mapping[int, DeliveryRow]) -> Word | None:
    """Return what somebody asked for by a key; None: it is something else, or the call waits for what comes of it."""
    key, url = one.fields.get("Digits", ""), one.told.url
    if one.told.name != "twiml" or key not in _VERBS or "<Redirect" in one.heard.words:
        return None
    row = rows[_delivery(url.split("/")[-2])]
    return Word(one.began, one.ended, row.person, row.incident, _VERBS[key], f"{one.fields['CallSid']} {url}")
