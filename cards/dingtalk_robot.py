"""A card, a note or a form as a message of the robot: Markdown, or an ActionCard with up to five buttons.

It is for where there is no card template, and for short answers. Its buttons are links that make the reader's client
send a text to the bot as them: the sentence that they mean, as they would type it. The version of the card is left out,
since a message that never changes would be out of date after one click; it stays where it decides what is done: to page
the next level or take a board, to take back, and to ask for a form. Such a text is a button's token. A message cannot
be changed, takes no more than 15,000 bytes as it is sent, and notifies nobody by name.
Guess: that a link of the scheme `dtmd` works in Markdown as it does in an ActionCard, and mentions the bot in a group.
"""

import json
import re
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final
from urllib.parse import quote

from cards.card import Button, Card, Message, Note, Tone
from cards.dingtalk import (
    HISTORY_LIMIT,
    MOST_ROWS_OF_NOTE,
    NAME_LIMIT,
    ROW_LIMIT_OF_NOTE,
    JsonObject,
    addresses,
    head,
    history,
    listed,
    plain_line,
    said_labels,
    summary,
    usable,
)
from cards.dingtalk_text import BREAK, NOTHING, bold, described, escaped, fit, marked, mentions, size, unsent
from cards.form import Choice, Field, Form, sentence
from cards.plain import line, spoken

# Of 15,000 bytes, in which a quotation mark and a line break count twice.
LIMIT: Final = 14_000
TITLE_LIMIT: Final = 200
STATUS_LIMIT: Final = 1500
DESCRIPTION_LIMIT: Final = 2500
DESCRIPTION_BESIDE_LISTINGS: Final = 300
MOST_FIELDS: Final = 8
FACT_LIMIT: Final = 250
ADDRESSES_LIMIT: Final = 1000
MOST_LISTINGS: Final = 2
MOST_ROWS: Final = 6
ROW_LIMIT: Final = 200
LABEL_LIMIT: Final = 80
LINKS_LIMIT: Final = 3000
MOST_BUTTONS: Final = 12
MOST_ON_CARD: Final = 5
MOST_CHOICES: Final = 12
SENDS: Final = "dtmd://dingtalkclient/sendMessage?content="
_KEEPS_ITS_VERSION: Final = r"[a-z]+\?|escalate|ackboard|undo"
_TOKEN: Final = re.compile(rf"(?:{_KEEPS_ITS_VERSION}) \d{{1,18}} v\d{{1,9}}(?: .*)?", re.ASCII | re.DOTALL)
_VERSION: Final = re.compile(r"^([a-z]+(?: \d[\d,]*)?) v\d{1,9}(?= |$)", re.ASCII)
# A button alone confirms: what is typed could have been dictated by somebody else.
_CONFIRMS: Final = re.compile(r"link .+ yes\d{1,18}", re.ASCII)
_SIGNS: Final = {
    Tone.CRITICAL: "🔴",
    Tone.WARNING: "🟠",
    Tone.INFO: "🔵",
    Tone.TAKEN: "👀",
    Tone.QUIET: "💤",
    Tone.DONE: "✅",
}


def robot(message: Message | Form) -> tuple[str, JsonObject]:
    """Return the msgKey and the msgParam of a message of the robot."""
    title, text, links = _content(message)
    on_card = links[:MOST_ON_CARD]
    text = _joined([text, " · ".join(f"[{escaped(label)}]({href})" for label, href in links[MOST_ON_CARD:])])
    if not on_card:
        return "sampleMarkdown", {"title": title, "text": text}
    if len(on_card) == 1:
        label, href = on_card[0]
        return "sampleActionCard", {"title": title, "text": text, "singleTitle": label, "singleURL": href}
    param: JsonObject = {"title": title, "text": text}
    for number, (label, href) in enumerate(on_card, start=1):
        param |= {f"actionTitle{number}": label, f"actionURL{number}": href}
    return f"sampleActionCard{len(on_card)}", param


def robot_plain(message: Message | Form) -> tuple[str, JsonObject]:
    """Return a message of one plain line, for when DingTalk refuses the whole one."""
    said = spoken(message.text) if isinstance(message, Form) else plain_line(message)
    return "sampleText", {"content": fit(unsent(said), STATUS_LIMIT) or NOTHING}


def webhook(message: Message | Form, user: str = "") -> JsonObject:
    """Return the body for a session's webhook; in a group it is told to one `user`."""
    title, text, links = _content(message)
    if user:
        # Only who stands in the text, too, is notified.
        text = f"@{user} {text}"
    at = {"at": {"atUserIds": [user]}} if user else {}
    if not links:
        return {"msgtype": "markdown", "markdown": {"title": title, "text": text}, **at}
    buttons = [{"title": label, "actionURL": href} for label, href in links]
    card: JsonObject = {"title": title, "text": text, "btnOrientation": "0", "btns": buttons}
    return {"msgtype": "actionCard", "actionCard": card, **at}


def weight(param: object) -> int:
    """Return how many bytes a msgParam takes."""
    return size(json.dumps(param, ensure_ascii=False))


def said_by(token: str) -> str:
    """Return what is sent when a button with this token is pressed."""
    said = token.strip()
    return said if is_pressed(said) else _VERSION.sub(r"\1", said, count=1)


def is_pressed(text: str) -> bool:
    """Whether a text is what a button has sent, to be taken to the letter: nobody types a version."""
    return _TOKEN.fullmatch(text) is not None


def is_sayable(message: Card | Note) -> bool:
    """Whether all that the buttons of a message do can be done by typing it, too."""
    return not any(_CONFIRMS.fullmatch(button.token) for button in message.buttons)


def _content(message: Message | Form) -> tuple[str, str, list[tuple[str, str]]]:
    """Return what is said of a message in a list, its text, and what can be pressed."""
    if isinstance(message, Form):
        return fit(line(message.title), TITLE_LIMIT) or NOTHING, _joined(_form(message)), _choices(message)
    parts = _card(message) if isinstance(message, Card) else _note(message)
    return fit(summary(message), TITLE_LIMIT), _joined(parts), _links(usable(message.buttons, MOST_BUTTONS))


def _joined(parts: Iterable[str]) -> str:
    """Return the parts, each a paragraph, as many as fit."""
    kept: list[str] = []
    left = LIMIT - LINKS_LIMIT
    for part in parts:
        left -= weight(part) + 4
        if part and left >= 0:
            kept.append(part)
    return "\n\n".join(kept) or NOTHING


def _card(card: Card) -> list[str]:
    told = spoken(card.status)
    named = ", ".join(name for name in mentions(card).values() if name not in told)
    lists = [said for each in card.listings[:MOST_LISTINGS] if (said := listed(each, MOST_ROWS, ROW_LIMIT))]
    limit = DESCRIPTION_BESIDE_LISTINGS if lists else DESCRIPTION_LIMIT
    word = fit(escaped(line(card.severity_word)), LABEL_LIMIT)
    return [
        f"### {_SIGNS[card.tone]} {word} · {escaped(head(card))}",
        marked(card.status, STATUS_LIMIT),
        marked((named,), STATUS_LIMIT),
        fit(BREAK.join(described(card.description)), limit),
        BREAK.join(_fields(card)),
        addresses(card.links, card.images, ADDRESSES_LIMIT),
        *lists,
        history(card, HISTORY_LIMIT),
    ]


def _fields(card: Card) -> Iterable[str]:
    """Return facts and labels, a line for each; where not all are shown, the last line says so."""
    facts = [
        f"{bold(fact.name, NAME_LIMIT)} {marked(fact.value, FACT_LIMIT)}".strip()
        for fact in card.facts[: MOST_FIELDS + 1]
    ]
    labels = [
        f"{bold(name, NAME_LIMIT)} {marked((line(value),), FACT_LIMIT)}".strip()
        for name, value in islice(said_labels(card), MOST_FIELDS + 1)
    ]
    for fields, more in ((facts, ""), (labels, line(card.more_labels))):
        yield from fields[:MOST_FIELDS]
        if more or len(fields) > MOST_FIELDS:
            yield marked((more or NOTHING,), FACT_LIMIT)


def _note(note: Note) -> list[str]:
    rows = [said for row in note.rows if (said := marked(row, ROW_LIMIT_OF_NOTE))]
    told = spoken(note.text)
    named = ", ".join(name for name in mentions(note).values() if name not in told)
    return [marked(note.text, STATUS_LIMIT), marked((named,), STATUS_LIMIT), *rows[:MOST_ROWS_OF_NOTE]]


def _links(buttons: Sequence[Button]) -> list[tuple[str, str]]:
    return _fitting((fit(line(button.label), LABEL_LIMIT), said_by(button.token)) for button in buttons)


def _fitting(said: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return links that send a sentence, those that fit: one is never cut, since it would be another command."""
    kept: list[tuple[str, str]] = []
    left = LINKS_LIMIT
    for label, words in said:
        href = SENDS + quote(words, safe="")
        left -= size(label) + size(href) + 60
        if left < 0:
            break
        kept.append((label, href))
    return kept


# ---- forms -----------------------------------------------------------------------------------------------------------


def _form(form: Form) -> list[str]:
    """Return what a form asks; a question without choices is answered by writing its sentence."""
    return [
        bold(form.title, TITLE_LIMIT),
        marked(form.text, STATUS_LIMIT),
        *(_asked(form, each) for each in form.fields),
    ]


def _asked(form: Form, field: Field) -> str:
    label = bold(field.label, NAME_LIMIT)
    if field.choices and not field.people:
        return label
    hint = fit(escaped(line(field.hint)), FACT_LIMIT)
    return f"{label}: {escaped(fit(said_by(form.token), NAME_LIMIT))} {hint or NOTHING}"


def _choices(form: Form) -> list[tuple[str, str]]:
    """Return a link for each choice: it answers the form with that alone; one more where nothing need be chosen."""
    bare = [] if any(field.required for field in form.fields) else [(form.submit, sentence(form.token, {}))]
    shares = [_shared(field, len(form.fields)) for field in form.fields]
    answers = [(choice.label, sentence(form.token, {name: choice.value})) for name, own in shares for choice in own]
    both = [*answers, *bare] if answers else bare
    return _fitting((fit(line(label), LABEL_LIMIT), said_by(said)) for label, said in both if line(label))


def _shared(field: Field, fields: int) -> tuple[str, tuple[Choice, ...]]:
    return field.name, field.choices[: max(MOST_CHOICES // fields, 1)]
