"""Trouble on demand: a command of the protocol is refused, hangs or loses its connection; a mail comes back later."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal

FOR_EVER: Final = 1_000_000_000
GREY: Final = "451 4.7.1 Greylisted, try again later"


class Command(StrEnum):
    """Where trouble can befall: `DATA` is when the whole mail has been handed over."""

    EHLO = "EHLO"
    AUTH = "AUTH"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"


class Hold:
    """A command that hangs: `reached` is set when it has come, `release` lets it go on."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.released = asyncio.Event()

    def release(self) -> None:
        """Let the held commands go on."""
        self.released.set()


@dataclass(slots=True)
class Fault:
    """What befalls the next `times` of a command, optionally only for mail to one address."""

    kind: Literal["refuse", "hang", "cut"]
    command: Command
    times: int = 1
    address: str = ""
    reply: str = ""
    applied: bool = False
    hold: Hold = field(default_factory=Hold)


@dataclass(frozen=True, slots=True)
class Bounce:
    """A mail to `address` is accepted, and comes back; `action` and `status` as in a report, `said` the words."""

    address: str
    said: str
    status: str = "5.1.1"
    action: str = "failed"


class Faults:
    """The script of faults still to come; the first that fits a command is used up by it."""

    def __init__(self) -> None:
        self._script: list[Fault] = []
        self._bounces: list[Bounce] = []
        self._grey: dict[str, datetime | None] = {}
        self._grey_for = timedelta()

    def refuse(self, command: Command, reply: str, *, times: int = 1, address: str = "") -> None:
        """Answer a command with this whole reply, such as `550 5.1.1 no such user`."""
        self._script.append(Fault("refuse", command, times, address, reply))

    def hang(self, command: Command, *, times: int = 1, address: str = "", applied: bool = False) -> Hold:
        """Do not answer until the returned hold is released; with `applied`, the mail has arrived already."""
        fault = Fault("hang", command, times, address, applied=applied)
        self._script.append(fault)
        return fault.hold

    def cut(self, command: Command, *, times: int = 1, address: str = "", applied: bool = False) -> None:
        """Abort the connection instead of an answer; with `applied`, the mail has arrived already."""
        self._script.append(Fault("cut", command, times, address, applied=applied))

    def greylist(self, address: str, seconds: float) -> None:
        """Refuse mail to an address until so many seconds after the first try."""
        self._grey[address.lower()] = None
        self._grey_for = timedelta(seconds=seconds)

    def bounce(self, bounce: Bounce) -> None:
        """Accept the next mail to an address, and report later what became of it."""
        self._bounces.append(bounce)

    def clear(self) -> None:
        """Forget everything and release whatever hangs."""
        for fault in self._script:
            fault.hold.release()
        self._script.clear()
        self._bounces.clear()
        self._grey.clear()

    def next(self, command: Command, address: str) -> Fault | None:
        """Return the fault that befalls a command, using it up."""
        for fault in self._script:
            if fault.times > 0 and fault.command is command and fault.address.lower() in ("", address.lower()):
                fault.times -= 1
                return fault
        return None

    def is_grey(self, address: str, now: datetime) -> bool:
        """Whether mail to an address is refused for now."""
        address = address.lower()
        if address not in self._grey:
            return False
        first = self._grey[address] = self._grey[address] or now
        return now < first + self._grey_for

    def next_bounce(self, address: str) -> Bounce | None:
        """Return how a mail to an address comes back, using it up; None: it does not."""
        found = next((one for one in self._bounces if one.address.lower() == address.lower()), None)
        if found is not None:
            self._bounces.remove(found)
        return found
