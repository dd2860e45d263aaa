"""What somebody typed, as the chat grammar reads it: people as `<@id>`, and without our own name.

Places of entities are counted in UTF-16 code units (https://core.telegram.org/bots/api#messageentity). An `@username`
tells no id: it is known only of those who have said something before.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

COMMAND: Final = "oncard"


@dataclass(frozen=True, slots=True)
class Me:
    """Our bot, by its id and its username without the @."""

    id: str = ""
    username: str = ""


@dataclass(frozen=True, slots=True)
class Typed:
    """A text; `addressed`: it names our bot, or our command."""

    text: str
    addressed: bool


@dataclass(frozen=True, slots=True)
class _Entity:
    kind: str
    start: int
    end: int
    user: str


def read_text(text: str, entities: object, me: Me, names: Mapping[str, str]) -> Typed:
    """Return a text with its people and commands resolved; `names` are the ids of usernames, in small letters."""
    wide = text.encode("utf-16-le", "replace")
    kept: list[str] = []
    at, addressed = 0, False
    for entity in _entities(entities, len(wide) // 2):
        if entity.start < at:
            continue
        words = _cut(wide, entity.start, entity.end)
        said, is_us = _resolved(entity, words, me, names)
        addressed = addressed or is_us
        kept += [_cut(wide, at, entity.start), said]
        at = entity.end
    kept.append(_cut(wide, at, len(wide) // 2))
    return Typed("".join(kept).strip(), addressed)


def _resolved(entity: _Entity, words: str, me: Me, names: Mapping[str, str]) -> tuple[str, bool]:
    """Return what an entity says, and whether it names us."""
    match entity.kind:
        case "mention" if words.lower() == f"@{me.username}".lower():
            return "", True
        case "mention":
            known = names.get(words.removeprefix("@").lower())
            return (f"<@{known}>" if known else words), False
        case "text_mention" if entity.user == me.id:
            return "", True
        case "text_mention" if entity.user:
            return f"<@{entity.user}>", False
        case "bot_command" if entity.start == 0:
            return _command(words, me)
        case _:
            return words, False


def _command(words: str, me: Me) -> tuple[str, bool]:
    """Return what is left of a command at the beginning: of ours nothing, of another its name."""
    name, _, addressee = words.removeprefix("/").partition("@")
    if addressee and addressee.lower() != me.username.lower():
        return words, False
    if name.lower() == COMMAND:
        return "", True
    # `/start CODE` is what a link to our bot sends: https://core.telegram.org/bots/features#deep-linking
    return ("link" if name.lower() == "start" else name), bool(addressee)


def _entities(value: object, length: int) -> Iterator[_Entity]:
    for item in value if isinstance(value, list) else ():
        if not isinstance(item, dict):
            continue
        kind, start, size, person = (item.get(key) for key in ("type", "offset", "length", "user"))
        if not isinstance(kind, str) or not isinstance(start, int) or not isinstance(size, int):
            continue
        user = person.get("id") if isinstance(person, dict) else None
        if 0 <= start < start + size <= length:
            yield _Entity(kind, start, start + size, str(user) if isinstance(user, int) else "")


def _cut(wide: bytes, start: int, end: int) -> str:
    return wide[2 * start : 2 * end].decode("utf-16-le", "replace")
