"""The monitoring systems that Oncard understands: one file each, found by looking into this folder.

`<source>` of `POST /event/push/alert/<source>` is the file's name, with `-` for `_`. A module is a source if it has a
`SOURCE`. Everything here is pure: bytes and the time go in, events come out.

To add a source, write two things and edit nothing else:

1. `bot/sources/<name>.py`. Most are data: one or more `Spec` for the engine (`prometheus.py` is the pattern; start from
   its spec with `dataclasses.replace` if the body is alike). What data cannot say is a `parse(request)` of its own, as
   in `standard.py`.
2. `tests/sources/<name>/`: real bodies, as many kinds as there are (`firing.json`, `resolved.json` ...), and with
   `pytest tests/sources --update-golden` the events they make, for you to review. `<case>.request.json` beside a body
   gives what else the request had: headers, query, field mapping. Hosts, names and ids in them are example values.

The tests then damage every node of every body, send every body to every other source, and see that each recovery has
the key of an alert. What they ask of a spec:

- The key is equal in trigger and recovery, and survives a new severity, text or time. A source that can leave its own
  key out has a fallback (`first([fingerprint, labels])`): an event without a key is a new alert each time.
- Recovery is read from the alert itself: neither from its group, nor from a time that may lie in the future.
- What is damaged or missing becomes null and then a default. Only what cannot be an alert at all is refused, alone.

Traps of JMESPath (https://jmespath.org/specification.html):

- `join()` and `merge()` raise on null, and then the whole expression is null: prefer several candidates to one join.
- `to_string(null)` is `"null"`. An object's text depends on the order of its keys: let the key hold the object itself.
- `!x && y` is false, not null, if `x` is set: it becomes the text `false` where a text is wanted.
- Numbers and lists are written in backticks (`` `0` ``), texts in single quotes; `<` and `>` compare numbers only.
- `0` is true; `""`, `[]`, `{}`, `false` and null are false.
- Names with a dash, a dot or a leading digit need double quotes: `"detail-type"`.
- There is no way up from an element: the whole body is `_body`, beside `_headers` (lower case), `_query` and `_now`.
- Expressions are written by authors of sources, never by users: `[@, @][]`, piped thirty times, fills the memory.
  Users write paths (`mapping.py`).
"""

import importlib
import pkgutil
from functools import cache

from bot.sources.source import Parsed, PayloadError, Request, Settings, Source

__all__ = ["Parsed", "PayloadError", "Request", "Settings", "Source", "find", "names"]


@cache
def _modules() -> dict[str, str]:
    return {found.name.replace("_", "-"): f"{__name__}.{found.name}" for found in pkgutil.iter_modules(__path__)}


@cache
def _load(module: str) -> Source | None:
    source = getattr(importlib.import_module(module), "SOURCE", None)
    return source if isinstance(source, Source) else None


def find(name: str) -> Source | None:
    """Return the source of that name, or None. A source is loaded when it is first asked for."""
    module = _modules().get(name)
    return _load(module) if module else None


def names() -> tuple[str, ...]:
    """Return the names of all sources, sorted."""
    return tuple(sorted(name for name in _modules() if find(name)))
