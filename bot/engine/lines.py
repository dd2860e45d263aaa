"""Lines: how messages go to a person beside the chat apps, by SMS, call, e-mail or push.

A line is all providers of one method, in the order that is configured. The first that serves the number and is well is
asked; where it says no, the next; where it gives no answer, none is, because the message may be on its way: then the
person's next method is. To the rest of the engine a line is an adapter that stands in the place of a workspace.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from secrets import randbelow
from typing import Final, Protocol

import structlog

from bot.adapter import (
    Adapter,
    Attempt,
    Capabilities,
    DeliveryFailed,
    Edit,
    FailureKind,
    Identity,
    Inbox,
    MessageRef,
    Personal,
    Receipt,
    To,
)
from bot.clock import Clock
from bot.domain import reach
from bot.domain.breaker import Breaker
from bot.domain.definition import ProviderDefinition, Secret
from bot.domain.event import Severity
from bot.domain.people import LINES, Account, Method, WorkspaceId
from bot.engine import metrics
from bot.engine.connections import Status
from bot.provider import CalledBack, Cancels, Envelope, Provider
from cards import voice
from cards.card import Card, Message
from storage import definitions
from storage.database import Connection, Database
from storage.vault import Vault

ConnectProvider = Callable[[ProviderDefinition, Mapping[str, Secret]], Provider]
"""Makes a provider. Raises ValueError, in words for the admin, when its settings cannot work."""

POLL: Final = 2.0
PAGE: Final = "page"
"""For what a reference to a message is signed."""

# Messages per second: of one person, and of the whole line.
PERSON_RATE: Final = 1.0
LINE_RATE: Final = 10.0
# Seconds: all providers of a line together take no longer than a delivery is ours.
LONGEST_PATIENCE: Final = 40.0
# So many numbers for what is no delivery.
_MOST: Final = 2**62
# It says no because of us or of the message, or it is away: another provider may do better.
_NEXT: Final = frozenset(set(FailureKind) - {FailureKind.UNCERTAIN})
# What opens a provider's breaker: it is away, or our account there is of no use.
_ILL: Final = (FailureKind.UNREACHABLE, FailureKind.UNCERTAIN, FailureKind.UNAUTHORIZED, FailureKind.QUOTA)

log = structlog.get_logger(__name__)


class Promises(Protocol):
    """Makes the addresses at which somebody who reads a message can say yes to what its buttons say."""

    def __call__(self, tokens: Sequence[str], account: int, method: Method) -> Mapping[str, str]:
        """Return an address for each token; none where nobody outside reaches us."""
        ...


@dataclass(slots=True)
class Member:
    """One provider of a line, what it was made from, and how it has done lately."""

    definition: ProviderDefinition
    secrets: Mapping[str, Secret]
    provider: Provider | None
    why: str = ""
    breaker: Breaker = field(default_factory=Breaker)
    # How many calls of it are under way, and whether it is to be closed after them.
    asked: int = 0
    leaves: bool = False

    @contextlib.asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Keep it open meanwhile."""
        self.asked += 1
        try:
            yield
        finally:
            self.asked -= 1
            if self.leaves:
                await self.leave()

    async def leave(self) -> None:
        """Give back what it holds, after the last call that is under way."""
        self.leaves = True
        if not self.asked and self.provider is not None:
            await self.provider.close()

    @property
    def name(self) -> str:
        """Return the provider's name."""
        return self.definition.name

    def status(self, now: datetime) -> Status:
        """Return how it is: whether it can be used, and what it said last where it is passed over."""
        kind, is_open = self.definition.kind, self.breaker.is_open(now)
        name = f"{self.definition.method} {self.name}"
        return Status(name, kind, self.provider is not None and not is_open, self.breaker.since, self.why)


class Line:
    """The providers of one method."""

    def __init__(self, method: Method, members: Sequence[Member], post: "Post", clock: Clock) -> None:
        self.method = method
        self.members = tuple(members)
        self._post = post
        self._clock = clock

    @property
    def capabilities(self) -> Capabilities:
        """One message to one person, which cannot be changed; as many providers as there are may take their time."""
        patience = sum(one.provider.timeout for one in self.members if one.provider is not None)
        return Capabilities(
            edit=Edit.NEVER,
            buttons=False,
            direct=True,
            ephemeral=False,
            mention=False,
            threads=False,
            answer_within=10.0,
            chat_rate=PERSON_RATE,
            workspace_rate=LINE_RATE,
            send_timeout=min(max(patience, 1.0), LONGEST_PATIENCE),
        )

    async def check(self) -> Identity:
        """Ask each provider who we are there. Raises DeliveryFailed when none can be used."""
        said = [await one.provider.check() for one in self.members if one.provider is not None]
        return Identity(str(self.method), "; ".join(said))

    async def send(self, to: To, message: Message, *, under: MessageRef | None = None) -> Receipt:
        """Send it by the first provider that takes it. Raises DeliveryFailed, of several the one to be tried again."""
        del under  # Nothing stands here under which it could go.
        if to.personal is None:
            raise DeliveryFailed(FailureKind.REFUSED, "a line leads to people only")
        tried: list[Attempt] = []
        failures: list[DeliveryFailed] = []
        for member in self._able(to.id):
            try:
                receipt = await self._ask(member, to.id, message, to.personal)
            except DeliveryFailed as failure:
                tried.append(Attempt(member.name, f"{failure.detail} ({failure.kind})"))
                failures.append(failure)
                if failure.kind not in _NEXT:
                    break
            else:
                return replace(receipt, tried=tuple(tried))
        if not failures:
            raise DeliveryFailed(FailureKind.REFUSED, f"no provider for {self.method} serves this person")
        worst = _worst(failures)
        worst.tried = tuple(tried)
        raise worst

    async def edit(self, message: MessageRef, card: Card) -> Receipt:
        """Refuse: what was sent by a line cannot be changed."""
        raise DeliveryFailed(FailureKind.REFUSED, f"what was sent by {self.method} cannot be changed")

    async def stop(self, message: MessageRef) -> str:
        """Stop what still rings. Raises DeliveryFailed; `gone`: it is over, or cannot be stopped."""
        member = next((one for one in self.members if one.name == message.chat), None)
        provider: object = member.provider if member is not None else None
        if member is None or not isinstance(provider, Cancels):
            raise DeliveryFailed(FailureKind.GONE, "the provider cannot stop it")
        async with member.at_work():
            return await provider.cancel(message.id)

    async def run(self, inbox: Inbox) -> None:
        """Nothing is listened to: providers call us."""

    async def close(self) -> None:
        """Give back what the providers hold."""
        for member in self.members:
            if member.provider is not None:
                await member.provider.close()

    def _able(self, to: str) -> list[Member]:
        """Return the providers that serve this person, those that are ill after the others."""
        serving = [one for one in self.members if one.provider is not None and self._serves(one.definition, to)]
        now = self._clock.now()
        return sorted(serving, key=lambda one: one.breaker.is_open(now))

    def _serves(self, definition: ProviderDefinition, to: str) -> bool:
        if self.method is Method.PUSH:
            return to in definition.links
        return reach.serves(definition.countries, to) if self.method is not Method.EMAIL else True

    async def _ask(self, member: Member, to: str, message: Message, personal: Personal) -> Receipt:
        if member.provider is None:
            raise DeliveryFailed(FailureKind.UNREACHABLE, member.why)
        address = member.definition.links[to] if self.method is Method.PUSH else to
        envelope = self._post.envelope(member.definition, address, message, personal)
        try:
            async with member.at_work():
                receipt = await member.provider.send(envelope)
        except DeliveryFailed as failure:
            if failure.kind in _ILL:
                member.breaker, member.why = member.breaker.failed(self._clock.now()), failure.detail
            metrics.PROVIDER_TRIES.labels(method=self.method, provider=member.name, outcome=failure.kind).inc()
            raise
        member.breaker, member.why = Breaker(), ""
        metrics.PROVIDER_TRIES.labels(method=self.method, provider=member.name, outcome="accepted").inc()
        return receipt


def _worst(failures: Sequence[DeliveryFailed]) -> DeliveryFailed:
    """Return the failure that says what can be done: nobody knows, then what may pass, then what is for good."""
    for kind in (FailureKind.UNCERTAIN, FailureKind.RATE_LIMITED, FailureKind.UNREACHABLE):
        found = next((one for one in failures if one.kind is kind), None)
        if found is not None:
            return found
    return failures[-1]


@dataclass(frozen=True, slots=True)
class Post:
    """Puts a message into an envelope: who reads it, how they answer, and where the provider reports to."""

    vault: Vault
    public_url: str
    promises: Promises

    def reference(self, delivery: int) -> str:
        """Return our word for a message, which nobody else can make up."""
        return self.vault.sign(PAGE, str(delivery))

    def delivery(self, reference: str) -> int | None:
        """Return which message a reference is of; None: it is none of ours."""
        number = self.vault.signed(PAGE, reference)
        return int(number) if number is not None and number.isdecimal() else None

    def callback(self, method: Method, provider: str) -> str:
        """Return where a provider reaches us, ending with a slash; empty where nobody outside does."""
        return f"{self.public_url}/{method}/{provider}/" if self.public_url else ""

    def envelope(self, provider: ProviderDefinition, to: str, message: Message, personal: Personal) -> Envelope:
        """Return the message as a provider takes it."""
        method = provider.method
        tokens = [button.token for button in message.buttons]
        callback = self.callback(method, provider.name) if personal.delivery > 0 else ""
        severity = message.severity if isinstance(message, Card) else None
        keys = keys_of(provider.settings, personal.delivery, severity, self) if callback else None
        return Envelope(
            to=to,
            message=message,
            reference=self.reference(personal.delivery),
            locale=personal.locale,
            timezone=personal.timezone,
            links=self.promises(tokens, personal.account, method) if tokens else {},
            callback=callback,
            script=voice.opening(message, personal.locale, keys) if method is Method.VOICE else None,
            urgent=personal.urgent,
        )

    def code(self, delivery: int) -> str:
        """Return two digits that only who hears this message knows."""
        signature = self.vault.sign("code", str(delivery)).encode()
        return str(10 + sum(signature) % 90)


def keys_of(settings: Mapping[str, str], delivery: int, severity: Severity | None, post: Post) -> voice.Keys:
    """Return what the keys of a call do, as its provider is configured.

    `spoken_code`: for which severity, and those that are worse, a code that is spoken must be pressed: no machine that
    takes a call knows it.
    """
    wanted = next((one for one in Severity if one.lower() == settings.get("spoken_code", "").lower()), None)
    has_code = wanted is not None and severity is not None and severity.rank >= wanted.rank
    return voice.Keys.of(settings, post.code(delivery) if has_code else "")


class Lines:
    """Keeps a line for each method that has providers, as they are configured."""

    def __init__(
        self,
        database: Database,
        post: Post,
        adapters: dict[WorkspaceId, Adapter],
        connect: ConnectProvider,
        clock: Clock,
    ) -> None:
        """Wire the parts. `adapters`: of this process, by workspace; the lines are put among them."""
        self._database = database
        self._post = post
        self._adapters = adapters
        self._connect = connect
        self._clock = clock
        self._members: dict[str, Member] = {}
        self._revision = -1
        self.lines: dict[Method, Line] = {}

    async def run(self) -> None:
        """Follow what is configured, for ever."""
        while True:
            try:
                await self.follow()
            except Exception as error:  # noqa: BLE001 - A database that is away comes back; the lines stay as they are.
                log.error("lines_failed", error=type(error).__name__, detail=str(error)[:200])
            await self._clock.sleep(POLL)

    async def follow(self) -> None:
        """Make what is configured and not there; let go of what is no longer configured, or was changed."""
        revision = await self._database.read(definitions.revision)
        if revision == self._revision:
            return

        async def work(connection: Connection) -> dict[str, tuple[ProviderDefinition, dict[str, Secret]]]:
            return await definitions.provider_secrets(connection, self._post.vault)

        wanted = await self._database.read(work)
        gone = [name for name, one in self._members.items() if (one.definition, one.secrets) != wanted.get(name)]
        leaving = [self._members.pop(name) for name in gone]
        for name, (definition, secrets) in wanted.items():
            if name not in self._members:
                self._members[name] = self._made(definition, secrets)
        self._string()
        self._revision = revision
        for member in leaving:
            await member.leave()

    def members(self) -> Sequence[Member]:
        """Return every provider, in the order of the methods and of each of them."""
        return tuple(member for method in LINES if method in self.lines for member in self.lines[method].members)

    def statuses(self) -> Sequence[Status]:
        """Return how every provider is."""
        return tuple(member.status(self._clock.now()) for member in self.members())

    async def close(self) -> None:
        """Let go of every provider."""
        await asyncio.gather(*(line.close() for line in self.lines.values()))

    def called_back(self, method: str, name: str) -> CalledBack | None:
        """Return the provider of that name, if it may report to us."""
        line = next((one for one in self.lines.values() if one.method == method), None)
        member = next((one for one in line.members if one.name == name), None) if line is not None else None
        provider: object = member.provider if member is not None else None
        return provider if isinstance(provider, CalledBack) else None

    async def tell(self, account: Account, method: Method, message: Message) -> Receipt:
        """Send somebody a message at once, beside the queue. Raises DeliveryFailed."""
        line = self.lines.get(method)
        if line is None:
            raise DeliveryFailed(FailureKind.UNREACHABLE, f"no provider for {method} is configured")
        to = account.email if method in (Method.EMAIL, Method.PUSH) else account.phone
        # Of no delivery, so that nobody answers it or reports of it; and of no other, since it may name a mail.
        number = -1 - randbelow(_MOST)
        personal = Personal(number, account.id, account.locale, account.timezone, urgent=False)
        patience = line.capabilities.send_timeout
        try:
            async with asyncio.timeout(patience):
                return await line.send(To(to, direct=True, personal=personal), message)
        except TimeoutError:
            raise DeliveryFailed(FailureKind.UNCERTAIN, f"no answer within {patience:g} s") from None

    def _made(self, definition: ProviderDefinition, secrets: Mapping[str, Secret]) -> Member:
        try:
            return Member(definition, secrets, self._connect(definition, secrets))
        except Exception as error:  # noqa: BLE001 - One that cannot be made keeps no other from being used.
            is_told = isinstance(error, ValueError | ImportError | OSError)
            why = str(error) if is_told else f"internal error: {type(error).__name__}"
            log.warning("provider_unusable", method=str(definition.method), provider=definition.name, why=why)
            return Member(definition, secrets, None, why)

    def _string(self) -> None:
        """Put the lines in the places of their methods."""
        for method, number in LINES.items():
            members = sorted(
                (one for one in self._members.values() if one.definition.method is method),
                key=lambda one: one.definition.order,
            )
            if members:
                self.lines[method] = Line(method, members, self._post, self._clock)
                self._adapters[number] = self.lines[method]
            else:
                self.lines.pop(method, None)
                self._adapters.pop(number, None)
