"""How the parts of the local Twilio tell us something: forms, signed, in the background of what they answer."""

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urldefrag, urlencode

from bot.clock import Clock
from bot.playground.endpoint import Heard, Told
from bot.playground.phones import Phones
from bot.playground.twilio.account import VERSION, Account
from bot.playground.twilio.signature import signed
from bot.playground.wire import JsonObject

FORM: Final = "application/x-www-form-urlencoded"

Fields = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Page:
    """Something listed: `items` under their name."""

    name: str
    items: tuple[JsonObject, ...] = ()

    def body(self) -> JsonObject:
        """Return it as the API lists it, all on one page."""
        return {self.name: list(self.items), "page": 0, "page_size": 50, "next_page_uri": None}


@dataclass(slots=True)
class Network:
    """What texts and calls share: the account, the phones, the time, and their tasks.

    `alerts`: what the console's debugger would show, by its codes: what we answered wrongly.
    """

    account: Account
    phones: Phones
    clock: Clock
    alerts: list[tuple[int, str]] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def told(self, name: str, url: str, fields: Fields) -> Told:
        """Return a signed request to us; what follows `#` in the address is neither sent nor signed."""
        address = urldefrag(url).url
        whole = {"AccountSid": self.account.sid, "ApiVersion": VERSION, **fields}
        headers = signed(address, whole, self.account.auth_token, self.account.algorithm)
        return Told(name, address, urlencode(whole).encode(), {"Content-Type": FORM, **headers})

    def judged(self, heard: Heard, about: str) -> bool:
        """Whether we took it; else the debugger shows it."""
        if not heard.is_ok:
            self.alerts.append((11200, f"HTTP retrieval failure: {about}: {heard.status}"))
        return heard.is_ok

    def spawn(self, work: Coroutine[object, object, None]) -> None:
        """Let something go on by itself."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settle(self) -> None:
        """Wait until nothing goes on by itself any more."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def stop(self) -> None:
        """End what goes on by itself."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
