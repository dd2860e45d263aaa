"""A form as a Slack modal, and what else is shown in its window.

Its fields' names are the block ids, so that a field can be told what is wrong with it. What is sent back comes with
`private_metadata`, of which Slack takes 3,000 characters: whoever opens the window writes it.
https://docs.slack.dev/reference/views/modal-views
"""

from collections.abc import Mapping
from typing import Final

from cards import words
from cards.card import Card, Note, Text
from cards.form import LONGEST_ANSWER, Choice, Field, Form
from cards.plain import line, spoken
from cards.slack import render
from cards.slack_text import NOTHING, JsonObject, fit, marked, mrkdwn, plain_text, size
from cards.words import name_of

CALLBACK: Final = "oncard:form"
ANSWER: Final = "oncard:answer"
TITLE_LIMIT: Final = 24
TEXT_LIMIT: Final = 2800
LABEL_LIMIT: Final = 200
HINT_LIMIT: Final = 150
MOST_OPTIONS: Final = 100
OPTION_LIMIT: Final = 75
VALUE_LIMIT: Final = 150
ERROR_LIMIT: Final = 300
NAME: Final = "Oncard"


def render_form(form: Form, metadata: str) -> JsonObject:
    """Return the window that asks; `metadata` comes back with what is filled in."""
    blocks = [*_section(form.text), *(_input(field) for field in form.fields)]
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "title": plain_text(line(form.title), TITLE_LIMIT),
        "submit": plain_text(line(form.submit), TITLE_LIMIT),
        "close": plain_text(line(form.cancel), TITLE_LIMIT),
        "private_metadata": metadata,
        "blocks": blocks,
    }


def loading(locale: str = "en") -> JsonObject:
    """Return the window while nobody knows yet what it will ask."""
    return _window(words.ONE_MOMENT, locale)


def later(locale: str = "en") -> JsonObject:
    """Return the window when what was asked takes longer than it can wait."""
    return _window(words.IN_A_MOMENT, locale)


def answered(message: Card | Note) -> JsonObject:
    """Return the window with an answer in it."""
    content = render(message)
    attachments = content["attachments"]
    parts = [content["blocks"]]
    parts += [one["blocks"] for one in attachments] if isinstance(attachments, list) else []
    # Buttons in a window would need a message that they stand on.
    blocks = [
        block
        for part in parts
        if isinstance(part, list)
        for block in part
        if block["type"] not in ("actions", "header")
    ]
    return _modal(blocks)


def error_of(note: Note) -> str:
    """Return what is wrong with a field, in plain words."""
    return fit(spoken(note.text), ERROR_LIMIT) or NOTHING


def answer_of(field: Mapping[str, object]) -> str:
    """Return what was chosen or written in one field, from its state in the payload: its words in the sentence."""
    option = field.get("selected_option")
    if isinstance(option, dict):
        return str(option.get("value") or "")
    user = field.get("selected_user")
    if isinstance(user, str):
        return f"<@{user}>"
    value = field.get("value")
    return value if isinstance(value, str) else ""


def _window(words_in_it: str, locale: str) -> JsonObject:
    return _modal(_section((name_of(locale, words_in_it),)))


def _modal(blocks: list[JsonObject]) -> JsonObject:
    shown = blocks or _section((NOTHING,))
    return {"type": "modal", "callback_id": ANSWER, "title": plain_text(NAME, TITLE_LIMIT), "blocks": shown}


def _section(text: Text) -> list[JsonObject]:
    said = mrkdwn(text, TEXT_LIMIT)
    return [{"type": "section", "text": marked(said)}] if said else []


def _input(field: Field) -> JsonObject:
    return {
        "type": "input",
        "block_id": field.name,
        "optional": not field.required,
        "label": plain_text(line(field.label), LABEL_LIMIT),
        "element": _element(field),
    }


def _element(field: Field) -> JsonObject:
    if field.people:
        # Slack knows its users; the choices would be a hundred of them at most.
        return {"type": "users_select", "action_id": field.name}
    options = [option for choice in field.choices if (option := _option(choice))]
    if options:
        return {"type": "static_select", "action_id": field.name, "options": options[:MOST_OPTIONS]}
    element: JsonObject = {
        "type": "plain_text_input",
        "action_id": field.name,
        "multiline": field.lines,
        "max_length": LONGEST_ANSWER,
    }
    hint = line(field.hint)
    return {**element, "placeholder": plain_text(hint, HINT_LIMIT)} if hint else element


def _option(choice: Choice) -> JsonObject | None:
    """Return what can be chosen; a value is never cut, since it would mean something else."""
    if not choice.value or size(choice.value) > VALUE_LIMIT:
        return None
    return {"text": plain_text(line(choice.label), OPTION_LIMIT), "value": choice.value}
