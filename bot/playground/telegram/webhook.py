"""Updates posted to an address of the bot's choice, and repeated until it answers 2xx.

As `WebhookActor.cpp` has it: updates of one chat or person wait for each other; a failed one is repeated at once, then
after 2 s, 4 s and so on up to a cap that is drawn between 60 s and 120 s; a `Retry-After` header is obeyed up to an
hour; after 23 hours of nothing but HTTP 410 the webhook is closed. The call that an answer may carry is not made.
"""

import asyncio
import json
import re
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import aiohttp

from bot.clock import Clock
from bot.playground.telegram.refusal import bad_request
from bot.playground.telegram.shapes import unix
from bot.playground.telegram.updates import DEFAULT, Update, Updates
from bot.playground.wire import JsonObject

PORTS: Final = (443, 80, 88, 8443)
CONNECTIONS: Final = 40
CAP_SECONDS: Final = 60
LONGEST_PAUSE: Final = 3600
GONE_LIFE: Final = timedelta(hours=23)
TIMEOUT_SECONDS: Final = 10.0

Heard = Callable[[str, object, object, int | None], None]


class Webhook:
    """Where updates are posted; without an address they wait for getUpdates.

    `local`: plain HTTP and any port are taken, as by a server that runs with `--local`. `timeout_seconds` are real.
    """

    def __init__(self, clock: Clock, updates: Updates) -> None:
        self._clock = clock
        self._updates = updates
        self._secret = ""
        self._connections = asyncio.Semaphore(CONNECTIONS)
        self._most = CONNECTIONS
        self._feeder: asyncio.Task[None] | None = None
        self._queues: dict[str, asyncio.Task[None]] = {}
        self._error: tuple[datetime, str] | None = None
        self._gone_since: datetime | None = None
        self.url = ""
        self.local = True
        self.timeout_seconds = TIMEOUT_SECONDS
        self.online = asyncio.Event()
        self.heard: Heard = lambda *_: None
        self.taken: Callable[[], None] = lambda: None

    def set(self, url: str, secret: str, connections: int, *, fresh: bool) -> None:
        """Post updates to `url` from now on; `fresh` forgets those that wait. Raises `Refusal`."""
        self._check(url, secret)
        self.unset(fresh=fresh)
        self.url, self._secret = url, secret
        self._most = min(max(connections, 1), 100) if connections else CONNECTIONS
        self._connections = asyncio.Semaphore(self._most)
        self.taken()
        self._feeder = asyncio.get_running_loop().create_task(self._feed())

    def unset(self, *, fresh: bool = False) -> None:
        """Post no more; `fresh` forgets the updates that wait."""
        for task in (self._feeder, *self._queues.values()):
            if task is not None and task is not asyncio.current_task():
                task.cancel()
        self._feeder = None
        self._queues.clear()
        self.url, self._error, self._gone_since = "", None, None
        if fresh:
            self._updates.clear()

    def info(self) -> JsonObject:
        """Return what getWebhookInfo answers."""
        info: JsonObject = {
            "url": self.url,
            "has_custom_certificate": False,
            "pending_update_count": len(self._updates.waiting()),
        }
        if self._error is not None:
            info |= {"last_error_date": unix(self._error[0]), "last_error_message": self._error[1]}
        if self.url:
            info |= {"max_connections": self._most, "ip_address": urlsplit(self.url).hostname}
        if self._updates.allowed != DEFAULT:
            info["allowed_updates"] = sorted(self._updates.allowed)
        return info

    def _check(self, url: str, secret: str) -> None:
        try:
            parts = urlsplit(url if "://" in url else f"https://{url}")
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError:
            raise bad_request("bad webhook: Failed to parse URL") from None
        if not parts.hostname:
            raise bad_request("bad webhook: URL host is empty")
        if not self.local and parts.scheme != "https":
            raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
        if not self.local and port not in PORTS:
            raise bad_request("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
        if len(secret) > 256:
            raise bad_request("secret token is too long")
        if re.fullmatch(r"[A-Za-z0-9_-]*", secret) is None:
            raise bad_request("secret token contains unallowed characters")

    async def _feed(self) -> None:
        """See to it that every queue with updates is emptied."""
        while self.url:
            self._updates.arrived.clear()
            for queue in {update.queue for update in self._updates.waiting()} - self._queues.keys():
                self._queues[queue] = asyncio.get_running_loop().create_task(self._empty(queue))
            await self._updates.arrived.wait()

    async def _empty(self, queue: str) -> None:
        try:
            while (update := self._head(queue)) is not None:
                await self._deliver(update)
        finally:
            if self._queues.get(queue) is asyncio.current_task():
                del self._queues[queue]
                self._updates.arrived.set()

    def _head(self, queue: str) -> Update | None:
        return next((update for update in self._updates.waiting() if update.queue == queue), None)

    async def _deliver(self, update: Update) -> None:
        """Post one update until it is taken, too old, or the webhook is closed."""
        delay, failures = 1, 0
        while self.url:
            await self.online.wait()
            trouble, pause = await self._post(update)
            if not trouble:
                self._updates.done(update)
                return
            now = self._clock.now()
            self._error = (now, trouble)
            if self._closed(trouble, now):
                self.unset()
                return
            if not pause and failures:
                delay = min(CAP_SECONDS + secrets.randbelow(CAP_SECONDS + 1), delay * 2)
                pause = delay
            failures += 1
            if now + timedelta(seconds=pause) > update.expires:
                self._updates.done(update)
                return
            await self._clock.sleep(pause)

    def _closed(self, trouble: str, now: datetime) -> bool:
        if "webhook: 410" not in trouble:
            self._gone_since = None
            return False
        self._gone_since = self._gone_since or now
        return now - self._gone_since > GONE_LIFE

    async def _post(self, update: Update) -> tuple[str, int]:
        """Post an update once, and return what went wrong, and the seconds to wait that the answer asks for."""
        headers = {"Content-Type": "application/json"}
        if self._secret:
            headers["X-Telegram-Bot-Api-Secret-Token"] = self._secret
        timeout = aiohttp.ClientTimeout(total=self.timeout_seconds)
        body = json.dumps(update.body)
        try:
            async with (
                self._connections,
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(self.url, data=body, headers=headers, allow_redirects=False) as response,
            ):
                answered = await response.text(errors="replace")
                status, reason = response.status, response.reason
                asked = response.headers.get("Retry-After", "")
        except TimeoutError:
            self.heard("webhook", update.body, "no answer", None)
            return "Read timeout expired", 0
        except aiohttp.ClientError as error:
            self.heard("webhook", update.body, f"{type(error).__name__}: {error}", None)
            return "Connection refused", 0
        self.heard("webhook", update.body, answered, status)
        if 200 <= status < 300:
            return "", 0
        pause = min(int(asked), LONGEST_PAUSE) if asked.isdigit() else 0
        return f"Wrong response from the webhook: {status} {reason}", pause
