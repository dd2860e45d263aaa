"""Oncard beside a Slack, a Twilio and a mail server of our own, with everybody's phones: the story of a night.

Providers reach Oncard at a real address; the workers are turned by hand on the clock that tests move.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace

from starlette.types import ASGIApp, Receive, Scope, Send

from bot.domain.definition import (
    AccountDefinition,
    Contact,
    Definition,
    Kind,
    LevelDefinition,
    ProviderDefinition,
    Secret,
)
from bot.domain.people import ContactKind, Method
from bot.domain.verification import How
from bot.main import Service, Settings
from bot.playground.listener import LOOPBACK, Listener
from bot.playground.mailbox.server import Hook, Mailbox
from bot.playground.ntfy.server import NtfyServer
from bot.playground.phones import Call, Phone, Phones
from bot.playground.slack.server import SlackServer
from bot.playground.twilio.server import TwilioServer
from storage import contacts, definitions
from storage.database import Connection
from tests.support.clocks import ManualClock
from tests.support.world import CHAT, PEOPLE, SECRET_KEY, World

NUMBERS = {name: f"+1201555010{number}" for number, name in enumerate(PEOPLE)}
BOUNCES = "bounces@example.com"
BOUNCE_SECRET = "a-secret-for-what-comes-back"
STEPS = 400


class Door:
    """What Oncard's address leads to, once there is an Oncard."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None
        await self.app(scope, receive, send)


@dataclass
class Night(World):
    """One Oncard, one Slack, one Twilio, one mail server, one push service, and everybody's phones."""

    twilio: TwilioServer
    mailbox: Mailbox
    ntfy: NtfyServer
    phones: Phones

    def __init__(self, service: Service, slack: SlackServer, others: tuple[TwilioServer, Mailbox, NtfyServer]) -> None:
        super().__init__(service, slack)
        self.twilio, self.mailbox, self.ntfy = others
        self.phones = self.twilio.network.phones
        # Who has a device at the push service.
        self.pushed: tuple[str, ...] = ()
        # What calls are configured with besides.
        self.voice: dict[str, str] = {}

    async def configure(
        self, *levels: LevelDefinition, links: Mapping[str, str] | None = None, locale: str = "en"
    ) -> None:
        """Configure as `World` does, with phones and addresses that were proven, and a provider for each method."""
        await super().configure(*levels, links=links)

        async def work(connection: Connection) -> None:
            stored = await definitions.stored(connection, self.service.vault)
            changed = [_reachable(one, locale) for one in stored]
            await definitions.replace_all(connection, [*changed, *self._providers()], self.service.vault)
            organisation = await definitions.organisation(connection)
            for account in organisation.people.accounts.values():
                for kind, value in ((ContactKind.PHONE, account.phone), (ContactKind.EMAIL, account.email)):
                    await contacts.prove(connection, Contact(account.id, kind, value), How.ADMIN, self.clock.now())

        await self.service.database.transact(work)
        await self.service.lines.follow()

    def _providers(self) -> list[Definition]:
        twilio = self.twilio
        account = {"account_sid": twilio.account.sid, "api_base_url": twilio.api_base_url, "from": twilio.number}
        token = {"auth_token": Secret(twilio.account.auth_token)}
        server = {"host": LOOPBACK, "port": str(self.mailbox.port), "security": "none", "from": "oncard@example.com"}
        topics = {f"{name}@example.com": name for name in self.pushed}
        ntfy = {"api_base_url": self.ntfy.api_base_url}
        server["bounce_address"], bounces = BOUNCES, {"bounce_secret": Secret(BOUNCE_SECRET)}
        return [
            Definition(Kind.PROVIDER, ProviderDefinition("main", Method.SMS, "twilio", settings=account), token),
            Definition(
                Kind.PROVIDER,
                ProviderDefinition("main", Method.VOICE, "twilio", settings={**account, **self.voice}),
                token,
            ),
            Definition(Kind.PROVIDER, ProviderDefinition("main", Method.EMAIL, "smtp", settings=server), bounces),
            Definition(Kind.PROVIDER, ProviderDefinition("main", Method.PUSH, "ntfy", links=topics, settings=ntfy)),
        ]

    def phone(self, name: str) -> Phone:
        """Return somebody's phone."""
        return self.phones.phone(name)

    def no_chat(self, *names: str) -> None:
        """Let Slack refuse whatever is written to these people."""
        slack = self.slack.workspace
        for name in names:
            theirs = slack.open_dm(slack.user(name).id).id
            self.slack.faults.refuse("chat.postMessage", "is_archived", times=50, chat=theirs)

    async def comes(self, holds: Callable[[], bool]) -> None:
        """Let a little time pass at once, again and again, until something holds."""
        for _ in range(STEPS):
            await self.settle()
            if holds():
                # What was told just now may have changed more than what is looked at.
                await self.settle()
                return
            self.clock.advance(0.1)
            await asyncio.sleep(0.002)
        raise AssertionError("it has not come to that")

    async def ringing(self, name: str) -> Call:
        """Wait until somebody's phone rings, and return the call."""
        await self.comes(lambda: any(call.is_ringing for call in self.phone(name).calls))
        return next(call for call in self.phone(name).calls if call.is_ringing)


def _reachable(one: Definition, locale: str) -> Definition:
    if not isinstance(one.body, AccountDefinition):
        return one
    number = NUMBERS[one.body.name.lower()]
    return replace(one, body=replace(one.body, phone=number, locale=locale))


@contextlib.asynccontextmanager
async def night(url: str) -> AsyncIterator[Night]:
    """Run Oncard on the database at `url`, beside everything that a person can be reached by."""
    clock = ManualClock()
    phones = Phones(clock)
    for name, number in NUMBERS.items():
        phones.add(name, number)
    door = Door()
    listener = Listener(door)
    await listener.start()
    address = f"http://{LOOPBACK}:{listener.port}"
    async with (
        SlackServer(clock) as slack,
        TwilioServer(clock, phones) as twilio,
        Mailbox(clock) as mailbox,
        NtfyServer(clock, phones) as ntfy,
    ):
        for name in PEOPLE:
            slack.workspace.add_user(name)
            ntfy.subscribe(name, name)
        slack.workspace.add_channel(CHAT)
        twilio.texts.inbound_url = f"{address}/sms/main/inbound"
        service = Service(Settings(url, SECRET_KEY, public_url=address), clock)
        await service.prepare()
        door.app = service.app()
        mailbox.hook = Hook(f"{address}/email/main/bounces", BOUNCE_SECRET)
        made = Night(service, slack, (twilio, mailbox, ntfy))
        try:
            yield made
        finally:
            await made.http.aclose()
            await service.connections.close()
            await service.lines.close()
            await listener.close()
            await service.close()
