"""A storm: many incidents at once share a board in each place, and everybody is told once of each of them."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.domain.delivery import ON_THE_BOARD, Dropped, Kind, State
from bot.domain.incident import Idle, Progress
from bot.playground.slack.expect import Card
from bot.playground.slack.workspace import Message
from storage import incidents
from storage.database import Connection
from tests.support.world import CHAT, World, level, world

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
MANY = 60


@pytest.fixture
async def oncard(schema_url: str) -> AsyncIterator[World]:
    """Oncard on each database: Ana and the chat first, then Bo."""
    async with world(schema_url) as made:
        await made.configure(
            level("ana", chats=(made.chat(),), escalate_after=timedelta(minutes=30)),
            level("bo", escalate_after=timedelta(minutes=30)),
        )
        yield made


async def blow(oncard: World, first: int = 1, count: int = MANY, status: str = "Critical") -> None:
    """Send so many different alerts at one instant."""
    for number in range(first, first + count):
        title = f"disk full on db-{number}"
        body = {"event_status": status, "title_rule": title, "alert_key": f"db-{number}"}
        assert (await oncard.post(body)).is_success
    await oncard.settle()


def in_chat(oncard: World) -> list[Message]:
    return oncard.slack.workspace.messages(oncard.chat())


def sent_to(oncard: World, name: str) -> list[Message]:
    slack = oncard.slack.workspace
    return slack.messages(slack.open_dm(slack.user(name).id).id)


async def board(oncard: World) -> Card:
    return await oncard.slack.expect_card("Storm", chat=CHAT)


async def states(oncard: World, name: str) -> list[tuple[State, str]]:
    """Return what became of the pages to somebody, in the order of the incidents."""
    known = {"ana": 1, "bo": 2}
    found = []
    for number in range(1, MANY + 1):
        pages = [one for one in await oncard.ledger(number) if one.delivery.place.account == known[name]]
        found += [(one.state, one.reason) for one in pages if one.delivery.kind is not Kind.EDIT]
    return found


async def progress(oncard: World) -> list[Progress]:
    async def work(connection: Connection) -> list[Progress]:
        found = (await incidents.newest(connection, most=1000, open_only=False)).incidents
        return [one.progress for one in found]

    return await oncard.service.database.read(work)


async def test_many_incidents_are_one_message_in_each_place(oncard: World) -> None:
    await blow(oncard)

    shown = await board(oncard)
    await shown.shows(
        "60 open incidents in payments", "60 not acknowledged · paging @Ana", "03:00 UTC · #1 · disk full on db-1"
    )
    await shown.shows("#60 · disk full on db-60")
    await shown.offers("Acknowledge all 60")
    assert len(in_chat(oncard)) == len(sent_to(oncard, "ana")) == 1
    assert await states(oncard, "ana") == [(State.DELIVERED, ON_THE_BOARD)] * MANY
    assert {one.said for one in await oncard.ledger(17)} == {"ok"}


async def test_a_few_incidents_have_their_own_cards(oncard: World) -> None:
    await blow(oncard, count=10)
    await oncard.advance(MINUTE)

    assert len(in_chat(oncard)) == len(sent_to(oncard, "ana")) == 10
    await oncard.slack.expect_card("#10 disk full on db-10", chat=CHAT)


async def test_what_comes_later_is_shown_within_seconds_and_told_once_within_a_minute(oncard: World) -> None:
    await blow(oncard)
    await oncard.advance(5 * SECOND)
    await blow(oncard, first=61, count=40)
    await oncard.advance(4 * SECOND)

    shown = await board(oncard)
    await shown.shows("100 open incidents in payments", "#100 · disk full on db-100")
    assert len(in_chat(oncard)) == len(sent_to(oncard, "ana")) == 1, "an edit makes no noise"
    assert [one.state for one in await oncard.ledger(61)] == [State.PENDING] * 2

    await oncard.advance(MINUTE)

    call = await oncard.slack.expect_dm(
        "ana", "40 more incidents in payments, the newest: Critical: disk full on db-100 (#100) · 100 of 100 open ones"
    )
    assert call.buttons == ["Acknowledge all 100"]
    assert len(sent_to(oncard, "ana")) == 2
    (_, under) = in_chat(oncard)
    assert (under.thread_ts, under.broadcast) == (shown.ts, True), "the whole chat is to see it"
    assert {one.reason for one in await oncard.ledger(61)} == {ON_THE_BOARD}
    await oncard.advance(5 * MINUTE)
    assert len(in_chat(oncard)) == len(sent_to(oncard, "ana")) == 2, "nobody is told twice"


async def test_one_more_incident_minutes_later_is_heard_at_once(oncard: World) -> None:
    await blow(oncard)
    await oncard.advance(5 * MINUTE)

    await oncard.fire("quite another trouble")

    await oncard.slack.expect_dm("ana", "1 more incident in payments: Critical: quite another trouble (#61) · 61 of 61")
    await oncard.advance(SECOND)
    await (await oncard.slack.expect_card("61 open incidents", chat=CHAT)).shows("#61 · quite another trouble")


async def test_when_it_has_become_calm_incidents_have_their_own_cards_again(oncard: World) -> None:
    await blow(oncard)
    await oncard.advance(11 * MINUTE)

    await oncard.fire("quite another trouble")

    await oncard.slack.expect_card("#61 quite another trouble", chat=CHAT)
    await (await board(oncard)).shows("60 open incidents")


async def test_one_click_takes_all_and_the_next_one_is_explained(oncard: World) -> None:
    await blow(oncard)
    shown = await board(oncard)
    await oncard.say("ack 7", by="bo")
    await oncard.until(Progress.PROCESSING, 7)
    await oncard.advance(5 * SECOND)
    await shown.shows("59 not acknowledged", "1 · Bo")

    await shown.click("Acknowledge all 59", by="ana")
    await oncard.slack.expect_ephemeral("ana", "59 incidents are yours. Nobody else is paged for them. 1 was")
    await oncard.slack.expect_ephemeral("ana", "acknowledged before, by Bo.")
    assert set(await progress(oncard)) == {Progress.PROCESSING}
    assert (await oncard.timeline(60))[-1] == "acknowledged"
    answer = await oncard.slack.click("bo", shown.channel, shown.ts, "Acknowledge all 59")
    assert answer.acked
    await oncard.slack.expect_ephemeral("bo", "All of them are acknowledged already, by Ana, Bo; nothing changed.")

    await oncard.advance(5 * SECOND)
    await shown.shows("All acknowledged by Ana, Bo")
    await shown.offers()
    await oncard.advance(timedelta(minutes=40))
    assert sent_to(oncard, "bo") == [], "what somebody has taken climbs no further"


async def test_a_click_takes_only_what_the_reader_saw(oncard: World) -> None:
    await blow(oncard)
    shown = await board(oncard)
    await blow(oncard, first=61, count=5)

    await shown.click("Acknowledge all 60", by="ana")

    await oncard.slack.expect_ephemeral("ana", "60 incidents are yours")
    await oncard.slack.expect_ephemeral("ana", "5 came after the board that you saw and are not yours")
    assert await progress(oncard) == [Progress.TRIGGERED] * 5 + [Progress.PROCESSING] * MANY


async def test_who_takes_everything_is_told_no_more(oncard: World) -> None:
    await blow(oncard)
    await oncard.advance(5 * SECOND)
    await blow(oncard, first=61, count=40)
    await oncard.advance(4 * SECOND)
    await (await board(oncard)).click("Acknowledge all 100", by="ana")
    await oncard.slack.expect_ephemeral("ana", "100 incidents are yours")

    await oncard.advance(10 * MINUTE)

    assert len(sent_to(oncard, "ana")) == len(in_chat(oncard)) == 1
    assert {(one.state, one.reason) for one in await oncard.ledger(61)} == {(State.WITHDRAWN, Dropped.ACTED)}


async def test_when_all_has_recovered_the_board_says_so_and_the_next_incident_has_a_card(oncard: World) -> None:
    await blow(oncard)
    await oncard.advance(MINUTE)
    await blow(oncard, count=59, status="Ok")
    await oncard.advance(10 * SECOND)
    shown = await board(oncard)
    await shown.shows("1 open incident in payments", "59")

    await blow(oncard, first=60, count=1, status="Ok")
    await oncard.advance(15 * SECOND)

    await shown.shows("Storm over · 60 incidents in payments, all closed", "Over at")
    await shown.offers()
    await oncard.fire("after the storm")
    await oncard.slack.expect_card("#61 after the storm", chat=CHAT)


async def test_a_storm_that_is_over_before_it_was_told_tells_nobody(oncard: World) -> None:
    await oncard.slack.pull_plug()
    await blow(oncard)
    await blow(oncard, status="Ok")
    await oncard.slack.put_back()
    await oncard.advance(2 * MINUTE)

    assert in_chat(oncard) == sent_to(oncard, "ana") == []
    assert set(await states(oncard, "ana")) == {(State.WITHDRAWN, Dropped.CLOSED)}


async def test_while_slack_is_away_the_board_waits_and_then_says_how_it_stands(oncard: World) -> None:
    await oncard.slack.pull_plug()
    await blow(oncard)
    await oncard.advance(MINUTE)
    assert {(one.state, one.reason) for one in await oncard.ledger(17)} == {(State.PENDING, "unreachable")}
    await blow(oncard, count=20, status="Ok")

    await oncard.slack.put_back()
    await oncard.advance(2 * MINUTE)

    await (await board(oncard)).shows("40 open incidents in payments")
    assert len(in_chat(oncard)) == len(sent_to(oncard, "ana")) == 1


async def test_a_board_that_slack_refuses_is_no_page_and_the_team_is_told_directly(schema_url: str) -> None:
    async with world(schema_url) as made:
        await made.configure(level(chats=(made.chat(),)), level("ana", escalate_after=timedelta(minutes=30)))
        made.slack.workspace.set_archived(CHAT, archived=True)

        await blow(made)
        await made.advance(5 * SECOND)

        for number in (1, 17, MANY):
            assert "not_delivered" in await made.timeline(number)
            assert (await made.ledger(number))[0].reason == "refused"
        for name in ("bo", "chen"):
            await made.slack.expect_dm(name, "60 open incidents in payments")
            assert len(sent_to(made, name)) == 1
        assert sent_to(made, "ana") == []


async def test_where_a_board_tells_nobody_and_nobody_stands_behind_it_the_next_level_is_told(schema_url: str) -> None:
    async with world(schema_url) as made:
        await made.configure(level("chen"), level("bo", escalate_after=timedelta(minutes=30)))
        slack = made.slack.workspace
        theirs = slack.open_dm(slack.user("chen").id).id
        made.slack.faults.refuse("chat.postMessage", "is_archived", times=10, chat=theirs)

        await blow(made)
        await made.advance(5 * SECOND)

        assert "level_failed" in await made.timeline(17)
        await made.slack.expect_dm("bo", "60 open incidents in payments")
        await made.slack.expect_dm("dee", "60 open incidents in payments")


async def test_where_nobody_is_to_be_told_the_admins_get_one_message(schema_url: str) -> None:
    async with world(schema_url) as made:
        await made.configure()

        await blow(made)
        await made.advance(2 * MINUTE)

        await made.slack.expect_dm("dee", "nobody was told of 60: their channel has no escalation rule")
        assert len(sent_to(made, "dee")) == 1


async def test_a_board_that_may_be_there_already_says_so(oncard: World) -> None:
    oncard.slack.faults.cut("chat.postMessage", applied=True, chat=CHAT)

    await blow(oncard)
    await blow(oncard, first=61, count=5)
    await oncard.advance(10 * SECOND)

    first, again = in_chat(oncard)
    await (await board(oncard)).shows("may be a repeat")
    assert "may be a repeat" not in str(first.draft.blocks)
    assert "65 open" in str(again.draft.blocks)


async def test_a_board_that_somebody_deleted_is_posted_anew(oncard: World) -> None:
    await blow(oncard)
    shown = await board(oncard)
    oncard.slack.workspace.delete(shown.message)

    await blow(oncard, first=61, count=5)
    await oncard.advance(10 * SECOND)

    anew = await oncard.slack.expect_card("65 open incidents", chat=CHAT)
    assert anew.ts != shown.ts
    assert len(in_chat(oncard)) == 1


async def test_who_is_to_be_reminded_is_called_to_the_board(schema_url: str) -> None:
    async with world(schema_url) as made:
        once_more = level("ana", repeat_every=5 * MINUTE, repeat_times=1, escalate_after=timedelta(minutes=30))
        await made.configure(once_more)
        await blow(made)
        await made.advance(6 * MINUTE)

        assert len(sent_to(made, "ana")) == 2
        await made.slack.expect_dm("ana", "60 more incidents in payments")
        assert [one.state for one in await made.ledger(17)] == [State.DELIVERED] * 2


async def test_the_next_level_gets_a_board_too(oncard: World) -> None:
    await blow(oncard)

    await oncard.advance(timedelta(minutes=31))

    await oncard.slack.expect_dm("bo", "60 open incidents in payments")
    assert len(sent_to(oncard, "bo")) == 1
    assert await states(oncard, "bo") == [(State.DELIVERED, ON_THE_BOARD)] * MANY


async def test_a_storm_that_nobody_ends_says_who_is_left_to_be_told(schema_url: str) -> None:
    async with world(schema_url) as made:
        await made.configure(level("ana", escalate_after=timedelta(minutes=2)))
        await blow(made)

        await made.advance(10 * MINUTE)

        assert (await made.incident(MANY)).idle is Idle.EXHAUSTED
        await made.slack.expect_dm("dee", "60 went through every level, and nobody acknowledged")
        assert len(sent_to(made, "dee")) == 1


async def test_a_card_that_stands_already_goes_on_beside_the_board(oncard: World) -> None:
    await oncard.fire("the first of all")
    card = await oncard.slack.expect_card("#1 the first of all", chat=CHAT)
    await blow(oncard, first=2)

    await oncard.say("ack 1", by="bo")
    await oncard.until(Progress.PROCESSING)
    await oncard.advance(10 * SECOND)

    await card.shows("Acknowledged by Bo")
    await (await board(oncard)).shows("60 open incidents")
