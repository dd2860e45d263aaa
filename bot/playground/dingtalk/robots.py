"""Messages of the app's robot: to groups and to people, taken back, and whether they were read.

Guesses: what a message is refused with that lacks a part which its msgKey needs; that nobody but people in
`invalidStaffIdList` still gives HTTP 200; the reasons in `failedResult`.
"""

from collections.abc import Callable
from typing import Final

from bot.playground.dingtalk import media
from bot.playground.dingtalk.call import Call
from bot.playground.dingtalk.refusal import Refusal
from bot.playground.dingtalk.workspace import Kind, Message
from bot.playground.wire import JsonObject, as_list, as_text

PARAM_BYTES: Final = 15_000
MOST_PEOPLE: Final = 20
NEEDED: Final = {
    "sampleText": ("content",),
    "sampleMarkdown": ("title", "text"),
    "sampleImageMsg": ("photoURL",),
    "sampleActionCard": ("title", "text", "singleTitle", "singleURL"),
    **{
        f"sampleActionCard{n}": (
            "title",
            "text",
            *(f"{part}{i}" for i in range(1, n + 1) for part in ("actionTitle", "actionURL")),
        )
        for n in (2, 3, 4, 5)
    },
    "sampleActionCard6": ("title", "text", "buttonTitle1", "buttonUrl1", "buttonTitle2", "buttonUrl2"),
}
"""What the msgParam of each msgKey must have."""


def draft(call: Call) -> tuple[Kind, JsonObject]:
    """Return the kind and content of the message that a call sends; raises `Refusal`."""
    key, text = call.text("msgKey"), call.text("msgParam")
    if len(text.encode()) > PARAM_BYTES:
        raise Refusal("invalidParameter.msgParam.tooLong", f"msgParam has at most {PARAM_BYTES} bytes")
    if key not in NEEDED:
        raise Refusal("msgKey.invalid", f"msgKey {key!r} is not known")
    param = call.json("msgParam")
    for name in NEEDED[key]:
        if not as_text(param.get(name)):
            raise Refusal("invalidParameter.msgParam.invalid", f"msgParam.{name} is missing or no text")
    if key == "sampleText":
        return "text", {"text": param["content"]}
    if key == "sampleImageMsg":
        if not media.is_shown(call, as_text(param["photoURL"])):
            raise Refusal("invalidParameter.msgParam.invalid", "msgParam.photoURL is no picture")
        return "image", {"url": param["photoURL"]}
    content: JsonObject = {"title": param["title"], "text": param["text"]}
    if key == "sampleMarkdown":
        return "markdown", content
    return "actionCard", {**content, "buttons": _buttons(key, param), "horizontal": key.endswith("6")}


def _buttons(key: str, param: JsonObject) -> list[JsonObject]:
    if key == "sampleActionCard":
        return [{"title": param["singleTitle"], "url": param["singleURL"]}]
    title, url = ("buttonTitle", "buttonUrl") if key.endswith("6") else ("actionTitle", "actionURL")
    return [{"title": param[f"{title}{i}"], "url": param[f"{url}{i}"]} for i in range(1, 6) if f"{title}{i}" in param]


def group_trouble(call: Call, conversation: str) -> str:
    """Return the code with which a message to a group is refused, or nothing."""
    chat = call.workspace.chats.get(conversation)
    if chat is None or chat.kind != "group":
        return "invalid.openConversationId"
    if chat.disbanded:
        return "group.disbanded"
    return "" if chat.bot_member else "invalidParameter.robotCode.notExsit"


def send_to_group(call: Call) -> JsonObject:
    """Send a message to a group."""
    call.robot()
    conversation = call.text("openConversationId")
    trouble = group_trouble(call, conversation)
    if trouble:
        raise Refusal(trouble, f"{trouble}: check that the robot is in the group")
    kind, content = draft(call)
    return {"processQueryKey": post(call, [conversation], kind, content)}


def send_to_people(call: Call) -> JsonObject:
    """Send a message to up to twenty people, each in their direct chat; those it cannot reach are listed."""
    call.robot()
    wanted = [as_text(user) for user in as_list(call.arguments.get("userIds"))]
    if not 0 < len(wanted) <= MOST_PEOPLE:
        raise Refusal("param.invalid", f"userIds: between 1 and {MOST_PEOPLE} people")
    kind, content = draft(call)
    invalid = [user for user in wanted if call.person(user) is None]
    held = [user for user in wanted if user in call.workspace.flow_controlled and user not in invalid]
    reached = [user for user in wanted if user not in (*invalid, *held)]
    key = post(call, [call.workspace.direct(user).id for user in reached], kind, content)
    return {"processQueryKey": key, "invalidStaffIdList": invalid, "flowControlledStaffIdList": held}


def post(call: Call, chats: list[str], kind: Kind, content: JsonObject) -> str:
    """Post one message into each of these chats and return the key that they share."""
    key = f"pqk{call.workspace.new_id()}"
    for chat in chats:
        now = call.workspace.clock.now()
        call.workspace.post(Message(call.workspace.new_id(), chat, "", kind, content, now, key=key))
    return key


def recall(call: Call) -> JsonObject:
    """Take back what was sent under these keys."""
    call.robot()
    keys = call.arguments.get("processQueryKeys")
    done, failed = [], {}
    for key in [as_text(key) for key in as_list(keys)]:
        found = call.workspace.sent(key)
        for message in found:
            call.workspace.recall(message)
        if found:
            done.append(key)
        else:
            failed[key] = "processQueryKey is not known"
    return {"successResult": done, "failedResult": failed}


def read_status(call: Call) -> JsonObject:
    """Tell who has read a message to people."""
    call.robot()
    messages = call.workspace.sent(call.text("processQueryKey"))
    readers = []
    for message in messages:
        user = call.workspace.users[call.workspace.chats[message.chat].user]
        at = call.workspace.read.get(message.id)
        status: JsonObject = {"userId": user.id, "name": user.nick, "readStatus": "READ" if at else "UNREAD"}
        readers.append({**status, "readTimestamp": int(at.timestamp() * 1000)} if at else status)
    return {"sendStatus": "SUCCESS" if messages else "RECALLED", "messageReadInfoList": readers}


ROBOT_METHODS: dict[str, Callable[[Call], JsonObject]] = {
    "POST robot/groupMessages/send": send_to_group,
    "POST robot/oToMessages/batchSend": send_to_people,
    "POST robot/groupMessages/recall": recall,
    "POST robot/otoMessages/batchRecall": recall,
    "POST robot/oToMessages/batchRecall": recall,
    "GET robot/oToMessages/readStatus": read_status,
}
