"""The commands, in the order of the help. Adding one is one entry here.

An entry without an `action` is answered by `bot.engine.questions.ANSWERS` under its name.
"""

import re
from collections.abc import Mapping
from typing import Final

from bot.commands import times
from bot.commands.entry import Asked, Command, NotUnderstood, Speaker, Unclear, Verb
from bot.commands.people import targets_of
from bot.domain import incident as happening
from bot.domain.incident import Incident, Progress
from cards import checkup, contacts, forms, handover, ledger, linking, lint, override, schedule, simulate, trade, words

_LEVEL_WORDS: Final = re.compile(r"^(?:(?:to|到)\s*)?(?:level\s*|l|第)?(\d{1,3})(?:\s*级)?$", re.ASCII | re.IGNORECASE)
_LEVEL_AT_ALL: Final = re.compile(r"^(?:(?:to|到)\s*)?(?:level\b|第|[\d.,-]+(?:\s|$))", re.ASCII | re.IGNORECASE)
# What a form said when a level and people were both chosen.
_LEVEL_FIRST: Final = re.compile(r"(?:level\s*)?\d{1,3}\s+\S", re.ASCII | re.IGNORECASE)


def _is_triggered(incident: Incident) -> bool:
    return incident.progress is Progress.TRIGGERED


def _is_taken(incident: Incident) -> bool:
    return incident.progress is Progress.PROCESSING


def _can_be_undone(incident: Incident) -> bool:
    return incident.undo is not None


def _is_closed(incident: Incident) -> bool:
    return not incident.is_open


def _any(incident: Incident) -> bool:
    del incident  # A comment can be written on any, and any can be shown.
    return True


def _acknowledge(said: Command, who: Speaker) -> Asked:
    return happening.Acknowledge(who.actor, said.seen)


def _unacknowledge(said: Command, who: Speaker) -> Asked:
    return happening.Unacknowledge(who.actor, said.seen)


def _acknowledge_each(said: Command, who: Speaker) -> Asked:
    del said  # What its button says was seen is the board, not a card of each incident.
    return happening.Acknowledge(who.actor)


def _close(said: Command, who: Speaker) -> Asked:
    return happening.Close(who.actor, said.rest, said.seen)


def _reopen(said: Command, who: Speaker) -> Asked:
    return happening.Reopen(who.actor, said.seen)


def _comment(said: Command, who: Speaker) -> Asked:
    return happening.Comment(who.actor, said.rest)


def _escalate(said: Command, who: Speaker) -> Asked:
    """Call a level, or give it to people, after whom the rule's later levels still follow."""
    text = said.rest.strip()
    if not text:
        return happening.Escalate(who.actor, seen=said.seen)
    level = _LEVEL_WORDS.fullmatch(text)
    if level:
        return happening.Escalate(who.actor, level=int(level[1]) - 1, seen=said.seen)
    if _LEVEL_FIRST.match(text):
        return NotUnderstood(words.LEVEL_OR_PEOPLE, {"example": "escalate 42 2"}, "level")
    if _LEVEL_AT_ALL.match(text):
        return NotUnderstood(words.LEVELS_ARE_NUMBERS, {"example": "escalate 42 2"}, "level")
    return _give(said, who, "escalate 42 2, escalate 42 ana@example.com")


def _reassign(said: Command, who: Speaker) -> Asked:
    return _give(said, who, "reassign 42 ana@example.com")


def _add(said: Command, who: Speaker) -> Asked:
    targets = targets_of(said.rest, who, "add 42 ana@example.com")
    if isinstance(targets, NotUnderstood | Unclear):
        return targets
    if not targets:
        return NotUnderstood(words.SAY_WHOM, {"example": "add 42 ana@example.com"}, "who")
    return happening.AddResponder(who.actor, targets, said.seen)


def _undo(said: Command, who: Speaker) -> Asked:
    return happening.Undo(who.actor, said.seen)


def _give(said: Command, who: Speaker, example: str) -> Asked:
    targets = targets_of(said.rest, who, example)
    if isinstance(targets, NotUnderstood | Unclear):
        return targets
    if not targets:
        return NotUnderstood(words.SAY_TO_WHOM, {"example": example}, "who")
    return happening.Reassign(who.actor, targets, seen=said.seen)


def _snooze(said: Command, who: Speaker) -> Asked:
    until = times.until(said.rest or "1h", who.now, who.timezone)
    if until is None:
        return NotUnderstood(words.SAY_HOW_LONG, {"example": "snooze 42 30m, snooze 42 until 14:00"}, "own")
    return happening.Snooze(who.actor, until, seen=said.seen)


_ALL: Final = (
    Verb(
        "ack",
        "ack 42",
        words.DOES_ACK,
        ("acknowledge", "take", "认领", "确认"),
        _acknowledge,
        takes=False,
        lists=True,
        fits=_is_triggered,
    ),
    Verb(
        "unack",
        "unack 42",
        words.DOES_UNACK,
        ("unacknowledge", "release", "取消认领", "取消确认"),
        _unacknowledge,
        takes=False,
        lists=True,
        fits=_is_taken,
    ),
    Verb(
        "close",
        "close 42 [what fixed it]",
        words.DOES_CLOSE,
        ("resolve", "done", "关闭", "解决"),
        _close,
        forms.close,
        text=True,
        lists=True,
    ),
    Verb(
        "reopen",
        "reopen 42",
        words.DOES_REOPEN,
        ("重开", "重新打开"),
        _reopen,
        takes=False,
        lists=True,
        fits=_is_closed,
    ),
    Verb(
        "escalate",
        "escalate 42 [2, or who]",
        words.DOES_ESCALATE,
        ("esc", "升级"),
        _escalate,
        forms.escalate,
    ),
    Verb(
        "snooze",
        "snooze 42 [30m, or until 14:00]",
        words.DOES_SNOOZE,
        ("pause", "mute", "静音", "暂停"),
        _snooze,
        forms.snooze,
    ),
    Verb(
        "reassign",
        "reassign 42 who…",
        words.DOES_REASSIGN,
        ("assign", "give", "转派", "分派"),
        _reassign,
        forms.reassign,
        lists=True,
    ),
    Verb(
        "add",
        "add 42 who…",
        words.DOES_ADD,
        ("invite", "添加", "加人"),
        _add,
        forms.add,
        lists=True,
    ),
    Verb(
        "comment",
        "comment 42 text",
        words.DOES_COMMENT,
        ("note", "say", "评论", "备注"),
        _comment,
        forms.comment,
        text=True,
        fits=_any,
    ),
    Verb(
        "undo",
        "undo 42",
        words.DOES_UNDO,
        ("revert", "撤销", "撤回"),
        _undo,
        takes=False,
        fits=_can_be_undone,
    ),
    Verb(
        "ackboard",
        "ackboard 7",
        words.DOES_ACKBOARD,
        ("认领全部",),
        _acknowledge_each,
        takes=False,
        for_all=True,
    ),
    Verb("list", "list [mine, or a channel]", words.DOES_LIST, ("ls", "incidents", "列表"), numbered=False),
    Verb("show", "show 42", words.DOES_SHOW, ("view", "details", "查看", "详情"), takes=False, fits=_any),
    Verb("who", "who [a channel]", words.DOES_WHO, ("oncall", "on-call", "值班"), numbered=False),
    Verb(
        "schedule",
        "schedule [a schedule, or feed]",
        schedule.DOES_SCHEDULE,
        ("schedules", "rota", "roster", "排班", "值班表"),
        numbered=False,
    ),
    Verb(
        "pager",
        "pager [test]",
        handover.DOES_PAGER,
        ("handover", "接班", "交接"),
        numbered=False,
    ),
    Verb(
        "override",
        "override payments who 22:00-06:00 [for whom because …]",
        override.DOES_OVERRIDE,
        ("overrides", "临时替班", "替班"),
        numbered=False,
    ),
    Verb("cover", "cover payments [tomorrow by who…]", trade.DOES_COVER, ("代班", "求代班"), numbered=False),
    Verb("swap", "swap payments with who [friday for sunday]", trade.DOES_SWAP, ("换班", "调班"), numbered=False),
    Verb("trade", "trade 7 [take]", trade.DOES_TRADE, ("trades", "换班请求"), numbered=False),
    Verb(
        "what-if",
        "what-if payments [critical at 03:00 ana acks after 3m]",
        simulate.DOES_WHAT_IF,
        ("whatif", "simulate", "假如", "如果"),
        numbered=False,
    ),
    Verb("lint", "lint", lint.DOES_LINT, ("体检",), numbered=False, takes=False),
    Verb("why", "why 42 [or not who 03:00-04:00]", ledger.DOES_WHY, ("为什么", "为何"), numbered=False),
    Verb("link", "link [code]", linking.DOES_LINK, ("绑定",), numbered=False, for_anybody=True),
    Verb("unlink", "unlink", linking.DOES_UNLINK, ("解绑",), numbered=False, takes=False, for_anybody=True),
    Verb("ping", "ping", checkup.DOES_PING, ("测试",), numbered=False, for_anybody=True),
    Verb("me", "me [critical im, sms 2m]", contacts.DOES_ME, ("whoami", "我"), numbered=False),
    Verb("status", "status", words.DOES_STATUS, ("health", "状态"), numbered=False),
    Verb(
        "help",
        "help [ack, or shifts]",
        words.DOES_HELP,
        ("?", "h", "commands", "帮助"),
        numbered=False,
        for_anybody=True,
    ),
)
# What nobody needs in the middle of the night has a help of its own: all of it at once fits into no chat.
TOPICS: Final[Mapping[str, tuple[str, ...]]] = {
    "shifts": ("schedule", "pager", "override", "cover", "swap", "trade"),
    "setup": ("lint", "link", "unlink", "ping", "status"),
}
TOPIC_NAMES: Final[Mapping[str, str]] = {**{name: name for name in TOPICS}, "班次": "shifts", "设置": "setup"}
VERBS: Final[Mapping[str, Verb]] = {verb.name: verb for verb in _ALL}
ALIASES: Final[Mapping[str, Verb]] = {name: verb for verb in _ALL for name in (verb.name, *verb.aliases)}
