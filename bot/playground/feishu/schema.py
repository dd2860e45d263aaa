"""The parts of a card of JSON 2.0 and the attributes that each may have; any other attribute is an error.

Source: https://open.feishu.cn/document/feishu-cards/card-json-v2-components. Parts that no bot of this kind sends
(charts, audio, tables, pictures in a grid) are not here: a card with one is refused as if there were no such part.
"""

from typing import Final

CARD: Final = frozenset({"schema", "config", "card_link", "header", "body"})
CONFIG: Final = frozenset(
    {
        "compact_width",
        "enable_forward",
        "enable_forward_interaction",
        "locales",
        "streaming_config",
        "streaming_mode",
        "style",
        "summary",
        "update_multi",
        "use_custom_translation",
        "width_mode",
    }
)
SUMMARY: Final = frozenset({"content", "i18n_content"})
HEADER: Final = frozenset({"title", "subtitle", "text_tag_list", "i18n_text_tag_list", "template", "icon", "padding"})
TEMPLATES: Final = frozenset(
    [
        "blue",
        "wathet",
        "turquoise",
        "green",
        "yellow",
        "orange",
        "red",
        "carmine",
        "violet",
        "purple",
        "indigo",
        "grey",
        "default",
    ]
)
TAG_COLOURS: Final = frozenset(
    [
        "neutral",
        "blue",
        "turquoise",
        "lime",
        "orange",
        "violet",
        "indigo",
        "wathet",
        "green",
        "yellow",
        "red",
        "purple",
        "carmine",
    ]
)
BUTTON_TYPES: Final = frozenset(
    ["default", "primary", "danger", "text", "primary_text", "danger_text", "primary_filled", "danger_filled", "laser"]
)
INPUT_TYPES: Final = frozenset({"text", "multiline_text", "password"})
WIDTH_MODES: Final = frozenset({"default", "compact", "fill"})
LINKS: Final = frozenset({"url", "pc_url", "ios_url", "android_url"})
TEXT_TAG: Final = frozenset({"tag", "element_id", "text", "color"})
TEXT: Final = frozenset(
    {"tag", "element_id", "content", "i18n_content", "text_size", "text_align", "text_color", "lines", "icon"}
)
OPTION: Final = frozenset({"text", "value", "icon"})
CONFIRM: Final = frozenset({"title", "text"})
BEHAVIOURS: Final = {
    "callback": frozenset({"type", "value"}),
    "open_url": frozenset({"type", "default_url", "pc_url", "ios_url", "android_url"}),
    "form_action": frozenset({"type", "behavior"}),
}

_ANY: Final = frozenset({"tag", "element_id", "margin"})
_LAYOUT: Final = frozenset(
    {"direction", "padding", "horizontal_spacing", "horizontal_align", "vertical_spacing", "vertical_align"}
)
BODY: Final = _LAYOUT | {"elements"}
_SELECT: Final = _ANY | {
    "behaviors",
    "confirm",
    "disabled",
    "initial_index",
    "initial_option",
    "name",
    "options",
    "placeholder",
    "required",
    "type",
    "width",
}
_MULTI_SELECT: Final = (_SELECT - {"initial_index", "initial_option"}) | {"selected_values"}
_DATE: Final = _ANY | {
    "behaviors",
    "confirm",
    "disabled",
    "name",
    "placeholder",
    "required",
    "value",
    "width",
}

ELEMENTS: Final[dict[str, frozenset[str]]] = {
    "button": _ANY
    | {
        "behaviors",
        "confirm",
        "disabled",
        "disabled_tips",
        "form_action_type",
        "hover_tips",
        "icon",
        "name",
        "required",
        "size",
        "text",
        "type",
        "width",
    },
    "checker": _ANY
    | {"behaviors", "checked", "checked_style", "confirm", "disabled", "disabled_tips", "hover_tips", "name", "text"}
    | {"button_area", "overall_checkable", "padding"},
    "collapsible_panel": _ANY | _LAYOUT | {"background_color", "border", "elements", "expanded", "header"},
    "column_set": _ANY
    | {"action", "background_style", "columns", "flex_mode", "horizontal_align", "horizontal_spacing"},
    "date_picker": _DATE | {"initial_date"},
    "div": _ANY | {"icon", "text", "width"},
    "form": _ANY | _LAYOUT | {"confirm", "elements", "name"},
    "hr": _ANY,
    "img": _ANY
    | {"alt", "corner_radius", "i18n_img_key", "img_key", "preview", "scale_type", "size", "title", "transparent"},
    "input": _ANY
    | {
        "auto_resize",
        "behaviors",
        "confirm",
        "default_value",
        "disabled",
        "fallback",
        "input_type",
        "label",
        "label_position",
        "max_length",
        "max_rows",
        "name",
        "placeholder",
        "required",
        "rows",
        "show_icon",
        "width",
    },
    "interactive_container": _ANY
    | _LAYOUT
    | {"background_style", "behaviors", "border_color", "confirm", "corner_radius", "disabled", "disabled_tips"}
    | {"elements", "has_border", "height", "hover_tips", "width"},
    "markdown": _ANY | {"content", "i18n_content", "icon", "text_align", "text_size"},
    "multi_select_person": _MULTI_SELECT,
    "multi_select_static": _MULTI_SELECT,
    "overflow": _ANY | {"behaviors", "confirm", "options", "width"},
    "person": _ANY | {"show_avatar", "show_name", "size", "style", "user_id"},
    "person_list": _ANY | {"drop_invalid_user_id", "icon", "lines", "persons", "show_avatar", "show_name", "size"},
    "picker_datetime": _DATE | {"initial_datetime"},
    "picker_time": _DATE | {"initial_time"},
    "select_person": _SELECT,
    "select_static": _SELECT,
}
COLUMN: Final = _ANY | _LAYOUT | {"action", "background_style", "elements", "weight", "width"}

FIELDS: Final = frozenset(
    [
        "button",
        "checker",
        "date_picker",
        "input",
        "multi_select_person",
        "multi_select_static",
        "picker_datetime",
        "picker_time",
        "select_person",
        "select_static",
    ]
)
"""What a person uses; in a form each needs a name of its own."""
