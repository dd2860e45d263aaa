"""Photos through the unmodified SDK: what is sent, what is refused and how, and who sees them on the page."""

import io

import httpx
import pytest
from PIL import Image
from telegram import Bot, InputFile, ReplyParameters
from telegram.error import BadRequest, Forbidden

from bot.playground.page.pane import Pictures
from bot.playground.telegram import TelegramPane, TelegramServer
from bot.playground.wire import as_objects


def png(width: int = 40, height: int = 20) -> bytes:
    """Return a picture of that size."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), "#77aadd").save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("attached", [False, True])
async def test_a_photo_is_sent_with_its_words_as_a_reply(telegram: TelegramServer, bot: Bot, attached: bool) -> None:
    ops = telegram.workspace.chat("ops-alerts").id
    parent = await bot.send_message(ops, "Hand-over")
    photo = InputFile(png(), filename="payments.png", attach=attached)
    reply = ReplyParameters(parent.message_id)
    message = await bot.send_photo(ops, photo, caption="who", reply_parameters=reply)
    assert (message.caption, message.photo[0].width, message.photo[0].height) == ("who", 40, 20)
    last = telegram.workspace.messages(ops)[-1]
    assert (last.reply_to, last.draft.text) == (parent.message_id, "who")
    assert last.draft.photo is not None
    assert last.draft.photo.data == png()


@pytest.mark.parametrize(
    ("data", "caption", "why"),
    [
        (png(10, 201), "", "photo_invalid_dimensions"),
        (png(5001, 5000), "", "photo_invalid_dimensions"),
        (png() + b"x" * 10_000_000, "", "too big for a photo"),
        (b"GIF89a", "", "image_process_failed"),
        (png(), "\U0001f98a" * 513, "message caption is too long"),
    ],
    ids=["too long", "too large", "too many bytes", "no picture", "too many words"],
)
async def test_what_is_no_photo_is_refused(
    telegram: TelegramServer, bot: Bot, data: bytes, caption: str, why: str
) -> None:
    ops = telegram.workspace.chat("ops-alerts").id
    with pytest.raises(BadRequest) as refused:
        await bot.send_photo(ops, data, caption=caption)
    assert str(refused.value).lower() == why
    assert telegram.workspace.messages(ops) == []


async def test_a_request_without_a_photo_and_a_chat_without_the_bot_are_refused(
    telegram: TelegramServer, bot: Bot
) -> None:
    ops = telegram.workspace.chat("ops-alerts").id
    async with httpx.AsyncClient(base_url=f"{telegram.api_base_url}/bot{telegram.bot_token}/") as client:
        answer = await client.post("sendPhoto", json={"chat_id": ops})
    assert answer.json()["description"] == "Bad Request: there is no photo in the request"
    telegram.people.kick_bot(ops, "ana")
    with pytest.raises(Forbidden):
        await bot.send_photo(ops, png())


async def test_the_words_under_a_photo_are_no_text_to_edit(telegram: TelegramServer, bot: Bot) -> None:
    ops = telegram.workspace.chat("ops-alerts").id
    sent = await bot.send_photo(ops, png(), caption="who")
    with pytest.raises(BadRequest, match=r"(?i)there is no text in the message to edit"):
        await bot.edit_message_text("other", ops, sent.message_id)


async def test_the_page_has_it_for_those_who_are_there(telegram: TelegramServer, bot: Bot) -> None:
    pane = TelegramPane(telegram)
    assert isinstance(pane, Pictures)
    ana, bo = (telegram.workspace.user(name).id for name in ("ana", "bo"))
    await bot.send_photo(ana, png(), caption="who is on call")
    (message,) = as_objects(pane.conversation(ana, ana)["messages"])
    assert pane.picture(ana, str(message["photo"])) == png()
    with pytest.raises(LookupError):
        pane.picture(bo, str(message["photo"]))
