"""Adding responders: others are told now, beside those who have the incident, and everything else goes on.

Whoever a schedule has on call at that moment is added; who comes on call later is not.
"""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.frozen import replace
from bot.domain.incident import (
    ADDED,
    AddResponder,
    Entry,
    Incident,
    Notify,
    Reason,
    Record,
    Refresh,
    Refused,
    Responder,
    Rules,
    Step,
)
from bot.domain.people import Target, TargetKind


def add(incident: Incident, action: AddResponder, rules: Rules, now: datetime) -> Step | Refused:
    """Return the incident with more responders. Who is one already is told nothing more, and is named as such."""
    people = rules.people
    named = people.resolve(action.targets)
    has_it = {responder.account for responder in incident.responders}
    new = tuple(account for account in named if account not in has_it)
    already = ", ".join(people.accounts[account].name for account in named if account in has_it)
    if already and not new:
        return Refused(Reason.RESPONDERS_ALREADY)
    if not people.can_be_told(new):
        return tells_nobody(action.targets, rules, now)
    said: dict[str, str | int] = {"to": ", ".join(people.accounts[account].name for account in new)}
    if already:
        said["already"] = already
    responders = incident.responders + tuple(Responder(account, None, now) for account in new)
    more = replace(incident, version=incident.version + 1, responders=responders)
    record = Record(Entry.ADDED, action.by, said)
    return Step(more, (record, Notify(incident.level, ADDED, new, ()), Refresh(prompt=True)))


def tells_nobody(targets: Sequence[Target], rules: Rules, now: datetime) -> Refused:
    """Return why an incident is given to nobody of `targets`: none can be told, or nobody is on call now."""
    by_schedule = any(target.kind is TargetKind.SCHEDULE for target in targets)
    if not by_schedule or rules.people.resolve(targets):
        return Refused(Reason.NOBODY)
    return Refused(Reason.NOBODY_ON_CALL, coming=rules.people.next_duty(targets, now))
