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
from cards.card import Button, Card, Confirm, Fact, Listing, Message, Note, Style, Text, Tone
from cards.plain import isolated, line, lines, spoken
from cards.slack_text import (
    ENTITIES,
    NOTHING,
    JsonObject,
    bold,
    escaped,
    fit,
    marked,
    mentioned,
    mrkdwn,
    plain_text,
    size,
)

SUMMARY_LIMIT: Final = 900
HEAD_LIMIT: Final = 150
TITLE_LIMIT: Final = 520
STATUS_LIMIT: Final = 1200
DESCRIPTION_LIMIT: Final = 2000
DESCRIPTION_BESIDE_LISTINGS: Final = 100
MOST_FIELDS: Final = 8
NAME_LIMIT: Final = 40
VALUE_LIMIT: Final = 130
# Two times take as much, each in the form that Slack reads and in words; there is room for it where no alert speaks.
LONG_VALUE_LIMIT: Final = 250
ADDRESSES_LIMIT: Final = 750
URL_LIMIT: Final = 600
MOST_LISTINGS: Final = 2
MOST_ROWS: Final = 6
ROW_LIMIT: Final = 150
MOST_HISTORY: Final = 5
HISTORY_LIMIT: Final = 180
MOST_BUTTONS: Final = 5
MAIN_BUTTONS: Final = 3
MOST_OPTIONS: Final = 5
OPTION_TOKEN_LIMIT: Final = 150
LABEL_LIMIT: Final = 75
TOKEN_LIMIT: Final = 2000
VERB_LIMIT: Final = 40
CONFIRM_TITLE_LIMIT: Final = 50
CONFIRM_TEXT_LIMIT: Final = 150
CONFIRM_LABEL_LIMIT: Final = 30
NOTE_LIMIT: Final = 2800
MOST_ROWS_OF_NOTE: Final = 24
ROW_LIMIT_OF_NOTE: Final = 300

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
_IN_URLS: Final = {" ": "%20", "<": "%3C", ">": "%3E", "|": "%7C", "&": "&amp;"}
_URL: Final = re.compile(r"https?://[^/\s]\S*", re.IGNORECASE)


def render(message: Message) -> JsonObject:
    """Return a message's content for chat.postMessage, chat.update or a response_url; where it goes is not in it."""
    return _card(message) if isinstance(message, Card) else _note(message)


def plain(message: Message) -> JsonObject:
    """Return one line without blocks, for when Slack refuses the blocks: severity, title, number, status and a link."""
    if isinstance(message, Note):
        return {"text": _text(spoken(message.text)), "attachments": []}
    title = fit(line(message.title), TITLE_LIMIT)
    number = f" (#{message.number})" if message.number is not None else ""
    said = _text(f"{line(message.severity_word)}: {title}{number} · {spoken(message.status)}")
    link = next((url for link in message.links if (url := _url(link.href))), "")
    return {"text": f"{said} <{link}>" if link else said, "attachments": []}


def _card(card: Card) -> JsonObject:
    number = f"#{card.number} " if card.number is not None else ""
    head = f"{_SIGNS[card.tone]} {line(card.severity_word)} · {number}{isolated(line(card.title))}".strip()
    top: list[JsonObject] = [{"type": "header", "text": plain_text(head, HEAD_LIMIT)}]
    if size(head) > HEAD_LIMIT:
        top.append({"type": "section", "text": plain_text(line(card.title), TITLE_LIMIT)})
    also = tuple(person for person in card.mentions if person not in card.status)
    top += _section(mrkdwn((*mentioned(also), *card.status), STATUS_LIMIT))
    listings = [block for listing in card.listings[:MOST_LISTINGS] for block in _listing(listing)]
    limit = VALUE_LIMIT if card.description or card.labels else LONG_VALUE_LIMIT
    below = [
        # Lists of incidents take the room of what would be said of one.
        *_described(card.description, DESCRIPTION_LIMIT if not listings else DESCRIPTION_BESIDE_LISTINGS),
        *_fields([_fact(fact, limit) for fact in card.facts], ""),
        *_fields([field for label in card.labels if (field := _label(*label))], line(card.more_labels)),
        *_context(_addresses(card.links, card.images), " · "),
        *_actions(card.buttons),
        # Below what can be done: Slack may fold away what is long.
        *listings,
        *_context([mrkdwn(entry, HISTORY_LIMIT) for entry in card.history[-MOST_HISTORY:]], "\n"),
    ]
    attachment = {"color": _COLOURS[card.tone], "blocks": below}
    return {"text": _text(card.summary), "blocks": top, "attachments": [attachment] if below else []}


def _note(note: Note) -> JsonObject:
    said = mrkdwn((*mentioned(note.mentions), *note.text), NOTE_LIMIT) or NOTHING
    blocks = [*_section(said), *_rows(note.rows), *_actions(note.buttons)]
    return {"text": _text(spoken(note.text)), "blocks": blocks, "attachments": []}


# ---- blocks ----------------------------------------------------------------------------------------------------------


def _section(text: str) -> list[JsonObject]:
    return [{"type": "section", "text": marked(text)}] if text else []


def _rows(rows: Sequence[Text]) -> list[JsonObject]:
    """Return as many rows as fit whole, one section for each: cut in the middle, one would say something else."""
    shown = [said for row in rows if (said := mrkdwn(row, ROW_LIMIT_OF_NOTE))]
    return [block for said in shown[:MOST_ROWS_OF_NOTE] for block in _section(said)]


def _described(description: str, limit: int) -> list[JsonObject]:
    shown = lines(description)
    return [{"type": "section", "text": plain_text(shown, limit)}] if shown else []


def _fields(fields: Sequence[str], more: str) -> list[JsonObject]:
    """Return a section of fields; when not all can be shown, the last one says so."""
    over = len(fields) + bool(more) > MOST_FIELDS
    kept = [*fields[: MOST_FIELDS - 1], mrkdwn((more or NOTHING,), VALUE_LIMIT)] if over or more else fields
    return [{"type": "section", "fields": [marked(field) for field in kept]}] if kept else []


def _fact(fact: Fact, limit: int) -> str:
    return f"{bold(fact.name, NAME_LIMIT)}\n{mrkdwn(fact.value, limit)}".strip() or NOTHING


def _listing(listing: Listing) -> list[JsonObject]:
    rows = [mrkdwn(row, ROW_LIMIT) for row in listing.lines[:MOST_ROWS]]
    shown = [bold(listing.name, NAME_LIMIT), *rows]
    return _section("\n".join(row for row in shown if row)) if any(rows) else []


def _label(key: str, value: str) -> str:
    shown = fit((ENTITIES.get(c, c) for c in line(value).replace("`", "ˋ")), VALUE_LIMIT - 4)
    return f"{bold(key, NAME_LIMIT)}\n`{shown}`" if shown else ""


def _addresses(links: Iterable[Link], images: Iterable[Image]) -> list[str]:
    """Return what there is to read and to see, as links that fit whole; without a usable address only its words."""
    named = [(link.text or link.href, link.href) for link in links]
    named += [(f"🖼 {image.alt or image.src}", image.href or image.src) for image in images]
    kept: list[str] = []
    left = ADDRESSES_LIMIT
    for text, href in named:
        words, url = mrkdwn((text,), NAME_LIMIT * 2), _url(href)
        shown = f"<{url}|{words}>" if url and words else words
        if shown and size(shown) + 3 <= left:
            left -= size(shown) + 3
            kept.append(shown)
    return kept


def _context(items: Iterable[str], between: str) -> list[JsonObject]:
    shown = between.join(item for item in items if item)
    return [{"type": "context", "elements": [marked(shown)]}] if shown else []


def _actions(buttons: Iterable[Button]) -> list[JsonObject]:
    """Return the buttons; where they are too many for one row, the main ones, and a menu with the next ones.

    A token is never cut, since it would be another command: its button is left out.
    """
    usable = [button for button in buttons if line(button.label) and 0 < len(button.token) <= TOKEN_LIMIT]
    menu = _menu(usable[MAIN_BUTTONS:]) if len(usable) > MOST_BUTTONS else []
    shown = usable[: MAIN_BUTTONS if menu else MOST_BUTTONS]
    verbs = [re.split(r"[ :]", button.token)[0][:VERB_LIMIT] for button in shown]
    elements = [
        _button(button, f"oncard:{verb}" if verb not in verbs[:place] else f"oncard:{verb}:{place}")
        for place, (button, verb) in enumerate(zip(shown, verbs, strict=True))
    ]
    return [{"type": "actions", "elements": [*elements, *menu]}] if elements else []


def _menu(buttons: Sequence[Button]) -> list[JsonObject]:
    """Return a menu of what can be chosen from one: a short token, and no question before it acts."""
    fitting = [button for button in buttons if button.confirm is None and size(button.token) <= OPTION_TOKEN_LIMIT]
    options = [
        {"text": plain_text(line(button.label), LABEL_LIMIT), "value": button.token}
        for button in fitting[:MOST_OPTIONS]
    ]
    return [{"type": "overflow", "action_id": "oncard:more:menu", "options": options}] if options else []


def _button(button: Button, action: str) -> JsonObject:
    element: JsonObject = {
        "type": "button",
        "action_id": action,
        "text": plain_text(line(button.label), LABEL_LIMIT),
        "value": button.token,
    }
    if button.style is not Style.PLAIN:
        element["style"] = button.style.value
    if button.confirm is not None:
        element["confirm"] = _confirm(button.confirm)
    return element


def _confirm(confirm: Confirm) -> JsonObject:
    return {
        "title": plain_text(line(confirm.title), CONFIRM_TITLE_LIMIT),
        "text": plain_text(line(confirm.text), CONFIRM_TEXT_LIMIT),
        "confirm": plain_text(line(confirm.yes), CONFIRM_LABEL_LIMIT),
        "deny": plain_text(line(confirm.no), CONFIRM_LABEL_LIMIT),
    }


# ---- texts -----------------------------------------------------------------------------------------------------------


def _text(summary: str) -> str:
    """Return what a notification says: never empty, since Slack sends nothing without it."""
    return fit(escaped(line(summary)), SUMMARY_LIMIT) or NOTHING


def _url(address: str) -> str:
    """Return the address so that it can stand in a link; empty when it is none that a chat should open."""
    whole = "".join(_IN_URLS.get(character, character) for character in line(address))
    return whole if _URL.fullmatch(whole) and size(whole) <= URL_LIMIT else ""
