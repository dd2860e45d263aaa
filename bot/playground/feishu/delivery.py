"""How what happens in Feishu reaches the app: by its long connection or its callback address.

A click is told once and must be answered within 3 s of real time. An event that is not taken with 200 is told again,
with the same event_id, after 15 s, 5 min, 1 h and 6 h by the tenant's clock.
"""

import asyncio
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

import httpx

from bot.playground.feishu import callbacks
from bot.playground.feishu.callbacks import Callbacks
from bot.playground.feishu.long_connection import LongConnections
from bot.playground.feishu.tenant import Tenant
from bot.playground.wire import JsonObject, as_object, as_text

ACK_SECONDS: Final = 3.0
CHALLENGE_SECONDS: Final = 1.0
REDELIVERED_AFTER: Final = (15.0, 300.0, 3600.0, 21600.0)

NO_WAY: Final = 200340
TOO_LATE: Final = 200341
NO_CONNECTION: Final = 200342
NOT_200: Final = 200671
BAD_BODY: Final = 200672
"""What the client of a person shows who clicked in vain."""

Heard = Callable[[str, object, object, int | None], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """How the app answered; `code` is what the client shows if it did not do so well in time, and `why` says it."""

    via: Literal["socket", "http", "link", "nothing"]
    body: JsonObject = field(default_factory=dict)
    code: int = 0
    why: str = ""

    @property
    def acked(self) -> bool:
        """Whether the app acknowledged in time."""
        return not self.code


class Delivery:
    """Tells the app of events and clicks.

    `ack_seconds` is the deadline for an answer, in real seconds; `redelivered_after` are the pauses, by the clock.
    """

    def __init__(self, tenant: Tenant, connections: LongConnections) -> None:
        self._tenant = tenant
        self._connections = connections
        self._tasks: set[asyncio.Task[None]] = set()
        self.callbacks = Callbacks()
        self.heard: Heard = lambda *_: None
        self.reachable: Callable[[], bool] = lambda: True
        self.ack_seconds = ACK_SECONDS
        self.redelivered_after: tuple[float, ...] = REDELIVERED_AFTER

    def tell(self, event_type: str, event: JsonObject, *, event_id: str = "") -> None:
        """Tell an event in the background, again and again until it is taken."""
        created = str(int(self._tenant.clock.now().timestamp() * 1000))
        payload = self._payload(event_type, event, created, event_id)
        task = asyncio.get_running_loop().create_task(self._until_taken(payload))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def click(self, event: JsonObject) -> Answer:
        """Tell a click, once, and return the answer."""
        created = str(int(self._tenant.clock.now().timestamp() * 1_000_000))
        return await self._push(self._payload("card.action.trigger", event, created), card=True)

    async def settled(self) -> None:
        """Wait until every event that was told has been taken."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def stop(self) -> None:
        """Give up what is still to be told."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def challenge(self, url: str) -> bool:
        """Whether an address passes the test that the console makes before it is saved."""
        asked = callbacks.challenge(self._tenant)
        encrypted = self.callbacks.encrypted
        body, headers = callbacks.request(self._tenant, asked, encrypted=encrypted, signed=False)
        try:
            response = await callbacks.post(url, body, headers, CHALLENGE_SECONDS)
        except httpx.HTTPError as error:
            self.heard("http challenge", asked, type(error).__name__, None)
            return False
        answered = _json_object(response.text)
        self.heard("http challenge", asked, answered, response.status_code)
        return response.status_code == 200 and as_object(answered).get("challenge") == asked["challenge"]

    def _payload(self, event_type: str, event: JsonObject, created: str, event_id: str = "") -> JsonObject:
        header: JsonObject = {
            "event_id": event_id or secrets.token_hex(16),
            "token": self._tenant.app.verification_token,
            "create_time": created,
            "event_type": event_type,
            "tenant_key": self._tenant.key,
            "app_id": self._tenant.app.id,
        }
        return {"schema": "2.0", "header": header, "event": event}

    async def _until_taken(self, payload: JsonObject) -> None:
        for pause in (*self.redelivered_after, None):
            if (await self._push(payload, card=False)).acked or pause is None:
                return
            await self._tenant.clock.sleep(pause)

    async def _push(self, payload: JsonObject, *, card: bool) -> Answer:
        if not self.reachable():
            return Answer("nothing", code=NO_CONNECTION, why="Feishu is unplugged")
        url = self.callbacks.url(card=card)
        if url:
            return await self._by_http(url, payload)
        return await self._by_connection(as_text(as_object(payload["header"]).get("event_id")), payload)

    async def _by_connection(self, message_id: str, payload: JsonObject) -> Answer:
        try:
            async with asyncio.timeout(self.ack_seconds):
                ack = await self._connections.deliver(message_id, payload)
        except TimeoutError:
            return Answer("socket", code=TOO_LATE, why=f"no acknowledgement within {self.ack_seconds:g} s")
        except ConnectionError as lost:
            return Answer("socket", code=TOO_LATE, why=str(lost))
        if ack is None:
            return Answer("nothing", code=NO_WAY, why="no long connection is open and no callback address is set")
        if ack.code != 200:
            return Answer("socket", code=NOT_200, why=f"acknowledged with {ack.code}")
        if ack.data is None:
            return Answer("socket", code=BAD_BODY, why="the acknowledgement holds no JSON object")
        return Answer("socket", ack.data)

    async def _by_http(self, url: str, payload: JsonObject) -> Answer:
        body, headers = callbacks.request(self._tenant, payload, encrypted=self.callbacks.encrypted)
        try:
            response = await callbacks.post(url, body, headers, self.ack_seconds)
        except httpx.TimeoutException:
            answer, status = Answer("http", code=TOO_LATE, why=f"no answer within {self.ack_seconds:g} s"), None
        except httpx.HTTPError as error:
            answer, status = Answer("http", code=NO_CONNECTION, why=type(error).__name__), None
        else:
            answer, status = _judged(response), response.status_code
        self.heard("http event", payload, answer.body if answer.acked else answer.why, status)
        return answer


def _judged(response: httpx.Response) -> Answer:
    if response.status_code != 200:
        return Answer("http", code=NOT_200, why=f"HTTP {response.status_code}")
    body = _json_object(response.text or "{}")
    if body is None:
        return Answer("http", code=BAD_BODY, why="the answer is no JSON object")
    return Answer("http", body)


def _json_object(text: str) -> JsonObject | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
