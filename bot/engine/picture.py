"""The organisation as this process knows it: read again whenever what is configured has changed."""

from bot.domain.organisation import Organisation
from bot.domain.people import People
from storage import definitions
from storage.database import Connection


class Picture:
    """Keeps the last organisation that was read."""

    def __init__(self) -> None:
        self._known = Organisation(revision=-1, people=People())

    async def current(self, connection: Connection) -> Organisation:
        """Return the organisation as it is in this transaction; one small query when nothing has changed."""
        if await definitions.revision(connection) != self._known.revision:
            self._known = await definitions.organisation(connection)
        return self._known
