"""The organisation answers who is who, whom a level means, and who must know when nobody else does."""

from dataclasses import replace

import pytest

from bot.domain.incident import ChannelId
from bot.domain.organisation import Channel, Organisation
from bot.domain.people import Account, AccountId, ChatLink, People, Role, Target, TargetKind, Team, TeamId, WorkspaceId
from bot.domain.rule import Rule
from bot.domain.schedule import Schedule, ScheduleId
from tests.domain.cast import ANA, BO, CHEN, DEE, FACTS, NOBODY, SRE, people, person, team
from tests.domain.cast import NIGHT as AT

SHOP, OPEN = ChannelId(7), ChannelId(8)
DAY, NIGHT = Rule("day", ()), Rule("night", ())
LINKS = (ChatLink(WorkspaceId(1), "U1", ANA), ChatLink(WorkspaceId(2), "U2", ANA))


def organisation(who: People) -> Organisation:
    """Return a channel of team SRE with two rules, and one without team or rules."""
    channels = {SHOP: Channel(SHOP, "shop", SRE, (DAY, NIGHT)), OPEN: Channel(OPEN, "open")}
    return Organisation(1, who, channels, links=LINKS)


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        ((), ()),
        ((person(BO), person(ANA)), (BO, ANA)),
        ((team(SRE), person(BO), team(SRE)), (BO, CHEN)),
        ((person(CHEN), team(SRE)), (CHEN, BO)),
        ((person(AccountId(99)), team(TeamId(99)), team(NOBODY)), ()),
        ((person(DEE),), ()),
    ],
)
def test_a_level_means_each_active_person_once_in_the_order_in_which_they_are_named(
    targets: tuple[Target, ...], expected: tuple[AccountId, ...]
) -> None:
    assert people(gone=[DEE]).resolve(targets) == expected


def test_somebody_can_be_told_if_one_of_them_can() -> None:
    who = people(reachable=[BO])

    assert who.can_be_told([ANA, BO])
    assert not who.can_be_told([ANA])
    assert not who.can_be_told([])


@pytest.mark.parametrize(("role", "expected"), [(Role.OWNER, True), (Role.ADMIN, True), (Role.MEMBER, False)])
def test_owners_and_admins_run_oncard(role: Role, expected: bool) -> None:
    who = Account(ANA, "Ana", "ana@example.com", role=role)

    assert People({ANA: who}).admins() == ((ANA,) if expected else ())


def test_an_admin_who_has_left_is_none() -> None:
    assert people(gone=[DEE]).admins() == ()


def test_a_rule_is_found_by_its_name_and_a_new_incident_follows_the_first() -> None:
    made = organisation(people())

    assert made.rule(SHOP, "night") is NIGHT
    assert made.rule(SHOP, "gone") is None
    assert made.rule(SHOP, None) is None
    assert made.rule(ChannelId(99), "night") is None
    assert made.first_rule(SHOP, FACTS, AT) is DAY
    assert made.first_rule(OPEN, FACTS, AT) is None


def test_a_chat_user_is_whoever_is_linked_in_that_workspace() -> None:
    made = organisation(people())

    assert made.account_of(WorkspaceId(1), "U1") == ANA
    assert made.account_of(WorkspaceId(1), "U2") is None
    assert made.users_in(WorkspaceId(2)) == {ANA: "U2"}


def test_the_team_and_the_admins_must_know_each_once() -> None:
    assert organisation(people()).told_about(SHOP) == (BO, CHEN, DEE)
    assert organisation(people(gone=[CHEN])).told_about(SHOP) == (BO, DEE)
    assert organisation(people()).told_about(OPEN) == (DEE,)
    assert organisation(people()).told_about(ChannelId(99)) == (DEE,)


def test_a_team_may_name_somebody_who_is_not_known() -> None:
    who = People(people().accounts, {SRE: Team(SRE, "SRE", (AccountId(99), BO))})

    assert organisation(who).told_about(SHOP) == (BO, DEE)


def test_oncards_own_troubles_go_to_the_channel_of_its_name_or_to_the_admins() -> None:
    own = Channel(ChannelId(9), "oncard", SRE, (DAY,))
    shop = Channel(SHOP, "shop", SRE, (DAY, NIGHT))

    with_it = Organisation(1, people(), {SHOP: shop, own.id: own})
    without = Organisation(1, people(), {SHOP: shop})
    removed = Organisation(1, people(), {own.id: replace(own, active=False)})

    assert (with_it.own_channel, without.own_channel, removed.own_channel) == (own.id, ChannelId(0), ChannelId(0))
    assert with_it.first_rule(own.id, FACTS, AT) == DAY
    assert without.channel(ChannelId(0)).name == "oncard"
    assert without.first_rule(ChannelId(0), FACTS, AT) is None
    assert without.told_about(ChannelId(0)) == (DEE,)


def test_who_is_on_duty_by_a_schedule_is_known_at_an_instant_only() -> None:
    by_schedule = Target(TargetKind.SCHEDULE, 7)

    with pytest.raises(LookupError, match="schedule 7"):
        people().resolve([by_schedule])
    assert people().next_duty([by_schedule], AT) is None


def test_a_schedule_that_is_gone_has_nobody_on_duty_and_never_will() -> None:
    another = Schedule(ScheduleId(1), "another")
    made = Organisation(1, people(), schedules={another.id: another}).at(AT)
    gone = Target(TargetKind.SCHEDULE, 7)

    assert made.people.resolve([gone]) == ()
    assert made.people.next_duty([gone], AT) is None


def test_an_account_is_found_by_its_identity_in_one_chat_app() -> None:
    known = organisation(people())
    assert known.account_of(WorkspaceId(1), "U1") == ANA
    assert known.account_of(WorkspaceId(2), "U1") is None
