"""A picture goes out after the words: into the group, else to who asked; and whatever becomes of it, the words stay."""

import struct
import zlib

import pytest
from structlog.testing import capture_logs

from adapters.feishu.adapter import FeishuAdapter
from bot.adapter import DeliveryFailed, FailureKind, MessageRef, ShowsPictures, To
from bot.playground.feishu import FeishuServer
from bot.playground.feishu.pane import FeishuPane
from bot.playground.feishu.tenant import Message
from bot.playground.wire import as_object, as_objects
from cards.card import Note, Picture
from tests.adapters.feishu.desk import Desk, listening

pytestmark = pytest.mark.usefixtures("lark")


def png(width: int = 1600, height: int = 600) -> bytes:
    """Return the head of a PNG of that size."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))


PICTURE = Picture("payments.png", "payments, 2026-11-22 to 2026-12-05. <Ana> 24 h.", png())
NOTE = Note(("payments, the next two weeks",), rows=(("Ana",),), picture=PICTURE)


def shown(feishu: FeishuServer) -> list[tuple[Message, str]]:
    """Return the messages with an image in them, and its key."""
    messages = [one for chat in feishu.workspace.chats for one in feishu.workspace.messages(chat)]
    return [
        (message, str(element["img_key"]))
        for message in messages
        for element in as_objects(as_object(message.content.get("body")).get("elements"))
        if element.get("tag") == "img"
    ]


async def ask(adapter: FeishuAdapter, feishu: FeishuServer, chat: str | None = "ops") -> None:
    """Have Ana ask for a schedule, and wait until all is said that is going to be."""
    desk = Desk(NOTE)
    async with listening(adapter, desk):
        await feishu.type("ana", chat, "schedule payments" if chat is None else "@Oncard schedule payments")
        await desk.until(lambda: bool(desk.heard))
        await adapter.close()


def test_it_is_a_platform_on_which_pictures_can_be_shown(adapter: FeishuAdapter) -> None:
    assert isinstance(adapter, ShowsPictures)


@pytest.mark.parametrize("chat", ["ops", None])
async def test_the_picture_stands_after_the_words(
    adapter: FeishuAdapter, feishu: FeishuServer, chat: str | None
) -> None:
    await ask(adapter, feishu, chat)
    ((message, key),) = shown(feishu)
    ana = feishu.workspace.user("ana").id
    assert message.chat == (feishu.workspace.chat("ops").id if chat else feishu.workspace.open_p2p(ana).id)
    assert feishu.workspace.images[key] == PICTURE.png
    assert FeishuPane(feishu).picture(ana, key) == PICTURE.png
    methods = [entry.method for entry in feishu.log if entry.direction == "in"]
    words = "ephemeral.v1.send" if chat else "im.v1.message.create"
    assert methods.index(words) < methods.index("im.v1.image.create")


async def test_it_stands_in_the_thread_of_the_message_that_it_belongs_to(
    adapter: FeishuAdapter, feishu: FeishuServer, ops: str
) -> None:
    parent = await adapter.send(To(ops), Note(("Hand-over",)))
    receipt = await adapter.show(To(ops), PICTURE, under=parent.message)
    ((message, _),) = shown(feishu)
    assert (message.parent, message.in_thread) == (parent.message.id, True)
    assert receipt.message == MessageRef(ops, message.id)
    quiet = feishu.workspace.add_chat("quiet", threads=False).id
    parent = await adapter.send(To(quiet), Note(("Hand-over",)))
    await adapter.show(To(quiet), PICTURE, under=parent.message)
    assert not shown(feishu)[-1][0].in_thread


async def test_its_words_are_for_who_cannot_see_it(adapter: FeishuAdapter, feishu: FeishuServer, ana: str) -> None:
    await adapter.show(To(ana, direct=True), PICTURE)
    ((message, _),) = shown(feishu)
    (element,) = as_objects(as_object(message.content["body"])["elements"])
    assert as_object(element["alt"])["content"] == PICTURE.alt


async def test_a_group_that_takes_none_leaves_it_to_who_asked(
    adapter: FeishuAdapter, feishu: FeishuServer, ana: str
) -> None:
    feishu.faults.refuse("im.v1.message.create", 230018)
    with capture_logs() as logs:
        await ask(adapter, feishu)
    assert [message.chat for message, _ in shown(feishu)] == [feishu.workspace.open_p2p(ana).id]
    assert len([entry for entry in logs if entry["event"] == "picture_not_shown"]) == 1


async def test_without_the_right_the_words_stand_alone_and_the_log_and_the_doctor_say_why(
    adapter: FeishuAdapter, feishu: FeishuServer
) -> None:
    app = feishu.workspace.app
    assert "pictures can be shown" in [one.what for one in await adapter.diagnose([])]
    app.scopes -= {"im:resource:upload"}
    (finding,) = [one for one in await adapter.diagnose([]) if "pictures" in one.what]
    assert "grant im:resource:upload" in finding.mend
    with capture_logs() as logs:
        await ask(adapter, feishu)
    assert shown(feishu) == []
    assert "im:resource" in next(one["why"] for one in logs if one["event"] == "picture_not_shown")
    assert len(feishu.workspace.private(feishu.workspace.user("ana").id)) == 1


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", FailureKind.MALFORMED),
        (b"GIF89a", FailureKind.MALFORMED),
        (png(12_001, 10), FailureKind.TOO_LONG),
        (png() + bytes(10 * 1024 * 1024), FailureKind.TOO_LONG),
    ],
)
async def test_what_feishu_takes_for_no_image_is_said(
    adapter: FeishuAdapter, ops: str, data: bytes, kind: FailureKind
) -> None:
    with pytest.raises(DeliveryFailed) as failed:
        await adapter.show(To(ops), Picture("a.png", "a", data))
    assert failed.value.kind is kind


@pytest.mark.parametrize(
    ("method", "kind"),
    [("im.v1.image.create", FailureKind.UNREACHABLE), ("im.v1.message.create", FailureKind.UNCERTAIN)],
)
async def test_only_a_message_without_an_answer_may_be_there(
    adapter: FeishuAdapter, feishu: FeishuServer, ops: str, method: str, kind: FailureKind
) -> None:
    feishu.faults.cut(method, applied=False)
    with pytest.raises(DeliveryFailed) as failed:
        await adapter.show(To(ops), PICTURE)
    assert failed.value.kind is kind
