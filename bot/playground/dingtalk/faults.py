"""Trouble on demand: the next calls of a method fail in a chosen way.

A fault replaces the call, or with `applied` comes after it: then the message is posted though the caller is not told.
A method is named by its path without the version: `card/instances/createAndDeliver`, `robot/groupMessages/send`,
`gateway/connections/open`, `topapi/v2/user/getbymobile`, `robot/send`; `connect` is the WebSocket itself.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Literal

from bot.playground.dingtalk.workspace import Workspace

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
        """Answer with `code`: HTTP 400 in the new API, HTTP 200 and `errcode` in the old one and at webhooks."""
        self.add(Fault("refuse", method, code, times, chat))

    def status(self, method: str, status: int, *, times: int = 1, chat: str = "") -> None:
        """Answer with an HTTP status of a gateway, and its HTML page."""
        self.add(Fault("status", method, str(status), times, chat))

    def garble(self, method: str, *, times: int = 1, chat: str = "") -> None:
        """Answer 200 and call it JSON, but send something else."""
        self.add(Fault("garble", method, "", times, chat))

    def rate_limit(self, method: str, retry_after: int, *, times: int = 1, chat: str = "") -> None:
        """Answer 429 with this Retry-After, in seconds, and the code of too many calls a second."""
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

    def next(self, method: str, about: str = "") -> Fault | None:
        """Return the fault that befalls a call, using it up; `about` is the text that names its chats and people."""
        for fault in self._script:
            if fault.times > 0 and fault.method in (method, ANY) and self._concerns(fault.chat, about):
                fault.times -= 1
                return fault
        return None

    def _concerns(self, chat: str, about: str) -> bool:
        if not chat:
            return True
        named = {known.id for known in self._workspace.chats.values() if chat in (known.name, known.id)}
        named |= {user.id for user in self._workspace.users.values() if chat in (user.name, user.id)}
        return any(identity in about for identity in named)
