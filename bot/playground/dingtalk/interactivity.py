"""What a person does in DingTalk, told to the app: clicks on cards, submitted forms, messages to the bot.

A click must be answered within two seconds, else the person sees that it failed; the answer may change the card for
everybody (`cardData`) and for the one who clicked (`userPrivateData`). Nothing is repeated. A card says when it is
created whether its callbacks come by Stream or by HTTP; the robot's messages come by Stream unless `robot_url` is set.

Guesses: the words of the failure; that the names of mentioned people are left out of a message's text as the bot's is
(`names_in_text` keeps them); that an app out of its monthly calls is sent `{"errCode": "20001"}` and no words; that a
link which sends a text mentions the bot in a group; how long a session webhook lives.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

import aiohttp

from bot.playground.dingtalk import templates
from bot.playground.dingtalk.limits import check_values
from bot.playground.dingtalk.refusal import Refusal
from bot.playground.dingtalk.stream import CARD_TOPIC, ROBOT_TOPIC, StreamHub
from bot.playground.dingtalk.workspace import SPACES, CardInstance, Chat, Message, User, Workspace
from bot.playground.wire import JsonObject, as_object, as_text

ACK_SECONDS: Final = 2.0
SESSION_LIFE: Final = timedelta(minutes=90)
FAILED: Final = "Something went wrong. Please try again later."
OUT_OF_CALLS: Final = "20001"

Heard = Callable[[str, object, object, int | None], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """How the app answered; `why` says what went wrong if it did not, or not as DingTalk wants it.

    `told`: the person was shown by a toast that it failed.
    """

    via: Literal["stream", "http", "nothing"]
    body: JsonObject
    why: str = ""
    told: bool = False

    @property
    def acked(self) -> bool:
        """Whether the app answered in time."""
        return not self.why


@dataclass(frozen=True, slots=True)
class Route:
    """Where the HTTP callbacks of cards go, registered under a key."""

    url: str
    secret: str


@dataclass(frozen=True, slots=True)
class Session:
    """Where a session webhook answers, and until when."""

    chat: str
    until: datetime


class Interactivity:
    """Builds what the app is told and judges its answers. `ack_seconds` is the deadline, in real seconds."""

    def __init__(self, workspace: Workspace, stream: StreamHub) -> None:
        self._workspace = workspace
        self._stream = stream
        self.heard: Heard = lambda *_: None
        self.hide: Callable[[Iterable[str]], None] = lambda _: None
        self.out_of_calls: Callable[[], bool] = lambda: False
        self.reachable: Callable[[], bool] = lambda: True
        self.address = ""
        self.robot_url = ""
        self.names_in_text = False
        self.ack_seconds = ACK_SECONDS
        self.session_life = SESSION_LIFE
        self.routes: dict[str, Route] = {}
        self.sessions: dict[str, Session] = {}
        self.pending: set[str] = set()
        self.updates_during_callback: list[str] = []

    # Cards

    async def act(self, user: User, message: Message, action: str, params: JsonObject) -> Answer:
        """Press a button, or submit a form, of a card: what comes back is `action` and `params`."""
        card = self._workspace.cards[message.card]
        chat = self._workspace.chats[message.chat]
        content = json.dumps({"cardPrivateData": {"actionIds": [action], "params": params}}, ensure_ascii=False)
        payload: JsonObject = {
            "type": "actionCallback",
            "outTrackId": card.out_track_id,
            "corpId": self._workspace.corp_id,
            "userId": user.id,
            "userIdType": 1,
            "spaceType": SPACES[chat.kind],
            "spaceId": chat.id if chat.kind == "group" else chat.user,
            "extension": "{}",
            "value": content,
            "content": content,
        }
        self.pending.add(card.out_track_id)
        try:
            answer = await self._tell_of_card(card, payload)
        finally:
            self.pending.discard(card.out_track_id)
        if answer.acked:
            answer = self._judged(card.out_track_id, user, answer)
        if answer.acked:
            return answer
        self._workspace.toast(user.id, FAILED, failed=True)
        return replace(answer, told=True)

    async def _tell_of_card(self, card: CardInstance, payload: JsonObject) -> Answer:
        if card.callback_type == "STREAM":
            return await self._by_stream(CARD_TOPIC, payload)
        route = self.routes.get(card.route_key)
        if route is None:
            return Answer("nothing", {}, f"no callback is registered under {card.route_key!r}")
        now = str(int(self._workspace.clock.now().timestamp() * 1000))
        headers = {"x-ddpaas-signature-timestamp": now, "x-ddpaas-signature": signature(route.secret, now)}
        return await self._by_http("http card", route.url, payload, headers)

    def _judged(self, out_track_id: str, user: User, answer: Answer) -> Answer:
        """Do to the card what the answer says; an answer that breaks a rule changes nothing and has failed."""
        card = self._workspace.cards[out_track_id]
        options = as_object(answer.body.get("cardUpdateOptions"))
        public = as_object(as_object(answer.body.get("cardData")).get("cardParamMap"))
        own = as_object(as_object(answer.body.get("userPrivateData")).get("cardParamMap"))
        try:
            shown, private = check_values(public), check_values(own)
        except Refusal as refusal:
            return replace(answer, why=f"the answer was not taken: {refusal.message}")
        if shown or private:
            data = {**card.data, **shown} if options.get("updateCardDataByKey") is True or not shown else shown
            mine = card.private.get(user.id, {})
            kept = options.get("updatePrivateDataByKey") is True or not private
            views = {**card.private, user.id: {**mine, **private} if kept else private}
            self._workspace.store_card(replace(card, data=data, private=views, edits=card.edits + 1))
        for words in templates.toasts(card.template, {**shown, **private}):
            self._workspace.toast(user.id, words)
        return answer

    # Messages

    async def say(self, user: User, chat: Chat, text: str, reply_to: Message | None) -> Answer:
        """Tell the app of a message to its bot; nobody repeats it if it is not heard."""
        payload: JsonObject = {"errCode": OUT_OF_CALLS}
        if not self.out_of_calls():
            payload = self._message(user, chat, text, reply_to)
        if not self.robot_url:
            return await self._by_stream(ROBOT_TOPIC, payload)
        now = str(int(self._workspace.clock.now().timestamp() * 1000))
        secret = self._workspace.app.client_secret
        headers = {"timestamp": now, "sign": signature(secret, f"{now}\n{secret}")}
        return await self._by_http("http robot", self.robot_url, payload, headers)

    def _message(self, user: User, chat: Chat, text: str, reply_to: Message | None) -> JsonObject:
        workspace, app = self._workspace, self._workspace.app
        until = workspace.clock.now() + self.session_life
        words: JsonObject = {"content": self._content(chat, text)}
        payload: JsonObject = {
            "conversationId": chat.id,
            "conversationType": "2" if chat.kind == "group" else "1",
            "chatbotCorpId": workspace.corp_id,
            "chatbotUserId": bot_id(workspace),
            "msgId": secrets.token_urlsafe(16),
            "senderNick": user.nick,
            "isAdmin": False,
            "senderId": user.dingtalk_id,
            "createAt": int(workspace.clock.now().timestamp() * 1000),
            "sessionWebhook": self._session_url(chat, until),
            "sessionWebhookExpiredTime": int(until.timestamp() * 1000),
            "robotCode": app.client_id,
            "msgtype": "text",
            "text": words,
        }
        if not user.outsider:
            payload |= {"senderStaffId": user.id, "senderCorpId": workspace.corp_id}
        if chat.kind == "group":
            payload |= {"conversationTitle": chat.name, "isInAtList": True, "atUsers": self._mentioned(text)}
        if reply_to is not None:
            words |= {"isReplyMsg": True, "repliedMsg": _quoted(workspace, reply_to)}
            payload["originalMsgId"] = reply_to.id
            if reply_to.key:
                payload["originalProcessQueryKey"] = reply_to.key
        return payload

    def _content(self, chat: Chat, text: str) -> str:
        """Return a message's words without the mention of the bot, and with the spaces that it leaves."""
        if chat.kind == "direct":
            return text
        gone = [self._workspace.app.name]
        gone += [] if self.names_in_text else [user.nick for user in self._workspace.people()]
        for name in sorted(gone, key=len, reverse=True):
            text = re.sub(rf"@{re.escape(name)}(?!\w)\s?", " ", text)
        return f" {text.strip()} "

    def _mentioned(self, text: str) -> list[JsonObject]:
        found: list[JsonObject] = [{"dingtalkId": bot_id(self._workspace)}]
        named = [user for user in self._workspace.people() if re.search(rf"@{re.escape(user.nick)}(?!\w)", text)]
        found += [{"dingtalkId": user.dingtalk_id, **({} if user.outsider else {"staffId": user.id})} for user in named]
        return found

    def _session_url(self, chat: Chat, until: datetime) -> str:
        key = secrets.token_hex(16)
        self.sessions[key] = Session(chat.id, until)
        self.hide([key])
        return f"http://{self.address}/robot/sendBySession?session={key}"

    # The two ways

    async def _by_stream(self, topic: str, payload: JsonObject) -> Answer:
        if not self.reachable():
            return Answer("nothing", {}, "DingTalk is unplugged")
        try:
            async with asyncio.timeout(self.ack_seconds):
                ack = await self._stream.callback(topic, payload)
        except TimeoutError:
            return Answer("stream", {}, f"no acknowledgement within {self.ack_seconds:g} s")
        except ConnectionError as lost:
            return Answer("stream", {}, str(lost))
        if ack is None:
            return Answer("nothing", {}, "no Stream connection takes it")
        body = as_object(as_object(ack.data).get("response"))
        return Answer("stream", body, "" if ack.code == 200 else f"acknowledged with code {ack.code}: {ack.message}")

    async def _by_http(self, method: str, url: str, payload: JsonObject, headers: dict[str, str]) -> Answer:
        if not self.reachable():
            return Answer("nothing", {}, "DingTalk is unplugged")
        status, why, answered = None, "", ""
        timeout = aiohttp.ClientTimeout(total=self.ack_seconds)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(url, json=payload, headers=headers, allow_redirects=False) as response,
            ):
                answered, status = await response.text(), response.status
                why = "" if response.ok else f"HTTP {status}"
        except TimeoutError:
            why = f"no answer within {self.ack_seconds:g} s"
        except aiohttp.ClientError as error:
            why = f"{type(error).__name__}: {error}"
        body = _json_object(answered)
        self.heard(method, payload, why or body, status)
        return Answer("http", body, why)


def signature(secret: str, text: str) -> str:
    """Return DingTalk's signature of a text: HMAC-SHA256 in base64."""
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()).decode()


def bot_id(workspace: Workspace) -> str:
    """Return the dingtalkId of the app's bot."""
    return f"$:LWCP_v1:${workspace.app.client_id}"


def _quoted(workspace: Workspace, message: Message) -> JsonObject:
    kinds = {"card": "interactiveCard"}
    author = workspace.users.get(message.author)
    words = as_text(message.content.get("text"))
    quoted: JsonObject = {
        "msgId": message.id,
        "msgType": kinds.get(message.kind, message.kind),
        "createdAt": int(message.at.timestamp() * 1000),
        "senderId": author.dingtalk_id if author else bot_id(workspace),
    }
    return quoted if message.kind == "card" else {**quoted, "content": {"text": words}}


def _json_object(text: str) -> JsonObject:
    try:
        return as_object(json.loads(text))
    except json.JSONDecodeError:
        return {}
