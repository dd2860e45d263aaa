"""Trouble on demand: the next calls of a method fail in a chosen way.

A fault replaces the call, or with `applied` comes after it: then the message is sent though the caller is not told.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Literal

from bot.playground.telegram.polling import BY_OTHER
from bot.playground.telegram.refusal import Refusal, too_fast
from bot.playground.telegram.workspace import Workspace

ANY = "*"
FOR_EVER = 1_000_000_000

Kind = Literal["refuse", "status", "garble", "hang", "cut"]


class Hold:
    """A call that hangs: `reached` is set when it has arrived, `release` lets it go on."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.released = asyncio.Event()

    def release(self) -> None:
        """Let the held calls go on."""
        self.released.set()


@dataclass(slots=True)
class Fault:
    """What befalls the next `times` calls of `method` (`*`: of any), optionally only those for one chat or person."""

    kind: Kind
    method: str
    times: int = 1
    chat: str = ""
    applied: bool = False
    status: int = 0
    refusal: Refusal | None = None
    hold: Hold = field(default_factory=Hold)


class Faults:
    """The script of faults still to come; the first that fits a call is used up by it."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._script: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Put a fault at the end of the script."""
        self._script.append(fault)
        return fault

    def refuse(self, method: str, code: int, description: str, *, times: int = 1, chat: str = "") -> None:
        """Answer with `ok: false`, this error code (also the HTTP status) and this whole description."""
        self.add(Fault("refuse", method, times, chat, refusal=Refusal(code, description)))

    def rate_limit(self, method: str, retry_after: int, *, times: int = 1, chat: str = "") -> None:
        """Answer 429 with this `retry_after`, in seconds."""
        self.add(Fault("refuse", method, times, chat, refusal=too_fast(retry_after)))

    def restart(self, method: str = ANY, *, times: int = 1) -> None:
        """Answer as a server that is being restarted."""
        self.refuse(method, 500, "Internal Server Error: restart", times=times)

    def conflict(self, *, times: int = FOR_EVER) -> None:
        """Answer polls as if a second instance of the bot polled too."""
        self.refuse("getUpdates", 409, f"Conflict: {BY_OTHER}", times=times)

    def status(self, method: str, status: int, *, times: int = 1, chat: str = "") -> None:
        """Answer with an HTTP status of a gateway, and its HTML."""
        self.add(Fault("status", method, times, chat, status=status))

    def garble(self, method: str, *, times: int = 1, chat: str = "") -> None:
        """Answer 200 and call it JSON, but send something else."""
        self.add(Fault("garble", method, times, chat))

    def hang(self, method: str, *, times: int = 1, chat: str = "", applied: bool = False) -> Hold:
        """Do not answer until the returned hold is released; with `applied`, the call has already had its effect."""
        return self.add(Fault("hang", method, times, chat, applied=applied)).hold

    def stall(self) -> Hold:
        """Never answer a poll again, until the returned hold is released or the faults are cleared."""
        return self.hang("getUpdates", times=FOR_EVER)

    def cut(self, method: str, *, applied: bool, times: int = 1, chat: str = "") -> None:
        """Abort the connection instead of an answer, before or after the call had its effect."""
        self.add(Fault("cut", method, times, chat, applied))

    def clear(self) -> None:
        """Forget the script and release whatever hangs."""
        for fault in self._script:
            fault.hold.release()
        self._script.clear()

    def next(self, method: str, chat_id: str) -> Fault | None:
        """Return the fault that befalls a call, using it up."""
        for fault in self._script:
            fits = fault.method == ANY or fault.method.lower() == method.lower()
            if fault.times > 0 and fits and self._same_chat(fault.chat, chat_id):
                fault.times -= 1
                return fault
        return None

    def _same_chat(self, chat: str, chat_id: str) -> bool:
        if not chat or chat == chat_id:
            return True
        groups = {known.id for known in self._workspace.chats.values() if chat == known.name}
        return chat_id in groups | {user.id for user in self._workspace.users.values() if chat == user.name}
