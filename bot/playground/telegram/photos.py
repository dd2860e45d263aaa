"""Photos: what Telegram takes as one, and what it says of others.

Limits: https://core.telegram.org/bots/api#sendphoto. The words for a file that is too big are a guess.
"""

from dataclasses import replace
from typing import Final

from bot.playground.telegram.access import Door
from bot.playground.telegram.call import Call
from bot.playground.telegram.markup import units
from bot.playground.telegram.messages import reply_of, topic_of
from bot.playground.telegram.refusal import bad_request
from bot.playground.telegram.shapes import message_shape
from bot.playground.telegram.workspace import Draft, Photo

LARGEST: Final = 10_000_000
CAPTION_LIMIT: Final = 1024
MOST_AROUND: Final = 10_000
"""Pixels of width and height together."""
MOST_UNEQUAL: Final = 20
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_ATTACHED: Final = "attach://"


def send_photo(call: Call) -> object:
    """Send a photo that is in the request, with words under it; as a reply or into a topic if asked."""
    photo = _photo(call)
    caption = call.text("caption")
    if units(caption) > CAPTION_LIMIT:
        raise bad_request("message caption is too long")
    workspace = call.workspace
    chat = Door(workspace, "write").open(call.text("chat_id"))
    message = workspace.new_message(chat.id, workspace.bot.id, Draft(caption, photo=photo))
    message = replace(message, reply_to=reply_of(call, chat), topic=topic_of(call, chat))
    return message_shape(workspace, workspace.post(message))


def _photo(call: Call) -> Photo:
    named = call.text("photo")
    data = call.files.get(named.removeprefix(_ATTACHED) if named.startswith(_ATTACHED) else "photo", b"")
    if not data:
        raise bad_request("there is no photo in the request")
    if len(data) > LARGEST:
        raise bad_request("too big for a photo")
    if not data.startswith(_PNG) or data[12:16] != b"IHDR":
        raise bad_request("IMAGE_PROCESS_FAILED")
    width, height = int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    if (
        not width
        or not height
        or width + height > MOST_AROUND
        or max(width, height) > MOST_UNEQUAL * min(width, height)
    ):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    return Photo(call.workspace.next_file(), data, width, height)
