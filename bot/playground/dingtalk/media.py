"""The store of pictures: what DingTalk takes for one, by the older API, and how a message of the robot names it.

Limits: https://open.dingtalk.com/document/orgapp/upload-media-files. From memory: the numbers and the words of the
refusals, and that no scope is needed. This playground takes PNG alone.
"""

from typing import Final

from bot.playground.dingtalk.call import Call
from bot.playground.dingtalk.refusal import Refusal
from bot.playground.wire import JsonObject

LARGEST: Final = 20 * 1024 * 1024
_PNG: Final = b"\x89PNG\r\n\x1a\n"


def upload(call: Call) -> JsonObject:
    """Keep a picture, and return its media_id."""
    if call.optional("type") != "image":
        raise Refusal("40004", "invalid media type")
    media = call.files.get("media")
    if media is None or not media.data:
        raise Refusal("41005", "media data is missing")
    if len(media.data) > LARGEST:
        raise Refusal("40006", "invalid file size")
    if not media.data.startswith(_PNG) or not media.filename.endswith(".png"):
        raise Refusal("40005", "invalid file type")
    kept = call.workspace.media
    name = f"@lADPD{len(kept) + 1:08d}"
    kept[name] = media.data
    created = int(call.workspace.clock.now().timestamp() * 1000)
    return {"type": "image", "media_id": name, "created_at": created}


def is_shown(call: Call, address: str) -> bool:
    """Whether a picture's address is one that people can see: of the web, or what was uploaded."""
    return address.startswith(("https://", "http://")) or address in call.workspace.media
