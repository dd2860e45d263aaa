"""Cards and notes on their way out: as cards of our template, or without one as messages of the robot.

Nothing is tried again, with these exceptions inside one send: what DingTalk refuses for a mention is sent without
mentions, what it refuses for anything else in it as a plain line, and what it refuses because the template is not there
or not published as the robot's message; for a while everything goes that way then. The receipt says so.
Guess: that the `carrierId` of a delivered card is the id by which a message that quotes it names it.
"""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import structlog

from adapters.dingtalk.config import DingTalkConfig, Mode
from adapters.dingtalk.errors import EXISTS, MENTION_CODES, TEMPLATE_CODES, DingTalkFailed, not_delivered, refused
from adapters.dingtalk.repeats import OURS, Repeats, Try
from adapters.dingtalk.web import JsonObject, OpenApi, text_at
from bot.adapter import FailureKind, MessageRef, Receipt, To
from bot.clock import Clock
from bot.outbound.multipart import with_png
from cards.card import Card, Message, Note, Picture
from cards.dingtalk import plain, render, summary
from cards.dingtalk_form import render_form
from cards.dingtalk_robot import is_sayable, robot, robot_plain, webhook
from cards.dingtalk_text import mentions
from cards.form import Form

CREATE: Final = ("POST", "v1.0/card/instances/createAndDeliver")
UPDATE: Final = ("PUT", "v1.0/card/instances")
TO_GROUP: Final = ("POST", "v1.0/robot/groupMessages/send")
TO_PEOPLE: Final = ("POST", "v1.0/robot/oToMessages/batchSend")
BY_KEY: Final = {"updateCardDataByKey": True, "updatePrivateDataByKey": True}
# How long a template that was refused is not tried again.
WITHOUT_TEMPLATE: Final = timedelta(minutes=10)
MOST_CARRIERS: Final = 5000

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger(__name__)


class Messages:
    """What one app sends, changes and shows. `route`: the key under which the callbacks of cards are registered."""

    def __init__(self, config: DingTalkConfig, api: OpenApi, clock: Clock, route: str) -> None:
        self._config = config
        self._api = api
        self._clock = clock
        self._route = route
        self._repeats = Repeats()
        self._carriers: OrderedDict[str, str] = OrderedDict()
        # The ids of cards that were refused for their content, and by which code.
        self._refused: OrderedDict[str, str] = OrderedDict()
        self._refused_at: datetime | None = None

    @property
    def are_cards(self) -> bool:
        """Whether messages are cards that can be changed."""
        if not self._config.card_template_id:
            return False
        # A clock that was set back must not make it longer.
        return self._refused_at is None or not (timedelta() <= self._clock.now() - self._refused_at <= WITHOUT_TEMPLATE)

    def card_of(self, message_id: str) -> str | None:
        """Return which card of ours a message shows, as far as this process knows."""
        return self._carriers.get(message_id)

    async def send(self, to: To, message: Message) -> Receipt:
        """Send a message; one that got no answer before is not sent twice. Raises DingTalkFailed."""
        if not self.are_cards:
            return await self._send_by_robot(to, message, "ok")
        one = self._repeats.begin(to, message, self._clock.now())
        try:
            return await self._send_card(one)
        except asyncio.CancelledError:
            self._repeats.lost(one)
            raise
        except DingTalkFailed as failure:
            # An id that was used without an answer stays that of this message, whatever comes of it now.
            # One that is in no place is spent: a repeat under it would find a card there that nobody sees.
            if (failure.kind is FailureKind.UNCERTAIN or one.again) and not failure.is_nowhere:
                self._repeats.lost(one)
            if failure.code not in TEMPLATE_CODES:
                raise
            self._refused_at = self._clock.now()
            _log.error("card_template_refused", template=self._config.card_template_id, why=failure.detail)
            said = f"ok, without a card after {failure.code}"
        return await self._send_by_robot(to, message, said)

    async def edit(self, place: MessageRef, card: Card) -> Receipt:
        """Make a card of ours show this. Raises DingTalkFailed."""
        if not place.id.startswith(OURS):
            raise DingTalkFailed(FailureKind.GONE, "it was sent by the robot, whose messages cannot be changed")
        try:
            await self._update(place.id, {"cardData": {"cardParamMap": render(card)}})
        except DingTalkFailed as failure:
            if not failure.is_content:
                raise
            _log.warning("content_refused", why=failure.detail)
            await self._update(place.id, {"cardData": {"cardParamMap": plain(card)}})
            return Receipt(place, f"ok, as a plain line after {failure.code}")
        return Receipt(place, "ok")

    async def picture(self, to: To, picture: Picture) -> Receipt:
        """Send a picture as a message of the robot; it takes no words beside it. Raises DingTalkFailed."""
        try:
            body = await self._api.upload(with_png(picture.name, picture.png, {}, field_name="media"))
            kept = text_at(body, "media_id")
        except DingTalkFailed as failure:
            if failure.kind is not FailureKind.UNCERTAIN:
                raise
            # Whatever became of the file, no message was sent.
            raise DingTalkFailed(FailureKind.UNREACHABLE, failure.detail, code=failure.code) from None
        return Receipt(await self._robot(to, "sampleImageMsg", {"photoURL": kept}), "ok")

    async def open_form(self, track: str, user: str, form: Form) -> None:
        """Open a form on a card, for one person alone. Raises DingTalkFailed."""
        await self._update(track, {"privateData": {user: {"cardParamMap": render_form(form)}}})

    def needs_card(self, message: Card | Note | Form) -> bool:
        """Whether a message has a button that no sentence can stand for, and can be sent as a card."""
        return self.are_cards and not isinstance(message, Form) and not is_sayable(message)

    async def tell(self, user: str, message: Card | Note | Form) -> None:
        """Show a message to one person, in the direct conversation. Raises DingTalkFailed."""
        has_buttons = isinstance(message, Card) or (isinstance(message, Note) and message.buttons)
        if has_buttons and not isinstance(message, Form) and self.are_cards:
            await self.send(To(user, direct=True), message)
        else:
            await self._send_by_robot(To(user, direct=True), message, "ok")

    async def answer(self, address: str, message: Card | Note | Form, user: str = "") -> None:
        """Show a message in a session; in a group it is told to one `user`. Raises DingTalkFailed."""
        await self._api.answer(address, webhook(message, user))

    # Cards

    async def _send_card(self, one: Try) -> Receipt:
        """Create a card and put it into its place, with less in it where DingTalk refuses it for that.

        Each form of it has an id of its own, since one that was delivered nowhere may exist all the same.
        """
        named = {} if one.to.direct else mentions(one.message)
        try:
            return await self._create(one, one.track, render(one.message), named)
        except DingTalkFailed as failure:
            if not failure.is_content and not (named and failure.code in MENTION_CODES):
                raise
            _log.warning("content_refused", why=failure.detail)
            first = failure
        if named:
            try:
                receipt = await self._create(one, f"{one.track}-2", render(one.message), {})
            except DingTalkFailed as failure:
                if not failure.is_content:
                    raise
                first = failure
            else:
                return Receipt(receipt.message, f"{receipt.said}, without mentions after {first.code}")
        receipt = await self._create(one, f"{one.track}-3", plain(one.message), {})
        return Receipt(receipt.message, f"{receipt.said}, as a plain line after {first.code}")

    async def _create(self, one: Try, track: str, params: dict[str, str], named: Mapping[str, str]) -> Receipt:
        message, to = one.message, one.to
        shown = {"ZH_CN": summary(message), "EN_US": summary(message)}
        space = {"supportForward": True, "lastMessageI18n": shown}
        content: JsonObject = {
            "cardTemplateId": self._config.card_template_id,
            "outTrackId": track,
            "userIdType": 1,
            "cardData": {"cardParamMap": params},
            **self._callback(),
        }
        if to.direct:
            content["openSpaceId"] = f"dtv1.card//IM_ROBOT.{to.id}"
            content["imRobotOpenSpaceModel"] = space
            content["imRobotOpenDeliverModel"] = {"spaceType": "IM_ROBOT", "robotCode": self._config.robot}
        else:
            content["openSpaceId"] = f"dtv1.card//IM_GROUP.{to.id}"
            content["imGroupOpenSpaceModel"] = space
            at = {"atUserIds": dict(named)} if named else {}
            content["imGroupOpenDeliverModel"] = {"robotCode": self._config.robot, **at}
        try:
            body = await self._api.call(CREATE, content)
        except DingTalkFailed as failure:
            if failure.code != EXISTS:
                raise
            if track in self._refused:
                # It exists, and stands nowhere.
                raise refused(CREATE[1], self._refused[track]) from None
            return await self._up_to_date(MessageRef(to.id, track), message)
        try:
            return self._delivered(MessageRef(to.id, track), body)
        except DingTalkFailed as failure:
            if failure.is_content or failure.code in MENTION_CODES:
                self._refused[track] = failure.code
            if len(self._refused) > MOST_CARRIERS:
                self._refused.popitem(last=False)
            raise

    def _callback(self) -> JsonObject:
        if self._config.mode is Mode.HTTP:
            return {"callbackType": "HTTP", "callbackRouteKey": self._route}
        return {"callbackType": "STREAM"}

    def _delivered(self, place: MessageRef, body: JsonObject) -> Receipt:
        result = body.get("result")
        results = result.get("deliverResults") if isinstance(result, dict) else None
        failure = not_delivered(CREATE[1], results)
        if failure is not None:
            raise failure
        for one in results if isinstance(results, list) else []:
            carrier = one.get("carrierId")
            if isinstance(carrier, str):
                self._carriers[carrier] = place.id
        while len(self._carriers) > MOST_CARRIERS:
            self._carriers.popitem(last=False)
        return Receipt(place, "ok")

    async def _up_to_date(self, place: MessageRef, message: Message) -> Receipt:
        """Let a card that is there already, since it was sent before, show what is true now."""
        try:
            await self._update(place.id, {"cardData": {"cardParamMap": render(message)}})
        except DingTalkFailed as failure:
            # It was delivered: whoever is paged sees it, if not the newest of it.
            _log.warning("repeat_not_brought_up_to_date", why=failure.detail)
        return Receipt(place, "ok, sent before without an answer")

    async def _update(self, track: str, values: JsonObject) -> None:
        content = {"outTrackId": track, "userIdType": 1, "cardUpdateOptions": BY_KEY, **values}
        body = await self._api.call(UPDATE, content)
        if body.get("success") is not True and body.get("result") is not True:
            raise DingTalkFailed(FailureKind.UNCERTAIN, f"{UPDATE[1]}: the answer does not say whether it was done")

    # The robot

    async def _send_by_robot(self, to: To, message: Message | Form, said: str) -> Receipt:
        """Send by the robot; what DingTalk refuses for its content goes as a plain line instead."""
        try:
            return Receipt(await self._robot(to, *robot(message)), said)
        except DingTalkFailed as failure:
            if not failure.is_content:
                raise
            _log.warning("content_refused", why=failure.detail)
            said = f"{said}, as a plain line after {failure.code}"
        return Receipt(await self._robot(to, *robot_plain(message)), said)

    async def _robot(self, to: To, key: str, param: JsonObject) -> MessageRef:
        content: JsonObject = {
            "robotCode": self._config.robot,
            "msgKey": key,
            "msgParam": json.dumps(param, ensure_ascii=False),
        }
        if not to.direct:
            body = await self._api.call(TO_GROUP, {**content, "openConversationId": to.id})
            return MessageRef(to.id, text_at(body, "processQueryKey"))
        body = await self._api.call(TO_PEOPLE, {**content, "userIds": [to.id]})
        for code in ("invalidStaffIdList", "flowControlledStaffIdList"):
            listed = body.get(code)
            if isinstance(listed, list) and to.id in listed:
                raise refused(TO_PEOPLE[1], code)
        return MessageRef(to.id, text_at(body, "processQueryKey"))
