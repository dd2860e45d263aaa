"""Who is meant: by mention, e-mail address, name, team, schedule, `me`, or by number as forms and buttons write it.

Nobody is guessed: a name that means several is `Unclear`; `team:sre` and `schedule:sre` are clear. A schedule means
whoever it has on call, `sre/backup` in that role. Names with blanks may stand in quotes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from bot.commands.entry import NotUnderstood, Speaker, Unclear
from bot.domain.people import Account, AccountId, People, Target, TargetKind, TeamId
from bot.domain.schedule import Schedule, roles
from cards import assigning, words

MOST_NAMED: Final = 50
LONGEST_NAME: Final = 4
_PIECE: Final = re.compile(
    r"<@(?P<user>[^>|\s]{1,128})(?:\|[^>]*)?>"
    r"|[\"“”「『«](?P<quoted>[^\"“”」』»]{1,320})[\"“”」』»]"
    r"|(?P<word>[^\s,，、;]+)"
)
_NUMBERED: Final = re.compile(r"@(?P<sign>[ts]?)(?P<number>[0-9]{1,18})(?:/(?P<role>.+))?")
_OF_KIND: Final = re.compile(
    r"(?:(?P<schedule>schedule|排班|值班表)|team|团队)(?:\s*[:：]\s*|\s+)[\"“”]?(?P<name>.+?)[\"“”]?", re.IGNORECASE
)
_FILLERS: Final = frozenset({"to", "and", "&", "+", "给", "和"})
_ME: Final = frozenset({"me", "myself", "我", "自己"})


@dataclass(frozen=True, slots=True)
class _Piece:
    """A name as it was written; `name` is what it says, `user` whom it mentions."""

    start: int
    end: int
    name: str
    user: str = ""
    is_word: bool = False


def targets_of(text: str, speaker: Speaker, example: str) -> tuple[Target, ...] | NotUnderstood | Unclear:
    """Return whom the text names, each once, in that order; empty when it names nobody."""
    pieces = list(_pieces(text))[:MOST_NAMED]
    found: dict[Target, None] = {}
    at = 0
    while at < len(pieces):
        taken, meant = _longest(pieces[at : at + LONGEST_NAME], speaker)
        first, last = pieces[at], pieces[at + taken - 1]
        at += taken
        if not meant and first.is_word and first.name.casefold() in _FILLERS:
            continue
        if len(meant) > 1:
            return Unclear(text[first.start : last.end], meant, text[: first.start], text[last.end :])
        if not meant:
            return _nobody(first, pieces[at].name if at < len(pieces) else "", speaker, example)
        found |= dict.fromkeys(meant)
    return tuple(found)


def _pieces(text: str) -> Iterator[_Piece]:
    for match in _PIECE.finditer(text):
        name = match["quoted"] or match["word"] or ""
        yield _Piece(match.start(), match.end(), name, match["user"] or "", is_word=match["word"] is not None)


def _longest(pieces: list[_Piece], speaker: Speaker) -> tuple[int, tuple[Target, ...]]:
    """Return how many pieces the first name takes, and whom it means: `Ana Li` is somebody, though `Ana` is too."""
    for count in range(len(pieces), 1, -1):
        if all(piece.is_word for piece in pieces[:count]):
            meant = _named(" ".join(piece.name for piece in pieces[:count]), speaker)
            if meant:
                return count, meant
    return 1, _meant(pieces[0], speaker)


def _meant(piece: _Piece, speaker: Speaker) -> tuple[Target, ...]:
    people = speaker.people
    if piece.user:
        account = speaker.users.get(piece.user)
        return _active(people, account)
    numbered = _NUMBERED.fullmatch(piece.name)
    if numbered:
        return _numbered(numbered, speaker)
    if piece.name.casefold() in _ME:
        return _active(people, speaker.actor.account)
    return _named(piece.name, speaker) or _first_named(piece.name, people)


def _numbered(said: re.Match[str], speaker: Speaker) -> tuple[Target, ...]:
    number, people = int(said["number"]), speaker.people
    if said["sign"] == "s":
        found = [one for one in speaker.schedules if one.id == number]
        return _in_role(found, said["role"])
    if said["role"]:
        return ()
    if said["sign"] == "t":
        return (Target(TargetKind.TEAM, number),) if TeamId(number) in people.teams else ()
    return _active(people, AccountId(number))


def _named(name: str, speaker: Speaker) -> tuple[Target, ...]:
    """Return who has exactly this address or name, where it says no kind of whatever kind."""
    wanted = _plain(name)
    accounts = [one for one in _everybody(speaker.people) if wanted in (one.email.casefold(), _plain(one.name))]
    found = (
        *(Target(TargetKind.ACCOUNT, account.id) for account in accounts),
        *_teams(wanted, speaker.people),
        *_schedules(wanted, speaker),
    )
    if found:
        return found
    of_kind = _OF_KIND.fullmatch(wanted)
    if of_kind is None:
        return ()
    return _schedules(of_kind["name"], speaker) if of_kind["schedule"] else _teams(of_kind["name"], speaker.people)


def _teams(wanted: str, people: People) -> tuple[Target, ...]:
    return tuple(Target(TargetKind.TEAM, team.id) for team in people.teams.values() if _plain(team.name) == wanted)


def _schedules(wanted: str, speaker: Speaker) -> tuple[Target, ...]:
    """Return the schedule of that name or, with a role after a slash, that role of it. No name holds a slash."""
    name, slash, role = wanted.partition("/")
    found = [one for one in speaker.schedules if one.active and _plain(one.name) == _plain(name)]
    return _in_role(found, role if slash else None)


def _in_role(found: list[Schedule], role: str | None) -> tuple[Target, ...]:
    if role is None:
        return tuple(Target(TargetKind.SCHEDULE, one.id) for one in found)
    return tuple(
        Target(TargetKind.SCHEDULE, one.id, known)
        for one in found
        for known in roles(one)
        if _plain(known) == _plain(role)
    )


def _first_named(name: str, people: People) -> tuple[Target, ...]:
    wanted = _plain(name)
    return tuple(
        Target(TargetKind.ACCOUNT, one.id) for one in _everybody(people) if _plain(one.name).split(" ")[0] == wanted
    )


def _nobody(piece: _Piece, after: str, speaker: Speaker, example: str) -> NotUnderstood:
    """Return that the piece names nobody; `after`: what the next piece says."""
    people = speaker.people
    if piece.user:
        return NotUnderstood(words.NOT_LINKED_HERE, {"name": f"<@{piece.user}>", "example": example}, "who")
    of_kind = _OF_KIND.fullmatch(piece.name) or _OF_KIND.fullmatch(f"{piece.name} {after}".strip())
    is_schedule = of_kind is not None and of_kind["schedule"] is not None
    if speaker.schedules and (is_schedule or "/" in piece.name):
        found = _no_schedule(of_kind["name"] if of_kind else piece.name, speaker, example, is_sure=is_schedule)
        if found is not None:
            return found
    known = [*(account.name for account in _everybody(people)), *(team.name for team in people.teams.values())]
    known += [one.name for one in speaker.schedules if one.active]
    names = {_plain(name): name for name in known}
    nearest = get_close_matches(_plain(piece.name)[:80], names, 1)
    parts = {"name": f"“{piece.name[:80]}”", "example": example}
    if nearest:
        return NotUnderstood(words.NOBODY_BUT, {**parts, "nearest": names[nearest[0]]}, "who")
    return NotUnderstood(words.NOBODY_CALLED, parts, "who")


def _no_schedule(said: str, speaker: Speaker, example: str, *, is_sure: bool) -> NotUnderstood | None:
    """Return what is wrong with the name of a schedule or of its role; None: maybe none was meant."""
    name, _, role = said.partition("/")
    known = {_plain(one.name): one for one in speaker.schedules if one.active}
    schedule = known.get(_plain(name))
    if schedule is not None:
        parts = {"schedule": schedule.name, "role": f"“{role[:80]}”", "roles": ", ".join(roles(schedule))}
        return NotUnderstood(assigning.NO_ROLE, parts, "who")
    if not is_sure:
        return None
    nearest = get_close_matches(_plain(name)[:80], known, 1)
    parts = {"name": f"“{name[:80]}”", "example": example}
    if nearest:
        return NotUnderstood(assigning.NO_SCHEDULE_BUT, {**parts, "nearest": known[nearest[0]].name}, "who")
    return NotUnderstood(assigning.NO_SCHEDULE_AT_ALL, parts, "who")


def _everybody(people: People) -> Iterator[Account]:
    return (account for account in people.accounts.values() if account.active)


def _active(people: People, number: AccountId | None) -> tuple[Target, ...]:
    account = people.accounts.get(number) if number is not None else None
    return (Target(TargetKind.ACCOUNT, account.id),) if account is not None and account.active else ()


def _plain(name: str) -> str:
    return " ".join(name.removeprefix("@").casefold().split())
