"""Whether anything leaks: many minutes of alerts that open, repeat, change and recover, while people acknowledge.

What the server holds is looked at every few seconds: memory, open files, threads, rows, the database's size. With as
many incidents closed as opened, all of it must come to rest once retention has begun to take the oldest rows.
"""

import asyncio
import json
import statistics
import time
from collections import deque
from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path

from bot.clock import SystemClock
from tests.bench import configuration, machine, stored
from tests.bench.configuration import channel, file, level
from tests.bench.figures import percentile, say, shown, table
from tests.bench.oncard import Oncard, serving, sqlite_url
from tests.bench.plan import Plan
from tests.bench.sender import Rate, Request, Sent, send
from tests.bench.slack import Slack, slack

WORKSPACES = 25
CHATS = 2
CALLED = configuration.PEOPLE[1:]
"""Who is called in turn: one person alone would be told more than a chat app lets through, which is one a second."""
ACTIVE = 100
"""How many alerts are active once it has begun."""
CYCLE = 50
"""Of so many events, one opens, one closes, one changes, five are recoveries of nothing; the others only repeat."""
SHORTEST = "10m"
"""The shortest time for which the server can be told to keep things: after twice that, as much goes as comes."""
KEEP = {f"ONCARD_KEEP_{kind}": SHORTEST for kind in ("EVENTS", "DELIVERIES", "INCIDENTS")}
LOOK_EVERY = 10.0
LINES = 20

Sample = Mapping[str, float]


def run(plan: Plan) -> None:
    """Run the soak on SQLite, and print the series and how fast each figure grows."""
    with (
        machine.fresh_folder(plan.folder) as home,
        slack(home, workspaces=WORKSPACES, chats=CHATS, acknowledge_every=2) as platform,
    ):
        text, keys = _configuration(platform)
        with serving(home, sqlite_url(home), text, KEEP) as server:
            samples, sent = asyncio.run(_soak(server, home, keys, Rate(plan.rate, plan.minutes * 60)))
    refused = sum(not one.is_taken for one in sent)
    say(f"soak: {plan.minutes:g} minutes at {plan.rate:g} alerts/s; {len(sent):,} sent, {refused} not taken")
    _print(samples)


def _configuration(platform: Slack) -> tuple[str, Sequence[str]]:
    keys = [f"key-of-chat-{number:04d}" for number in range(len(platform.chats))]
    channels = [
        channel(key, key, level(chats=[chat], after="30s"), level(person))
        for key, chat, person in zip(keys, platform.chats, cycle(CALLED), strict=False)
    ]
    return file(channels, platform.workspaces), keys


class _Mix:
    """The alerts: new ones, and then what becomes of them."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = keys
        self._active: deque[int] = deque()
        self._opened = 0

    def request(self, number: int) -> Request:
        """Return the event of this number."""
        place = number % CYCLE
        if place == 0 or not self._active:
            self._opened += 1
            self._active.append(self._opened)
            return self._event(self._opened, "Warning")
        if place == CYCLE // 2 and len(self._active) > ACTIVE:
            return self._event(self._active.popleft(), "Ok")
        if place % 10 == 1:
            return self._event(-number, "Ok")
        alert = self._active[number * 7 % len(self._active)]
        return self._event(alert, "Critical" if place == CYCLE // 4 or alert % 3 == 0 else "Warning")

    def _event(self, alert: int, status: str) -> Request:
        body = {
            "event_status": status,
            "title_rule": f"disk full on db-{alert}",
            "alert_key": f"soak-{alert}",
            "description": "usage above 90 % for 5 minutes",
            "labels": {"service": "postgres", "host": f"db-{alert}", "region": "eu-1"},
        }
        return Request(configuration.path(self._keys[alert % len(self._keys)]), json.dumps(body).encode())


async def _soak(
    server: Oncard, home: Path, keys: Sequence[str], rate: Rate
) -> tuple[list[dict[str, float]], list[Sent]]:
    samples: list[dict[str, float]] = []
    sending = asyncio.create_task(send(server.url, rate, _Mix(keys).request))
    clock = SystemClock()
    start = time.time()
    while not sending.done():
        await clock.sleep(LOOK_EVERY)
        samples.append({"minute": (time.time() - start) / 60, **await _look(server, home)})
    sent = await sending
    for number, sample in enumerate(samples):
        first, last = start + number * LOOK_EVERY, start + (number + 1) * LOOK_EVERY
        times = [one.milliseconds for one in sent if first <= one.at < last]
        sample["p99 ms"] = percentile(times, 0.99) if times else 0.0
    return samples, sent


async def _look(server: Oncard, home: Path) -> dict[str, float]:
    process = server.process.pid
    size = sum(part.stat().st_size for part in home.glob("oncard.db*"))
    return {
        "MB": machine.memory(process),
        "handles": machine.handles(process),
        "threads": machine.threads(process),
        "open": await stored.open_incidents(sqlite_url(home)),
        **await stored.counts(sqlite_url(home)),
        "file MB": size / 1e6,
    }


def _print(samples: Sequence[Sample]) -> None:
    """Print at most `LINES` of the samples, evenly spread, and what each figure grows by in an hour."""
    chosen = sorted({round(place * (len(samples) - 1) / (LINES - 1)) for place in range(LINES)})
    columns = list(samples[-1])
    rows = [[shown([samples[place][name]]) for name in columns] for place in chosen]
    second_half = samples[len(samples) // 2 :]
    hours = [sample["minute"] / 60 for sample in second_half]
    slopes = [_slope(hours, [sample[name] for sample in second_half]) for name in columns[1:]]
    table(columns, [*rows, ["per hour, second half", *slopes]])


def _slope(hours: Sequence[float], values: Sequence[float]) -> str:
    if len(set(hours)) < 2:
        return "-"
    return f"{statistics.linear_regression(hours, values).slope:+,.1f}"
