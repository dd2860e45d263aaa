"""The language of tests: it waits, it reads what a person reads, and it says what was there instead."""

import asyncio

import pytest

from bot.playground.slack import SlackServer
from bot.playground.slack.flatten import readable
from bot.playground.slack.workspace import Draft
from bot.playground.wire import JsonObject


def section(text: str) -> JsonObject:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


async def test_a_card_that_comes_late_is_waited_for(slack: SlackServer) -> None:
    waiting = asyncio.ensure_future(slack.expect_card("disk full", chat="ops-alerts"))
    await asyncio.sleep(0)
    slack.workspace.say("ana", "ops-alerts", "Disk full on db-1")
    card = await waiting
    assert card.text == "Disk full on db-1"


async def test_what_does_not_come_is_answered_with_what_was_there(slack: SlackServer) -> None:
    slack.workspace.say("ana", "ops-alerts", "something else")
    with pytest.raises(AssertionError, match="something else"):
        await slack.expect_card("disk full", chat="ops-alerts", within=0.02)
    with pytest.raises(AssertionError, match=r"\(nothing\)"):
        await slack.expect_dm("ana", "disk full", within=0.02)
    with pytest.raises(AssertionError, match="Ana was shown nothing"):
        await slack.expect_ephemeral("ana", "disk full", within=0.02)
    card = await slack.expect_card("something", chat="ops-alerts", within=0.02)
    with pytest.raises(AssertionError, match="it shows:\nsomething else"):
        await card.shows("acknowledged")


async def test_a_card_follows_its_message(slack: SlackServer) -> None:
    workspace = slack.workspace
    message = workspace.say("ana", "ops-alerts", "one")
    card = await slack.expect_card("one", chat="ops-alerts")
    workspace.edit(message, Draft("two"))
    await card.shows("two")
    await card.hides("one")
    assert (card.edits, card.message.edited != "") == (1, True)
    workspace.delete(card.message)
    with pytest.raises(AssertionError, match="deleted"):
        card.text  # noqa: B018 -- reading it is what is tried


@pytest.mark.parametrize(
    ("wire", "read"),
    [
        ("*bold* _slanted_ ~gone~ `code`", "bold slanted gone code"),
        ("*_both_*", "both"),
        ("snake_case_name and 2*3*4", "snake_case_name and 2*3*4"),
        ("&lt;b&gt; &amp;amp;", "<b> &amp;"),
        ("<https://example.com|the graph>", "the graph"),
        ("<https://example.com>", "https://example.com"),
        ("<!here> <!subteam^S1|@crew>", "@here @crew"),
        ("<@U00000002> in <#C00000001>", "@Ana in #ops-alerts"),
    ],
)
def test_a_text_reads_as_in_the_client(slack: SlackServer, wire: str, read: str) -> None:
    assert readable(slack.workspace, wire) == read


async def test_changes_can_be_followed(slack: SlackServer) -> None:
    seen = []

    async def follow() -> None:
        async for change in slack.subscribe():
            seen.append(change.what)
            if change.what == "edited":
                return

    following = asyncio.ensure_future(follow())
    await asyncio.sleep(0)
    message = slack.workspace.say("ana", "ops-alerts", "one")
    slack.workspace.edit(message, Draft("", (section("two"),)))
    await asyncio.wait_for(following, 15)
    assert seen == ["posted", "edited"]
