"""Who is meant: by mention, e-mail address, name, team, `me`, or by number as forms and buttons write it.

Nobody is guessed: a name that means several is `Unclear`. Names with blanks may stand in quotes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from bot.commands.entry import NotUnderstood, Speaker, Unclear
from bot.domain.people import Account, AccountId, People, Target, TargetKind, TeamId
from cards import words

MOST_NAMED: Final = 50
LONGEST_NAME: Final = 4
_PIECE: Final = re.compile(
    r"<@(?P<user>[^>|\s]{1,128})(?:\|[^>]*)?>"
    r"|[\"“”「『«](?P<quoted>[^\"“”」』»]{1,320})[\"“”」』»]"
    r"|(?P<word>[^\s,，、;]+)"
)
_NUMBERED: Final = re.compile(r"@(t?)(\d{1,18})", re.ASCII)
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
            return _nobody(first, speaker.people, example)
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
            meant = _named(" ".join(piece.name for piece in pieces[:count]), speaker.people)
            if meant:
                return count, meant
    return 1, _meant(pieces[0], speaker)


def _meant(piece: _Piece, speaker: Speaker) -> tuple[Target, ...]:
    people = speaker.people
    if piece.user:
        account = speaker.users.get(piece.user)
        return _active(people, account)
    numbered = _NUMBERED.fullmatch(piece.name)
    if numbered and numbered[1]:
        team = TeamId(int(numbered[2]))
        return (Target(TargetKind.TEAM, team),) if team in people.teams else ()
    if numbered:
        return _active(people, AccountId(int(numbered[2])))
    if piece.name.casefold() in _ME:
        return _active(people, speaker.actor.account)
    return _named(piece.name, people) or _first_named(piece.name, people)


def _named(name: str, people: People) -> tuple[Target, ...]:
    """Return who has exactly this address or name."""
    wanted = _plain(name)
    accounts = [one for one in _everybody(people) if wanted in (one.email.casefold(), _plain(one.name))]
    teams = [team for team in people.teams.values() if _plain(team.name) == wanted]
    return (
        *(Target(TargetKind.ACCOUNT, account.id) for account in accounts),
        *(Target(TargetKind.TEAM, team.id) for team in teams),
    )


def _first_named(name: str, people: People) -> tuple[Target, ...]:
    wanted = _plain(name)
    return tuple(
        Target(TargetKind.ACCOUNT, one.id) for one in _everybody(people) if _plain(one.name).split(" ")[0] == wanted
    )


def _nobody(piece: _Piece, people: People, example: str) -> NotUnderstood:
    if piece.user:
        return NotUnderstood(words.NOT_LINKED_HERE, {"name": f"<@{piece.user}>", "example": example}, "who")
    known = [*(account.name for account in _everybody(people)), *(team.name for team in people.teams.values())]
    names = {_plain(name): name for name in known}
    nearest = get_close_matches(_plain(piece.name)[:80], names, 1)
    parts = {"name": f"“{piece.name[:80]}”", "example": example}
    if nearest:
        return NotUnderstood(words.NOBODY_BUT, {**parts, "nearest": names[nearest[0]]}, "who")
    return NotUnderstood(words.NOBODY_CALLED, parts, "who")


def _everybody(people: People) -> Iterator[Account]:
    return (account for account in people.accounts.values() if account.active)


def _active(people: People, number: AccountId | None) -> tuple[Target, ...]:
    account = people.accounts.get(number) if number is not None else None
    return (Target(TargetKind.ACCOUNT, account.id),) if account is not None and account.active else ()


def _plain(name: str) -> str:
    return " ".join(name.removeprefix("@").casefold().split())
