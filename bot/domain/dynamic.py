"""Dynamic assignment: labels of an alert name whom a level of the rule tells, in the place of those whom it names.

    layer_person_reset_N_emails          addresses of people                  in the place of the level's targets
    layer_person_reset_N_team_names      names of teams                       (both together: all of them)
    layer_webhook_reset_N_PLATFORMs      chats in workspaces of that platform in the place of its chats there

N counts from 0, as Flashduty does: 0 is the first level. Several names are parted by commas. It is read when an alert
opens an incident, and kept with the incident; all else of the level stays: times, loop, methods. What is not known is
said on the timeline, and where nobody of the names can be told the level keeps its own.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.domain.duty import chats_told
from bot.domain.escalation import Chat, Level, Reset
from bot.domain.event import LABEL_VALUE_LIMIT, Event
from bot.domain.frozen import replace
from bot.domain.incident import Entry, Record
from bot.domain.organisation import Organisation
from bot.domain.people import People, Target, TargetKind, WorkspaceId

PREFIX: Final = "layer_"
MOST_NAMED: Final = 50
MOST_KEYS: Final = 50
SHOWN_OF_CHAT: Final = 4
NOBODY_NAMED: Final = "–"
_KEY: Final = re.compile(
    r"layer_(?:person_reset_(?P<person>[0-9]{1,2})_(?P<kind>emails|team_names)"
    r"|webhook_reset_(?P<chat>[0-9]{1,2})_(?P<platform>[a-z]{1,32})s)"
)
_COMMA: Final = re.compile(r"[,，]")


def asks(labels: Iterable[str]) -> bool:
    """Whether any of these keys may be one that names whom a level tells. Asked of every alert: it costs little."""
    for key in labels:  # noqa: SIM110 - Quicker than a generator, which every alert would pay for.
        if key.startswith(PREFIX):
            return True
    return False


def asked(event: Event, query: Mapping[str, str]) -> Event:
    """Return the event with what its request's query says of levels, which goes before the labels."""
    said = [(key, value) for key, value in query.items() if value and _KEY.fullmatch(key)][:MOST_KEYS]
    if not said:
        return event
    return replace(event, labels={**event.labels, **{key: value[:LABEL_VALUE_LIMIT] for key, value in said}})


def parted(labels: Mapping[str, str]) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Return the labels that say what is the matter, and those that say whom a level tells."""
    wanted = {key: value for key, value in labels.items() if _KEY.fullmatch(key)}
    return {key: value for key, value in labels.items() if key not in wanted} if wanted else labels, wanted


@dataclass(frozen=True, slots=True)
class Names:
    """Whom a label can name: people by address, teams by name, the chats that rules tell by platform and name."""

    emails: Mapping[str, Target]
    teams: Mapping[str, Target]
    chats: Mapping[str, Mapping[str, Chat]]
    workspaces: Mapping[str, tuple[WorkspaceId, ...]]


def names_of(organisation: Organisation) -> Names:
    """Return what can be named in this organisation."""
    active = [one for one in organisation.workspaces.values() if one.active]
    accounts = (one for one in organisation.people.accounts.values() if one.active)
    chats: dict[str, dict[str, Chat]] = {}
    for chat in chats_told(organisation):
        workspace = organisation.workspaces[chat.workspace]
        chats.setdefault(workspace.platform, {}).update({chat.chat: chat, f"{workspace.name}/{chat.chat}": chat})
    return Names(
        {one.email.casefold(): Target(TargetKind.ACCOUNT, one.id) for one in accounts},
        {_plain(one.name): Target(TargetKind.TEAM, one.id) for one in organisation.people.teams.values()},
        chats,
        {platform: tuple(one.id for one in active if one.platform == platform) for platform in chats},
    )


def read(
    wanted: Mapping[str, str], levels: Sequence[Level], names: Names, people: People
) -> tuple[tuple[Reset, ...], tuple[Record, ...]]:
    """Return what these labels put in the place of what the levels name, and what the timeline says of each."""
    resets: dict[int, Reset] = {}
    records: list[Record] = []
    for key in sorted(wanted):
        found = _KEY.fullmatch(key)
        if found is None:
            continue
        level = int(found["person"] or found["chat"])
        if level >= len(levels):
            records.append(Record(Entry.RESET, said={"key": key, "level": level + 1, "of": len(levels)}))
            continue
        reset = resets.get(level, Reset(level))
        if found["chat"] is None:
            targets, said = _people(found["kind"], wanted[key], names, people)
            resets[level] = replace(reset, targets=tuple(dict.fromkeys(reset.targets + targets)))
        else:
            platform = found["platform"]
            chats, said = _chats(wanted[key], names.chats.get(platform, {}))
            instead_of = reset.instead_of + (names.workspaces[platform] if chats else ())
            resets[level] = replace(reset, chats=reset.chats + chats, instead_of=instead_of)
        records.append(Record(Entry.RESET, said={"key": key, "level": level + 1, **said}))
    return tuple(one for _, one in sorted(resets.items()) if one.targets or one.chats), tuple(records)


def applied(levels: tuple[Level, ...], resets: Iterable[Reset], people: People) -> tuple[Level, ...]:
    """Return the levels as an incident with these resets follows them. Who can no longer be told replaces nobody."""
    made = list(levels)
    for one in resets:
        if one.level >= len(made):
            continue
        level = made[one.level]
        if people.can_be_told(people.resolve(one.targets)):
            level = replace(level, targets=one.targets)
        if one.chats:
            kept = tuple(chat for chat in level.chats if chat.workspace not in one.instead_of)
            level = replace(level, chats=tuple(dict.fromkeys(kept + one.chats)))
        made[one.level] = level
    return tuple(made)


def _people(kind: str, said: str, names: Names, people: People) -> tuple[tuple[Target, ...], dict[str, str]]:
    """Return whom these addresses or names mean, of those who can be told, and what the timeline says of it."""
    known = names.emails if kind == "emails" else names.teams
    listed, more = _listed(said)
    found = {name: known.get(_plain(name)) for name in listed}
    meant = {
        name: target
        for name, target in found.items()
        if target is not None and people.can_be_told(people.resolve([target]))
    }
    accounts = people.resolve(meant.values())
    to = ", ".join(people.accounts[account].name for account in accounts)
    return tuple(meant.values()), _said(to, [name for name in listed if name not in meant] + more)


def _chats(said: str, known: Mapping[str, Chat]) -> tuple[tuple[Chat, ...], dict[str, str]]:
    """Return the chats of these names, and what the timeline says of it: the name of another may be its secret."""
    listed, more = _listed(said)
    meant = dict.fromkeys(known[name] for name in listed if name in known)
    hidden = [f"…{name[-SHOWN_OF_CHAT:]}" for name in listed if name not in known]
    return tuple(meant), _said(", ".join(chat.chat for chat in meant), hidden + more)


def _said(to: str, unknown: Sequence[str]) -> dict[str, str]:
    if not to:
        return {"unknown": ", ".join(unknown) or NOBODY_NAMED}
    return {"to": to, "unknown": ", ".join(unknown)} if unknown else {"to": to}


def _listed(said: str) -> tuple[list[str], list[str]]:
    """Return the names, each once, and how many are too many, in words."""
    named = dict.fromkeys(name.strip() for name in _COMMA.split(said) if name.strip())
    hidden = len(named) - MOST_NAMED
    return list(named)[:MOST_NAMED], [f"+{hidden}"] if hidden > 0 else []


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())
