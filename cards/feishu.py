"""A card, a note or a form as a Feishu card of JSON 2.0, within Feishu's limits, whatever it says.

1. 2.0 is strict: one attribute that it does not know spoils the card. So only those are used that stand on the pages of
   the components. https://open.feishu.cn/document/feishu-cards/card-json-v2-components
2. Foreign text is `plain_text` or escaped Markdown; pictures are links, since Feishu shows only what is uploaded to it.
3. All of it stays below 30,000 bytes as it is sent, and far below 200 elements: the parts' own limits add up to less.
4. A button's value is an object, `{"t": token}`: a text would make the SDK fail. A form's says besides which fields it
   has, in their order, and which of them are answered with a person (`clicks` of the adapter reads it).
Guess: that a title of 400 bytes, a tag of 60 and a question of a dialogue of 450 are shown; no page limits them.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from bot.domain.event import Image, Link, Severity
from cards.card import Button, Card, Confirm, Fact, Listing, Message, Note, Picture, Strong, Tone
from cards.card import Style as Wanted
from cards.feishu_text import NOTHING, JsonObject, Style, bold, fit, link, marked, mentioned, plain_text, size, url
from cards.plain import isolated, line, lines, spoken

ALT_LIMIT: Final = 500
SUMMARY_LIMIT: Final = 700
TITLE_LIMIT: Final = 400
WHOLE_TITLE_LIMIT: Final = 900
TAG_LIMIT: Final = 60
STATUS_LIMIT: Final = 3000
DESCRIPTION_LIMIT: Final = 4500
DESCRIPTION_BESIDE_LISTINGS: Final = 300
MOST_FIELDS: Final = 8
NAME_LIMIT: Final = 100
VALUE_LIMIT: Final = 300
# Two instants with their days, each in the form that Feishu reads, and a word between them.
FACT_LIMIT: Final = 400
ADDRESSES_LIMIT: Final = 1500
MOST_LISTINGS: Final = 2
MOST_ROWS: Final = 6
ROW_LIMIT: Final = 330
MOST_HISTORY: Final = 5
HISTORY_LIMIT: Final = 400
MOST_BUTTONS: Final = 10
BUTTONS_LIMIT: Final = 5000
LABEL_LIMIT: Final = 80
CONFIRM_TITLE_LIMIT: Final = 150
CONFIRM_TEXT_LIMIT: Final = 450
NOTE_LIMIT: Final = 6000
MOST_ROWS_OF_NOTE: Final = 24
ROW_LIMIT_OF_NOTE: Final = 700
TOAST_LIMIT: Final = 400

_TEMPLATES: Final = {
    Tone.CRITICAL: "red",
    Tone.WARNING: "orange",
    Tone.INFO: "blue",
    Tone.TAKEN: "violet",
    Tone.QUIET: "grey",
    Tone.DONE: "green",
}
# A tag knows no grey.
_TAGS: Final = {**_TEMPLATES, Tone.QUIET: "neutral"}
_SEVERITIES: Final = {Severity.CRITICAL: "red", Severity.WARNING: "orange", Severity.INFO: "blue"}
_TYPES: Final = {Wanted.PRIMARY: "primary", Wanted.PLAIN: "default", Wanted.DANGER: "danger"}


@dataclass(frozen=True, slots=True)
class Head:
    """The coloured head of a card: what it says, its colour, and up to three tags with theirs."""

    title: JsonObject
    template: str
    tags: tuple[tuple[str, str], ...]


def render(message: Message, *, mentions: bool = True) -> JsonObject:
    """Return a message as a card of JSON 2.0; without `mentions`, people are named and nobody is notified."""
    style = Style(mentions=mentions)
    if isinstance(message, Note):
        return whole(message_summary(message), _note(message, style))
    return whole(message_summary(message), _card(message, style), head_of(message))


def plain(message: Message) -> JsonObject:
    """Return a card of one plain line, for when Feishu refuses the whole one; it can still be replaced by an edit."""
    return whole(message_summary(message), [{"tag": "div", "text": plain_text(plain_line(message), WHOLE_TITLE_LIMIT)}])


def render_picture(key: str, picture: Picture) -> JsonObject:
    """Return a card that shows the picture which Feishu keeps under this key."""
    alt = line(picture.alt)
    shown: JsonObject = {"tag": "img", "img_key": key, "alt": plain_text(alt, ALT_LIMIT)}
    return whole(fit(alt, SUMMARY_LIMIT) or NOTHING, [shown])


def plain_line(message: Message) -> str:
    """Return what a message says at the least: severity, title, number, status and a link."""
    if isinstance(message, Note):
        return spoken(message.text)
    number = f" (#{message.number})" if message.number is not None else ""
    said = f"{line(message.severity_word)}: {fit(line(message.title), TITLE_LIMIT)}{number} · {spoken(message.status)}"
    href = next((one for each in message.links if (one := url(each.href))), "")
    return f"{fit(said, WHOLE_TITLE_LIMIT - size(href) - 4)} {href}".strip()


def toast(text: str) -> str:
    """Return what can be said in a toast, which vanishes after some seconds."""
    return fit(line(text), TOAST_LIMIT) or NOTHING


def weight(card: object) -> int:
    """Return how many bytes a part of a card takes in a body of a request."""
    return len(_json(_json(card)).encode()) - 2


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


# ---- the whole -------------------------------------------------------------------------------------------------------


def whole(summary: str, elements: Sequence[JsonObject], head: Head | None = None) -> JsonObject:
    """Return a card of JSON 2.0; `summary` is what a notification and the list of chats say."""
    card: JsonObject = {
        "schema": "2.0",
        "config": {"update_multi": True, "width_mode": "fill", "summary": {"content": summary}},
    }
    if head is not None:
        tags = [
            {"tag": "text_tag", "text": {"tag": "plain_text", "content": words}, "color": colour}
            for words, colour in head.tags
        ]
        card["header"] = {"title": head.title, "template": head.template, "text_tag_list": tags}
    return {**card, "body": {"elements": list(elements) or _markdown(NOTHING)}}


def message_summary(message: Message) -> str:
    """Return the line of a notification."""
    said = line(message.summary) if isinstance(message, Card) else spoken(message.text)
    return fit(said, SUMMARY_LIMIT) or NOTHING


def head_of(card: Card) -> Head:
    """Return the head of a card: the number and the title, the severity, and how far it is."""
    number = f"#{card.number} " if card.number is not None else ""
    severity = (fit(line(card.severity_word), TAG_LIMIT), _SEVERITIES.get(card.severity, "green"))
    progress = (_progress(card), _TAGS[card.tone])
    tags = tuple(tag for tag in (severity, progress) if tag[0])
    return Head(plain_text(f"{number}{isolated(line(card.title))}".strip(), TITLE_LIMIT), _TEMPLATES[card.tone], tags)


def _progress(card: Card) -> str:
    """Return the word with which the status begins, if it begins with one that stands out and is short."""
    first = card.status[0] if card.status else ""
    word = line(first.text) if isinstance(first, Strong) else ""
    return word if size(word) <= TAG_LIMIT else ""


def _card(card: Card, style: Style) -> list[JsonObject]:
    title = line(card.title)
    also = tuple(person for person in card.mentions if person not in card.status)
    listings = [said for listing in card.listings[:MOST_LISTINGS] if (said := listed(listing, style))]
    return [
        *([_words(title, WHOLE_TITLE_LIMIT)] if size(title) > TITLE_LIMIT else []),
        *_markdown(marked((*mentioned(also), *card.status), STATUS_LIMIT, style)),
        # Lists of incidents take the room of what would be said of one.
        *_described(card.description, DESCRIPTION_LIMIT if not listings else DESCRIPTION_BESIDE_LISTINGS),
        *_columns([named(fact, style) for fact in card.facts], ""),
        *_columns([said for label in card.labels if (said := labelled(*label))], line(card.more_labels)),
        *_markdown(addresses(card.links, card.images), small=True),
        *_actions(card.buttons),
        *(element for said in listings for element in _markdown(said)),
        *_markdown(history(card, style), small=True),
    ]


def _note(note: Note, style: Style) -> list[JsonObject]:
    said = marked((*mentioned(note.mentions), *note.text), NOTE_LIMIT, style) or NOTHING
    return [*_markdown(said), *_markdown(rows(note, style)), *_actions(note.buttons)]


# ---- what is said ----------------------------------------------------------------------------------------------------


def rows(note: Note, style: Style) -> str:
    """Return the rows of a note; one is never cut off from the others in its middle without a mark."""
    shown = (marked(row, ROW_LIMIT_OF_NOTE, style) for row in note.rows)
    return "\n".join([row for row in shown if row][:MOST_ROWS_OF_NOTE])


def history(card: Card, style: Style) -> str:
    """Return who did what, in as many lines."""
    shown = (marked(entry, HISTORY_LIMIT, style) for entry in card.history[-MOST_HISTORY:])
    return "\n".join(entry for entry in shown if entry)


def listed(listing: Listing, style: Style) -> str:
    """Return the lines under a name; empty when there are none."""
    shown = [said for row in listing.lines[:MOST_ROWS] if (said := marked(row, ROW_LIMIT, style))]
    return "\n".join([*filter(None, [bold(listing.name, NAME_LIMIT)]), *shown]) if shown else ""


def named(fact: Fact, style: Style) -> str:
    """Return a fact under its name."""
    return f"{bold(fact.name, NAME_LIMIT)}\n{marked(fact.value, FACT_LIMIT, style)}".strip() or NOTHING


def labelled(key: str, value: str) -> str:
    """Return a label; empty when it says nothing."""
    shown = marked((line(value),), VALUE_LIMIT, Style())
    return f"{bold(key, NAME_LIMIT)}\n{shown}".strip() if shown else ""


def kept(fields: Sequence[str], more: str) -> list[str]:
    """Return as many fields as there is room for; when not all can be shown, the last one says so."""
    over = len(fields) + bool(more) > MOST_FIELDS
    last = [marked((more or NOTHING,), VALUE_LIMIT, Style())] if over or more else []
    return [*fields[: MOST_FIELDS - len(last)], *last]


def addresses(links: Iterable[Link], images: Iterable[Image]) -> str:
    """Return what there is to read and to see, as links that fit whole; without a usable address only its words."""
    pairs = [(each.text or each.href, each.href) for each in links]
    pairs += [(f"🖼 {image.alt or image.src}", image.href or image.src) for image in images]
    shown: list[str] = []
    left = ADDRESSES_LIMIT
    for text, href in pairs:
        said = link(text, href, NAME_LIMIT * 2)
        if said and size(said) + 4 <= left:
            left -= size(said) + 4
            shown.append(said)
    return " · ".join(shown)


# ---- elements --------------------------------------------------------------------------------------------------------


def _words(text: str, limit: int) -> JsonObject:
    return {"tag": "div", "text": plain_text(text, limit)}


def _described(description: str, limit: int) -> list[JsonObject]:
    shown = lines(description)
    return [_words(shown, limit)] if shown else []


def _markdown(text: str, *, small: bool = False) -> list[JsonObject]:
    """Return a Markdown, if it says anything."""
    element: JsonObject = {"tag": "markdown", "content": text}
    return [{**element, "text_size": "notation"} if small else element] if text else []


def _columns(fields: Sequence[str], more: str) -> list[JsonObject]:
    """Return fields in two columns, read from left to right."""
    shown = kept(fields, more)
    columns = [
        {"tag": "column", "width": "weighted", "weight": 1, "elements": _markdown("\n".join(side))}
        for side in (shown[0::2], shown[1::2])
        if side
    ]
    return [{"tag": "column_set", "columns": columns}] if columns else []


def _actions(buttons: Iterable[Button]) -> list[JsonObject]:
    """Return the first buttons that fit. A token is never cut, since it would be another command."""
    columns: list[JsonObject] = []
    left = BUTTONS_LIMIT
    for button in [each for each in buttons if line(each.label) and each.token][:MOST_BUTTONS]:
        column: JsonObject = {"tag": "column", "width": "auto", "elements": [_button(button)]}
        left -= weight(column)
        if left < 0:
            break
        columns.append(column)
    return [{"tag": "column_set", "flex_mode": "flow", "columns": columns}] if columns else []


def _button(button: Button) -> JsonObject:
    element: JsonObject = {
        "tag": "button",
        "type": _TYPES[button.style],
        "text": plain_text(line(button.label), LABEL_LIMIT),
        "behaviors": [{"type": "callback", "value": {"t": button.token}}],
    }
    return element if button.confirm is None else {**element, "confirm": confirm_of(button.confirm)}


def confirm_of(confirm: Confirm) -> JsonObject:
    """Return the question before a button acts; its own buttons have Feishu's words."""
    return {
        "title": plain_text(line(confirm.title), CONFIRM_TITLE_LIMIT),
        "text": plain_text(line(confirm.text), CONFIRM_TEXT_LIMIT),
    }
