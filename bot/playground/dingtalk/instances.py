"""Cards: created and delivered in one call, changed by their outTrackId; and where their HTTP callbacks go.

Guesses: the words of `errorMsg` where a card could not be delivered to one of its spaces (the codes that a robot's
message would be refused with), that a card which reached none of them exists nevertheless, and the codes for a
malformed openSpaceId and for a route that is registered twice.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from bot.playground.dingtalk.call import Call
from bot.playground.dingtalk.interactivity import Route
from bot.playground.dingtalk.limits import OPEN_SPACE_ID_LENGTH, OUT_TRACK_ID_LENGTH, check_private, check_values
from bot.playground.dingtalk.refusal import Refusal
from bot.playground.dingtalk.robots import group_trouble
from bot.playground.dingtalk.workspace import CardInstance, Chat, Message
from bot.playground.wire import JsonObject, as_list, as_object, as_text

SPACE_PREFIX = "dtv1.card//"


def create_and_deliver(call: Call) -> JsonObject:
    """Create a card and put it into its spaces; each space has its own result."""
    track = call.text("outTrackId")
    if len(track) > OUT_TRACK_ID_LENGTH:
        raise Refusal("param.invalid", f"outTrackId: at most {OUT_TRACK_ID_LENGTH} characters")
    if track in call.workspace.cards:
        raise Refusal("param.cardAlreadyExist", f"a card with the outTrackId {track} exists already")
    card = _new_card(call, track)
    spaces = _spaces(call.text("openSpaceId"))
    call.workspace.store_card(card)
    results = [_deliver(call, card, kind, identity) for kind, identity in spaces]
    return {"success": True, "result": {"outTrackId": track, "deliverResults": results}}


def _new_card(call: Call, track: str) -> CardInstance:
    template = call.workspace.templates.get(call.text("cardTemplateId"))
    if template is None:
        raise Refusal("param.templateNotExist", "the card template does not exist")
    if not template.published:
        raise Refusal("param.templateUnpublished", "the card template is not published")
    data = check_values(as_object(as_object(call.arguments.get("cardData")).get("cardParamMap")))
    private = check_private(call.arguments.get("privateData"))
    kind: Literal["STREAM", "HTTP"] = "STREAM" if call.optional("callbackType") == "STREAM" else "HTTP"
    return CardInstance(track, template, data, private, kind, call.optional("callbackRouteKey"))


def _spaces(text: str) -> list[tuple[str, str]]:
    """Return the kind and id of each space in an openSpaceId."""
    if len(text) > OPEN_SPACE_ID_LENGTH or not text.startswith(SPACE_PREFIX):
        raise Refusal("param.invalid", f"openSpaceId: begins with {SPACE_PREFIX}, at most {OPEN_SPACE_ID_LENGTH} long")
    found = []
    for part in text.split(";"):
        kind, dot, identity = part.removeprefix(SPACE_PREFIX).partition(".")
        if kind not in ("IM_GROUP", "IM_ROBOT") or not dot or not identity:
            raise Refusal("param.invalid", f"openSpaceId: {part!r} is neither IM_GROUP.<id> nor IM_ROBOT.<userId>")
        found.append((kind, identity))
    return found


def _deliver(call: Call, card: CardInstance, kind: str, identity: str) -> JsonObject:
    group = kind == "IM_GROUP"
    model = as_object(call.arguments.get("imGroupOpenDeliverModel" if group else "imRobotOpenDeliverModel"))
    result: JsonObject = {"spaceType": kind, "spaceId": identity}
    chat, trouble = _group(call, identity, model) if group else _direct(call, identity, model)
    if chat is None:
        return {**result, "success": False, "errorMsg": trouble}
    carrier = call.workspace.new_id()
    mentions = tuple(as_object(model.get("atUserIds")))
    readers = tuple(as_text(user) for user in as_list(model.get("recipients")))
    now = call.workspace.clock.now()
    notice = as_object(call.arguments.get("imGroupOpenSpaceModel" if group else "imRobotOpenSpaceModel"))
    content: JsonObject = {
        "preview": as_object(notice.get("lastMessageI18n")),
        "alert": as_text(as_object(notice.get("notification")).get("alertContent")),
    }
    call.workspace.post(
        Message(
            carrier, chat.id, "", "card", content, now, card.out_track_id, carrier, mentions=mentions, readers=readers
        )
    )
    return {**result, "success": True, "carrierId": carrier, "errorMsg": ""}


def _group(call: Call, identity: str, model: JsonObject) -> tuple[Chat | None, str]:
    if as_text(model.get("robotCode")) != call.workspace.app.client_id:
        return None, "robotCode.auth"
    trouble = group_trouble(call, identity)
    return (None, trouble) if trouble else (call.workspace.chats[identity], "")


def _direct(call: Call, identity: str, model: JsonObject) -> tuple[Chat | None, str]:
    if as_text(model.get("spaceType")) != "IM_ROBOT":
        return None, "param.invalid: imRobotOpenDeliverModel.spaceType"
    user = call.person(identity)
    return (None, "param.userIdNotExist") if user is None else (call.workspace.direct(user.id), "")


def update(call: Call) -> JsonObject:
    """Change a card's values: all of them, or with `updateCardDataByKey` those that are given."""
    track = call.text("outTrackId")
    card = call.workspace.cards.get(track)
    if card is None:
        raise Refusal("param.cardNotExist", f"no card has the outTrackId {track}")
    if track in call.interactivity.pending:
        call.interactivity.updates_during_callback.append(track)
    options = as_object(call.arguments.get("cardUpdateOptions"))
    data, private = card.data, card.private
    if "cardData" in call.arguments:
        values = check_values(as_object(as_object(call.arguments["cardData"]).get("cardParamMap")))
        data = {**data, **values} if options.get("updateCardDataByKey") is True else values
    if "privateData" in call.arguments:
        by_key = options.get("updatePrivateDataByKey") is True
        new = check_private(call.arguments["privateData"])
        private = {**private, **{u: {**private.get(u, {}), **v} if by_key else v for u, v in new.items()}}
    call.workspace.store_card(replace(card, data=data, private=private, edits=card.edits + 1))
    return {"success": True, "result": True}


def register_callback(call: Call) -> JsonObject:
    """Register where the HTTP callbacks of cards with a route key go."""
    key, url = call.text("callbackRouteKey"), call.text("callbackUrl")
    secret = call.optional("apiSecret") or f"{key}-{call.workspace.corp_id}"
    if key in call.interactivity.routes and call.arguments.get("forceUpdate") is not True:
        raise Refusal("param.callbackRouteKeyExist", "the callbackRouteKey is registered already")
    call.interactivity.routes[key] = Route(url, secret)
    call.interactivity.hide([secret])
    return {"success": True, "result": {"callbackUrl": url, "apiSecret": secret}}


CARD_METHODS: dict[str, Callable[[Call], JsonObject]] = {
    "POST card/instances/createAndDeliver": create_and_deliver,
    "PUT card/instances": update,
    "POST card/callbacks/register": register_callback,
}
