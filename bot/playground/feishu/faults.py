"""Trouble on demand: the next calls of a method fail in a chosen way.

A fault replaces the call, or with `applied` comes after it: then the message is posted though the caller is not told.
Methods are named as in `methods.METHODS`, beside them `bot.v2.hook`, `ws.endpoint` (the discovery of the long
connection) and `ws.connect` (its handshake, which every kind of fault makes hang).
"""

import asyncio
from dataclasses import dataclass, field
from typing import Literal

from bot.playground.feishu.tenant import Tenant

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

    `value` is the error code, the HTTP status or the seconds of x-ogw-ratelimit-reset, as the kind has it.
    """

    kind: Kind
    method: str
    value: int = 0
    times: int = 1
    chat: str = ""
    msg: str = ""
    applied: bool = False
    hold: Hold = field(default_factory=Hold)


class Faults:
    """The script of faults still to come; the first that fits a call is used up by it."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._script: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Put a fault at the end of the script."""
        self._script.append(fault)
        return fault

    def refuse(self, method: str, code: int, *, msg: str = "", times: int = 1, chat: str = "") -> None:
        """Answer with `code`, and with Feishu's words for it unless `msg` is given."""
        self.add(Fault("refuse", method, code, times, chat, msg))

    def status(self, method: str, status: int, *, times: int = 1, chat: str = "") -> None:
        """Answer with an HTTP status and the HTML page of a gateway."""
        self.add(Fault("status", method, status, times, chat))

    def garble(self, method: str, *, times: int = 1, chat: str = "") -> None:
        """Answer 200 and call it JSON, but send something else."""
        self.add(Fault("garble", method, 0, times, chat))

    def rate_limit(self, method: str, reset: int, *, times: int = 1, chat: str = "") -> None:
        """Answer 429 with 99991400 and this x-ogw-ratelimit-reset, in seconds."""
        self.add(Fault("rate_limit", method, reset, times, chat))

    def hang(self, method: str, *, chat: str = "", applied: bool = False) -> Hold:
        """Do not answer until the returned hold is released; with `applied`, the call has already had its effect."""
        return self.add(Fault("hang", method, chat=chat, applied=applied)).hold

    def cut(self, method: str, *, applied: bool, times: int = 1, chat: str = "") -> None:
        """Abort the connection instead of an answer, before or after the call had its effect."""
        self.add(Fault("cut", method, 0, times, chat, applied=applied))

    def clear(self) -> None:
        """Forget the script and release whatever hangs."""
        for fault in self._script:
            fault.hold.release()
        self._script.clear()

    def remove(self, fault: Fault) -> None:
        """Take one fault out of the script and release what it holds; one that is not there is no matter."""
        fault.hold.release()
        self._script = [kept for kept in self._script if kept is not fault]

    def next(self, method: str, address: str = "") -> Fault | None:
        """Return the fault that befalls a call for a chat, person or message, using it up."""
        for fault in self._script:
            if fault.times > 0 and fault.method in (method, ANY) and self._same(fault.chat, address):
                fault.times -= 1
                return fault
        return None

    def _same(self, chat: str, address: str) -> bool:
        """Whether `address` (an id or e-mail of a chat, person or message) means the chat or person that was named."""
        if chat in ("", address):
            return True
        tenant = self._tenant
        message = tenant.message(address)
        at = message.chat if message else address
        names = {known.id for known in tenant.chats.values() if chat in (known.name, known.id)}
        for user in tenant.users.values():
            if chat in (user.id, user.name):
                direct = (known.id for known in tenant.chats.values() if known.user == user.id)
                names |= {user.id, user.user_id, user.union_id, user.email, *direct}
        return at in names
