"""The law of an incident: `step` alone decides what an incident becomes, and what follows from it.

    Triggered --acknowledge--> Processing --close, recover--> Closed --reopen--> Triggered
        ^----unacknowledge, snooze over, escalate, reassign----'

1. `step(incident, event, rules, now)` reads nothing else, changes nothing, and returns a new incident with the effects
   that follow, or `Refused` with a reason that a person can be told.
2. Every open incident that is not acknowledged has a next instant (`due`) or says why not (`idle`).
3. A tick that comes early, late or twice does no harm. A late tick goes on from the present: a level that was due an
   hour ago is entered now and has its whole time; turns that were missed are folded into one.
4. A level notifies when it is entered, and then once for each turn of its loop, until somebody acknowledges or the next
   level takes its place. A level that reaches nobody is passed at once. After the last level the incident is exhausted,
   once.
5. `version` grows with each change. A click from a card older than the last move is explained, never carried out.
6. Assigned by hand, an incident stays with those it was given to until it climbs. When none of them can be told any
   more, its level takes over: nothing waits for people who have left.
7. For a minute, whoever acted can take it back: `bot.domain.undo`.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, overload

from bot.domain.adding import add
from bot.domain.escalation import Level, Unless
from bot.domain.event import cut
from bot.domain.facts import Facts
from bot.domain.frozen import replace
from bot.domain.incident import (
    COMMENT_LIMIT,
    LONGEST_SNOOZE,
    PUNCTUAL,
    Acknowledge,
    Action,
    Actor,
    AddResponder,
    Announce,
    Change,
    Close,
    Comment,
    Deed,
    Effect,
    EndAlerts,
    Entry,
    Escalate,
    Fact,
    Happening,
    Idle,
    Incident,
    IncidentId,
    Notify,
    Progress,
    Reason,
    Reassign,
    Record,
    Recover,
    Refresh,
    Refused,
    Reopen,
    Responder,
    ReviveAlerts,
    Rules,
    Snooze,
    Step,
    Tick,
    Unacknowledge,
    Undelivered,
    Undo,
    Unreachable,
    Withdraw,
)
from bot.domain.undo import remembered, take_back


def start(incident: Incident, rules: Rules, now: datetime) -> Step:
    """Return a new incident on its first level. `incident` is as it was opened: no level entered."""
    return _after(Step(incident, (_opened(incident.facts),)), _enter(incident, 0, rules, now))


def start_like(started: Step, number: IncidentId, facts: Facts) -> Step:
    """Return the start of another incident of the same channel, by the same rules, at the same instant.

    Whom the first level tells does not depend on what the incident is about.
    """
    return Step(replace(started.incident, id=number, facts=facts), (_opened(facts), *started.effects[1:]))


def _opened(facts: Facts) -> Record:
    return Record(Entry.OPENED, said={"title": facts.title, "severity": str(facts.severity)})


@overload
def step(incident: Incident, event: Fact, rules: Rules, now: datetime) -> Step: ...


@overload
def step(incident: Incident, event: Happening, rules: Rules, now: datetime) -> Step | Refused: ...


def step(incident: Incident, event: Happening, rules: Rules, now: datetime) -> Step | Refused:
    """Return what `event` makes of the incident, or why it is refused. The only way in which an incident changes."""
    if isinstance(event, Tick):
        return _tick(incident, rules, now)
    if isinstance(event, Unreachable):
        return _unreachable(incident, event, rules, now)
    if isinstance(event, Undelivered):
        return _undelivered(incident, event)
    if isinstance(event, Change):
        return _change(incident, event)
    if isinstance(event, Recover):
        return _recover(incident, event, now)
    if isinstance(event, Undo):
        return take_back(incident, event, rules, now)
    made = _hindrance(incident, event) or _ACTIONS[type(event)](incident, event, rules, now)
    return made if isinstance(made, Refused) else remembered(incident, event, made, now)


def _hindrance(incident: Incident, action: Action) -> Refused | None:
    """Return why the state forbids the action. An old click is told what has happened since."""
    if isinstance(action, Comment):
        return None
    if isinstance(action, Reopen):
        return Refused(Reason.NOT_CLOSED) if incident.is_open else _if_stale(incident, action)
    if not incident.is_open:
        return Refused(Reason.ALREADY_RECOVERED if incident.recovered else Reason.ALREADY_CLOSED, incident.closed)
    if isinstance(action, Acknowledge) and incident.progress is Progress.PROCESSING:
        return Refused(Reason.ALREADY_ACKNOWLEDGED, incident.acknowledged)
    if isinstance(action, Unacknowledge) and incident.progress is not Progress.PROCESSING:
        return Refused(Reason.NOT_ACKNOWLEDGED)
    return _if_stale(incident, action)


def _if_stale(incident: Incident, action: Action) -> Refused | None:
    last_move = incident.turned if isinstance(action, Escalate) else incident.moved
    if action.seen is None or action.seen >= last_move:
        return None
    return Refused(Reason.STALE, incident.acknowledged)


def _acknowledge(incident: Incident, action: Acknowledge, rules: Rules, now: datetime) -> Step:
    goes_on_at = _goes_on_at(incident, _level(incident, rules), now)
    taken = replace(
        incident,
        progress=Progress.PROCESSING,
        acknowledged=Deed(action.by, now),
        repeat_at=None,
        escalate_at=goes_on_at,
        snoozed_until=None,
        idle=None if goes_on_at is not None else Idle.ACKNOWLEDGED,
    )
    effects = (Withdraw(Entry.ACKNOWLEDGED), Record(Entry.ACKNOWLEDGED, action.by), Refresh(prompt=True))
    return Step(_moved(taken), effects)


def _goes_on_at(incident: Incident, level: Level | None, now: datetime) -> datetime | None:
    """Return when the level is left though somebody acknowledged: only where it says `unless: closed`.

    A snooze has stopped the level's time; who acknowledges ends the snooze, and the time begins anew.
    """
    if level is None or level.unless is Unless.ACKNOWLEDGED:
        return None
    if incident.snoozed_until is None:
        return incident.escalate_at
    return now + level.escalate_after if incident.climbs and incident.exhausted_at is None else None


def _unacknowledge(incident: Incident, action: Unacknowledge, rules: Rules, now: datetime) -> Step:
    given_back = _moved(_triggered(incident))
    said = Step(given_back, (Record(Entry.UNACKNOWLEDGED, action.by),))
    return _after(said, _enter_again(given_back, rules, now))


def _close(incident: Incident, action: Close, rules: Rules, now: datetime) -> Step:
    del rules  # Closing depends on nobody.
    resolution = cut(action.resolution.strip(), COMMENT_LIMIT)
    said = {"resolution": resolution} if resolution else {}
    closed = replace(_ended(incident, Deed(action.by, now)), resolution=resolution)
    record = Record(Entry.CLOSED, action.by, said)
    return Step(closed, (Withdraw(Entry.CLOSED, cards=True), record, EndAlerts(), Refresh(prompt=True)))


def _reopen(incident: Incident, action: Reopen, rules: Rules, now: datetime) -> Step:
    opened = _moved(replace(_not_assigned(_triggered(incident)), closed=None, recovered=False, resolution=""))
    said = Step(opened, (Record(Entry.REOPENED, action.by), ReviveAlerts()))
    return _after(said, _enter(opened, 0, rules, now))


def _escalate(incident: Incident, action: Escalate, rules: Rules, now: datetime) -> Step | Refused:
    wanted = incident.level + 1 if action.level is None else action.level
    if not 0 <= wanted < len(rules.levels):
        return Refused(Reason.NO_FURTHER_LEVEL if action.level is None else Reason.NO_SUCH_LEVEL)
    called = _moved(_triggered(incident))
    said = Step(called, (Record(Entry.ESCALATED, action.by, {"level": wanted + 1}),))
    return _after(said, _enter(called, wanted, rules, now))


def _snooze(incident: Incident, action: Snooze, rules: Rules, now: datetime) -> Step | Refused:
    del rules  # Whom the silence concerns is asked when it ends.
    if action.until <= now:
        return Refused(Reason.SNOOZE_IN_THE_PAST)
    if action.until - now > LONGEST_SNOOZE:
        return Refused(Reason.SNOOZE_TOO_LONG)
    quiet = replace(incident, repeat_at=None, escalate_at=None, snoozed_until=action.until, idle=None)
    record = Record(Entry.SNOOZED, action.by, {"until": action.until.isoformat()})
    return Step(_changed(quiet), (Withdraw(Entry.SNOOZED), record, Refresh(prompt=True)))


def _reassign(incident: Incident, action: Reassign, rules: Rules, now: datetime) -> Step | Refused:
    accounts = rules.people.resolve(action.targets)
    if not rules.people.can_be_told(accounts):
        return Refused(Reason.NOBODY)
    given = replace(_moved(_triggered(incident)), assigned=action.targets, climbs=action.escalation, responders=())
    names = ", ".join(rules.people.accounts[account].name for account in accounts)
    said = Step(given, (Withdraw(Entry.REASSIGNED), Record(Entry.REASSIGNED, action.by, {"to": names})))
    return _after(said, _enter_by_hand(given, rules, now))


def _comment(incident: Incident, action: Comment, rules: Rules, now: datetime) -> Step | Refused:
    del rules, now  # A comment moves nothing.
    text = cut(action.text.strip(), COMMENT_LIMIT)
    if not text:
        return Refused(Reason.EMPTY_COMMENT)
    return Step(_changed(incident), (Record(Entry.COMMENTED, action.by, {"text": text}), Refresh(prompt=True)))


_ACTIONS: Final[Mapping[type, Callable[..., Step | Refused]]] = {
    Acknowledge: _acknowledge,
    Unacknowledge: _unacknowledge,
    Close: _close,
    Reopen: _reopen,
    Escalate: _escalate,
    Snooze: _snooze,
    Reassign: _reassign,
    AddResponder: add,
    Comment: _comment,
}


def _change(incident: Incident, event: Change) -> Step:
    if event.facts == incident.facts:
        return Step(incident)
    before, after = incident.facts.severity, event.facts.severity
    changed = _changed(replace(incident, facts=event.facts))
    if before is after:
        return Step(changed, (Refresh(prompt=False),))
    record = Record(Entry.SEVERITY, said={"from": str(before), "to": str(after)})
    return Step(changed, (record, Refresh(prompt=False)))


def _recover(incident: Incident, event: Recover, now: datetime) -> Step:
    if not incident.is_open:
        return Step(_changed(replace(incident, facts=event.facts, undo=None)))
    over = replace(_ended(incident, Deed(Actor(), now)), facts=event.facts, recovered=True)
    return Step(over, (Withdraw(Entry.RECOVERED, cards=True), Record(Entry.RECOVERED), Refresh(prompt=False)))


def _tick(incident: Incident, rules: Rules, now: datetime) -> Step:
    due = incident.due
    if due is None or due > now or not incident.is_open:
        return Step(incident)
    on_time = due if now - due <= PUNCTUAL else now
    if incident.snoozed_until is not None:
        awake = _moved(_triggered(incident))
        return _after(Step(awake, (Record(Entry.SNOOZE_OVER),)), _enter_again(awake, rules, on_time))
    if incident.escalate_at is not None and incident.escalate_at <= now:
        return _leave(incident, rules, on_time)
    level = _level(incident, rules)
    if level is None or not _stands(incident, level, rules):
        return _enter(_cleared(_not_assigned(incident)), incident.level, rules, on_time)
    return _turn(incident, level, rules, on_time)


def _undelivered(incident: Incident, event: Undelivered) -> Step:
    return Step(_changed(incident), (event.record, Refresh(prompt=False)))


def _unreachable(incident: Incident, event: Unreachable, rules: Rules, now: datetime) -> Step:
    """Go on at once, unless somebody has acted or the level has moved on by itself meanwhile."""
    stands = (incident.level, incident.turn) == (event.level, event.turn)
    # A level that was entered after the acknowledgement tells people too, and nobody has acted on that.
    waits = incident.progress is Progress.TRIGGERED or incident.turned > incident.moved
    is_over = incident.snoozed_until is not None or incident.idle in (Idle.EXHAUSTED, Idle.NO_RULE)
    if is_over or not (stands and waits):
        return Step(incident)
    if not rules.levels:
        return _without_rule(_cleared(incident))
    said = Step(incident, (Record(Entry.LEVEL_FAILED, said={"level": event.level + 1}), Announce(Entry.LEVEL_FAILED)))
    return _after(said, _enter(_cleared(incident), incident.level + 1, rules, now))


# ---- levels ------------------------------------------------------------------------------------------------------


def _enter(incident: Incident, index: int, rules: Rules, now: datetime) -> Step:
    """Enter the level, or the first after it that reaches somebody; none is left: exhausted, or never had a rule."""
    if not rules.levels:
        return _without_rule(incident)
    passed: tuple[Effect, ...] = ()
    for number, level in enumerate(rules.levels[index:], start=index):
        if _reaches_somebody(level, rules):
            entered = replace(_turned(incident), level=number, turn=0, assigned=(), climbs=True)
            return _after(Step(incident, passed), _notify(_timed(entered, level, rules, now), rules, now))
        passed += (Record(Entry.LEVEL_EMPTY, said={"level": number + 1}),)
    return _after(Step(incident, passed), _exhausted(incident, rules, now))


def _enter_again(incident: Incident, rules: Rules, now: datetime) -> Step:
    """Notify the level where the incident stands as if it had just come there; assigned by hand, it stays so."""
    if rules.people.can_be_told(rules.people.resolve(incident.assigned)):
        return _enter_by_hand(incident, rules, now)
    return _enter(_not_assigned(incident), _index(incident, rules), rules, now)


def _enter_by_hand(incident: Incident, rules: Rules, now: datetime) -> Step:
    """Notify those to whom the incident was assigned, in the place of the level where it stands."""
    given = replace(incident, level=_index(incident, rules), turn=0)
    level = _level(given, rules)
    if level is None or not given.climbs:
        return _notify(replace(given, idle=Idle.BY_HAND), rules, now)
    return _notify(_timed(given, level, rules, now), rules, now)


def _leave(incident: Incident, rules: Rules, now: datetime) -> Step:
    """Go on to the next level. It takes the place of a turn that has come too; where none follows, the turn is told."""
    onward = _enter(_cleared(incident), incident.level + 1, rules, now)
    level = _level(incident, rules)
    has_turn = incident.repeat_at is not None and incident.repeat_at <= now
    is_last = onward.incident.idle is Idle.EXHAUSTED
    if level is None or not (has_turn and is_last and _stands(incident, level, rules)):
        return onward
    turned = _turn(incident, level, rules, now)
    return _after(turned, _enter(_cleared(turned.incident), incident.level + 1, rules, now))


def _turn(incident: Incident, level: Level, rules: Rules, now: datetime) -> Step:
    """Notify the level once more."""
    again = replace(_changed(incident), turn=incident.turn + 1, repeat_at=_next_turn(incident, level, now))
    return _notify(again, rules, now)


def _without_rule(incident: Incident) -> Step:
    stands = replace(_changed(incident), idle=Idle.NO_RULE)
    return Step(stands, (Record(Entry.NO_RULE), Announce(Entry.NO_RULE), Refresh(prompt=False)))


def _exhausted(incident: Incident, rules: Rules, now: datetime) -> Step:
    """Nobody is left. The incident stays on the last level that told anybody: it is the one to notify again."""
    level = min(incident.level, len(rules.levels) - 1)
    last = replace(_cleared(_turned(incident)), level=level, idle=Idle.EXHAUSTED, exhausted_at=now)
    return Step(last, (Record(Entry.EXHAUSTED), Announce(Entry.EXHAUSTED), Refresh(prompt=False)))


def _notify(incident: Incident, rules: Rules, now: datetime) -> Step:
    """Tell everybody on the level where the incident stands, as it is staffed at this moment."""
    level = _level(incident, rules) or Level()
    accounts = rules.people.resolve(incident.assigned or level.targets)
    chats = () if incident.assigned else level.chats
    by_level = None if incident.assigned else incident.level
    before = {responder.account: responder for responder in incident.responders}
    since = {account: before[account].since if account in before else now for account in accounts}
    responders = before | {account: Responder(account, by_level, since[account]) for account in accounts}
    told = Notify(incident.level, incident.turn, accounts, chats, level.methods)
    said: dict[str, str | int] = {"level": incident.level + 1, "turn": incident.turn + 1}
    names = ", ".join(rules.people.accounts[account].name for account in accounts)
    record = Record(Entry.NOTIFIED, said={**said, "to": names} if names else said)
    return Step(replace(incident, responders=tuple(responders.values())), (record, told, Refresh(prompt=False)))


def _timed(incident: Incident, level: Level, rules: Rules, now: datetime) -> Incident:
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


def _level(incident: Incident, rules: Rules) -> Level | None:
    return rules.levels[incident.level] if 0 <= incident.level < len(rules.levels) else None


def _index(incident: Incident, rules: Rules) -> int:
    """Return where the incident stands: on the first level before it has entered any, on the last of a shorter rule."""
    return min(max(incident.level, 0), len(rules.levels) - 1)


def _stands(incident: Incident, level: Level, rules: Rules) -> bool:
    """Whether those who are told on the level, or those it was assigned to by hand instead, can still be told."""
    if not incident.assigned:
        return _reaches_somebody(level, rules)
    return rules.people.can_be_told(rules.people.resolve(incident.assigned))


def _reaches_somebody(level: Level, rules: Rules) -> bool:
    return bool(level.chats) or rules.people.can_be_told(rules.people.resolve(level.targets))


# ---- small moves -------------------------------------------------------------------------------------------------


def _changed(incident: Incident) -> Incident:
    return replace(incident, version=incident.version + 1)


def _turned(incident: Incident) -> Incident:
    """The level changed: an Escalate from a card that shows the old one is stale."""
    version = incident.version + 1
    return replace(incident, version=version, turned=version)


def _moved(incident: Incident) -> Incident:
    """Progress changed: a click from a card that shows the old one is stale."""
    version = incident.version + 1
    return replace(incident, version=version, moved=version, turned=version)


def _cleared(incident: Incident) -> Incident:
    return replace(incident, repeat_at=None, escalate_at=None, snoozed_until=None, idle=None)


def _not_assigned(incident: Incident) -> Incident:
    return replace(incident, assigned=(), climbs=True)


def _triggered(incident: Incident) -> Incident:
    return replace(_cleared(incident), progress=Progress.TRIGGERED, acknowledged=None, exhausted_at=None)


def _ended(incident: Incident, deed: Deed) -> Incident:
    return _moved(replace(_cleared(incident), progress=Progress.CLOSED, closed=deed, idle=Idle.CLOSED))


def _after(first: Step, then: Step) -> Step:
    return Step(then.incident, first.effects + then.effects)
