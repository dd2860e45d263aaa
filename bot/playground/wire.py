"""JSON as it lies on the wire, and the log of everything that passed.

Readings never raise: a value of another type reads as empty. The log keeps what was said and when, with every secret
replaced before it is stored.
"""

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

JsonObject = dict[str, object]
Direction = Literal["in", "out"]

REDACTED = "[redacted]"


def as_object(value: object) -> JsonObject:
    """Return `value` if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[object]:
    """Return `value` if it is a JSON array, else an empty one."""
    return value if isinstance(value, list) else []


def as_objects(value: object) -> list[JsonObject]:
    """Return the objects of a JSON array, and nothing for any other value."""
    return [item for item in as_list(value) if isinstance(item, dict)]


def as_text(value: object) -> str:
    """Return `value` if it is a string, else an empty one."""
    return value if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True)
class WireEntry:
    """One exchange: `in` came from the bot, `out` went to it.

    `at`: when it had come, or went; `method` is the platform's own name of the call; `status` is the HTTP status, None
    where there is no HTTP answer.
    """

    at: datetime
    direction: Direction
    method: str
    request: object
    response: object
    status: int | None = None

    def __str__(self) -> str:
        arrow = "->" if self.direction == "in" else "<-"
        line = f"{self.at.isoformat(timespec='milliseconds')} {arrow} {self.method} {_shown(self.request)}"
        if self.status is None and self.response is None:
            return line
        return f"{line}\n    {self.status or ''} {_shown(self.response)}"


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


class WireLog:
    """The newest `keep` exchanges, oldest first, without secrets."""

    def __init__(self, keep: int = 5000) -> None:
        self._entries: deque[WireEntry] = deque(maxlen=keep)
        self._secrets: set[str] = set()
        self._watchers: list[Callable[[], None]] = []

    def hide(self, secrets: Iterable[str]) -> None:
        """Never store one of these strings, wherever it stands in a body."""
        self._secrets.update(secret for secret in secrets if secret)

    def record(self, entry: WireEntry) -> None:
        """Keep `entry` without its secrets."""
        self._entries.append(
            WireEntry(
                entry.at,
                entry.direction,
                entry.method,
                self._clean(entry.request),
                self._clean(entry.response),
                entry.status,
            )
        )
        for tell in tuple(self._watchers):
            tell()

    @contextmanager
    def watching(self, tell: Callable[[], None]) -> Iterator[None]:
        """Call `tell` after each exchange while the context lasts."""
        self._watchers.append(tell)
        try:
            yield
        finally:
            self._watchers.remove(tell)

    def calls(self, method: str) -> list[WireEntry]:
        """Return the kept exchanges of one method."""
        return [entry for entry in self._entries if entry.method == method]

    def __iter__(self) -> Iterator[WireEntry]:
        return iter(tuple(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def _clean(self, value: object) -> object:
        if isinstance(value, str):
            for secret in self._secrets:
                value = value.replace(secret, REDACTED)
            return value
        if isinstance(value, dict):
            return {key: self._clean(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._clean(item) for item in value]
        return value
