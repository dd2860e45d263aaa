"""Card templates: which variables a card has, and how they are laid out.

In DingTalk a template is drawn by hand in the card builder and published; a program then only sends values for its
variables. Here a template is JSON in this project's own notation, so that what a person sees depends on both:

    {"name": "Incident",
     "variables": [{"name": "title", "type": "string", "private": false}, ...],
     "layout": [block, ...]}

A variable of the type `string` holds text, `bool` the words `true` or `false`, `json` a JSON text; all values are
strings on the wire. A `private` one may have another value for each person (`privateData`, `userPrivateData`).

Blocks; every value but `kind`, `id` and `when` names a variable, and those in brackets may be left out:

    {"kind": "header", "title": V [, "colour": V]}     colour: red, orange, yellow, green, blue, grey
    {"kind": "tag", "text": V [, "colour": V]}         the same colours
    {"kind": "markdown", "text": V}                    DingTalk's Markdown, with <font color=common_red1_color>..</font>
    {"kind": "fields", "items": V}                     V is JSON: [{"k": "Service", "v": "db"}, ...], plain text
    {"kind": "image", "url": V}
    {"kind": "divider"}
    {"kind": "buttons", "items": V}                    V is JSON: [{"text": "Acknowledge", "color": "blue",
                                                         "action": "ack", "params": {"token": "ack 42 v7"}
                                                         [, "confirm": {"title", "text", "yes", "no"}]}, ...]
                                                       or, for a link, {"text", "color", "url"}; color: blue, red, grey
    {"kind": "form", "id": "reassign", "fields": V, "submit": V [, "title": V, "action": V, "params": V]}
                                                       fields: JSON {"fields": [{"name", "label", "type": "TEXT",
                                                       "TEXTAREA", "NUMBER", "SELECT" or "CHECKBOX" [, "required": true,
                                                       "requiredMsg", "placeholder", "readOnly", "hidden",
                                                       "defaultValue", "options": [{"text", "value"}]]}, ...]};
                                                       submit: the button's words; action: what comes back in actionIds
                                                       (else the block's `id`); params: a JSON object that comes back
                                                       beside `form`
    {"kind": "toast", "text": V}                       nothing on the card: when the answer to a click or a submitted
                                                       form sets V, the one who clicked sees it as a toast

Any block may have `"when": V`: it is drawn only if V is neither missing, empty nor `false`; `"when": "!V"` is the
reverse. A block whose variable is missing, empty or holds no fit JSON is not drawn.

What comes back from a click is `content.cardPrivateData = {"actionIds": [action], "params": params}`; from a form
`params = {**params, "form": {name: value}}`, where a SELECT gives `{"index": 0, "value": "1"}`, a CHECKBOX true or
false and everything else text; what was left empty is missing. A button whose url is
`dtmd://dingtalkclient/sendMessage?content=..` sends that text as the person who presses it.

The project's own template is the file `dingtalk_card.json` in the package `manifest`; the demo registers it.

The fields of a form and what comes back from it are DingTalk's (open-dingtalk/dingtalk-card-examples); the rest of the
notation is ours. That Markdown on a card knows no dtmd links while its buttons do is from the reports of others.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.playground.wire import JsonObject, as_list, as_object, as_objects, as_text

COLOURS: Final = ("red", "orange", "yellow", "green", "blue", "grey")
VARIABLE_TYPES: Final = ("string", "bool", "json")

NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "header": ("title",),
    "tag": ("text",),
    "markdown": ("text",),
    "fields": ("items",),
    "image": ("url",),
    "divider": (),
    "buttons": ("items",),
    "form": ("fields", "submit"),
    "toast": ("text",),
}
"""The variables without which a block is not drawn, by its kind."""

OPTIONAL: Final[Mapping[str, tuple[str, ...]]] = {
    "header": ("colour",),
    "tag": ("colour",),
    "form": ("title", "action", "params"),
}

MARKDOWN_TEMPLATE: Final = "589420e2-c1e2-46ef-a5ed-b8728e654da9.schema"
MARKDOWN_BUTTONS_TEMPLATE: Final = "1366a1eb-bc54-4859-ac88-517c56a9acb1.schema"


@dataclass(frozen=True, slots=True)
class Template:
    """One template of the card builder; only a published one can be sent."""

    id: str
    name: str
    private: frozenset[str]
    layout: tuple[JsonObject, ...]
    published: bool = True


def parse(template_id: str, content: object, *, published: bool = True) -> Template:
    """Read a template in the notation above; raises ValueError with the place and what is wrong there."""
    shape = as_object(content)
    variables = as_objects(shape.get("variables"))
    names = {as_text(variable.get("name")) for variable in variables}
    for number, variable in enumerate(variables):
        if not as_text(variable.get("name")) or variable.get("type") not in VARIABLE_TYPES:
            raise ValueError(f"variables[{number}]: needs a name, and a type out of {', '.join(VARIABLE_TYPES)}")
    layout = as_list(shape.get("layout"))
    if not layout:
        raise ValueError("layout: a template needs at least one block")
    for number, block in enumerate(layout):
        _check(f"layout[{number}]", as_object(block), names)
    private = frozenset(as_text(variable.get("name")) for variable in variables if variable.get("private") is True)
    return Template(template_id, as_text(shape.get("name")), private, tuple(as_objects(layout)), published)


def _check(place: str, block: JsonObject, names: set[str]) -> None:
    kind = as_text(block.get("kind"))
    if kind not in NEEDED:
        raise ValueError(f"{place}.kind: {kind!r} is none of {', '.join(NEEDED)}")
    known = {*NEEDED[kind], *OPTIONAL.get(kind, ()), "kind", "id", "when"}
    for key in block:
        if key not in known:
            raise ValueError(f"{place}.{key}: a {kind} has no such part; it has {', '.join(sorted(known))}")
    used = {key: as_text(block.get(key)) for key in (*NEEDED[kind], *OPTIONAL.get(kind, ())) if key in block}
    if "when" in block:
        used["when"] = as_text(block["when"]).removeprefix("!")
    for key in NEEDED[kind]:
        used.setdefault(key, "")
    for key, name in used.items():
        if name not in names:
            raise ValueError(f"{place}.{key}: {name!r} is not one of the variables")


def draw(template: Template, data: Mapping[str, str]) -> list[JsonObject]:
    """Return the blocks that a card shows, with the values of `data` in place of the names of variables."""
    values = _with_nested(data)
    found = (_drawn(block, values) for block in template.layout if _shown(block, values))
    return [block for block in found if block is not None]


def toasts(template: Template, answered: Mapping[str, str]) -> list[str]:
    """Return the words that the one who clicked sees, from the values that the answer to the click sets."""
    words = [answered.get(as_text(block.get("text")), "") for block in template.layout if block["kind"] == "toast"]
    return [word for word in words if word]


def buttons(blocks: Sequence[JsonObject]) -> list[JsonObject]:
    """Return the buttons among drawn blocks, in order, those that submit a form left out."""
    return [button for block in blocks if block["kind"] == "buttons" for button in as_objects(block["items"])]


def _with_nested(data: Mapping[str, str]) -> dict[str, str]:
    """Return the values with those that stand inside `sys_full_json_obj`, DingTalk's way to give several at once."""
    nested = as_object(_json(data.get("sys_full_json_obj", "")))
    inner = {key: value if isinstance(value, str) else json.dumps(value) for key, value in nested.items()}
    return {**data, **inner}


def _shown(block: JsonObject, values: Mapping[str, str]) -> bool:
    if "when" not in block:
        return True
    name = as_text(block["when"])
    holds = values.get(name.removeprefix("!"), "") not in ("", "false")
    return holds is not name.startswith("!")


def _drawn(block: JsonObject, values: Mapping[str, str]) -> JsonObject | None:
    kind = as_text(block["kind"])
    if kind == "toast":
        return None
    if not all(values.get(as_text(block[key])) for key in NEEDED[kind]):
        return None
    names = (*NEEDED[kind], *OPTIONAL.get(kind, ()))
    drawn: JsonObject = {key: values.get(as_text(block.get(key)), "") for key in names}
    drawn["kind"] = kind
    if "items" in drawn:
        drawn["items"] = as_objects(_json(as_text(drawn["items"])))
        return drawn if drawn["items"] else None
    if kind == "form":
        form_fields = as_objects(as_object(_json(as_text(drawn["fields"]))).get("fields"))
        drawn |= {"id": as_text(block.get("id")), "fields": form_fields}
        drawn["params"] = as_object(_json(as_text(drawn["params"])))
        return drawn if form_fields else None
    if "colour" in drawn and drawn["colour"] not in COLOURS:
        drawn["colour"] = "blue" if kind == "header" else "grey"
    return drawn


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return None


PUBLIC: Final = {
    MARKDOWN_TEMPLATE: parse(
        MARKDOWN_TEMPLATE,
        {
            "name": "Markdown",
            "variables": [{"name": name, "type": "string"} for name in ("title", "markdown", "logo")],
            "layout": [{"kind": "header", "title": "title"}, {"kind": "markdown", "text": "markdown"}],
        },
    ),
    MARKDOWN_BUTTONS_TEMPLATE: parse(
        MARKDOWN_BUTTONS_TEMPLATE,
        {
            "name": "Markdown with buttons",
            "variables": [
                *({"name": name, "type": "string"} for name in ("title", "markdown", "logo", "tips")),
                {"name": "msgButtons", "type": "json"},
            ],
            "layout": [
                {"kind": "header", "title": "title"},
                {"kind": "markdown", "text": "markdown"},
                {"kind": "markdown", "text": "tips"},
                {"kind": "buttons", "items": "msgButtons"},
            ],
        },
    ),
}
"""The public templates whose ids stand in DingTalk's own SDK; nobody need draw them."""
