"""The HTML of a mail: tables and styles in place, as mail programs want it, readable in light and in dark.

Colours for the dark stand in a `<style>` beside it, for programs that know them; those that do not, turn the light ones
by themselves. Nothing is fetched: no picture, no font, no script.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from cards.card import Strong, Tone
from cards.email_text import Words, escaped, shortened
from cards.plain import spoken

IN_INBOX_LIMIT: Final = 300


@dataclass(frozen=True, slots=True)
class Action:
    """A button that leads to a page. `is_first`: it is the one that is wanted most."""

    label: str
    href: str
    is_first: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """What stands under a name: lines, names with values, links. An empty one is not shown."""

    name: str
    rows: tuple[Words, ...] = ()
    pairs: tuple[tuple[str, Words], ...] = ()
    links: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Body:
    """What a mail says, cut to its limits, without markup."""

    head: str = ""
    status: Words = ()
    tone: Tone | None = None
    badge: str = ""
    actions: tuple[Action, ...] = ()
    hint: str = ""
    facts: tuple[tuple[str, Words], ...] = ()
    description: str = ""
    sections: tuple[Section, ...] = ()


# Dark enough for white letters on them, in both modes.
_COLOURS: Final[Mapping[Tone | None, str]] = MappingProxyType(
    {
        Tone.CRITICAL: "#c42b3c",
        Tone.WARNING: "#b25a00",
        Tone.INFO: "#2563c9",
        Tone.TAKEN: "#4f4bd1",
        Tone.QUIET: "#5d5f70",
        Tone.DONE: "#147a50",
        None: "#4f4bd1",
    }
)
_FONT: Final = "font-family:-apple-system,'Segoe UI',Roboto,'Noto Sans','Helvetica Neue',Arial,sans-serif"
_DARK: Final = (
    ":root{color-scheme:light dark;supported-color-schemes:light dark}"
    "@media (prefers-color-scheme:dark){"
    ".o-sunk{background:#111216!important}.o-paper{background:#1e1f26!important;border-color:#2d2f39!important}"
    ".o-ink{color:#ececf1!important}.o-soft{color:#a3a5b4!important}"
    ".o-quote{background:#17181d!important;border-color:#3a3c48!important;color:#ececf1!important}"
    ".o-plain{background:#2b2d37!important;border-color:#454857!important;color:#ececf1!important}"
    ".o-link{color:#9a98ff!important}}"
)
_SOFT: Final = f'class="o-soft" style="{_FONT};font-size:13px;line-height:19px;color:#5d5f70'
_INK: Final = f'class="o-ink" style="{_FONT};font-size:15px;line-height:22px;color:#1c1c28'


def page(subject: str, language: str, body: Body) -> str:
    """Return the whole document."""
    colour = _COLOURS[body.tone]
    inside = "".join(
        [
            _head(body, colour),
            _row(f'<p dir="auto" {_INK};margin:0;font-size:16px">{_marked(body.status)}</p>', 14),
            _buttons(body, colour),
            _facts(body.facts),
            _description(body.description),
            *(_section(section) for section in body.sections),
        ]
    )
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">'
        f"<title>{escaped(subject)}</title><style>{_DARK}</style></head>"
        '<body class="o-sunk" style="margin:0;padding:0;background:#f1f1f6">'
        # What an inbox shows beside the subject.
        '<div style="display:none;max-height:0;overflow:hidden">'
        f"{escaped(shortened(spoken(body.status), IN_INBOX_LIMIT))}</div>"
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr>'
        '<td class="o-sunk" align="center" style="padding:20px 10px;background:#f1f1f6">'
        '<table role="presentation" class="o-paper" width="100%" cellpadding="0" cellspacing="0" border="0" '
        'style="max-width:600px;background:#ffffff;border:1px solid #e4e4ec;border-radius:10px;'
        'border-collapse:separate">'
        f'<tr><td style="height:6px;line-height:6px;font-size:6px;background:{colour};border-radius:9px 9px 0 0">&nbsp;'
        f'</td></tr>{inside}<tr><td style="height:22px;line-height:22px;font-size:1px">&nbsp;</td></tr></table>'
        "</td></tr></table></body></html>\n"
    )


def _head(body: Body, colour: str) -> str:
    badge = (
        f'<span style="{_FONT};display:inline-block;padding:2px 9px;border-radius:10px;background:{colour};'
        f'color:#ffffff;font-size:12px;line-height:18px;font-weight:700">{escaped(body.badge)}</span>'
        if body.badge
        else ""
    )
    head = (
        f'<h1 dir="auto" {_INK};margin:8px 0 0;font-size:21px;line-height:28px;font-weight:700;'
        f'overflow-wrap:anywhere">{escaped(body.head)}</h1>'
        if body.head
        else ""
    )
    return _row(badge + head, 20) if badge or head else ""


def _buttons(body: Body, colour: str) -> str:
    shown = "".join(
        f'<a href="{escaped(one.href)}"{"" if one.is_first else _PLAIN_CLASS} style="{_FONT};display:inline-block;'
        "margin:0 8px 8px 0;padding:11px 20px;border-radius:8px;font-size:15px;line-height:20px;font-weight:600;"
        f'text-decoration:none;{_filled(colour) if one.is_first else _PLAIN}">{escaped(one.label)}</a>'
        for one in body.actions
    )
    hint = f'<p {_SOFT};margin:2px 0 0">{escaped(body.hint)}</p>' if body.hint else ""
    return _row(shown + hint, 18) if shown or hint else ""


_PLAIN: Final = "background:#f1f1f6;border:1px solid #d5d5e0;color:#1c1c28"
_PLAIN_CLASS: Final = ' class="o-plain"'


def _filled(colour: str) -> str:
    return f"background:{colour};border:1px solid {colour};color:#ffffff"


def _facts(facts: tuple[tuple[str, Words], ...]) -> str:
    return _row(_table(facts), 18) if facts else ""


def _table(pairs: tuple[tuple[str, Words], ...]) -> str:
    rows = "".join(
        f'<tr><td valign="top" dir="auto" {_SOFT};padding:2px 14px 2px 0;line-height:22px">{escaped(name)}</td>'
        f'<td valign="top" dir="auto" {_INK};padding:2px 0;overflow-wrap:anywhere">{_marked(value)}</td></tr>'
        for name, value in pairs
    )
    return f'<table role="presentation" cellpadding="0" cellspacing="0" border="0">{rows}</table>'


def _description(text: str) -> str:
    if not text:
        return ""
    return _row(
        f'<div dir="auto" class="o-quote" style="{_FONT};padding:10px 14px;border-left:3px solid #c9c9d8;'
        "background:#f6f6f9;color:#1c1c28;font-size:14px;line-height:21px;white-space:pre-wrap;"
        f'overflow-wrap:anywhere">{escaped(text)}</div>',
        18,
    )


def _section(section: Section) -> str:
    rows = "".join(
        f'<p dir="auto" {_INK};margin:3px 0;font-size:14px;overflow-wrap:anywhere">{_marked(row)}</p>'
        for row in section.rows
        if spoken(row)
    )
    links = "".join(f'<p dir="auto" {_INK};margin:3px 0;font-size:14px">{_link(*one)}</p>' for one in section.links)
    inside = rows + (_table(section.pairs) if section.pairs else "") + links
    if not inside:
        return ""
    name = f'<h2 {_SOFT};margin:0 0 4px;font-weight:700">{escaped(section.name)}</h2>' if section.name else ""
    return _row(name + inside, 18)


def _link(name: str, href: str) -> str:
    if not href:
        return escaped(name)
    return f'<a class="o-link" style="color:#4f4bd1" rel="noreferrer" href="{escaped(href)}">{escaped(name)}</a>'


def _marked(text: Words) -> str:
    return "".join(
        f"<strong>{escaped(part.text)}</strong>" if isinstance(part, Strong) else escaped(part) for part in text
    )


def _row(inside: str, above: int) -> str:
    return f'<tr><td style="padding:{above}px 24px 0">{inside}</td></tr>'
