"""How long it takes from the sender's POST to the chat platform having the card; beside it, Alertmanager's webhook.

The alerts are spread over so many chats and workspaces that the platform's rates hold nobody up: what is left is our
own time. The platform notes the instant at which it has read the card and not yet checked it, as the webhook's receiver
does.
"""

import asyncio
import contextlib
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from bot.clock import SystemClock
from tests.bench import configuration, machine
from tests.bench.configuration import channel, file, level
from tests.bench.databases import KINDS, Fresh, databases
from tests.bench.figures import Rounds, percentile, say
from tests.bench.machine import Cpu
from tests.bench.oncard import Oncard, serving
from tests.bench.plan import Plan, Void
from tests.bench.sender import Rate, Request, Requests, Sent, send
from tests.bench.slack import Slack, slack
from tests.bench.webhook import webhook
from tests.support.monitoring import ALERTMANAGER, starter

RATES = (20.0, 50.0)
# Seconds of the same before it counts: what a service does for the first time takes longer, once.
BEFORE = 2.0
WORKSPACES = 25
CHATS = 4
ARRIVES_WITHIN = 30.0
NUMBER = re.compile(r"alert (\d+) of the run")


def run(plan: Plan) -> None:
    """Measure both in turn, and print the table."""
    rounds = Rounds()
    with databases(plan.folder) as fresh:
        for _ in range(plan.rounds):
            for per_second in RATES:
                rate = Rate(per_second, BEFORE + 2 * plan.seconds)
                for kind in KINDS:
                    _note(rounds, f"Oncard on {kind}, {per_second:g}/s", _oncard(kind, rate, fresh))
                _note(rounds, f"Alertmanager, {per_second:g}/s", _alertmanager(rate, plan))
    say(
        f"latency from POST to the card in the chat app ({WORKSPACES} workspaces, {WORKSPACES * CHATS} chats), and to "
        f"Alertmanager's webhook (group_wait 0s); "
        f"{2 * plan.seconds:g} s each after {BEFORE:g} s of the same, median (least–most) of {plan.rounds} rounds"
    )
    rounds.print("variant")


@dataclass(frozen=True, slots=True)
class Measured:
    """What was sent, when (Unix time) each alert arrived by its number, and how many cores the server kept busy."""

    sent: list[Sent]
    arrived: Mapping[int, float]
    cores: float = math.nan


def _note(rounds: Rounds, row: str, measured: Measured) -> None:
    sent, arrived = measured.sent, measured.arrived
    refused = sum(not one.is_taken for one in sent)
    if refused or any(one.number not in arrived for one in sent):
        raise Void(f"{row}: of {len(sent)} alerts {refused} were refused, and {len(arrived)} arrived")
    counted = [one for one in sent if one.at >= sent[0].at + BEFORE]
    times = [(arrived[one.number] - one.at) * 1000 for one in counted]
    answers = [one.milliseconds for one in counted]
    rounds.note(
        row,
        alerts=len(counted),
        p50_ms=percentile(times, 0.5),
        p99_ms=percentile(times, 0.99),
        most_ms=max(times),
        answer_p50_ms=percentile(answers, 0.5),
        answer_p99_ms=percentile(answers, 0.99),
        cores=measured.cores,
    )


def _oncard(kind: str, rate: Rate, fresh: Fresh) -> Measured:
    with fresh(kind) as (home, url), contextlib.ExitStack() as stack:
        platform = stack.enter_context(slack(home, workspaces=WORKSPACES, chats=CHATS))
        keys = {chat: f"key-of-chat-{number:04d}" for number, chat in enumerate(platform.chats)}
        channels = [channel(key, key, level(chats=[chat])) for chat, key in keys.items()]
        server = stack.enter_context(serving(home, url, file(channels, platform.workspaces)))
        # One chat after the other, and of the workspaces too: each has the longest rest between two.
        order = [keys[chat] for first in range(CHATS) for chat in platform.chats[first::CHATS]]

        def request(number: int) -> Request:
            body = {
                "event_status": "Critical",
                "title_rule": f"alert {number} of the run",
                "alert_key": str(number),
                "description": "usage above 90 % for 5 minutes",
                "labels": {"service": "postgres", "host": f"db-{number}", "region": "eu-1"},
            }
            return Request(configuration.path(order[number % len(order)]), json.dumps(body).encode())

        return asyncio.run(_sent(server, rate, request, platform))


async def _sent(server: Oncard, rate: Rate, request: Requests, platform: Slack) -> Measured:
    clock = SystemClock()
    async with asyncio.timeout(ARRIVES_WITHIN):
        while sum(call.method == "apps.connections.open" for call in platform.calls()) < WORKSPACES:
            await clock.sleep(0.1)  # Nobody is told when all are connected.
    before = Cpu.now([server.process.pid])
    sent = await send(server.url, rate, request)
    cores = (Cpu.now([server.process.pid]).ours - before.ours) / rate.seconds
    arrived = await _awaited(len(sent), lambda: _arrivals(platform))
    return Measured(sent, arrived, cores)


def _arrivals(platform: Slack) -> Mapping[int, float]:
    found: dict[int, float] = {}
    for call in platform.calls():
        number = NUMBER.search(call.text) if call.method == "chat.postMessage" and call.is_taken else None
        if number:
            found.setdefault(int(number[1]), call.at)
    return found


async def _awaited(count: int, look: Callable[[], Mapping[int, float]]) -> Mapping[int, float]:
    """Return what has arrived, once that is all or the patience is over."""
    clock = SystemClock()
    until = clock.now() + timedelta(seconds=ARRIVES_WITHIN)
    while len(found := look()) < count and clock.now() < until:
        await clock.sleep(0.5)
    return found


def _alertmanager(rate: Rate, plan: Plan) -> Measured:
    with machine.fresh_folder(plan.folder) as home, contextlib.ExitStack() as stack:
        receiver = stack.enter_context(webhook(home))
        way = {
            "receiver": "bench",
            # Each alert for itself, as a card is.
            "group_by": ["..."],
            "group_wait": "0s",
            "group_interval": "5m",
            "repeat_interval": "4h",
        }
        hook = {"url": receiver.url, "send_resolved": False}
        start = starter(ALERTMANAGER, home, stack)
        address = start({"route": way, "receivers": [{"name": "bench", "webhook_configs": [hook]}]})

        def request(number: int) -> Request:
            labels = {"alertname": "disk full", "number": str(number), "service": "postgres"}
            alert = {"labels": labels, "annotations": {"description": "usage above 90 % for 5 minutes"}}
            return Request("/api/v2/alerts", json.dumps([alert]).encode())

        async def work() -> Measured:
            sent = await send(address, rate, request)
            return Measured(sent, await _awaited(len(sent), receiver.arrivals))

        return asyncio.run(work())
