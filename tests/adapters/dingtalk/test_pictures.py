"""A picture goes out after the words: into the group, else to who asked; and whatever becomes of it, the words stay."""

import struct
import zlib

import pytest
from structlog.testing import capture_logs

from adapters.dingtalk.adapter import DingTalkAdapter
from bot.adapter import DeliveryFailed, FailureKind, ShowsPictures, To
from bot.playground.dingtalk import DingTalkServer
from bot.playground.dingtalk.pane import DingTalkPane
from bot.playground.dingtalk.workspace import Message
from bot.playground.wire import as_text
from cards.card import Note, Picture
from tests.adapters.dingtalk.desk import Desk, listening


def png(width: int = 1600, height: int = 600) -> bytes:
    """Return the head of a PNG of that size."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))


PICTURE = Picture("payments.png", "payments, 2026-11-22 to 2026-12-05. <Ana> 24 h.", png())
NOTE = Note(("payments, the next two weeks",), rows=(("Ana",),), picture=PICTURE)


def shown(dingtalk: DingTalkServer) -> list[Message]:
    """Return the messages that are pictures."""
    messages = [one for chat in dingtalk.workspace.chats for one in dingtalk.workspace.messages(chat)]
    return [one for one in messages if one.kind == "image"]


async def ask(adapter: DingTalkAdapter, dingtalk: DingTalkServer, chat: str | None = "ops") -> None:
    """Have Ana ask for a schedule, and wait until all is said that is going to be."""
    desk = Desk(NOTE)
    async with listening(adapter, desk):
        await dingtalk.type("ana", chat, "schedule payments" if chat is None else "@Oncard schedule payments")
        await desk.until(lambda: bool(desk.heard))
        await adapter.close()


def test_it_is_a_platform_on_which_pictures_can_be_shown(adapter: DingTalkAdapter) -> None:
    assert isinstance(adapter, ShowsPictures)


@pytest.mark.parametrize("chat", ["ops", None])
async def test_the_picture_stands_after_the_words(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer, chat: str | None, ana: str
) -> None:
    await ask(adapter, dingtalk, chat)
    (message,) = shown(dingtalk)
    kept = as_text(message.content["url"])
    where = dingtalk.workspace.chats[message.chat]
    assert (where.name, where.user) == (("ops", "") if chat else (where.name, ana))
    assert dingtalk.workspace.media[kept] == PICTURE.png
    assert DingTalkPane(dingtalk).picture(ana, kept) == PICTURE.png
    methods = [entry.method for entry in dingtalk.log if entry.direction == "in"]
    words = "robot/oToMessages/batchSend" if chat else "robot/sendBySession"
    assert methods.index(words) < methods.index("media/upload")


async def test_it_needs_no_template(robot: DingTalkAdapter, dingtalk: DingTalkServer, ops: str, ana: str) -> None:
    for to in (To(ops), To(ana, direct=True)):
        receipt = await robot.show(to, PICTURE)
        assert [one.kind for one in dingtalk.workspace.sent(receipt.message.id)] == ["image"]


async def test_a_group_that_takes_none_leaves_it_to_who_asked(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer, ana: str
) -> None:
    dingtalk.faults.refuse("robot/groupMessages/send", "bot.forbidden.sendMessage")
    with capture_logs() as logs:
        await ask(adapter, dingtalk)
    assert [dingtalk.workspace.chats[one.chat].user for one in shown(dingtalk)] == [ana]
    (said,) = [entry for entry in logs if entry["event"] == "picture_not_shown"]
    assert "bot.forbidden.sendMessage" in said["why"]


async def test_an_upload_is_one_of_the_calls_of_the_month(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer, ops: str
) -> None:
    used = dingtalk.pace.used
    await adapter.show(To(ops), PICTURE)
    assert dingtalk.pace.used - used == 2
    dingtalk.pace.spent = True
    with pytest.raises(DeliveryFailed) as failed:
        await adapter.show(To(ops), PICTURE)
    assert failed.value.kind is FailureKind.QUOTA


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (b"", "a.png", FailureKind.MALFORMED),
        (b"GIF89a", "a.png", FailureKind.MALFORMED),
        (png(), "a.exe", FailureKind.MALFORMED),
        (png() + bytes(20 * 1024 * 1024), "a.png", FailureKind.TOO_LONG),
    ],
)
async def test_what_dingtalk_takes_for_no_picture_is_said(
    adapter: DingTalkAdapter, ops: str, data: bytes, name: str, kind: FailureKind
) -> None:
    with pytest.raises(DeliveryFailed) as failed:
        await adapter.show(To(ops), Picture(name, "a", data))
    assert failed.value.kind is kind


@pytest.mark.parametrize(
    ("method", "kind"),
    [("media/upload", FailureKind.UNREACHABLE), ("robot/groupMessages/send", FailureKind.UNCERTAIN)],
)
async def test_only_a_message_without_an_answer_may_be_there(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer, ops: str, method: str, kind: FailureKind
) -> None:
    dingtalk.faults.cut(method, applied=False)
    with pytest.raises(DeliveryFailed) as failed:
        await adapter.show(To(ops), PICTURE)
    assert failed.value.kind is kind


async def test_a_token_that_is_no_longer_good_is_replaced(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer, ops: str
) -> None:
    await adapter.show(To(ops), PICTURE)
    dingtalk.tokens.revoke()
    await adapter.show(To(ops), PICTURE)
    assert len(shown(dingtalk)) == 2
