"""When one way to a person comes to nothing, the next is tried: at once, once, and in sight of everybody."""

import math
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from bot.adapter import DeliveryFailed, FailureKind
from bot.domain.board import FOLD_FROM
from bot.domain.definition import (
    AccountDefinition,
    ChannelDefinition,
    ChatDefinition,
    Contact,
    Definition,
    IntegrationDefinition,
    Kind,
    LevelDefinition,
    ProviderDefinition,
    RuleDefinition,
    Secret,
    TargetDefinition,
    TeamDefinition,
    WorkspaceDefinition,
)
from bot.domain.delivery import Kind as Sent
from bot.domain.delivery import State
from bot.domain.event import Severity
from bot.domain.fallback import DEADLINE
from bot.domain.flow import rules_of
from bot.domain.incident import Acknowledge, Actor, IncidentId, Step
from bot.domain.law import step
from bot.domain.people import LINES, ContactKind, Method, Role, TargetKind, WorkspaceId
from bot.domain.verification import How
from bot.engine.apply import apply
from storage import contacts, definitions, front, incidents, tables
from storage.database import Connection, Database
from tests.engine.stage import Platform, Stage
from tests.support.clocks import ManualClock

PEOPLE = ("ana", "bo", "dee")
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
LOOK = 15
FOR_GOOD = [kind for kind in FailureKind if kind not in (FailureKind.UNREACHABLE, FailureKind.RATE_LIMITED)]


class Team:
    """Ana, Bo and Dee, an admin, who are in the chat `acme` and can be reached by SMS, voice and e-mail."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.lines = {method: Platform() for method in (Method.SMS, Method.VOICE, Method.EMAIL)}

    @property
    def clock(self) -> ManualClock:
        assert isinstance(self.stage.clock, ManualClock)
        return self.stage.clock

    def way(self, method: Method) -> Platform:
        return self.stage.platforms["acme"] if method is Method.IM else self.lines[method]

    async def configure(self, *levels: LevelDefinition, linked: Iterable[str] = PEOPLE) -> None:
        links = {f"{name}@example.com": name for name in linked}
        wanted = [
            *(
                Definition(
                    Kind.ACCOUNT,
                    AccountDefinition(
                        f"{name}@example.com",
                        name.title(),
                        f"+4917112345{number}0",
                        Role.OWNER if name == "dee" else Role.MEMBER,
                    ),
                )
                for number, name in enumerate(PEOPLE)
            ),
            Definition(Kind.TEAM, TeamDefinition("sre", ("bo@example.com",))),
            Definition(Kind.WORKSPACE, WorkspaceDefinition("acme", "chatty", {}, links)),
            *(Definition(Kind.PROVIDER, ProviderDefinition("main", method, "any")) for method in self.lines),
            Definition(Kind.CHANNEL, ChannelDefinition("payments", "sre", (RuleDefinition("all", levels),))),
            Definition(
                Kind.INTEGRATION, IntegrationDefinition("any", "standard", "payments"), {"key": Secret("k" * 20)}
            ),
        ]

        async def work(connection: Connection) -> list[WorkspaceId]:
            await definitions.replace_all(connection, wanted, self.stage.vault)
            organisation = await definitions.organisation(connection)
            for account in organisation.people.accounts.values():
                for kind, value in ((ContactKind.PHONE, account.phone), (ContactKind.EMAIL, account.email)):
                    await contacts.prove(connection, Contact(account.id, kind, value), How.ADMIN, self.clock.now())
            return list(organisation.workspaces)

        (acme,) = await self.stage.database.transact(work)
        self.stage.platforms["acme"] = self.stage.adapters[acme] = Platform()
        for method, line in self.lines.items():
            self.stage.adapters[LINES[method]] = line

    async def advance(self, time: timedelta) -> None:
        """Let time pass; what falls due within it happens at the next full second.

        Between two such instants the workers look around every `LOOK` seconds: what nobody has announced comes then.
        """
        left = int(time.total_seconds())
        await self.settle()
        while left:
            now = self.clock.now()
            due = await self._due(now)
            step = min([left, LOOK, *(math.ceil((at - now).total_seconds()) for at in due)])
            self.clock.advance(step)
            left -= step
            await self.settle()

    async def _due(self, now: datetime) -> list[datetime]:
        """Return the instants to come at which the workers would wake."""

        async def work(connection: Connection) -> list[datetime | None]:
            _, later = await front.what_waits(connection, now)
            return [(await incidents.what_is_up(connection))[0], later]

        instants = [*await self.stage.database.read(work), *self.stage.outbox.held_until()]
        return [at for at in instants if at is not None and at > now]

    async def settle(self) -> None:
        await self.stage.timers.tick()
        await self.stage.outbox.drain()

    async def acknowledge(self, by: str, *, settle: bool = True) -> None:
        """Somebody takes the incident; what follows at once happens if it is to `settle`."""

        async def work(connection: Connection) -> None:
            organisation = await self.stage.picture.current(connection)
            accounts = organisation.people.accounts.values()
            account = next(one.id for one in accounts if one.name == by.title())
            incident = (await incidents.lock(connection, [IncidentId(1)]))[IncidentId(1)]
            now = self.clock.now()
            made = step(incident, Acknowledge(Actor(account, "api")), rules_of(incident, organisation), now)
            assert isinstance(made, Step)
            await incidents.update(connection, [made.incident])
            await apply(connection, [(made.incident, made.effects)], (), organisation, now)

        await self.stage.database.transact(work)
        if settle:
            await self.settle()

    async def paged(self) -> dict[Method, list[tuple[str, int]]]:
        """Return who was asked to be paged by each method, and so many seconds after the alert."""
        names = {LINES[method]: method for method in LINES}
        found: dict[Method, list[tuple[str, int]]] = {}
        people = (await self.stage.database.read(self.stage.picture.current)).people.accounts
        for one in await self.stage.ledger():
            delivery = one.delivery
            account = delivery.place.account
            if delivery.kind in (Sent.CARD, Sent.REMINDER, Sent.PAGE) and one.state is State.DELIVERED and account:
                at = one.settled_at or delivery.created_at
                seconds = int((at - delivery.created_at).total_seconds())
                method = names.get(delivery.place.workspace, Method.IM)
                found.setdefault(method, []).append((people[account].name, seconds))
        return found

    async def said(self) -> list[str]:
        async def work(connection: Connection) -> list[str]:
            return [str(one.record.entry) for one in await incidents.timeline(connection, IncidentId(1), 100)]

        return await self.stage.database.read(work)


def to(*names: str, methods: tuple[Method, ...] = (), **more: object) -> LevelDefinition:
    targets = tuple(TargetDefinition(TargetKind.ACCOUNT, f"{name}@example.com") for name in names)
    return LevelDefinition(targets, methods=methods, **more)  # type: ignore[arg-type]


@pytest.fixture
def team(database: Database) -> Team:
    return Team(Stage(database))


def refuse(platform: Platform, kind: FailureKind) -> None:
    platform.refusal = DeliveryFailed(kind, f"the platform says {kind}")


# ---- one page --------------------------------------------------------------------------------------------------------


async def test_while_the_chat_takes_a_page_nobody_is_paged_by_phone_at_once(team: Team) -> None:
    await team.configure(to("ana"))

    await team.stage.fire("disk")
    await team.advance(MINUTE)

    assert await team.paged() == {Method.IM: [("Ana", 0)]}


async def test_if_nobody_acts_the_preferred_methods_follow_at_their_times(team: Team) -> None:
    await team.configure(to("ana", escalate_after=30 * MINUTE))

    await team.stage.fire("disk")
    await team.advance(6 * MINUTE)

    assert await team.paged() == {Method.IM: [("Ana", 0)], Method.SMS: [("Ana", 120)], Method.VOICE: [("Ana", 300)]}


@pytest.mark.parametrize("kind", FOR_GOOD)
async def test_what_is_refused_or_in_doubt_goes_by_the_next_method_at_once(team: Team, kind: FailureKind) -> None:
    await team.configure(to("ana"))
    refuse(team.way(Method.IM), kind)

    await team.stage.fire("disk")
    await team.advance(5 * SECOND)

    # What the chat says of the content gets a plain line first.
    assert (await team.paged())[Method.SMS][0][1] <= 1
    assert team.way(Method.IM).calls <= 2
    assert "not_delivered" in await team.said()


async def test_what_nobody_accepts_within_the_deadline_goes_by_the_next_method(team: Team) -> None:
    await team.configure(to("ana"))
    team.way(Method.IM).refusal = DeliveryFailed(FailureKind.RATE_LIMITED, "slow down", retry_after=300)

    await team.stage.fire("disk")
    await team.advance(2 * DEADLINE)

    assert await team.paged() == {Method.SMS: [("Ana", int(DEADLINE.total_seconds()))]}


async def test_nothing_waits_long_for_a_platform_that_is_dark(team: Team) -> None:
    await team.configure(to("ana"))
    refuse(team.way(Method.IM), FailureKind.UNREACHABLE)

    await team.stage.fire("disk")
    await team.advance(10 * SECOND)
    (_, after) = (await team.paged())[Method.SMS][0]
    assert after < 10

    await team.stage.fire("another")
    await team.advance(2 * SECOND)
    assert len(team.way(Method.SMS).sent) == 2


async def test_when_the_chat_is_back_the_card_still_comes(team: Team) -> None:
    await team.configure(to("ana"))
    refuse(team.way(Method.IM), FailureKind.UNREACHABLE)
    await team.stage.fire("disk")
    await team.advance(10 * SECOND)

    team.way(Method.IM).refusal = None
    await team.advance(MINUTE)

    assert set(await team.paged()) == {Method.IM, Method.SMS}
    assert [len(team.way(method).sent) for method in (Method.IM, Method.SMS)] == [1, 1]


async def test_every_way_is_tried_and_then_the_next_level_and_the_admins_are_told_at_once(team: Team) -> None:
    await team.configure(to("ana"), to("bo"))
    only_ana = {"ana", "ana@example.com", "+491711234500"}
    for method in (Method.IM, Method.SMS, Method.VOICE, Method.EMAIL):
        _refuse_for(team.way(method), only_ana)

    await team.stage.fire("disk")
    await team.advance(5 * SECOND)

    assert "level_failed" in await team.said()
    assert [name for name, _ in (await team.paged())[Method.IM]] == ["Bo"]
    assert [one.id for one in team.way(Method.IM).sent].count("dee") == 1
    why = [one.said for one in await team.stage.ledger() if one.state is State.FAILED]
    assert len(why) == 4
    assert all("says refused" in said for said in why)


async def test_who_acknowledges_stops_what_is_still_queued_and_those_paged_by_phone_learn_of_it(team: Team) -> None:
    await team.configure(to("ana", "bo"), linked=("bo", "dee"))
    refuse(team.way(Method.EMAIL), FailureKind.REFUSED)
    await team.stage.fire("disk")
    await team.advance(3 * SECOND)
    assert (await team.paged())[Method.SMS] == [("Ana", 0)]

    await team.acknowledge("bo")
    await team.advance(6 * MINUTE)

    assert await team.paged() == {Method.SMS: [("Ana", 0)], Method.IM: [("Bo", 0)]}
    # Nothing quieter than an SMS reaches Ana.
    notes = [one for one in await team.stage.ledger() if one.delivery.kind is Sent.NOTE]
    assert [str(one.delivery.entry) for one in notes if one.state is State.DELIVERED] == ["acknowledged"]
    assert len(team.way(Method.SMS).sent) == 2


async def test_what_fails_for_one_person_changes_nothing_for_another(team: Team) -> None:
    await team.configure(to("ana", "bo"))
    _refuse_for(team.way(Method.IM), {"ana"})

    await team.stage.fire("disk")
    await team.advance(MINUTE)

    assert await team.paged() == {Method.IM: [("Bo", 0)], Method.SMS: [("Ana", 0)]}


async def test_where_a_level_tells_only_a_chat_its_team_is_told_directly_when_the_chat_cannot_be(team: Team) -> None:
    await team.configure(LevelDefinition(chats=(ChatDefinition("acme", "C1"),)))
    _refuse_for(team.way(Method.IM), {"C1"})

    await team.stage.fire("disk")
    await team.advance(MINUTE)

    assert await team.paged() == {Method.IM: [("Bo", 0)]}


async def test_a_chat_that_takes_it_spares_its_team(team: Team) -> None:
    await team.configure(LevelDefinition(chats=(ChatDefinition("acme", "C1"),)))

    await team.stage.fire("disk")
    await team.advance(MINUTE)

    assert await team.paged() == {}
    assert [one.id for one in team.way(Method.IM).sent] == ["C1"]


async def test_a_level_can_say_by_which_methods_all_are_told_at_once(team: Team) -> None:
    await team.configure(to("ana", methods=(Method.SMS, Method.EMAIL)))

    await team.stage.fire("disk")
    await team.advance(3 * SECOND)

    assert await team.paged() == {Method.SMS: [("Ana", 0)], Method.EMAIL: [("Ana", 0)]}


async def test_a_way_that_waits_for_another_try_is_spared_once_one_before_it_was_accepted(team: Team) -> None:
    await team.configure(to("ana", escalate_after=60 * MINUTE))
    for method in (Method.IM, Method.SMS):
        refuse(team.way(method), FailureKind.UNREACHABLE)
    for method in (Method.VOICE, Method.EMAIL):
        refuse(team.way(method), FailureKind.REFUSED)
    await team.stage.fire("disk", status=Severity.WARNING)
    await team.advance(40 * SECOND)
    pages = [one.delivery for one in await team.stage.ledger() if one.delivery.kind is Sent.PAGE]
    assert [one.attempts > 0 for one in pages if one.place.workspace == LINES[Method.SMS]] == [True]

    team.way(Method.IM).refusal = None
    await team.advance(MINUTE + 10 * SECOND)
    team.way(Method.SMS).refusal = None
    await team.advance(3 * MINUTE)

    assert set(await team.paged()) == {Method.IM}


# ---- when Oncard itself was away -------------------------------------------------------------------------------------


async def test_after_an_outage_what_only_stands_behind_others_gives_them_their_time_first(team: Team) -> None:
    await team.configure(to("ana", escalate_after=60 * MINUTE))
    await team.stage.fire("disk", status=Severity.WARNING)

    # Nobody sends for ten minutes.
    team.clock.advance(600)
    await team.settle()
    await team.advance(2 * DEADLINE)

    assert [len(platform.sent) for platform in (team.way(Method.IM), *team.lines.values())] == [1, 0, 0, 0]


async def test_after_an_outage_the_next_way_still_follows_one_that_comes_to_nothing(team: Team) -> None:
    await team.configure(to("ana", escalate_after=60 * MINUTE))
    refuse(team.way(Method.IM), FailureKind.REFUSED)
    await team.stage.fire("disk", status=Severity.WARNING)

    team.clock.advance(600)
    await team.settle()
    await team.advance(2 * SECOND)

    assert [len(platform.sent) for platform in (team.way(Method.IM), *team.lines.values())] == [0, 1, 0, 0]


async def test_a_ledger_says_of_every_way_what_became_of_it(team: Team) -> None:
    await team.configure(to("ana"))

    await team.stage.fire("disk")
    await team.advance(SECOND)
    await team.acknowledge("ana")

    assert [(one.delivery.rank, one.state, one.reason) for one in await team.stage.ledger() if one.delivery.page] == [
        (0, State.DELIVERED, ""),
        (1, State.WITHDRAWN, "somebody_acted"),
        (2, State.WITHDRAWN, "somebody_acted"),
        (3, State.WITHDRAWN, "reached_by_another_way"),
    ]


def _refuse_for(platform: Platform, whom: set[str]) -> None:
    """Let the platform refuse these and nobody else."""
    platform.refused |= whom


async def test_what_was_being_sent_when_somebody_acted_and_came_back_is_on_no_board(team: Team) -> None:
    await team.configure(to("ana", methods=(Method.SMS,)))
    titles = [f"disk {number}" for number in range(1, FOLD_FROM + 3)]
    await team.stage.fire(*titles)
    page = sa.and_(tables.deliveries.c.incident_id == 1, tables.deliveries.c.kind == str(Sent.PAGE))

    async def set_state(connection: Connection, state: State) -> None:
        await connection.execute(sa.update(tables.deliveries).where(page).values(state=str(state)))

    await team.stage.database.transact(partial(set_state, state=State.SENDING))
    await team.acknowledge("bo", settle=False)
    await team.stage.database.transact(partial(set_state, state=State.PENDING))
    await team.settle()

    (first,) = [one for one in await team.stage.ledger(1) if one.delivery.kind is Sent.PAGE and not one.delivery.rank]
    assert (first.state, first.reason) == (State.WITHDRAWN, "somebody_acted")
    (second,) = [one for one in await team.stage.ledger(2) if one.delivery.kind is Sent.PAGE and not one.delivery.rank]
    assert second.state is State.DELIVERED
