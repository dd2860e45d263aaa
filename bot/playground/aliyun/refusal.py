"""How Alibaba Cloud says no: its services with HTTP status 200 and a Code, its gateway with a status of its own."""

from bot.playground.wire import JsonObject


class Refusal(Exception):
    """A call is refused with this code; `status` is 200 where the service itself refuses."""

    def __init__(self, code: str, message: str, status: int = 200) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status

    def body(self, request: str) -> JsonObject:
        """Return the answer's JSON body; `request` is the id of the call."""
        body: JsonObject = {"RequestId": request, "Code": self.code, "Message": self.message}
        if self.status == 200:
            return body
        return body | {"HostId": "aliyuncs.com", "Recommend": f"https://api.aliyun.com/troubleshoot?q={self.code}"}
