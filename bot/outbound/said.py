"""What an answer says beside its status: when to come again, and its words for the timeline."""

import re
from typing import Final

from bot.outbound.client import Reply

MOST_WORDS: Final = 200
LONGEST_WAIT: Final = 3600.0
_SECONDS: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
_MARKUP: Final = re.compile(r"<[^<>]{0,500}>")


def retry_after(reply: Reply, default: float) -> float:
    """Return the seconds that a service asks to be left alone, an hour at most; `default` where it does not say."""
    given = reply.headers.get("retry-after", "").strip()
    return min(float(given), LONGEST_WAIT) if _SECONDS.fullmatch(given) else default


def words_of(reply: Reply) -> str:
    """Return the beginning of a body as one line of plain words, for an answer that is not in the service's form."""
    text = reply.body[: 20 * MOST_WORDS].decode(errors="replace")
    plain = "".join(one if one.isprintable() else " " for one in _MARKUP.sub(" ", text))
    return " ".join(plain.split())[:MOST_WORDS]
