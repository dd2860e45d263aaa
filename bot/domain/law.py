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

from bot.domain.adding import add, tells_nobody
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
    EndAlerts,
    Entry,
    Escalate,
    Fact,
    Happening,
    Idle,
    Incident,
    IncidentId,
    Progress,
    Reason,
    Reassign,
    Record,
    Recover,
    Refresh,
    Refused,
    Reopen,
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
from bot.domain.levels import (
    HELD,
    enter,
    enter_again,
    enter_by_hand,
    is_held_too_long,
    leave,
    level_of,
    stands,
    turn_again,
    without_rule,
)
from bot.domain.moves import after, changed, cleared, ended, moved, not_assigned, triggered
from bot.domain.undo import remembered, take_back


def start(incident: Incident, rules: Rules, now: datetime) -> Step:
    """Return a new incident on its first level. `incident` is as it was opened: no level entered."""
    opened = Step(incident, (_opened(incident.facts),))
    if not rules.delay or not rules.levels:
        return after(opened, enter(incident, 0, rules, now))
    # It waits before the first level; what recovers meanwhile has told nobody.
    until = now + rules.delay
    waits = Step(
        changed(replace(incident, escalate_at=until)), (Record(Entry.DELAYED, said={"until": until.isoformat()}),)
    )
    return after(opened, waits)


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
    goes_on_at = _goes_on_at(incident, level_of(incident, rules), now)
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
    return Step(moved(taken), effects)


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
    given_back = moved(triggered(incident))
    said = Step(given_back, (Record(Entry.UNACKNOWLEDGED, action.by),))
    return after(said, enter_again(given_back, rules, now))


def _close(incident: Incident, action: Close, rules: Rules, now: datetime) -> Step:
    del rules  # Closing depends on nobody.
    resolution = cut(action.resolution.strip(), COMMENT_LIMIT)
    said = {"resolution": resolution} if resolution else {}
    closed = replace(ended(incident, Deed(action.by, now)), resolution=resolution)
    record = Record(Entry.CLOSED, action.by, said)
    return Step(closed, (Withdraw(Entry.CLOSED, cards=True), record, EndAlerts(), Refresh(prompt=True)))


def _reopen(incident: Incident, action: Reopen, rules: Rules, now: datetime) -> Step:
    opened = moved(replace(not_assigned(triggered(incident)), closed=None, recovered=False, resolution=""))
    said = Step(opened, (Record(Entry.REOPENED, action.by), ReviveAlerts()))
    return after(said, enter(opened, 0, rules, now))


def _escalate(incident: Incident, action: Escalate, rules: Rules, now: datetime) -> Step | Refused:
    wanted = incident.level + 1 if action.level is None else action.level
    if not 0 <= wanted < len(rules.levels):
        return Refused(Reason.NO_FURTHER_LEVEL if action.level is None else Reason.NO_SUCH_LEVEL)
    called = moved(triggered(incident))
    said = Step(called, (Record(Entry.ESCALATED, action.by, {"level": wanted + 1}),))
    return after(said, enter(called, wanted, rules, now))


def _snooze(incident: Incident, action: Snooze, rules: Rules, now: datetime) -> Step | Refused:
    del rules  # Whom the silence concerns is asked when it ends.
    if action.until <= now:
        return Refused(Reason.SNOOZE_IN_THE_PAST)
    if action.until - now > LONGEST_SNOOZE:
        return Refused(Reason.SNOOZE_TOO_LONG)
    quiet = replace(incident, repeat_at=None, escalate_at=None, snoozed_until=action.until, idle=None)
    record = Record(Entry.SNOOZED, action.by, {"until": action.until.isoformat()})
    return Step(changed(quiet), (Withdraw(Entry.SNOOZED), record, Refresh(prompt=True)))


def _reassign(incident: Incident, action: Reassign, rules: Rules, now: datetime) -> Step | Refused:
    accounts = rules.people.resolve(action.targets)
    if not rules.people.can_be_told(accounts):
        return tells_nobody(action.targets, rules, now)
    given = replace(moved(triggered(incident)), assigned=action.targets, climbs=action.escalation, responders=())
    names = ", ".join(rules.people.accounts[account].name for account in accounts)
    said = Step(given, (Withdraw(Entry.REASSIGNED), Record(Entry.REASSIGNED, action.by, {"to": names})))
    return after(said, enter_by_hand(given, rules, now))


def _comment(incident: Incident, action: Comment, rules: Rules, now: datetime) -> Step | Refused:
    del rules, now  # A comment moves nothing.
    text = cut(action.text.strip(), COMMENT_LIMIT)
    if not text:
        return Refused(Reason.EMPTY_COMMENT)
    return Step(changed(incident), (Record(Entry.COMMENTED, action.by, {"text": text}), Refresh(prompt=True)))


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
    became = changed(replace(incident, facts=event.facts))
    if before is after:
        return Step(became, (Refresh(prompt=False),))
    record = Record(Entry.SEVERITY, said={"from": str(before), "to": str(after)})
    return Step(became, (record, Refresh(prompt=False)))


def _recover(incident: Incident, event: Recover, now: datetime) -> Step:
    if not incident.is_open:
        return Step(changed(replace(incident, facts=event.facts, undo=None)))
    over = replace(ended(incident, Deed(Actor(), now)), facts=event.facts, recovered=True)
    return Step(over, (Withdraw(Entry.RECOVERED, cards=True), Record(Entry.RECOVERED), Refresh(prompt=False)))


def _tick(incident: Incident, rules: Rules, now: datetime) -> Step:
    due = incident.due
    if due is None or not incident.is_open or (due > now and not is_held_too_long(incident, rules, now)):
        return Step(incident)
    on_time = due if due <= now <= due + PUNCTUAL else now
    if incident.snoozed_until is not None:
        awake = moved(triggered(incident))
        return after(Step(awake, (Record(Entry.SNOOZE_OVER),)), enter_again(awake, rules, on_time))
    if incident.escalate_at is not None and incident.escalate_at <= now:
        return leave(incident, rules, on_time)
    level = level_of(incident, rules)
    if level is None or incident.turn == HELD or not stands(incident, rules):
        return enter(cleared(not_assigned(incident)), incident.level, rules, on_time)
    return turn_again(incident, level, rules, on_time)


def _undelivered(incident: Incident, event: Undelivered) -> Step:
    return Step(changed(incident), (event.record, Refresh(prompt=False)))


def _unreachable(incident: Incident, event: Unreachable, rules: Rules, now: datetime) -> Step:
    """Go on at once, unless somebody has acted or the level has moved on by itself meanwhile."""
    stands = (incident.level, incident.turn) == (event.level, event.turn)
    # A level that was entered after the acknowledgement tells people too, and nobody has acted on that.
    waits = incident.progress is Progress.TRIGGERED or incident.turned > incident.moved
    is_over = incident.snoozed_until is not None or incident.idle in (Idle.EXHAUSTED, Idle.NO_RULE)
    if is_over or not (stands and waits):
        return Step(incident)
    if not rules.levels:
        return without_rule(cleared(incident))
    said = Step(incident, (Record(Entry.LEVEL_FAILED, said={"level": event.level + 1}), Announce(Entry.LEVEL_FAILED)))
    return after(said, enter(cleared(incident), incident.level + 1, rules, now))
