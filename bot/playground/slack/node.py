"""One value of a payload under inspection: where it stands, and where its faults go.

The wording of the faults is Slack's own, each with the JSON pointer of the faulty value.
"""

import ipaddress
from collections.abc import Collection, Iterable
from urllib.parse import urlsplit

from bot.playground.wire import JsonObject, as_object

ID_LIMIT = 255
"""Characters of an action_id, block_id or callback_id."""


def characters(text: str) -> int:
    """Return a text's length in UTF-16 code units: the strictest of the ways in which Slack may count."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


class Node:
    """A value, its JSON pointer, and the list that collects the faults of the whole payload."""

    def __init__(self, value: object, pointer: str, faults: list[str]) -> None:
        self.value = value
        self.pointer = pointer
        self.faults = faults

    @property
    def members(self) -> JsonObject:
        """The value's members, none if it is no object."""
        return as_object(self.value)

    def fail(self, fault: str) -> None:
        """Note a fault of this value."""
        self.faults.append(f"{fault} [json-pointer:{self.pointer}]")

    def __contains__(self, key: str) -> bool:
        return self.members.get(key) is not None

    def __getitem__(self, key: str) -> "Node":
        return Node(self.members.get(key), f"{self.pointer}/{key}", self.faults)

    def shape(self, required: Collection[str], optional: Collection[str] = ()) -> bool:
        """Check that the value is an object with these members and no others, and return whether it is an object."""
        if not isinstance(self.value, dict):
            self.fail("must be an object")
            return False
        for key in required:
            if key not in self:
                self.fail(f"missing required field: {key}")
        for key in self.value:
            if key not in required and key not in optional:
                self.fail(f"invalid additional property: {key}")
        return True

    def string(self, most: int, *, least: int = 1) -> None:
        """Check a string's length in characters."""
        if not isinstance(self.value, str):
            self.fail("must be a string")
        elif characters(self.value) > most:
            self.fail(f"must be less than {most + 1} characters")
        elif characters(self.value) < least:
            self.fail(f"must be more than {least - 1} characters")

    def link(self, most: int = 3000) -> None:
        """Check a URL: an absolute address of the web, or of mail."""
        self.string(most)
        if not str(self.value).startswith(("http://", "https://", "mailto:", "tel:", "slack://")):
            self.fail("invalid URL")

    def picture(self) -> None:
        """Check the address of an image, which Slack downloads at once: it must be reachable from outside."""
        self.link()
        host = urlsplit(str(self.value)).hostname or ""
        try:
            outside = ipaddress.ip_address(host).is_global
        except ValueError:
            outside = "." in host and not host.endswith((".local", ".internal", ".localhost"))
        if not outside:
            self.fail("downloading image failed")

    def boolean(self) -> None:
        """Check for true or false."""
        if not isinstance(self.value, bool):
            self.fail("must be a boolean")

    def whole(self, least: int, most: int) -> None:
        """Check a whole number's range."""
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            self.fail("must be an integer")
        elif not least <= self.value <= most:
            self.fail(f"must be between {least} and {most}")

    def one_of(self, *allowed: str) -> None:
        """Check for one of a few words."""
        if self.value not in allowed:
            self.fail("must be a valid enum value")

    def items(self, most: int, *, least: int = 1) -> Iterable["Node"]:
        """Check an array's length and return its items."""
        if not isinstance(self.value, list):
            self.fail("must be an array")
            return []
        if len(self.value) > most:
            self.fail(f"no more than {most} items allowed")
        if len(self.value) < least:
            self.fail(f"no less than {least} items allowed")
        return [Node(item, f"{self.pointer}/{index}", self.faults) for index, item in enumerate(self.value)]

    def text(self, most: int, *, plain: bool = False) -> None:
        """Check a text object; with `plain`, only `plain_text` is accepted.

        `emoji` belongs to plain_text and `verbatim` to mrkdwn.
        """
        if not self.shape(("type", "text"), ("emoji", "verbatim")):
            return
        kind = self.members.get("type")
        if kind not in ("plain_text", "mrkdwn") or (plain and kind != "plain_text"):
            self["type"].fail("must be a valid enum value")
        for flag, owner in (("emoji", "plain_text"), ("verbatim", "mrkdwn")):
            if flag in self:
                self[flag].boolean()
                if kind in ("plain_text", "mrkdwn") and kind != owner:
                    self.fail(f"invalid additional property: {flag}")
        if "text" in self:
            self["text"].string(most)

    def optional_text(self, key: str, most: int, *, plain: bool = True) -> None:
        """Check a text object that may be missing."""
        if key in self:
            self[key].text(most, plain=plain)

    def optional_string(self, key: str, most: int) -> None:
        """Check a string that may be missing."""
        if key in self:
            self[key].string(most)

    def optional_booleans(self, *keys: str) -> None:
        """Check booleans that may be missing."""
        for key in keys:
            if key in self:
                self[key].boolean()
