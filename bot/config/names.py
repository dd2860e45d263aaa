"""What a configuration file names, gathered before anything else is read, so that references can be checked.

Also of what is faulty in itself the name counts: who refers to it is not to blame. Each name may be given once per kind.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pydantic_core import PydanticCustomError

from bot.config.document import Document, Path, Value
from bot.config.fault import Fault, quoted
from bot.config.values import email


@dataclass(frozen=True, slots=True)
class Names:
    """The names that others may refer to."""

    accounts: frozenset[str]
    teams: frozenset[str]
    workspaces: frozenset[str]


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
    )
    gathering.once("channel", list(parts(document.value, "channels")))
    gathering.once("integration", list(parts(document.value, "channels", "integrations")))
    for path, channel in parts(document.value, "channels"):
        gathering.once("rule of this channel", list(parts(channel, "escalation", path=path)))
    return names, tuple(gathering.faults)


class _Gathering:
    def __init__(self, document: Document) -> None:
        self.faults: list[Fault] = []
        self._document = document

    def once(self, kind: str, found: list[tuple[Path, dict[str, Value]]], key: str = "name") -> frozenset[str]:
        """Return the names, and remember which are not the only ones. Names that differ by case alone are told apart by nobody."""
        first: dict[str, tuple[str, int]] = {}
        for path, part in found:
            value = part.get(key)
            if not isinstance(value, str) or (*path, key) in self._document.unfilled:
                continue
            name = _as_compared(value) if key == "email" else value
            line = self._document.line((*path, key))
            earlier = first.setdefault(name.casefold(), (name, line))
            if earlier != (name, line):
                written = quoted(self._document.written[*path, key])
                self.faults.append(
                    Fault(line, f"another {kind} is called {written} on line {earlier[1]}", "give each its own name")
                )
        return frozenset(name for name, _ in first.values())


def _as_compared(value: str) -> str:
    return _accepted(email, value) or value


def _accepted(reader: Callable[[str], str], value: str) -> str | None:
    try:
        return reader(value)
    except PydanticCustomError:
        return None
