"""What may hang under a message: inline keyboards, reply keyboards, and the request for a reply.

Limits: 1 to 64 bytes of callback data; 100 buttons and 8 in a row are what clients take (core.telegram.org does not
say, so that more are refused, and with which words, is a guess).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.playground.telegram.markup import checked_link
from bot.playground.telegram.refusal import bad_request
from bot.playground.wire import JsonObject, as_list, as_object, as_objects, as_text

DATA_BYTES = 64
BUTTONS = 100
BUTTONS_IN_ROW = 8
STYLES = frozenset({"", "default", "primary", "success", "danger"})
OTHER_KINDS = frozenset(
    {
        "callback_game",
        "copy_text",
        "login_url",
        "pay",
        "switch_inline_query",
        "switch_inline_query_chosen_chat",
        "switch_inline_query_current_chat",
        "web_app",
    }
)


@dataclass(frozen=True, slots=True)
class Button:
    """One button of an inline keyboard."""

    label: str
    data: str = ""
    url: str = ""
    style: str = ""


def read_keyboard(value: object) -> JsonObject | None:
    """Return the markup that a call gives, as it is stored; raises `Refusal`."""
    if value in (None, ""):
        return None
    if not isinstance(value, dict):
        raise bad_request("Object expected as reply markup")
    if as_list(value.get("keyboard")):
        return {**value, "keyboard": _rows(value, "keyboard", 'Field "keyboard"', _reply_button)}
    if "inline_keyboard" in value:
        what = 'Field "inline_keyboard" of the InlineKeyboardMarkup'
        rows = _rows(value, "inline_keyboard", what, _inline_button)
        return {"inline_keyboard": rows} if rows else None
    if value.get("force_reply") is True:
        kept = ("force_reply", "selective", "input_field_placeholder")
        return {key: value[key] for key in kept if key in value}
    return {"remove_keyboard": True} if value.get("remove_keyboard") is True else None


def _rows(value: JsonObject, key: str, what: str, check: Callable[[object], JsonObject]) -> list[list[JsonObject]]:
    rows = value.get(key)
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request(f"{what} must be an Array of Arrays")
    checked = [[check(button) for button in row] for row in rows if row]
    if sum(map(len, checked)) > BUTTONS or any(len(row) > BUTTONS_IN_ROW for row in checked):
        raise bad_request("reply markup is too long")
    return checked


def _reply_button(value: object) -> JsonObject:
    if isinstance(value, str):
        return {"text": value}
    if not isinstance(value, dict):
        raise bad_request("Can't parse keyboard button: KeyboardButton must be a String or an Object")
    return value


def _inline_button(value: object) -> JsonObject:
    """Check one button; what is wrong with its form is said first, as by the server's parser."""
    if not isinstance(value, dict):
        raise _unparsed("InlineKeyboardButton must be an Object")
    if not isinstance(value.get("text"), str):
        raise _unparsed('Can\'t find field "text"')
    if as_text(value.get("style")).lower() not in STYLES:
        raise _unparsed("invalid button style specified")
    url, data = as_text(value.get("url")), as_text(value.get("callback_data"))
    if not url and not data and not OTHER_KINDS & value.keys():
        raise _unparsed("Text buttons are unallowed in the inline keyboard")
    if not value["text"]:
        raise bad_request("inline keyboard button text must be non-empty")
    if url and not checked_link(url):
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
    if len(data.encode("utf-8", "surrogatepass")) > DATA_BYTES:
        raise bad_request("BUTTON_DATA_INVALID")
    return {**value, "url": checked_link(url)} if url else value


def _unparsed(why: str) -> Exception:
    return bad_request(f"Can't parse inline keyboard button: {why}")


def inline_buttons(keyboard: JsonObject | None) -> list[Button]:
    """Return the buttons of an inline keyboard, in reading order."""
    return list(_buttons(as_object(keyboard)))


def _buttons(keyboard: JsonObject) -> Iterator[Button]:
    for row in as_list(keyboard.get("inline_keyboard")):
        for item in as_objects(row):
            yield Button(*(as_text(item.get(key)) for key in ("text", "callback_data", "url", "style")))
