"""What stands behind `override`: who is on call instead, from when to when; which changes there are; which is removed.

override payments bo@example.com 22:00-06:00 as backup for ana@example.com because she flies · override list payments
override remove 7
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.commands.entry import NotUnderstood, Speaker, Unclear
from bot.commands.shift_sentence import Sentence
from bot.domain.override import OverrideId
from bot.domain.people import AccountId
from bot.domain.schedule import Schedule, roles
from bot.domain.untold import Span
from cards import override as words

EXAMPLE: Final = "override payments bo@example.com 22:00-06:00, override payments bo@example.com for 4h"
_LIST: Final = re.compile(r"(?:list|ls|all|列表|全部)(?![\w@.])\s*", re.IGNORECASE)
_ADD: Final = re.compile(r"(?:add|new|添加|新增)(?![\w@.])\s*", re.IGNORECASE)
_REMOVE: Final = re.compile(
    r"(?:(?:remove|delete|cancel|undo|rm|删除|移除|取消|撤销)\s*#?(?P<number>\d{1,18})?|#?(?P<first>\d{1,18})\s+(?:remove|delete|cancel|undo))\s*",
    re.IGNORECASE,
)
_INSTEAD: Final = re.compile(r"\b(?:for|instead\s+of|in\s+place\s+of|replacing|covering)\b|代替|顶替|替", re.IGNORECASE)
_BY: Final = re.compile(r"^\s*(?:由|让|请)")


@dataclass(frozen=True, slots=True)
class Add:
    """Somebody is on duty in a role (None: which is not said) of a schedule; `replaces`: in the place of one person."""

    schedule: Schedule
    account: AccountId
    span: Span
    role: str | None = None
    replaces: AccountId | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Show:
    """Say which changes there are, of a schedule or of all."""

    schedule: Schedule | None = None


@dataclass(frozen=True, slots=True)
class Remove:
    """Let a change hold no longer."""

    number: OverrideId


Meant = Add | Show | Remove


def read(rest: str, schedules: Sequence[Schedule], speaker: Speaker) -> Meant | NotUnderstood | Unclear:
    """Return what is meant by what stands behind `override`. Times are in the speaker's zone."""
    text = rest.strip()
    removed = _REMOVE.fullmatch(text)
    if removed is not None:
        number = removed["number"] or removed["first"]
        return Remove(OverrideId(int(number))) if number else _say(words.SAY_WHICH_OVERRIDE, "override remove 7")
    listed, added = _LIST.match(text), _ADD.match(text)
    sentence = Sentence(text[listed.end() :] if listed else rest)
    if added is not None and not listed:
        sentence.take(re.compile(rf"^\s*{_ADD.pattern}", re.IGNORECASE))
    why = sentence.why()
    schedule = sentence.schedule(schedules)
    if sentence.is_empty and not why:
        return Show(schedule if text and (not listed or text[listed.end() :].strip()) else None)
    if schedule is None or listed:
        names = ", ".join(one.name for one in schedules)
        return NotUnderstood(words.SAY_SCHEDULE if names else words.NO_SCHEDULES, {"schedules": names})
    return _add(sentence, schedule, speaker, why)


def _add(sentence: Sentence, schedule: Schedule, speaker: Speaker, why: str) -> Add | NotUnderstood | Unclear:
    span = sentence.span(speaker)
    if span is None:
        return _say(words.SAY_WHEN, EXAMPLE)
    role = sentence.role(roles(schedule))
    if role is None and sentence.has_role():
        return NotUnderstood(words.SAY_ROLE, {"roles": ", ".join(roles(schedule)), "schedule": schedule.name})
    instead = sentence.behind(_INSTEAD)
    sentence.take(_BY)
    if sentence.is_empty:
        return _say(words.SAY_ONE_PERSON, EXAMPLE)
    account = sentence.person(speaker, EXAMPLE)
    if isinstance(account, NotUnderstood | Unclear):
        return account
    replaces = instead.person(speaker, EXAMPLE) if instead is not None else None
    if isinstance(replaces, NotUnderstood | Unclear):
        return replaces
    return Add(schedule, account, span, role, replaces, why)


def _say(message: str, example: str) -> NotUnderstood:
    return NotUnderstood(message, {"example": example})
