"""What people do with their phones: they pick up, press keys, decline, let it ring, write back, and write once more.

Nobody acts on what is to be left alone for now (`Storm.cares`), so that it climbs.
"""

import asyncio
import random
import re
from typing import Final

from bot.clock import Clock
from bot.playground.phones import Call, Habit, Phone, Text
from tests.crash.carriers import Carriers
from tests.crash.storm import Storm

LOOK_EVERY: Final = 0.2
# Seconds in which the whole of a call is heard.
LISTENS_FOR: Final = 6.0
# Whoever gets no answer writes again after so many seconds, so many times.
WRITES_AGAIN_AFTER: Final = 4.0
MOST_TRIES: Final = 12
_TITLE: Final = re.compile(r"alert-\d+")
_NUMBER: Final = re.compile(r"#(\d+)")


class Hands:
    """Everybody's hands. Chance decides who does what."""

    def __init__(self, carriers: Carriers, storm: Storm, dice: random.Random, clock: Clock) -> None:
        self._carriers = carriers
        self._storm = storm
        self._dice = dice
        self._clock = clock

    async def run(self) -> None:
        """Look at the phones for ever."""
        async with asyncio.TaskGroup() as group:
            for phone in self._carriers.phones.all():
                group.create_task(self._hold(phone, group))

    async def _hold(self, phone: Phone, group: asyncio.TaskGroup) -> None:
        calls, texts = 0, 0
        while True:
            await self._clock.sleep(LOOK_EVERY)
            if self._dice.random() < 0.02:
                phone.habit = self._dice.choice((Habit.BY_HAND, Habit.BY_HAND, *Habit))
            for call in phone.calls[calls:]:
                group.create_task(self._take(call))
            for text in phone.texts[texts:]:
                if text.incoming and self._dice.random() < 0.35:
                    group.create_task(self._write_back(phone, text))
            calls, texts = len(phone.calls), len(phone.texts)

    async def _take(self, call: Call) -> None:
        does = self._dice.choices(("answer", "decline", "nothing"), (5, 1, 4))[0]
        await self._clock.sleep(self._dice.uniform(0.2, 4.0))
        if not call.is_ringing or does == "nothing":
            return
        if does == "decline":
            call.decline()
            return
        call.pick_up()
        heard = await self._listened(call)
        title = _TITLE.search(heard)
        cares = title is not None and self._storm.cares(title[0])
        if call.is_talking and cares and "press" in heard:
            call.press(self._dice.choices(("1", "2", "9"), (6, 2, 1))[0])
        elif call.is_talking and self._dice.random() < 0.5:
            call.hang_up()

    async def _listened(self, call: Call) -> str:
        for _ in range(round(LISTENS_FOR / LOOK_EVERY)):
            await self._clock.sleep(LOOK_EVERY)
            if not call.is_talking or "press" in " ".join(call.heard).lower():
                break
        return " ".join(call.heard).lower()

    async def _write_back(self, phone: Phone, text: Text) -> None:
        """Write back until somebody answers."""
        number, title = _NUMBER.search(text.words), _TITLE.search(text.words)
        await self._clock.sleep(self._dice.uniform(0.3, 5.0))
        if number is None or title is None or "Reply" not in text.words or not self._storm.cares(title[0]):
            return
        words = f"{self._dice.choices(('1', '2'), (4, 1))[0]} {number[1]}"
        for _ in range(MOST_TRIES):
            had = len(phone.texts)
            self._carriers.phones.write(phone.name, self._carriers.twilio.number, words)
            await self._clock.sleep(WRITES_AGAIN_AFTER)
            if any(one.incoming and f"#{number[1]}" in one.words for one in phone.texts[had:]):
                return
