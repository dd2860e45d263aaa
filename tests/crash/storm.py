"""The storm: senders that repeat each request until it is answered with 2xx, and people who click and type.

A key belongs to one request at a time, so that its events have an order. A sender's patience is longer than any pause
of a process: a request is sent again only when the first one is surely dead.
"""

import asyncio
import random
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import httpx

from bot.clock import Clock
from bot.domain.incident import Progress
from bot.playground.slack import refusal
from bot.playground.slack.modals import View
from tests.crash.chat import Card, Chat
from tests.crash.history import Post
from tests.crash.setting import CHANNELS, PEOPLE, Setting

PATIENCE: Final = 60.0
TRY_AGAIN_AFTER: Final = 0.15
SENDERS: Final = 4
LARGEST_BATCH: Final = 12
NEWEST: Final = 30
STUBBORN: Final = 0.3
# A form that a dead process was to fill is not waited for any longer.
FORM_WITHIN: Final = 3.0
# Of the keys that have recovered, so many may come again.
REMEMBERED: Final = 40

Act = Callable[[], Coroutine[None, None, bool]]
"""Asks for something in the chat; returns whether that was acknowledged in time."""


@dataclass(slots=True)
class Key:
    """An alert key and what was said of it.

    `stays_until`: nobody cares for it before then, so that it climbs, and what a dead process held is still wanted when
    its lease has run out. `is_retired`: somebody may close it by hand, nothing more is sent.
    """

    name: str
    channel: str
    stays_until: datetime
    posts: list[Post] = field(default_factory=list)
    is_busy: bool = False
    is_retired: bool = False

    @property
    def is_firing(self) -> bool:
        """Whether its last event was trouble."""
        return bool(self.posts) and not self.posts[-1].is_recovery

    @property
    def is_free(self) -> bool:
        """Whether something may be sent for it."""
        return not self.is_busy and not self.is_retired


@dataclass(frozen=True, slots=True)
class Click:
    """What somebody asked for. `is_answered`: the chat got its acknowledgement in time."""

    at: datetime
    number: int
    verb: str
    is_answered: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is not 2xx."""

    status: int
    retry_after: str
    text: str


@dataclass(slots=True)
class Storm:
    """What is sent and clicked. `most_firing`: so many alerts are in trouble at once; `active`: those that go on.

    `leisure`: how much longer people take than hurried ones, and alerts to recover.
    """

    setting: Setting
    chat: Chat
    urls: Sequence[str]
    dice: random.Random
    clock: Clock
    most_firing: int = 16
    stubborn_for: float = 70.0
    leisure: float = 1.0
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    keys: dict[str, Key] = field(default_factory=dict)
    active: list[Key] = field(default_factory=list)
    clicks: list[Click] = field(default_factory=list)
    requests: int = 0
    taken: int = 0
    refused: list[Refusal] = field(default_factory=list)

    async def run(self) -> None:
        """Send and click until `stopping` is set; return when each request has its 2xx."""
        limits = httpx.Limits(max_keepalive_connections=SENDERS)
        async with (
            httpx.AsyncClient(timeout=PATIENCE, trust_env=False, limits=limits) as client,
            asyncio.TaskGroup() as group,
        ):
            for _ in range(SENDERS):
                group.create_task(self._send(client))
            for person in PEOPLE[:3]:
                group.create_task(self._act(person))

    @property
    def posts(self) -> list[Post]:
        """Every event that was sent, in the order of its key."""
        return [post for key in self.keys.values() for post in key.posts]

    # ---- senders -----------------------------------------------------------------------------------------------------

    async def _send(self, client: httpx.AsyncClient) -> None:
        while not self.stopping.is_set():
            some = self._choose()
            if some:
                await self.send(client, some)
            await self.clock.sleep(self.dice.uniform(0.0, 0.4))

    def _choose(self) -> list[tuple[Key, Post]]:
        """Return what one request says: mostly one event, at times a batch of one channel."""
        size = self.dice.randint(2, LARGEST_BATCH) if self.dice.random() < 0.15 else 1
        channel = self.dice.choice(list(CHANNELS))
        chosen: list[tuple[Key, Post]] = []
        for _ in range(size):
            key = self._key(channel)
            if key is not None:
                key.is_busy = True
                chosen.append((key, self._event(key)))
        return chosen

    def _key(self, channel: str) -> Key | None:
        self.active = [key for key in self.active[:-REMEMBERED] if key.is_firing and not key.is_retired] + self.active[
            -REMEMBERED:
        ]
        free = [key for key in self.active if key.is_free and key.channel == channel]
        firing = [key for key in free if key.is_firing]
        in_trouble = sum(key.is_firing and not key.is_retired for key in self.active)
        if in_trouble < self.most_firing and self.dice.random() < 0.5:
            over = [key for key in free if not key.is_firing]
            return self.dice.choice(over) if over and self.dice.random() < 0.3 else self._new(channel)
        return self.dice.choice(firing) if firing else None

    def _new(self, channel: str) -> Key:
        stays = timedelta(seconds=self.stubborn_for if self.dice.random() < STUBBORN else 0)
        key = Key(f"alert-{len(self.keys) + 1}", channel, self.clock.now() + stays)
        self.keys[key.name] = key
        self.active.append(key)
        return key

    def _event(self, key: Key) -> Post:
        """Return the next event of a key: its trouble, a change of it, the same again, or its recovery."""
        last = key.posts[-1] if key.posts else None
        text = f"report {len(key.posts) + 1} of {key.name}"
        roll = self.dice.random()
        if last is None or last.is_recovery:
            return Post(key.name, "Critical", key.name, text, 0, is_answered=False)
        if roll < 0.3 / self.leisure and self.clock.now() >= key.stays_until:
            return Post(key.name, "Ok", key.name, text, 0, is_answered=False)
        if roll < 0.65:
            return last
        status = self.dice.choice(("Critical", "Warning", "Info"))
        return Post(key.name, status, key.name, text, 0, is_answered=False)

    async def send(self, client: httpx.AsyncClient, events: Sequence[tuple[Key, Post]]) -> None:
        """Send one request until it is answered with 2xx, and note what was said of each key."""
        attempts, is_answered = 0, False
        try:
            while not is_answered:
                attempts += 1
                self.requests += 1
                is_answered = await self._post(client, [post for _, post in events], events[0][0].channel)
                if not is_answered:
                    await self.clock.sleep(TRY_AGAIN_AFTER)
        finally:
            for key, post in events:
                said = Post(post.key, post.status, post.title, post.description, attempts, is_answered)
                key.posts.append(said)
                key.is_busy = False
        self.taken += 1
        self.answered.set()

    async def _post(self, client: httpx.AsyncClient, posts: Sequence[Post], channel: str) -> bool:
        url = f"{self.dice.choice(self.urls)}/event/push/alert/standard"
        if len(posts) == 1:
            body: object = standard(posts[0])
            key = self.setting.keys[channel]
        else:
            body = [
                {"title": post.title, "status": post.status, "key": post.key, "text": post.description}
                for post in posts
            ]
            key = self.setting.batch_keys[channel]
        try:
            answer = await client.post(url, params={"integration_key": key}, json=body)
        except httpx.TransportError:
            return False
        if not answer.is_success:
            self.refused.append(Refusal(answer.status_code, answer.headers.get("Retry-After", ""), answer.text[:200]))
        return answer.is_success

    # ---- people ------------------------------------------------------------------------------------------------------

    def cares(self, title: str) -> bool:
        """Whether somebody may look after what has this title already."""
        key = self.keys.get(title)
        return key is not None and self.clock.now() >= key.stays_until

    async def _act(self, person: str) -> None:
        while not self.stopping.is_set():
            await self.clock.sleep(self.dice.uniform(0.3, 1.5) * self.leisure)
            cards = list(self.chat.cards(NEWEST))
            open_cards = [card for card in cards if card.shown.progress is not Progress.CLOSED]
            if open_cards:
                await self._do(person, self.dice.choice(open_cards))

    async def _do(self, person: str, card: Card) -> None:
        roll = self.dice.random()
        if card.shown.progress is Progress.PROCESSING:
            verb = "Unacknowledge" if roll < 0.25 else "Close"
        else:
            verb = "Acknowledge" if roll < 0.6 else "Escalate" if roll < 0.8 else "Close"
        key = self.keys.get(card.title)
        if key is None or not self.cares(card.title) or (verb == "Close" and not key.is_free):
            return
        # After a close by hand the next event would be a new incident: whether it came first could not be told.
        key.is_retired = key.is_retired or verb == "Close"
        by_command = self.dice.random() < 0.3
        act = self._typed(person, card, verb) if by_command else self._clicked(person, card, verb)
        at = self.clock.now()
        self.clicks.append(Click(at, card.number, verb, await act()))

    def _clicked(self, person: str, card: Card, verb: str) -> Act:
        slack = self.chat.slack
        asks = verb in ("Close", "Escalate")

        async def act() -> bool:
            try:
                clicked = await slack.click(person, card.chat, card.ts, f"{verb}…" if asks else verb)
                if not asks or not clicked.acked:
                    return clicked.acked
                user = slack.workspace.user(person).id
                if not await slack.wait_for(lambda: _is_form(slack.modals.top(user)), FORM_WITHIN):
                    return False
                return (await slack.submit(person, {})).acked
            except (LookupError, refusal.Refusal):
                return False  # The card or the form has changed meanwhile.

        return act

    def _typed(self, person: str, card: Card, verb: str) -> Act:
        word = {"Acknowledge": "ack", "Unacknowledge": "unack"}.get(verb, verb.lower())

        async def act() -> bool:
            chat = next(iter(CHANNELS))
            return (await self.chat.slack.command(person, chat, f"/oncard {word} {card.number}")).acked

        return act


def _is_form(view: View | None) -> bool:
    return view is not None and view.content.get("callback_id") == "oncard:form"


def standard(post: Post) -> dict[str, str]:
    """Return an event as the standard source takes it."""
    return {
        "event_status": post.status,
        "title_rule": post.title,
        "alert_key": post.key,
        "description": post.description,
    }
