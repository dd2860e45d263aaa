"""What admins wrote becomes one picture: names become ids, and what was removed is nobody's any more."""

from datetime import timedelta

from bot.domain.definition import (
    AccountDefinition,
    Body,
    ChannelDefinition,
    ChatDefinition,
    Definition,
    IntegrationDefinition,
    Kept,
    Kind,
    LevelDefinition,
    RuleDefinition,
    Secret,
    TargetDefinition,
    TeamDefinition,
    WorkspaceDefinition,
    name_of,
    organise,
)
from bot.domain.escalation import Chat, Level, Repeat, Rule, Unless
from bot.domain.organisation import Channel, Integration, IntegrationId, Organisation, Workspace
from bot.domain.people import (
    Account,
    AccountId,
    ChatLink,
    Method,
    Role,
    Target,
    TargetKind,
    Team,
    TeamId,
    WorkspaceId,
)
from tests.domain.cast import MINUTE

ANA = AccountDefinition("ana@example.com", "Ana", "+33612345678", Role.ADMIN, "zh", "Asia/Shanghai")
BO = AccountDefinition("bo@example.com", "Bo")
SRE = TeamDefinition("sre", ("bo@example.com", "ana@example.com"))
ACME = WorkspaceDefinition("acme", "chatty")
SHOP = ChannelDefinition(
    "shop",
    "sre",
    (
        RuleDefinition(
            "day and night",
            (
                LevelDefinition(
                    targets=(
                        TargetDefinition(TargetKind.ACCOUNT, "ana@example.com"),
                        TargetDefinition(TargetKind.TEAM, "sre"),
                    ),
                    chats=(ChatDefinition("acme", "C1"),),
                    methods=(Method.IM,),
                    repeat_every=MINUTE,
                    repeat_times=3,
                    escalate_after=timedelta(minutes=7),
                    unless=Unless.CLOSED,
                ),
                LevelDefinition(),
            ),
        ),
    ),
)
ALERTS = IntegrationDefinition("prom", "prometheus", "shop", {"title": "{{data.name}}"}, {"severity": {"1": "Info"}})
# The database gives ids for each kind on its own: the same number may be of two kinds.
IDS: dict[str, int] = {"ana@example.com": 1, "bo@example.com": 2, "sre": 1, "acme": 1, "shop": 7, "prom": 3}
EVERYTHING: tuple[Body, ...] = (ANA, BO, SRE, ACME, SHOP, ALERTS)
LINKS = (ChatLink(WorkspaceId(1), "U1", AccountId(1)), ChatLink(WorkspaceId(1), "U2", AccountId(2)))


def organised(*removed: Body) -> Organisation:
    """Return the picture of everything, without what was removed."""
    return organise(5, [Kept(IDS[name_of(body)], body, body not in removed) for body in EVERYTHING], LINKS)


def test_everything_is_found_by_its_name() -> None:
    made = organised()

    assert made.revision == 5
    assert made.people.accounts[AccountId(1)] == Account(
        AccountId(1), "Ana", "ana@example.com", "+33612345678", Role.ADMIN, "zh", "Asia/Shanghai", active=True
    )
    assert made.people.teams == {TeamId(1): Team(TeamId(1), "sre", (AccountId(2), AccountId(1)))}
    assert made.people.reachable == {1, 2}
    assert made.workspaces == {WorkspaceId(1): Workspace(WorkspaceId(1), "acme", "chatty")}
    assert made.links == LINKS
    first = Level(
        (Target(TargetKind.ACCOUNT, 1), Target(TargetKind.TEAM, 1)),
        (Chat(WorkspaceId(1), "C1"),),
        (Method.IM,),
        Repeat(MINUTE, 3),
        timedelta(minutes=7),
        Unless.CLOSED,
    )
    rules = (Rule("day and night", (first, Level())),)
    assert made.channels == {7: Channel(made.integrations[IntegrationId(3)].channel, "shop", TeamId(1), rules)}
    assert made.integrations == {
        3: Integration(
            IntegrationId(3),
            "prom",
            "prometheus",
            next(iter(made.channels)),
            {"title": "{{data.name}}"},
            {"severity": {"1": "Info"}},
        )
    }


def test_who_was_removed_is_told_nothing_and_keeps_the_name() -> None:
    made = organised(ANA)
    (rule,) = next(iter(made.channels.values())).rules

    assert made.people.accounts[AccountId(1)].name == "Ana"
    assert not made.people.accounts[AccountId(1)].active
    assert made.people.reachable == {2}
    assert made.people.teams[TeamId(1)].members == (AccountId(2),)
    assert rule.levels[0].targets == (Target(TargetKind.TEAM, 1),)
    assert [link.account for link in made.links] == [2]


def test_a_team_that_was_removed_is_nobodys_target_and_no_channels_team() -> None:
    made = organised(SRE)
    channel = next(iter(made.channels.values()))

    assert made.people.teams == {}
    assert channel.team is None
    assert channel.rules[0].levels[0].targets == (Target(TargetKind.ACCOUNT, 1),)


def test_without_a_workspace_nobody_can_be_told() -> None:
    made = organised(ACME)

    assert made.people.reachable == frozenset()
    assert not made.workspaces[WorkspaceId(1)].active
    assert next(iter(made.channels.values())).rules[0].levels[0].chats == ()


def test_a_channel_that_was_removed_takes_no_alerts_and_is_still_known() -> None:
    made = organised(SHOP)

    assert made.integrations == {}
    assert [(channel.name, channel.active) for channel in made.channels.values()] == [("shop", False)]


def test_an_integration_that_was_removed_is_known_and_not_active() -> None:
    assert [one.active for one in organised(ALERTS).integrations.values()] == [False]


def test_a_channel_needs_no_team_and_an_account_of_another_database_no_link() -> None:
    kept = [Kept(7, ChannelDefinition("shop"))]
    made = organise(1, kept, [ChatLink(WorkspaceId(1), "U9", AccountId(9))])

    assert [channel.team for channel in made.channels.values()] == [None]
    assert made.links == ()


def test_a_name_that_was_given_again_means_the_new_one() -> None:
    kept = [Kept(1, BO, active=False), Kept(2, BO), Kept(1, TeamDefinition("sre", ("bo@example.com",)))]

    assert organise(1, kept).people.teams[TeamId(1)].members == (AccountId(2),)


def test_a_definition_is_known_by_its_name_and_an_account_by_its_address() -> None:
    assert Definition(Kind.ACCOUNT, ANA).name == "ana@example.com"
    assert Definition(Kind.TEAM, SRE).name == "sre"


def test_a_secret_does_not_print() -> None:
    secret = Secret("hunter2")
    definition = Definition(Kind.WORKSPACE, ACME, {"token": secret})

    assert "hunter2" not in f"{secret} {secret!r} {definition!r}"
    assert secret.value == "hunter2"
