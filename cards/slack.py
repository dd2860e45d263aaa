"""A card or a note as a Slack message: Block Kit within Slack's limits, whatever the card says.

1. Head and status, with the mentions, are top-level blocks: Slack may fold an attachment away, and beside top-level
   blocks `text` is not shown a second time but is what a notification says. The rest stands in one attachment, because
   only attachments have a colour. https://api.slack.com/reference/messaging/attachments; Grafana mentions people in a
   top-level block, too (grafana/grafana#21734).
2. Foreign text is `plain_text` or a code span, where nothing is active and what is copied is what was sent; in `mrkdwn`
   its markup is replaced by look-alikes, and `verbatim` keeps Slack from reading names and addresses out of it.
   https://docs.slack.dev/reference/block-kit/composition-objects/text-object
3. Pictures are links: Slack refuses a whole message with `invalid_blocks` when it cannot download one
   (slackapi/python-slack-sdk#1782), and most dashboards cannot be reached from outside.
4. All blocks together stay below 10,000 characters; Slack refuses about 13,200 (slackapi/bolt-js#2509). A character
   beyond the basic plane counts as two, an escaped one as what it is escaped to.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from bot.domain.event import Image, Link
from cards.card import Button, Card, Confirm, Fact, Listing, Message, Note, Part, Person, Strong, Style, Text, Tone
from cards.plain import clock, fold, isolated, line, lines, spoken

JsonObject = dict[str, object]

SUMMARY_LIMIT: Final = 900
HEAD_LIMIT: Final = 150
TITLE_LIMIT: Final = 520
STATUS_LIMIT: Final = 1200
STRONG_LIMIT: Final = 500
DESCRIPTION_LIMIT: Final = 2000
DESCRIPTION_BESIDE_LISTINGS: Final = 100
MOST_FIELDS: Final = 8
NAME_LIMIT: Final = 40
VALUE_LIMIT: Final = 130
ADDRESSES_LIMIT: Final = 750
URL_LIMIT: Final = 600
MOST_LISTINGS: Final = 2
MOST_ROWS: Final = 6
ROW_LIMIT: Final = 150
MOST_HISTORY: Final = 5
HISTORY_LIMIT: Final = 180
MOST_BUTTONS: Final = 5
LABEL_LIMIT: Final = 75
TOKEN_LIMIT: Final = 2000
VERB_LIMIT: Final = 40
CONFIRM_TITLE_LIMIT: Final = 50
CONFIRM_TEXT_LIMIT: Final = 150
CONFIRM_LABEL_LIMIT: Final = 30
NOTE_LIMIT: Final = 2800
MOST_MENTIONS: Final = 30

# Of the same lightness, so that each stands out on white and on Slack's dark grey.
_COLOURS: Final = {
    Tone.CRITICAL: "#D92D20",
    Tone.WARNING: "#E8960C",
    Tone.INFO: "#2E77D0",
    Tone.TAKEN: "#7A5AF8",
    Tone.QUIET: "#7C8798",
    Tone.DONE: "#2EA56B",
}
_SIGNS: Final = {
    Tone.CRITICAL: "🔴",
    Tone.WARNING: "🟠",
    Tone.INFO: "🔵",
    Tone.TAKEN: "👀",
    Tone.QUIET: "💤",
    Tone.DONE: "✅",
}
_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_IN_URLS: Final = {" ": "%20", "<": "%3C", ">": "%3E", "|": "%7C", "&": "&amp;"}
# Markup works only at the edge of a word, so `disk_usage_percent` may stay as it is.
_MARKUP: Final = re.compile(r"`|(?<![0-9A-Za-z])[*_~]|[*_~](?![0-9A-Za-z])|^ ?>|@(?=channel|here|everyone)")
_LOOK_ALIKES: Final = str.maketrans("*_~`>@", "∗ˍ∼ˋ＞＠")
_USER: Final = re.compile(r"[UW][A-Z0-9]{1,30}")
_URL: Final = re.compile(r"https?://[^/\s]\S*", re.IGNORECASE)
_NOTHING: Final = "…"


def render(message: Message) -> JsonObject:
    """Return a message's content for chat.postMessage, chat.update or a response_url; where it goes is not in it."""
    return _card(message) if isinstance(message, Card) else _note(message)


def plain(message: Message) -> JsonObject:
    """Return one line without blocks, for when Slack refuses the blocks: severity, title, number, status and a link."""
    if isinstance(message, Note):
        return {"text": _text(spoken(message.text)), "attachments": []}
    title = _fit(line(message.title), TITLE_LIMIT)
    number = f" (#{message.number})" if message.number is not None else ""
    said = _text(f"{line(message.severity_word)}: {title}{number} · {spoken(message.status)}")
    link = next((url for link in message.links if (url := _url(link.href))), "")
    return {"text": f"{said} <{link}>" if link else said, "attachments": []}


def _card(card: Card) -> JsonObject:
    number = f"#{card.number} " if card.number is not None else ""
    head = f"{_SIGNS[card.tone]} {line(card.severity_word)} · {number}{isolated(line(card.title))}".strip()
    top: list[JsonObject] = [{"type": "header", "text": _plain(head, HEAD_LIMIT)}]
    if _size(head) > HEAD_LIMIT:
        top.append({"type": "section", "text": _plain(line(card.title), TITLE_LIMIT)})
    also = tuple(person for person in card.mentions if person not in card.status)
    top += _section(_mrkdwn((*_mentioned(also), *card.status), STATUS_LIMIT))
    listings = [block for listing in card.listings[:MOST_LISTINGS] for block in _listing(listing)]
    below = [
        # Lists of incidents take the room of what would be said of one.
        *_described(card.description, DESCRIPTION_LIMIT if not listings else DESCRIPTION_BESIDE_LISTINGS),
        *_fields([_fact(fact) for fact in card.facts], ""),
        *_fields([field for label in card.labels if (field := _label(*label))], line(card.more_labels)),
        *_context(_addresses(card.links, card.images), " · "),
        *_actions(card.buttons),
        # Below what can be done: Slack may fold away what is long.
        *listings,
        *_context([_mrkdwn(entry, HISTORY_LIMIT) for entry in card.history[-MOST_HISTORY:]], "\n"),
    ]
    attachment = {"color": _COLOURS[card.tone], "blocks": below}
    return {"text": _text(card.summary), "blocks": top, "attachments": [attachment] if below else []}


def _note(note: Note) -> JsonObject:
    said = _mrkdwn((*_mentioned(note.mentions), *note.text), NOTE_LIMIT) or _NOTHING
    return {"text": _text(spoken(note.text)), "blocks": [*_section(said), *_actions(note.buttons)], "attachments": []}


# ---- blocks ----------------------------------------------------------------------------------------------------------


def _section(text: str) -> list[JsonObject]:
    return [{"type": "section", "text": _marked(text)}] if text else []


def _described(description: str, limit: int) -> list[JsonObject]:
    shown = lines(description)
    return [{"type": "section", "text": _plain(shown, limit)}] if shown else []


def _fields(fields: Sequence[str], more: str) -> list[JsonObject]:
    """Return a section of fields; when not all can be shown, the last one says so."""
    over = len(fields) + bool(more) > MOST_FIELDS
    kept = [*fields[: MOST_FIELDS - 1], _mrkdwn((more or _NOTHING,), VALUE_LIMIT)] if over or more else fields
    return [{"type": "section", "fields": [_marked(field) for field in kept]}] if kept else []


def _fact(fact: Fact) -> str:
    return f"{_bold(fact.name, NAME_LIMIT)}\n{_mrkdwn(fact.value, VALUE_LIMIT)}".strip() or _NOTHING


def _listing(listing: Listing) -> list[JsonObject]:
    rows = [_mrkdwn(row, ROW_LIMIT) for row in listing.lines[:MOST_ROWS]]
    shown = [_bold(listing.name, NAME_LIMIT), *rows]
    return _section("\n".join(row for row in shown if row)) if any(rows) else []


def _label(key: str, value: str) -> str:
    shown = _fit((_ENTITIES.get(c, c) for c in line(value).replace("`", "ˋ")), VALUE_LIMIT - 4)
    return f"{_bold(key, NAME_LIMIT)}\n`{shown}`" if shown else ""


def _addresses(links: Iterable[Link], images: Iterable[Image]) -> list[str]:
    """Return what there is to read and to see, as links that fit whole; without a usable address only its words."""
    named = [(link.text or link.href, link.href) for link in links]
    named += [(f"🖼 {image.alt or image.src}", image.href or image.src) for image in images]
    kept: list[str] = []
    left = ADDRESSES_LIMIT
    for text, href in named:
        words, url = _mrkdwn((text,), NAME_LIMIT * 2), _url(href)
        shown = f"<{url}|{words}>" if url and words else words
        if shown and _size(shown) + 3 <= left:
            left -= _size(shown) + 3
            kept.append(shown)
    return kept


def _context(items: Iterable[str], between: str) -> list[JsonObject]:
    shown = between.join(item for item in items if item)
    return [{"type": "context", "elements": [_marked(shown)]}] if shown else []


def _actions(buttons: Iterable[Button]) -> list[JsonObject]:
    """Return the first buttons. A token is never cut, since it would be another command: its button is left out."""
    usable = [button for button in buttons if line(button.label) and 0 < len(button.token) <= TOKEN_LIMIT]
    verbs = [re.split(r"[ :]", button.token)[0][:VERB_LIMIT] for button in usable[:MOST_BUTTONS]]
    elements = [
        _button(button, f"oncard:{verb}" if verb not in verbs[:place] else f"oncard:{verb}:{place}")
        for place, (button, verb) in enumerate(zip(usable, verbs, strict=False))
    ]
    return [{"type": "actions", "elements": elements}] if elements else []


def _button(button: Button, action: str) -> JsonObject:
    element: JsonObject = {
        "type": "button",
        "action_id": action,
        "text": _plain(line(button.label), LABEL_LIMIT),
        "value": button.token,
    }
    if button.style is not Style.PLAIN:
        element["style"] = button.style.value
    if button.confirm is not None:
        element["confirm"] = _confirm(button.confirm)
    return element


def _confirm(confirm: Confirm) -> JsonObject:
    return {
        "title": _plain(line(confirm.title), CONFIRM_TITLE_LIMIT),
        "text": _plain(line(confirm.text), CONFIRM_TEXT_LIMIT),
        "confirm": _plain(line(confirm.yes), CONFIRM_LABEL_LIMIT),
        "deny": _plain(line(confirm.no), CONFIRM_LABEL_LIMIT),
    }


# ---- texts -----------------------------------------------------------------------------------------------------------


def _plain(text: str, limit: int) -> JsonObject:
    """Return a text object in which nothing is active: what looks like an emoji's name stays what it is, too."""
    return {"type": "plain_text", "text": _fit(text, limit) or _NOTHING, "emoji": False}


def _text(summary: str) -> str:
    """Return what a notification says: never empty, since Slack sends nothing without it."""
    return _fit(_escaped(line(summary)), SUMMARY_LIMIT) or _NOTHING


def _marked(text: str) -> JsonObject:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _mrkdwn(text: Text, limit: int) -> str:
    return _fit((piece for part in text for piece in _pieces(part)), limit).strip()


def _pieces(part: Part) -> Iterable[str]:
    """Return a part as strings that may be left out, but not cut."""
    match part:
        case str():
            return _escaped(isolated(fold(part)))
        case Strong():
            return (_bold(part.text, STRONG_LIMIT),)
        case Person():
            return (f"<@{part.user}>",) if _is_mentioned(part) else _escaped(isolated(line(part.name)))
        case _:
            shape = "{date_short_pretty} {time}" if part.day else "{time}"
            return (f"<!date^{int(part.at.timestamp())}^{shape}|{clock(part)}>",)


def _bold(text: str, limit: int) -> str:
    shown = _fit(_escaped(line(text)), limit)
    return f"*{shown}*" if shown else ""


def _escaped(text: str) -> list[str]:
    """Return the characters of foreign text, escaped, with look-alikes for those that are markup where they stand."""
    inert = _MARKUP.sub(lambda found: found[0].translate(_LOOK_ALIKES), text)
    return [_ENTITIES.get(character, character) for character in inert]


def _is_mentioned(person: Person) -> bool:
    return person.notify and person.user is not None and _USER.fullmatch(person.user) is not None


def _mentioned(persons: Sequence[Person]) -> Text:
    """Return mentions that stand beside a text; a person without a usable id is named in it already."""
    return tuple(part for person in persons[:MOST_MENTIONS] if _is_mentioned(person) for part in (person, " "))


def _url(address: str) -> str:
    """Return the address so that it can stand in a link; empty when it is none that a chat should open."""
    whole = "".join(_IN_URLS.get(character, character) for character in line(address))
    return whole if _URL.fullmatch(whole) and _size(whole) <= URL_LIMIT else ""


def _fit(pieces: Iterable[str], limit: int) -> str:
    """Join the pieces; when they are too long, as many as fit, and an ellipsis says that something is missing."""
    kept: list[str] = []
    left = limit - len(_NOTHING)
    for piece in pieces:
        left -= _size(piece)
        if left < 0:
            return "".join(kept) + _NOTHING
        kept.append(piece)
    return "".join(kept)


def _size(text: str) -> int:
    """Return the length in UTF-16 code units, in which a character beyond the basic plane counts twice."""
    return len(text.encode("utf-16-le")) // 2
