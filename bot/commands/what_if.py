"""What `what-if` asks: `what-if payments critical at 03:00 acme is dark`. Only the channel must be said."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.commands import times
from bot.commands.entry import NotUnderstood
from bot.domain.event import Severity
from bot.domain.people import WorkspaceId
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
_BETWEEN: Final = " \t\r\n,，、;?？.。"
_AND: Final = re.compile(r"\s*(?:[,，、;]|\band\b|和)\s*", re.IGNORECASE)
_FILLERS: Final = re.compile(r"^(?:(?:if|and|while|when|with|如果|并且)\b\s*)+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class WhatIf:
    """An alert of this severity comes to the channel of that name at an instant, while these answer nobody."""

    channel: str
    severity: Severity
    at: datetime
    dark: frozenset[WorkspaceId] = frozenset()


def read(
    text: str, channels: Iterable[str], ways: Mapping[str, frozenset[WorkspaceId]], now: datetime, timezone: str
) -> WhatIf | NotUnderstood:
    """Read what follows `what-if`. Times are in the speaker's zone. `ways`: what can be dark, by its names."""
    said = text.strip()
    known = sorted(channels, key=len, reverse=True)
    channel = next((one for one in known if _begins_with(said, one)), None)
    if channel is None:
        return _not_understood()
    rest = said.lstrip('"“#')[len(channel) :].lstrip('"”').strip(_BETWEEN)
    severity, at = Severity.CRITICAL, now
    dark: frozenset[WorkspaceId] = frozenset()
    while rest:
        rest = _FILLERS.sub("", rest)
        if found := _SEVERITY.match(rest):
            severity = _SEVERITIES[found["word"].lower()]
        elif found := _AT.match(rest):
            when = _instant(found["at"].strip(), now, timezone)
            if when is None:
                return _not_understood()
            at = when
        elif found := _DARK.match(rest):
            names = [one.casefold() for one in _AND.split(found["names"].strip()) if one]
            if any(name not in ways for name in names):
                return _not_understood()
            dark = dark.union(*(ways[name] for name in names))
        else:
            return _not_understood()
        rest = rest[found.end() :].strip(_BETWEEN)
    return WhatIf(channel, severity, at, dark)


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
