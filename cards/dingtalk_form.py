"""A form as the private values of our card template: it opens on the card, for the one who clicked alone.

A value has at most 1 KB, so a field whose choices do not all fit is answered by writing: the chat grammar knows people
by name or address, and levels by number. What is submitted comes back as `params`: the form's token and the names of
its fields beside what was filled in. A select answers with an object that holds the value.
Guess: that a client which sees the values emptied closes the form.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from cards.dingtalk import LABEL_LIMIT, TITLE_LIMIT, VALUE_LIMIT, JsonObject, Params, dumped
from cards.dingtalk_text import NOTHING, fit, marked, size
from cards.form import Choice, Field, Form, sentence
from cards.plain import line

PRIVATE: Final = ("form_title", "form_text", "form_fields", "form_submit", "form_params", "form_cancel")
"""The variables that each person has for themselves."""

CANCEL: Final = "cancel"
CLOSED: Final[Params] = dict.fromkeys(PRIVATE, "")
"""The values with which a form is closed."""

CHOICE_LIMIT: Final = 90
# So many do not fit, however short they are.
MOST_CHOICES: Final = 30
MOST_NAMED: Final = 8
HINT_LIMIT: Final = 120


def render_form(form: Form) -> Params:
    """Return the values with which the form opens."""
    names = [field.name for field in form.fields]
    cancel = {"text": fit(line(form.cancel), LABEL_LIMIT) or NOTHING, "color": "grey", "action": CANCEL, "params": {}}
    return {
        "form_title": fit(line(form.title), TITLE_LIMIT) or NOTHING,
        "form_text": marked(form.text, VALUE_LIMIT),
        "form_fields": _fields(form),
        "form_submit": fit(line(form.submit), LABEL_LIMIT) or NOTHING,
        "form_params": dumped({"token": form.token, "fields": names}),
        "form_cancel": dumped([cancel]),
    }


def said_in(params: Mapping[str, object]) -> str:
    """Return the sentence that a submitted form says; empty if it is none of ours."""
    token, names, filled = params.get("token"), params.get("fields"), params.get("form")
    if not isinstance(token, str) or not isinstance(names, list) or not isinstance(filled, Mapping):
        return ""
    return sentence(token, {name: _answer(filled.get(name)) for name in names if isinstance(name, str)})


def _answer(value: object) -> str:
    if isinstance(value, Mapping):
        value = value.get("value")
    return value if isinstance(value, str) else ""


def _fields(form: Form) -> str:
    """Return the fields: with their choices as far as those fit whole, those of fewer choices first."""
    few = sorted((field for field in form.fields if 0 < len(field.choices) <= MOST_CHOICES), key=_choices)
    chosen = [field.name for field in few]
    while True:
        said = dumped({"fields": [_field(field, HINT_LIMIT, as_choice=field.name in chosen) for field in form.fields]})
        if size(said) <= VALUE_LIMIT:
            return said
        if not chosen:
            return dumped({"fields": [_field(field, 0, as_choice=False) for field in form.fields]})
        chosen.pop()


def _choices(field: Field) -> int:
    return len(field.choices)


def _field(field: Field, hint_limit: int, *, as_choice: bool) -> JsonObject:
    asked: JsonObject = {
        "name": field.name,
        "label": fit(line(field.label), LABEL_LIMIT) or NOTHING,
        "required": field.required,
    }
    if as_choice:
        return {**asked, "type": "SELECT", "options": list(_options(field.choices))}
    hint = line(field.hint) or ", ".join(line(choice.label) for choice in field.choices[:MOST_NAMED])
    placeholder = {"placeholder": fit(hint, hint_limit)} if hint and hint_limit else {}
    return {**asked, "type": "TEXTAREA" if field.lines else "TEXT", **placeholder}


def _options(choices: tuple[Choice, ...]) -> Iterator[JsonObject]:
    for choice in choices:
        yield {"text": fit(line(choice.label), CHOICE_LIMIT) or NOTHING, "value": choice.value}
