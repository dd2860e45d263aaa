"""What must not go wrong around a page of several ways: later turns, words that come late, whoever was taken off."""

from dataclasses import replace

import pytest

from bot.adapter import Attempt, DeliveryFailed, FailureKind, MessageRef, Receipt, To
from bot.domain.delivery import LONGEST_ALARM, Delivery, State
from bot.domain.delivery import Kind as Sent
from bot.domain.flow import rules_of
from bot.domain.incident import Acknowledge, Action, Actor, IncidentId, Reassign, Step, Undo
from bot.domain.law import step
from bot.domain.people import LINES, AccountId, Method, Target, TargetKind
from bot.engine import outcomes
from bot.engine.apply import apply
from cards.card import Message
from storage import deliveries, incidents, lines
from storage.database import Connection, Database
from storage.deliveries import Wanted
from tests.engine.stage import Platform, Stage
from tests.engine.test_fallback import MINUTE, SECOND, Team, refuse, to

HARDLY_ANYTHING = "\0 and half a pair: \ud800"


class Talkative(Platform):
    """A platform that says odd things."""

    def __init__(self, says: Receipt) -> None:
        super().__init__()
        self.says = says

    async def send(self, to: To, message: Message, *, under: MessageRef | None = None) -> Receipt:
        await super().send(to, message, under=under)
        return self.says


@pytest.fixture
def team(database: Database) -> Team:
    return Team(Stage(database))


async def act(team: Team, action: Action) -> None:
    async def work(connection: Connection) -> None:
        organisation = await team.stage.picture.current(connection)
        incident = (await incidents.lock(connection, [IncidentId(1)]))[IncidentId(1)]
        now = team.clock.now()
        made = step(incident, action, rules_of(incident, organisation), now)
        assert isinstance(made, Step)
        await incidents.update(connection, [made.incident])
        await apply(connection, [(made.incident, made.effects)], (), organisation, now)

    await team.stage.database.transact(work)


async def account(team: Team, name: str) -> AccountId:
    people = (await team.stage.database.read(team.stage.picture.current)).people.accounts
    return next(one.id for one in people.values() if one.name == name)


async def lose(team: Team, delivery: Delivery) -> None:
    """The provider reports that what it accepted has reached nobody."""

    async def work(connection: Connection) -> None:
        organisation = await team.stage.picture.current(connection)
        await outcomes.lost(connection, delivery, ("no_answer", "nobody"), organisation, team.clock.now())

    await team.stage.database.transact(work)


async def sent_by(team: Team, method: Method) -> list[Delivery]:
    """Return what a line has accepted."""
    told = await team.stage.ledger()
    return [
        one.delivery for one in told if one.state is State.DELIVERED and one.delivery.place.workspace == LINES[method]
    ]


async def board_of(team: Team, method: Method) -> Delivery:
    """Return the message by which a board was told by a line."""
    told = await team.stage.ledger(0)
    (found,) = [
        one.delivery for one in told if one.delivery.place.workspace == LINES[method] and one.state is State.DELIVERED
    ]
    return found


# ---- who was taken off -----------------------------------------------------------------------------------------------


async def test_whoever_was_taken_off_is_not_told_when_their_message_turns_out_lost(team: Team) -> None:
    await team.configure(to("ana", methods=(Method.SMS,)))
    await team.stage.fire("disk")
    await team.advance(3 * SECOND)
    (sms,) = await sent_by(team, Method.SMS)

    await act(team, Reassign(Actor(None, "api"), (Target(TargetKind.ACCOUNT, int(await account(team, "Bo"))),)))
    await team.settle()
    await lose(team, sms)
    await team.advance(MINUTE)

    told = {method: [who for who, _ in some] for method, some in (await team.paged()).items()}
    assert told == {Method.SMS: ["Bo"]}


async def test_if_they_have_it_again_what_has_reached_them_still_spares_the_other_ways(team: Team) -> None:
    await team.configure(to("ana", methods=(Method.SMS,)))
    await team.stage.fire("disk")
    await team.advance(3 * SECOND)
    bo = await account(team, "Bo")
    await act(team, Reassign(Actor(bo, "api"), (Target(TargetKind.ACCOUNT, int(bo)),)))
    await team.settle()

    await act(team, Undo(Actor(bo, "api")))
    await team.advance(2 * MINUTE)

    told = {method: [who for who, _ in some] for method, some in (await team.paged()).items()}
    assert told == {Method.SMS: ["Ana", "Bo"]}


# ---- a later turn ----------------------------------------------------------------------------------------------------

TWICE = {"repeat_every": 5 * MINUTE, "repeat_times": 1, "escalate_after": 60 * MINUTE}


async def test_a_turn_that_finds_the_chat_dark_goes_by_the_next_way_at_once(team: Team) -> None:
    await team.configure(to("ana", methods=(Method.IM,), **TWICE))
    refuse(team.way(Method.IM), FailureKind.UNREACHABLE)
    await team.stage.fire("disk")

    await team.advance(5 * MINUTE + 5 * SECOND)

    assert [len(line.sent) for line in (team.way(Method.VOICE), team.way(Method.SMS))] in ([0, 2], [2, 0])


async def test_a_card_that_waited_for_this_turn_spares_the_other_ways_when_it_comes(team: Team) -> None:
    await team.configure(to("ana", methods=(Method.IM,), **TWICE))
    refuse(team.way(Method.IM), FailureKind.UNREACHABLE)
    await team.stage.fire("disk")
    await team.advance(5 * MINUTE - 5 * SECOND)
    team.way(Method.IM).refusal = DeliveryFailed(FailureKind.RATE_LIMITED, "slow down", retry_after=20)
    await team.advance(5 * SECOND)
    before = [len(line.sent) for line in team.lines.values()]

    team.way(Method.IM).refusal = None
    await team.advance(4 * MINUTE)

    assert len(team.way(Method.IM).sent) == 1
    assert [len(line.sent) for line in team.lines.values()] == before


# ---- that it is over -------------------------------------------------------------------------------------------------


async def test_word_that_was_taken_back_before_it_went_out_is_given_when_it_is_over_again(team: Team) -> None:
    await team.configure(to("ana", "bo", methods=(Method.SMS,)))
    await team.stage.fire("disk")
    await team.advance(3 * SECOND)
    bo = Actor(await account(team, "Bo"), "api")
    await act(team, Acknowledge(bo))
    await act(team, Undo(bo))
    await team.advance(3 * MINUTE)
    assert not team.way(Method.IM).sent

    await act(team, Acknowledge(bo))
    await team.advance(SECOND)

    assert [one.id for one in team.way(Method.IM).sent] == ["ana"]


async def test_a_call_that_began_after_it_was_to_be_stopped_rings_on(team: Team) -> None:
    await team.configure(to("ana", methods=(Method.VOICE,)))
    await team.stage.fire("disk")
    await team.settle()
    (call,) = await sent_by(team, Method.VOICE)
    now = team.clock.now()

    async def work(connection: Connection) -> list[int]:
        cancel = Wanted(call.incident, Sent.CANCEL, call.place, 1, 0, 0, now)
        await deliveries.add(connection, [cancel, replace(cancel, kind=Sent.NOTE)], now)
        ids = [one.delivery.id for one in await deliveries.ledger(connection, call.incident)]
        stops = replace(call, kind=Sent.CANCEL, id=ids[-1])
        before = replace(stops, id=call.id)
        since = now - LONGEST_ALARM
        return [len(await lines.alarms(connection, one, since)) for one in (stops, before)]

    assert await team.stage.database.transact(work) == [1, 0]


# ---- many at once ----------------------------------------------------------------------------------------------------

MANY = [f"disk{number}" for number in range(12)]


async def test_when_a_call_about_many_reaches_nobody_each_of_them_goes_by_the_next_way(team: Team) -> None:
    await team.configure(to("ana", methods=(Method.VOICE,)))
    await team.stage.fire(*MANY)
    await team.settle()
    call = await board_of(team, Method.VOICE)
    assert not team.way(Method.IM).sent

    await lose(team, call)
    await team.advance(3 * SECOND)

    assert {one.id for one in team.way(Method.IM).sent} == {"ana"}
    for number in range(1, len(MANY) + 1):
        told = await team.stage.ledger(number)
        assert [one.state for one in told if one.delivery.place.workspace == LINES[Method.VOICE]] == [State.FAILED]
        assert any(one.state is State.DELIVERED for one in told)


async def test_whoever_takes_one_of_many_does_not_end_the_call_about_the_rest(team: Team) -> None:
    await team.configure(to("ana", methods=(Method.VOICE,)))
    await team.stage.fire(*MANY)
    await team.settle()
    call = await board_of(team, Method.VOICE)
    now = team.clock.now()

    async def work(connection: Connection) -> list[MessageRef]:
        stops = replace(call, kind=Sent.CANCEL, incident=IncidentId(1), id=type(call.id)(10**6))
        return await lines.alarms(connection, stops, now - LONGEST_ALARM)

    assert await team.stage.database.transact(work) == []


async def test_after_an_outage_of_ours_a_storm_goes_by_the_first_way_alone(team: Team) -> None:
    await team.configure(to("ana", methods=(Method.IM,)))
    await team.stage.fire(*MANY)
    await team.stage.timers.tick()

    team.clock.advance(150)  # Nothing has been sent meanwhile.
    await team.advance(MINUTE)

    assert {one.id for one in team.way(Method.IM).sent} == {"ana"}
    assert not any(line.sent for line in team.lines.values())


# ---- odd words -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "receipt",
    [
        Receipt(MessageRef("main", "x" * 400), "ok"),
        Receipt(MessageRef("main", HARDLY_ANYTHING), HARDLY_ANYTHING),
        Receipt(MessageRef("main", "1"), "ok", tried=(Attempt("other", HARDLY_ANYTHING),)),
    ],
    ids=["long", "odd", "odd-before"],
)
async def test_whatever_a_provider_says_it_is_stored_and_nobody_is_paged_again(team: Team, receipt: Receipt) -> None:
    await team.configure(to("ana", methods=(Method.SMS,)))
    line = team.stage.adapters[LINES[Method.SMS]] = Talkative(receipt)
    await team.stage.fire("disk")

    await team.advance(90 * SECOND)

    assert len(line.sent) == 1
    assert len(await sent_by(team, Method.SMS)) == 1


@pytest.mark.parametrize(
    "receipt",
    [Receipt(MessageRef("C1", "x" * 400), "ok"), Receipt(MessageRef(HARDLY_ANYTHING, "1"), f"ok, {HARDLY_ANYTHING}")],
    ids=["long", "odd"],
)
async def test_whatever_a_chat_says_its_card_is_stored_and_not_sent_again(team: Team, receipt: Receipt) -> None:
    await team.configure(to("ana", methods=(Method.IM,)))
    chat = Talkative(receipt)
    adapters = team.stage.adapters
    adapters |= {workspace: chat for workspace, one in adapters.items() if one is team.way(Method.IM)}
    await team.stage.fire("disk")

    await team.advance(90 * SECOND)

    assert len(chat.sent) == 1
    assert [one.state for one in await team.stage.ledger() if one.delivery.kind is Sent.CARD] == [State.DELIVERED]


@pytest.mark.parametrize("kind", [FailureKind.REFUSED, FailureKind.UNREACHABLE])
async def test_whatever_a_provider_says_no_with_the_next_way_is_tried(team: Team, kind: FailureKind) -> None:
    await team.configure(to("ana", methods=(Method.SMS,)))
    team.way(Method.SMS).refusal = DeliveryFailed(kind, HARDLY_ANYTHING)
    await team.stage.fire("disk")

    await team.advance(10 * SECOND)

    assert [who for who, _ in (await team.paged())[Method.IM]] == ["Ana"]
