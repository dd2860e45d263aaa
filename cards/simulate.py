"""What is said of a simulation: who would be told of an alert, when, by which way and why, and what would hinder it.

The same lines for a chat and for the command line, which adds nothing of its own but columns.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from bot.domain.event import Severity, cut
from bot.domain.filters import Condition
from bot.domain.flow import rules_of
from bot.domain.incident import Entry, Happened
from bot.domain.ledger import Telling, Unreached
from bot.domain.rotation import PRIMARY
from bot.domain.schedule import Origin
from bot.domain.simulate import Duty, Fate, Ground, Hindered, Line, Passed, Simulation
from cards import notes, words
from cards.build import Scene
from cards.card import Moment, Note, Part, Text
from cards.history import line_of
from cards.ledger import Eye, cause, no_way, way
from cards.plain import line, spoken
from cards.words import SEVERITIES, amount, count_of, form_of, name_of, say

MOST_SHOWN: Final = 14
VALUES_SHOWN: Final = 3
SAID_IN_ROW: Final = 60

DOES_WHAT_IF: Final = "who would be told of an alert, when and how, if nobody reacts; nothing is sent"
SAY_WHAT_IF: Final = "Say in which channel, and what else is different, for example: {example}"
WHAT_IF_HEAD: Final = "[If {severity} came to {channel} at {at}, and nobody reacted]: {summary}"
WHAT_IF_ACTS_HEAD: Final = "[If {severity} came to {channel} at {at}, and nobody reacted but as it says]: {summary}"
SAY_ACT: Final = "Say when after the alert, who, and what they do: {example}"
HINDERED: Final = "{who} could do nothing: {why}"
RECOVERED_ALREADY: Final = "the monitoring says once more that it is over: nothing follows"
ON_CALL_BY: Final = "on call by schedule {schedule} ({source})"
SOURCES: Final[Mapping[Origin, str]] = MappingProxyType(
    {
        Origin.LAYER: "layer {name}",
        Origin.OVERRIDE: "override {name}",
        Origin.FALLBACK: "fallback {name}",
    }
)
MESSAGES: Final = ("{count} message", "{count} messages")
TO_NOBODY: Final = "nobody would be told"
WHAT_IF_ROW: Final = "+{after} · {who} · {way} ({cause}): [{fate}]"
WHAT_IF_HAPPENS: Final = "+{after} · {what}"
RULE_PASSED: Final = "rule “{rule}” is not followed: {why}"
MORE_LINES: Final = ("… {count} more line", "… {count} more lines")
CATCH_ALL: Final = "the level names nobody who can be told, so those who must know are"
OPENED: Final = "the incident opens, by rule “{rule}”"
OPENED_WITHOUT: Final = "the incident opens; no rule is for it"
ROUGH: Final = "from +{after} on, times depend on when what is dark is tried again"
GROUNDS: Final[Mapping[Ground, str]] = MappingProxyType(
    {
        Ground.DISABLED: "it is switched off",
        Ground.HOURS: "it does not hold at that time",
        Ground.FILTER: "its filter is not for this alert",
    }
)
IS_NOT: Final = "{field} is {held}, not {values}"
IS: Final = "{field} is {held}, which it excludes"
HAS_NONE: Final = "there is no {field}, {values} is wanted"
FATES: Final[Mapping[Fate, str]] = MappingProxyType(
    {
        Fate.TOLD: "told",
        Fate.REFUSED: "refused, by assumption",
        Fate.UNLINKED: "no chat account is linked",
        Fate.DARK: "dark, by assumption",
        Fate.NOT_NEEDED: "not needed: reached by another way",
        Fate.STOPPED: "not sent: somebody had acted",
        Fate.WAITING: "still waiting",
    }
)


def what_if(found: Simulation, eye: Eye) -> Note:
    """Return who would be told, as much as a note holds. What is never tried is left to the command line."""
    shown = [one for one in found.lines if not one.is_idle]
    rows = [row(one, found, eye) for one in shown]
    hidden = len(rows) - MOST_SHOWN
    if hidden > 0:
        rows[MOST_SHOWN:] = [say(eye.locale, form_of(MORE_LINES, hidden), count=amount(eye.locale, hidden))]
    said = rough(found, eye.locale)
    return Note(head(found, eye), rows=(*rows, *([said] if said else [])))


def rough(found: Simulation, locale: str) -> Text:
    """Return from when on times are not exact; nothing: they all are."""
    if found.rough_from is None:
        return ()
    return say(locale, ROUGH, after=clock(found.rough_from - found.incident.opened_at))


def head(found: Simulation, eye: Eye) -> Text:
    """Return what is assumed, and how many messages would go out to whom."""
    incident = found.incident
    places = [one.what.delivery.place for one in found.told if isinstance(one.what, Telling)]
    names = dict.fromkeys(
        _spoken(eye.name(place.account)) if place.account is not None else place.chat or "" for place in places
    )
    count = count_of(eye.locale, MESSAGES, len(places))
    summary = f"{count} · {', '.join(names)}" if places else name_of(eye.locale, TO_NOBODY)
    at = Moment(incident.opened_at, eye.timezone, day=True)
    channel = eye.organisation.channel(incident.channel).name
    severity = name_of(eye.locale, SEVERITIES[Severity(incident.facts.severity)])
    parts = {"severity": severity, "channel": channel, "summary": summary}
    return say(eye.locale, WHAT_IF_ACTS_HEAD if found.acts else WHAT_IF_HEAD, at=_spoken(at), **parts)


def row(one: Line, found: Simulation, eye: Eye) -> Text:
    """Return a line of a simulation."""
    if isinstance(one.what, Telling):
        who, by, why = telling(one.what, one, found, eye)
        fate = name_of(eye.locale, FATES[one.fate or Fate.WAITING])
        return say(eye.locale, WHAT_IF_ROW, after=clock(one.after), who=who, way=by, cause=why, fate=fate)
    return say(eye.locale, WHAT_IF_HAPPENS, after=clock(one.after), what=happening(one.what, found, eye))


def telling(what: Telling, one: Line, found: Simulation, eye: Eye) -> tuple[str, str, str]:
    """Return whom a message is for, by which way, and why."""
    place = what.delivery.place
    who = _spoken(eye.name(place.account)) if place.account is not None else place.chat or ""
    why = cause(what.cause, found.incident, eye)
    caught = f", {name_of(eye.locale, CATCH_ALL)}" if one.catch_all else ""
    by_schedule = f", {on_call_by(one.duty, eye.locale)}" if one.duty is not None else ""
    return who, way(place, eye), why + caught + by_schedule


def on_call_by(duty: Duty, locale: str) -> str:
    """Return by which schedule somebody is on call, and by which layer, override or fallback of it."""
    source = name_of(locale, SOURCES[duty.source.origin], name=line(duty.source.name)).strip()
    role = f"/{duty.role}" if duty.role != PRIMARY else ""
    return name_of(locale, ON_CALL_BY, schedule=f"{line(duty.schedule)}{role}", source=source)


def happening(what: Unreached | Happened | Passed | Hindered | Telling, found: Simulation, eye: Eye) -> Text:
    """Return what happens, where it is no message."""
    if isinstance(what, Hindered):
        return _hindered(what, eye)
    if isinstance(what, Passed):
        return say(eye.locale, RULE_PASSED, rule=what.rule, why=passed(what, eye.locale))
    if isinstance(what, Unreached):
        return no_way(what, found.incident, eye)
    if isinstance(what, Telling):
        return ()
    if what.record.entry is Entry.OPENED:
        rule = found.incident.rule
        return say(eye.locale, OPENED if rule else OPENED_WITHOUT, rule=rule or "")
    by = what.record.by.account
    who = eye.name(by) if by is not None else name_of(eye.locale, words.ONCARD)
    return line_of(what.record, (who,), eye.locale, eye.timezone)


def _hindered(what: Hindered, eye: Eye) -> Text:
    incident, organisation = what.incident, eye.organisation
    if what.by is None:
        return say(eye.locale, RECOVERED_ALREADY)
    scene = Scene(
        incident=incident,
        channel=organisation.channel(incident.channel).name,
        levels=len(rules_of(incident, organisation).levels),
        names={one.id: one.name for one in organisation.people.accounts.values()},
        locale=eye.locale,
        timezone=eye.timezone,
    )
    return say(eye.locale, HINDERED, who=eye.name(what.by), why=notes.refusal(scene, what.refused, what.at).text)


def passed(what: Passed, locale: str) -> str:
    """Return why a rule is not followed."""
    failed = what.failed
    if failed is None:
        return name_of(locale, GROUNDS[what.ground])
    form = IS if failed.negated else IS_NOT if what.held else HAS_NONE
    held = cut(line(what.held), SAID_IN_ROW)
    return name_of(locale, form, field=failed.field, held=held, values=_values(failed))


def clock(after: timedelta) -> str:
    """Return a span to the second: `0:05`, `12:00`, `1:02:03`."""
    seconds = int(after.total_seconds())
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"


def _values(failed: Condition) -> str:
    shown: Sequence[str] = failed.values[:VALUES_SHOWN]
    more = " …" if len(failed.values) > VALUES_SHOWN else ""
    return " / ".join(cut(line(one), SAID_IN_ROW) for one in shown) + more


def _spoken(part: Part) -> str:
    return spoken((part,))
