"""Levels: how an incident enters one, tells whom it names, and goes on to the next.

1. A level notifies when it is entered, and then once for each turn of its loop, until somebody acknowledges or the next
   level takes its place. After the last level the incident is exhausted, once.
2. A level that reaches nobody is passed at once, unless it says otherwise: it may be held until somebody is on duty
   (`turn` is -1 so long), or tell everybody who must know when nobody else does. Whoever comes on duty sooner than was
   known, because the schedule was changed, is told then.
3. Assigned by hand, an incident stays with those it was given to until it climbs. When none of them can be told any
   more, its level takes over: nothing waits for people who have left.
"""

from datetime import datetime

from bot.domain.escalation import Level, Unless, WhenNobody
from bot.domain.frozen import replace
from bot.domain.incident import (
    Announce,
    Effect,
    Entry,
    Idle,
    Incident,
    Notify,
    Progress,
    Record,
    Refresh,
    Responder,
    Rules,
    Step,
)
from bot.domain.moves import after, changed, cleared, not_assigned, turned
from bot.domain.people import AccountId

HELD = -1
"""The turn of a level that waits until somebody is on duty."""


def enter(incident: Incident, index: int, rules: Rules, now: datetime) -> Step:
    """Enter the level, or the first after it that reaches somebody; none is left: exhausted, or never had a rule."""
    if not rules.levels:
        return without_rule(incident)
    passed: tuple[Effect, ...] = ()
    for number, level in enumerate(rules.levels[index:], start=index):
        if reaches_somebody(number, rules):
            entered = replace(turned(incident), level=number, turn=0, assigned=(), climbs=True)
            return after(Step(incident, passed), notify(timed(entered, level, rules, now), rules, now))
        coming = rules.people.next_duty(level.targets, now) if level.when_nobody is WhenNobody.HOLD else None
        if coming is not None:
            return after(Step(incident, passed), _hold(incident, number, coming.at))
        passed += (Record(Entry.LEVEL_EMPTY, said={"level": number + 1}),)
    return after(Step(incident, passed), _exhausted(incident, rules, now))


def _hold(incident: Incident, number: int, until: datetime) -> Step:
    """Wait on the level until somebody is on duty: nobody is told before."""
    held = replace(
        turned(incident),
        level=number,
        turn=HELD,
        repeat_at=until,
        escalate_at=None,
        idle=None,
        assigned=(),
        climbs=True,
    )
    said: dict[str, str | int] = {"level": number + 1, "until": until.isoformat()}
    return Step(held, (Record(Entry.LEVEL_HELD, said=said), Refresh(prompt=False)))


def is_held_too_long(incident: Incident, rules: Rules, now: datetime) -> bool:
    """Whether it waits until somebody is on duty, and by what was changed meanwhile somebody is, or will be sooner."""
    level = level_of(incident, rules)
    if level is None or incident.turn != HELD or incident.repeat_at is None or incident.snoozed_until is not None:
        return False
    coming = rules.people.next_duty(level.targets, now)
    return reaches_somebody(incident.level, rules) or (coming is not None and coming.at < incident.repeat_at)


def enter_again(incident: Incident, rules: Rules, now: datetime) -> Step:
    """Notify the level where the incident stands as if it had just come there; assigned by hand, it stays so."""
    if rules.people.can_be_told(rules.people.resolve(incident.assigned)):
        return enter_by_hand(incident, rules, now)
    return enter(not_assigned(incident), index_of(incident, rules), rules, now)


def enter_by_hand(incident: Incident, rules: Rules, now: datetime) -> Step:
    """Notify those to whom the incident was assigned, in the place of the level where it stands."""
    given = replace(incident, level=index_of(incident, rules), turn=0)
    level = level_of(given, rules)
    if level is None or not given.climbs:
        return notify(replace(given, idle=Idle.BY_HAND), rules, now)
    return notify(timed(given, level, rules, now), rules, now)


def leave(incident: Incident, rules: Rules, now: datetime) -> Step:
    """Go on to the next level. It takes the place of a turn that has come too; where none follows, the turn is told."""
    onward = enter(cleared(incident), incident.level + 1, rules, now)
    level = level_of(incident, rules)
    has_turn = incident.repeat_at is not None and incident.repeat_at <= now
    is_last = onward.incident.idle is Idle.EXHAUSTED
    if level is None or not (has_turn and is_last and stands(incident, rules)):
        return onward
    told = turn_again(incident, level, rules, now)
    return after(told, enter(cleared(told.incident), incident.level + 1, rules, now))


def turn_again(incident: Incident, level: Level, rules: Rules, now: datetime) -> Step:
    """Notify the level once more."""
    again = replace(changed(incident), turn=incident.turn + 1, repeat_at=_next_turn(incident, level, now))
    return notify(again, rules, now)


def without_rule(incident: Incident) -> Step:
    """Leave it where it is: nobody is told by any rule, and those who must know hear of that."""
    standing = replace(changed(incident), idle=Idle.NO_RULE)
    return Step(standing, (Record(Entry.NO_RULE), Announce(Entry.NO_RULE), Refresh(prompt=False)))


def _exhausted(incident: Incident, rules: Rules, now: datetime) -> Step:
    """Nobody is left. The incident stays on the last level that told anybody: it is the one to notify again."""
    level = min(incident.level, len(rules.levels) - 1)
    last = replace(cleared(turned(incident)), level=level, idle=Idle.EXHAUSTED, exhausted_at=now)
    return Step(last, (Record(Entry.EXHAUSTED), Announce(Entry.EXHAUSTED), Refresh(prompt=False)))


def notify(incident: Incident, rules: Rules, now: datetime) -> Step:
    """Tell everybody on the level where the incident stands, as it is staffed at this moment."""
    effects = _told(incident, rules)
    by_level = None if incident.assigned else incident.level
    responders = {responder.account: responder for responder in incident.responders}
    for account in effects[1].accounts:
        since = responders[account].since if account in responders else now
        responders[account] = Responder(account, by_level, since)
    return Step(replace(incident, responders=tuple(responders.values())), effects)


def _told(incident: Incident, rules: Rules) -> tuple[Record, Notify, Refresh]:
    """Return what telling comes to: the same for all who stand there, unless they were assigned to others by hand."""
    if incident.assigned:
        return _telling(incident, rules)
    known_as = incident.level, incident.turn
    told = rules.told.get(known_as)
    if told is None:
        told = rules.told[known_as] = _telling(incident, rules)
    return told


def _telling(incident: Incident, rules: Rules) -> tuple[Record, Notify, Refresh]:
    level = level_of(incident, rules) or Level()
    accounts = told_by(incident, level, rules)
    chats = () if incident.assigned else level.chats
    told = Notify(incident.level, incident.turn, accounts, chats, level.methods)
    said: dict[str, str | int] = {"level": incident.level + 1, "turn": incident.turn + 1}
    names = ", ".join(rules.people.accounts[account].name for account in accounts)
    return Record(Entry.NOTIFIED, said={**said, "to": names} if names else said), told, Refresh(prompt=False)


def timed(incident: Incident, level: Level, rules: Rules, now: datetime) -> Incident:
    """Set the timers of the level where the incident stands, as entered now.

    The last level also waits for the last turn of its loop, and as long after it. What is acknowledged already needs no
    loop, and goes on only where the level says `unless: closed`.
    """
    if incident.progress is Progress.PROCESSING and level.unless is Unless.ACKNOWLEDGED:
        return replace(incident, repeat_at=None, escalate_at=None, idle=Idle.ACKNOWLEDGED)
    is_looping = level.repeat is not None and level.repeat.times > 0 and incident.progress is Progress.TRIGGERED
    loop = level.repeat if is_looping else None
    wait = level.escalate_after
    if loop is not None and incident.level == len(rules.levels) - 1:
        wait = max(wait, loop.every * (loop.times + 1))
    repeat_at = now + loop.every if loop is not None else None
    return replace(incident, repeat_at=repeat_at, escalate_at=now + wait, idle=None, exhausted_at=None)


def _next_turn(incident: Incident, level: Level, now: datetime) -> datetime | None:
    if level.repeat is None or incident.turn + 1 >= level.repeat.times:
        return None
    return now + level.repeat.every


def told_by(incident: Incident, level: Level, rules: Rules) -> tuple[AccountId, ...]:
    """Return whom the level tells as it is staffed at this moment, or whom the incident was assigned to instead."""
    named = rules.people.resolve(incident.assigned or level.targets)
    if incident.assigned or level.chats or rules.people.can_be_told(named):
        return named
    return rules.catch_all if level.when_nobody is WhenNobody.CATCH_ALL else named


def level_of(incident: Incident, rules: Rules) -> Level | None:
    """Return the level where the incident stands; None: on none."""
    return rules.levels[incident.level] if 0 <= incident.level < len(rules.levels) else None


def index_of(incident: Incident, rules: Rules) -> int:
    """Return where the incident stands: on the first level before it has entered any, on the last of a shorter rule."""
    return min(max(incident.level, 0), len(rules.levels) - 1)


def stands(incident: Incident, rules: Rules) -> bool:
    """Whether those who are told on its level, or those it was assigned to by hand instead, can still be told."""
    if not incident.assigned:
        return reaches_somebody(incident.level, rules)
    return rules.people.can_be_told(rules.people.resolve(incident.assigned))


def reaches_somebody(number: int, rules: Rules) -> bool:
    """Whether the level of this number (from 0) tells a chat, or anybody who can be told."""
    reaches = rules.reached.get(number)
    if reaches is None:
        level = rules.levels[number]
        catches = level.when_nobody is WhenNobody.CATCH_ALL and rules.people.can_be_told(rules.catch_all)
        named = rules.people.resolve(level.targets)
        reaches = rules.reached[number] = bool(level.chats) or catches or rules.people.can_be_told(named)
    return reaches
