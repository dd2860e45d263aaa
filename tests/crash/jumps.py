"""The machine's clock jumps by an hour, forward and back.

The whole service runs in this process on the tests' clock: a real process would need a library that lies to it about
the time.
"""

from datetime import timedelta
from typing import Final

from bot.domain.delivery import State
from bot.domain.incident import Idle, Progress
from tests.support.world import CHAT, World, level, world

HOUR: Final = timedelta(hours=1)
STEP: Final = timedelta(minutes=10)
LEVELS: Final = ("ana", "bo")


async def jump(url: str) -> list[str]:
    """Let the clock jump on the database at `url`; return what went wrong."""
    faults: list[str] = []
    async with world(url) as made:
        await made.configure(*(level(name, chats=(made.chat(),), escalate_after=STEP) for name in LEVELS))
        await _forward(made, faults)
        await _back(made, faults)
    return faults


async def _forward(made: World, faults: list[str]) -> None:
    """What is overdue by an hour goes on from now: the next level once, with its whole time, not all levels at once."""
    await made.fire("disk")
    await made.advance(timedelta(seconds=5))
    made.clock.set(made.clock.now() + HOUR)
    await made.advance(timedelta(seconds=5))
    _expect(faults, "forward: told", _told(made, "disk"), {"ana": 1, "bo": 1})
    incident = await made.incident(1)
    _expect(faults, "forward: idle", incident.idle, None)
    await made.advance(STEP)
    _expect(faults, "forward: in the end", (await made.incident(1)).idle, Idle.EXHAUSTED)
    _expect(faults, "forward: exhausted", (await made.timeline(1)).count("exhausted"), 1)


async def _back(made: World, faults: list[str]) -> None:
    """What comes after the jump is told at once; what was running goes on when its time has come, and nothing twice."""
    await made.fire("memory")
    await made.advance(timedelta(seconds=5))
    made.clock.set(made.clock.now() - HOUR)
    await made.fire("network")
    await made.advance(timedelta(seconds=5))
    _expect(faults, "back: told at once", _told(made, "network"), {"ana": 1, "bo": 0})
    await made.say("ack 3", by="ana")
    await made.until(Progress.PROCESSING, 3)
    await made.advance(timedelta(seconds=5))
    card = await made.slack.expect_card("network", chat=CHAT)
    _expect(faults, "back: the card", "Acknowledged" in card.text, should=True)
    await made.advance(2 * HOUR)
    _expect(faults, "back: told in the end", _told(made, "memory"), {"ana": 1, "bo": 1})
    _expect(faults, "back: told after the acknowledgement", _told(made, "network"), {"ana": 1, "bo": 0})
    for number in (1, 2, 3):
        unsettled = [one for one in await made.ledger(number) if one.state in (State.PENDING, State.SENDING)]
        _expect(faults, f"back: still to be sent for #{number}", len(unsettled), 0)


def _told(made: World, title: str) -> dict[str, int]:
    """Return how many direct messages tell each person of the incident as a page."""
    slack = made.slack.workspace
    direct = {name: slack.messages(slack.open_dm(slack.user(name).id).id) for name in LEVELS}
    said = {name: [one.draft.text for one in messages] for name, messages in direct.items()}
    return {name: sum(title in text and "Nobody" not in text for text in texts) for name, texts in said.items()}


def _expect(faults: list[str], what: str, found: object, should: object) -> None:
    if found != should:
        faults.append(f"{what}: {found}, should be {should}")
