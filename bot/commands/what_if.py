"""What `what-if` asks: `what-if payments critical at 03:00 acme is dark`. Only the channel must be said.

Labels of the alert may be said as `service=db`, and who acts as `ana acks after 3m`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from bot.commands import acts, times
from bot.commands.entry import NotUnderstood, Speaker
from bot.domain.event import Severity
from bot.domain.people import WorkspaceId
from bot.domain.simulate import Act
from cards import simulate
from cards.plain import zone

EXAMPLE: Final = "what-if payments critical at 03:00 acme is dark"
_SEVERITIES: Final = {
    **dict.fromkeys(("critical", "严重", "紧急"), Severity.CRITICAL),
    **dict.fromkeys(("warning", "warn", "警告"), Severity.WARNING),
    **dict.fromkeys(("info", "提醒", "通知"), Severity.INFO),
}
_SEVERITY: Final = re.compile(rf"(?P<word>{'|'.join(sorted(_SEVERITIES, key=len, reverse=True))})(?!\w)", re.IGNORECASE)
_AT: Final = re.compile(
    r"(?:at\s+|在\s*)(?P<at>(?:tomorrow|明天)?\s*(?:\d{4}-\d{2}-\d{2}[ tT])?\d{1,2}:\d{2}(?::\d{2})?)", re.IGNORECASE
)
_DARK: Final = re.compile(r"(?P<names>.+?)\s*(?:\b(?:is|are)\s+(?:dark|down|away)\b|不可用|断线)", re.IGNORECASE)
_LABEL: Final = re.compile(r"(?P<key>[A-Za-z_][\w.-]{0,127})=(?P<value>\"[^\"]*\"|\S+?)(?=[,;?？]?(?:\s|$))")
_BETWEEN: Final = " \t\r\n,，、;?？.。"
_AND: Final = re.compile(r"\s*(?:[,，、;]|\band\b|和)\s*", re.IGNORECASE)
_FILLERS: Final = re.compile(r"^(?:(?:if|and|while|when|with|如果|并且)\b\s*)+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class WhatIf:
    """An alert of this severity comes to the channel of that name at an instant, while these answer nobody.

    With these labels; and so act people.
    """

    channel: str
    severity: Severity
    at: datetime
    dark: frozenset[WorkspaceId] = frozenset()
    labels: Mapping[str, str] = field(default_factory=dict)
    acts: tuple[Act, ...] = ()


def read(
    text: str, channels: Iterable[str], ways: Mapping[str, frozenset[WorkspaceId]], speaker: Speaker
) -> WhatIf | NotUnderstood:
    """Read what follows `what-if`. Times are in the speaker's zone. `ways`: what can be dark, by its names."""
    text = text.strip()
    known = sorted(channels, key=len, reverse=True)
    channel = next((one for one in known if _begins_with(text, one)), None)
    if channel is None:
        return _not_understood()
    rest = text.lstrip('"“#')[len(channel) :].lstrip('"”').strip(_BETWEEN)
    asked = WhatIf(channel, Severity.CRITICAL, speaker.now)
    said: list[acts.Said] = []
    while rest:
        rest = _FILLERS.sub("", rest)
        # Who acts is any words before the verb: what says something of the alert is taken off first.
        plain = _condition(rest, (_SEVERITY, _AT, _LABEL))
        act = (acts.SENTENCE.match(rest) or acts.HAN_SENTENCE.match(rest)) if plain is None else None
        if act is not None:
            said.append(acts.spoken(act))
            rest = rest[act.end() :].strip(_BETWEEN)
            continue
        found = plain or _condition(rest, (_DARK,))
        made = _with(asked, found, ways, speaker) if found is not None else None
        if found is None or made is None:
            return _not_understood()
        asked, rest = made, rest[found.end() :].strip(_BETWEEN)
    # They begin with the alert, whose time may have been said after them.
    done = [acts.read(one, replace(speaker, now=asked.at)) for one in said[: acts.MOST_ACTS]]
    wrong = next((one for one in done if isinstance(one, NotUnderstood)), None)
    return wrong or replace(asked, acts=tuple(one for one in done if isinstance(one, Act)))


def _condition(rest: str, forms: Iterable[re.Pattern[str]]) -> re.Match[str] | None:
    return next((found for form in forms if (found := form.match(rest))), None)


def _with(
    asked: WhatIf, found: re.Match[str], ways: Mapping[str, frozenset[WorkspaceId]], speaker: Speaker
) -> WhatIf | None:
    """Return what is asked with one more condition; None: it is none."""
    if found.re is _SEVERITY:
        return replace(asked, severity=_SEVERITIES[found["word"].lower()])
    if found.re is _AT:
        at = _instant(found["at"].strip(), speaker.now, speaker.timezone)
        return replace(asked, at=at) if at is not None else None
    if found.re is _LABEL:
        return replace(asked, labels={**asked.labels, found["key"]: found["value"].strip('"')})
    names = [one.casefold() for one in _AND.split(found["names"].strip()) if one]
    if any(name not in ways for name in names):
        return None
    return replace(asked, dark=asked.dark.union(*(ways[name] for name in names)))


def _begins_with(said: str, channel: str) -> bool:
    text = said.lstrip('"“#').casefold()
    return text.startswith(channel.casefold()) and not text[len(channel) : len(channel) + 1].isalnum()


def _instant(text: str, now: datetime, timezone: str) -> datetime | None:
    """Return an instant: of a day that is named, or the next time of day."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return times.until(f"at {text}", now, timezone)
    return found.replace(tzinfo=zone(timezone))


def _not_understood() -> NotUnderstood:
    return NotUnderstood(simulate.SAY_WHAT_IF, {"example": EXAMPLE})
