"""What Slack takes in a message, written down a second time for the tests: its limits, and what is active in mrkdwn.

Sources: https://docs.slack.dev/reference/block-kit/blocks, .../composition-objects, .../block-elements/button-element
and https://docs.slack.dev/messaging/formatting-message-text. Lengths are counted in UTF-16 code units, which is the
stricter reading.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

TOTAL: Final = 10_000
ACTIVE: Final = re.compile(r"<(@[UW][A-Z0-9]+|!date\^-?\d+\^[^|<>^]+\|[^|<>]+|https?://[^|<>\s]+(\|[^<>]+)?)>")
BOLD: Final = re.compile(r"(?<![0-9A-Za-z])\*\S.*?\*(?![0-9A-Za-z])")
CODE: Final = re.compile(r"(?<=\n)`[^`\n]+`")
MARKUP: Final = re.compile(r"(?<![0-9A-Za-z])[*_~`]|[*_~`](?![0-9A-Za-z])|(?m:^)(>|&gt;)|@(channel|here|everyone)")
UNSEEN: Final = re.compile(
    "[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u202a-\u202e\u2060\ufeff\ud800-\udfff]"
)


def size(text: str) -> int:
    """Return the length in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def texts(value: Any) -> Iterator[str]:
    """Return every text in blocks."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "text" and isinstance(item, str):
                yield item
            else:
                yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


def check_message(message: dict[str, Any]) -> None:
    """Fail unless Slack takes the message and nothing in it is active but what a renderer may write."""
    json.dumps(message, ensure_ascii=False).encode()
    assert set(message) <= {"text", "blocks", "attachments"}
    assert 1 <= size(message["text"]) <= 4000
    check_mrkdwn(message["text"])
    lists = [message.get("blocks", []), *(attachment["blocks"] for attachment in message["attachments"])]
    assert all(set(attachment) == {"color", "blocks"} for attachment in message["attachments"])
    assert all(re.fullmatch("#[0-9A-F]{6}", attachment["color"]) for attachment in message["attachments"])
    assert all(blocks for blocks in lists[1:])
    assert sum(map(len, lists)) <= 50
    assert sum(size(text) for blocks in lists for text in texts(blocks)) <= TOTAL
    actions = [element["action_id"] for blocks in lists for block in blocks for element in _elements(block)]
    assert len(actions) == len(set(actions))
    for blocks in lists:
        for block in blocks:
            _BLOCKS[block["type"]](block)


def check_mrkdwn(text: str) -> None:
    """Fail if anything is active in the text but mentions of people, dates, links, bold words and code spans."""
    assert not UNSEEN.search(text)
    bare = ACTIVE.sub(" ", text)
    assert "<" not in bare
    assert ">" not in bare
    assert not re.search(r"&(?!amp;|lt;|gt;)", bare)
    assert not MARKUP.search(BOLD.sub(" ", CODE.sub(" ", bare))), text


def _check_text(value: dict[str, Any], most: int, *, plain: bool = False) -> None:
    assert 1 <= size(value["text"]) <= most
    assert value["text"].strip()
    if value["type"] == "mrkdwn":
        assert not plain
        assert set(value) == {"type", "text", "verbatim"}
        assert value["verbatim"] is True
        check_mrkdwn(value["text"])
    else:
        assert value["type"] == "plain_text"
        assert set(value) == {"type", "text", "emoji"}
        assert not UNSEEN.search(value["text"])


def _header(block: dict[str, Any]) -> None:
    assert set(block) == {"type", "text"}
    _check_text(block["text"], 150, plain=True)
    assert "\n" not in block["text"]["text"]


def _section(block: dict[str, Any]) -> None:
    assert set(block) in ({"type", "text"}, {"type", "fields"})
    if "text" in block:
        _check_text(block["text"], 3000)
    assert len(block.get("fields", [None])) in range(1, 11)
    for field in block.get("fields", []):
        _check_text(field, 2000)


def _context(block: dict[str, Any]) -> None:
    assert set(block) == {"type", "elements"}
    assert 1 <= len(block["elements"]) <= 10
    for element in block["elements"]:
        _check_text(element, 3000)


def _actions(block: dict[str, Any]) -> None:
    assert set(block) == {"type", "elements"}
    assert 1 <= len(block["elements"]) <= 25
    for button in block["elements"]:
        if button["type"] == "overflow":
            _overflow(button)
            continue
        assert set(button) - {"style", "confirm"} == {"type", "action_id", "text", "value"}
        assert button["type"] == "button"
        assert button.get("style", "primary") in ("primary", "danger")
        assert 1 <= size(button["action_id"]) <= 255
        assert 1 <= size(button["value"]) <= 2000
        _check_text(button["text"], 75, plain=True)
        for key, most in {"title": 100, "text": 300, "confirm": 30, "deny": 30}.items():
            if "confirm" in button:
                assert set(button["confirm"]) == {"title", "text", "confirm", "deny"}
                _check_text(button["confirm"][key], most, plain=True)


def _overflow(menu: dict[str, Any]) -> None:
    assert set(menu) == {"type", "action_id", "options"}
    assert 1 <= len(menu["options"]) <= 5
    for option in menu["options"]:
        assert set(option) == {"text", "value"}
        assert 1 <= size(option["value"]) <= 150
        _check_text(option["text"], 75, plain=True)


def _elements(block: dict[str, Any]) -> list[dict[str, Any]]:
    return block["elements"] if block["type"] == "actions" else []


_BLOCKS: Final = {"header": _header, "section": _section, "context": _context, "actions": _actions}
