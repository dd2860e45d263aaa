"""Modals: checked, opened with a trigger id, stacked up to three, updated by id and hash.

Limits: https://docs.slack.dev/reference/views/modal-views.
"""

import json
import secrets
from dataclasses import dataclass, replace

from bot.playground.slack.blocks import VIEW_BLOCKS, block_faults
from bot.playground.slack.node import ID_LIMIT, Node
from bot.playground.slack.refusal import Refusal, refused_content
from bot.playground.wire import JsonObject, as_list, as_object, as_text

TITLE = 24
PRIVATE_METADATA = 3000
VIEW_BYTES = 250_000
STACK = 3


@dataclass(frozen=True, slots=True)
class View:
    """An open view of one person; `content` is as the app sent it."""

    id: str
    user: str
    hash: str
    content: JsonObject


def read_view(value: object) -> JsonObject:
    """Return a checked modal, which a form carries as JSON text; raises `Refusal`."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except json.JSONDecodeError:
            raise refused_content("invalid_arguments", ["view must be valid JSON [json-pointer:/view]"]) from None
    if len(json.dumps(value)) > VIEW_BYTES:
        raise Refusal("view_too_large")
    faults = view_faults(value)
    if faults:
        raise refused_content("invalid_arguments", faults)
    return as_object(value)


def view_faults(value: object) -> list[str]:
    """Return the faults of a modal."""
    faults: list[str] = []
    view = Node(value, "/view", faults)
    optional = (
        "submit",
        "close",
        "private_metadata",
        "callback_id",
        "clear_on_close",
        "notify_on_close",
        "external_id",
        "submit_disabled",
    )
    if not view.shape(("type", "title", "blocks"), optional):
        return faults
    view["type"].one_of("modal")
    for key in ("title", "submit", "close"):
        view.optional_text(key, TITLE)
    view.optional_string("callback_id", ID_LIMIT)
    view.optional_string("external_id", ID_LIMIT)
    if "private_metadata" in view:
        view["private_metadata"].string(PRIVATE_METADATA, least=0)
    view.optional_booleans("clear_on_close", "notify_on_close")
    if "blocks" in view:
        faults += block_faults(view["blocks"].value, "/view/blocks", VIEW_BLOCKS)
    kinds = {as_object(block).get("type") for block in as_list(as_object(value).get("blocks"))}
    if "input" in kinds and "submit" not in view:
        view["submit"].fail("missing required field: submit")
    return faults


class Modals:
    """The stacks of open modals, one per person, the topmost last."""

    def __init__(self) -> None:
        self._stacks: dict[str, list[View]] = {}

    def top(self, user: str) -> View | None:
        """Return the modal that a person sees."""
        stack = self._stacks.get(user)
        return stack[-1] if stack else None

    def open(self, user: str, content: JsonObject) -> View:
        """Open a modal, in place of what was open."""
        self._stacks[user] = []
        return self.push(user, content)

    def push(self, user: str, content: JsonObject) -> View:
        """Open a modal above the present one."""
        stack = self._stacks.setdefault(user, [])
        if len(stack) >= STACK:
            raise Refusal("push_limit_reached")
        external_id = as_text(content.get("external_id"))
        if external_id and self._find("", external_id) is not None:
            raise Refusal("duplicate_external_id")
        view = View(f"V{secrets.token_hex(5).upper()}", user, _hash(), content)
        stack.append(view)
        return view

    def update(self, arguments: JsonObject, content: JsonObject) -> View:
        """Replace the content of the view that `view_id` or `external_id` names; a wrong `hash` is a conflict."""
        found = self._find(as_text(arguments.get("view_id")), as_text(arguments.get("external_id")))
        if found is None:
            raise Refusal("not_found")
        if arguments.get("hash") not in (None, "", found.hash):
            raise Refusal("hash_conflict")
        changed = replace(found, hash=_hash(), content=content)
        stack = self._stacks[found.user]
        stack[stack.index(found)] = changed
        return changed

    def answered(self, view: View, body: JsonObject) -> None:
        """Do what the app's answer to a submission says; no answer closes the view."""
        match body.get("response_action"):
            case "errors":
                return
            case "update":
                self.update({"view_id": view.id}, read_view(body.get("view")))
            case "push":
                self.push(view.user, read_view(body.get("view")))
            case "clear":
                self.close(view, whole_stack=True)
            case _:
                self.close(view)

    def close(self, view: View, *, whole_stack: bool = False) -> None:
        """Close a view, or everything its person has open."""
        kept = [] if whole_stack else [other for other in self._stacks.get(view.user, []) if other.id != view.id]
        self._stacks[view.user] = kept

    def _find(self, view_id: str, external_id: str) -> View | None:
        for stack in self._stacks.values():
            for view in stack:
                if (view_id and view.id == view_id) or (external_id and view.content.get("external_id") == external_id):
                    return view
        return None


def _hash() -> str:
    return secrets.token_hex(8)
