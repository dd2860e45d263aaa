"""All words that Oncard says in chats.

Each message is a whole sentence or line, written in English, which is also its id in the catalogues under `locale/`.
What stands in braces is put in by its name, so that a language may order it otherwise; words in square brackets stand
out. A message that depends on a number has one form for one and one for many.
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
from cards.catalogue import translated

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
        Entry.DELAYED: "Nobody is told before {until}",
        Entry.LEVEL_HELD: "Level {level} waits until {until}, when somebody comes on duty",
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
        Entry.ADDED: "{who} added {to}",
    }
)
TOOK_BACK: Final = "{who} took it back"
TAKEN_BACK: Final[Mapping[str, str]] = MappingProxyType(
    {
        Entry.ACKNOWLEDGED: "{who} took it back: not acknowledged",
        Entry.CLOSED: "{who} took it back: not closed",
        Entry.SNOOZED: "{who} took it back: not snoozed",
        Entry.REASSIGNED: "{who} took it back: not assigned to others",
        Entry.ADDED: "{who} took it back: nobody added",
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
        Entry.ADDED: "You added {to} to #{number}: paged now.",
        Entry.UNDONE: "You took it back. #{number} is as it was: {status}",
    }
)
DONE_GOES_ON_LAST: Final = "#{number} is yours: {title}. At {at} the team and the admins are told unless it is closed."
DONE_GOES_ON: Final = "#{number} is yours: {title}. Level {next} is called at {at} unless it is closed."
DONE_ADDED_SOME: Final = "You added {to} to #{number}: paged now. Responders already: {already}."
CAN_UNDO: Final = " You can take it back for {lasts}: undo {number}"
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
        Reason.NOBODY_ON_CALL: "Nobody is on call there, now or later, so #{number} stays as it was.",
        Reason.EMPTY_COMMENT: "A comment needs words; nothing changed.",
        Reason.RESPONDERS_ALREADY: "They are responders of #{number} already; nothing changed.",
        Reason.NOTHING_TO_UNDO: "There is nothing to take back on #{number}; nothing changed. Now: {status}",
        Reason.NOT_YOURS_TO_UNDO: "Somebody else acted last, and only they can take that back; nothing changed.",
        Reason.TOO_LATE_TO_UNDO: "It is too late to take that back; nothing changed. Now: {status}",
        Reason.WENT_ON: "#{number} has gone on since then, so nothing was taken back. Now: {status}",
    }
)
REFUSED_BECAUSE: Final[Mapping[Reason, str]] = MappingProxyType(
    {
        Reason.ALREADY_ACKNOWLEDGED: "Already acknowledged by {who} {ago} ago; nothing changed.",
        Reason.ALREADY_CLOSED: "Already closed by {who} {ago} ago; nothing changed.",
        Reason.ALREADY_RECOVERED: "Already recovered {ago} before your click; nothing changed.",
        Reason.NOT_YOURS_TO_UNDO: "{who} acted last, {ago} ago: only they can take that back. Nothing changed.",
    }
)
NO_LEVELS: Final = "Channel {channel} has no escalation rule: there is nobody to call. Nothing changed."
TRY_AGAIN: Final = "Oncard could not do that just now, and nothing changed. Try again in a moment."
NOT_UNDERSTOOD: Final = "I do not understand “{said}”; nothing changed. {hint}"
UNKNOWN_INCIDENT: Final = "There is no incident #{number}; nothing changed. The number stands on its card."
UNREADABLE_INCIDENT: Final = (
    "What is stored of incident #{number} cannot be read; nothing changed. "
    "An admin can run the newer version of Oncard again that wrote it, or bring it back from a backup."
)

# ---- forms -----------------------------------------------------------------------------------------------------------

ASK_ESCALATE: Final = "Escalate…"
ASK_CLOSE: Final = "Close…"
ASK_SNOOZE: Final = "Snooze…"
ASK_REASSIGN: Final = "Reassign…"
ASK_ADD: Final = "Add responder…"
ASK_COMMENT: Final = "Comment…"
UNDO: Final = "Undo"
SNOOZE: Final = "Snooze"
REASSIGN: Final = "Reassign"
ADD: Final = "Add"
COMMENT: Final = "Comment"
FORM_CLOSE: Final = "Close #{number}"
FORM_ESCALATE: Final = "Escalate #{number}"
FORM_SNOOZE: Final = "Snooze #{number}"
FORM_REASSIGN: Final = "Reassign #{number}"
FORM_ADD: Final = "Add to #{number}"
FORM_COMMENT: Final = "Comment on #{number}"
FORM_TEXT: Final = "[{incident}] · {status}"
ESCALATE_HOW: Final = "With nothing chosen, the next level is paged. Whoever you name gets it at once."
ESCALATE_TO_PEOPLE: Final = "No level follows: name whom to page."
FIELD_RESOLUTION: Final = "What fixed it"
FIELD_RESOLUTION_HINT: Final = "Disk replaced"
FIELD_LEVEL: Final = "Level"
FIELD_WHO: Final = "Person"
FIELD_TEAM: Final = "Team"
FIELD_TIME: Final = "For how long"
FIELD_OWN_TIME: Final = "Or another time"
FIELD_OWN_TIME_HINT: Final = "90m, 2h, until 14:00"
FIELD_COMMENT: Final = "Comment"
FIELD_COMMENT_HINT: Final = "The deploy of 02:50 is to blame"
LEVEL_CHOICE: Final = "Level {level}: {who}"
LEVEL_ALONE: Final = "Level {level}"
UNTIL_TODAY: Final = "Until today, {time}"
UNTIL_TOMORROW: Final = "Until tomorrow, {time}"

# ---- commands: what each does ----------------------------------------------------------------------------------------

DOES_ACK: Final = "take it"
DOES_UNACK: Final = "give it back: its level is paged again"
DOES_CLOSE: Final = "close it, and say what fixed it"
DOES_REOPEN: Final = "open it again"
DOES_ESCALATE: Final = "page the next level, the one named, or people"
DOES_SNOOZE: Final = "keep it quiet for at most 24 h"
DOES_REASSIGN: Final = "give it to people, teams or whoever a schedule has on call"
DOES_ADD: Final = "page more people, teams or schedules, beside those who have it"
DOES_UNDO: Final = "take back what you did within the last minute"
DOES_COMMENT: Final = "write on it"
DOES_ACKBOARD: Final = "take everything on a storm board that nobody has"
DOES_LIST: Final = "open incidents, the most urgent first"
DOES_SHOW: Final = "the card of one"
DOES_WHO: Final = "who would be paged now, level by level"
DOES_STATUS: Final = "how Oncard itself is"
DOES_HELP: Final = "all commands, or one"
DOES_ANYTHING: Final = "incidents and on-call, for example: ack 42"

# ---- commands: what was not understood -------------------------------------------------------------------------------

DID_YOU_MEAN: Final = "Did you mean [{nearest}]? For example: {example}"
NO_SUCH_COMMAND: Final = "For example: {example}. All commands: help"
SAY_WHICH: Final = "Say which incident: {example}"
SAY_WHICH_BOARD: Final = "Say which board: {example}"
TOO_MANY: Final = "At most {most} incidents at once: {example}"
LEVELS_ARE_NUMBERS: Final = "Levels are numbers, the first is 1; people are named: {example}"
LEVEL_OR_PEOPLE: Final = "Name a level or people, not both: {example}"
SAY_HOW_LONG: Final = "Say for how long, at most 24 h: {example}"
SAY_WHOM: Final = "Say whom: {example}"
SAY_TO_WHOM: Final = "Say to whom: {example}"
NOBODY_CALLED: Final = "Nobody is called {name}. For example: {example}"
NOBODY_BUT: Final = "Nobody is called {name}. Did you mean [{nearest}]? For example: {example}"
NOT_LINKED_HERE: Final = "{name} is not linked to an Oncard account. For example: {example}"
NO_CHANNEL: Final = "No channel is called {name}. There are: {channels}."
WHO_IS_MEANT: Final = "Who is “{name}”? Nothing changed yet."
WHICH_INCIDENT: Final = "Which one? Nothing changed yet."
CLICK_AGAIN: Final = "That took too long to open. Please click again."
ONE_MOMENT: Final = "One moment…"
IN_A_MOMENT: Final = "It takes a moment. The card shows what has become of it."
FORM_IS_DIRECT: Final = "Fill in the form in your direct conversation with Oncard."
FORM_IS_DONE: Final = "Done."
ANSWER_IS_DIRECT: Final = "The answer stands in your direct conversation with Oncard."
REPLY_TO_THIS: Final = "Reply to this message."
PRESS_START: Final = "Press Start in {bot}: then such answers reach you alone."
ASK_DIRECTLY: Final = "The answer is for you alone. Open a direct chat with Oncard and ask there."

# ---- commands: answers -----------------------------------------------------------------------------------------------

DONE_WITH: Final = ("{done} of {count} done.", "{done} of {count} done.")
HELP_HEAD: Final = "[Commands.] The number may be left out where only one incident can be meant. Several: ack 42 43."
HELP_ALSO: Final = "Also: {aliases}"
LIST_NONE: Final = "Nothing is open."
LIST_HEAD: Final = ("[{count} open incident]", "[{count} open incidents], the most urgent first")
LIST_SOME: Final = "[{shown} of {count} open incidents], the most urgent first"
LIST_NONE_OF: Final = "Nothing of {whose} is open."
LIST_OF: Final = ("[{count} open incident] of {whose}", "[{count} open incidents] of {whose}, the most urgent first")
LIST_SOME_OF: Final = "[{shown} of {count} open incidents] of {whose}, the most urgent first"
YOURS: Final = "yours"
LIST_ROW: Final = "[#{number}] {severity} · {title} · {channel} · {state}"
UNREADABLE_LEFT_OUT: Final = "Left out, because what is stored of them cannot be read: {numbers}"
STATE_TRIGGERED: Final = "nobody has it, for {ago}"
STATE_TAKEN: Final = "{who} has it"
STATE_SNOOZED: Final = "snoozed until {until}"
SHOW_BUTTON: Final = "Show #{number}"
WHO_HEAD: Final = "[Who would be paged now]"
WHO_ROW: Final = "[{channel}] · level {level} of {levels}: {who}"
WHO_ROW_THEN: Final = "[{channel}] · level {level} of {levels}: {who} · the next after {after}"
WHO_NOBODY: Final = "⚠️ [{channel}] · no escalation rule: nobody"
WHO_MORE: Final = "and {count} more levels: name a channel, for example: who {channel}"
WHO_NO_CHANNELS: Final = "No channel is configured: nobody is paged."
REACHES_NOBODY: Final = "nobody ⚠️"
A_CHAT: Final = ("{count} chat", "{count} chats")
ME_HEAD: Final = "You are [{name}] ({email})."
ME_READS: Final = "Language {locale}, time zone {timezone}, role {role}"
ME_LINK: Final = "{workspace}: {user}"
ME_NO_LINK: Final = "{workspace}: not linked"
ME_HAS: Final = "You have: {incidents}"
ME_HAS_NONE: Final = "You have no open incident."
ME_TOLD: Final = "You are on level {level} of {channel}"
STATUS_HEAD: Final = "[Oncard] at {at}"
STATUS_UP: Final = "✅ {workspace}: connected since {since}"
STATUS_DOWN: Final = "⚠️ {workspace}: not connected, {why}"
STATUS_DOWN_SINCE: Final = "⚠️ {workspace}: not connected since {since}, {why}"
STATUS_NO_WORKSPACE: Final = "⚠️ No workspace is connected by this process."
STATUS_DATABASE: Final = "Database: {name}, answers"
STATUS_QUEUE: Final = "Messages that wait: {count}, the oldest for {age}"
STATUS_NO_QUEUE: Final = "No message waits."
STATUS_OPEN: Final = "Open incidents: {open}, of which nobody has {untaken}"
STATUS_TROUBLE: Final = "⚠️ #{number} {title}"
STATUS_NO_TROUBLE: Final = "No trouble of its own."

# ---- how long it was -------------------------------------------------------------------------------------------------

SECONDS: Final = "{count} s"
MINUTES: Final = "{count} min"
HOURS: Final = "{count} h"
DAYS: Final = "{count} d"

_STRONG: Final = re.compile(r"\[(.*?)\]")


def say(locale: str, message: str, /, **parts: Part | Text | int) -> Text:
    """Return `message` in the language of `locale`, with the parts in their places."""
    said: list[Part] = []
    for index, piece in enumerate(_STRONG.split(translated(locale, message))):
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
    return translated(locale, message).format(**parts)


def count_of(locale: str, forms: tuple[str, str], count: int, /, **parts: str) -> str:
    """Return the form for `count` things."""
    return name_of(locale, form_of(forms, count), count=amount(locale, count), **parts)


def form_of(forms: tuple[str, str], count: int) -> str:
    """Return the form of a message that suits `count` things."""
    return forms[0] if count == 1 else forms[1]


def amount(locale: str, count: int) -> str:
    """Return a count as it is read at a glance: `4,990`."""
    del locale  # It is the same in all languages that Oncard speaks.
    return f"{count:,}"


def duration(locale: str, lasted: timedelta) -> str:
    """Return how long it was in at most two units: `4 s`, `2 min`, `1 h 5 min`, `24 h`, from two days on `3 d 2 h`."""
    seconds = max(int(lasted.total_seconds()), 0)
    if seconds < 60:
        return name_of(locale, SECONDS, count=seconds)
    days = seconds // 86400 if seconds >= 2 * 86400 else 0
    units = ((days, DAYS), (seconds // 3600 - 24 * days, HOURS), (seconds // 60 % 60, MINUTES))
    first = next(index for index, (amount, _) in enumerate(units) if amount)
    return " ".join(name_of(locale, unit, count=amount) for amount, unit in units[first : first + 2] if amount)
