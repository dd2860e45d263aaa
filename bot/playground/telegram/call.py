"""One call of the Bot API: its arguments, which are text as on the wire, and the parts of the server it acts on."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.playground.telegram.clicks import Clicks
from bot.playground.telegram.commands import Commands
from bot.playground.telegram.markup import Text, given_entities, parse_html, units, with_found
from bot.playground.telegram.refusal import bad_request
from bot.playground.telegram.updates import Updates
from bot.playground.telegram.webhook import Webhook
from bot.playground.telegram.workspace import Workspace
from bot.playground.wire import JsonObject, as_objects

TEXT_LIMIT = 4096
"""UTF-16 code units after entities are parsed: the strictest of the ways in which Telegram may count."""

RAW_LIMIT = 1 << 15
"""Bytes of a text before it is parsed."""


@dataclass(frozen=True, slots=True)
class Call:
    """What a method is given."""

    workspace: Workspace
    updates: Updates
    clicks: Clicks
    commands: Commands
    webhook: Webhook
    arguments: dict[str, str]
    files: Mapping[str, bytes] = field(default_factory=dict)
    """What came as files, by the names of their fields."""

    def text(self, name: str) -> str:
        """Return an argument, empty if it is missing."""
        return self.arguments.get(name, "")

    def whole(self, name: str) -> int:
        """Return an argument as a whole number, 0 if it is none."""
        try:
            return int(self.text(name))
        except ValueError:
            return 0

    def flag(self, name: str) -> bool:
        """Return a yes-or-no argument, false if it is missing."""
        return self.text(name).strip().lower() in ("true", "yes", "1")

    def json(self, name: str, what: str) -> object:
        """Return an argument that is JSON, None if it is missing; `what` names it in the refusal."""
        value = self.text(name)
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise bad_request(f"Can't parse {what} JSON object") from None

    def members(self, name: str, what: str) -> JsonObject:
        """Return an argument that is a JSON object, empty if it is missing; raises `Refusal`."""
        value = self.json(name, what)
        if value is not None and not isinstance(value, dict):
            raise bad_request(f"Object expected as {what}")
        return value or {}

    def message_text(self, *, too_long: str) -> Text:
        """Return the text of a message, parsed and as it will be shown; raises `Refusal`."""
        raw, mode = self.text("text"), self.text("parse_mode").lower()
        if not raw:
            raise bad_request("Message text is empty")
        if len(raw.encode("utf-8", "surrogatepass")) > RAW_LIMIT:
            raise bad_request("Text is too long")
        if mode == "html":
            parsed = parse_html(raw)
        elif mode in ("", "none"):
            parsed = Text(raw, given_entities(as_objects(self.json("entities", "entities"))))
        else:
            raise bad_request("Unsupported parse_mode")
        text = with_found(parsed)
        if not text.words:
            raise bad_request("text must be non-empty")
        if units(text.words) > TEXT_LIMIT:
            raise bad_request(too_long)
        return text
