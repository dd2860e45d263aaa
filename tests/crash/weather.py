"""What goes wrong with the chat, the Twilio and the mail server meanwhile, a few seconds at a time.

They refuse, hang, cut the line after they have taken something, vanish, and report late, twice or never. What may have
cost an answer is noted as an interruption.
"""

import asyncio
import random
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Final

from bot.clock import Clock
from bot.playground.endpoint import Reports
from bot.playground.mailbox.faults import Command
from bot.playground.slack import SlackServer
from bot.playground.slack.faults import Fault
from tests.crash.carriers import TIMEOUT, Carriers
from tests.crash.setting import NUMBERS, PEOPLE

# A number that is none, nobody who may be written to, too fast, out of order.
TEXTS_REFUSED: Final = (21614, 21610, 20429, 20503)
CALLS_REFUSED: Final = (21217, 21216, 20429, 20503)
MAILS_REFUSED: Final = ("550 5.1.1 no such user", "421 4.3.2 not now", "554 5.7.1 go away")
ON_THE_WAY: Final = (30003, 30005, 30008)
LONGEST: Final = 5.0
REACHED_WITHIN: Final = 8.0

Noted = Callable[[str, datetime], None]
"""Told what may have cost an answer, and since when, at its end."""


class Weather:
    """The trouble of one run. Chance decides what comes next."""

    def __init__(self, slack: SlackServer, carriers: Carriers, noted: Noted, dice: random.Random, clock: Clock) -> None:
        self._slack = slack
        self._carriers = carriers
        self._noted = noted
        self._dice = dice
        self._clock = clock
        self.count = 0

    async def run(self) -> None:
        """Let one trouble follow the other for ever; in the end all is well."""
        troubles: tuple[tuple[int, Callable[[], Coroutine[None, None, None]]], ...] = (
            (4, self._refuse),
            (3, self._chat_refuses),
            (3, self._hang),
            (2, self._cut),
            (1, self._mail_trouble),
            (3, self._reports),
            (2, self._lost_on_the_way),
            (1, self._vanish),
        )
        weights, kinds = zip(*troubles, strict=True)
        try:
            with self._carriers.twilio.log.watching(self._heard):
                while True:
                    await self._clock.sleep(self._dice.uniform(0.3, 2.0))
                    self.count += 1
                    await self._dice.choices(kinds, weights)[0]()
        finally:
            await self._clear()

    async def _clear(self) -> None:
        twilio, post = self._carriers.twilio, self._carriers.post
        twilio.faults.clear()
        post.faults.clear()
        self._slack.faults.clear()
        for server in (twilio, post, self._slack):
            await server.put_back()
        twilio.texts.fates.clear()
        twilio.reports = Reports.ON_TIME
        await twilio.tell_late()

    def _heard(self) -> None:
        """What the Twilio has not answered may have been taken."""
        last = list(self._carriers.twilio.log)[-1]
        if last.direction == "in" and last.response == "connection cut":
            self._noted("cut", last.at - timedelta(seconds=TIMEOUT))

    # ---- kinds of trouble --------------------------------------------------------------------------------------------

    async def _refuse(self) -> None:
        twilio, dice = self._carriers.twilio, self._dice
        route, codes = dice.choice((("messages.create", TEXTS_REFUSED), ("calls.create", CALLS_REFUSED)))
        twilio.refuse(route, dice.choice(codes), times=dice.randint(1, 4))

    async def _chat_refuses(self) -> None:
        workspace = self._slack.workspace
        theirs = workspace.open_dm(workspace.user(self._dice.choice(PEOPLE)).id).id
        self._slack.faults.refuse("chat.postMessage", "is_archived", times=self._dice.randint(1, 3), chat=theirs)

    async def _hang(self) -> None:
        """Answer late, or too late, before or after it was taken."""
        route = self._dice.choice(("messages.create", "calls.create"))
        hold = self._carriers.twilio.faults.hang(route, applied=self._dice.random() < 0.6)
        await self._held(hold.reached, hold.release)

    async def _held(self, reached: asyncio.Event, release: Callable[[], None]) -> None:
        if await self._clock.wait(reached, REACHED_WITHIN):
            began = self._clock.now()
            await self._clock.sleep(self._dice.uniform(0.1, LONGEST))
            release()
            self._noted("hang", began)
        else:
            release()

    async def _cut(self) -> None:
        route = self._dice.choice(("messages.create", "calls.create"))
        self._carriers.twilio.faults.cut(route, applied=self._dice.random() < 0.7)

    async def _mail_trouble(self) -> None:
        faults, roll = self._carriers.post.faults, self._dice.random()
        if roll < 0.5:
            faults.refuse(Command.RCPT, self._dice.choice(MAILS_REFUSED), times=self._dice.randint(1, 3))
            return
        hold = faults.hang(Command.DATA, applied=roll < 0.8)
        await self._held(hold.reached, hold.release)

    async def _reports(self) -> None:
        twilio = self._carriers.twilio
        twilio.reports = self._dice.choice((Reports.ON_TIME, *Reports))
        await twilio.tell_late()

    async def _lost_on_the_way(self) -> None:
        fates = self._carriers.twilio.texts.fates
        fates.clear()
        fates[self._dice.choice(tuple(NUMBERS.values()))] = self._dice.choice(ON_THE_WAY)

    async def _vanish(self) -> None:
        """One of them is gone for a while, and at times the chat hangs for longer than it is waited for."""
        if self._dice.random() < 0.3:
            fault = self._slack.faults.add(Fault("hang", "chat.postMessage", applied=True))
            await self._held(fault.hold.reached, fault.hold.release)
            return
        server = self._dice.choice((self._carriers.twilio, self._carriers.post, self._slack))
        began = self._clock.now()
        await server.pull_plug()
        await self._clock.sleep(self._dice.uniform(1.0, LONGEST))
        await server.put_back()
        self._noted("plug", began)
