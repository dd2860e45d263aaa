"""The organisation as this process knows it: read again whenever what is configured has changed.

Decisions are made from the picture of their own transaction. Only the front door, which must know whose key it is
before there is a transaction, is content with one that is at most `STALE` old.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bot.config import holidays
from bot.domain.fallback import DEADLINE
from bot.domain.organisation import Integration, Organisation
from bot.domain.people import People
from storage import definitions
from storage.database import Connection, Database
from storage.definitions import Keys

STALE: Final = timedelta(seconds=1)


class Picture:
    """Keeps the last organisation that was read."""

    def __init__(self, now: Callable[[], datetime], deadline: timedelta = DEADLINE) -> None:
        """Take what tells the time, and within which time a way to somebody must be accepted."""
        self._now = now
        self._deadline = deadline
        self._known = Organisation(revision=-1, people=People())
        self._keys: Keys = {}
        self._seen_at: datetime | None = None

    @property
    def deadline(self) -> timedelta:
        """Within which time a way to somebody must be accepted: no matter of what is configured in the database."""
        return self._deadline

    async def current(self, connection: Connection, revision: int | None = None) -> Organisation:
        """Return the organisation as it is in this transaction and at this instant.

        One small query when nothing has changed; none for who has just read the `revision`.
        """
        # Others may read it anew at the same time, in other threads: what is returned is what was looked at here.
        known = self._known
        if revision is None:
            revision = await definitions.revision(connection)
        if revision != known.revision:
            read = await definitions.organisation(connection)
            known = replace(read, deadline=self._deadline, national=holidays.national)
            # After it: keys that are newer than the picture's own revision are read again with it.
            self._keys = await definitions.keys(connection)
            self._known = known
        return known.at(self._now())

    async def integration(self, database: Database, digest: str, now: datetime) -> Integration | None:
        """Return the integration whose key has this digest. A key that is not known yet is looked for at once."""
        is_stale = self._seen_at is None or not timedelta() <= now - self._seen_at < STALE
        if is_stale or digest not in self._keys:
            # Before the reading: what changes meanwhile is seen the next time.
            self._seen_at = now
            await database.read(self.current)
        number = self._keys.get(digest)
        return self._known.integrations.get(number) if number is not None else None
