"""Where a configuration file has what something is found about: the line of an object, of its rule, of its level."""

from collections.abc import Iterator, Mapping
from typing import Final

from pydantic_core import PydanticCustomError

from bot.config.document import Document, Path, Value
from bot.config.names import parts
from bot.config.values import email
from bot.domain.definition import Kind
from bot.domain.lint import Where

_LISTS: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.ACCOUNT: ("accounts",),
    Kind.TEAM: ("teams",),
    Kind.CALENDAR: ("calendars",),
    Kind.SCHEDULE: ("schedules",),
    Kind.CHANNEL: ("channels",),
    Kind.INTEGRATION: ("channels", "integrations"),
}
_Part = tuple[Path, dict[str, Value]]


def line(document: Document, where: Where) -> int:
    """Return the line on which the object, its rule or its level begins; of what the file does not have, the first."""
    key, compared = ("email", _address) if where.kind is Kind.ACCOUNT else ("name", str)
    listed = parts(document.value, *_LISTS.get(where.kind, ("",)))
    found = next((part for part in listed if compared(str(part[1].get(key))) == where.name), None)
    if found is None:
        return 1
    for path, _ in _within(found, where):
        return document.line(path)
    return document.line(found[0])


def _within(found: _Part, where: Where) -> Iterator[_Part]:
    """Yield the level, or else the rule, that is meant."""
    path, channel = found
    for at, rule in parts(channel, "escalation", path=path):
        if where.rule and rule.get("name") == where.rule:
            levels = list(parts(rule, "levels", path=at))
            yield levels[where.level - 1] if 0 < where.level <= len(levels) else (at, rule)


def _address(said: str) -> str:
    try:
        return email(said)
    except PydanticCustomError:
        return said
