"""Pictures in Slack: an address to upload to is asked for, the bytes go there, and the file is shared.

A file is shared only where our bot is a member, also in public channels in which it may write without being one. Slack
shares it after it has answered, so that its answer names the file and not the message.
https://docs.slack.dev/messaging/working-with-files#upload
"""

from typing import Final

from adapters.slack.errors import SlackFailed
from adapters.slack.web import WebApi, text_at
from bot.adapter import FailureKind, MessageRef, Receipt
from cards.card import Picture
from cards.slack_text import mrkdwn

# Slack says of neither how long it may be: a description that is longer serves nobody.
ALT_LIMIT: Final = 900


async def upload(web: WebApi, picture: Picture) -> str:
    """Give Slack the bytes and return the file's id. Nobody sees it yet. Raises SlackFailed."""
    alt = picture.alt[:ALT_LIMIT]
    try:
        place = await web.done(
            "files.getUploadURLExternal",
            web.client.files_getUploadURLExternal(filename=picture.name, length=len(picture.png), alt_txt=alt),
        )
        await web.put(text_at(place, "upload_url"), picture.png)
        return text_at(place, "file_id")
    except SlackFailed as failure:
        if failure.kind is FailureKind.UNCERTAIN:
            # Whatever became of the bytes, nothing was shown.
            raise SlackFailed(FailureKind.UNREACHABLE, failure.detail, code=failure.code) from None
        raise


async def share(web: WebApi, file: str, picture: Picture, chat: str, thread: str | None) -> Receipt:
    """Show an uploaded file in a conversation. Raises SlackFailed."""
    await web.done(
        "files.completeUploadExternal",
        web.client.files_completeUploadExternal(
            files=[{"id": file, "title": picture.name}],
            channel_id=chat,
            initial_comment=mrkdwn((picture.alt,), ALT_LIMIT),
            thread_ts=thread,
        ),
    )
    return Receipt(MessageRef(chat, file), "ok")
