"""What stands behind `cover`, `swap` and `trade`: which shift, by whom, for which other; what is answered.

cover payments tomorrow by bo@example.com because I am at the dentist's · swap payments friday with bo@example.com for
sunday · trade 7 take · trade list payments
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.commands.entry import NotUnderstood, Speaker, Unclear
from bot.commands.shift_sentence import Sentence
from bot.domain.override import TradeId
from bot.domain.people import AccountId
from bot.domain.schedule import Schedule, roles
from bot.domain.trade import Confirm, Decline, Take, Withdraw
from bot.domain.untold import Span
from cards import override as override_words
from cards import trade as words

Answering = type[Take] | type[Confirm] | type[Decline] | type[Withdraw]

COVER: Final = "cover payments tomorrow, cover payments 22:00-06:00 by bo@example.com"
SWAP: Final = "swap payments with bo@example.com, swap payments friday with bo@example.com for sunday"
TRADE: Final = "trade 7 take, trade 7 decline, trade 7 confirm, trade 7 withdraw, trade list"

_ANSWERS: Final[dict[str, Answering]] = {
    **dict.fromkeys(("take", "accept", "yes", "接", "接受", "接班"), Take),
    **dict.fromkeys(("confirm", "agree", "ok", "确认", "同意"), Confirm),
    **dict.fromkeys(("decline", "refuse", "no", "pass", "drop", "拒绝", "不接"), Decline),
    **dict.fromkeys(("withdraw", "cancel", "remove", "undo", "撤回", "取消"), Withdraw),
}
_NUMBER: Final = re.compile(r"#?[0-9]{1,18}")
_LIST: Final = re.compile(r"(?:list|ls|all|列表|全部)(?![\w@.])\s*(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_BY: Final = re.compile(r"\b(?:by|with|from|ask|asking|to)\b|由|请|找|问|让", re.IGNORECASE)
_WITH: Final = re.compile(r"\b(?:with|and)\b|和|跟|与", re.IGNORECASE)
_FOR: Final = re.compile(r"\b(?:for|against)\b|换", re.IGNORECASE)
_LATER: Final = re.compile(r"\b(?:my\s+)?next(?:\s+shift)?\b|(?:我的)?下(?:一|个)班", re.IGNORECASE)
_FILLERS: Final = re.compile(r"\b(?:my|the|me|please|shifts?)\b|我的?|的?班", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Cover:
    """My shift is to be taken over, by one of `candidates`; none: by anybody of the schedule.

    `span`: which time; None: the shift that I am on, or my next; `later`: my next in any case. `role`: if one is said.
    """

    schedule: Schedule
    span: Span | None = None
    role: str | None = None
    candidates: tuple[AccountId, ...] = ()
    later: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Swap:
    """My shift for that of `other`; `span`, `theirs`: which time of each, None: the next."""

    schedule: Schedule
    other: AccountId
    span: Span | None = None
    theirs: Span | None = None
    role: str | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody says to a trade; None: they want to see it."""

    number: TradeId
    answer: Answering | None = None


@dataclass(frozen=True, slots=True)
class Show:
    """Say which trades are open, of a schedule or of all."""

    schedule: Schedule | None = None


def read_cover(rest: str, schedules: Sequence[Schedule], speaker: Speaker) -> Cover | NotUnderstood | Unclear:
    """Return what is meant by what stands behind `cover`. Times are in the speaker's zone."""
    sentence = Sentence(rest)
    why = sentence.why()
    schedule = _schedule(sentence, schedules)
    if isinstance(schedule, NotUnderstood):
        return schedule
    span = sentence.span(speaker)
    role = sentence.role(roles(schedule))
    named = sentence.behind(_BY)
    later = sentence.take(_LATER) is not None
    sentence.drop(_FILLERS)
    if (
        (named is None and sentence.has_time(speaker))
        or not sentence.is_empty
        or (named is not None and named.is_empty)
    ):
        return NotUnderstood(words.SAY_COVER, {"example": COVER})
    candidates = named.people(speaker, COVER) if named is not None else ()
    if isinstance(candidates, NotUnderstood | Unclear):
        return candidates
    return Cover(schedule, span, role, candidates, later, why)


def read_swap(rest: str, schedules: Sequence[Schedule], speaker: Speaker) -> Swap | NotUnderstood | Unclear:
    """Return what is meant by what stands behind `swap`. Times are in the speaker's zone."""
    sentence = Sentence(rest)
    why = sentence.why()
    schedule = _schedule(sentence, schedules)
    if isinstance(schedule, NotUnderstood):
        return schedule
    role = sentence.role(roles(schedule))
    behind = sentence.behind(_FOR)
    theirs = behind.span(speaker) if behind is not None else None
    span = sentence.span(speaker)
    if behind is not None:
        if theirs is None:
            return NotUnderstood(words.SAY_SWAP, {"example": SWAP})
        sentence.join(behind)
    for filler in (_WITH, _LATER, _FILLERS):
        sentence.drop(filler)
    if sentence.is_empty or sentence.has_time(speaker):
        return NotUnderstood(words.SAY_SWAP, {"example": SWAP})
    other = sentence.person(speaker, SWAP)
    if isinstance(other, NotUnderstood | Unclear):
        return other
    return Swap(schedule, other, span, theirs, role, why)


def read_trade(rest: str, schedules: Sequence[Schedule]) -> Answer | Show | NotUnderstood:
    """Return what is meant by what stands behind `trade`."""
    said = rest.strip().casefold()
    listed = _LIST.fullmatch(rest.strip())
    named = listed["rest"] if listed is not None else said
    if not named:
        return Show()
    if listed is not None:
        schedule = _schedule(Sentence(named), schedules)
        return schedule if isinstance(schedule, NotUnderstood) else Show(schedule)
    pieces = said.split()
    numbers = [int(one.lstrip("#")) for one in pieces if _NUMBER.fullmatch(one)]
    others = [one for one in pieces if not _NUMBER.fullmatch(one)]
    if len(numbers) != 1 or len(others) > 1 or any(one not in _ANSWERS for one in others):
        return NotUnderstood(words.SAY_TRADE, {"example": TRADE})
    return Answer(TradeId(numbers[0]), _ANSWERS[others[0]] if others else None)


def _schedule(sentence: Sentence, schedules: Sequence[Schedule]) -> Schedule | NotUnderstood:
    found = sentence.schedule(schedules)
    return found if found is not None else _no_schedule(schedules)


def _no_schedule(schedules: Sequence[Schedule]) -> NotUnderstood:
    names = ", ".join(one.name for one in schedules)
    return NotUnderstood(override_words.SAY_SCHEDULE if names else override_words.NO_SCHEDULES, {"schedules": names})
