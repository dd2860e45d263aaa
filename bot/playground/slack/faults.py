"""Trouble on demand: the next calls of a method fail in a chosen way.

A fault replaces the call, or with `applied` comes after it: then the message is posted though the caller is not told.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Literal

from bot.playground.slack.workspace import Workspace

ANY = "*"

Kind = Literal["refuse", "status", "garble", "rate_limit", "hang", "cut"]


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
    """What befalls the next `times` calls of `method` (`*`: of any), optionally only those for one chat or person.

    `value` is the error code, the HTTP status or the Retry-After, as the kind has it.
    """

    kind: Kind
    method: str
    value: str = ""
    times: int = 1
    chat: str = ""
    applied: bool = False
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

    def refuse(self, method: str, code: str, *, times: int = 1, chat: str = "") -> None:
        """Answer with `ok: false` and `code`."""
        self.add(Fault("refuse", method, code, times, chat))

    def status(self, method: str, status: int, *, times: int = 1, chat: str = "") -> None:
        """Answer with an HTTP status of a gateway, and no JSON."""
        self.add(Fault("status", method, str(status), times, chat))

    def garble(self, method: str, *, times: int = 1, chat: str = "") -> None:
        """Answer 200 and call it JSON, but send something else."""
        self.add(Fault("garble", method, "", times, chat))

    def rate_limit(self, method: str, retry_after: int, *, times: int = 1, chat: str = "") -> None:
        """Answer 429 with this Retry-After, in seconds."""
        self.add(Fault("rate_limit", method, str(retry_after), times, chat))

    def hang(self, method: str, *, chat: str = "", applied: bool = False) -> Hold:
        """Do not answer until the returned hold is released; with `applied`, the call has already had its effect."""
        return self.add(Fault("hang", method, chat=chat, applied=applied)).hold

    def cut(self, method: str, *, applied: bool, times: int = 1, chat: str = "") -> None:
        """Abort the connection instead of an answer, before or after the call had its effect."""
        self.add(Fault("cut", method, "", times, chat, applied))

    def clear(self) -> None:
        """Forget the script and release whatever hangs."""
        for fault in self._script:
            fault.hold.release()
        self._script.clear()

    def remove(self, fault: Fault) -> None:
        """Take one fault out of the script and release what it holds; one that is not there is no matter."""
        fault.hold.release()
        self._script = [kept for kept in self._script if kept is not fault]

    def next(self, method: str, channel: str) -> Fault | None:
        """Return the fault that befalls a call, using it up."""
        for fault in self._script:
            if fault.times > 0 and fault.method in (method, ANY) and self._same_chat(fault.chat, channel):
                fault.times -= 1
                return fault
        return None

    def _same_chat(self, chat: str, channel: str) -> bool:
        if not chat or chat == channel:
            return True
        names = {known.id for known in self._workspace.channels.values() if chat in (known.name, known.id)}
        for user in self._workspace.users.values():
            if chat in (user.id, user.name):
                names |= {user.id, self._workspace.open_dm(user.id).id}
        return channel.removeprefix("#") in names | {chat}
