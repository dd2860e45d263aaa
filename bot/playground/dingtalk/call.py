"""One call of the API: its arguments, and the organisation it acts on."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.playground.dingtalk.interactivity import Interactivity
from bot.playground.dingtalk.pace import Pace
from bot.playground.dingtalk.refusal import Refusal
from bot.playground.dingtalk.stream import StreamHub
from bot.playground.dingtalk.tokens import Tokens
from bot.playground.dingtalk.workspace import User, Workspace
from bot.playground.multipart import Part
from bot.playground.wire import JsonObject, as_object, as_text


@dataclass(frozen=True, slots=True)
class Call:
    """What a method is given; `address` is the host and port of this server."""

    workspace: Workspace
    tokens: Tokens
    stream: StreamHub
    interactivity: Interactivity
    pace: Pace
    address: str
    arguments: JsonObject
    files: Mapping[str, Part] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return an argument that must be given; raises `Refusal`."""
        value = self.optional(name)
        if not value:
            raise Refusal("param.invalid", f"{name} is mandatory for this action")
        return value

    def optional(self, name: str) -> str:
        """Return an argument as text, empty if it is missing."""
        return as_text(self.arguments.get(name))

    def json(self, name: str) -> JsonObject:
        """Return the object that an argument holds as JSON text; raises `Refusal`."""
        try:
            value = json.loads(self.text(name))
        except json.JSONDecodeError:
            raise Refusal("param.invalid", f"{name} is no JSON") from None
        return as_object(value)

    def person(self, user_id: object) -> User | None:
        """Return the person with this userId, if messages can reach them."""
        user = self.workspace.users.get(as_text(user_id))
        return None if user is None or user.left or user.outsider else user

    def robot(self) -> None:
        """Refuse the call unless it names the app's own robot."""
        code = self.optional("robotCode")
        if not code:
            raise Refusal("invalidParameter.robotCode.empty", "robotCode is empty")
        if code != self.workspace.app.client_id:
            raise Refusal("robotCode.auth", "the app may not use this robotCode")
