"""How Slack says no: HTTP 200 with `ok: false` and an error code."""

from collections.abc import Sequence

from bot.playground.wire import JsonObject


class Refusal(Exception):
    """A Web API call is refused with `code`; `extra` stands beside it in the body."""

    def __init__(self, code: str, extra: JsonObject | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.extra = extra or {}

    def body(self) -> JsonObject:
        """Return the answer's JSON body."""
        return {"ok": False, "error": self.code, **self.extra}


def refused_content(code: str, faults: Sequence[str]) -> Refusal:
    """Return the refusal of a body whose `faults` Slack lists, each with the pointer to the faulty value."""
    return Refusal(
        code,
        {
            "errors": list(faults),
            "response_metadata": {"messages": [f"[ERROR] {fault}" for fault in faults]},
        },
    )
