"""Oncard's own troubles are alerts like any other: told through the front door, once, and recovered when they are over.

What is known of a trouble is its alert in the database: so any number of processes say the same, and a process that has
just begun knows what stands. A trouble of a trouble's own messages has the same key, and is told once too.
"""

import uuid
from collections.abc import Collection, Iterable, Sequence

import structlog

from bot.clock import Clock
from bot.domain.event import Event
from bot.domain.incident import ChannelId
from bot.domain.organisation import OWN_NAME, UNCONFIGURED, Organisation
from bot.domain.trouble import Check, Standing, Trouble, is_to_be_said, recovery, report
from bot.engine.ingest import Ingest, Report
from bot.engine.picture import Picture
from storage import watch
from storage.database import Connection, Database, is_away

log = structlog.get_logger(__name__)


class Troubles:
    """Tells of Oncard's own troubles."""

    def __init__(self, database: Database, picture: Picture, ingest: Ingest, clock: Clock) -> None:
        self._database = database
        self._picture = picture
        self._ingest = ingest
        self._clock = clock

    async def standing(self, keys: Collection[str]) -> dict[str, list[Standing]]:
        """Return the alerts of these troubles that have not recovered."""

        async def work(connection: Connection) -> dict[str, list[Standing]]:
            organisation = await self._picture.current(connection)
            return await watch.standing(connection, own_channels(organisation), keys)

        return await self._database.read(work)

    async def standing_keys(self, check: Check) -> set[str]:
        """Return the keys of a check's alerts that have not recovered, whatever they are about."""

        async def work(connection: Connection) -> set[str]:
            organisation = await self._picture.current(connection)
            return await watch.standing_keys(connection, own_channels(organisation), check)

        return await self._database.read(work)

    async def agree(self, found: Sequence[Trouble], over: Iterable[str]) -> None:
        """Let the alerts say what was found: tell of each trouble, unless it stands already; let go of those `over`.

        Raises what the database raises when it is away.
        """
        gone = set(over) - {trouble.key for trouble in found}
        known = await self.standing(gone | {trouble.key for trouble in found})
        organisation = await self._database.read(self._picture.current)
        for trouble in found:
            if is_to_be_said(trouble, known.get(trouble.key, ()), self._clock.now()):
                log.error("trouble", trouble=trouble.key, title=trouble.title, description=trouble.description)
                await self._take(organisation.own_channel, report(trouble))
        for key in sorted(gone & known.keys()):
            log.info("trouble_over", trouble=key)
            for channel in {one.alert.channel for one in known[key]}:
                await self._take(channel, recovery(key))

    async def _take(self, channel: ChannelId, event: Event) -> None:
        """Take one event in. What the others say must not hang on this one."""
        try:
            await self._ingest.take(Report(uuid.uuid4().hex, None, channel, (event,), self._clock.now()))
        except Exception as error:
            if is_away(error):
                raise
            log.error("trouble_not_told", trouble=event.alert_key, error=type(error).__name__, detail=str(error)[:200])


def own_channels(organisation: Organisation) -> set[ChannelId]:
    """Return where alerts of Oncard's own may stand: one that was removed may hold some too."""
    return {UNCONFIGURED} | {one.id for one in organisation.channels.values() if one.name == OWN_NAME}
