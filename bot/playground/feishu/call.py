"""One call of the OpenAPI: its arguments, and the tenant it acts on."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from bot.playground.feishu.pace import EACH, Pace
from bot.playground.feishu.refusal import Refusal, invalid_field
from bot.playground.feishu.tenant import Tenant, User
from bot.playground.multipart import Part
from bot.playground.wire import JsonObject, as_text

PAGE: Final = 20
LARGEST_PAGE: Final = 100


@dataclass(slots=True)
class Sent:
    """The messages that were sent with a `uuid`, for an hour."""

    by_uuid: dict[str, tuple[datetime, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """What a method is given: the tenant, what is counted, and the arguments of path, query and body."""

    tenant: Tenant
    pace: Pace
    sent: Sent
    path: dict[str, str]
    query: dict[str, str]
    body: JsonObject
    files: Mapping[str, Part] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return a member of the body that must be a string and be there; raises Refusal."""
        value = as_text(self.body.get(name))
        if not value:
            raise invalid_field(name, self.body.get(name), f"{name} is required")
        return value

    def asked(self, name: str, *allowed: str) -> str:
        """Return a query parameter, which must be one of `allowed`, by default the first; raises Refusal."""
        value = self.query.get(name) or (allowed[0] if name != "receive_id_type" else "")
        if value not in allowed:
            raise invalid_field(name, value, f"{name} is one of {', '.join(allowed)}")
        return value

    def content(self) -> JsonObject:
        """Return the member `content`: JSON in a string; raises Refusal."""
        try:
            value = json.loads(self.text("content"))
        except json.JSONDecodeError:
            raise Refusal(
                230001, "Your request contains an invalid request parameter, ext=content is not a JSON"
            ) from None
        if not isinstance(value, dict):
            raise Refusal(230001, "Your request contains an invalid request parameter, ext=content is not an object")
        return value

    def slow_down(self, what: str) -> None:
        """Count something that may happen five times a second; raises Refusal."""
        if self.pace.take(what, EACH, self.tenant.clock.now()):
            raise Refusal(230020)

    def person(self, kind: str, value: str) -> User:
        """Return the person whom an id of this kind names; raises Refusal."""
        for user in self.tenant.users.values():
            ids = {"open_id": user.id, "user_id": user.user_id, "union_id": user.union_id, "email": user.email}
            if ids.get(kind) == value:
                return user
        match kind:
            case "open_id" | "union_id":
                raise Refusal(99992351, extra={"invalid_ids": [value]})
            case "user_id":
                raise Refusal(99992360)
            case _:
                raise Refusal(230034)

    def page(self, items: Sequence[object]) -> JsonObject:
        """Return the part of `items` that `page_size` and `page_token` ask for, and the token of the next."""
        size, token = self.query.get("page_size") or str(PAGE), self.query.get("page_token") or "next_0"
        if not size.isdigit() or not 1 <= int(size) <= LARGEST_PAGE:
            raise invalid_field("page_size", size, f"page_size is from 1 to {LARGEST_PAGE}")
        if not token.removeprefix("next_").isdigit():
            raise invalid_field("page_token", token, "page_token is invalid")
        start = int(token.removeprefix("next_"))
        end = start + int(size)
        more = end < len(items)
        return {"items": list(items[start:end]), "page_token": f"next_{end}" if more else "", "has_more": more}
