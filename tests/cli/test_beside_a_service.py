"""A shell beside a running service, on one database: what is typed here happens there, without a word between them."""

import asyncio
from datetime import timedelta

from bot.clock import SystemClock
from bot.domain.incident import Progress
from tests.cli.shell import Shell
from tests.support.clocks import ManualClock
from tests.support.world import CHAT, level, world

# The shell lives by the machine's clock; the service's is a little ahead, so that what the shell wants is due there.
AHEAD = timedelta(minutes=1)


async def test_an_alert_from_the_shell_becomes_a_card_and_its_acknowledgement_an_edit(schema_url: str) -> None:
    shell = Shell(schema_url)
    async with world(schema_url, ManualClock(SystemClock().now() + AHEAD)) as here:
        await here.configure(level("ana", chats=(here.chat(),)))
        words = ("alert", "send", "--channel", "payments", "--severity", "Critical", "--title", "disk full")
        await asyncio.to_thread(shell.say, *words)
        await here.settle()
        card = await here.slack.expect_card("disk full", chat=CHAT)
        await card.shows("paging")
        await asyncio.to_thread(shell.say, "incident", "ack", "1", "--as", "bo@example.com")
        assert (await here.incident()).progress is Progress.PROCESSING
        await here.advance(timedelta(seconds=10))
        await card.shows("Acknowledged by Bo from the command line")
        story = await asyncio.to_thread(shell.json, "incident", "show", "1")
    delivered = [one for one in story["messages"] if one["state"] == "delivered"]
    assert {one["kind"] for one in delivered} == {"card", "edit"}
    assert all(one["said"] and one["attempts"] == 1 for one in delivered)
