"""What `why` asks: about an incident, `why 42`; or about a person and a span, `why not ana 03:00-04:00`."""

import re
from dataclasses import dataclass
from typing import Final

from bot.commands import times
from bot.commands.entry import NotUnderstood, Speaker, Unclear
from bot.commands.people import targets_of
from bot.domain.incident import IncidentId
from bot.domain.people import AccountId, TargetKind
from bot.domain.untold import Span
from cards import ledger

EXAMPLE: Final = "why 42"
EXAMPLE_NOT: Final = "why not ana 03:00-04:00"
_NUMBER: Final = re.compile(r"(?:incident\s+|number\s+|事件\s*)?[#＃]?\s*(\d{1,18})号?\s*[?.!？。]*", re.IGNORECASE)
_NOT: Final = re.compile(r"(?:not\b|没有?|未|不)\s*", re.IGNORECASE)
_SPAN_AT_END: Final = re.compile(rf"(?:^|(?<=[\s,，、;]))(?P<span>{times.SPAN.pattern})[\s?.!？。]*$", times.SPAN.flags)
_BETWEEN: Final = " \t\r\n,，、;"


@dataclass(frozen=True, slots=True)
class Why:
    """What was decided about an incident, and what became of it."""

    number: IncidentId


@dataclass(frozen=True, slots=True)
class WhyNot:
    """Why somebody was not paged in a span. `said`: the span as it was written."""

    person: AccountId
    span: Span
    said: str


def read(text: str, speaker: Speaker) -> Why | WhyNot | NotUnderstood | Unclear:
    """Read what follows `why`. Times are in the speaker's zone; without a name, it is the speaker who is meant."""
    said = text.strip()
    number = _NUMBER.fullmatch(said)
    if number is not None:
        return Why(IncidentId(int(number[1])))
    begin = _NOT.match(said)
    if begin is None:
        return NotUnderstood(ledger.SAY_WHY, {"example": EXAMPLE, "other": EXAMPLE_NOT})
    about = said[begin.end() :]
    found = _SPAN_AT_END.search(about)
    span = times.span(found["span"], speaker.now, speaker.timezone) if found is not None else None
    if found is None or span is None:
        return NotUnderstood(ledger.SAY_SPAN, {"example": EXAMPLE_NOT})
    who = about[: found.start()].strip(_BETWEEN)
    targets = targets_of(who or "me", speaker, EXAMPLE_NOT)
    if isinstance(targets, NotUnderstood):
        return targets
    if isinstance(targets, Unclear):
        return Unclear(targets.said, targets.choices, "not ", f" {found['span']}")
    people = [target for target in targets if target.kind is TargetKind.ACCOUNT]
    if len(people) != 1 or len(targets) != 1:
        return NotUnderstood(ledger.SAY_ONE, {"example": EXAMPLE_NOT})
    return WhyNot(AccountId(people[0].id), span, found["span"])
