"""The views.* methods: open, push and update modals."""

from bot.playground.slack.call import Call
from bot.playground.slack.modals import View, read_view
from bot.playground.slack.workspace import Workspace
from bot.playground.wire import JsonObject


def open_view(call: Call) -> JsonObject:
    """Open a modal for the person whose trigger id is given."""
    content = read_view(call.arguments.get("view"))
    user = call.triggers.exchange(call.text("trigger_id"), call.workspace.clock.now())
    return _answer(call, call.modals.open(user, content))


def push_view(call: Call) -> JsonObject:
    """Open a modal above the one that is open."""
    content = read_view(call.arguments.get("view"))
    user = call.triggers.exchange(call.text("trigger_id"), call.workspace.clock.now())
    return _answer(call, call.modals.push(user, content))


def update_view(call: Call) -> JsonObject:
    """Replace what an open modal shows."""
    content = read_view(call.arguments.get("view"))
    return _answer(call, call.modals.update(call.arguments, content))


def _answer(call: Call, view: View) -> JsonObject:
    call.workspace.changed("view", user=view.user)
    return {"ok": True, "view": view_shape(call.workspace, view)}


def view_shape(workspace: Workspace, view: View) -> JsonObject:
    """Return a view object as the Web API and the payloads show it."""
    defaults: JsonObject = {"callback_id": "", "private_metadata": "", "external_id": "", "submit": None, "close": None}
    return {
        **defaults,
        **view.content,
        "id": view.id,
        "team_id": workspace.team_id,
        "hash": view.hash,
        "root_view_id": view.id,
        "previous_view_id": None,
        "app_id": workspace.app_id,
        "bot_id": workspace.bot_id,
        "state": {"values": {}},
    }
