"""A picture goes out after the words: into the group, else to who asked; and whatever becomes of it, the words stay."""

import struct
import zlib

import pytest

from bot.adapter import DeliveryFailed, FailureKind, MessageRef, To
from bot.playground.telegram.server import TelegramServer
from bot.playground.telegram.workspace import Message, Photo
from cards.card import Note, Picture
from cards.telegram_text import CAPTION_LIMIT, size
from tests.adapters.telegram.conftest import Logs, Make
from tests.adapters.telegram.desk import Desk, listening


def png(width: int = 1600, height: int = 600) -> bytes:
    """Return the head of a PNG of that size."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))


PICTURE = Picture("payments.png", "payments, 2026-11-22 to 2026-12-05. <Ana> 24 h.", png())
NOTE = Note(("payments, the next two weeks",), picture=PICTURE)


def shown(telegram: TelegramServer) -> list[tuple[Message, Photo]]:
    """Return the photos, wherever they are."""
    messages = [one for chat in telegram.workspace.chats for one in telegram.workspace.messages(chat)]
    return [(one, one.draft.photo) for one in messages if one.draft.photo is not None]


def words(telegram: TelegramServer) -> int:
    """Return how often Ana reads the words."""
    ana = telegram.workspace.user("ana").id
    messages = [one for chat in telegram.workspace.chats for one in telegram.workspace.messages(chat, reader=ana)]
    return sum("the next two weeks" in one.draft.text for one in messages)


async def ask(make: Make, telegram: TelegramServer) -> None:
    """Have Ana ask for a schedule in the group, and wait until all is said that is going to be."""
    adapter, desk = make(), Desk(NOTE)
    async with listening(adapter, desk):
        telegram.people.say("ana", "ops", "/oncard schedule payments")
        await desk.until(lambda: bool(desk.heard))
        await adapter.close()


async def test_the_picture_stands_in_the_group_after_the_words(make: Make, telegram: TelegramServer, ops: str) -> None:
    await ask(make, telegram)
    ((message, photo),) = shown(telegram)
    assert (message.chat, message.visible_to, message.draft.text) == (ops, "", PICTURE.alt)
    assert (photo.data, photo.width, photo.height) == (PICTURE.png, 1600, 600)
    methods = [entry.method for entry in telegram.log if entry.direction == "in"]
    assert methods.index("sendMessage") < methods.index("sendPhoto")
    assert words(telegram) == 1


async def test_it_answers_the_message_that_it_belongs_to(make: Make, telegram: TelegramServer, ops: str) -> None:
    adapter = make()
    parent = await adapter.send(To(ops), Note(("Hand-over",)))
    receipt = await adapter.show(To(ops), PICTURE, under=parent.message)
    ((message, _),) = shown(telegram)
    assert str(message.reply_to) == parent.message.id
    assert receipt.message == MessageRef(ops, str(message.id))


async def test_a_group_that_takes_none_leaves_it_to_who_asked(
    make: Make, telegram: TelegramServer, ana: str, logs: Logs
) -> None:
    telegram.faults.refuse("sendPhoto", 400, "Bad Request: not enough rights to send photos to the chat")
    await ask(make, telegram)
    assert [message.chat for message, _ in shown(telegram)] == [ana]
    (said,) = [entry for entry in logs if entry["event"] == "picture_not_shown"]
    assert "rights to send photos" in said["why"]


async def test_a_picture_that_fails_leaves_the_words(make: Make, telegram: TelegramServer, logs: Logs) -> None:
    telegram.faults.cut("sendPhoto", applied=False)
    await ask(make, telegram)
    assert shown(telegram) == []
    assert len(telegram.log.calls("sendPhoto")) == 1
    assert len([entry for entry in logs if entry["event"] == "picture_not_shown"]) == 1
    assert words(telegram) == 1


async def test_words_that_are_too_long_are_cut(make: Make, telegram: TelegramServer, ops: str) -> None:
    await make().show(To(ops), Picture("a.png", "@all \U0001f98a" + "x\U0001f98a" * 600, png()))
    ((message, _),) = shown(telegram)
    assert size(message.draft.text) in (CAPTION_LIMIT - 1, CAPTION_LIMIT)
    assert message.draft.text.endswith("…")
    assert "@all" not in message.draft.text


async def test_it_follows_a_group_to_its_new_id(make: Make, telegram: TelegramServer) -> None:
    old = telegram.workspace.add_chat("old", kind="group")
    moved = telegram.people.migrate("old", "ana")
    receipt = await make().show(To(old.id), PICTURE)
    assert (receipt.message.chat, "the group's id is" in receipt.said) == (moved.id, True)


@pytest.mark.parametrize(
    ("data", "kind", "why"),
    [
        (png(200, 4100), FailureKind.MALFORMED, "Photo_invalid_dimensions"),
        (png(6000, 4001), FailureKind.MALFORMED, "Photo_invalid_dimensions"),
        (b"GIF89a", FailureKind.MALFORMED, "Image_process_failed"),
        (png() + b"x" * 10_000_000, FailureKind.TOO_LONG, "Too big for a photo"),
    ],
)
async def test_what_telegram_takes_for_no_photo_is_said(
    make: Make, ops: str, data: bytes, kind: FailureKind, why: str
) -> None:
    with pytest.raises(DeliveryFailed) as failed:
        await make().show(To(ops), Picture("a.png", "a", data))
    assert failed.value.kind is kind
    assert why in failed.value.detail
