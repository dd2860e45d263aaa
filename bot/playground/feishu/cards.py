"""What Feishu accepts and refuses of a card.

JSON 2.0 is strict: an unknown part or attribute is an error. JSON 1.0 ignores attributes that it does not know.
Sources: https://open.feishu.cn/document/feishu-cards/feishu-card-overview and the pages of the components.
Guesses, for the documentation names no sub-code: 200861 for everything that JSON 2.0 does not know, 200530 for the
names and the submit button of a form, 11246 for a wrong value, 200621 where something is no JSON object; that a card of
1.0 is counted as one of 2.0.
"""

import re
from collections.abc import Collection
from typing import Final

from bot.playground.feishu import schema
from bot.playground.feishu.refusal import bad_card
from bot.playground.feishu.tenant import Tenant
from bot.playground.wire import JsonObject, as_list, as_object, as_objects, as_text

MOST_ELEMENTS: Final = 200
DEEPEST: Final = 5
MOST_TAGS: Final = 3
MOST_INPUT: Final = 1000
AT: Final = re.compile(r"<at\s+(id|ids|user_id|email)\s*=\s*[\"']?([^\s\"'>]*)[\"']?\s*/?>")
_ELEMENT_ID: Final = re.compile(r"[A-Za-z]\w{0,19}")

OLD_CONTENT: Final = frozenset(
    ["div", "markdown", "hr", "img", "note", "action", "column_set", "form", "input", "select_static", "select_person"]
)
OLD_CONTENT_OR_FIELD: Final = OLD_CONTENT | schema.FIELDS | {"overflow", "person_list", "lark_md", "plain_text"}


def schema_of(card: JsonObject) -> str:
    """Return "2.0" or "1.0"."""
    return "2.0" if as_text(card.get("schema")) == "2.0" else "1.0"


def check_card(tenant: Tenant, value: object) -> JsonObject:
    """Return the card if Feishu accepts it; raises Refusal."""
    if not isinstance(value, dict) or not value:
        raise bad_card(200621, "parse card json err, please check whether the card json is correct")
    check = _Check(tenant)
    if schema_of(value) == "2.0":
        check.card(value)
    else:
        check.old_card(value)
    return value


def is_shared(card: JsonObject) -> bool:
    """Whether every reader sees the updates of a card: `update_multi`, which JSON 2.0 has unless it says no."""
    return as_object(card.get("config")).get("update_multi", schema_of(card) == "2.0") is True


class _Check:
    """One pass over one card."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._elements = 0
        self._ids: set[str] = set()

    def card(self, card: JsonObject) -> None:
        _known(card, schema.CARD, "card")
        config = as_object(card.get("config"))
        _known(config, schema.CONFIG, "config")
        if config.get("update_multi", True) is not True:
            raise bad_card(200861, "update_multi only supports true in schema V2", "config -> update_multi")
        _one_of(config, "width_mode", schema.WIDTH_MODES)
        _known(as_object(config.get("summary")), schema.SUMMARY, "config -> summary")
        self._header(card)
        _known(as_object(card.get("card_link")), schema.LINKS, "card_link")
        body = _object(card, "body", "card")
        _known(body, schema.BODY, "body")
        for element in _list(body, "elements", "body"):
            self._element(element, 1, None)

    def _header(self, card: JsonObject) -> None:
        if "header" not in card:
            return
        header = _object(card, "header", "card")
        _known(header, schema.HEADER, "header")
        self._text(header.get("title"), "header -> title")
        if "subtitle" in header:
            self._text(header.get("subtitle"), "header -> subtitle")
        _one_of(header, "template", schema.TEMPLATES)
        tags = as_list(header.get("text_tag_list"))
        if len(tags) > MOST_TAGS:
            raise bad_card(11246, f"text_tag_list has more than {MOST_TAGS} tags", "header -> text_tag_list")
        for tag in tags:
            known = as_object(tag)
            _known(known, schema.TEXT_TAG, "text_tag")
            if known.get("tag") != "text_tag":
                raise bad_card(200861, f"unsupported tag: {known.get('tag')}", "header -> text_tag_list")
            _one_of(known, "color", schema.TAG_COLOURS)
            self._text(known.get("text"), "text_tag -> text")

    def _element(self, element: object, depth: int, names: set[str] | None) -> None:
        """Check one element; `names` are those taken in the form around it, None outside of a form."""
        node = as_object(element)
        tag = as_text(node.get("tag"))
        if tag not in schema.ELEMENTS:
            raise bad_card(200861, f"cards of schema V2 no longer support this capability; unsupported tag {tag}", tag)
        _known(node, schema.ELEMENTS[tag], tag)
        self._count(node, tag)
        if depth > DEEPEST + 1:
            raise bad_card(11246, f"elements are nested deeper than {DEEPEST}", tag)
        if tag == "form":
            self._form(node, depth)
            return
        if tag in schema.FIELDS:
            _name(node, tag, names)
        self._content(node, tag)
        self._behaves(node, tag)
        columns = _list(node, "columns", tag) if tag == "column_set" else []
        for column in columns:
            found = as_object(column)
            if found.get("tag") != "column":
                raise bad_card(200861, "column_set only holds columns", "column_set -> columns")
            _known(found, schema.COLUMN, "column")
            self._count(found, "column")
            for inner in as_list(found.get("elements")):
                self._element(inner, depth + 1, names)
        for inner in as_list(node.get("elements")):
            self._element(inner, depth + 1, names)

    def _form(self, form: JsonObject, depth: int) -> None:
        if depth > 1:
            raise bad_card(200861, "form can only be at the root of the card", "form")
        if not as_text(form.get("name")):
            raise bad_card(200530, "the name of a form container is empty", "form -> name")
        names = {as_text(form.get("name"))}
        elements = _list(form, "elements", "form")
        for element in elements:
            self._element(element, depth + 1, names)
        buttons = [found for found in walk(elements) if found.get("form_action_type") == "submit"]
        if not buttons:
            raise bad_card(200530, "a form container needs a submit button", as_text(form.get("name")))

    def _content(self, node: JsonObject, tag: str) -> None:
        """Check what an element says and is."""
        match tag:
            case "markdown":
                self._markdown(node, tag)
            case "div":
                self._text(node.get("text"), "div -> text")
            case "button":
                _one_of(node, "type", schema.BUTTON_TYPES)
                _one_of(node, "form_action_type", frozenset({"submit", "reset"}))
                self._text(node.get("text"), "button -> text")
            case "input":
                _one_of(node, "input_type", schema.INPUT_TYPES)
                most = node.get("max_length", MOST_INPUT)
                if not isinstance(most, int) or isinstance(most, bool) or not 1 <= most <= MOST_INPUT:
                    raise bad_card(11246, f"max_length is from 1 to {MOST_INPUT}", "input -> max_length")
            case "img":
                self._text(node.get("alt"), "img -> alt")
                if as_text(node.get("img_key")) not in self._tenant.images:
                    raise bad_card(200570, "invalid image key", as_text(node.get("img_key")))

    def _behaves(self, node: JsonObject, tag: str) -> None:
        """Check what an element asks, offers and does."""
        for label in ("placeholder", "label", "hover_tips", "disabled_tips"):
            if label in node:
                self._text(node.get(label), f"{tag} -> {label}")
        if "confirm" in node:
            confirm = _object(node, "confirm", tag)
            _known(confirm, schema.CONFIRM, "confirm")
            self._text(confirm.get("title"), "confirm -> title")
            self._text(confirm.get("text"), "confirm -> text")
        if tag in ("select_static", "multi_select_static", "overflow"):
            self._options(node, tag)
        for behaviour in as_list(node.get("behaviors")):
            _behaviour(as_object(behaviour))

    def _options(self, node: JsonObject, tag: str) -> None:
        values = set()
        for option in _list(node, "options", tag):
            known = as_object(option)
            _known(known, schema.OPTION, f"{tag} -> options")
            self._text(known.get("text"), "option -> text")
            value = as_text(known.get("value"))
            if not value or value in values:
                raise bad_card(11246, "the value of an option is empty or repeated", f"{tag} -> options")
            values.add(value)

    def _text(self, value: object, where: str) -> None:
        text = as_object(value)
        if text.get("tag") not in ("plain_text", "lark_md"):
            raise bad_card(11246, f"{where} must be a plain_text or lark_md", where)
        _known(text, schema.TEXT, where)
        if text.get("tag") == "lark_md":
            self._markdown(text, where)
        elif not isinstance(text.get("content"), str) and "i18n_content" not in text:
            raise bad_card(11246, f"{where} has no content", where)

    def _markdown(self, node: JsonObject, where: str) -> None:
        """Check the text of a markdown: a mention of somebody who does not exist spoils the whole card."""
        if not isinstance(node.get("content"), str) and "i18n_content" not in node:
            raise bad_card(11246, f"{where} has no content", where)
        for text in (node.get("content"), *as_object(node.get("i18n_content")).values()):
            for kind, value in AT.findall(as_text(text)):
                for each in value.split(",") if kind == "ids" else [value]:
                    self._mention(each)

    def _mention(self, value: str) -> None:
        known = {
            name for user in self._tenant.users.values() for name in (user.id, user.user_id, user.union_id, user.email)
        }
        if value not in known | {"all", self._tenant.app.open_id}:
            raise bad_card(100290, "there are invalid user resource(at/person) in your card", value)

    def _count(self, node: JsonObject, tag: str) -> None:
        self._elements += 1
        if self._elements > MOST_ELEMENTS:
            raise bad_card(11310, "element exceeds the limit")
        if "element_id" in node:
            element_id = as_text(node.get("element_id"))
            if not _ELEMENT_ID.fullmatch(element_id) or element_id in self._ids:
                raise bad_card(11246, "element_id is malformed or repeated", f"{tag} -> element_id")
            self._ids.add(element_id)

    # JSON 1.0

    def old_card(self, card: JsonObject) -> None:
        if "schema" in card and card["schema"] != "1.0":
            raise bad_card(200621, f"unknown schema {card['schema']}", "schema")
        elements = _old_roots(card)
        if not isinstance(elements, list):
            raise bad_card(11246, "a card needs elements", "elements")
        if "header" in card:
            header = _object(card, "header", "card")
            self._old_text(header.get("title"), "header -> title")
            _one_of(header, "template", schema.TEMPLATES)
        for element in elements:
            self._old_element(as_object(element))

    def _old_element(self, node: JsonObject) -> None:
        tag = as_text(node.get("tag"))
        if tag not in OLD_CONTENT_OR_FIELD:
            raise bad_card(11246, f"unsupported type of block: {tag}", tag)
        self._count({}, tag)
        if tag in ("lark_md", "markdown"):
            self._markdown(node, tag)
        elif tag == "div" and "text" in node:
            self._old_text(node.get("text"), "div -> text")
        elif tag == "button":
            self._old_text(node.get("text"), "button -> text")
            if "value" in node and not isinstance(node["value"], dict):
                raise bad_card(11246, "value must be an object", "button -> value")
        for field in as_objects(node.get("fields")):
            self._old_text(field.get("text"), "field -> text")
        for inner in _children(node):
            if inner.get("tag") != "column":
                self._old_element(inner)
            else:
                for element in as_objects(inner.get("elements")):
                    self._old_element(element)

    def _old_text(self, value: object, where: str) -> None:
        text = as_object(value)
        if text.get("tag") not in ("plain_text", "lark_md"):
            raise bad_card(11246, f"{where} must be a plain_text or lark_md", where)
        if text.get("tag") == "lark_md":
            self._markdown(text, where)


def _name(node: JsonObject, tag: str, names: set[str] | None) -> None:
    """Check the name of something that a person uses: in a form it must have one, and no other may have the same."""
    name = as_text(node.get("name"))
    if names is None:
        if node.get("required") or "form_action_type" in node:
            raise bad_card(200530, f"{tag} with required or form_action_type is only for a form container", tag)
        return
    if not name or name in names:
        why = "is repeated" if name else "is empty"
        raise bad_card(200530, f"the name of an interactive component in a form container {why}", f"{tag} -> name")
    names.add(name)


def _behaviour(behaviour: JsonObject) -> None:
    kind = as_text(behaviour.get("type"))
    if kind not in schema.BEHAVIOURS:
        raise bad_card(200861, f"unsupported behavior {kind}", "behaviors -> type")
    _known(behaviour, schema.BEHAVIOURS[kind], "behaviors")
    if kind == "callback" and not isinstance(behaviour.get("value", {}), dict | str):
        raise bad_card(11246, "value must be an object or a string", "behaviors -> value")
    if kind == "open_url" and not as_text(behaviour.get("default_url")).startswith(("http://", "https://", "lark://")):
        raise bad_card(11246, "invalid url", "behaviors -> default_url")


def _known(node: JsonObject, known: Collection[str], where: str) -> None:
    for attribute in node:
        if attribute not in known:
            raise bad_card(200861, f"unknown property {attribute} of {where} in schema V2", f"{where} -> {attribute}")


def _one_of(node: JsonObject, attribute: str, allowed: Collection[str]) -> None:
    if attribute in node and node[attribute] not in allowed:
        raise bad_card(11246, f"invalid value of {attribute}", str(node[attribute]))


def _object(node: JsonObject, attribute: str, where: str) -> JsonObject:
    value = node.get(attribute)
    if not isinstance(value, dict):
        raise bad_card(200621, f"{attribute} of {where} must be an object", f"{where} -> {attribute}")
    return value


def _list(node: JsonObject, attribute: str, where: str) -> list[object]:
    value = node.get(attribute)
    if not isinstance(value, list):
        raise bad_card(200621, f"{attribute} of {where} must be an array", f"{where} -> {attribute}")
    return value


def _children(node: JsonObject) -> list[JsonObject]:
    return [child for key in ("columns", "elements", "actions") for child in as_objects(node.get(key))]


def roots(card: JsonObject) -> list[JsonObject]:
    """Return the elements at the root of a card of either schema."""
    if schema_of(card) == "2.0":
        return as_objects(as_object(card.get("body")).get("elements"))
    return as_objects(_old_roots(card))


def _old_roots(card: JsonObject) -> object:
    """Return the elements of a card of JSON 1.0, those of its first language where each has its own."""
    return card["elements"] if "elements" in card else next(iter(as_object(card.get("i18n_elements")).values()), None)


def walk(elements: Collection[object]) -> list[JsonObject]:
    """Return elements and everything in them, in the order a reader meets them."""
    found: list[JsonObject] = []
    for element in elements:
        node = as_object(element)
        found += [node, *walk(_children(node))]
        extra = node.get("extra")
        if isinstance(extra, dict):
            found.append(extra)
    return found
