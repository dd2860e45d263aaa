"""Cards and notes on their way out.

Nothing is tried again, with these exceptions inside one send: content that Feishu refuses for a mention is sent without
mentions, and what it refuses for anything else in it as a plain line; a reply that a group does not take in a thread
stands beside it; and a token that is no longer good is replaced. The receipt says so.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import quote

import structlog

from adapters.feishu.errors import BAD_MENTION, BAD_RECEIVER, THREAD_CODES, FeishuFailed
from adapters.feishu.repeats import Repeats, Try
from adapters.feishu.web import JsonObject, OpenApi, text_at
from bot.adapter import FailureKind, MessageRef, Receipt, To
from bot.clock import Clock
from bot.outbound.multipart import with_png
from cards.card import Card, Message, Note, Picture
from cards.feishu import plain, render, render_picture
from cards.feishu_form import render_form
from cards.feishu_robot import render_old
from cards.form import Form

CREATE: Final = ("im.v1.message.create", "POST", "im/v1/messages")
UPLOAD: Final = ("im.v1.image.create", "POST", "im/v1/images")
EPHEMERAL: Final = ("ephemeral.v1.send", "POST", "ephemeral/v1/send")

Put = Callable[[JsonObject], Awaitable[MessageRef]]

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger(__name__)


class Messages:
    """What one app posts, edits and shows."""

    def __init__(self, api: OpenApi, clock: Clock) -> None:
        self._api = api
        self._clock = clock
        self._repeats = Repeats()
        self.direct: dict[str, str] = {}
        """The direct conversation with each user, as far as it is known."""

    async def send(self, to: To, message: Message, *, under: MessageRef | None = None) -> Receipt:
        """Post a message; one that got no answer before is not posted twice. Raises FeishuFailed."""
        one = self._repeats.begin(to, under, message, self._clock.now())

        async def put(card: JsonObject) -> MessageRef:
            return await (
                self._create(to, card, one.key) if under is None else self._reply_to(under, message, card, one)
            )

        try:
            receipt = await _at_worst_plain(put, message)
        except asyncio.CancelledError:
            self._repeats.lost(one)
            raise
        except FeishuFailed as failure:
            # A key that was used without an answer stays that of this message, whatever comes of it now.
            if failure.kind is FailureKind.UNCERTAIN or one.again:
                self._repeats.lost(one)
            raise
        if to.direct:
            self.direct[to.id] = receipt.message.chat
        if not one.again:
            return receipt
        try:
            return await self._up_to_date(receipt, message)
        except FeishuFailed:
            # Recalled meanwhile. The key has been used up: this one gets another.
            return await self.send(to, message, under=under)

    async def edit(self, place: MessageRef, message: Message | Form) -> Receipt:
        """Make a message of ours show this. Raises FeishuFailed."""
        method = ("im.v1.message.patch", "PATCH", f"im/v1/messages/{quote(place.id, safe='')}")

        async def put(card: JsonObject) -> MessageRef:
            await self._api.call(method, content={"content": _content(card)})
            return place

        if isinstance(message, Form):
            return Receipt(await put(render_form(message)), "ok")
        return await _at_worst_plain(put, message)

    async def show(self, chat: str, user: str, message: Message) -> None:
        """Show a message to one person of a group, for as long as they look at it. Raises FeishuFailed."""
        asked = {"chat_id": chat, "open_id": user, "msg_type": "interactive", "card": render_old(message)}
        await self._api.call(EPHEMERAL, content=asked)

    async def picture(self, to: To, picture: Picture, *, under: MessageRef | None = None) -> Receipt:
        """Send a picture as a message of its own, in the thread of another where the group has any.

        Raises FeishuFailed.
        """
        card = render_picture(await self._upload(picture), picture)
        sent = await (self._create(to, card, None) if under is None else self._reply(under, card, None, threaded=True))
        if to.direct:
            self.direct[to.id] = sent.chat
        return Receipt(sent, "ok")

    async def _upload(self, picture: Picture) -> str:
        """Return the key under which Feishu keeps a picture. Raises FeishuFailed."""
        body = with_png(picture.name, picture.png, {"image_type": "message"}, field_name="image")
        try:
            return text_at(await self._api.call(UPLOAD, content=body), "data", "image_key")
        except FeishuFailed as failure:
            if failure.kind is not FailureKind.UNCERTAIN:
                raise
            # Whatever became of the file, no message was sent.
            raise FeishuFailed(FailureKind.UNREACHABLE, failure.detail, code=failure.code) from None

    async def ask(self, user: str, form: Form) -> None:
        """Send a form to one person. Raises FeishuFailed."""
        asked = await self._create(To(user, direct=True), render_form(form), None)
        self.direct[user] = asked.chat

    async def _create(self, to: To, card: JsonObject, key: str | None) -> MessageRef:
        kind = "chat_id"
        if to.direct:
            kind = {"ou_": "open_id", "on_": "union_id"}.get(to.id[:3], "email" if "@" in to.id else "user_id")
        content = {"receive_id": to.id, "msg_type": "interactive", "content": _content(card)}
        if key is not None:
            content["uuid"] = key
        try:
            return _message(await self._api.call(CREATE, params={"receive_id_type": kind}, content=content))
        except FeishuFailed as failure:
            if to.direct or failure.code != BAD_RECEIVER:
                raise
            # A chat is nobody who could be linked.
            raise FeishuFailed(FailureKind.REFUSED, failure.detail, code=failure.code) from None

    async def _reply_to(self, under: MessageRef, message: Message, card: JsonObject, one: Try) -> MessageRef:
        """Answer a message in its thread, or beside it where all are to see it."""
        is_aloud = isinstance(message, Note) and message.aloud
        return await self._reply(under, card, one.key, threaded=not is_aloud)

    async def _reply(self, under: MessageRef, card: JsonObject, key: str | None, *, threaded: bool) -> MessageRef:
        """Answer a message in its thread, if that is wanted and the group has threads; else beside it."""
        method = ("im.v1.message.reply", "POST", f"im/v1/messages/{quote(under.id, safe='')}/reply")
        content = {"msg_type": "interactive", "content": _content(card), **({"uuid": key} if key is not None else {})}
        try:
            return _message(await self._api.call(method, content={**content, "reply_in_thread": threaded}))
        except FeishuFailed as failure:
            if not threaded or failure.code not in THREAD_CODES:
                raise
        return _message(await self._api.call(method, content={**content, "reply_in_thread": False}))

    async def _up_to_date(self, receipt: Receipt, message: Message) -> Receipt:
        """Let a card that may be the one sent before show what is true now. Raises FeishuFailed: it is gone."""
        said = f"{receipt.said}, sent before without an answer"
        if isinstance(message, Card):
            try:
                await self.edit(receipt.message, message)
            except FeishuFailed as failure:
                if failure.kind is FailureKind.GONE:
                    raise
                # It was delivered: whoever is paged sees it, if not the newest of it.
                _log.warning("repeat_not_brought_up_to_date", why=failure.detail)
        return Receipt(receipt.message, said)


async def _at_worst_plain(put: Put, message: Message) -> Receipt:
    """Put the message where it belongs; what Feishu refuses for its content goes there with less in it."""
    try:
        return Receipt(await put(render(message)), "ok")
    except FeishuFailed as failure:
        if not failure.is_content:
            raise
        _log.warning("content_refused", why=failure.detail)
        refused = failure
    if refused.code == BAD_MENTION:
        try:
            return Receipt(await put(render(message, mentions=False)), f"ok, without mentions after {refused.code}")
        except FeishuFailed as failure:
            if not failure.is_content:
                raise
            refused = failure
    return Receipt(await put(plain(message)), f"ok, as a plain line after {refused.code}")


def _content(card: JsonObject) -> str:
    return json.dumps(card, ensure_ascii=False, separators=(",", ":"))


def _message(body: JsonObject) -> MessageRef:
    return MessageRef(text_at(body, "data", "chat_id"), text_at(body, "data", "message_id"))
