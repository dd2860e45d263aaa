"""Blocks: what Slack accepts and refuses in a message or a view.

Limits: https://docs.slack.dev/reference/block-kit/blocks.
"""

from collections.abc import Iterable

from bot.playground.slack.elements import IN_ACTIONS, IN_INPUT, IN_SECTION, Check, check_element, check_image
from bot.playground.slack.node import ID_LIMIT, Node
from bot.playground.wire import JsonObject, as_objects

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
SECTION_TEXT = 3000
HEADER_TEXT = 150
MARKDOWN_TEXT = 12_000


def block_faults(value: object, pointer: str, most: int) -> list[str]:
    """Return the faults of an array of at most `most` blocks that stands at `pointer`."""
    faults: list[str] = []
    root = Node(value, pointer, faults)
    blocks = list(root.items(most))
    for block in blocks:
        _check_block(block)
    _check_block_ids(blocks)
    return faults


def _check_block(block: Node) -> None:
    kind = block.members.get("type")
    if not isinstance(block.value, dict):
        block.fail("must be an object")
    elif kind is None:
        block.fail("missing required field: type")
    elif not isinstance(kind, str) or kind not in _BLOCKS:
        block["type"].fail(f"unsupported type: {kind}")
    else:
        _BLOCKS[kind](block)
        block.optional_string("block_id", ID_LIMIT)


def _check_block_ids(blocks: Iterable[Node]) -> None:
    seen: set[str] = set()
    for block in blocks:
        block_id = block.members.get("block_id")
        if isinstance(block_id, str) and block_id in seen:
            block["block_id"].fail(f'block_id "{block_id}" already exists')
        elif isinstance(block_id, str):
            seen.add(block_id)


def _check_action_ids(elements: Iterable[Node]) -> None:
    seen: set[str] = set()
    for element in elements:
        action_id = element.members.get("action_id")
        if isinstance(action_id, str) and action_id in seen:
            element["action_id"].fail(f'action_id "{action_id}" already exists')
        elif isinstance(action_id, str):
            seen.add(action_id)


def _section(block: Node) -> None:
    if not block.shape(("type",), ("text", "fields", "accessory", "block_id", "expand")):
        return
    if "text" not in block and "fields" not in block:
        block.fail("must define either `text` or `fields`")
    block.optional_text("text", SECTION_TEXT, plain=False)
    if "fields" in block:
        for item in block["fields"].items(10):
            item.text(2000)
    if "accessory" in block:
        check_element(block["accessory"], IN_SECTION)
    block.optional_booleans("expand")


def _header(block: Node) -> None:
    if block.shape(("type", "text"), ("block_id", "level")):
        block.optional_text("text", HEADER_TEXT)


def _divider(block: Node) -> None:
    block.shape(("type",), ("block_id",))


def _context(block: Node) -> None:
    block.shape(("type", "elements"), ("block_id",))
    for element in block["elements"].items(10):
        if element.members.get("type") == "image":
            check_image(element)
        else:
            element.text(SECTION_TEXT)


def _actions(block: Node) -> None:
    block.shape(("type", "elements"), ("block_id",))
    elements = list(block["elements"].items(25))
    for element in elements:
        check_element(element, IN_ACTIONS)
    _check_action_ids(elements)


def _image(block: Node) -> None:
    if block.shape(("type", "alt_text"), ("image_url", "slack_file", "title", "block_id")):
        block.optional_text("title", 2000)
        block.optional_string("alt_text", 2000)
        if "image_url" in block:
            block["image_url"].picture()
        elif "slack_file" not in block:
            block.fail("missing required field: image_url")


def _input(block: Node) -> None:
    if block.shape(("type", "label", "element"), ("block_id", "hint", "optional", "dispatch_action")):
        block.optional_text("label", 2000)
        block.optional_text("hint", 2000)
        block.optional_booleans("optional", "dispatch_action")
        if "element" in block:
            check_element(block["element"], IN_INPUT)


def _markdown(block: Node) -> None:
    if block.shape(("type", "text"), ("block_id",)):
        block.optional_string("text", MARKDOWN_TEXT)


def _rich_text(block: Node) -> None:
    block.shape(("type", "elements"), ("block_id",))
    for element in block["elements"].items(1000):
        element["type"].one_of("rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote")
        if not isinstance(element.members.get("elements"), list):
            element.fail("missing required field: elements")


_BLOCKS: dict[str, Check] = {
    "actions": _actions,
    "context": _context,
    "divider": _divider,
    "header": _header,
    "image": _image,
    "input": _input,
    "markdown": _markdown,
    "rich_text": _rich_text,
    "section": _section,
}


def elements_of(block: JsonObject) -> list[JsonObject]:
    """Return the interactive elements of a block, in the order a reader meets them."""
    if block.get("type") == "actions":
        return as_objects(block.get("elements"))
    return as_objects([block.get("accessory"), block.get("element")])
