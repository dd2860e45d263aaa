"""Looks at everything that is configured, as it would be used: connects, asks what is granted, looks for people.

The workspaces are connected as the service connects them; a click that comes here meanwhile is carried out as it is
there. Nothing that is found holds a secret.
"""

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from bot.adapter import Adapter, DeliveryFailed, Diagnoses, Finding, FindsByEmail, Identity, To
from bot.clock import Clock
from bot.domain import dead
from bot.domain.duty import chats_told, unreachable
from bot.domain.organisation import Organisation
from bot.domain.people import Account, WorkspaceId
from bot.domain.trouble import MEND_CHAT
from bot.engine.connections import ELSEWHERE, Connections, Status
from bot.engine.directory import who_has
from bot.engine.lines import Lines, Member
from bot.engine.picture import Picture
from bot.engine.troubles import own_channels
from cards import checkup as notes
from storage import watch
from storage.database import Database

CONNECT_WITHIN: Final = 15.0
PRESS_WITHIN: Final = 60.0
POLL: Final = 0.1
# Each is a question to a platform, which must have patience left for pages.
MOST_LOOKED_UP: Final = 20
_WAITING: Final = Status("", "").why

Scopes = Callable[[str], Mapping[str, str]]
"""The scopes that a platform must grant, each with its reason; empty where it knows none."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found, and in which workspace; none: it is about all of them."""

    finding: Finding
    workspace: str = ""

    @property
    def is_right(self) -> bool:
        """Whether nothing is to be mended."""
        return not self.finding.mend


class Checkup:
    """The look at one organisation."""

    def __init__(
        self, database: Database, picture: Picture, ways: tuple[Connections, Lines], clock: Clock, scopes: Scopes
    ) -> None:
        connections, self._lines = ways
        self._database = database
        self._picture = picture
        self._connections = connections
        self._clock = clock
        self._scopes = scopes

    async def run(self) -> list[Checked]:
        """Look at every workspace and at everybody on duty."""
        organisation = await self._database.read(self._picture.current)
        await self._connect()
        found: list[Checked] = []
        for number, status in self._connections.statuses.items():
            found += [Checked(one, status.name) for one in await self._workspace(number, status, organisation)]
        providers = await self._providers()
        if not found and not providers:
            mend = "add one under `workspaces` of the configuration, and apply it"
            found.append(Checked(Finding("no workspace is configured: nobody can be told anything", mend)))
        return found + providers + await self._people(organisation)

    async def press(self, workspace: str, chat: str) -> Checked:
        """Post a button to a chat, and wait until somebody presses it. Raises LookupError: no such workspace."""
        await self._connect()
        numbers = [number for number, status in self._connections.statuses.items() if status.name == workspace]
        if not numbers:
            raise LookupError(workspace)
        adapter = self._connections.adapters.get(numbers[0])
        if adapter is None:
            status = self._connections.statuses[numbers[0]]
            return Checked(Finding(f"nothing can be posted: {status.why}", "mend the workspace first"), workspace)
        code = secrets.token_hex(8)
        name = watch.click_of(code)
        await self._database.transact(partial(watch.beat, names=[name], now=self._clock.now()))
        try:
            await adapter.send(To(chat), notes.press(f"ping {code}"))
            pressed = await self._until(partial(self._is_gone, name), PRESS_WITHIN)
        except DeliveryFailed as failure:
            mend = f"see that the chat is right, and that our bot is in it ({failure.kind})"
            return Checked(Finding(f"chat {chat}: nothing can be posted: {failure.detail}", mend), workspace)
        finally:
            await self._database.transact(partial(watch.forget, name=name))
        if pressed:
            return Checked(Finding(f"chat {chat}: a click comes back"), workspace)
        what = f"chat {chat}: no click came back within {PRESS_WITHIN:g} s"
        mend = (
            "if somebody pressed the button, see that the platform's console sends clicks to us, as the manifest says"
        )
        return Checked(Finding(what, mend), workspace)

    async def _connect(self) -> None:
        await self._connections.follow()

        async def has_come() -> bool:
            return all(one.connected or one.why != _WAITING for one in self._connections.statuses.values())

        await self._until(has_come, CONNECT_WITHIN)

    async def _until(self, holds: Callable[[], Awaitable[bool]], seconds: float) -> bool:
        """Wait until something holds, for so many seconds at most, and return whether it does."""
        for _ in range(round(seconds / POLL)):
            if await holds():
                return True
            await self._clock.sleep(POLL)
        return await holds()

    async def _is_gone(self, name: str) -> bool:
        return name not in await self._database.read(watch.beats)

    # ---- one workspace -----------------------------------------------------------------------------------------------

    async def _workspace(self, number: WorkspaceId, status: Status, organisation: Organisation) -> Sequence[Finding]:
        adapter = self._connections.adapters.get(number)
        if adapter is None:
            return [Finding(f"cannot be connected: {status.why}", "mend the workspace's settings, and apply them")]
        try:
            identity = await adapter.check()
        except DeliveryFailed as failure:
            mend = f"see that its secrets and `api_base_url` are right, and that we may call out ({failure.kind})"
            return [Finding(f"does not answer us: {failure.detail}", mend)]
        return [
            Finding(f"answers; we are {identity.bot} in {identity.workspace}"),
            _connection(status),
            *self._granted(status.platform, identity),
            *await _diagnosed(adapter, chats_of(number, organisation)),
            *await self._dead(number, organisation),
        ]

    async def _dead(self, number: WorkspaceId, organisation: Organisation) -> Sequence[Finding]:
        """Return the chats of which the checker knows that they refuse messages, and what they said."""
        keys = [dead.key(chat, organisation) for chat in chats_told(organisation) if chat.workspace == number]
        known = await self._database.read(partial(watch.standing, channels=own_channels(organisation), keys=keys))
        return [Finding(some[-1].alert.title, MEND_CHAT) for some in known.values()]

    def _granted(self, platform: str, identity: Identity) -> Sequence[Finding]:
        """Return which scopes are missing, where the platform says which there are."""
        if not identity.scopes:
            return []
        wanted = self._scopes(platform)
        missing = [
            Finding(
                f"the scope {scope} is not granted ({reason})",
                f"paste what `oncard manifest {platform}` prints, and install the app anew",
            )
            for scope, reason in wanted.items()
            if scope not in identity.scopes
        ]
        return missing or ([Finding("every scope is granted")] if wanted else [])

    # ---- providers ---------------------------------------------------------------------------------------------------

    async def _providers(self) -> list[Checked]:
        """Ask every provider who we are there."""
        await self._lines.follow()
        return [Checked(await _provider(one), f"{one.definition.method} {one.name}") for one in self._lines.members()]

    # ---- people ------------------------------------------------------------------------------------------------------

    async def _people(self, organisation: Organisation) -> list[Checked]:
        missing = unreachable(organisation)
        found = [await self._person(one, organisation) for one in missing[:MOST_LOOKED_UP]]
        if len(missing) > MOST_LOOKED_UP:
            what = f"{len(missing) - MOST_LOOKED_UP} more people on duty are linked in no workspace"
            found.append(Checked(Finding(what, "link them by a table: `oncard mapping import`")))
        return found or [Checked(Finding("everybody on duty is linked in a workspace"))]

    async def _person(self, account: Account, organisation: Organisation) -> Checked:
        who = f"{account.name} ({account.email}) is on duty"
        for number, adapter in self._connections.adapters.items():
            finder: object = adapter
            if isinstance(finder, FindsByEmail) and await _is_found(finder, account.email):
                return Checked(Finding(f"{who}, and is found by e-mail"), organisation.workspaces[number].name)
        mend = "let them type `link` to the bot, add them to `links` of a workspace, or use `oncard mapping import`"
        return Checked(Finding(f"{who}, and no workspace knows them", mend))


async def _provider(member: Member) -> Finding:
    if member.provider is None:
        return Finding(f"cannot be used: {member.why}", "mend the provider's settings, and apply them")
    try:
        return Finding(f"answers; we are {await member.provider.check()}")
    except DeliveryFailed as failure:
        mend = f"see that its settings are right, and that we may call out ({failure.kind})"
        return Finding(f"does not answer us: {failure.detail}", mend)


def chats_of(workspace: WorkspaceId, organisation: Organisation) -> tuple[str, ...]:
    """Return the chats of a workspace that any level tells."""
    return tuple(chat.chat for chat in chats_told(organisation) if chat.workspace == workspace)


def _connection(status: Status) -> Finding:
    if status.connected:
        return Finding("the connection for clicks and commands stands")
    if status.why == ELSEWHERE:
        return Finding("the connection for clicks and commands stands in another process")
    return Finding(
        f"no connection for clicks and commands: {status.why}", "see that the app's console allows this connection"
    )


async def _diagnosed(adapter: Adapter, chats: Sequence[str]) -> Sequence[Finding]:
    """Return what the platform itself can tell."""
    able: object = adapter
    if not isinstance(able, Diagnoses):
        return []
    try:
        return await able.diagnose(chats)
    except DeliveryFailed as failure:
        return [Finding(f"more could not be asked: {failure.detail}", f"try again later ({failure.kind})")]


async def _is_found(finder: FindsByEmail, email: str) -> bool:
    try:
        return await who_has(finder, email) is not None
    except DeliveryFailed:
        return False
