"""What the tests of the cloud providers share: a page, the core as a provider sees it, and the door to a provider."""

import asyncio
from collections.abc import Callable

from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import Response

from bot.domain.event import Severity
from bot.playground.actions import ActionEndpoint
from bot.playground.phones import Call, Phones
from bot.provider import Envelope, Report
from cards.card import Card, Message, Note, Tone
from cards.script import Script
from tests.adapters.providers import desk
from tests.playground.manual_clock import ManualClock

SECRET = "callback-secret-of-the-test"
REFERENCE = "m-42.signed"
PAGE = Card(42, Severity.CRITICAL, "严重", Tone.CRITICAL, "磁盘将满 db.prod.cn", "磁盘将满", ("没有人接手",))
NAMES = (
    *("phone_number", "success", "err_code", "biz_id", "out_id", "content", "sequence_id", "call_id", "status_code"),
    *("dtmf", "sid", "nationcode", "mobile", "text", "report_status", "callid", "keypress", "result", "failure_code"),
    *("voicekey_callback", "voiceprompt_callback", "voice_failure_callback"),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(("300000", "200008", "86")),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=8,
)
ITEMS = st.lists(st.dictionaries(st.sampled_from(NAMES), VALUES) | VALUES, max_size=4)
"""What may stand in a callback, in its right form or in any other."""

CODE = Note(("Oncard: 123456",), code="123456")
MENU = Script(("磁盘将满",), locale="zh")


def envelope(
    to: str = "+8613900000001", message: Message = PAGE, *, reference: str = REFERENCE, script: Script | None = None
) -> Envelope:
    """Return what the core would send."""
    return Envelope(to, message, reference, locale="zh", script=script)


class Desk(desk.Desk):
    """The core. `away`: so many of the next fail, as without a database."""

    def __init__(self) -> None:
        super().__init__()
        self.away = 0

    async def reported(self, report: Report) -> None:
        if self.away:
            self.away -= 1
            raise OSError("the database is away")
        await super().reported(report)


class Door(desk.Door):
    """Our public address; what the provider raises is answered 500."""

    def at(self, path: str) -> str:
        """Return the address to write into the vendor's console."""
        return f"{self.address}{SECRET}/{path}"

    async def _take(self, request: Request) -> Response:
        try:
            return await super()._take(request)
        except OSError:
            return Response(status_code=500)


async def ringing(phones: Phones, who: str = "ana") -> Call:
    """Wait until somebody's phone rings."""
    await _until(phones, lambda: bool(phones.phone(who).calls))
    return phones.phone(who).calls[-1]


async def heard(call: Call, words: str, phones: Phones) -> None:
    """Wait until the call has said it."""
    await _until(phones, lambda: any(words in said for said in call.heard))


async def until_idle(server: ActionEndpoint, clock: ManualClock, step: float = 1.0) -> None:
    """Let time pass, so many seconds at once, until nobody is being called and everything is told."""
    idle = asyncio.ensure_future(server.idle())
    while not idle.done():
        await asyncio.sleep(0.002)
        clock.advance(step)


def texts_of(phones: Phones, who: str = "ana") -> list[str]:
    """Return the SMS that somebody has got."""
    return [text.words for text in phones.phone(who).texts if text.incoming]


async def _until(phones: Phones, holds: Callable[[], bool]) -> None:
    changed = asyncio.Event()
    with phones.watching(changed.set):
        while not holds():
            await changed.wait()
            changed.clear()
