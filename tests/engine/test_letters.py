"""Word about what is no incident: written once, changed in place, brought by the next way where one fails."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from bot.adapter import DeliveryFailed, FailureKind
from bot.domain.delivery import DeliveryId
from bot.domain.event import Severity
from bot.domain.letter import Letter, Matter, Subject
from bot.domain.organisation import Organisation
from bot.domain.people import LINES, AccountId, Method
from bot.engine import letters, outcomes
from bot.engine.letters import Content, Desk
from bot.engine.outbox import Outbox
from cards.card import Card, Note, Tone
from storage import definitions, lines, tables
from storage import letters as stored
from storage.database import Connection, Database
from storage.letters import LetterRow
from tests.engine.stage import Stage
from tests.engine.test_fallback import SECOND, Team, refuse, to

ASKED = Subject(Matter.TRADE, 7, "asked")


@dataclass
class Desktop:
    """A matter that says how often it was changed; `version` 0: nothing more is to be said."""

    version: int = 1
    urgent: bool = False
    lost: list[AccountId | None] = field(default_factory=list)

    async def read(
        self, connection: Connection, letter: Letter, organisation: Organisation, now: datetime
    ) -> Content | None:
        del connection, letter, organisation, now
        if not self.version:
            return None
        words = f"Version {self.version}"
        card = Card(None, Severity.INFO, "Info", Tone.INFO, words, words, (words,))
        return Content(card, Note((words,)), self.version, urgent=self.urgent)

    async def lose(self, connection: Connection, letter: Letter, organisation: Organisation, now: datetime) -> None:
        del connection, organisation, now
        self.lost.append(letter.place.account)


@pytest.fixture
def desk() -> Desktop:
    return Desktop()


@pytest.fixture
async def team(database: Database, desk: Desktop) -> Team:
    stage = Stage(database)
    team = Team(stage)
    await team.configure(to("ana"))
    desks = {Matter.TRADE: Desk(desk.read, desk.lose)}
    stage.outbox = Outbox(database, stage.picture, stage.adapters, stage.wakeups, stage.clock, desks=desks)
    return team


async def work(team: Team, does: Callable[[Connection, Organisation, datetime], Awaitable[object]]) -> None:
    async def inside(connection: Connection) -> None:
        await does(connection, await team.stage.picture.current(connection), team.clock.now())

    await team.stage.database.transact(inside)


async def tell(team: Team, *names: str, subject: Subject = ASKED) -> None:
    async def does(connection: Connection, organisation: Organisation, now: datetime) -> None:
        people = {one.name.lower(): one.id for one in organisation.people.accounts.values()}
        await letters.tell(connection, subject, [people[name] for name in names], organisation, now)

    await work(team, does)


async def change(team: Team, desk: Desktop) -> None:
    desk.version += 1
    await work(team, lambda connection, _, now: letters.refresh(connection, Matter.TRADE, 7, now))


async def leaves(team: Team, email: str) -> None:
    """Let somebody not be configured any more."""

    async def inside(connection: Connection) -> None:
        columns = tables.definitions.c
        await connection.execute(sa.update(tables.definitions).where(columns.name == email).values(active=False))
        await definitions.changed(connection)

    await team.stage.database.transact(inside)


async def comes_back(team: Team, desk: Desktop, method: Method) -> None:
    """A provider says that what it took has reached nobody."""

    async def inside(connection: Connection, organisation: Organisation, now: datetime) -> None:
        columns = tables.deliveries.c
        number = await connection.scalar(sa.select(columns.id).where(columns.workspace_id == LINES[method]))
        found = await lines.find(connection, DeliveryId(number or 0), lock=True)
        assert found is not None
        desks = {Matter.TRADE: Desk(desk.read, desk.lose)}
        await outcomes.lost(connection, found[0], ("bounced", "no such mailbox"), organisation, now, desks=desks)

    await work(team, inside)


async def written(team: Team) -> list[LetterRow]:
    async def read(connection: Connection) -> list[LetterRow]:
        return await stored.about(connection, Matter.TRADE, [7])

    return await team.stage.database.read(read)


async def test_each_person_has_one_message_per_occasion(team: Team) -> None:
    await tell(team, "ana", "bo", "ana")
    await tell(team, "bo")
    await team.advance(5 * SECOND)

    assert sorted(one.id for one in team.way(Method.IM).sent) == ["ana", "bo"]
    await tell(team, "bo", subject=Subject(Matter.TRADE, 7, "taken"))
    await team.advance(5 * SECOND)
    assert sorted(one.id for one in team.way(Method.IM).sent) == ["ana", "bo", "bo"]


async def test_a_change_is_an_edit_of_every_message_and_no_new_one(team: Team, desk: Desktop) -> None:
    await tell(team, "ana", "bo")
    await team.advance(3 * SECOND)
    await change(team, desk)
    await team.advance(3 * SECOND)

    chat = team.way(Method.IM)
    assert (len(chat.sent), chat.edits) == (2, 2)
    assert [one.shown for one in await written(team)] == [2, 2]


async def test_what_is_shown_already_is_not_shown_again(team: Team, desk: Desktop) -> None:
    await tell(team, "ana")
    await team.advance(3 * SECOND)
    await change(team, desk)
    await change(team, desk)
    await team.advance(5 * SECOND)

    assert team.way(Method.IM).edits == 1


async def test_what_changes_while_the_first_message_is_under_way_is_shown_after_it(team: Team, desk: Desktop) -> None:
    chat = team.way(Method.IM)
    chat.hangs = True
    await tell(team, "ana")
    await team.stage.outbox.start()
    await chat.reached.wait()
    await change(team, desk)
    chat.hangs = False
    chat.released.set()
    await team.advance(5 * SECOND)

    assert (len(chat.sent), chat.edits) == (1, 1)
    assert [one.shown for one in await written(team)] == [2]


async def test_what_changes_while_the_first_message_waits_is_said_by_it(team: Team, desk: Desktop) -> None:
    chat = team.way(Method.IM)
    refuse(chat, FailureKind.UNREACHABLE)
    await tell(team, "ana")
    await team.settle()
    await change(team, desk)
    chat.refusal = None
    await team.advance(5 * SECOND)

    assert (len(chat.sent), chat.edits) == (1, 0)
    assert [one.shown for one in await written(team)] == [2]


async def test_who_has_left_is_told_nothing_more(team: Team, desk: Desktop) -> None:
    await tell(team, "ana", "bo")
    await team.advance(3 * SECOND)
    await tell(team, "ana", subject=Subject(Matter.TRADE, 7, "taken"))
    await leaves(team, "ana@example.com")
    await change(team, desk)
    await team.advance(5 * SECOND)

    chat = team.way(Method.IM)
    assert (len(chat.sent), chat.edits) == (2, 1)
    assert len(await written(team)) == 3
    assert len(desk.lost) == 1


async def test_an_app_that_only_asks_for_patience_is_waited_for(team: Team) -> None:
    team.way(Method.IM).refusal = DeliveryFailed(FailureKind.RATE_LIMITED, "too fast", retry_after=2.0)
    await tell(team, "ana")
    await team.advance(20 * SECOND)
    team.way(Method.IM).refusal = None
    await team.advance(5 * SECOND)

    assert len(team.way(Method.IM).sent) == 1
    assert not team.way(Method.EMAIL).sent


async def test_what_was_accepted_and_came_back_goes_by_the_next_way(team: Team, desk: Desktop) -> None:
    refuse(team.way(Method.IM), FailureKind.REFUSED)
    await tell(team, "ana")
    await team.advance(3 * SECOND)
    await comes_back(team, desk, Method.EMAIL)
    await team.advance(3 * SECOND)

    assert len(team.way(Method.SMS).sent) == 1
    assert [one.lost_at is not None for one in await written(team)] == [True, True, False]
    await comes_back(team, desk, Method.SMS)
    assert len(desk.lost) == 1


async def test_a_letter_that_is_refused_goes_by_the_next_way(team: Team) -> None:
    refuse(team.way(Method.IM), FailureKind.REFUSED)

    await tell(team, "ana")
    await team.advance(3 * SECOND)

    assert [one.id for one in team.way(Method.EMAIL).sent] == ["ana@example.com"]
    assert not team.way(Method.SMS).sent
    first, second = await written(team)
    assert (first.said, first.message) == ("the platform says refused", None)
    assert first.lost_at is not None
    assert second.message is not None


async def test_where_the_chat_does_not_answer_the_next_way_is_not_waited_for_long(team: Team) -> None:
    refuse(team.way(Method.IM), FailureKind.UNREACHABLE)

    await tell(team, "ana")
    await team.advance(20 * SECOND)

    assert [one.id for one in team.way(Method.EMAIL).sent] == ["ana@example.com"]


async def test_while_the_chat_stays_away_one_other_way_is_enough(team: Team) -> None:
    refuse(team.way(Method.IM), FailureKind.UNREACHABLE)
    await tell(team, "ana")
    await team.advance(60 * SECOND)
    assert len(team.way(Method.EMAIL).sent) == 1
    assert not team.way(Method.SMS).sent

    refuse(team.way(Method.IM), FailureKind.REFUSED)
    await team.advance(120 * SECOND)
    assert not team.way(Method.SMS).sent


async def test_nobody_is_called_for_a_letter_and_who_is_out_of_reach_is_known(team: Team, desk: Desktop) -> None:
    for method in (Method.IM, Method.EMAIL, Method.SMS):
        refuse(team.way(method), FailureKind.REFUSED)

    await tell(team, "ana")
    await team.advance(5 * SECOND)

    assert not team.way(Method.VOICE).calls
    assert len(desk.lost) == 1


async def test_a_message_that_cannot_be_changed_is_left_and_nobody_told_again(team: Team, desk: Desktop) -> None:
    await tell(team, "ana")
    await team.advance(3 * SECOND)
    team.way(Method.IM).refusal = DeliveryFailed(FailureKind.GONE, "message_not_found")
    await change(team, desk)
    await team.advance(10 * SECOND)

    assert len(team.way(Method.IM).sent) == 1
    assert not team.way(Method.EMAIL).sent
    assert not desk.lost


async def test_what_went_by_a_line_is_not_changed(team: Team, desk: Desktop) -> None:
    refuse(team.way(Method.IM), FailureKind.REFUSED)
    await tell(team, "ana")
    await team.advance(3 * SECOND)
    await change(team, desk)
    await team.advance(3 * SECOND)

    mail = team.way(Method.EMAIL)
    assert (len(mail.sent), mail.edits) == (1, 0)


async def test_what_has_nothing_more_to_say_says_nothing(team: Team, desk: Desktop) -> None:
    await tell(team, "ana")
    desk.version = 0
    await team.advance(3 * SECOND)
    assert not team.way(Method.IM).sent


async def test_a_letter_that_is_taken_back_is_not_sent(team: Team) -> None:
    await tell(team, "ana")
    await work(team, lambda connection, _, now: stored.take_back(connection, Matter.TRADE, 7, now))
    await team.advance(3 * SECOND)
    assert not team.way(Method.IM).calls


async def test_a_letter_that_nobody_knows_how_to_write_is_dropped(team: Team) -> None:
    await tell(team, "ana", subject=Subject(Matter("newer"), 7, "asked"))
    await team.advance(3 * SECOND)
    assert not team.way(Method.IM).calls


async def test_letters_go_when_they_are_old(team: Team) -> None:
    await tell(team, "ana", "bo")
    before = team.clock.now() + timedelta(days=1)

    async def forget(connection: Connection) -> tuple[int, int | None]:
        count = await stored.forget_old(connection, before, 10)
        return count, await connection.scalar(sa.select(sa.func.count()).select_from(tables.letters))

    assert await team.stage.database.transact(forget) == (2, 0)


@pytest.mark.parametrize("urgent", [False, True])
async def test_only_what_is_urgent_is_to_wake_somebody(team: Team, desk: Desktop, *, urgent: bool) -> None:
    desk.urgent = urgent
    refuse(team.way(Method.IM), FailureKind.REFUSED)
    await tell(team, "ana")
    await team.advance(3 * SECOND)

    (mail,) = team.way(Method.EMAIL).sent
    assert mail.personal is not None
    assert mail.personal.urgent is urgent
