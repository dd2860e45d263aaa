"""How the Bot API says no: the HTTP status is the error code, the words stand in the description.

The words are those of the server's own source (tdlib/telegram-bot-api 10.0, `Client.cpp`) where it has them.
"""

from bot.playground.wire import JsonObject

NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current content "
    "and reply markup of the message"
)


class Refusal(Exception):
    """A call is refused with `code`; `parameters` are those of the answer, such as `retry_after`."""

    def __init__(self, code: int, description: str, parameters: JsonObject | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters or {}

    def body(self) -> JsonObject:
        """Return the answer's JSON body."""
        body: JsonObject = {"ok": False, "error_code": self.code, "description": self.description}
        return {**body, "parameters": self.parameters} if self.parameters else body


def bad_request(why: str) -> Refusal:
    """Return the refusal of a faulty call; as the server does, its words begin small unless they are a code."""
    small = why if why[1:2].isupper() or why[1:2] == "_" else why[:1].lower() + why[1:]
    return Refusal(400, f"Bad Request: {small}")


def forbidden(why: str) -> Refusal:
    """Return the refusal of what the bot may not do."""
    return Refusal(403, f"Forbidden: {why}")


def too_fast(seconds: int) -> Refusal:
    """Return the refusal of a call that comes too early, by `seconds`."""
    return Refusal(429, f"Too Many Requests: retry after {seconds}", {"retry_after": seconds})
