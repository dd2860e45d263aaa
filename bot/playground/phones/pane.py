"""The phones as the page draws them: what lights up, what is written and said, and what their owners' hands do."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import datetime
from typing import Final, Protocol

from bot.playground.endpoint import Heard
from bot.playground.phones import Call, Habit, Phone, Phones, Push
from bot.playground.wire import JsonObject, as_text

SHOWN: Final = 50
"""How many of the newest texts and calls are drawn."""


class Service(Protocol):
    """A server by which phones are reached."""

    @property
    def plugged(self) -> bool:
        """Whether it can be reached."""
        ...

    async def pull_plug(self) -> None:
        """Make it vanish."""
        ...

    async def put_back(self) -> None:
        """Bring it back."""
        ...


class Taps(Service, Protocol):
    """A service whose pushes have buttons."""

    async def tap(self, push_id: str, label: str) -> Heard:
        """Tap a button of a push. Raises LookupError."""
        ...

    def address(self, push_id: str, label: str) -> str:
        """Return what a button opens, empty: it does something itself. Raises LookupError."""
        ...


class PhonesPane:
    """The page's view of everybody's phone.

    `number`: where people write back to. `services`: those that reach the phones, by the name that people know.
    """

    platform = "phones"
    id = "phones"

    def __init__(self, phones: Phones, number: str, services: Mapping[str, Service], taps: Taps) -> None:
        self._phones = phones
        self._number = number
        self._services = dict(services)
        self._taps = taps
        self._watchers: list[Callable[[], None]] = []

    @property
    def title(self) -> str:
        """The services behind the phones."""
        return " and ".join(self._services)

    @property
    def plugged(self) -> bool:
        """Whether any of the services can be reached."""
        return any(service.plugged for service in self._services.values())

    async def pull_plug(self) -> None:
        """Make all services vanish."""
        for service in self._services.values():
            await service.pull_plug()
        self._changed()

    async def put_back(self) -> None:
        """Bring all of them back."""
        for service in self._services.values():
            await service.put_back()
        self._changed()

    def switches(self) -> Mapping[str, bool]:
        """Return which services are down."""
        return {_down(name): not service.plugged for name, service in self._services.items()}

    async def switch(self, name: str) -> None:
        """Make one service vanish, or bring it back."""
        service = next((one for title, one in self._services.items() if _down(title) == name), None)
        if service is None:
            raise LookupError(f"no switch {name!r}")
        await (service.pull_plug() if service.plugged else service.put_back())
        self._changed()

    def people(self) -> list[JsonObject]:
        """Return whose phones there are."""
        return [_person(phone) for phone in self._phones.all()]

    def chats(self, person: str) -> list[JsonObject]:
        """Return the person's phone, the only thing to look at."""
        return [_chat(phone) for phone in self._phones.all() if phone.name == person]

    def conversation(self, person: str, chat: str) -> JsonObject:
        """Return what is on the screen of a phone, which only its owner sees."""
        phone = self._phones.phone(person)
        if chat != phone.name:
            raise LookupError(f"no phone {chat!r} for {person!r}")
        return {
            "chat": _chat(phone),
            "messages": [_text(phone, place) for place in range(len(phone.texts))][-SHOWN:],
            "calls": [_call(call, place) for place, call in enumerate(phone.calls)][-SHOWN:],
            "pushes": [self._push(push) for push in reversed(phone.pushes)],
            "number": phone.number,
            "habit": str(phone.habit),
            "habits": [str(habit) for habit in Habit],
            "away": [name for name, service in self._services.items() if not service.plugged],
        }

    async def act(self, person: str, action: JsonObject) -> str:
        """Do what a phone's owner does; calls are those of this moment, a push that is not named is the newest."""
        phone = self._phones.phone(person)
        match action.get("do"):
            case "write":
                self._phones.write(person, self._number, as_text(action.get("text")))
            case "habit":
                phone.habit = _habit(as_text(action.get("habit")))
                self._changed()
            case "tap":
                return await self._tap(_pushed(phone, as_text(action.get("push"))), as_text(action.get("label")))
            case "dismiss":
                phone.drop_push(_pushed(phone, as_text(action.get("push"))))
            case other:
                _handle(_live(phone), as_text(other), as_text(action.get("keys")))
        return ""

    def watch(self, tell: Callable[[], None]) -> Callable[[], None]:
        """Call `tell` after every change, until the returned function is called."""
        watching = ExitStack()
        watching.enter_context(self._phones.watching(tell))
        self._watchers.append(tell)
        watching.callback(self._watchers.remove, tell)
        return watching.close

    def _changed(self) -> None:
        for tell in tuple(self._watchers):
            tell()

    async def _tap(self, push_id: str, label: str) -> str:
        heard = await self._taps.tap(push_id, label)
        return "" if heard.is_ok else f"The app could not do it: {heard.words or 'nobody answered'}."

    def _push(self, push: Push) -> JsonObject:
        return {
            "id": push.id,
            "at": _at(push.at),
            "app": push.app,
            "title": push.title,
            "words": push.words,
            "url": push.url,
            "actions": [{"label": label, "url": self._taps.address(push.id, label)} for label in push.actions],
            "alarming": push.alarming,
        }


def _down(name: str) -> str:
    return f"{name} is down"


def _habit(name: str) -> Habit:
    if name not in set(Habit):
        raise LookupError(f"no habit {name!r}")
    return Habit(name)


def _pushed(phone: Phone, push_id: str) -> str:
    """Return the push that is named, else the newest."""
    found = next((one.id for one in reversed(phone.pushes) if push_id in ("", one.id)), None)
    if found is None:
        raise LookupError("it is not on the screen any more")
    return found


def _live(phone: Phone) -> Call:
    """Return the call that rings or in which somebody listens."""
    found = next((call for call in reversed(phone.calls) if call.ended is None), None)
    if found is None:
        raise LookupError("there is no call")
    return found


def _handle(call: Call, what: str, keys: str) -> None:
    match what:
        case "pick up":
            call.pick_up()
        case "voicemail":
            call.pick_up(machine=True)
        case "decline":
            call.decline()
        case "hang up":
            call.hang_up()
        case "press":
            call.press(keys)
        case other:
            raise LookupError(f"nothing is called {other!r}")


def _person(phone: Phone) -> JsonObject:
    name = phone.name.capitalize()
    return {"id": phone.name, "name": name, "handle": phone.name, "bot": False, "direct": _count(phone)}


def _chat(phone: Phone) -> JsonObject:
    times = [one.at for one in phone.texts] + [one.at for one in phone.calls]
    latest = max(times, default=None)
    return {
        "id": phone.name,
        "name": "Phone",
        "kind": "direct",
        "private": True,
        "archived": False,
        "members": 1,
        "count": _count(phone),
        "latest": _at(latest) if latest else "",
    }


def _count(phone: Phone) -> int:
    return sum(text.incoming for text in phone.texts) + len(phone.calls)


def _text(phone: Phone, place: int) -> JsonObject:
    text = phone.texts[place]
    return {
        "id": place,
        "at": _at(text.at),
        "other": text.other,
        "words": text.words,
        "incoming": text.incoming,
    }


def _call(call: Call, place: int) -> JsonObject:
    return {
        "id": place,
        "at": _at(call.at),
        "caller": call.caller,
        "state": "ringing" if call.is_ringing else "talking" if call.is_talking else "over",
        "ended": str(call.ended) if call.ended else "",
        "machine": call.machine,
        "heard": list(call.heard),
        "pressed": call.pressed,
    }


def _at(at: datetime) -> str:
    return at.isoformat()
