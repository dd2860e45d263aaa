"""Schedules: who is on call at an instant, and the shifts between two.

Roles are independent of each other. Within a role later layers lie on top of earlier ones while they are on duty, and
overrides on top of all layers, later ones on earlier ones. What is on duty hides what is below it; a layer, a group or
an override of nobody hides nobody. An override may stand in for one person alone: then it changes nothing while that
person is not on duty. Where nobody is left there is a gap: the fallback is on duty then, another schedule first, and
accounts where that has nobody either. Schedules may refer to each other: a loop ends in a gap.

Instants are aware UTC datetimes, and everything lasts up to its end without it. `on_call` and `shifts` are one
computation: at each instant they say the same. What is written in local time follows the rules of `wall_clock`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from itertools import dropwhile
from typing import Final, NewType
from zoneinfo import ZoneInfo

from bot.domain.people import AccountId
from bot.domain.rotation import PRIMARY, Group, Layer, Piece, pieces

ScheduleId = NewType("ScheduleId", int)

LOOKAHEAD: Final = timedelta(days=366)
"""How far ahead the end of a gap, or the next hand-over, is looked for."""

NOTICE: Final = timedelta(minutes=10)
"""So long before a hand-over whoever comes on duty is told, unless the schedule says otherwise."""


class Origin(StrEnum):
    """What put somebody on duty."""

    LAYER = "layer"
    OVERRIDE = "override"
    FALLBACK = "fallback"


@dataclass(frozen=True, slots=True)
class Source:
    """From where somebody is on duty.

    `name`: the layer's, why the override was made, or the schedule's that somebody was fallen back on. `number`: which
    layer or override of the schedule, from 0.
    """

    origin: Origin
    name: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class Override:
    """A temporary change: accounts, or a rotation of their own, in a role between two instants.

    `replaces`: it stands in for this person alone. A rotation's own role is not used.
    """

    start: datetime
    end: datetime
    accounts: Group = ()
    rotation: Layer | None = None
    role: str = PRIMARY
    replaces: AccountId | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Fallback:
    """Who is on duty where nobody else is: whoever another schedule says, and if that is nobody, these accounts."""

    accounts: Group = ()
    schedule: ScheduleId | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """Who is on call, by layers of rotations and changes on top. `timezone`: IANA. Not `active`: nobody ever is.

    `notice`: so long before a hand-over whoever comes on duty is told; 0: they are not.
    """

    id: ScheduleId
    name: str
    timezone: str = "UTC"
    layers: tuple[Layer, ...] = ()
    overrides: tuple[Override, ...] = ()
    fallback: Fallback | None = None
    active: bool = True
    notice: timedelta = NOTICE

    @property
    def zone(self) -> ZoneInfo:
        """Return the zone in which the schedule is read."""
        return ZoneInfo(self.timezone)


Find = Callable[[ScheduleId], Schedule | None]
"""How a schedule finds the one that it falls back on; None: it is gone."""


@dataclass(frozen=True, slots=True)
class Post:
    """Somebody who is on duty, and from where."""

    account: AccountId
    source: Source


@dataclass(frozen=True, slots=True)
class OnDuty:
    """Somebody who is on duty at an instant. `until`: when that ends; None: not within `LOOKAHEAD`."""

    account: AccountId
    role: str
    source: Source
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Shift:
    """Some time in which one role has the same people from the same sources; nobody: a gap."""

    start: datetime
    end: datetime
    role: str
    posts: tuple[Post, ...]

    @property
    def accounts(self) -> Group:
        """Return who is on duty."""
        return tuple(post.account for post in self.posts)


def nowhere(_: ScheduleId) -> None:
    """Find no schedule: for one that falls back on accounts alone, or on nobody."""


def roles(schedule: Schedule) -> tuple[str, ...]:
    """Return the roles of a schedule, in the order in which its layers and then its overrides name them."""
    named = dict.fromkeys([layer.role for layer in schedule.layers] + [change.role for change in schedule.overrides])
    return tuple(named) or (PRIMARY,)


def on_call(schedule: Schedule, at: datetime, find: Find = nowhere) -> tuple[OnDuty, ...]:
    """Return who is on duty at an instant, in the order of the roles. `find`: where schedules to fall back on are."""
    if not schedule.active:
        return ()
    found = ((role, *_at(_View(schedule, role, find), at)) for role in roles(schedule))
    return tuple(OnDuty(post.account, role, post.source, until) for role, posts, until in found for post in posts)


def shifts(schedule: Schedule, start: datetime, end: datetime, find: Find = nowhere) -> tuple[Shift, ...]:
    """Return who is on duty between two instants: shifts by their start, then by role; of one role none overlap.

    Those that began before or end after are cut. A hand-over to the same person begins a new shift.
    """
    return tuple(shift for shift in timeline(schedule, start, end, find) if shift.posts)


def timeline(schedule: Schedule, start: datetime, end: datetime, find: Find = nowhere) -> tuple[Shift, ...]:
    """Return the shifts between two instants and the gaps, which are shifts of nobody: each role without a hole."""
    if not schedule.active:
        return ()
    found = [shift for role in roles(schedule) for shift in _between(_View(schedule, role, find), start, end)]
    return tuple(sorted(found, key=lambda shift: shift.start))


def walk(schedule: Schedule, role: str, start: datetime, end: datetime, find: Find = nowhere) -> Iterator[Shift]:
    """Yield the shifts and gaps of one role, each when it is asked for, so that whoever looks for one may stop."""
    return _between(_View(schedule, role, find), start, end)


@dataclass(frozen=True, slots=True)
class _View:
    """One role of a schedule, and on which schedules it may still fall back: on none that was `passed` on the way."""

    schedule: Schedule
    role: str
    find: Find
    passed: frozenset[ScheduleId] = frozenset()

    def fallback(self) -> "_View | None":
        """Return what takes over in a gap: the same role of another schedule or, where it has none, its first."""
        wanted = self.schedule.fallback.schedule if self.schedule.fallback else None
        passed = self.passed | {self.schedule.id}
        other = self.find(wanted) if wanted is not None and wanted not in passed else None
        if other is None or not other.active:
            return None
        known = roles(other)
        return _View(other, self.role if self.role in known else known[0], self.find, passed)

    def last_resort(self) -> tuple[Post, ...]:
        """Return who is on duty where nobody else is."""
        accounts = self.schedule.fallback.accounts if self.schedule.fallback else ()
        return tuple(Post(account, Source(Origin.FALLBACK, self.schedule.name)) for account in accounts)


@dataclass(frozen=True, slots=True)
class _Stratum:
    """A layer or an override, as the pieces of time that it has between two instants."""

    source: Source
    pieces: Callable[[datetime, datetime], Iterator[Piece]]
    replaces: AccountId | None = None


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Some time in which nothing changes. `base`: what hides all that is below it, and when its piece began."""

    start: datetime
    end: datetime
    base: tuple[Source, datetime] | None = None
    posts: tuple[Post, ...] = ()


def _at(view: _View, at: datetime) -> tuple[tuple[Post, ...], datetime | None]:
    """Return who is on duty at an instant, and until when; until None: it is a gap without an end in sight.

    What lies below whatever is on duty is not looked at, and what lies above only for as long as that lasts.
    """
    moment = at + timedelta.resolution
    base: Source | None = None
    horizon = limit = at + LOOKAHEAD
    for stratum in reversed(_strata(view, at, moment)):
        piece = next(stratum.pieces(at, moment), None)
        if piece is not None and stratum.replaces is None:
            base, limit = stratum.source, piece.end
            break
    strata = list(dropwhile(lambda one: base not in (None, one.source), _strata(view, at, limit)))
    stretch = next(_stretches(strata, at, limit))
    if stretch.posts:
        return stretch.posts, stretch.end
    until = stretch.end if stretch.end < horizon else None
    other = view.fallback()
    if other is not None:
        posts, ends = _at(other, at)
        until = min((end for end in (until, ends) if end is not None), default=None)
        if posts:
            return _from(other, posts), until
    return view.last_resort(), until


def _between(view: _View, start: datetime, end: datetime) -> Iterator[Shift]:
    for stretch in _stretches(_strata(view, start, end), start, end):
        if stretch.posts:
            yield Shift(stretch.start, stretch.end, view.role, stretch.posts)
            continue
        other = view.fallback()
        if other is None:
            yield Shift(stretch.start, stretch.end, view.role, view.last_resort())
            continue
        for shift in _between(other, stretch.start, stretch.end):
            posts = _from(other, shift.posts) if shift.posts else view.last_resort()
            yield Shift(shift.start, shift.end, view.role, posts)


def _from(other: _View, posts: tuple[Post, ...]) -> tuple[Post, ...]:
    return tuple(Post(post.account, Source(Origin.FALLBACK, other.schedule.name)) for post in posts)


def _strata(view: _View, start: datetime, end: datetime) -> list[_Stratum]:
    """Return what lies on each other in a role, from the bottom, of what is not over at `start` or after `end`."""
    schedule = view.schedule
    layers = [
        _Stratum(Source(Origin.LAYER, layer.name, number), partial(pieces, layer, schedule.timezone))
        for number, layer in enumerate(schedule.layers)
        if layer.role == view.role
    ]
    return layers + [
        _Stratum(
            Source(Origin.OVERRIDE, change.why, number), partial(_changed, change, schedule.timezone), change.replaces
        )
        for number, change in enumerate(schedule.overrides)
        if change.role == view.role and change.end > start and change.start < end
    ]


def _changed(change: Override, timezone: str, start: datetime, end: datetime) -> Iterator[Piece]:
    """Yield when an override has somebody on duty between two instants."""
    start, end = max(start, change.start), min(end, change.end)
    if start >= end:
        return
    if change.rotation is None:
        if change.accounts:
            yield Piece(change.start, change.end, change.accounts)
        return
    for piece in pieces(change.rotation, timezone, start, end):
        yield Piece(max(piece.start, change.start), min(piece.end, change.end), piece.accounts, piece.turn)


def _stretches(strata: Sequence[_Stratum], start: datetime, end: datetime) -> Iterator[_Stretch]:
    """Yield what the strata amount to between two instants, without a hole; neighbours differ."""
    streams = [(stratum, stratum.pieces(start, end)) for stratum in strata]
    current = [(stratum, stream, next(stream, None)) for stratum, stream in streams]
    last: _Stretch | None = None
    cursor = start
    while cursor < end:
        current = [
            (stratum, stream, next(stream, None) if piece and piece.end <= cursor else piece)
            for stratum, stream, piece in current
        ]
        ahead = [piece for _, _, piece in current if piece is not None]
        cut = min([piece.end if piece.start <= cursor else piece.start for piece in ahead] + [end])
        base, posts = _amount([(one, piece) for one, _, piece in current if piece and piece.start <= cursor])
        if last is not None and (last.base, last.posts) == (base, posts):
            last = _Stretch(last.start, cut, base, posts)
        else:
            if last is not None:
                yield last
            last = _Stretch(cursor, cut, base, posts)
        cursor = cut
    if last is not None:
        yield last


def _amount(active: Sequence[tuple[_Stratum, Piece]]) -> tuple[tuple[Source, datetime] | None, tuple[Post, ...]]:
    """Return what is on top of all that is on duty at one instant, and who is on duty by it."""
    base: tuple[Source, datetime] | None = None
    posts: dict[AccountId, Post] = {}
    for stratum, piece in active:
        own = {account: Post(account, stratum.source) for account in piece.accounts}
        if stratum.replaces is None:
            base, posts = (stratum.source, piece.start), own
        elif stratum.replaces in posts:
            rest = {account: post for account, post in posts.items() if account != stratum.replaces}
            posts = own | rest
    return base, tuple(posts.values())
