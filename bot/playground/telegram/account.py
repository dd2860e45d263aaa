"""The methods about the bot itself, its commands, its webhook, and the chats it is in."""

from bot.playground.telegram.access import Door
from bot.playground.telegram.call import Call
from bot.playground.telegram.clicks import Answer
from bot.playground.telegram.commands import read_commands, scope_of
from bot.playground.telegram.refusal import Refusal, bad_request
from bot.playground.telegram.shapes import full_chat_shape, member_shape, user_shape
from bot.playground.telegram.workspace import Workspace
from bot.playground.wire import JsonObject

ANSWER_LIMIT = 200
"""Characters of the answer to a click."""

TOO_OLD = "query is too old and response timeout expired or query ID is invalid"


def get_me(call: Call) -> object:
    """Return the bot."""
    abilities: JsonObject = {
        "can_join_groups": True,
        "can_read_all_group_messages": not call.workspace.privacy,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }
    return {**user_shape(call.workspace.bot), **abilities}


def log_out(call: Call) -> object:
    """Log the bot out, so that it can move to another server: every later call is refused."""
    call.workspace.logged_out = True
    return True


def close(_call: Call) -> object:
    """Close the bot's instance here; the next call opens it again. Too early (10 minutes) is checked by the pace."""
    return True


def answer_click(call: Call) -> object:
    """Answer a click with nothing, a toast, an alert, or an address to open."""
    workspace = call.workspace
    click = call.clicks.find(call.text("callback_query_id"), workspace.clock.now())
    if click is None:
        raise bad_request(TOO_OLD)
    text, url = call.text("text"), call.text("url")
    if len(text) > ANSWER_LIMIT:
        raise bad_request("MESSAGE_TOO_LONG")
    if url and not url.lower().removeprefix("https://").startswith(f"t.me/{workspace.bot.username.lower()}?start="):
        raise bad_request("URL_INVALID")
    call.clicks.answer(click, Answer(text, call.flag("show_alert"), url))
    if text:
        workspace.notify(click.user, click.chat, text, alert=call.flag("show_alert"))
    return True


def set_commands(call: Call) -> object:
    """Publish the commands of a scope."""
    scope = scope_of(call.text("scope"), call.text("language_code"))
    call.commands.publish(scope, read_commands(call.json("commands", "commands")))
    return True


def delete_commands(call: Call) -> object:
    """Take the commands of a scope away."""
    scope = scope_of(call.text("scope"), call.text("language_code"))
    if call.commands.published(scope):
        call.commands.publish(scope, [])
    return True


def get_commands(call: Call) -> object:
    """Return the commands of exactly this scope."""
    return call.commands.published(scope_of(call.text("scope"), call.text("language_code")))


def get_chat(call: Call) -> object:
    """Return a chat."""
    return full_chat_shape(call.workspace, Door(call.workspace, "read").open(call.text("chat_id")))


def get_member(call: Call) -> object:
    """Return the place of a person, or of the bot, in a chat."""
    workspace = call.workspace
    chat = Door(workspace, "edit" if call.text("chat_id").startswith("-") else "read").open(call.text("chat_id"))
    user = workspace.users.get(call.text("user_id"))
    if user is None:
        raise bad_request("invalid user_id specified")
    if user.id == workspace.bot.id:
        return member_shape(user, chat.standing)
    return member_shape(user, "member" if workspace.sees(user.id, chat) else "left")


def set_webhook(call: Call) -> object:
    """Have updates posted to an address; an empty one is like deleteWebhook."""
    webhook = call.webhook
    if not call.text("url"):
        return delete_webhook(call)
    webhook.set(
        call.text("url"),
        call.text("secret_token"),
        call.whole("max_connections"),
        fresh=call.flag("drop_pending_updates"),
    )
    call.updates.allow(call.text("allowed_updates"))
    return True


def delete_webhook(call: Call) -> object:
    """Have updates wait for getUpdates again."""
    call.webhook.unset(fresh=call.flag("drop_pending_updates"))
    return True


def get_webhook(call: Call) -> object:
    """Return where updates are posted, how many wait, and the last error."""
    return call.webhook.info()


def need_token(workspace: Workspace, token: str) -> None:
    """Refuse a call unless its token is the bot's; raises `Refusal`."""
    if token[:1] == "0" or len(token) > 80 or not token.partition(":")[0].isdigit() or ":" not in token:
        raise Refusal(401, "Unauthorized: invalid token specified")
    if token != workspace.tokens.bot or workspace.tokens.revoked:
        raise Refusal(401, "Unauthorized")
    if workspace.logged_out:
        raise Refusal(400, "Logged out")
