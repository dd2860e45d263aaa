"""Block elements and composition objects: what Slack accepts and refuses.

Limits: https://docs.slack.dev/reference/block-kit/block-elements and .../composition-objects.
"""

from collections.abc import Callable, Collection

from bot.playground.slack.node import ID_LIMIT, Node

Check = Callable[[Node], None]


def check_element(node: Node, allowed: Collection[str]) -> None:
    """Check an element that may be one of the `allowed` types."""
    kind = node.members.get("type")
    if not isinstance(node.value, dict):
        node.fail("must be an object")
    elif kind is None:
        node.fail("missing required field: type")
    elif not isinstance(kind, str) or kind not in allowed or kind not in _ELEMENTS:
        node["type"].fail(f"unsupported type: {kind}")
    else:
        _ELEMENTS[kind](node)
        node.optional_string("action_id", ID_LIMIT)
        if "confirm" in node:
            check_confirm(node["confirm"])
        node.optional_text("placeholder", 150)
        node.optional_booleans("focus_on_load")


def check_confirm(node: Node) -> None:
    """Check a confirmation dialog: title 100, text 300, buttons 30."""
    if not node.shape(("title", "text", "confirm", "deny"), ("style",)):
        return
    for key, most, plain in (("title", 100, True), ("text", 300, False), ("confirm", 30, True), ("deny", 30, True)):
        if key in node:
            node[key].text(most, plain=plain)
    if "style" in node:
        node["style"].one_of("primary", "danger")


def check_option(node: Node, *, markup: bool = False, value_limit: int = 150) -> None:
    """Check an option of a menu, or with `markup` one of a group of check boxes or radio buttons."""
    if not node.shape(("text", "value"), ("description", "url")):
        return
    if "text" in node:
        node["text"].text(75, plain=not markup)
    if "value" in node:
        node["value"].string(value_limit)
    node.optional_text("description", 75, plain=not markup)
    if "url" in node:
        node["url"].link()


def check_image(node: Node) -> None:
    """Check an image element: an address and a text for those who cannot see it."""
    if not node.shape(("type", "alt_text"), ("image_url", "slack_file")):
        return
    _image_source(node)
    node.optional_string("alt_text", 2000)


def _image_source(node: Node) -> None:
    if "image_url" in node:
        node["image_url"].picture()
    elif "slack_file" not in node:
        node.fail("missing required field: image_url")


def _button(node: Node) -> None:
    if node.shape(
        ("type", "text"), ("action_id", "url", "value", "style", "confirm", "accessibility_label", "focus_on_load")
    ):
        node.optional_text("text", 75)
        node.optional_string("value", 2000)
        node.optional_string("accessibility_label", 75)
        if "url" in node:
            node["url"].link()
        if "style" in node:
            node["style"].one_of("primary", "danger")


def _static_select(node: Node) -> None:
    several = str(node.members.get("type")).startswith("multi_")
    chosen = "initial_options" if several else "initial_option"
    _menu(node, (chosen, "options", "option_groups"))
    if "options" in node:
        for option in node["options"].items(100):
            check_option(option)
    elif "option_groups" in node:
        for group in node["option_groups"].items(100):
            if group.shape(("label", "options")):
                group.optional_text("label", 75)
                for option in group["options"].items(100):
                    check_option(option)
    else:
        node.fail("missing required field: options")


def _external_select(node: Node) -> None:
    several = str(node.members.get("type")).startswith("multi_")
    _menu(node, ("initial_options" if several else "initial_option", "min_query_length"))
    if "min_query_length" in node:
        node["min_query_length"].whole(0, 500)


def _people_select(node: Node) -> None:
    _menu(node, ("initial_user", "initial_users"))


def _conversations_select(node: Node) -> None:
    _menu(
        node,
        (
            "initial_conversation",
            "initial_conversations",
            "initial_channel",
            "initial_channels",
            "default_to_current_conversation",
            "response_url_enabled",
            "filter",
        ),
    )
    node.optional_booleans("default_to_current_conversation", "response_url_enabled")


def _menu(node: Node, also: Collection[str]) -> None:
    node.shape(("type",), ("placeholder", "action_id", "confirm", "focus_on_load", "max_selected_items", *also))
    if "max_selected_items" in node:
        node["max_selected_items"].whole(1, 100)


def _overflow(node: Node) -> None:
    node.shape(("type", "options"), ("action_id", "confirm"))
    for option in node["options"].items(5):
        check_option(option)


def _choices(node: Node) -> None:
    node.shape(("type", "options"), ("action_id", "initial_option", "initial_options", "confirm", "focus_on_load"))
    for option in node["options"].items(10):
        check_option(option, markup=True)


def _picker(node: Node) -> None:
    initial = {"datepicker": "initial_date", "timepicker": "initial_time", "datetimepicker": "initial_date_time"}
    kind = str(node.members.get("type"))
    also = ("timezone",) if kind == "timepicker" else ()
    node.shape(("type",), ("action_id", initial[kind], "confirm", "focus_on_load", "placeholder", *also))


def _text_input(node: Node) -> None:
    node.shape(
        ("type",),
        (
            "action_id",
            "initial_value",
            "multiline",
            "min_length",
            "max_length",
            "dispatch_action_config",
            "focus_on_load",
            "placeholder",
        ),
    )
    node.optional_booleans("multiline")
    if "min_length" in node:
        node["min_length"].whole(0, 3000)
    if "max_length" in node:
        node["max_length"].whole(1, 3000)


def _number_input(node: Node) -> None:
    node.shape(
        ("type", "is_decimal_allowed"),
        (
            "action_id",
            "initial_value",
            "min_value",
            "max_value",
            "dispatch_action_config",
            "focus_on_load",
            "placeholder",
        ),
    )


_ELEMENTS: dict[str, Check] = {
    "button": _button,
    "image": check_image,
    "overflow": _overflow,
    "static_select": _static_select,
    "multi_static_select": _static_select,
    "external_select": _external_select,
    "multi_external_select": _external_select,
    "users_select": _people_select,
    "multi_users_select": _people_select,
    "conversations_select": _conversations_select,
    "multi_conversations_select": _conversations_select,
    "channels_select": _conversations_select,
    "multi_channels_select": _conversations_select,
    "checkboxes": _choices,
    "radio_buttons": _choices,
    "datepicker": _picker,
    "timepicker": _picker,
    "datetimepicker": _picker,
    "plain_text_input": _text_input,
    "email_text_input": _text_input,
    "url_text_input": _text_input,
    "number_input": _number_input,
}

SINGLE_MENUS = ("static_select", "external_select", "users_select", "conversations_select", "channels_select")
MULTI_MENUS = tuple(f"multi_{kind}" for kind in SINGLE_MENUS)
CHOICES = ("checkboxes", "radio_buttons")
PICKERS = ("datepicker", "timepicker")
INPUTS = ("plain_text_input", "email_text_input", "url_text_input", "number_input", "datetimepicker")

IN_ACTIONS = frozenset({"button", "overflow", "datetimepicker", *SINGLE_MENUS, *CHOICES, *PICKERS})
IN_SECTION = frozenset({"button", "overflow", "image", *SINGLE_MENUS, *MULTI_MENUS, *CHOICES, *PICKERS})
IN_INPUT = frozenset({*INPUTS, *SINGLE_MENUS, *MULTI_MENUS, *CHOICES, *PICKERS})
