"""Filters as people write them in a configuration, and back.

```yaml
filter:                                  # any of these groups
  - severity: [Critical, Warning]        # all of these conditions, each with any of its values
    labels.team: "db*"
    not labels.env: [dev, test]
  - title: /replication lag/i
```

A single group may stand without the list. A group that asks twice about one field is a list itself:
`- [{labels.host: "db*"}, {labels.host: "*-eu"}]`.

What is read is made of texts, lists and mappings, as `bot.config.document` gives them. Every mistake is found at once,
each with the path to it.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from bot.domain import filter_values
from bot.domain.filter_values import Exact, Misread
from bot.domain.filters import CLOSED, LABELS, Condition, Field, Filter, Group

MOST_GROUPS: Final = 50
MOST_CONDITIONS: Final = 50
MOST_VALUES: Final = 500
_NOT: Final = "not "

Path = tuple[str | int, ...]
Plain = dict[str, list[str]] | list[dict[str, list[str]]]


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing to mend. `path` leads to it from the filter: numbers count from 0, texts are keys."""

    path: Path
    what: str
    mend: str


def read(written: object, known: Collection[str] = frozenset(Field)) -> Filter | tuple[Mistake, ...]:
    """Return the filter, or every mistake in it. `known`: the fields that the subject has, beside labels."""
    if isinstance(written, Mapping):
        groups = [_group(written, (), known)]
    elif isinstance(written, list) and 0 < len(written) <= MOST_GROUPS:
        groups = [_group(group, (place,), known) for place, group in enumerate(written)]
    else:
        groups = [[_wrong_number((), written, "groups", MOST_GROUPS)]]
    mistakes = tuple(found for group in groups for found in group if isinstance(found, Mistake))
    if mistakes:
        return mistakes
    return Filter(tuple(tuple(found for found in group if isinstance(found, Condition)) for group in groups))


def write(filtering: Filter) -> Plain | list[Plain]:
    """Return the filter as `read` takes it. A filter without groups is not written at all."""
    groups = [_written(group) for group in filtering.groups]
    return groups[0] if len(groups) == 1 and isinstance(groups[0], dict) else groups


def _group(written: object, path: Path, known: Collection[str]) -> list[Condition | Mistake]:
    if isinstance(written, Mapping):
        found = list(_conditions(written, path, known))
    elif isinstance(written, list) and written:
        found = [one for place, part in enumerate(written) for one in _part(part, (*path, place), known)]
    else:
        found = []
    if not 0 < len(found) <= MOST_CONDITIONS:
        return [_wrong_number(path, found or written, "conditions", MOST_CONDITIONS)]
    return found


def _part(written: object, path: Path, known: Collection[str]) -> Iterator[Condition | Mistake]:
    if isinstance(written, Mapping) and written:
        yield from _conditions(written, path, known)
    else:
        yield Mistake(path, "a condition belongs here", "write a field and its values: `severity: [Critical]`")


def _conditions(written: Mapping[object, object], path: Path, known: Collection[str]) -> Iterator[Condition | Mistake]:
    for key, values in written.items():
        said = str(key)
        name = said.removeprefix(_NOT).lstrip() if said.startswith(_NOT) else said
        where = (*path, said)
        mistakes = (*_name_mistakes(name, where, known), *_values_mistakes(name, values, where))
        yield from mistakes
        if not mistakes:
            yield Condition(name, _texts(values), negated=said.startswith(_NOT))


def _name_mistakes(name: str, path: Path, known: Collection[str]) -> Iterator[Mistake]:
    if name in known or (name.startswith(LABELS) and name != LABELS):
        return
    close = get_close_matches(name.casefold(), known, n=1)
    names = ", ".join(f"`{one}`" for one in Field if one in known)
    mend = f"did you mean `{close[0]}`?" if close else f"a label is written `labels.team`; the other fields are {names}"
    what = "this filter cannot look at the field" if name in tuple(Field) else "there is no field"
    yield Mistake(path, f"{what} `{_shown(name)}`", mend)


def _values_mistakes(name: str, written: object, path: Path) -> Iterator[Mistake]:
    if isinstance(written, list) and not 0 < len(written) <= MOST_VALUES:
        yield _wrong_number(path, written, "values", MOST_VALUES)
        return
    for place, value in enumerate(written if isinstance(written, list) else [written]):
        where = (*path, place) if isinstance(written, list) else path
        if not isinstance(value, str):
            yield Mistake(
                where, "a value is a text", "write one such as `Critical` or `db*`; quote it, if it has to be"
            )
            continue
        meant = filter_values.read(value)
        if isinstance(meant, Misread):
            yield Mistake(where, f"{meant.what}: `{_shown(value)}`", meant.mend)
        elif name in CLOSED and isinstance(meant, Exact) and value not in CLOSED[name]:
            words = CLOSED[name]
            close = [word for word in words if word.casefold() == value.casefold()] or get_close_matches(
                value, words, 1
            )
            mend = f"did you mean `{close[0]}`?" if close else f"write {', '.join(f'`{word}`' for word in words)}"
            yield Mistake(where, f"`{_shown(value)}` is no {name}", mend)


def _texts(values: object) -> tuple[str, ...]:
    """Return the values, which have been found to be texts, each once."""
    return tuple(dict.fromkeys(map(str, values))) if isinstance(values, list) else (str(values),)


def _wrong_number(path: Path, written: object, what: str, most: int) -> Mistake:
    if isinstance(written, list) and written:
        return Mistake(path, f"there are {len(written)} {what} here", f"write at most {most}")
    if written in ([], {}):
        return Mistake(
            path, f"there are no {what} here", "write one such as `severity: [Critical]`, or remove the line"
        )
    return Mistake(path, "a filter is made of mappings", "write a field and its values: `severity: [Critical]`")


def _written(group: Group) -> Plain:
    parts = [{(_NOT if one.negated else "") + one.field: list(one.values)} for one in group]
    whole = {name: values for part in parts for name, values in part.items()}
    return whole if len(whole) == len(parts) else parts


def _shown(text: str) -> str:
    """Return the text on one line, cut where it gets long."""
    cut = text if len(text) <= 80 else f"{text[:79]}…"
    return "".join(sign if sign.isprintable() else "?" for sign in cut)
