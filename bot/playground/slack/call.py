"""One call of the Web API: its arguments, and the workspace it acts on."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.playground.slack.modals import Modals
from bot.playground.slack.refusal import Refusal, refused_content
from bot.playground.slack.socket_mode import SocketHub
from bot.playground.slack.triggers import Triggers
from bot.playground.slack.workspace import Channel, Workspace
from bot.playground.wire import JsonObject, as_text

PAGE = 100
LARGEST_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Call:
    """What a method is given; `address` is the host and port of this server."""

    workspace: Workspace
    triggers: Triggers
    modals: Modals
    sockets: SocketHub
    address: str
    arguments: JsonObject

    def text(self, name: str) -> str:
        """Return an argument that must be given; raises `Refusal`."""
        value = self.optional(name)
        if not value:
            raise refused_content("invalid_arguments", [f"missing required field: {name}"])
        return value

    def optional(self, name: str) -> str:
        """Return an argument as text, empty if it is missing."""
        value = self.arguments.get(name)
        return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else as_text(value)

    def flag(self, name: str) -> bool:
        """Return a yes-or-no argument, false if it is missing."""
        return str(self.arguments.get(name)).lower() in ("true", "1")

    def need(self, scope: str) -> None:
        """Refuse the call unless the app has `scope`."""
        need_scopes(self.workspace, frozenset({scope}))

    def channel(self) -> Channel:
        """Return the channel that the call names by its id; raises `Refusal`."""
        return self.workspace.known(self.text("channel"))

    def page(self, items: Sequence[object], *, key: str) -> JsonObject:
        """Return the part of `items` that `limit` and `cursor` ask for, and the cursor of the next."""
        cursor = self.optional("cursor")
        limit = self.optional("limit") or str(PAGE)
        if not limit.isdigit() or not 1 <= int(limit) <= LARGEST_PAGE:
            raise Refusal("invalid_limit")
        if cursor and not cursor.removeprefix("next:").isdigit():
            raise Refusal("invalid_cursor")
        start = int(cursor.removeprefix("next:")) if cursor else 0
        end = start + int(limit)
        following = f"next:{end}" if end < len(items) else ""
        return {"ok": True, key: list(items[start:end]), "response_metadata": {"next_cursor": following}}


def need_scopes(workspace: Workspace, scopes: frozenset[str]) -> None:
    """Refuse unless the app has every one of `scopes`, naming what is missing and what it has."""
    missing = scopes - workspace.scopes
    if missing:
        extra: JsonObject = {"needed": ",".join(sorted(missing)), "provided": ",".join(sorted(workspace.scopes))}
        raise Refusal("missing_scope", extra)
