"""Images: what Feishu takes to be shown in messages, and what it says of others.

Limits and codes: https://open.feishu.cn/document/server-docs/im-v1/image/create. This playground takes PNG alone.
"""

from typing import Final

from bot.playground.feishu.call import Call
from bot.playground.feishu.refusal import Refusal
from bot.playground.wire import JsonObject

LARGEST: Final = 10 * 1024 * 1024
MOST_PIXELS: Final = 12_000
_PNG: Final = b"\x89PNG\r\n\x1a\n"


def create(call: Call) -> JsonObject:
    """Keep an image, and return its key."""
    tenant, image = call.tenant, call.files.get("image")
    if not tenant.app.bot_ability:
        raise Refusal(234007)
    if call.body.get("image_type") not in ("message", "avatar") or image is None:
        raise Refusal(234001)
    data = image.data
    if not data:
        raise Refusal(234010)
    if len(data) > LARGEST:
        raise Refusal(234006)
    if not data.startswith(_PNG) or data[12:16] != b"IHDR":
        raise Refusal(234011)
    if max(int.from_bytes(data[16:20]), int.from_bytes(data[20:24])) > MOST_PIXELS:
        raise Refusal(234039)
    key = f"img_v3_{len(tenant.images) + 1:032x}"
    tenant.images[key] = data
    return {"image_key": key}
