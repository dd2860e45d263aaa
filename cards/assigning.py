"""What is said where an incident is given to whoever a schedule has on call, by hand or by a label of the alert.

A target is written in a sentence of ours by its number: `@7` is an account, `@t3` a team, `@s5` whoever the schedule
has on call, `@s5/backup` in that role.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from bot.domain.incident import Record, Refused
from bot.domain.organisation import Organisation
from bot.domain.people import AccountId, Target, TargetKind, TeamId
from bot.domain.schedule import ScheduleId
from cards.card import Moment, Text
from cards.words import name_of, say

FIELD_SCHEDULE: Final = "On call"
ON_CALL_CHOICE: Final = "{schedule}: {who}"
ON_CALL_NOBODY: Final = "{schedule}: nobody now"
NO_ROLE: Final = "The schedule {schedule} has no role {role}. It has: {roles}."
NO_SCHEDULE_BUT: Final = "No schedule is called {name}. Did you mean [{nearest}]? For example: {example}"
NO_SCHEDULE_AT_ALL: Final = "No schedule is called {name}. For example: {example}"
NEXT_ON_CALL: Final = "Nobody is on call there now, so #{number} stays as it was. Next: {who}, from {at}."

RESET: Final = "Level {level} tells {to}, as {key} says"
RESET_PARTLY: Final = "Level {level} tells {to}, as {key} says; not known or not to be told: {unknown}"
RESET_NOBODY: Final = "Level {level} keeps its own: nobody whom {key} names can be told: {unknown}"
RESET_NO_LEVEL: Final = "There is no level {level} for {key}: the rule has {of}"

_SIGNS: Final[Mapping[TargetKind, str]] = {TargetKind.ACCOUNT: "@", TargetKind.TEAM: "@t", TargetKind.SCHEDULE: "@s"}
_BREAKS: Final = re.compile(r"[\s,，、;]")


def token_of(target: Target) -> str:
    """Return how a target is written in a sentence that a button or a form says."""
    written = f"{_SIGNS[target.kind]}{target.id}" + (f"/{target.role}" if target.role else "")
    return f'"{written}"' if _BREAKS.search(written) else written


def label_of(target: Target, organisation: Organisation) -> str:
    """Return what a target is called where a name means several: a team and a schedule as they can be typed."""
    if target.kind is TargetKind.TEAM:
        return f"team:{organisation.people.teams[TeamId(target.id)].name}"
    if target.kind is TargetKind.SCHEDULE:
        role = f"/{target.role}" if target.role else ""
        return f"schedule:{organisation.schedules[ScheduleId(target.id)].name}{role}"
    account = organisation.people.accounts[AccountId(target.id)]
    return f"{account.name} ({account.email})"


def staffed(schedule: str, role: str, names: Iterable[str], locale: str) -> str:
    """Return a schedule as it is offered, or one role of it, with who is on call now."""
    called = f"{schedule}/{role}" if role else schedule
    who = ", ".join(names)
    return name_of(locale, ON_CALL_CHOICE if who else ON_CALL_NOBODY, schedule=called, who=who)


def nobody_on_call(refused: Refused, number: int, names: Mapping[AccountId, str], reader: tuple[str, str]) -> Text:
    """Return that nobody is on call, and who comes next; empty: nobody does. `reader`: locale and time zone."""
    locale, timezone = reader
    if refused.coming is None:
        return ()
    who = ", ".join(names[account] for account in refused.coming.accounts if account in names)
    return say(locale, NEXT_ON_CALL, number=number, who=who, at=Moment(refused.coming.at, timezone, day=True))


def reset_form(record: Record) -> str:
    """Return the message that says what a label of the alert did to a level: `bot.domain.dynamic`."""
    said = record.said
    if "of" in said:
        return RESET_NO_LEVEL
    if "to" in said:
        return RESET_PARTLY if "unknown" in said else RESET
    return RESET_NOBODY
