"""How Tencent Cloud says no: HTTP status 200, and an Error beside the request's id, or a Code beside one number."""

from bot.playground.wire import JsonObject


class Refusal(Exception):
    """A call, or what it wants for one number, is refused with this code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def body(self, request: str) -> JsonObject:
        """Return the answer's JSON body; `request` is the id of the call."""
        return {"Response": {"Error": {"Code": self.code, "Message": self.message}, "RequestId": request}}
