"""Nights of trouble in four chat apps: in the morning every card shows the same, and everybody was told once.

`ONCARD_NIGHTS=1-40` in the environment runs the nights of these seeds instead of the usual ones.
"""

import os
import random
from datetime import timedelta

import pytest

from tests.support.everywhere import Everywhere, everywhere
from tests.support.mirrored import Morning, Night, places

# To load what speaks to the apps can take half a minute on a busy machine.
pytestmark = pytest.mark.timeout(150)

# A call that is never answered is given up after so many seconds of real time.
PATIENCE = "1"


def seeds() -> range:
    """Return the seeds of the nights to run."""
    first, _, last = os.environ.get("ONCARD_NIGHTS", "1-3").partition("-")
    return range(int(first), int(last or first) + 1)


async def a_night(oncard: Everywhere, seed: int) -> str:
    """Let the night of a seed pass, look at the morning, and return what there was."""
    soon = timedelta(minutes=2)
    first = oncard.level(repeat_every=soon, repeat_times=1)
    await oncard.configure_all(first, oncard.level("slack", "dingtalk", escalate_after=soon), timeout=PATIENCE)
    await oncard.connect_in_time()
    known = places(oncard)
    night = Night(oncard, random.Random(seed))  # noqa: S311 - The same night for the same seed.
    try:
        await night.pass_by()
        await night.end()
        morning = await Morning.of(oncard)
        shown = await morning.all_cards_show_the_state(known)
        told = morning.each_page_once(known)
        named = morning.timeline_names_failures(night.slowed)
    except Exception as error:
        error.add_note("\n".join(night.told))
        raise
    assert shown >= len(oncard.apps)
    return f"{len(morning.incidents)} incidents, {shown} cards, {told} messages, {named} named failures"


@pytest.mark.parametrize("seed", seeds())
async def test_a_night_ends_with_the_same_cards_everywhere(sqlite_url: str, seed: int) -> None:
    async with everywhere(sqlite_url) as oncard:
        await a_night(oncard, seed)


async def test_a_night_on_postgresql(postgresql_url: str) -> None:
    async with everywhere(postgresql_url) as oncard:
        await a_night(oncard, 4)
