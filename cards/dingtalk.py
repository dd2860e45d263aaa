"""A card or a note as the values of our own card template, within DingTalk's limits, whatever it says.

1. The template (`manifest/dingtalk_card.json`) has the layout, the colours and the form; here are the values of its
   variables. All are strings: lists are JSON in a string. A value has at most 1 KB of UTF-8, so what is long goes over
   several variables. https://open.dingtalk.com/document/orgapp/interface-for-updating-interactive-cards
2. Every public variable is always given, since an update by key leaves the others as they were.
3. Pictures are links: a dashboard's cannot be reached from DingTalk's servers.
4. A token is never cut, since it would be another command; a button that does not fit is left out.
Guess: that header, tags and fields show their text as it is, without Markdown.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Final

from bot.domain.event import Image, Link, Severity
from cards.card import Button, Card, Confirm, Listing, Message, Note, Style, Text, Tone
from cards.dingtalk_text import BREAK, NOTHING, bold, described, fit, link, marked, size, url
from cards.plain import isolated, line, spoken

JsonObject = dict[str, object]
Params = dict[str, str]

# DingTalk says 1 KB; a little is left for what counts it otherwise.
VALUE_LIMIT: Final = 1000
SUMMARY_LIMIT: Final = 600
TITLE_LIMIT: Final = 600
TAG_LIMIT: Final = 60
NAME_LIMIT: Final = 90
FACT_LIMIT: Final = 300
MOST_FIELDS: Final = 8
ADDRESS_NAME_LIMIT: Final = 120
MOST_ROWS: Final = 6
ROW_LIMIT: Final = 150
MOST_HISTORY: Final = 5
HISTORY_LIMIT: Final = 190
MOST_BUTTONS: Final = 10
LABEL_LIMIT: Final = 80
CONFIRM_LIMIT: Final = 200
ROW_LIMIT_OF_NOTE: Final = 500
MOST_ROWS_OF_NOTE: Final = 24
BODIES: Final = ("body1", "body2", "body3", "body4")
LISTS: Final = ("list1", "list2")
BUTTONS: Final = ("buttons1", "buttons2")

PUBLIC: Final = (
    *("title", "colour", "severity", "severity_colour", "status", *BODIES, "facts", "labels", "links"),
    *(*BUTTONS, *LISTS, "history"),
)
"""The variables that are the same for everybody."""

_COLOURS: Final = {
    Tone.CRITICAL: "red",
    Tone.WARNING: "orange",
    Tone.INFO: "blue",
    Tone.TAKEN: "yellow",
    Tone.QUIET: "grey",
    Tone.DONE: "green",
}
_SEVERITIES: Final = {Severity.CRITICAL: "red", Severity.WARNING: "orange", Severity.INFO: "blue"}
_STYLES: Final = {Style.PRIMARY: "blue", Style.PLAIN: "grey", Style.DANGER: "red"}


def render(message: Message) -> Params:
    """Return the values of all public variables."""
    return _whole(_card(message) if isinstance(message, Card) else _note(message))


def plain(message: Message) -> Params:
    """Return the values of a card with one plain line, for when DingTalk refuses the whole one."""
    return _whole({"status": marked((plain_line(message),), VALUE_LIMIT) or NOTHING})


def plain_line(message: Message) -> str:
    """Return what a message says at the least: severity, title, number, status and a link."""
    if isinstance(message, Note):
        return spoken(message.text)
    number = f" (#{message.number})" if message.number is not None else ""
    said = f"{line(message.severity_word)}: {fit(line(message.title), TITLE_LIMIT)}{number} · {spoken(message.status)}"
    href = next((one for each in message.links if (one := url(each.href))), "")
    return f"{fit(said, VALUE_LIMIT - size(href) - 40)} {href}".strip()


def summary(message: Message) -> str:
    """Return the line of a notification and of the list of chats."""
    said = line(message.summary) if isinstance(message, Card) else spoken(message.text)
    return fit(said, SUMMARY_LIMIT) or NOTHING


def head(card: Card) -> str:
    """Return number and title."""
    number = f"#{card.number} " if card.number is not None else ""
    return fit(f"{number}{isolated(line(card.title))}".strip(), TITLE_LIMIT) or NOTHING


def dumped(value: object) -> str:
    """Return JSON as it is sent inside a value."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _whole(values: Params) -> Params:
    return {name: values.get(name, "") for name in PUBLIC}


def _card(card: Card) -> Params:
    lists = [said for listing in card.listings[: len(LISTS)] if (said := listed(listing, MOST_ROWS, ROW_LIMIT))]
    # One more than there is room for, so that it is seen that some are missing.
    facts = [_field(fact.name, spoken(fact.value)) for fact in card.facts[: MOST_FIELDS + 1]]
    labels = [_field(name, value) for name, value in islice(said_labels(card), MOST_FIELDS + 1)]
    return {
        "title": head(card),
        "colour": _COLOURS[card.tone],
        "severity": fit(line(card.severity_word), TAG_LIMIT),
        "severity_colour": _SEVERITIES.get(card.severity, "green"),
        "status": marked(card.status, VALUE_LIMIT) or NOTHING,
        # Lists of incidents take the room of what would be said of one.
        **packed(described(card.description), BODIES[:1] if lists else BODIES),
        "facts": _fields(facts, ""),
        "labels": _fields(labels, line(card.more_labels)),
        "links": addresses(card.links, card.images, VALUE_LIMIT),
        **_buttons(card.buttons),
        **dict(zip(LISTS, lists, strict=False)),
        "history": history(card, HISTORY_LIMIT),
    }


def _note(note: Note) -> Params:
    rows = [said for row in note.rows if (said := marked(row, ROW_LIMIT_OF_NOTE))]
    return {
        "status": marked(note.text, VALUE_LIMIT) or NOTHING,
        **packed(rows[:MOST_ROWS_OF_NOTE], BODIES),
        **_buttons(note.buttons),
    }


# ---- what is said ----------------------------------------------------------------------------------------------------


def packed(rows: Iterable[str], names: Sequence[str]) -> Params:
    """Return rows of Markdown over several variables; a row that is too long for one goes on in the next."""
    values: list[str] = []
    room = VALUE_LIMIT - size(NOTHING)
    for row in rows:
        for place, piece in enumerate(_pieces(row, room)):
            joined = f"{values[-1]}{BREAK}{piece}" if values else piece
            if values and not place and size(joined) <= room:
                values[-1] = joined
            else:
                values.append(piece)
    if len(values) > len(names):
        values[len(names) - 1] += NOTHING
    return {name: value for name, value in zip(names, values, strict=False) if value.strip()}


def _pieces(row: str, room: int) -> Iterable[str]:
    """Yield a row in pieces that fit."""
    piece: list[str] = []
    left = room
    for character in row:
        left -= size(character)
        if left < 0:
            yield "".join(piece)
            piece, left = [], room - size(character)
        piece.append(character)
    yield "".join(piece)


def listed(listing: Listing, most: int, limit: int) -> str:
    """Return the lines under a name; empty when there are none."""
    shown = [said for row in listing.lines[:most] if (said := marked(row, limit - size(BREAK)))]
    return BREAK.join([*filter(None, [bold(listing.name, NAME_LIMIT)]), *shown]) if shown else ""


def history(card: Card, limit: int) -> str:
    """Return who did what, in as many lines."""
    shown: Iterable[Text] = card.history[-MOST_HISTORY:]
    return BREAK.join(said for entry in shown if (said := marked(entry, limit)))


def addresses(links: Iterable[Link], images: Iterable[Image], limit: int) -> str:
    """Return what there is to read and to see, as links that fit whole; without a usable address only its words."""
    pairs = chain(
        ((each.text or each.href, each.href) for each in links),
        ((f"🖼 {image.alt or image.src}", image.href or image.src) for image in images),
    )
    shown: list[str] = []
    for text, href in pairs:
        said = link(text, href, ADDRESS_NAME_LIMIT)
        limit -= size(said) + 4
        if limit < 0:
            break
        if said:
            shown.append(said)
    return " · ".join(shown)


def said_labels(card: Card) -> Iterator[tuple[str, str]]:
    """Yield the labels that say something."""
    return ((name, value) for name, value in card.labels if line(value))


def _field(name: str, value: str) -> JsonObject:
    return {"k": fit(line(name), NAME_LIMIT), "v": fit(line(value), FACT_LIMIT) or NOTHING}


def _fields(fields: Sequence[JsonObject], more: str) -> str:
    """Return fields as JSON, as many as fit; when not all do, the last one says so."""
    last: JsonObject = {"k": "", "v": fit(more, FACT_LIMIT) or NOTHING}
    kept = list(fields[:MOST_FIELDS])
    while True:
        over = bool(more) or len(kept) < len(fields)
        said = dumped([*kept, last] if over else kept)
        if size(said) <= VALUE_LIMIT:
            return said if kept or over else ""
        kept.pop()


# ---- buttons ---------------------------------------------------------------------------------------------------------


def usable(buttons: Iterable[Button], most: int) -> list[Button]:
    """Return the first buttons that say and do something."""
    return list(islice((button for button in buttons if button.token.strip() and line(button.label)), most))


def _buttons(buttons: Iterable[Button]) -> Params:
    """Return the buttons, in the first variable as many as it has room for and in the second the others."""
    rows: list[list[JsonObject]] = [[] for _ in BUTTONS]
    at = 0
    for element in map(_button, usable(buttons, MOST_BUTTONS)):
        if size(dumped([element])) > VALUE_LIMIT:
            continue
        while at < len(rows) and size(dumped([*rows[at], element])) > VALUE_LIMIT:
            at += 1
        if at == len(rows):
            break
        rows[at].append(element)
    return {name: dumped(row) for name, row in zip(BUTTONS, rows, strict=True) if row}


def _button(button: Button) -> JsonObject:
    element: JsonObject = {
        "text": fit(line(button.label), LABEL_LIMIT),
        "color": _STYLES[button.style],
        "action": "press",
        "params": {"token": button.token},
    }
    return element if button.confirm is None else {**element, "confirm": _confirm(button.confirm)}


def _confirm(confirm: Confirm) -> JsonObject:
    return {
        "title": fit(line(confirm.title), LABEL_LIMIT) or NOTHING,
        "text": fit(line(confirm.text), CONFIRM_LIMIT) or NOTHING,
        "yes": fit(line(confirm.yes), LABEL_LIMIT) or NOTHING,
        "no": fit(line(confirm.no), LABEL_LIMIT) or NOTHING,
    }
