"""Who is whom in each workspace: people whom no configuration links are looked for by e-mail address or mobile number.

This is the last of all lanes: one question at a time, and none while a page may need the platform's patience.
"""

from collections.abc import Mapping
from typing import Final

import structlog

from bot.adapter import Adapter, DeliveryFailed, FindsByEmail, FindsByMobile
from bot.clock import Clock
from bot.domain.address import spellings
from bot.domain.organisation import Organisation
from bot.domain.people import Account, ChatLink, WorkspaceId
from bot.engine.picture import Picture
from storage import definitions
from storage.database import Connection, Database

PAUSE: Final = 1.5
POLL: Final = 5.0
# Somebody the platform did not know may have joined since.
ASK_AGAIN: Final = 3600.0
# A workspace that cannot tell, for want of a scope perhaps, is left alone for this long.
AFTER_FAILURE: Final = 60.0

log = structlog.get_logger(__name__)


async def who_has(finder: FindsByEmail, email: str) -> str | None:
    """Return the one user who has the address, however it is written there; None: nobody has it, or several have.

    Raises DeliveryFailed.
    """
    found = {await finder.find_by_email(spelling) for spelling in spellings(email)} - {None}
    return found.pop() if len(found) == 1 else None


async def who_is(finder: FindsByEmail | FindsByMobile, account: Account) -> str | None:
    """Return the one user who has the account's address, else its number; None: nobody has. Raises DeliveryFailed."""
    user = await who_has(finder, account.email) if isinstance(finder, FindsByEmail) else None
    if user is None and account.phone and isinstance(finder, FindsByMobile):
        user = await finder.find_by_mobile(account.phone)
    return user


class Directory:
    """Keeps the links up to date that platforms can tell."""

    def __init__(
        self, database: Database, picture: Picture, adapters: Mapping[WorkspaceId, Adapter], clock: Clock
    ) -> None:
        self._database = database
        self._picture = picture
        self._adapters = adapters
        self._clock = clock
        self._asked: dict[tuple[WorkspaceId, str], float] = {}
        self._silent: dict[WorkspaceId, float] = {}

    async def run(self) -> None:
        """Look for people, for ever."""
        while True:
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - a database that is away comes back
                log.error("directory_failed", error=type(error).__name__, detail=str(error)[:200])
            await self._clock.sleep(POLL)

    async def look(self) -> None:
        """Ask each workspace for the people whom no link names there; one that cannot tell is asked again later."""
        organisation = await self._database.read(self._picture.current)
        for workspace, adapter in list(self._adapters.items()):
            finder: object = adapter
            if not isinstance(finder, FindsByEmail | FindsByMobile):
                continue
            if self._silent.get(workspace, 0.0) > self._clock.now().timestamp():
                continue
            try:
                await self._ask(finder, workspace, organisation)
            except DeliveryFailed as failure:
                pause = max(failure.retry_after or 0.0, AFTER_FAILURE)
                self._silent[workspace] = self._clock.now().timestamp() + pause
                log.info("directory_waits", workspace=workspace, why=failure.detail, seconds=pause)

    async def _ask(
        self, finder: FindsByEmail | FindsByMobile, workspace: WorkspaceId, organisation: Organisation
    ) -> None:
        for account in self._unknown(workspace, organisation):
            if not account.phone and not isinstance(finder, FindsByEmail):
                continue
            user = await who_is(finder, account)
            self._asked[workspace, account.email] = self._clock.now().timestamp()
            if user is not None:
                await self._link(ChatLink(workspace, user, account.id))
            await self._clock.sleep(PAUSE)

    def _unknown(self, workspace: WorkspaceId, organisation: Organisation) -> list[Account]:
        known = organisation.users_in(workspace)
        lately = self._clock.now().timestamp() - ASK_AGAIN
        return [
            account
            for account in organisation.people.accounts.values()
            if account.active
            and account.id not in known
            and self._asked.get((workspace, account.email), lately) <= lately
        ]

    async def _link(self, link: ChatLink) -> None:
        async def work(connection: Connection) -> None:
            await definitions.add_link(connection, link)

        await self._database.transact(work)
        log.info("linked_by_directory", workspace=link.workspace, account=link.account)
