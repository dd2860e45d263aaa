"""A storm: thousands of alerts within seconds, in one channel with one chat that takes one message a second.

Judged from outside, by what the chat app was asked and what it shows: whether the calls kept to its limits, how often
each person was told, and how soon after the last alert the chat shows how many incidents are open.
"""

import asyncio
import json
import math
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.clock import SystemClock
from tests.bench import configuration, stored
from tests.bench.configuration import channel, file, level
from tests.bench.databases import KINDS, databases
from tests.bench.figures import Rounds, percentile, say
from tests.bench.oncard import serving
from tests.bench.plan import Plan, Void
from tests.bench.sender import Rate, Request, Sent, send
from tests.bench.slack import Call, Slack, slack

STORM = Rate(per_second=500, seconds=10)
PAGED = ("ana", "bo", "chen")
WATCHED = 60.0
LOOK_EVERY = 0.5
NUMBER = re.compile(r"\d[\d,]*")
WRITES = frozenset({"chat.postMessage", "chat.update"})


@dataclass(frozen=True, slots=True)
class After:
    """What was found when the storm was over.

    `shown`: seconds until the chat named the right number of open incidents, and went on to; `drained`: until no
    message to the chat waited. Infinite: not within the time that was watched. `waiting`: what is left then.
    """

    open: int
    shown: float
    drained: float
    waiting: int


def run(plan: Plan) -> None:
    """Let the storm blow over both kinds of database in turn, and print the table."""
    rounds = Rounds()
    with databases(plan.folder) as fresh:
        for _ in range(plan.rounds):
            for kind in KINDS:
                with fresh(kind) as (home, url), slack(home) as platform:
                    _measure(rounds, kind, home, url, platform)
    say(
        f"storm: {STORM.count:,} alerts in {STORM.seconds:g} s into one channel; one chat at 1 message/s, "
        f"{len(PAGED)} people; watched for {WATCHED:g} s after; median (least–most) of {plan.rounds} rounds"
    )
    rounds.print("database")


def _measure(rounds: Rounds, kind: str, home: Path, url: str, platform: Slack) -> None:
    way = level(*PAGED, chats=platform.chats)
    with serving(home, url, file([channel("payments", configuration.ONE, way)], platform.workspaces)) as server:
        sent, after = asyncio.run(_blow(server.url, url, platform))
        calls = [call for call in platform.calls() if call.method in WRITES]
    taken = sum(one.is_taken for one in sent)
    held = asyncio.run(stored.counts(url))["alerts"]
    if held != taken:
        raise Void(f"{kind}: {taken} alerts were answered with success, {held} are stored")
    in_chat = [call for call in calls if not call.person and call.is_taken]
    told = Counter(call.person for call in calls if call.person and call.is_taken and _is_new(call))
    rounds.note(
        kind,
        taken=taken,
        refused=len(sent) - taken,
        answer_p99_ms=percentile([one.milliseconds for one in sent], 0.99),
        **{"429s": sum(call.status == 429 for call in calls)},
        most_in_1_s=_most_within(calls, 1),
        posts_in_the_chat=sum(map(_is_new, in_chat)),
        edits_there=sum(not _is_new(call) for call in in_chat),
        least_per_person=min(told[name] for name in PAGED),
        most_per_person=max(told[name] for name in PAGED),
        open=after.open,
        right_after_s=after.shown,
        drained_after_s=after.drained,
        still_waiting=after.waiting,
    )


def _is_new(call: Call) -> bool:
    return call.method == "chat.postMessage"


async def _blow(address: str, url: str, platform: Slack) -> tuple[list[Sent], After]:
    """Send the storm, then watch until the chat shows what is open and nothing waits for it."""

    def request(number: int) -> Request:
        body = {
            "event_status": "Critical",
            "title_rule": "disk full on {{labels.host}}",
            "alert_key": f"storm-{number}",
            "description": "usage above 90 % for 5 minutes",
            "labels": {"service": "postgres", "host": f"db-{number}", "region": "eu-1"},
        }
        return Request(configuration.path(configuration.ONE), json.dumps(body).encode())

    sent = await send(address, STORM, request)
    end = max(one.answered for one in sent)
    clock = SystemClock()
    drained = math.inf
    while time.time() < end + WATCHED:
        open_now, waiting = await stored.open_incidents(url), await stored.unsettled(url)
        drained = math.inf if waiting else min(drained, time.time() - end)
        shown = shown_since(_of_the_chat(platform.calls()), open_now)
        if not waiting and shown < math.inf:
            break
        await clock.sleep(LOOK_EVERY)
    open_now = await stored.open_incidents(url)
    shown = shown_since(_of_the_chat(platform.calls()), open_now)
    return sent, After(open_now, max(shown - end, 0), drained, await stored.unsettled(url))


def _of_the_chat(calls: Iterable[Call]) -> list[Call]:
    return [call for call in calls if call.method in WRITES and call.is_taken and not call.person]


def shown_since(calls: Sequence[Call], count: int) -> float:
    """Return since when (Unix time) some message of the chat names this number, as it does still; infinite: none does.

    A chat that has a card for each of them names them all too: then it is the instant of the last card.
    """
    newest = {(call.channel, call.ts): call for call in calls}
    cards = [call.at for call in calls if _is_new(call)]
    if len(cards) == count:
        return max(cards, default=math.inf)
    since = math.inf
    for key, call in newest.items():
        if not _names(call.text, count):
            continue
        versions = [one for one in calls if (one.channel, one.ts) == key]
        right = next(
            (at for at in range(len(versions)) if all(_names(one.text, count) for one in versions[at:])), len(versions)
        )
        since = min(since, versions[right].at)
    return since


def _names(text: str, count: int) -> bool:
    return any(int(number.replace(",", "")) == count for number in NUMBER.findall(text))


def _most_within(calls: Sequence[Call], seconds: float) -> int:
    """Return the most new messages that one conversation was sent within any such stretch, the refused ones too."""
    by_place: dict[str, list[float]] = defaultdict(list)
    for call in calls:
        if _is_new(call):
            by_place[call.place].append(call.at)
    most = 0
    for instants in by_place.values():
        first = 0
        for last, at in enumerate(instants):
            while instants[first] <= at - seconds:
                first += 1
            most = max(most, last - first + 1)
    return most
