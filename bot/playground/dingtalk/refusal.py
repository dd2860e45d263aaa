"""How DingTalk says no: HTTP 400 and a code with the new API, HTTP 200 and an error number with the old one."""

from bot.playground.wire import JsonObject


class Refusal(Exception):
    """A call that is refused with DingTalk's own code; `extra` goes into the body beside it."""

    def __init__(self, code: str, message: str = "", *, status: int = 400, extra: JsonObject | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.message = message or code
        self.status = status
        self.extra = extra or {}

    def body(self, request_id: str) -> JsonObject:
        """Return the answer's body in the new API."""
        return {"code": self.code, "message": self.message, "requestid": request_id, **self.extra}

    def old_body(self, request_id: str) -> JsonObject:
        """Return the answer's body in the old API; a code that is no number becomes the general one, -1."""
        number = int(self.code) if self.code.lstrip("-").isdigit() else -1
        return {"errcode": number, "errmsg": self.message, "request_id": request_id, **self.extra}
