"""Taking back: for a minute, whoever acted can have the incident handled as it was before, to the second.

1. Only the last deed can be taken back, and only by who did it: not after somebody else has acted, nor after the
   incident has gone on by itself. A comment, and what the alerts say, stand in nobody's way.
2. Everything of `Handling` is as it was. What fell due meanwhile is due at once.
3. What the deed withdrew goes out after all; what it would have told people, and has not yet, goes out no more.
4. Who was added is left out again, and everything else stays: the level has gone on beside them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import datetime
from operator import attrgetter
from typing import Any, Final

from bot.domain.escalation import Level
from bot.domain.frozen import replace
from bot.domain.incident import (
    UNDO_WITHIN,
    Action,
    Comment,
    Deed,
    Effect,
    EndAlerts,
    Entry,
    Handling,
    Incident,
    Progress,
    Reason,
    Record,
    Refresh,
    Refused,
    ReviveAlerts,
    Rules,
    SendAgain,
    Step,
    Undo,
    Undoable,
    Withdraw,
)
from bot.domain.levels import level_of, told_by
from bot.domain.people import AccountId

_NAMES: Final = tuple(field.name for field in fields(Handling))
_VALUES: Final = attrgetter(*_NAMES)
_WITHDREW: Final = (Entry.ACKNOWLEDGED, Entry.CLOSED, Entry.SNOOZED, Entry.REASSIGNED)
_TOLD: Final = (Entry.UNACKNOWLEDGED, Entry.REOPENED, Entry.ESCALATED, Entry.REASSIGNED)


def handling(incident: Incident) -> Handling:
    """Return how the incident is handled."""
    return Handling(**_handling(incident))


def remembered(before: Incident, action: Action, made: Step, now: datetime) -> Step:
    """Return the step of a person's action with what it takes to take it back; it shows at once: somebody waits for it.

    A comment leaves what could be taken back before.
    """
    if isinstance(action, Comment):
        return made
    entry = next(effect.entry for effect in made.effects if isinstance(effect, Record) and effect.by == action.by)
    undo = Undoable(
        entry=entry,
        deed=Deed(action.by, now),
        until=now + UNDO_WITHIN,
        version=made.incident.version,
        before=handling(before),
        has_climbed=before.turned > before.moved,
    )
    shown = tuple(Refresh(prompt=True) if isinstance(effect, Refresh) else effect for effect in made.effects)
    return Step(replace(made.incident, undo=undo), shown)


def take_back(incident: Incident, action: Undo, rules: Rules, now: datetime) -> Step | Refused:
    """Return the incident as it was handled before the person's last deed, or why it cannot be."""
    undo = incident.undo
    if undo is None:
        return Refused(Reason.NOTHING_TO_UNDO)
    refused = _hindrance(incident, undo, action, now)
    if refused is not None:
        return refused
    if undo.entry is Entry.ADDED:
        return _left_out(incident, undo, action)
    return _restored(incident, undo, action, rules)


def _hindrance(incident: Incident, undo: Undoable, action: Undo, now: datetime) -> Refused | None:
    if undo.deed.by.account != action.by.account:
        return Refused(Reason.NOT_YOURS_TO_UNDO, undo.deed)
    if action.seen is not None and action.seen < undo.version:
        return Refused(Reason.STALE)
    if now > undo.until:
        return Refused(Reason.TOO_LATE_TO_UNDO, undo.deed)
    if incident.recovered and incident.moved > undo.version:
        return Refused(Reason.ALREADY_RECOVERED, incident.closed)
    if incident.turned > undo.version and undo.entry is not Entry.ADDED:
        return Refused(Reason.WENT_ON)
    return None


def _restored(incident: Incident, undo: Undoable, action: Undo, rules: Rules) -> Step:
    version = incident.version + 1
    # A click from a card that shows what is taken back is stale, whatever it would do.
    turned = version + 1 if undo.has_climbed else version
    restored = replace(incident, **_handling(undo.before), version=turned, moved=version, turned=turned, undo=None)
    told = _told(restored, rules)
    said: dict[str, str | int] = {"what": str(undo.entry)}
    if restored.progress is Progress.TRIGGERED and told:
        said["to"] = ", ".join(rules.people.accounts[account].name for account in told)
    effects: list[Effect] = [*_unsaid(incident, restored, undo, rules)]
    if undo.entry in _WITHDREW and restored.is_open and restored.snoozed_until is None:
        effects.append(SendAgain(undo.entry, undo.deed.at))
    effects.append(Record(Entry.UNDONE, action.by, said))
    if restored.is_open is not incident.is_open:
        effects.append(ReviveAlerts() if restored.is_open else EndAlerts())
    return Step(restored, (*effects, Refresh(prompt=True)))


def _unsaid(incident: Incident, restored: Incident, undo: Undoable, rules: Rules) -> Iterable[Withdraw]:
    """Yield what becomes of the pages that the deed let go out."""
    if undo.entry not in _TOLD:
        return
    if restored.progress is not Progress.TRIGGERED or restored.snoozed_until is not None:
        yield Withdraw(Entry.UNDONE, cards=not restored.is_open)
        return
    stays = frozenset(_told(restored, rules))
    gone = tuple(account for account in _told(incident, rules) if account not in stays)
    if gone:
        yield Withdraw(Entry.UNDONE, only=gone)


def _left_out(incident: Incident, undo: Undoable, action: Undo) -> Step:
    """Whoever was added has it no more, unless a level has told them since."""
    before = {responder.account for responder in undo.before.responders}
    stays = tuple(one for one in incident.responders if one.account in before or one.level is not None)
    gone = tuple(one.account for one in incident.responders if one not in stays)
    restored = replace(incident, version=incident.version + 1, responders=stays, undo=None)
    withdrawn = (Withdraw(Entry.UNDONE, only=gone),) if gone else ()
    record = Record(Entry.UNDONE, action.by, {"what": str(undo.entry)})
    return Step(restored, (*withdrawn, record, Refresh(prompt=True)))


def _told(incident: Incident, rules: Rules) -> tuple[AccountId, ...]:
    """Return whom the incident is told to where it stands."""
    return told_by(incident, level_of(incident, rules) or Level(), rules)


def _handling(value: Handling) -> Mapping[str, Any]:
    return dict(zip(_NAMES, _VALUES(value), strict=True))
