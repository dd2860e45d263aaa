"""One incident is one live card in every chat app: each does all that Slack does, what happens in one shows in all.

Through each platform's own SDK, against the local servers.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.domain.incident import Progress
from cards import words
from tests.support.apps import CLOSE, PLATFORMS, SNOOZE, App
from tests.support.everywhere import ON_CALL, STRANGER, Everywhere, everywhere

# To load what speaks to the apps can take half a minute on a busy machine.
pytestmark = pytest.mark.timeout(150)

# The slowest chat takes a message every three seconds; a page goes before an edit.
A_WHILE = timedelta(seconds=10)
# What is in the language of the chat, and names Oncard.
UNLINKED = {"en": ("is not linked", "Oncard"), "zh": ("账号", "Oncard")}


@pytest.fixture(params=PLATFORMS)
def platform(request: pytest.FixtureRequest) -> str:
    """Each platform in turn."""
    name: str = request.param
    return name


@pytest.fixture
def other(platform: str) -> str:
    """Give an app beside the one that is looked at."""
    return "slack" if platform != "slack" else "telegram"


@pytest.fixture
async def oncard(sqlite_url: str, platform: str, other: str) -> AsyncIterator[Everywhere]:
    """Oncard beside the app and another one, with an incident that both were told of."""
    async with everywhere(sqlite_url, tuple(dict.fromkeys(("slack", platform, other)))) as made:
        await made.configure_all(made.level(), made.level(platform))
        await made.connect()
        await made.fire()
        yield made


@pytest.fixture
def here(oncard: Everywhere, platform: str) -> App:
    """Give the app that is looked at."""
    return oncard.apps[platform]


async def test_it_is_posted_edited_and_clicked(oncard: Everywhere, here: App, platform: str) -> None:
    card = await here.card()
    direct = await here.dm(ON_CALL[platform])
    for one in (card, direct):
        await one.shows("#1", "disk full", here.says(words.PAGING))
    await oncard.press(platform, card, "Acknowledge", "eli")
    await oncard.until(Progress.PROCESSING)
    await oncard.told(platform, "eli", "#1 is yours")
    await oncard.settle()
    for one in (card, direct):
        await one.shows(here.says(words.ACKNOWLEDGED, who=here.by("Eli", platform)))
    await oncard.press(platform, card, "Unacknowledge", "eli")
    await oncard.until(Progress.TRIGGERED)
    await oncard.advance(A_WHILE)
    for one in (card, direct):
        await one.shows(here.says(words.PAGING))
    await oncard.recover()
    await oncard.advance(A_WHILE)
    for one in (card, direct):
        await one.shows(here.says(words.RECOVERED))
        assert one.buttons == [here.says("Reopen")]


async def test_what_is_typed_and_filled_in_is_carried_out(oncard: Everywhere, here: App, platform: str) -> None:
    card = await here.card()
    for command, progress, answer in (
        ("ack 1", Progress.PROCESSING, "#1 is yours"),
        ("unack", Progress.TRIGGERED, "You gave #1 back"),
        ("认领 1", Progress.PROCESSING, "#1 is yours"),
    ):
        await here.command(command, "fay")
        await oncard.until(progress)
        await oncard.told(platform, "fay", answer)
        await oncard.advance(A_WHILE)
    await here.command("akc 1", "fay")
    await oncard.told(platform, "fay", "ack 1")

    await oncard.fill(platform, card, SNOOZE, "gil")
    await oncard.told(platform, "gil", "#1 is quiet until")
    quiet_until = (await oncard.incident()).snoozed_until
    assert quiet_until is not None
    assert timedelta(minutes=59) < quiet_until - oncard.clock.now() <= timedelta(hours=1)
    await oncard.advance(A_WHILE)
    await oncard.fill(platform, card, CLOSE, "gil")
    closed = await oncard.until(Progress.CLOSED)
    await oncard.advance(A_WHILE)
    assert closed.resolution == "Disk replaced"
    for one in (await oncard.cards()).values():
        await one.shows("Gil", "Disk replaced")


async def test_who_clicks_in_vain_reads_why(oncard: Everywhere, here: App, platform: str, other: str) -> None:
    cards = await oncard.cards()
    before = await oncard.incident()
    await oncard.press(platform, cards[platform], "Acknowledge", STRANGER)
    await oncard.told(platform, STRANGER, *UNLINKED[here.locale])
    assert await oncard.incident() == before

    # The cards are not changed before the outbox is let run: both clicks are on what they show now.
    await oncard.press(other, cards[other], "Acknowledge", "eli")
    await oncard.until(Progress.PROCESSING)
    oncard.clock.advance(60)
    await oncard.press(platform, cards[platform], "Acknowledge", "fay")
    await oncard.told(platform, "fay", f"Already acknowledged by Eli in {other} 1 min ago; nothing changed")
    await here.command("unack 1", "eli")
    await oncard.until(Progress.TRIGGERED)
    await oncard.press(platform, cards[platform], "Acknowledge", "gil")
    await oncard.told(platform, "gil", "The card had changed before your click, so nothing was done. Now: Triggered")
    assert (await oncard.incident()).progress is Progress.TRIGGERED


async def test_of_two_clicks_at_once_one_acts_and_undo_restores_the_timers(
    oncard: Everywhere, here: App, platform: str, other: str
) -> None:
    cards = await oncard.cards()
    due = (await oncard.incident()).due
    by = {platform: "eli", other: "fay"}
    await asyncio.gather(*(oncard.press(name, cards[name], "Acknowledge", who) for name, who in by.items()))
    taken = await oncard.until(Progress.PROCESSING)
    assert taken.acknowledged is not None
    first = taken.acknowledged.by.via
    second = other if first == platform else platform
    await oncard.told(first, by[first], "#1 is yours")
    await oncard.told(second, by[second], f"Already acknowledged by {by[first].title()} in {first}")
    assert (await oncard.timeline()).count("acknowledged") == 1

    await oncard.advance(timedelta(seconds=30))
    await oncard.apps[first].command("undo 1", by[first])
    restored = await oncard.until(Progress.TRIGGERED)
    await oncard.told(first, by[first], "You took it back")
    assert restored.due == due
    await oncard.advance(A_WHILE)
    for name, card in cards.items():
        await card.shows(oncard.apps[name].says(words.PAGING))
