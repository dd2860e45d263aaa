"""All words that Oncard says in chats.

Each message is a whole sentence or line, written in English, which is also its id in a catalogue. What stands in
braces is put in by its name, so that a language may order it otherwise; words in square brackets stand out. A message
that depends on a number has one form for one and one for many.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from string import Formatter
from types import MappingProxyType
from typing import Final

from bot.domain.event import Severity
from bot.domain.incident import Entry, Reason
from cards.card import Part, Strong, Text

# ---- the card: status ------------------------------------------------------------------------------------------------

PAGING: Final = "[Triggered] · paging {who} (level {level} of {levels})"
PAGING_LEVEL: Final = "[Triggered] · paging level {level} of {levels}"
ASSIGNED: Final = "[Triggered] · assigned to {who}"
ASSIGNED_BY_HAND: Final = "[Triggered] · assigned to {who} · no level follows"
NEXT_UNLESS_ACKNOWLEDGED: Final = " · next: level {level} at {at} unless acknowledged"
LAST_UNLESS_ACKNOWLEDGED: Final = " · last level: at {at} the team and the admins are told unless acknowledged"
NEXT_UNLESS_CLOSED: Final = " · next: level {level} at {at} unless closed"
LAST_UNLESS_CLOSED: Final = " · at {at} the team and the admins are told unless closed"
NO_RULE: Final = "⚠️ [Nobody was told: channel] {channel} [has no escalation rule.] Take it, or call somebody."
EXHAUSTED: Final = (
    "⚠️ [Nobody acknowledged.] Level {levels} of {levels} was the last: nobody else is told. Exhausted at {at}."
)
ACKNOWLEDGED: Final = "[Acknowledged] by {who} at {at}"
SNOOZED: Final = "[Snoozed] until {until}"
SNOOZED_BY: Final = "[Snoozed] by {who} until {until}"
CLOSED: Final = "[Closed] by {who} at {at} after {duration}"
CLOSED_WITH: Final = "[Closed] by {who} at {at} after {duration}: {resolution}"
RECOVERED: Final = "[Recovered] at {at} after {duration}"
MAY_REPEAT: Final = " · may be a repeat: an earlier try got no answer"

SUMMARY: Final = "{severity}: {title} (#{number})"
SUMMARY_ACKNOWLEDGED: Final = "{severity}: {title} (#{number}) · acknowledged"
SUMMARY_SNOOZED: Final = "{severity}: {title} (#{number}) · snoozed"
SUMMARY_CLOSED: Final = "{severity}: {title} (#{number}) · closed"
SUMMARY_RECOVERED: Final = "{severity}: {title} (#{number}) · recovered"

# ---- the card: facts -------------------------------------------------------------------------------------------------

CHANNEL: Final = "Channel"
STARTED: Final = "Started"
RESPONDERS: Final = "Responders"
ALERTS: Final = "Alerts"
ALERTS_ACTIVE: Final = "{active} active of {total}"
MORE_LABELS: Final = ("and {count} more label", "and {count} more labels")
BY_CHAT: Final = "{name} in {place}"
# Doors that are no workspace, by the names that the law records.
BY_DOOR: Final[Mapping[str, str]] = MappingProxyType(
    {"": "{name}", "cli": "{name} from the command line", "api": "{name} through the API"}
)
ONCARD: Final = "Oncard"
SOMEBODY: Final = "somebody"

SEVERITIES: Final[Mapping[Severity, str]] = MappingProxyType(
    {
        Severity.CRITICAL: "Critical",
        Severity.WARNING: "Warning",
        Severity.INFO: "Info",
        Severity.OK: "Ok",
    }
)

# ---- the card: history -----------------------------------------------------------------------------------------------

TOLD: Final = "Level {level} told: {to}"
TOLD_LEVEL: Final = "Level {level} told"
NOT_REACHED: Final = "{to} could not be reached: {why}"
CLOSED_BECAUSE: Final = "{who} closed it: {resolution}"
HISTORY: Final[Mapping[Entry, str]] = MappingProxyType(
    {
        Entry.NO_RULE: "Nobody told: no escalation rule",
        Entry.LEVEL_EMPTY: "Level {level} passed: it reaches nobody",
        Entry.LEVEL_FAILED: "Level {level} reached nobody",
        Entry.EXHAUSTED: "Every level told, nobody acknowledged",
        Entry.ACKNOWLEDGED: "{who} acknowledged it",
        Entry.UNACKNOWLEDGED: "{who} gave it back",
        Entry.CLOSED: "{who} closed it",
        Entry.REOPENED: "{who} reopened it",
        Entry.ESCALATED: "{who} escalated it to level {level}",
        Entry.SNOOZED: "{who} snoozed it until {until}",
        Entry.SNOOZE_OVER: "The snooze is over",
        Entry.REASSIGNED: "{who} assigned it to {to}",
        Entry.COMMENTED: "{who}: {text}",
        Entry.SEVERITY: "Severity went from {from} to {to}",
        Entry.RECOVERED: "Recovered",
        Entry.NOT_DELIVERED: "{to} could not be reached in {via}: {why}",
    }
)

# ---- the card: buttons -----------------------------------------------------------------------------------------------

ACKNOWLEDGE: Final = "Acknowledge"
UNACKNOWLEDGE: Final = "Unacknowledge"
ESCALATE: Final = "Escalate"
CLOSE: Final = "Close"
REOPEN: Final = "Reopen"
CANCEL: Final = "Cancel"
ESCALATE_TITLE: Final = "Escalate #{number}?"
ESCALATE_TEXT: Final = "Level {level} of {levels} is paged at once."
ESCALATE_TEXT_NAMES: Final = "Level {level} of {levels} is paged at once: {who}."
CLOSE_TITLE: Final = "Close #{number}?"
CLOSE_TEXT: Final = "Nobody is told any more. If monitoring reports the trouble again, a new incident opens."
REOPEN_TITLE: Final = "Reopen #{number}?"
REOPEN_TEXT: Final = "It climbs again from level 1: whoever is on that level is paged at once."
REOPEN_TEXT_NO_RULE: Final = "Nobody is paged: the channel has no escalation rule."

# ---- the board: many incidents in one message ------------------------------------------------------------------------

STORM: Final = "Storm"
STORM_OVER: Final = "Storm over"
BOARD_TITLE: Final = ("{count} open incident in {where}", "{count} open incidents in {where}")
BOARD_TITLE_OVER: Final = ("{count} incident in {where}, closed", "{count} incidents in {where}, all closed")
BOARD_SUMMARY: Final = "{storm}: {title} · {untaken} not acknowledged"
BOARD_SUMMARY_OVER: Final = "{storm}: {title}"
BOARD_WHERE: Final = ("{first} and {count} more channel", "{first} and {count} more channels")
BOARD_UNTAKEN: Final = "[{untaken} not acknowledged]"
BOARD_PAGING: Final = "[{untaken} not acknowledged] · paging {who}"
BOARD_TAKEN: Final = "[All acknowledged]"
BOARD_TAKEN_BY: Final = "[All acknowledged] by {who}"
BOARD_OVER: Final = "[Over] at {at} after {duration}"
BOARD_OVER_BY: Final = "[Over] at {at} after {duration} · acknowledged by {who}"
BOARD_EXHAUSTED: Final = " · ⚠️ {count} went through every level, and nobody acknowledged"
BOARD_NO_RULE: Final = " · ⚠️ nobody was told of {count}: their channel has no escalation rule"
BOARD_LEVEL_FAILED: Final = " · ⚠️ a level reached nobody for {count}: “oncard doctor” says what is wrong"
BOARD_OPEN: Final = "Open"
BOARD_ACKNOWLEDGED: Final = "Acknowledged"
BOARD_BY: Final = "{count} · {who}"
BOARD_CLOSED: Final = "Closed"
BOARD_CHANNELS: Final = "Channels"
BOARD: Final = "Board"
BOARD_OLDEST: Final = "Waiting longest"
BOARD_CRITICAL: Final = "Newest Critical"
BOARD_ROW: Final = "{at} · #{number} · {title}"
AND_MORE: Final = "{first} and {count} more"
BOARD_CALL: Final = (
    "[Storm: {count} more incident in {where}:] {newest} · {untaken} of {open} open ones not acknowledged",
    "[Storm: {count} more incidents in {where},] the newest: {newest} · {untaken} of {open} open ones not acknowledged",
)
BOARD_CALL_AGAIN: Final = "[Storm in {where}:] {untaken} of {open} open ones not acknowledged"
ACKNOWLEDGE_ALL: Final = ("Acknowledge {count}", "Acknowledge all {count}")
BOARD_TOOK: Final = (
    "{count} incident is yours. Nobody else is paged for it.",
    "{count} incidents are yours. Nobody else is paged for them.",
)
BOARD_TAKEN_BEFORE: Final = (
    " {count} was acknowledged before, by {who}.",
    " {count} were acknowledged before, by {who}.",
)
BOARD_CAME_SINCE: Final = (
    " {count} came after the board that you saw and is not yours: look again.",
    " {count} came after the board that you saw and are not yours: look again.",
)
BOARD_ALL_TAKEN: Final = "All of them are acknowledged already, by {who}; nothing changed."
BOARD_ALL_CLOSED: Final = "All of them are closed already; nothing changed."
UNKNOWN_BOARD: Final = "There is no board {number}; nothing changed. The number stands on it."

# ---- notes to many ---------------------------------------------------------------------------------------------------

PAGED: Final = "{incident} · {status}"
REMINDER: Final = "{incident} · Still not acknowledged · reminder {turn}"
ANNOUNCE_EXHAUSTED: Final = (
    "{incident} · [Nobody acknowledged.] Level {levels} of {levels} was the last, nobody else is told: "
    "acknowledge it, or call somebody now."
)
ANNOUNCE_NO_RULE: Final = (
    "{incident} · [Nobody was told:] channel {channel} has no escalation rule. Acknowledge it, or call somebody now; "
    "then add a rule under “escalation” of that channel, so that the next one reaches somebody."
)
ANNOUNCE_FAILED_NEXT: Final = (
    "{incident} · [Level {failed} reached nobody:] every message was refused. Level {level} of {levels} is told now. "
    "“oncard doctor” says what is wrong."
)
ANNOUNCE_FAILED_LAST: Final = (
    "{incident} · [Level {failed} reached nobody:] every message was refused, and no level is left. Acknowledge it, or "
    "call somebody now. “oncard doctor” says what is wrong."
)
FAILED_BECAUSE: Final = " Last refusal: {refusal}"

# ---- notes to one person ---------------------------------------------------------------------------------------------

DONE: Final[Mapping[Entry, str]] = MappingProxyType(
    {
        Entry.ACKNOWLEDGED: "#{number} is yours: {title}. Nobody else is paged.",
        Entry.UNACKNOWLEDGED: "You gave #{number} back: its level is paged again.",
        Entry.CLOSED: "You closed #{number}: {title}.",
        Entry.REOPENED: "You reopened #{number}: it climbs again from level 1.",
        Entry.ESCALATED: "You escalated #{number}: level {level} of {levels} is paged.",
        Entry.SNOOZED: "#{number} is quiet until {until}. Then its level is paged again.",
        Entry.REASSIGNED: "You assigned #{number} to {to}.",
        Entry.COMMENTED: "Your comment stands on #{number}.",
    }
)
DONE_GOES_ON_LAST: Final = "#{number} is yours: {title}. At {at} the team and the admins are told unless it is closed."
DONE_GOES_ON: Final = "#{number} is yours: {title}. Level {next} is called at {at} unless it is closed."
REOPENED_NO_RULE: Final = "You reopened #{number}. Nobody was told: channel {channel} has no escalation rule."

# Without a deed in the way, and with one.
REFUSED: Final[Mapping[Reason, str]] = MappingProxyType(
    {
        Reason.ALREADY_ACKNOWLEDGED: "Already acknowledged; nothing changed.",
        Reason.NOT_ACKNOWLEDGED: "Nobody has acknowledged #{number}, so there is nothing to give back.",
        Reason.ALREADY_CLOSED: "Already closed; nothing changed.",
        Reason.ALREADY_RECOVERED: "Already recovered; nothing changed.",
        Reason.NOT_CLOSED: "#{number} is not closed, so there is nothing to reopen. Now: {status}",
        Reason.STALE: "The card had changed before your click, so nothing was done. Now: {status}",
        Reason.NO_SUCH_LEVEL: "There is no such level: the last one is {levels}. Nothing changed.",
        Reason.NO_FURTHER_LEVEL: "Level {levels} of {levels} is the last: nobody else can be called. Nothing changed.",
        Reason.SNOOZE_TOO_LONG: "A snooze lasts at most {longest}; nothing changed.",
        Reason.SNOOZE_IN_THE_PAST: "That time is over already; nothing changed. Say how long, for example 30m.",
        Reason.NOBODY: "None of them is an active account, so #{number} stays as it was.",
        Reason.EMPTY_COMMENT: "A comment needs words; nothing changed.",
    }
)
REFUSED_BECAUSE: Final[Mapping[Reason, str]] = MappingProxyType(
    {
        Reason.ALREADY_ACKNOWLEDGED: "Already acknowledged by {who} {ago} ago; nothing changed.",
        Reason.ALREADY_CLOSED: "Already closed by {who} {ago} ago; nothing changed.",
        Reason.ALREADY_RECOVERED: "Already recovered {ago} before your click; nothing changed.",
    }
)
NO_LEVELS: Final = "Channel {channel} has no escalation rule: there is nobody to call. Nothing changed."
UNLINKED: Final = (
    "Your chat account {name} is not linked to an Oncard account, so nothing changed. Ask an admin to add "
    "{entry} to workspace {workspace} in the configuration file, with your e-mail address in it."
)
TRY_AGAIN: Final = "Oncard could not do that just now, and nothing changed. Try again in a moment."
NOT_UNDERSTOOD: Final = "I do not understand “{said}”; nothing changed. {hint}"
UNKNOWN_INCIDENT: Final = "There is no incident #{number}; nothing changed. The number stands on its card."

_STRONG: Final = re.compile(r"\[(.*?)\]")


def say(locale: str, message: str, /, **parts: Part | Text | int) -> Text:
    """Return `message` in the language of `locale`, with the parts in their places. English is spoken to everybody."""
    del locale  # The message is its own English.
    said: list[Part] = []
    for index, piece in enumerate(_STRONG.split(message)):
        said.extend((Strong(piece.format(**parts)),) if index % 2 else _filled(piece, parts))
    return tuple(said)


def _filled(piece: str, parts: Mapping[str, Part | Text | int]) -> Iterator[Part]:
    for literal, name, _, _ in Formatter().parse(piece):
        if literal:
            yield literal
        if name:
            part = parts[name]
            yield from part if isinstance(part, tuple) else (str(part) if isinstance(part, int) else part,)


def name_of(locale: str, message: str, /, **parts: str | int) -> str:
    """Return a message that consists of plain words only: a label, a title."""
    del locale  # As in `say`.
    return message.format(**parts)


def count_of(locale: str, forms: tuple[str, str], count: int, /, **parts: str) -> str:
    """Return the form for `count` things."""
    return name_of(locale, form_of(forms, count), count=amount(locale, count), **parts)


def form_of(forms: tuple[str, str], count: int) -> str:
    """Return the form of a message that suits `count` things."""
    return forms[0] if count == 1 else forms[1]


def amount(locale: str, count: int) -> str:
    """Return a count as it is read at a glance: `4,990`."""
    del locale  # As in `duration`.
    return f"{count:,}"


def duration(locale: str, lasted: timedelta) -> str:
    """Return how long it was in at most two units: `4 s`, `2 min`, `1 h 5 min`, `24 h`, from two days on `3 d 2 h`."""
    del locale  # The symbols of the units are the same in all languages that are written in Latin letters.
    seconds = max(int(lasted.total_seconds()), 0)
    if seconds < 60:
        return f"{seconds} s"
    days = seconds // 86400 if seconds >= 2 * 86400 else 0
    units = ((days, "d"), (seconds // 3600 - 24 * days, "h"), (seconds // 60 % 60, "min"))
    first = next(index for index, (amount, _) in enumerate(units) if amount)
    return " ".join(f"{amount} {unit}" for amount, unit in units[first : first + 2] if amount)
