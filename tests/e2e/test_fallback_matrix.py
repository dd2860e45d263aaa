"""Each method and each way in which it can fail: what happened then, when, and in whose words, as one table."""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from bot.domain.delivery import PAGES, State
from bot.domain.people import LINES, Method
from bot.playground.mailbox.faults import Bounce, Command
from bot.playground.phones import Habit
from storage.deliveries import Settled
from tests.support.databases import NewDatabase, with_schema
from tests.support.golden import Golden
from tests.support.lines import NUMBERS, Night, night
from tests.support.world import level

ANA = "ana@example.com"
NAMES = {number: str(method) for method, number in LINES.items()}
MINUTE = timedelta(minutes=1)
MOMENT = 4
Trouble = Callable[[Night], Awaitable[None]]


async def no_trouble(oncard: Night) -> None:
    del oncard


def in_slack(befalls: Callable[[Night, str], None]) -> Trouble:
    """Return trouble of Slack in Ana's direct messages."""

    async def trouble(oncard: Night) -> None:
        slack = oncard.slack.workspace
        befalls(oncard, slack.open_dm(slack.user("ana").id).id)

    return trouble


async def slack_gone(oncard: Night) -> None:
    await oncard.slack.pull_plug()


async def twilio_gone(oncard: Night) -> None:
    await oncard.twilio.pull_plug()


async def mail_gone(oncard: Night) -> None:
    await oncard.mailbox.pull_plug()


async def push_gone(oncard: Night) -> None:
    await oncard.ntfy.pull_plug()


def at(do: Callable[[Night], object]) -> Trouble:
    async def trouble(oncard: Night) -> None:
        do(oncard)

    return trouble


def habit(how: Habit) -> Trouble:
    async def trouble(oncard: Night) -> None:
        oncard.phone("ana").habit = how

    return trouble


GREY = {"code": 42901, "error": "limit reached: too many requests"}
DAILY = {"code": 42908, "error": "limit reached: daily message quota reached"}
FORBIDDEN = {"code": 40301, "error": "forbidden"}
CASES: list[tuple[Method, str, Trouble]] = [
    (Method.IM, "takes it", no_trouble),
    (
        Method.IM,
        "refuses for good",
        in_slack(lambda o, c: o.slack.faults.refuse("chat.postMessage", "is_archived", chat=c)),
    ),
    (
        Method.IM,
        "took it, gave no answer",
        in_slack(lambda o, c: o.slack.faults.cut("chat.postMessage", applied=True, chat=c)),
    ),
    (
        Method.IM,
        "wants five minutes of peace",
        in_slack(lambda o, c: o.slack.faults.rate_limit("chat.postMessage", 300, chat=c)),
    ),
    (Method.IM, "is dark", slack_gone),
    (Method.SMS, "takes it", no_trouble),
    (Method.SMS, "the number takes no SMS", at(lambda o: o.twilio.refuse("messages.create", 21614))),
    (Method.SMS, "our account is suspended", at(lambda o: o.twilio.refuse("messages.create", 20003))),
    (Method.SMS, "took it, gave no answer", at(lambda o: o.twilio.faults.cut("messages.create", applied=True))),
    (Method.SMS, "is dark", twilio_gone),
    (
        Method.SMS,
        "reports that it was not delivered",
        at(lambda o: o.twilio.texts.fates.update({NUMBERS["ana"]: 30005})),
    ),
    (Method.VOICE, "the number cannot be called", at(lambda o: o.twilio.refuse("calls.create", 21214))),
    (Method.VOICE, "took it, gave no answer", at(lambda o: o.twilio.faults.cut("calls.create", applied=True))),
    (Method.VOICE, "is dark", twilio_gone),
    (Method.VOICE, "is busy", habit(Habit.BUSY)),
    (Method.VOICE, "nobody answers", habit(Habit.OFF)),
    (Method.EMAIL, "takes it", no_trouble),
    (Method.EMAIL, "no such mailbox", at(lambda o: o.mailbox.faults.refuse(Command.RCPT, "550 5.1.1 no such user"))),
    (Method.EMAIL, "took it, gave no answer", at(lambda o: o.mailbox.faults.cut(Command.DATA, applied=True))),
    (Method.EMAIL, "greylists us", at(lambda o: o.mailbox.faults.greylist(ANA, 600))),
    (Method.EMAIL, "is dark", mail_gone),
    (Method.EMAIL, "comes back", at(lambda o: o.mailbox.faults.bounce(Bounce(ANA, "5.1.1 mailbox is gone")))),
    (Method.PUSH, "takes it", no_trouble),
    (Method.PUSH, "refuses us", at(lambda o: o.ntfy.faults.refuse("publish", 403, FORBIDDEN))),
    (Method.PUSH, "the day's quota is spent", at(lambda o: o.ntfy.faults.refuse("publish", 429, DAILY))),
    (Method.PUSH, "wants us to wait", at(lambda o: o.ntfy.faults.refuse("publish", 429, GREY, times=99))),
    (Method.PUSH, "is dark", push_gone),
]


@dataclass(frozen=True)
class Line:
    """What became of one page."""

    method: str
    trouble: str
    said: str
    then: str

    def __str__(self) -> str:
        return f"| {self.method} | {self.trouble} | {self.said} | {self.then} |"


async def lived_through(url: str, method: Method, trouble: str, befalls: Trouble) -> Line:
    async with night(url) as oncard:
        oncard.pushed = ("ana",)
        await oncard.configure(level("ana", methods=(method,), escalate_after=30 * MINUTE))
        await befalls(oncard)
        await oncard.fire()
        await _minute(oncard)
        ledger = [one for one in await oncard.ledger() if one.delivery.kind in PAGES]
        first = ledger[0]
        others = [one for one in ledger[1:] if one.state is State.DELIVERED]
        await oncard.slack.put_back()
        return Line(str(method), trouble, _said(first), ", ".join(_then(one) for one in others) or "nothing more")


async def _minute(oncard: Night) -> None:
    """Let a minute pass in which providers can tell us what they have to."""
    for _ in range(62):
        await oncard.settle()
        await oncard.mailbox.posted()
        # What Twilio tells us of its own accord; a phone that rings waits for the clock.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(oncard.twilio.network.settle(), 0.01)
        oncard.clock.advance(1)


def _said(one: Settled) -> str:
    said = re.sub(r"(127\.0\.0\.1(?: on port |:|', ))\d+", r"\g<1>…", one.said)
    return f"{one.state}: {one.reason}: {said}" if one.state is not State.DELIVERED else "accepted"


def _then(one: Settled) -> str:
    after = ((one.settled_at or one.not_before) - one.delivery.created_at).total_seconds()
    # What a server tells of its own accord takes a moment.
    when = "at once" if after < MOMENT else f"after {after:.0f} s"
    return f"{NAMES.get(one.delivery.place.workspace, 'im')} {when}"


@pytest.mark.parametrize("method", [Method.IM, *LINES])
async def test_every_failure_of_a_method(new_sqlite_database: NewDatabase, golden: Golden, method: Method) -> None:
    cases = [case for case in CASES if case[0] is method]
    lines = [str(await lived_through(new_sqlite_database(with_schema), *case)) for case in cases]
    table = "\n".join(["| method | what happens | in whose words | then |", "|---|---|---|---|", *lines]) + "\n"
    print(table)  # noqa: T201 - `pytest -s` shows it.
    golden(f"golden/fallback-{method}.md", table)
