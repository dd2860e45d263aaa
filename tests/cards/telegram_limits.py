"""What Telegram takes in a message, written down a second time for the tests: its limits, and what is active in a text.

Sources: https://core.telegram.org/bots/api#html-style, #sendmessage, #inlinekeyboardbutton, #forcereply. Lengths are
counted in UTF-16 code units after the markup is gone, which is the stricter reading.
"""

import json
import re
from html import unescape
from typing import Any, Final
from urllib.parse import urlsplit

TEXT: Final = 4096
RAW_BYTES: Final = 1 << 15
ENTITIES: Final = 100
DATA_BYTES: Final = 64
TAG: Final = re.compile(
    r"<(/?)(b|code|blockquote|a)( expandable| href=\"(?:https?://[^\"<>\s]+|tg://user\?id=[1-9][0-9]*)\")?>"
)
COMMAND: Final = re.compile(r"(?<![\w/<>])/\w{1,64}(?:@\w{1,64})?(?![\w/])")
MENTION: Final = re.compile(r"(?<!\w)@\w")
UNSEEN: Final = re.compile(
    "[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u202a-\u202e\u2060\ufeff\ud800-\udfff]"
)
ATTRIBUTES: Final = {"b": (None,), "code": (None,), "blockquote": (None, " expandable")}


def size(text: str) -> int:
    """Return the length in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def check_message(message: dict[str, Any]) -> None:
    """Fail unless Telegram takes the message and nothing in it is active but what a renderer may write."""
    json.dumps(message, ensure_ascii=False).encode()
    assert set(message) <= {"text", "parse_mode", "link_preview_options", "reply_markup"}
    assert message["link_preview_options"] == {"is_disabled": True}
    if "parse_mode" in message:
        assert message["parse_mode"] == "HTML"
        check_html(message["text"])
    else:
        assert 1 <= size(message["text"]) <= TEXT
        assert message["text"].strip()
        assert not UNSEEN.search(message["text"])
    if "reply_markup" in message:
        _check_markup(message["reply_markup"])


def check_html(text: str) -> None:
    """Fail unless the text can be parsed, fits, and has in it only what a renderer may write."""
    assert len(text.encode()) <= RAW_BYTES
    open_tags: list[str] = []
    bare, opened, at = "", 0, 0
    active = ""
    for found in TAG.finditer(text):
        words = _unescaped(text[at : found.start()])
        bare += words
        active += " " * len(words) if "code" in open_tags else words
        at = found.end()
        if found[1]:
            assert found[3] is None
            assert open_tags.pop() == found[2]
        else:
            assert "code" not in open_tags
            assert found[2] not in open_tags
            assert found[3] in ATTRIBUTES[found[2]] if found[2] != "a" else found[3].startswith(" href=")
            open_tags.append(found[2])
            opened += 1
    words = _unescaped(text[at:])
    bare, active = bare + words, active + words
    assert open_tags == []
    assert opened <= ENTITIES
    assert 1 <= size(bare) <= TEXT
    assert bare.strip()
    assert not UNSEEN.search(bare)
    assert not COMMAND.search(active), active
    assert not MENTION.search(active), active


def _unescaped(text: str) -> str:
    assert "<" not in text
    assert ">" not in text
    assert not re.search(r"&(?!amp;|lt;|gt;|quot;)", text)
    return unescape(text)


def _check_markup(markup: dict[str, Any]) -> None:
    if markup.get("force_reply") is True:
        assert set(markup) <= {"force_reply", "selective", "input_field_placeholder"}
        assert 1 <= size(markup.get("input_field_placeholder", "x")) <= 64
        return
    assert set(markup) == {"inline_keyboard"}
    rows = markup["inline_keyboard"]
    assert 1 <= sum(map(len, rows)) <= 100
    for row in rows:
        assert 1 <= len(row) <= 8
        for button in row:
            _check_button(button)


def _check_button(button: dict[str, Any]) -> None:
    assert set(button) - {"style"} in ({"text", "callback_data"}, {"text", "url"})
    assert button.get("style", "primary") in ("primary", "success", "danger")
    assert button["text"].strip()
    assert size(button["text"]) <= 64
    assert not UNSEEN.search(button["text"])
    if "url" in button:
        assert "." in (urlsplit(button["url"]).hostname or "")
    else:
        assert 1 <= len(button["callback_data"].encode()) <= DATA_BYTES
        assert not UNSEEN.search(button["callback_data"])
