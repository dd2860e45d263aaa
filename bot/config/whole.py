"""What is wrong with a file as a whole: what no single value shows.

Filters with all their mistakes, schedules by the domain's own rules, and schedules that fall back on each other in a
loop.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from bot.config.document import Document, Path
from bot.config.fault import Fault, quoted
from bot.config.names import parts
from bot.config.schedule_parts import SchedulePart
from bot.config.schema import File
from bot.domain import filter_form, filter_logic, schedule_faults
from bot.domain.filters import OF_INCIDENTS, Filter
from bot.domain.people import AccountId
from bot.domain.schedule import ScheduleId
from bot.domain.schedule_definition import ScheduleMaker

_WITHIN: Final[Mapping[str, Path]] = {
    "accounts": ("members",),
    "every": ("rotation", "every"),
    "handover": ("rotation", "handover"),
    "length": ("rotation", "length"),
}
"""Where the file has a field of the domain's that stands elsewhere."""


def filter_faults(found: Document) -> Iterator[Fault]:
    """Yield each mistake in the filters of the escalation rules, and the filters that can never match."""
    for path, rule in parts(found.value, "channels", "escalation"):
        when = rule.get("when")
        if not isinstance(when, dict) or "filter" not in when:
            continue
        at: Path = (*path, "when", "filter")
        read = filter_form.read(when["filter"], OF_INCIDENTS)
        if isinstance(read, Filter):
            why = filter_logic.can_never_match(read)
            if why is not None:
                yield found.fault(at, f"this filter matches nothing: {why}", "change it, or remove the rule")
            continue
        for mistake in read:
            if (*at, *mistake.path) not in found.unfilled:
                yield found.fault((*at, *mistake.path), mistake.what, mistake.mend)


def schedule_faults_of(file: File, found: Document) -> Iterator[Fault]:
    """Yield what is wrong with the schedules."""
    numbers = {part.name: ScheduleId(number) for number, part in enumerate(file.schedules, start=1)}
    accounts = {part.email: AccountId(number) for number, part in enumerate(file.accounts, start=1)}
    maker = ScheduleMaker(accounts.get, numbers.get)
    for place, part in enumerate(file.schedules):
        schedule = maker.make(numbers[part.name], part.definition, active=True)
        for fault in schedule_faults.faults(schedule):
            path = _path(fault.field)
            # Names that are given twice are told of where the second stands, and loops below.
            if path not in (("layers",), ("fallback", "schedule")):
                what, _, mend = fault.why.rpartition(": ")
                yield found.fault(("schedules", place, *path), f"{quoted(str(path[-1]))} {what}", mend)
    yield from _loops(file.schedules, found)


def _path(field: str) -> Path:
    """Return where the file has what the domain calls `layers[0].handover.day`."""
    path: Path = ()
    for step in field.split("."):
        name, _, place = step.rstrip("]").partition("[")
        if name == "rotation":
            continue
        path = (*path, *_WITHIN.get(name, (name,)), *((int(place),) if place else ()))
        if name in _WITHIN:
            break
    return path


def _loops(schedules: tuple[SchedulePart, ...], found: Document) -> Iterator[Fault]:
    following = {part.name: part.fallback.schedule for part in schedules if part.fallback and part.fallback.schedule}
    for place, part in enumerate(schedules):
        way = [part.name]
        while (after := following.get(way[-1])) is not None and after not in way:
            way.append(after)
        if after == part.name:
            names = " → ".join([*way, after])
            what = f"this schedule falls back on itself: {names}"
            yield found.fault(
                ("schedules", place, "fallback"), what, "end with an account, such as `account:dee@example.com`"
            )
