"""The content of a message: read from a call's arguments, checked against Slack's limits, stored as Slack stores it.

Sources: https://docs.slack.dev/reference/methods/chat.postMessage and chat.update; the limit over all blocks is
undocumented and measured (slackapi/bolt-js#2509).
"""

import json
import secrets
from collections.abc import Iterable

from bot.playground.slack.blocks import MESSAGE_BLOCKS, block_faults
from bot.playground.slack.node import Node, characters
from bot.playground.slack.refusal import Refusal, refused_content
from bot.playground.slack.workspace import Draft
from bot.playground.wire import JsonObject, as_list, as_object, as_objects, as_text

TOTAL_BLOCK_CHARACTERS = 13_200
POSTED_TEXT = 40_000
UPDATED_TEXT = 4_000
ATTACHMENTS = 100

_BESIDE_BLOCKS = frozenset({"blocks", "color", "fallback"})
_LEGACY = frozenset(
    {
        "actions",
        "author_icon",
        "author_link",
        "author_name",
        "callback_id",
        "color",
        "fallback",
        "fields",
        "footer",
        "footer_icon",
        "id",
        "image_url",
        "mrkdwn_in",
        "pretext",
        "text",
        "thumb_url",
        "title",
        "title_link",
        "ts",
    }
)


def read_draft(arguments: JsonObject) -> Draft:
    """Return the content that `text`, `blocks`, `attachments` and `metadata` say, or raise `Refusal` as Slack does.

    The text is not cut or measured here: posting and updating have different limits.
    """
    blocks = _array(arguments, "blocks", "invalid_blocks_format")
    attachments = _array(arguments, "attachments", "invalid_attachments")
    text = as_text(arguments.get("text"))
    if not text and not blocks and not attachments:
        raise Refusal("no_text")
    if blocks:
        faults = block_faults(blocks, "/blocks", MESSAGE_BLOCKS)
        if faults:
            raise refused_content("invalid_blocks", faults)
    _check_attachments(attachments)
    if block_characters(blocks) + sum(block_characters(_blocks_of(a)) for a in attachments) > TOTAL_BLOCK_CHARACTERS:
        raise Refusal("msg_blocks_too_long")
    return Draft(
        text,
        tuple(_stored_blocks(blocks)),
        tuple(_stored_attachments(as_objects(attachments))),
        _metadata(arguments.get("metadata")),
    )


def block_characters(value: object) -> int:
    """Return the characters of all texts in blocks."""
    if isinstance(value, list):
        return sum(block_characters(item) for item in value)
    total = 0
    for key, item in as_object(value).items():
        total += characters(item) if key == "text" and isinstance(item, str) else block_characters(item)
    return total


def _array(arguments: JsonObject, name: str, code: str) -> list[object]:
    """Return an array argument, which a form or query carries as JSON text."""
    value = arguments.get(name)
    if isinstance(value, str) and value:
        try:
            value = json.loads(value)
        except json.JSONDecodeError:
            raise Refusal(code) from None
    if value in (None, ""):
        return []
    if not isinstance(value, list):
        raise Refusal(code)
    return value


def _blocks_of(attachment: object) -> list[object]:
    return as_list(as_object(attachment).get("blocks"))


def _check_attachments(attachments: list[object]) -> None:
    if len(attachments) > ATTACHMENTS:
        raise Refusal("too_many_attachments")
    faults: list[str] = []
    for index, attachment in enumerate(attachments):
        node = Node(attachment, f"/attachments/{index}", faults)
        allowed = _BESIDE_BLOCKS if "blocks" in node else _LEGACY
        if not isinstance(attachment, dict):
            node.fail("must be an object")
        elif not set(attachment) <= allowed:
            node.fail("invalid_keys")
        elif "blocks" in node:
            faults += block_faults(attachment["blocks"], f"/attachments/{index}/blocks", MESSAGE_BLOCKS)
    if faults:
        raise refused_content("invalid_attachments", faults)


def _metadata(value: object) -> JsonObject | None:
    if isinstance(value, str) and value:
        try:
            value = json.loads(value)
        except json.JSONDecodeError:
            raise Refusal("invalid_metadata_format") from None
    if value in (None, ""):
        return None
    metadata = as_object(value)
    if metadata and not (as_text(metadata.get("event_type")) and isinstance(metadata.get("event_payload"), dict)):
        raise Refusal("invalid_metadata_schema")
    return metadata


def _stored_attachments(attachments: Iterable[JsonObject]) -> list[JsonObject]:
    stored = []
    for number, attachment in enumerate(attachments, start=1):
        kept: JsonObject = {**attachment, "id": number}
        if "blocks" in attachment:
            kept["blocks"] = _stored_blocks(as_list(attachment["blocks"]))
        kept.setdefault("fallback", "[no preview available]")
        stored.append(kept)
    return stored


def _stored_blocks(blocks: Iterable[object]) -> list[JsonObject]:
    """Return blocks as Slack stores them: each has a block_id, each interactive element an action_id."""
    return [_stored_block(as_object(block)) for block in blocks]


def _stored_block(block: JsonObject) -> JsonObject:
    stored: JsonObject = {**block, "block_id": block.get("block_id") or secrets.token_urlsafe(4)[:5]}
    if stored.get("type") == "actions":
        stored["elements"] = [_stored_element(element) for element in as_objects(stored.get("elements"))]
    elif isinstance(stored.get("accessory"), dict):
        stored["accessory"] = _stored_element(as_object(stored["accessory"]))
    return stored


def _stored_element(element: JsonObject) -> JsonObject:
    if element.get("type") == "image":
        return element
    return {**element, "action_id": element.get("action_id") or secrets.token_urlsafe(4)[:5]}
