"""A look at an app: what DingTalk grants it, as far as refusals tell, without anything that somebody would see.

There is no call that lists an app's scopes, so of each scope one call is made that can do nothing: a card that does not
exist is changed, a message that was never sent is asked for, a number that nobody has is looked up. Nor is there one
that tells whether the robot is in a group: that shows when something is sent.
Guess: that a template is looked at before the place of a card, so that a place which does not exist is refused last.
"""

from collections.abc import Awaitable, Sequence
from typing import Final

from adapters.dingtalk.config import DingTalkConfig
from adapters.dingtalk.errors import SCOPE_CODES, TEMPLATE_CODES, DingTalkFailed
from adapters.dingtalk.messages import CREATE, UPDATE
from adapters.dingtalk.repeats import new_track
from adapters.dingtalk.web import OpenApi
from bot.adapter import FailureKind, Finding

READ_STATUS: Final = ("GET", "v1.0/robot/oToMessages/readStatus")
BY_MOBILE: Final = "topapi/v2/user/getbymobile"
NOWHERE: Final = "dtv1.card//IM_GROUP.cidOncardDoctor=="
GRANT: Final = "grant {scope} under Permissions of the app, and publish a new version"
# What means that a call came to nothing for want of access, and not because it asked for nothing.
_AWAY: Final = frozenset({FailureKind.UNREACHABLE, FailureKind.UNCERTAIN, FailureKind.RATE_LIMITED, FailureKind.QUOTA})


async def examine(config: DingTalkConfig, api: OpenApi, chats: Sequence[str]) -> list[Finding]:
    """Return what there is to find. Raises DingTalkFailed when there is no token."""
    await api.token()
    findings = [Finding(f"the app {config.client_id} has a token")]
    findings.append(await _robot(config, api))
    if config.card_template_id:
        findings += await _cards(config, api)
    else:
        mend = "import the card template (oncard manifest dingtalk), and give its id as card_template_id"
        findings.append(Finding("messages are the robot's: they are never changed once they are sent", mend))
    findings.append(await _people(api))
    findings += [_chat(chat) for chat in chats]
    return findings


async def _robot(config: DingTalkConfig, api: OpenApi) -> Finding:
    asked = {"robotCode": config.robot, "processQueryKey": "oncard-doctor"}
    why = await _refusal(api.call(READ_STATUS, params=asked))
    if why is None or (why.code not in SCOPE_CODES and why.code != "robotCode.auth" and why.kind not in _AWAY):
        return Finding("the robot may send messages")
    if why.code == "robotCode.auth":
        return Finding(f"the robot is another app's: {why.detail}", "leave robot_code out, or copy it from the robot")
    return Finding(f"the robot may not send messages: {why.detail}", GRANT.format(scope="qyapi_robot_sendmsg"))


async def _cards(config: DingTalkConfig, api: OpenApi) -> list[Finding]:
    why = await _refusal(api.call(UPDATE, {"outTrackId": new_track(), "cardData": {"cardParamMap": {}}}))
    if why is not None and (why.code in SCOPE_CODES or why.kind in _AWAY):
        return [Finding(f"cards may not be sent: {why.detail}", GRANT.format(scope="Card.Instance.Write"))]
    content = {
        "cardTemplateId": config.card_template_id,
        "outTrackId": new_track(),
        "cardData": {"cardParamMap": {}},
        "openSpaceId": NOWHERE,
        "imGroupOpenDeliverModel": {"robotCode": config.robot},
        "callbackType": "STREAM",
    }
    why = await _refusal(api.call(CREATE, content))
    if why is not None and why.code in TEMPLATE_CODES:
        mend = "import the card template (oncard manifest dingtalk), link it to this app and publish it"
        return [Finding("cards may be sent"), Finding(f"the card template cannot be used: {why.detail}", mend)]
    return [Finding("cards may be sent"), Finding("the card template is published")]


async def _people(api: OpenApi) -> Finding:
    why = await _refusal(api.call_old(BY_MOBILE, {"mobile": "10000000000"}))
    if why is not None and (why.code in SCOPE_CODES or why.kind in _AWAY):
        mend = GRANT.format(scope="qyapi_get_member_by_mobile")
        return Finding(f"people cannot be found by mobile number: {why.detail}", mend)
    return Finding("people can be found by mobile number")


def _chat(chat: str) -> Finding:
    if not chat.startswith("cid"):
        mend = "it begins with cid: write to @Oncard in the group, and take it from Oncard's log (chat_heard_of)"
        return Finding(f"chat {chat} is no group's openConversationId", mend)
    return Finding(f"whether the robot is in chat {chat} shows when something is sent there")


async def _refusal(call: Awaitable[object]) -> DingTalkFailed | None:
    try:
        await call
    except DingTalkFailed as failure:
        return failure
    return None
