"""A form on a card, filled in as a person would, and what it then sends back."""

from collections.abc import Mapping
from typing import Final

from bot.playground.wire import JsonObject, as_objects, as_text

CHOSEN: Final = ("SELECT", "RADIO")


def filled_in(form: JsonObject, values: Mapping[str, str | bool]) -> JsonObject:
    """Return the params of a submitted form from what a person entered, by a field's name or label.

    An option is chosen by its value or its words. Raises LookupError for what the form does not have and for a required
    field left empty: the client would not send it.
    """
    fields = as_objects(form["fields"])
    entered: JsonObject = {}
    for wanted, value in values.items():
        field = _field(fields, wanted)
        if field.get("readOnly") is True or field.get("hidden") is True:
            raise LookupError(f"the field {wanted!r} cannot be changed")
        entered[as_text(field.get("name"))] = _value(field, value)
    answers: JsonObject = {}
    for field in fields:
        name = as_text(field.get("name"))
        answer = entered.get(name, field.get("defaultValue"))
        if answer is not None and answer != "":
            answers[name] = answer
        elif field.get("required") is True:
            raise LookupError(as_text(field.get("requiredMsg")) or f"{as_text(field.get('label'))} must be filled in")
    params = form["params"]
    return {**(params if isinstance(params, dict) else {}), "form": answers}


def _field(fields: list[JsonObject], wanted: str) -> JsonObject:
    for field in fields:
        if wanted in (field.get("name"), field.get("label")):
            return field
    raise LookupError(f"no field {wanted!r}; there are {', '.join(as_text(f.get('label')) for f in fields)}")


def _value(field: JsonObject, value: str | bool) -> object:  # noqa: FBT001 -- a box that is ticked or not
    if field.get("type") not in CHOSEN or value == "":
        return value
    options = as_objects(field.get("options"))
    for index, option in enumerate(options):
        if value in (option.get("value"), option.get("text")):
            return {"index": index, "value": option.get("value")}
    raise LookupError(f"no option {value!r}; there are {[option.get('text') for option in options]}")
