"""A card or a note as a Telegram message: HTML and an inline keyboard within Telegram's limits, whatever the card says.

1. The first line tells all that a lock screen has room for: a sign of the colour, the severity, number and title.
2. Who must notice stands in the second line. Where not all has room, what is least needed at night is cut first.
3. What others wrote at length, and the history, stand in quotations, so that they cannot pass for a status of ours; a
   long one is folded by the app (`expandable`, since Bot API 7.4).
4. What a button says back has at most 64 bytes. A longer sentence is never cut, since it would be another command: its
   button is left out. Telegram asks nothing before a button acts, so `Confirm` is not shown.
5. Pictures are links: a message of text cannot be changed into one with a picture, nor back.

https://core.telegram.org/bots/api#sendmessage and #inlinekeyboardbutton. Guesses: how many buttons are taken (100, 8 in
a row; no more than 12 are given), and that a label is shown whole up to about 40 characters.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from typing import Final

from bot.domain.event import Image, Link
from cards.card import Button, Card, Fact, Listing, Message, Note, Style, Text, Tone
from cards.plain import isolated, line, lines, spoken
from cards.telegram_text import (
    EMPTY,
    NOTHING,
    JsonObject,
    Piece,
    bold,
    code,
    fit,
    inert,
    joined,
    link,
    mentioned,
    pieces,
    size,
    tagged,
    url,
    words,
)

TEXT_LIMIT: Final = 4096
MOST_MARKS: Final = 95
HEAD_LIMIT: Final = 620
STATUS_LIMIT: Final = 1200
DESCRIPTION_LIMIT: Final = 1000
DESCRIPTION_BESIDE_LISTINGS: Final = 100
FOLDED_FROM: Final = 300
MOST_FACTS: Final = 8
MOST_LABELS: Final = 7
NAME_LIMIT: Final = 40
VALUE_LIMIT: Final = 130
ADDRESSES_LIMIT: Final = 500
ADDRESS_LIMIT: Final = 80
MOST_LISTINGS: Final = 2
MOST_ROWS: Final = 6
ROW_LIMIT: Final = 150
MOST_HISTORY: Final = 5
HISTORY_LIMIT: Final = 180
NOTE_LIMIT: Final = 2800
MOST_ROWS_OF_NOTE: Final = 24
ROW_LIMIT_OF_NOTE: Final = 300
PLAIN_LIMIT: Final = 900
TOAST_LIMIT: Final = 200

DATA_BYTES: Final = 64
LABEL_LIMIT: Final = 40
MOST_BUTTONS: Final = 12
MOST_IN_ROW: Final = 3
ROW_WIDTH: Final = 30

_SIGNS: Final = {
    Tone.CRITICAL: "🔴",
    Tone.WARNING: "🟠",
    Tone.INFO: "🔵",
    Tone.TAKEN: "👀",
    Tone.QUIET: "💤",
    Tone.DONE: "✅",
}
_STYLES: Final = {Style.PRIMARY: "primary", Style.DANGER: "danger"}


@dataclass(frozen=True, slots=True)
class _Part:
    """Some lines of a message, and how wanted they are: of those with the highest `rank` something is cut first."""

    rank: int
    pieces: Iterable[Piece]
    limit: int
    quoted: bool = False


def render(message: Message) -> JsonObject:
    """Return a message's content for sendMessage and editMessageText; where it goes is not in it."""
    parts = _card(message) if isinstance(message, Card) else _note(message)
    return html(_page(parts), keyboard(message.buttons))


def plain(message: Message) -> JsonObject:
    """Return one line without markup and buttons, for when Telegram refuses the rest: it is still a page."""
    if isinstance(message, Note):
        return {"text": shortened(inert(spoken(message.text)), PLAIN_LIMIT), **_NO_PREVIEW}
    title = shortened(line(message.title), HEAD_LIMIT)
    number = f" (#{message.number})" if message.number is not None else ""
    said = shortened(inert(f"{line(message.severity_word)}: {title}{number} · {spoken(message.status)}"), PLAIN_LIMIT)
    address = next((whole for one in message.links if (whole := url(one.href))), "")
    return {"text": f"{said} {address}".strip(), **_NO_PREVIEW}


def html(text: Piece, rows: Sequence[Sequence[JsonObject]]) -> JsonObject:
    """Return a message of marked-up text with the rows of a keyboard under it; never an empty one."""
    # Telegram cuts blanks off, so that what consists of them is no text.
    content: JsonObject = {"text": text.html if text.html.strip() else NOTHING, "parse_mode": "HTML", **_NO_PREVIEW}
    return {**content, "reply_markup": {"inline_keyboard": rows}} if rows else content


def toast(message: Message) -> str:
    """Return what is shown over the chat to whoever clicked; empty where that cannot show all of it."""
    if isinstance(message, Card) or not message.is_spoken:
        return ""
    said = spoken(message.text)
    return said if size(said) <= TOAST_LIMIT else ""


def alert(message: Message, hint: str = "") -> str:
    """Return what can be shown over the chat of a message that has no room there, and after it how to see the rest."""
    said = line(message.summary) if isinstance(message, Card) else spoken(message.text)
    after = f" · {shortened(hint, TOAST_LIMIT // 2)}" if hint else ""
    return f"{shortened(said, TOAST_LIMIT - size(after))}{after}"


def keyboard(buttons: Iterable[Button]) -> list[list[JsonObject]]:
    """Return the rows of an inline keyboard: short labels stand beside each other, long ones alone."""
    rows: list[list[JsonObject]] = []
    room = 0
    usable = [button for button in buttons if line(button.label) and is_data(button.token)]
    for button in usable[:MOST_BUTTONS]:
        shown = pressed(button.label, button.token, _STYLES.get(button.style, ""))
        width = size(str(shown["text"]))
        if not rows or width > room or len(rows[-1]) == MOST_IN_ROW:
            rows.append([])
            room = ROW_WIDTH
        rows[-1].append(shown)
        room -= width
    return rows


def pressed(label: str, data: str, style: str = "") -> JsonObject:
    """Return a button that says `data` back."""
    button: JsonObject = {"text": shortened(line(label), LABEL_LIMIT), "callback_data": data}
    return {**button, "style": style} if style else button


def is_data(token: str) -> bool:
    """Whether a button can say it back: it is not too long, and nothing in it is unprintable."""
    return token.isprintable() and 0 < len(token.encode()) <= DATA_BYTES


_NO_PREVIEW: Final[JsonObject] = {"link_preview_options": {"is_disabled": True}}


def _page(parts: Iterable[_Part]) -> Piece:
    """Fit the parts into one message, the most wanted first, and return them as they are read."""
    ordered = tuple(parts)
    left, marks = TEXT_LIMIT, MOST_MARKS
    shown: dict[int, Piece] = {}
    for place, part in sorted(enumerate(ordered), key=lambda one: (one[1].rank, one[0])):
        piece = fit(part.pieces, min(part.limit, left - 1), marks - part.quoted)
        if not piece.html.strip():
            continue
        shown[place] = _quoted(piece) if part.quoted else piece
        left, marks = left - piece.width - 1, marks - shown[place].marks
    return _lines(shown[place] for place in sorted(shown))


def _card(card: Card) -> list[_Part]:
    number = f"#{card.number} " if card.number is not None else ""
    head = f"{line(card.severity_word)} · {number}{line(card.title)}"
    also = tuple(person for person in card.mentions if person not in card.status)
    described = DESCRIPTION_BESIDE_LISTINGS if card.listings else DESCRIPTION_LIMIT
    history = [pieces_within(entry, HISTORY_LIMIT) for entry in card.history[-MOST_HISTORY:]]
    return [
        _Part(0, (Piece(f"{_SIGNS[card.tone]} ", 3), bold(head, HEAD_LIMIT)), HEAD_LIMIT + 4),
        _Part(1, pieces((*mentioned(also), *card.status)), STATUS_LIMIT),
        _Part(5, words(lines(card.description)), described, quoted=True),
        _Part(2, _rows(_fact(fact) for fact in card.facts[:MOST_FACTS]), TEXT_LIMIT),
        _Part(4, _rows([*_labels(card.labels), *_more(card)]), TEXT_LIMIT),
        *(_Part(2, _listing(listing), TEXT_LIMIT) for listing in card.listings[:MOST_LISTINGS]),
        _Part(3, (_addresses(card.links, card.images),), TEXT_LIMIT),
        _Part(6, _rows(history), TEXT_LIMIT, quoted=True),
    ]


def _note(note: Note) -> list[_Part]:
    rows = (pieces_within(row, ROW_LIMIT_OF_NOTE) for row in note.rows[:MOST_ROWS_OF_NOTE])
    return [
        _Part(0, pieces((*mentioned(note.mentions), *note.text)), NOTE_LIMIT),
        _Part(1, _rows(rows), TEXT_LIMIT),
    ]


# ---- lines -----------------------------------------------------------------------------------------------------------


def pieces_within(text: Text, limit: int) -> Piece:
    """Return a rich text as one piece of at most so many characters."""
    return fit(pieces(text), limit)


def _rows(rows: Iterable[Piece]) -> list[Piece]:
    """Return lines that are shown whole or not at all: cut in the middle, one would say something else."""
    kept = [row for row in rows if row.html.strip()]
    return [joined((Piece("\n", 1), row)) if place else row for place, row in enumerate(kept)]


def _lines(rows: Iterable[Piece]) -> Piece:
    return joined(_rows(rows))


def _quoted(piece: Piece) -> Piece:
    long = piece.width > FOLDED_FROM or piece.html.count("\n") >= MOST_HISTORY
    return tagged("blockquote", piece, " expandable" if long else "")


def _fact(fact: Fact) -> Piece:
    return _named(bold(fact.name, NAME_LIMIT), pieces_within(fact.value, VALUE_LIMIT))


def _labels(labels: Iterable[tuple[str, str]]) -> list[Piece]:
    shown = (_named(fit(words(isolated(line(key))), NAME_LIMIT), _code(value)) for key, value in labels)
    return list(islice((label for label in shown if label.width), MOST_LABELS))


def _code(value: str) -> Piece:
    shown = line(value)
    return code(shown if size(shown) <= VALUE_LIMIT else shortened(shown, VALUE_LIMIT))


def _named(name: Piece, value: Piece) -> Piece:
    return joined((name, Piece(": ", 2), value)) if name.width and value.width else joined((name, value))


def _more(card: Card) -> list[Piece]:
    hidden = len(card.labels) > MOST_LABELS
    said = fit(words(line(card.more_labels)), VALUE_LIMIT)
    return [said if said.width else Piece(NOTHING, len(NOTHING))] if said.width or hidden else []


def _listing(listing: Listing) -> list[Piece]:
    rows = [row for text in listing.lines[:MOST_ROWS] if (row := pieces_within(text, ROW_LIMIT)).html.strip()]
    return _rows((bold(listing.name, NAME_LIMIT), *rows)) if rows else []


def _addresses(links: Iterable[Link], images: Iterable[Image]) -> Piece:
    """Return what there is to read and to see, as links that fit whole; without a usable address only its words."""
    named = [(one.text or one.href, one.href) for one in links]
    named += [(f"🖼 {image.alt or image.src}", image.href or image.src) for image in images]
    kept: list[Piece] = []
    left = ADDRESSES_LIMIT
    for text, address in named:
        shown = link(text, address, ADDRESS_LIMIT)
        if shown.width and shown.width + 3 <= left:
            left -= shown.width + 3
            kept.append(joined((Piece(" · ", 3), shown)) if kept else shown)
    return joined(kept) if kept else EMPTY


def shortened(text: str, limit: int) -> str:
    """Return plain words of at most so many characters, an ellipsis for what is missing; never none."""
    if size(text) <= limit:
        return text or NOTHING
    kept = sum(width + len(NOTHING) <= limit for width in accumulate(map(size, text)))
    return text[:kept] + NOTHING
