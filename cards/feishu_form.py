"""A form as a Feishu card of JSON 2.0: a form container, sent to the one person who is asked.

The value of its button says which sentence it begins, which fields it has and in which order, and which of them are
answered with a person. Feishu's own picker of people offers those it is given, or the members of the chat; in a direct
conversation the latter is nobody, so it stands only where each choice is a person by id. There is no button that
cancels: a card that is not filled in does nothing. Guess: how many choices a menu takes; here it is 100.
"""

import re
from typing import Final

from cards.feishu import SUMMARY_LIMIT, Head, weight, whole
from cards.feishu_text import NOTHING, JsonObject, Style, fit, marked, plain_text
from cards.form import Choice, Field, Form
from cards.plain import line

FORM: Final = "form"
# No field is called so: their names are letters only.
SUBMIT: Final = "oncard_submit"
TITLE_LIMIT: Final = 200
TEXT_LIMIT: Final = 3000
LABEL_LIMIT: Final = 200
HINT_LIMIT: Final = 200
CHOICE_LIMIT: Final = 150
VALUE_LIMIT: Final = 200
MOST_CHOICES: Final = 100
CHOICES_LIMIT: Final = 15_000
LONGEST_INPUT: Final = 1000
_OPTION: Final = {"text": {"tag": "plain_text", "content": NOTHING}, "value": ""}
_USER: Final = re.compile(r"<@(ou_[0-9A-Za-z]{1,64})>")


def render_form(form: Form) -> JsonObject:
    """Return the card that asks it."""
    title = line(form.title)
    people = [field.name for field in form.fields if _is_picked(field)]
    value = {"t": form.token, "fields": [field.name for field in form.fields], "people": people}
    submit: JsonObject = {
        "tag": "button",
        "name": SUBMIT,
        "type": "primary",
        "text": plain_text(line(form.submit), LABEL_LIMIT),
        "form_action_type": "submit",
        "behaviors": [{"type": "callback", "value": value}],
    }
    budget = CHOICES_LIMIT // max(len(form.fields), 1)
    asked = [element for field in form.fields for element in _field(field, budget)]
    text = marked(form.text, TEXT_LIMIT, Style())
    said: list[JsonObject] = [{"tag": "markdown", "content": text}] if text else []
    return whole(
        fit(title, SUMMARY_LIMIT) or NOTHING,
        [
            *said,
            {"tag": "form", "name": FORM, "elements": [*asked, submit]},
        ],
        Head(plain_text(title, TITLE_LIMIT), "blue", ()),
    )


def _field(field: Field, budget: int) -> list[JsonObject]:
    """Return a question and what answers it."""
    asked: JsonObject = {"name": field.name, "required": field.required}
    choices = _usable(field.choices, budget)
    if line(field.hint):
        asked["placeholder"] = plain_text(line(field.hint), HINT_LIMIT)
    if _is_picked(field):
        ids = (found[1] for choice in choices if (found := _USER.fullmatch(choice.value)))
        answer: JsonObject = {"tag": "select_person", **asked, "options": [{"value": user} for user in ids]}
    elif choices:
        options = [{"text": plain_text(line(choice.label), CHOICE_LIMIT), "value": choice.value} for choice in choices]
        answer = {"tag": "select_static", **asked, "options": options}
    else:
        kind = "multiline_text" if field.lines else "text"
        answer = {"tag": "input", **asked, "input_type": kind, "max_length": LONGEST_INPUT, "width": "fill"}
    return [{"tag": "div", "text": plain_text(line(field.label), LABEL_LIMIT)}, answer]


def _is_picked(field: Field) -> bool:
    return field.people and bool(field.choices) and all(_USER.fullmatch(choice.value) for choice in field.choices)


def _usable(choices: tuple[Choice, ...], budget: int) -> list[Choice]:
    """Return the first choices that fit. A value is never cut, and none may stand there twice."""
    kept: dict[str, Choice] = {}
    for choice in choices:
        if choice.value in kept or not choice.value or weight(choice.value) > VALUE_LIMIT:
            continue
        budget -= weight(fit(line(choice.label), CHOICE_LIMIT)) + weight(choice.value) + weight(_OPTION)
        if budget < 0 or len(kept) == MOST_CHOICES:
            break
        kept[choice.value] = choice
    return list(kept.values())
