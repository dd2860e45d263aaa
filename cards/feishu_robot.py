"""A card or a note as a Feishu card of JSON 1.0, for where 2.0 is not taken: what only one person sees, and robots.

1.0 knows no times in the reader's zone and ignores attributes that it does not know. A card of 1.0 is never edited into
one of 2.0 (200830), so what is to be edited later is never sent as one. Where a `robot` posts, nobody can press a
button that calls us, so there are none.
"""

from typing import Final

from cards.card import Button, Card, Message, Note
from cards.feishu import (
    BUTTONS_LIMIT,
    DESCRIPTION_LIMIT,
    LABEL_LIMIT,
    MOST_BUTTONS,
    MOST_LISTINGS,
    NOTE_LIMIT,
    STATUS_LIMIT,
    TITLE_LIMIT,
    WHOLE_TITLE_LIMIT,
    addresses,
    confirm_of,
    head_of,
    history,
    kept,
    labelled,
    listed,
    named,
    rows,
    weight,
)
from cards.feishu_text import NOTHING, JsonObject, Style, marked, mentioned, plain_text, size
from cards.plain import line, lines

_TYPES: Final = {"primary": "primary", "plain": "default", "danger": "danger"}


def render_old(message: Message, *, mentions: bool = True, robot: bool = False) -> JsonObject:
    """Return a message as a card of JSON 1.0."""
    style = Style(mentions=mentions, local_times=False)
    config: JsonObject = {"config": {"wide_screen_mode": True, "update_multi": True}}
    buttons = [] if robot else _actions(message.buttons)
    if isinstance(message, Note):
        said = marked((*mentioned(message.mentions), *message.text), NOTE_LIMIT, style) or NOTHING
        return {**config, "elements": [*_marked(said), *_marked(rows(message, style)), *buttons]}
    head = head_of(message)
    header: JsonObject = {"title": head.title, "template": head.template}
    return {**config, "header": header, "elements": _card(message, style, buttons) or _marked(NOTHING)}


def _card(card: Card, style: Style, buttons: list[JsonObject]) -> list[JsonObject]:
    title = line(card.title)
    also = tuple(person for person in card.mentions if person not in card.status)
    severity = (f"{line(card.severity_word)} · ",) if line(card.severity_word) else ()
    listings = [said for listing in card.listings[:MOST_LISTINGS] if (said := listed(listing, style))]
    described = "" if listings else lines(card.description)
    return [
        *(_plain(title, WHOLE_TITLE_LIMIT) if size(title) > TITLE_LIMIT else []),
        *_marked(marked((*mentioned(also), *severity, *card.status), STATUS_LIMIT, style)),
        *_plain(described, DESCRIPTION_LIMIT),
        *_fields([named(fact, style) for fact in card.facts], ""),
        *_fields([said for label in card.labels if (said := labelled(*label))], line(card.more_labels)),
        *_marked(addresses(card.links, card.images)),
        *buttons,
        *(element for said in listings for element in _marked(said)),
        *_marked(history(card, style)),
    ]


def _plain(text: str, limit: int) -> list[JsonObject]:
    return [{"tag": "div", "text": plain_text(text, limit)}] if text else []


def _marked(text: str) -> list[JsonObject]:
    return [{"tag": "div", "text": {"tag": "lark_md", "content": text}}] if text else []


def _fields(fields: list[str], more: str) -> list[JsonObject]:
    shown = [{"is_short": True, "text": {"tag": "lark_md", "content": field}} for field in kept(fields, more)]
    return [{"tag": "div", "fields": shown}] if shown else []


def _actions(buttons: tuple[Button, ...]) -> list[JsonObject]:
    actions: list[JsonObject] = []
    left = BUTTONS_LIMIT
    for button in [each for each in buttons if line(each.label) and each.token][:MOST_BUTTONS]:
        action = _button(button)
        left -= weight(action)
        if left < 0:
            break
        actions.append(action)
    return [{"tag": "action", "actions": actions}] if actions else []


def _button(button: Button) -> JsonObject:
    element: JsonObject = {
        "tag": "button",
        "type": _TYPES[button.style],
        "text": plain_text(line(button.label), LABEL_LIMIT),
        "value": {"t": button.token},
    }
    return element if button.confirm is None else {**element, "confirm": confirm_of(button.confirm)}
