"""What is wrong with a schedule as it is written: each fault names the field and says how to mend it.

`schedule` counts on a schedule without faults; it is for whoever takes one in to refuse the others.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot.domain.rotation import MOST, Layer
from bot.domain.schedule import Override, Schedule


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong. `field`: where, such as `layers[0].every`."""

    field: str
    why: str


def faults(schedule: Schedule) -> tuple[Fault, ...]:
    """Return what is wrong with a schedule, in the order of its fields; nothing: it can be used."""
    return tuple(_faults(schedule))


def _faults(schedule: Schedule) -> Iterator[Fault]:
    if not schedule.name:
        yield Fault("name", "is empty: give the schedule a name")
    if not _is_zone(schedule.timezone):
        yield Fault("timezone", f"{schedule.timezone!r} is unknown: write an IANA name such as Europe/Berlin")
    for name, times in Counter(layer.name for layer in schedule.layers).items():
        if times > 1:
            yield Fault("layers", f"{times} are named {name!r}: give each a name of its own")
    for number, layer in enumerate(schedule.layers):
        yield from _of_layer(layer, f"layers[{number}]")
    for number, change in enumerate(schedule.overrides):
        yield from _of_override(change, f"overrides[{number}]")
    if schedule.fallback is not None and schedule.fallback.schedule == schedule.id:
        yield Fault("fallback.schedule", "is the schedule itself: name another, or accounts")


def _of_layer(layer: Layer, at: str) -> Iterator[Fault]:
    if layer.timezone is not None and not _is_zone(layer.timezone):
        yield Fault(f"{at}.timezone", f"{layer.timezone!r} is unknown: write an IANA name such as Europe/Berlin")
    if not any(layer.members):
        yield Fault(f"{at}.members", "are nobody: name at least one account")
    if not 1 <= layer.every <= MOST[layer.unit]:
        yield Fault(f"{at}.every", f"is {layer.every}: write 1 to {MOST[layer.unit]} for {layer.unit}")
    if not 1 <= layer.handover.day <= 31:
        yield Fault(f"{at}.handover.day", f"is {layer.handover.day}: write 1 to 31")
    if layer.length is not None and layer.length < 1:
        yield Fault(f"{at}.length", f"is {layer.length}: write a number of hours from 1, or none")
    if layer.end is not None and layer.end <= layer.start:
        yield Fault(f"{at}.end", "is not after the start: write a later time, or none")
    if not layer.weekdays:
        yield Fault(f"{at}.weekdays", "are none: name at least one, or leave them out for all")


def _of_override(change: Override, at: str) -> Iterator[Fault]:
    if change.end <= change.start:
        yield Fault(f"{at}.end", "is not after the start: write a later time")
    if bool(change.accounts) is (change.rotation is not None):
        yield Fault(f"{at}.accounts", "or a rotation is needed: write one of the two")
    if change.replaces is not None and change.accounts == (change.replaces,):
        yield Fault(f"{at}.replaces", "is who takes over: name whom they stand in for, or nobody")
    if change.rotation is not None:
        yield from _of_layer(change.rotation, f"{at}.rotation")


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        # Not a name at all, one that leads out of the list of zones, or one that is not in it.
        return False
    return True
