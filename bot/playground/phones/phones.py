"""The phones, and what is on each of them."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.clock import Clock
from bot.playground.phones.call import Call, Ended


class Habit(StrEnum):
    """What a phone does when it is called: `BY_HAND`, it rings and its owner decides."""

    BY_HAND = "by hand"
    BUSY = "busy"
    OFF = "off"
    VOICEMAIL = "voicemail"


@dataclass(frozen=True, slots=True)
class Text:
    """An SMS: `incoming` to this phone, or written on it. `other`: the number at the other end."""

    at: datetime
    other: str
    words: str
    incoming: bool


@dataclass(frozen=True, slots=True)
class Push:
    """What lights up on the lock screen. `actions`: label and what happens when it is tapped, by the server's word.

    `alarming`: it makes noise though the phone is silent, until somebody says that it was seen.
    """

    id: str
    at: datetime
    app: str
    title: str
    words: str
    url: str = ""
    actions: Mapping[str, str] = field(default_factory=dict)
    alarming: bool = False


class Phone:
    """One person's phone."""

    def __init__(self, name: str, number: str, clock: Clock, changed: Callable[[], None]) -> None:
        self.name = name
        self.number = number
        self.habit = Habit.BY_HAND
        self.texts: list[Text] = []
        self.calls: list[Call] = []
        self.pushes: list[Push] = []
        self._clock = clock
        self.changed = changed

    def take_text(self, sender: str, words: str) -> None:
        """An SMS arrives."""
        self.texts.append(Text(self._clock.now(), sender, words, incoming=True))
        self.changed()

    def wrote_text(self, to: str, words: str) -> None:
        """Its owner has written an SMS: `Phones.write` carries it."""
        self.texts.append(Text(self._clock.now(), to, words, incoming=False))
        self.changed()

    def take_call(self, caller: str) -> Call:
        """It is called: it rings, or does what it does without its owner."""
        call = Call(self.number, caller, self._clock.now(), self.changed)
        self.calls.append(call)
        if self.habit is Habit.BUSY:
            call.end(Ended.BUSY)
        elif self.habit is Habit.OFF:
            call.end(Ended.NO_ANSWER)
        elif self.habit is Habit.VOICEMAIL:
            call.pick_up(machine=True)
        self.changed()
        return call

    def take_push(self, push: Push) -> None:
        """Something lights up on the lock screen; what had the same id is replaced."""
        self.pushes = [*(one for one in self.pushes if one.id != push.id), push]
        self.changed()

    def drop_push(self, id: str) -> None:  # noqa: A002 - What a push is known by.
        """It is gone from the lock screen."""
        self.pushes = [one for one in self.pushes if one.id != id]
        self.changed()


Carry = Callable[[Phone, str], None]
"""What a network does with an SMS that a phone's owner wrote to a number of the network."""


class Phones:
    """Everybody's phones, by name and by number."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._phones: dict[str, Phone] = {}
        self._networks: dict[str, Carry] = {}
        self._watchers: list[Callable[[], None]] = []

    def add(self, name: str, number: str) -> Phone:
        """Give somebody a phone; `number` in E.164 form."""
        phone = Phone(name, number, self._clock, self._tell)
        self._phones[name] = phone
        return phone

    def phone(self, name: str) -> Phone:
        """Return somebody's phone. Raises LookupError."""
        return self._phones[name]

    def all(self) -> tuple[Phone, ...]:
        """Return every phone."""
        return tuple(self._phones.values())

    def find(self, number: str) -> Phone | None:
        """Return the phone that has this number."""
        return next((phone for phone in self._phones.values() if phone.number == number), None)

    def serve(self, number: str, carry: Carry) -> None:
        """Let SMS that are written to this number be carried by a network."""
        self._networks[number] = carry

    def write(self, name: str, to: str, words: str) -> None:
        """Somebody writes an SMS. Raises LookupError: no network serves that number."""
        carry = self._networks[to]
        phone = self.phone(name)
        phone.wrote_text(to, words)
        carry(phone, words)

    @contextlib.contextmanager
    def watching(self, tell: Callable[[], None]) -> Iterator[None]:
        """Call `tell` after every change while the context lasts."""
        self._watchers.append(tell)
        try:
            yield
        finally:
            self._watchers.remove(tell)

    def _tell(self) -> None:
        for tell in tuple(self._watchers):
            tell()
