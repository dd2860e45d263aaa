"""One Oncard and the local servers of four chat apps: the same incident on all of them.

Nothing of Oncard is replaced, and each adapter runs its platform's own SDK. The chats of half of the apps are in
Chinese.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

from bot.clock import Clock
from bot.domain.definition import (
    AccountDefinition,
    ChannelDefinition,
    ChatDefinition,
    Definition,
    IntegrationDefinition,
    Kind,
    LevelDefinition,
    RuleDefinition,
    Secret,
    TargetDefinition,
)
from bot.domain.people import TargetKind
from bot.main import Service, Settings
from storage import definitions, incidents
from storage.database import Connection
from tests.support.apps import HEARD, PLATFORMS, Answers, App, Card, app
from tests.support.clocks import ManualClock
from tests.support.world import SECRET_KEY, STANDARD_KEY, World

# Each of them is linked in one app only, and so told there.
ON_CALL: Mapping[str, str] = {"slack": "ana", "feishu": "bo", "dingtalk": "chen", "telegram": "dee"}
# They are linked in every app, and on no level: what the bot writes to them are answers.
HANDS = ("eli", "fay", "gil")
STRANGER = "mallory"
LOCALES: Mapping[str, str] = {"feishu": "zh", "dingtalk": "zh"}


class Everywhere(World):
    """Oncard with a workspace on each platform, named like it."""

    def __init__(self, service: Service, apps: Mapping[str, App]) -> None:
        super().__init__(service, apps["slack"].server)
        self.apps = apps

    # ---- what is configured ------------------------------------------------------------------------------------------

    def level(self, *apps: str, **more: Any) -> LevelDefinition:
        """Return a level that tells the chats of these apps (of all, if none is named) and who is on call there."""
        used = apps or tuple(self.apps)
        targets = tuple(TargetDefinition(TargetKind.ACCOUNT, f"{ON_CALL[name]}@example.com") for name in used)
        return LevelDefinition(targets, tuple(ChatDefinition(name, self.apps[name].chat) for name in used), **more)

    async def configure_all(self, *levels: LevelDefinition, **settings: str) -> None:
        """Configure everybody, a workspace for each app with these `settings` besides, a channel with the levels."""
        wanted = [
            *(Definition(Kind.ACCOUNT, AccountDefinition(f"{who}@example.com", who.title())) for who in HANDS),
            *(
                Definition(Kind.ACCOUNT, AccountDefinition(f"{who}@example.com", who.title(), locale=_locale(platform)))
                for platform, who in ON_CALL.items()
            ),
            *(
                Definition(Kind.WORKSPACE, one.definition(self._links(one), settings), one.secrets())
                for one in self.apps.values()
            ),
            Definition(Kind.CHANNEL, ChannelDefinition("payments", None, (RuleDefinition("default", levels),))),
            Definition(
                Kind.INTEGRATION,
                IntegrationDefinition("anything", "standard", "payments"),
                {"key": Secret(STANDARD_KEY)},
            ),
        ]

        async def work(connection: Connection) -> None:
            await definitions.replace_all(connection, wanted, self.service.vault)

        await self.service.database.transact(work)

    def _links(self, one: App) -> Mapping[str, str]:
        return {f"{who}@example.com": one.user(who) for who in (*HANDS, ON_CALL[one.platform])}

    # ---- what people do and see --------------------------------------------------------------------------------------

    async def cards(self, number: int = 1) -> Mapping[str, Card]:
        """Return the newest card of an incident in the chat of each app."""
        return {name: await one.card(number) for name, one in self.apps.items()}

    async def press(self, platform: str, card: Card, button: str, by: str) -> object:
        """Press a button of a card, named in English; the app is answered in time."""
        answer = await self.apps[platform].press(card, button, by)
        self.heard()
        return answer

    async def fill(self, platform: str, card: Card, answers: Answers, by: str) -> None:
        """Press a button that asks, and send its form filled in; all is answered in time."""
        await self.apps[platform].fill(card, answers, by)
        self.heard()

    async def told(self, platform: str, who: str, *texts: str) -> str:
        """Wait until this person, and nobody else there, was told something that says all of `texts`; return it."""
        return await self.apps[platform].told(who, *texts)

    def heard(self) -> None:
        """Let the moment pass that some adapters wait before they carry out a click, so that it is answered first."""
        if isinstance(self.service.clock, ManualClock):
            self.service.clock.advance(HEARD)

    async def end_clicks(self) -> None:
        """Wait until what people have clicked and typed is carried out, and what follows from it at once."""
        quiet = before = 0
        while quiet < 3:
            self.heard()
            await asyncio.sleep(0.02)  # What is being carried out tells nobody when it is done.
            await self.settle()
            now = await self._changes()
            quiet, before = (quiet + 1, now) if now == before else (0, now)

    async def _changes(self) -> int:
        """Return a number that is another one after each change of an incident."""

        async def work(connection: Connection) -> int:
            found = (await incidents.newest(connection, most=100, open_only=False)).incidents
            return sum(one.version for one in found)

        return await self.service.database.read(work)

    async def connect_in_time(self, *, within: float = 50) -> None:
        """Follow what is configured, and let time pass until every workspace is connected, however often it takes."""
        await self.service.connections.follow()
        async with asyncio.timeout(within):
            while not all(one.connected for one in self.service.connections.statuses.values()):
                # Connections are made in real time, and who holds a lease has to renew it before it has run out.
                self.clock.advance(0.5)
                await asyncio.sleep(0.02)


def _locale(platform: str) -> str:
    return LOCALES.get(platform, "en")


@contextlib.asynccontextmanager
async def everywhere(
    url: str, platforms: tuple[str, ...] = PLATFORMS, clock: Clock | None = None
) -> AsyncIterator[Everywhere]:
    """Run Oncard on the database at `url`, beside the servers of these platforms (Slack is always one of them)."""
    clock = clock or ManualClock()
    people = (*ON_CALL.values(), *HANDS, STRANGER)
    async with contextlib.AsyncExitStack() as stack:
        apps = {name: await app(name, clock, stack, people, _locale(name)) for name in platforms}
        service = Service(Settings(url, SECRET_KEY), clock)
        await service.prepare()
        made = Everywhere(service, apps)
        try:
            yield made
        finally:
            await made.http.aclose()
            await service.connections.close()
            await service.close()
