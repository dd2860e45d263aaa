"""What `apply` will change: the difference between the definitions that are wanted and those that are stored.

Secrets are compared and never shown: of one that differs, a plan says just that.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.config import values, written
from bot.config.fault import printable
from bot.config.plain import Plain
from bot.domain.definition import Definition, Kind

_ORDER: Final = (
    Kind.ACCOUNT,
    Kind.TEAM,
    Kind.WORKSPACE,
    Kind.PROVIDER,
    Kind.CALENDAR,
    Kind.SCHEDULE,
    Kind.CHANNEL,
    Kind.INTEGRATION,
)


class Action(StrEnum):
    """What is done to an object."""

    ADD = "add"
    CHANGE = "change"
    REMOVE = "remove"


_SIGNS: Final = {Action.ADD: "+", Action.CHANGE: "~", Action.REMOVE: "-"}


@dataclass(frozen=True, slots=True)
class Change:
    """A field that gets another value, in the words of the file; None: it is not given. Of a secret neither is said."""

    field: str
    before: Plain | None = None
    after: Plain | None = None
    is_secret: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """What is done to one object."""

    action: Action
    kind: Kind
    name: str
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What must be done, in the order in which people read it: kind by kind, and at last what is removed."""

    steps: tuple[Step, ...]

    @property
    def is_empty(self) -> bool:
        """Whether what is stored is what is wanted."""
        return not self.steps


def plan(wanted: Iterable[Definition], stored: Iterable[Definition]) -> Plan:
    """Return what must be done to what is stored.

    Raises ValueError if a wanted secret is only a reference: the file was loaded without what is stored.
    """
    after = {(one.kind, one.name): one for one in wanted}
    before = {(one.kind, one.name): one for one in stored}
    _refuse_references(after.values())
    made = (_step(one, before.get(key)) for key, one in sorted(after.items(), key=_by_kind))
    gone = [one for key, one in sorted(before.items(), key=_by_kind) if key not in after]
    removed = (Step(Action.REMOVE, one.kind, one.name) for one in reversed(gone))
    return Plan((*(step for step in made if step is not None), *removed))


def describe(plan: Plan) -> tuple[str, ...]:
    """Return the plan as lines for people."""
    return tuple(line for step in plan.steps for line in _lines(step))


def as_json(plan: Plan) -> list[dict[str, object]]:
    """Return the plan as values that `json` can write."""
    return [
        {
            "action": str(step.action),
            "kind": str(step.kind),
            "name": step.name,
            "changes": [_change_as_json(change) for change in step.changes],
        }
        for step in plan.steps
    ]


def _by_kind(entry: tuple[tuple[Kind, str], Definition]) -> int:
    return _ORDER.index(entry[0][0])


def _refuse_references(wanted: Iterable[Definition]) -> None:
    for one in wanted:
        for name, secret in one.secrets.items():
            if values.stored_fingerprint(secret.value) is not None:
                raise ValueError(f"{one.kind} {one.name}: {name} refers to a stored secret, and none is known")


def _step(after: Definition, before: Definition | None) -> Step | None:
    if before is None:
        return Step(Action.ADD, after.kind, after.name)
    shown = _differences(written.write(before.body), written.write(after.body), "")
    names = dict.fromkeys((*before.secrets, *after.secrets))
    hidden = (Change(name, is_secret=True) for name in names if before.secrets.get(name) != after.secrets.get(name))
    changes = (*shown, *hidden)
    return Step(Action.CHANGE, after.kind, after.name, changes) if changes else None


def _differences(before: Plain | None, after: Plain | None, path: str) -> Iterator[Change]:
    """Yield what differs, as deep as the two are alike."""
    if before == after:
        return
    former, latter = _by_label(before), _by_label(after)
    if former is None or latter is None:
        yield Change(path, before, after)
        return
    if isinstance(before, list):
        yield from _reordered(former, latter, path)
    for name in dict.fromkeys((*former, *latter)):
        yield from _differences(former.get(name), latter.get(name), f"{path}.{name}" if path else name)


def _by_label(value: Plain | None) -> dict[str, Plain] | None:
    """Return a mapping, or a list of mappings by their names or else their places; None: this is neither."""
    if isinstance(value, dict):
        return value
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        return None
    return {_label(item, place): item for place, item in enumerate(value, start=1)}


def _label(item: Plain, place: int) -> str:
    return str(item.get("name", place)) if isinstance(item, dict) else str(place)


def _reordered(before: Iterable[str], after: Iterable[str], path: str) -> Iterator[Change]:
    """Yield the new order of what stays, for rules are taken in their order."""
    former, latter = list(before), list(after)
    if [name for name in former if name in latter] != [name for name in latter if name in former]:
        yield Change(f"{path}.order", [*former], [*latter])


def _lines(step: Step) -> Iterator[str]:
    head = f"{_SIGNS[step.action]} {step.kind} {printable(step.name)}"
    if not step.changes:
        yield head
    for change in step.changes:
        said = "changed" if change.is_secret else f"{_shown(change.before)} → {_shown(change.after)}"
        yield f"{head}: {printable(change.field)} {said}"


def _shown(value: Plain | None) -> str:
    if value is None:
        return "none"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return printable(", ".join(str(item) for item in value) or "none")
    return printable(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _change_as_json(change: Change) -> dict[str, object]:
    if change.is_secret:
        return {"field": change.field, "secret": True}
    return {"field": change.field, "before": change.before, "after": change.after}
