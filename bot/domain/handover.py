"""Hand-overs: who comes on duty when, whom to tell of it, and what follows until somebody says: I have the pager.

Whoever comes on duty is given notice some time before, once, and asked to confirm. Who does not is reminded by another
way. Who still has not when the shift begins is named to those who hand over and to the backup, so that one of them can
keep it; where there is neither, to the team and the admins. Whatever is decided later shows on every message in place.

What was done is remembered by its instant, so a late, early or repeated tick does nothing twice. A notice that comes
late, because we were away or the shift was made at short notice, leaves the same time to answer as one in time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.domain.frozen import replace
from bot.domain.people import AccountId
from bot.domain.rotation import Group
from bot.domain.schedule import ScheduleId
from bot.domain.takeover import LATEST, Crew, Takeover

PATIENCE: Final = timedelta(minutes=5)
"""So long before the hand-over somebody who has not confirmed is reminded; of a short notice, half of it."""

KEPT_FOR: Final = timedelta(hours=1)
"""For so long somebody keeps the pager who says so."""


class Stage(StrEnum):
    """How far a hand-over has come."""

    PLANNED = "planned"
    NOTICED = "noticed"
    REMINDED = "reminded"
    TOLD = "told"
    CONFIRMED = "confirmed"
    KEPT = "kept"
    WITHDRAWN = "withdrawn"
    PASSED = "passed"


class Occasion(StrEnum):
    """On which occasion somebody is told: each is a message of its own, and the same person gets it once."""

    NOTICE = "notice"
    REMINDER = "reminder"
    OUTGOING = "outgoing"
    BACKUP = "backup"
    OTHERS = "others"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class Kept:
    """Somebody keeps the pager, or takes it, in the place of the one who has not confirmed."""

    by: AccountId
    at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Paged:
    """Somebody has called the backup."""

    by: AccountId
    at: datetime


@dataclass(frozen=True, slots=True)
class Handover:
    """One hand-over to one person, and when what was done about it. `version` grows with every change."""

    takeover: Takeover
    version: int = 1
    noticed_at: datetime | None = None
    reminded_at: datetime | None = None
    told_at: datetime | None = None
    confirmed_at: datetime | None = None
    kept: Kept | None = None
    paged: Paged | None = None
    withdrawn_at: datetime | None = None
    passed: bool = False

    @property
    def stage(self) -> Stage:
        """Return how far it has come."""
        ways = (
            (self.withdrawn_at is not None, Stage.WITHDRAWN),
            (self.kept is not None, Stage.KEPT),
            (self.confirmed_at is not None, Stage.CONFIRMED),
            (self.passed, Stage.PASSED),
            (self.told_at is not None, Stage.TOLD),
            (self.reminded_at is not None, Stage.REMINDED),
            (self.noticed_at is not None, Stage.NOTICED),
        )
        return next((stage for holds, stage in ways if holds), Stage.PLANNED)

    @property
    def due(self) -> datetime | None:
        """Return when somebody must look; None: never, unless somebody acts."""
        if self.stage not in (Stage.PLANNED, Stage.NOTICED, Stage.REMINDED):
            return None
        if self.noticed_at is None:
            return self.takeover.at - self.takeover.notice
        return self._tell_at(self.noticed_at) if self.reminded_at is not None else self._remind_at(self.noticed_at)

    @property
    def ends(self) -> datetime | None:
        """Return when the last of its roles ends; None: not in sight."""
        ends = [part.until for part in self.takeover.parts]
        return max((one for one in ends if one is not None), default=None) if None not in ends else None

    @property
    def deciders(self) -> Group:
        """Return who may decide what to do when nobody has confirmed."""
        crew = self.takeover.crew
        return (*crew.outgoing, *crew.backups, *crew.others)

    def _patience(self) -> timedelta:
        return min(PATIENCE, self.takeover.notice / 2)

    def _tell_at(self, noticed_at: datetime) -> datetime:
        return max(self.takeover.at, noticed_at + self._patience())

    def _remind_at(self, noticed_at: datetime) -> datetime:
        return max(self._tell_at(noticed_at) - self._patience(), noticed_at + self._patience() / 2)

    def is_too_late(self, now: datetime) -> bool:
        """Whether it is over for so long that nobody is told of it any more."""
        return now > max(self.takeover.at, self.noticed_at or self.takeover.at) + LATEST


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The schedules say this of it now."""

    takeover: Takeover


@dataclass(frozen=True, slots=True)
class Gone:
    """The schedules know nothing of it any more, or it is over again."""


@dataclass(frozen=True, slots=True)
class Confirm:
    """Somebody has the pager."""

    by: AccountId


@dataclass(frozen=True, slots=True)
class Keep:
    """Somebody keeps the pager for a while, or takes it."""

    by: AccountId


@dataclass(frozen=True, slots=True)
class CallBackup:
    """Somebody wants the backup to be called."""

    by: AccountId


@dataclass(frozen=True, slots=True)
class News:
    """Something else that its messages show has changed."""


Event = Tick | Seen | Gone | Confirm | Keep | CallBackup | News


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell these people, each once on this occasion."""

    occasion: Occasion
    to: Group


@dataclass(frozen=True, slots=True)
class Refresh:
    """Let every message show how it stands now."""


@dataclass(frozen=True, slots=True)
class Cover:
    """Put somebody in the place of the one who has not confirmed, in all roles, between two instants."""

    by: AccountId
    start: datetime
    end: datetime


Effect = Tell | Refresh | Cover


class Why(StrEnum):
    """Why something cannot be done."""

    NOT_YOURS = "not_yours"
    ALREADY_CONFIRMED = "already_confirmed"
    KEPT = "kept"
    WITHDRAWN = "withdrawn"
    OVER = "over"
    NO_BACKUP = "no_backup"
    ALREADY_CALLED = "already_called"


@dataclass(frozen=True, slots=True)
class Step:
    """What has become of the hand-over, and what is to be done."""

    handover: Handover
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """It is not done, for this reason; nothing changes."""

    why: Why


def step(handover: Handover, event: Event, now: datetime) -> Step | Refused:
    """Return what follows from an event. Only what people ask for is ever refused."""
    match event:
        case Tick():
            return _tick(handover, now)
        case Seen():
            return _seen(handover, event.takeover, now)
        case Gone():
            return _gone(handover, now)
        case Confirm():
            return _confirm(handover, event.by, now)
        case Keep():
            return _keep(handover, event.by, now)
        case CallBackup():
            return _call_backup(handover, event.by, now)
    return Step(_changed(handover), (Refresh(),)) if handover.noticed_at is not None else Step(handover)


def _tick(handover: Handover, now: datetime) -> Step:
    due, takeover = handover.due, handover.takeover
    if due is None or now < due:
        return Step(handover)
    if handover.is_too_late(now):
        return Step(_changed(handover, passed=True))
    if handover.noticed_at is None:
        return Step(_changed(handover, noticed_at=now), (Tell(Occasion.NOTICE, (takeover.account,)),))
    effects: list[Effect] = []
    changed = handover
    if changed.reminded_at is None:
        changed = _changed(changed, reminded_at=now)
        effects.append(Tell(Occasion.REMINDER, (takeover.account,)))
    due = changed.due
    if due is not None and now >= due:
        changed = _changed(changed, told_at=now)
        effects += _told(takeover.crew)
    return Step(changed, (*effects, Refresh()))


def _told(crew: Crew) -> Iterator[Tell]:
    if crew.outgoing:
        yield Tell(Occasion.OUTGOING, crew.outgoing)
    if crew.backups:
        yield Tell(Occasion.BACKUP, crew.backups)
    if not (crew.outgoing or crew.backups):
        yield Tell(Occasion.OTHERS, crew.others)


def _seen(handover: Handover, takeover: Takeover, now: datetime) -> Step:
    """Take what the schedules say; what was withdrawn goes on where it was, and nobody gets a second notice.

    Whoever has confirmed before the shift is asked again for what has been added since: of that they do not know.
    """
    known = handover.takeover
    if known == takeover and handover.withdrawn_at is None:
        return Step(handover)
    has_more = not _roles(takeover) <= _roles(known)
    confirmed_at = None if has_more and now < takeover.at else handover.confirmed_at
    return Step(_changed(handover, takeover=takeover, withdrawn_at=None, confirmed_at=confirmed_at), (Refresh(),))


def _roles(takeover: Takeover) -> set[tuple[ScheduleId, str]]:
    return {(part.schedule, part.role) for part in takeover.parts}


def _gone(handover: Handover, now: datetime) -> Step:
    """Withdraw it, unless it has been settled who has the pager, and the shift has begun."""
    is_settled = handover.stage in (Stage.CONFIRMED, Stage.PASSED) and now >= handover.takeover.at
    if handover.stage in (Stage.WITHDRAWN, Stage.KEPT) or is_settled:
        return Step(handover)
    return Step(_changed(handover, withdrawn_at=now), (Refresh(),))


def _confirm(handover: Handover, by: AccountId, now: datetime) -> Step | Refused:
    if by != handover.takeover.account:
        return Refused(Why.NOT_YOURS)
    why = _settled(handover, now)
    if why is not None:
        return Refused(why)
    return Step(_changed(handover, confirmed_at=now), (Refresh(),))


def _keep(handover: Handover, by: AccountId, now: datetime) -> Step | Refused:
    if handover.told_at is None or by not in handover.deciders:
        return Refused(Why.NOT_YOURS)
    why = _settled(handover, now)
    if why is not None:
        return Refused(why)
    start = max(handover.takeover.at, now)
    ends = handover.ends
    until = min(start + KEPT_FOR, ends) if ends is not None else start + KEPT_FOR
    return Step(_changed(handover, kept=Kept(by, now, until)), (Cover(by, start, until), Refresh()))


def _call_backup(handover: Handover, by: AccountId, now: datetime) -> Step | Refused:
    backups = handover.takeover.crew.backups
    if handover.told_at is None or by not in handover.deciders or by in backups:
        return Refused(Why.NOT_YOURS)
    why = _settled(handover, now)
    if why is not None:
        return Refused(why)
    if not backups:
        return Refused(Why.NO_BACKUP)
    if handover.paged is not None:
        return Refused(Why.ALREADY_CALLED)
    return Step(_changed(handover, paged=Paged(by, now)), (Tell(Occasion.PAGE, backups), Refresh()))


def _settled(handover: Handover, now: datetime) -> Why | None:
    """Return why nothing is to be decided any more; None: it is."""
    ends = handover.ends
    if handover.stage is Stage.WITHDRAWN:
        return Why.WITHDRAWN
    if handover.stage is Stage.KEPT:
        return Why.KEPT
    if handover.stage is Stage.CONFIRMED:
        return Why.ALREADY_CONFIRMED
    return Why.OVER if ends is not None and now >= ends else None


def _changed(handover: Handover, **changes: object) -> Handover:
    return replace(handover, version=handover.version + 1, **changes)  # type: ignore[arg-type]
