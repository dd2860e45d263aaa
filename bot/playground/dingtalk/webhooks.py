"""Addresses that take a message without the app's token: session webhooks, and custom robots of a group.

Both answer HTTP 200 with `errcode`. A session webhook stands in every message to the bot and expires. A custom robot
is made by hand in a group, with a signature, keywords, or neither; it may send 20 messages a minute and is then blocked
for ten minutes. Guesses: the code of an expired session, the words of all errors, that a repeated `msgUuid` is
answered as if it had been sent.
"""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from urllib.parse import quote_plus

from bot.playground.dingtalk.interactivity import Interactivity, signature
from bot.playground.dingtalk.pace import RobotPace
from bot.playground.dingtalk.refusal import Refusal
from bot.playground.dingtalk.workspace import Kind, Message, Workspace
from bot.playground.wire import JsonObject, as_list, as_object, as_objects, as_text

SIGN_LIFE: Final = timedelta(hours=1)
SESSION_GONE: Final = "300001"


@dataclass(slots=True)
class CustomRobot:
    """A robot that somebody added to a group by hand. `gone` is the code with which it refuses since, if it does."""

    chat: str
    name: str
    secret: str = ""
    keywords: tuple[str, ...] = ()
    gone: str = ""
    access_token: str = field(default_factory=lambda: secrets.token_hex(32), repr=False)
    pace: RobotPace = field(default_factory=RobotPace)
    seen: set[str] = field(default_factory=set)

    def signed(self, now_ms: int) -> str:
        """Return the query that proves a message at `now_ms` (milliseconds since the epoch)."""
        sign = signature(self.secret, f"{now_ms}\n{self.secret}")
        return f"&timestamp={now_ms}&sign={quote_plus(sign)}"


class Webhooks:
    """The custom robots, and what happens to a message to one of these addresses."""

    def __init__(self, workspace: Workspace, interactivity: Interactivity) -> None:
        self._workspace = workspace
        self._interactivity = interactivity
        self.robots: dict[str, CustomRobot] = {}

    def by_session(self, query: Mapping[str, str], body: JsonObject) -> JsonObject:
        """Answer a message to the bot in its conversation; raises `Refusal`."""
        session = self._interactivity.sessions.get(query.get("session", ""))
        if session is None or self._workspace.clock.now() > session.until:
            raise Refusal(SESSION_GONE, "session is invalid or expired")
        self._post(session.chat, body, "")
        return {"errcode": 0, "errmsg": "ok"}

    def by_robot(self, query: Mapping[str, str], body: JsonObject) -> JsonObject:
        """Let a custom robot send a message; raises `Refusal`."""
        robot = self.robots.get(query.get("access_token", ""))
        if robot is None:
            raise Refusal("400101", "access_token is not exist")
        chat = self._workspace.chats[robot.chat]
        if robot.gone or chat.disbanded:
            raise Refusal(robot.gone or "400013", "the robot is stopped or its group is gone")
        self._check_sign(robot, query)
        if robot.keywords and not any(word in str(body) for word in robot.keywords):
            raise Refusal("310000", "keywords not in content")
        uuid = as_text(body.get("msgUuid"))
        if uuid and uuid in robot.seen:
            return {"errcode": 0, "errmsg": "ok"}
        if not robot.pace.take(self._workspace.clock.now()):
            raise Refusal("410100", "send too fast, exceed 20 times per minute")
        self._post(robot.chat, body, robot.name)
        robot.seen.add(uuid)
        return {"errcode": 0, "errmsg": "ok"}

    def _check_sign(self, robot: CustomRobot, query: Mapping[str, str]) -> None:
        if not robot.secret:
            return
        at = query.get("timestamp", "")
        now = self._workspace.clock.now().timestamp()
        near = at.isdigit() and abs(int(at) / 1000 - now) <= SIGN_LIFE.total_seconds()
        right = signature(robot.secret, f"{at}\n{robot.secret}")
        if not near or not hmac.compare_digest(right.encode(), query.get("sign", "").encode()):
            raise Refusal("310000", "sign not match, more: [timestamp or sign is wrong]")

    def _post(self, chat: str, body: JsonObject, robot: str) -> None:
        kind, content = _draft(body)
        at = as_object(body.get("at"))
        mobiles = {user.mobile: user.id for user in self._workspace.people()}
        mentions = [as_text(user) for user in as_list(at.get("atUserIds"))]
        mentions += [mobiles.get(as_text(mobile), "") for mobile in as_list(at.get("atMobiles"))]
        mentions += ["@all"] if at.get("isAtAll") is True else []
        now, identity = self._workspace.clock.now(), self._workspace.new_id()
        known = tuple(user for user in mentions if user)
        self._workspace.post(Message(identity, chat, "", kind, content, now, robot=robot, mentions=known))


def _draft(body: JsonObject) -> tuple[Kind, JsonObject]:
    kind = as_text(body.get("msgtype"))
    part = as_object(body.get(kind))
    if kind == "text" and as_text(part.get("content")):
        return "text", {"text": part["content"]}
    if kind not in ("markdown", "actionCard"):
        raise Refusal("400602", f"unsupported msgtype {kind!r}, or its content is empty")
    for name in ("title", "text"):
        if not as_text(part.get(name)):
            raise Refusal("400602", f"{kind}.{name} is empty")
    content: JsonObject = {"title": part["title"], "text": part["text"]}
    if kind == "markdown":
        return "markdown", content
    single: list[JsonObject] = [{"title": part.get("singleTitle"), "url": part.get("singleURL")}]
    several: list[JsonObject] = [
        {"title": b.get("title"), "url": b.get("actionURL")} for b in as_objects(part.get("btns"))
    ]
    buttons = single if part.get("singleTitle") else several
    return "actionCard", {**content, "buttons": buttons, "horizontal": part.get("btnOrientation") == "1"}
