"""What a configuration file names, gathered before anything else is read, so that references can be checked.

The name of what is faulty in itself counts too: who refers to it is not to blame. Names are unique within a kind.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic_core import PydanticCustomError

from bot.config.document import Document, Path, Value
from bot.config.fault import SAID, Fault
from bot.config.values import email
from bot.domain.people import LINES
from bot.domain.rotation import PRIMARY


@dataclass(frozen=True, slots=True)
class Names:
    """The names that others may refer to; of schedules with the roles in each."""

    accounts: frozenset[str]
    teams: frozenset[str]
    workspaces: frozenset[str]
    calendars: frozenset[str]
    schedules: Mapping[str, frozenset[str]]


def parts(value: Value, *keys: str, path: Path = ()) -> Iterator[tuple[Path, dict[str, Value]]]:
    """Yield each mapping in the list under the first of `keys`, in the list under the second within it, and so on."""
    if not isinstance(value, dict):
        return
    if not keys:
        yield path, value
        return
    listed = value.get(keys[0])
    for index, item in enumerate(listed if isinstance(listed, list) else ()):
        yield from parts(item, *keys[1:], path=(*path, keys[0], index))


def gather(document: Document) -> tuple[Names, tuple[Fault, ...]]:
    """Return the names, and a fault for each that is given twice."""
    gathering = _Gathering(document)
    names = Names(
        accounts=gathering.once("account", list(parts(document.value, "accounts")), key="email"),
        teams=gathering.once("team", list(parts(document.value, "teams"))),
        workspaces=gathering.once("workspace", list(parts(document.value, "workspaces"))),
        calendars=gathering.once("calendar", list(parts(document.value, "calendars"))),
        schedules=_schedules(document.value, gathering),
    )
    for method in LINES:
        found = parts(document.value.get("providers"), str(method), path=("providers",))
        gathering.once(f"{method} provider", list(found), otherwise="kind")
    gathering.once("channel", list(parts(document.value, "channels")))
    gathering.once("integration", list(parts(document.value, "channels", "integrations")))
    for path, channel in parts(document.value, "channels"):
        gathering.once("rule of this channel", list(parts(channel, "escalation", path=path)))
    return names, tuple(gathering.faults)


def _schedules(value: Value, gathering: "_Gathering") -> dict[str, frozenset[str]]:
    """Return the schedules, and in each the roles of its layers and overrides."""
    found = list(parts(value, "schedules"))
    known = dict.fromkeys(gathering.once("schedule", found), frozenset[str]())
    for path, schedule in found:
        gathering.once("layer of this schedule", list(parts(schedule, "layers", path=path)))
        within = [part for key in ("layers", "overrides") for _, part in parts(schedule, key)]
        known[str(schedule.get("name"))] = frozenset(str(part.get("role", PRIMARY)) for part in within)
    return known


class _Gathering:
    def __init__(self, document: Document) -> None:
        self.faults: list[Fault] = []
        self._document = document

    def once(
        self, kind: str, found: list[tuple[Path, dict[str, Value]]], key: str = "name", otherwise: str = ""
    ) -> frozenset[str]:
        """Return the names, which stand under `key` or else under `otherwise`.

        One given twice is a fault, also in another case: nobody would tell them apart.
        """
        first: dict[str, tuple[str, int]] = {}
        for path, part in found:
            used = key if key in part else otherwise
            value = part.get(used)
            if not isinstance(value, str) or (*path, used) in self._document.unfilled:
                continue
            name = _as_compared(value) if key == "email" else value
            if name.casefold() in first:
                what = f"another {kind} is called {SAID}, on line {first[name.casefold()][1]}"
                self.faults.append(self._document.fault((*path, used), what, "give each its own name"))
            else:
                first[name.casefold()] = (name, self._document.line((*path, used)))
        return frozenset(name for name, _ in first.values())


def _as_compared(address: str) -> str:
    try:
        return email(address)
    except PydanticCustomError:
        return address
