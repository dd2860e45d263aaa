"""Adding responders: others are told now, beside those who have the incident, and everything else goes on."""

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
        return Refused(Reason.NOBODY)
    said: dict[str, str | int] = {"to": ", ".join(people.accounts[account].name for account in new)}
    if already:
        said["already"] = already
    responders = incident.responders + tuple(Responder(account, None, now) for account in new)
    more = replace(incident, version=incident.version + 1, responders=responders)
    record = Record(Entry.ADDED, action.by, said)
    return Step(more, (record, Notify(incident.level, ADDED, new, ()), Refresh(prompt=True)))
