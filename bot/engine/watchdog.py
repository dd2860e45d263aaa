"""The checker: looks for what must not be, mends what it can, and tells of it.

It runs in every worker and needs no agreement between them: each looks at the same rows, mends under the incident's
lock, and tells of a trouble by one key. What it looks for is found by an index, so a round costs what is wrong, and a
portion of the open incidents. Its own silence is watched in `bot.engine.pulse`.
"""

from collections import Counter
from collections.abc import Collection, Coroutine, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Protocol

import structlog

from bot.clock import Clock
from bot.domain import dead, trouble
from bot.domain.adrift import is_adrift, resumed
from bot.domain.dead import Dead
from bot.domain.flow import rules_of
from bot.domain.incident import Entry, IncidentId, Record
from bot.domain.organisation import Organisation
from bot.domain.people import WorkspaceId
from bot.domain.trouble import Check, Trouble, key_of
from bot.engine import metrics
from bot.engine.apply import apply
from bot.engine.connections import Status
from bot.engine.lookout import Lookout, beat_of, connected
from bot.engine.picture import Picture
from bot.engine.pulse import EVERY, WATCHDOG
from bot.engine.rollcall import RollCall
from bot.engine.troubles import Troubles
from storage import incidents, watch
from storage.database import Connection, Database, is_away

# What has been late for less than this may be on its way.
PATIENCE: Final = timedelta(seconds=60)
MOST_MENDED: Final = 200
PORTION: Final = 500
# Reading incidents keeps the event loop busy: so many at once, a few milliseconds.
AT_ONCE: Final = 100
MOST_UNREADABLE: Final = 100
# Of a number that the database can hold.
_DIGITS: Final = 18
# What is settled while a round is made is seen in the next one, and a refusal is counted for a while.
LOOK_BACK: Final = timedelta(minutes=5)
MENDED: Final = "The checker found that the stored state of this incident contradicted itself, and put it right."

log = structlog.get_logger(__name__)


class Mend(Protocol):
    """Mends one incident in a transaction."""

    def __call__(self, connection: Connection, *, number: IncidentId) -> Coroutine[None, None, None]:
        """Return what is to be awaited."""
        ...


class Watchdog:
    """Makes the rounds."""

    def __init__(
        self,
        database: Database,
        picture: Picture,
        troubles: Troubles,
        statuses: Mapping[WorkspaceId, Status],
        clock: Clock,
    ) -> None:
        self._database = database
        self._picture = picture
        self._troubles = troubles
        self._statuses = statuses
        self._clock = clock
        self._lookout = Lookout()
        self._roll_call = RollCall()
        self._suspected: set[str] = set()
        self._adrift_after = IncidentId(0)
        self._mark: watch.Mark | None = None
        self._unreadable: set[IncidentId] = set()

    async def run(self) -> None:
        """Make a round every half minute, for ever."""
        while True:
            await self._clock.sleep(EVERY)
            try:
                await self.round()
            except Exception as error:  # noqa: BLE001 - A database that is away comes back; the checker must still be there then.
                log.error("watchdog_failed", error=type(error).__name__, detail=str(error)[:200])

    async def round(self) -> None:
        """Look everywhere once, tell of what was found, and leave a heartbeat."""
        organisation = await self._database.read(self._picture.current)
        certain = [*await self._adrift(), *await self._stored()]
        suspected = await self._late(organisation)
        # The first look may fall on a moment after a stop, or after the clock was moved; the second one does not.
        certain += [one for one in suspected if one.key in self._suspected]
        self._suspected = {one.key for one in suspected}
        beats = await self._database.read(watch.beats)
        certain += self._lookout.look(self._statuses, beats)
        chats = await self._dead(organisation, beats.get(WATCHDOG))
        certain += chats.found
        missing = self._roll_call.look(organisation, self._clock.now())
        certain += missing.found
        _count(certain)
        over = _judged(organisation, self._statuses) | missing.over | chats.over
        await self._troubles.agree(certain, over - self._suspected)
        names = [WATCHDOG, *map(beat_of, connected(self._statuses))]
        now = self._clock.now()
        await self._database.transact(partial(watch.beat, names=names, now=now))
        metrics.WATCHDOG_LAST.set(now.timestamp())

    # ---- incidents without a next step -------------------------------------------------------------------------------

    async def _adrift(self) -> Sequence[Trouble]:
        """Find the incidents that have no next step, and let each go on."""
        after = self._adrift_after
        found = await self._database.read(partial(watch.adrift, after=after, most=MOST_MENDED))
        if after and not found:
            found = await self._database.read(partial(watch.adrift, after=IncidentId(0), most=MOST_MENDED))
        # What cannot be mended must not keep the checker from what stands behind it.
        self._adrift_after = found[-1] if len(found) == MOST_MENDED else IncidentId(0)
        for number in found:
            await self._carefully(number, self._resume)
        return [trouble.adrift(found)] if found else []

    async def _resume(self, connection: Connection, *, number: IncidentId) -> None:
        """Let one incident go on, if it still is adrift."""
        organisation = await self._picture.current(connection)
        now = self._clock.now()
        for incident in (await incidents.lock(connection, [number])).values():
            if not is_adrift(incident):
                await incidents.update(connection, [incident])
                continue
            made = resumed(incident, rules_of(incident, organisation), now)
            await incidents.update(connection, [made.incident])
            await apply(connection, [(made.incident, made.effects)], (), organisation, now)
            log.error("incident_was_adrift", incident=number, due=str(made.incident.due), idle=made.incident.idle)

    # ---- what is late ------------------------------------------------------------------------------------------------

    async def _late(self, organisation: Organisation) -> list[Trouble]:
        """Find what nobody does though its time has come."""
        now = self._clock.now()
        before = now - PATIENCE

        async def work(connection: Connection) -> list[Trouble]:
            found: list[Trouble] = []
            if (late := await watch.overdue(connection, before)) is not None:
                first = await incidents.due_ids(connection, before, trouble.MOST_NAMED)
                found.append(trouble.overdue(late.count, now - late.since, first))
            if (late := await watch.unreclaimed(connection, before)) is not None:
                found.append(trouble.unreclaimed(late.count, now - late.since))
            for workspace, pages in (await watch.unsent(connection, now, PATIENCE)).items():
                known = organisation.workspaces.get(workspace)
                name = known.name if known is not None else str(workspace)
                found.append(trouble.unsent(name, pages.count, now - pages.since))
            return found

        return await self._database.read(work)

    # ---- chats that take nothing any more ----------------------------------------------------------------------------

    async def _dead(self, organisation: Organisation, looked: datetime | None) -> Dead:
        """Judge the chats to which something was sent since any process has `looked`."""
        now = self._clock.now()
        since = min(looked or now, now) - LOOK_BACK
        newest = await self._database.read(partial(watch.newest_in_chats, since=since))
        return dead.judge(organisation, newest, await self._troubles.standing_keys(Check.DEAD))

    # ---- whether what is stored is right -----------------------------------------------------------------------------

    async def _stored(self) -> list[Trouble]:
        """Read the next portion of the open incidents, and once more those that could not be read."""
        differing: list[IncidentId] = []
        again = await self._database.read(partial(watch.compared, incidents=await self._known_unreadable()))
        unreadable = set(again.unreadable)
        for _ in range(PORTION // AT_ONCE):
            portion = await self._database.read(partial(watch.portion, after=self._mark, most=AT_ONCE))
            unreadable.update(portion.unreadable)
            differing += portion.differing
            self._mark = portion.last
            if portion.last is None:
                break
        mended = [number for number in differing if await self._carefully(number, self._store_again)]
        self._unreadable = set(sorted(unreadable)[:MOST_UNREADABLE])
        found = [trouble.differs(mended)] if mended else []
        return [*found, trouble.unreadable(sorted(unreadable))] if unreadable else found

    async def _known_unreadable(self) -> Collection[IncidentId]:
        """Return those found before, by this process or by another: its alert names them."""
        key = key_of(Check.UNREADABLE)
        standing = (await self._troubles.standing([key])).get(key, [])
        named = (one.alert.labels.get("incidents", "") for one in standing)
        numbers = (word.strip("#,") for words in named for word in words.split() if word.startswith("#"))
        return self._unreadable | {
            IncidentId(int(number)) for number in numbers if number.isdecimal() and len(number) <= _DIGITS
        }

    async def _store_again(self, connection: Connection, *, number: IncidentId) -> None:
        """Let the columns of one incident follow it again."""
        for incident in (await incidents.lock(connection, [number])).values():
            await incidents.update(connection, [incident])
            said = Record(Entry.COMMENTED, said={"text": MENDED})
            await incidents.record(connection, [(number, self._clock.now(), said)])
            log.error("incident_differed", incident=number)

    async def _carefully(self, number: IncidentId, mend: Mend) -> bool:
        """Mend one incident, and return whether that was done. The others must not hang on this one."""
        try:
            await self._database.transact(partial(mend, number=number))
        except Exception as error:
            if is_away(error):
                raise
            log.error("incident_not_mended", incident=number, error=type(error).__name__)
            # Whether it can be read at all is seen next.
            self._unreadable.add(number)
            return False
        return True


def _judged(organisation: Organisation, statuses: Mapping[WorkspaceId, Status]) -> set[str]:
    """Return the keys of the troubles of which this process knows whether they stand."""
    workspaces = organisation.workspaces.values()
    simple = (Check.ADRIFT, Check.OVERDUE, Check.UNRECLAIMED, Check.DIFFERS, Check.UNREADABLE)
    judged = {key_of(check) for check in simple}
    judged |= {key_of(Check.UNSENT, workspace.name) for workspace in workspaces}
    # Whoever has a workspace connected knows that it is not dark; whoever has not, knows nothing of the others.
    judged |= {key_of(Check.DARK, statuses[one].name) for one in connected(statuses)}
    return judged | {key_of(Check.DARK, workspace.name) for workspace in workspaces if not workspace.active}


def _count(found: Sequence[Trouble]) -> None:
    counts = Counter({str(check): 0 for check in Check if check is not Check.SILENT})
    for one in found:
        counts[str(one.check)] += one.count
    for kind, count in counts.items():
        metrics.WATCHDOG_FINDINGS.labels(kind=kind).set(count)
        if count:
            log.error("watchdog_found", kind=kind, count=count)
