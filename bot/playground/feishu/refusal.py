"""How Feishu says no: mostly HTTP 400 with `code`, `msg` and `error`.

Codes and texts: https://open.feishu.cn/document/server-docs/api-call-guide/generic-error-code and each method's page.
Guesses: the HTTP status of the codes that stand in `_STATUS` or are not 400; which sub-code a faulty card has, where
the documentation names only the outer 230099; the words behind `ext=`.
"""

from typing import Final

from bot.playground.wire import JsonObject

TEXTS: Final = {
    9499: "Bad Request",
    10003: "invalid param",
    10014: "app secret invalid",
    11232: "frequency limited psm[lark.oapi.app_platform_runtime]appID[1500]",
    19001: "param invalid: incoming webhook access token invalid",
    19021: "sign match fail or timestamp is not within one hour from current time",
    19022: "Ip Not Allowed",
    19024: "Key Words Not Found",
    18053: "chat type is not supported",
    230001: "Your request contains an invalid request parameter.",
    230002: "The bot can not be outside the group.",
    230006: "Bot ability is not activated.",
    230011: "The message was withdrawn.",
    230013: "Bot has NO availability to this user.",
    230017: "Bot is NOT the owner of the resource.",
    230018: "These operations are NOT allowed at current group settings.",
    230020: "This operation triggers the frequency limit.",
    230025: "The length of the message content reaches its limit.",
    230027: "Lack of necessary permissions.",
    230029: "The user has resigned.",
    230031: "The message has exceeded the time limit for updates.",
    230034: "The receive_id is invalid.",
    230035: "Send Message Permission deny.",
    230053: "The user has stopped receiving messages from the bot.",
    230054: "This operation is not supported for this message type.",
    230071: "The group does not support reply in thread.",
    230099: "Failed to create card content",
    230110: "Action unavailable as the message has been deleted.",
    232006: "Your request specifies a chat_id which is invalid.",
    232009: "Your request specifies a chat which has already been dissolved.",
    234001: "Invalid request param.",
    234006: "The file size exceed the max value.",
    234007: "App does not enable bot feature.",
    234010: "File's size can't be 0.",
    234011: "Can't recognize the image format.",
    234039: "Image resolution exceeds limit.",
    99991400: "request trigger frequency limit",
    99991401: "ip 127.0.0.1 is denied by app setting, please check the IP whitelist of the app",
    99991403: "The monthly API call quota of the tenant has been used up.",
    99991661: "Missing access token for authorization. Please make a test attempt with the access token.",
    99991663: "Invalid access token for authorization. Please make a test attempt with the correct token.",
    99991672: "Access denied.",
    99992351: "The request you send is not a valid {open_id} or not exists, example value: {ou_...}.",
    99992360: "The request you send is not a valid {user_id} or not exists.",
    99992402: "field validation failed",
}
"""The words of each code; a code that is not here says that Feishu refuses."""

_STATUS: Final = {99991400: 429, 10003: 200, 10014: 200}


class Refusal(Exception):
    """A call is refused with `code`; `extra` stands beside it in the body, `headers` in the answer."""

    def __init__(
        self, code: int, msg: str = "", *, extra: JsonObject | None = None, headers: dict[str, str] | None = None
    ) -> None:
        self.code = code
        self.msg = msg or TEXTS.get(code, "Feishu refuses.")
        self.extra = extra or {}
        self.headers = headers or {}
        super().__init__(f"{code} {self.msg}")

    @property
    def status(self) -> int:
        """The HTTP status of the answer."""
        return _STATUS.get(self.code, 400)

    def body(self) -> JsonObject:
        """Return the answer's JSON body."""
        log_id = f"{self.code:034x}".upper()
        return {"code": self.code, "msg": self.msg, "error": {"log_id": log_id, **self.extra}}


def invalid_field(field: str, value: object, why: str) -> Refusal:
    """Return the refusal of a parameter that is missing or wrong."""
    violation: JsonObject = {"field": field, "value": str(value), "description": why}
    return Refusal(99992402, extra={"field_violations": [violation]})


def bad_card(code: int, why: str, value: str = "") -> Refusal:
    """Return the refusal of a card, with the sub-code that says what is wrong with it."""
    at = f" ErrorValue: {value};" if value else ""
    return Refusal(230099, f"Failed to create card content, ext=ErrCode: {code}; ErrMsg: {why};{at} ")


def missing_scopes(app_id: str, scopes: frozenset[str]) -> Refusal:
    """Return the refusal of a call that needs any one of `scopes`."""
    named = ", ".join(sorted(scopes))
    link = f"https://open.feishu.cn/app/{app_id}/auth?q={named.replace(', ', ',')}&op_from=openapi&token_type=tenant"
    violations = [{"type": "action_scope_required", "subject": scope} for scope in sorted(scopes)]
    return Refusal(
        99991672,
        f"Access denied. One of the following scopes is required: [{named}].应用尚未开通所需的应用身份权限："
        f"[{named}]，点击链接申请并开通任一权限即可：{link}",
        extra={"permission_violations": violations, "helps": [{"url": link, "description": "apply for the scope"}]},
    )
