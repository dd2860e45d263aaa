"""A night of trouble in four chat apps at once, as a seed tells it, and what must hold of it in the morning.

People click, type and fill in forms everywhere, alerts come and go, time passes; meanwhile apps vanish, come back, slow
down, refuse, take calls without an answer. In the morning every app is back and some time has passed. Then:

1. All cards of an incident show its state, in the words of their language, with the buttons that fit it.
2. What stands in each place is what the ledger says was delivered there: nothing is lost and nothing is told twice, but
   for tries without an answer, and what follows such a try says that it may be a repeat.
3. The timeline names every page that an app did not take.
"""

import asyncio
import random
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from bot.domain.delivery import Delivery, Kind, State
from bot.domain.delivery import Place as DeliveryPlace
from bot.domain.incident import Entry, Happened, Incident, IncidentId, Progress
from cards import words
from storage import cards, deliveries, incidents
from storage.cards import CardRow
from storage.database import Connection
from storage.deliveries import Settled
from tests.support.apps import CLOSE, App, Card, Posted
from tests.support.everywhere import HANDS, ON_CALL, Everywhere

STEPS = 30
TITLE = "disk full"
KEYS = ("db-1", "db-2")
MORNING = timedelta(minutes=20)
BUTTONS: Mapping[Progress, str] = {
    Progress.TRIGGERED: "Acknowledge",
    Progress.PROCESSING: "Unacknowledge",
    Progress.CLOSED: "Reopen",
}
_CARD = re.compile(rf"#(\d+) {TITLE}")


@dataclass
class Night:
    """What happens, step by step."""

    oncard: Everywhere
    dice: random.Random
    told: list[str] = field(default_factory=list)
    away: set[str] = field(default_factory=set)
    slowed: set[str] = field(default_factory=set)
    # Those that were away at some time: whether they are connected again is known a little late.
    shaken: set[str] = field(default_factory=set)

    async def pass_by(self) -> None:
        """Let everything of the night happen."""
        await self._fire("db-1")
        await self.oncard.settle()
        steps: Mapping[Any, int] = {
            self._click: 10,
            self._click_at_once: 4,
            self._fill: 2,
            self._type: 3,
            self._fire: 2,
            self._recover: 2,
            self._wait: 6,
            self._vanish: 3,
            self._return: 3,
            self._stumble: 5,
        }
        for step in self.dice.choices(list(steps), list(steps.values()), k=STEPS):
            await step()
            if self.dice.random() < 0.6:
                await self.oncard.settle()

    async def end(self) -> None:
        """Put everything back, and let time pass until nothing happens any more."""
        for name, one in self.oncard.apps.items():
            one.server.faults.clear()
            if name in self.away:
                await one.server.put_back()
        self.away.clear()
        await self.oncard.connect_in_time()
        await self.oncard.end_clicks()
        await self.oncard.advance(MORNING)

    # ---- people ------------------------------------------------------------------------------------------------------

    async def _click(self) -> None:
        await self._press(self._somewhere(), self.dice.choice(HANDS))

    async def _click_at_once(self) -> None:
        here, there = self._somewhere(), self._somewhere()
        await asyncio.gather(self._press(here, HANDS[0]), self._press(there, HANDS[1]))

    async def _press(self, name: str, by: str) -> None:
        """Press what the newest card of some incident offers first, which may be old already."""
        card = await self._card(name)
        if card is None:
            return
        self._say(f"{by} presses {card.buttons[0]} in {name}")
        await self._answered(name, card.click(card.buttons[0], by=by))

    async def _fill(self) -> None:
        name, by = self._somewhere(), self.dice.choice(HANDS)
        one, card = self.oncard.apps[name], await self._card(name)
        one.server.faults.clear()
        await self.oncard.end_clicks()
        is_well = name not in self.shaken and card is not None and one.says("Reopen") not in card.buttons
        # A form of what is closed is an explanation.
        if is_well and await self._is_open(card):
            self._say(f"{by} closes in {name} by the form")
            await one.fill(card, CLOSE, by)

    async def _type(self) -> None:
        name, by = self._somewhere(), self.dice.choice(HANDS)
        said = self.dice.choice(("ack 1", "认领 1", "unack 1", "close 1 done", "reopen 1", "undo 1", "list"))
        if self._is_well(name):
            self._say(f"{by} types {said} in {name}")
            await self.oncard.apps[name].command(said, by)

    async def _answered(self, name: str, asked: Any) -> None:
        """Wait for the answer to a click; where the app was away, there may be none."""
        try:
            await asked
        except AssertionError:
            if name not in self.shaken:
                raise

    # ---- monitoring and time -----------------------------------------------------------------------------------------

    async def _fire(self, key: str = "") -> None:
        await self._report("Critical", key)

    async def _recover(self) -> None:
        await self._report("Ok")

    async def _report(self, status: str, key: str = "") -> None:
        body = {"event_status": status, "title_rule": TITLE, "alert_key": key or self.dice.choice(KEYS)}
        self._say(f"{body['alert_key']} is {status}")
        assert (await self.oncard.post(body)).is_success

    async def _wait(self) -> None:
        seconds = self.dice.choice((1, 5, 20, 65, 130, 400))
        self._say(f"{seconds} s pass")
        await self.oncard.advance(timedelta(seconds=seconds))

    # ---- the apps ----------------------------------------------------------------------------------------------------

    async def _vanish(self) -> None:
        name = self._somewhere()
        if name not in self.away:
            self._say(f"{name} vanishes")
            self.away.add(name)
            self.shaken.add(name)
            await self.oncard.apps[name].server.pull_plug()

    async def _return(self) -> None:
        if self.away:
            name = self.dice.choice(sorted(self.away))
            self._say(f"{name} is back")
            self.away.discard(name)
            await self.oncard.apps[name].server.put_back()
            if self.dice.random() < 0.5:
                await self._reconnected(name)

    async def _reconnected(self, name: str) -> None:
        """Let time pass until this workspace is connected again."""
        async with asyncio.timeout(50):
            while not self._is_connected(name):
                await self.oncard.advance(timedelta(seconds=5))
                await asyncio.sleep(0.02)  # Connections are made in real time.

    async def _stumble(self) -> None:
        """Let the next calls of an app fail: refused for a while, cut off before or after, or never answered."""
        name = self._somewhere()
        one = self.oncard.apps[name]
        method = self.dice.choice((*one.sends, one.edits))
        kind = self.dice.choice(("slow", "status", "lost", "cut", "mute"))
        self._say(f"{name}: {kind} {method}")
        faults, times = one.server.faults, self.dice.choice((1, 2, 3))
        match kind:
            case "slow":
                self.slowed.add(name)
                faults.rate_limit(method, self.dice.choice((1, 5, 20)), times=times)
            case "status":
                faults.status(method, 503, times=times)
            case "lost":
                faults.cut(method, applied=False, times=times)
            case "cut":
                faults.cut(method, applied=True, times=times)
            case _:
                faults.hang(method, applied=True)

    # ---- what there is -----------------------------------------------------------------------------------------------

    def _somewhere(self) -> str:
        return self.dice.choice(tuple(self.oncard.apps))

    def _is_connected(self, name: str) -> bool:
        return any(one.name == name and one.connected for one in self.oncard.service.connections.statuses.values())

    def _is_well(self, name: str) -> bool:
        return name not in self.away and self._is_connected(name)

    async def _is_open(self, card: Card) -> bool:
        found = _CARD.search(card.text)
        return found is not None and (await self.oncard.incident(int(found[1]))).is_open

    async def _card(self, name: str) -> Card | None:
        """Return a card that stands in the chat of an app; None: nothing can be pressed there."""
        one = self.oncard.apps[name]
        numbers = sorted({number for posted in one.in_chat() if (number := number_of(posted))})
        if name in self.away or not numbers:
            return None
        return await one.card(self.dice.choice(numbers))

    def _say(self, what: str) -> None:
        self.told.append(f"{self.oncard.clock.now():%H:%M:%S} {what}")


def number_of(posted: Posted) -> int:
    """Return the number of the incident whose card this is; 0: it is none."""
    found = _CARD.search(posted.text)
    return int(found[1]) if found else 0


# ---- the morning -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """Where the bot speaks in an app: the chat, or the direct conversation with who is on call there."""

    app: App
    who: str
    see: Callable[[], list[Posted]]
    # Each message in the words in which it was posted.
    posted: list[Posted]

    async def card(self, number: int) -> Card:
        """Return the newest card of an incident there."""
        return await (self.app.dm(self.who, f"#{number} {TITLE}") if self.who else self.app.card(number))


def places(oncard: Everywhere) -> Mapping[str, Place]:
    """Return every place by a word, and watch it from now on."""
    found = {}
    for name, one in oncard.apps.items():
        who = ON_CALL[name]
        found[name] = Place(one, "", one.in_chat, one.watch(one.in_chat))
        direct = partial(one.in_direct, who)
        found[f"{name}: {who}"] = Place(one, who, direct, one.watch(direct))
    return found


@dataclass(frozen=True, slots=True)
class Morning:
    """What has become of it."""

    oncard: Everywhere
    incidents: Mapping[int, Incident]
    cards: Mapping[IncidentId, list[CardRow]]
    timelines: Mapping[int, Sequence[Happened]]
    ledger: Sequence[Settled]
    names: Mapping[tuple[int, str], str]

    @classmethod
    async def of(cls, oncard: Everywhere) -> "Morning":
        """Read it."""

        async def work(connection: Connection) -> "Morning":
            known = (await incidents.newest(connection, most=100, open_only=False)).incidents
            numbers = [one.id for one in known]
            organisation = await oncard.service.picture.current(connection)
            names = {}
            for workspace in organisation.workspaces.values():
                chat = oncard.apps[workspace.name].chat
                names[workspace.id, f"chat:{chat}"] = workspace.name
                for account in organisation.people.accounts.values():
                    who = account.email.partition("@")[0]
                    names[workspace.id, f"account:{account.id}"] = f"{workspace.name}: {who}"
            return cls(
                oncard,
                {one.id: one for one in known},
                (await cards.shown(connection, numbers)).cards,
                {number: await incidents.timeline(connection, number, most=1000) for number in numbers},
                [row for number in numbers for row in await deliveries.ledger(connection, number)],
                {(int(workspace), key): name for (workspace, key), name in names.items()},
            )

        return await oncard.service.database.read(work)

    def where(self, place: DeliveryPlace) -> str:
        """Return the word for a place."""
        return self.names[int(place.workspace), place.key]

    async def all_cards_show_the_state(self, known: Mapping[str, Place]) -> int:
        """Return how many cards there are. Raises AssertionError."""
        count = 0
        for number, rows in self.cards.items():
            incident = self.incidents[number]
            for row in rows:
                if row.message is None:
                    continue
                place, where = known[self.where(row.place)], f"#{number} in {self.where(row.place)}"
                # What its alert still says of what is closed is on no card.
                since = incident.version if incident.is_open else incident.moved
                assert row.shown is not None, f"{where} is not known to show anything"
                assert row.shown >= since, f"{where} shows {row.shown} of {since}"
                card = await place.card(number)
                wanted = self.status(incident, place.app)
                assert wanted in card.text, f"{where} does not say {wanted!r}:\n{card.text}"
                button = place.app.says(BUTTONS[incident.progress])
                assert card.buttons[0] == button, f"{where} offers {card.buttons}, not {button!r}"
                count += 1
        return count

    def status(self, incident: Incident, one: App) -> str:
        """Return what a card in the app says of the state."""
        if not incident.is_open and incident.recovered:
            return one.says(words.RECOVERED)
        if incident.exhausted_at is not None and incident.progress is Progress.TRIGGERED:
            return one.says(words.EXHAUSTED)
        deed = incident.acknowledged if incident.is_open else incident.closed
        if deed is None or deed.by.account is None:
            return one.says(words.PAGING)
        who = one.by(HANDS[deed.by.account - 1].title(), deed.by.via)
        return one.says(words.ACKNOWLEDGED if incident.is_open else words.CLOSED, who=who)

    def each_page_once(self, known: Mapping[str, Place]) -> int:
        """Return how many messages were delivered. Raises AssertionError."""
        waits = [row for row in self.ledger if row.state in (State.PENDING, State.SENDING, State.FAILED)]
        assert not waits, f"not delivered: {waits}"
        pages = [row for row in self.ledger if row.delivery.kind is not Kind.EDIT and row.state is State.DELIVERED]
        turns = Counter((self.where(row.delivery.place), *_turn(row.delivery)) for row in pages)
        assert set(turns.values()) <= {1}, [turn for turn, count in turns.items() if count > 1]
        # An app took it and did not say so; then somebody acted, and it was not wanted any more.
        unknown = [row for row in self.ledger if row.state is State.WITHDRAWN and row.delivery.uncertain]
        for name, place in known.items():
            here = [row for row in pages if self.where(row.delivery.place) == name]
            most = sum(self.where(row.delivery.place) == name for row in unknown)
            _one_each(name, here, place, most)
        return len(pages)

    def timeline_names_failures(self, slowed: Collection[str]) -> int:
        """Return how many pages were refused at first. Raises AssertionError."""
        count = 0
        for number, happened in self.timelines.items():
            said = [one.record.said for one in happened if one.record.entry is Entry.NOT_DELIVERED]
            named = {str(one.get("via")) for one in said}
            late = [
                row.delivery for row in self.ledger if row.delivery.incident == number and row.delivery.attempts > 1
            ]
            for page in late:
                app = self.where(page.place).partition(":")[0]
                # An app that only asks for patience for a moment is not named.
                if page.kind is not Kind.EDIT and app not in slowed:
                    assert app in named, f"#{number}: the timeline does not name {app}, but {said}"
                    count += 1
        return count


def _turn(page: Delivery) -> tuple[object, ...]:
    return page.incident, page.kind, page.version, page.level, page.turn, page.entry


def _one_each(name: str, delivered: Sequence[Settled], place: Place, unknown: int) -> None:
    """Compare what was posted in a place with what was delivered there, and when.

    `unknown`: of so many messages that were withdrawn it is not known whether they had arrived.
    """
    # A hint where to press Start is no page.
    left = [one for one in place.posted if TITLE in one.text]
    for row in sorted(delivered, key=lambda row: row.delivery.attempts):
        there = next((one for one in left if one.at == row.settled_at), None)
        if there is None and row.delivery.attempts > 1:
            # An earlier try had arrived, and the app knew it again.
            since = row.delivery.created_at
            there = next((one for one in left if row.settled_at and since <= one.at < row.settled_at), None)
        assert there is not None, f"{name}: what was delivered at {row.settled_at} is not there: {row}"
        left.remove(there)
    sign = place.app.says(words.MAY_REPEAT)
    # A repeat whose answer is lost too is followed by another.
    repeats = [one for one in place.posted if sign in one.text]
    for twice in reversed(left):
        after = next((one for one in reversed(repeats) if one.at > twice.at), None)
        if after is not None:
            repeats.remove(after)
        else:
            unknown -= 1
            assert unknown >= 0, f"{name}: told twice at {twice.at}, and no repeat says so:\n{twice.text}"
