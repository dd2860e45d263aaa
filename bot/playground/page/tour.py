"""The tour: a story that plays on the page by itself, with captions, for somebody who watches.

A story is a list of steps. What a step does is what the page's own controls and people's hands do, by the same words
that the page sends; so a visitor can do all of it again. One tour runs at a time. It waits for what it tells of, and
when it ends or is stopped, it brings back what it took away.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Final

from bot.clock import Clock, SystemClock
from bot.playground.page.pane import Pane
from bot.playground.wire import JsonObject, as_object, as_text

GIVE_UP_SECONDS: Final = 40.0
"""How long a step waits, in real seconds, for what it tells of."""

PULSE_SECONDS: Final = 0.1
REAL_TIME: Final = SystemClock()

Do = Callable[[JsonObject], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class View:
    """What somebody who looks at the page sees now, and saw when the step began."""

    panes: Mapping[str, Pane]
    before: Mapping[tuple[str, str, str], JsonObject] = field(default_factory=dict)

    def chat(self, pane_id: str, person: str, name: str = "") -> JsonObject:
        """Return a chat of a pane as a person sees it, nothing if there is none; without a name the direct one."""
        pane, who = self.panes[pane_id], self._id(pane_id, person)
        wanted = ("name", name) if name else ("kind", "direct")
        found = next((one for one in pane.chats(who) if one.get(wanted[0]) == wanted[1]), None)
        return pane.conversation(who, as_text(found.get("id"))) if found else {}

    def all(self, person: str) -> Mapping[tuple[str, str, str], JsonObject]:
        """Return every chat that a person sees, by pane, person and name; the direct ones have none."""
        named = {
            (pane_id, "" if chat.get("kind") == "direct" else as_text(chat.get("name")))
            for pane_id, pane in self.panes.items()
            for chat in pane.chats(self._id(pane_id, person))
        }
        return {(pane_id, person, name): self.chat(pane_id, person, name) for pane_id, name in named}

    def was(self, pane_id: str, person: str, name: str = "") -> JsonObject:
        """Return the chat as it was when the step began."""
        return self.before.get((pane_id, person, name), {})

    def has_more(self, pane_id: str, person: str, name: str = "") -> bool:
        """Whether a chat has more messages than before."""
        return _count(self.chat(pane_id, person, name)) > _count(self.was(pane_id, person, name))

    def has_changed(self, pane_id: str, person: str, name: str = "") -> bool:
        """Whether any message of a chat is not as before, or new."""
        now, before = self.chat(pane_id, person, name), self.was(pane_id, person, name)
        return json.dumps(now.get("messages")) != json.dumps(before.get("messages"))

    def _id(self, pane_id: str, person: str) -> str:
        """Return what a pane knows somebody by who is the same person in all."""
        known = (one for one in self.panes[pane_id].people() if person in (one.get("id"), one.get("handle")))
        return as_text(next(known, {}).get("id"))


def _count(chat: JsonObject) -> int:
    count = as_object(chat.get("chat")).get("count")
    return count if isinstance(count, int) else 0


Until = Callable[[View], bool]


@dataclass(frozen=True, slots=True)
class Step:
    """One scene: `heading` and `caption` are read, `does` happens, `until` is waited for, and it stays for `seconds`.

    `lead`: seconds to read before it happens. `passes`: how many seconds of the clock are let pass, again and again,
    while it waits. `lit`: what to look at: panes by their id, and `clock`, `alerts`, `trouble`. `person` is who one is
    from now on; `opens` the chats that are opened, by pane (`@`: the direct one). A deed with a `pane` and an `as` is a
    person's, others are the controls'.
    """

    heading: str
    caption: str
    does: Sequence[JsonObject] = ()
    until: Until | None = None
    seconds: float = 4.0
    lead: float = 1.5
    passes: int = 0
    lit: Sequence[str] = ()
    person: str = ""
    opens: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Story:
    """Steps, and the clock of the pauses in which they are read."""

    steps: Sequence[Step] = ()
    rest: Clock = REAL_TIME


@dataclass(frozen=True, slots=True)
class Hands:
    """What the page does when a visitor asks for it, and whether the clock runs fast because of that."""

    control: Do
    act: Do
    runs_fast: Callable[[], bool]


class Tour:
    """Plays a story."""

    def __init__(self, story: Story, panes: Mapping[str, Pane], hands: Hands) -> None:
        self._story = story
        self._panes = panes
        self._hands = hands
        self._place = -1
        self._trouble = ""
        self._unplugged: list[str] = []
        self._playing: asyncio.Task[None] | None = None
        self._watchers: list[Callable[[], None]] = []

    @property
    def is_running(self) -> bool:
        """Whether it plays."""
        return self._playing is not None and not self._playing.done()

    def shown(self) -> JsonObject:
        """Return what the page shows of it. `number`: of the scene, from 1; 0: there is nothing to show."""
        steps = self._story.steps
        step = steps[self._place] if self._place >= 0 else Step("", "")
        return {
            "available": bool(steps),
            "running": self.is_running,
            "number": self._place + 1,
            "of": len(steps),
            "heading": step.heading,
            "caption": self._trouble or step.caption,
            "lit": list(step.lit) if self.is_running else [],
            "person": step.person,
            "opens": dict(step.opens),
        }

    def start(self) -> None:
        """Play it from its beginning, unless it plays already. Raises LookupError: there is no story."""
        if not self._story.steps:
            raise LookupError("there is no story here")
        if not self.is_running:
            self._playing = asyncio.get_running_loop().create_task(self._play())

    async def stop(self) -> None:
        """Stop it, bring back what it took away, and show nothing of it any more."""
        if self._playing is not None and not self._playing.done():
            self._playing.cancel()
            await asyncio.gather(self._playing, return_exceptions=True)
        self._playing = None
        self._show(-1)

    def watch(self, tell: Callable[[], None]) -> Callable[[], None]:
        """Call `tell` after every change, until the returned function is called."""
        self._watchers.append(tell)
        return lambda: self._watchers.remove(tell)

    async def _play(self) -> None:
        self._trouble = ""
        try:
            for place, step in enumerate(self._story.steps):
                self._show(place)
                await self._story.rest.sleep(step.lead)
                await self._carry_out(step)
                await self._story.rest.sleep(step.seconds)
        except (LookupError, TimeoutError):
            # Somebody has taken part: what the story tells of has gone another way.
            self._trouble = "This went another way than the story tells. Start it again, and only watch."
        finally:
            await self._bring_back()
            asyncio.get_running_loop().call_soon(self._tell)

    async def _carry_out(self, step: Step) -> None:
        view = View(self._panes, View(self._panes).all(step.person))
        for deed in step.does:
            await self._deed(deed)
        if step.until is not None:
            await self._wait(step, step.until, view)

    async def _deed(self, deed: JsonObject) -> None:
        if "as" in deed:
            if trouble := as_text(as_object(await self._hands.act(deed)).get("trouble")):
                raise LookupError(trouble)
            return
        pane = as_text(deed.get("pane"))
        await self._hands.control(deed)
        if deed.get("do") == "pull":
            self._unplugged.append(pane)
        elif deed.get("do") == "put back" and pane in self._unplugged:
            self._unplugged.remove(pane)

    async def _wait(self, step: Step, until: Until, view: View) -> None:
        changed = asyncio.Event()
        with ExitStack() as watching:
            for pane in self._panes.values():
                watching.callback(pane.watch(changed.set))
            async with asyncio.timeout(GIVE_UP_SECONDS):
                while not until(view):
                    if step.passes and not self._hands.runs_fast():
                        await self._hands.control({"do": "run", "seconds": step.passes})
                    await REAL_TIME.wait(changed, PULSE_SECONDS)
                    changed.clear()

    async def _bring_back(self) -> None:
        unplugged, self._unplugged = self._unplugged, []
        for pane in unplugged:
            await self._hands.control({"do": "put back", "pane": pane})

    def _show(self, place: int) -> None:
        self._place = place
        self._tell()

    def _tell(self) -> None:
        for tell in tuple(self._watchers):
            tell()
