"""What admins wrote becomes one picture: names become ids, and what was removed is nobody's any more."""

from dataclasses import replace
from datetime import timedelta

from bot.domain.definition import (
    AccountDefinition,
    Body,
    ChannelDefinition,
    ChatDefinition,
    Contact,
    Definition,
    IntegrationDefinition,
    Kept,
    Kind,
    LevelDefinition,
    ProviderDefinition,
    RuleDefinition,
    Said,
    Secret,
    TargetDefinition,
    TeamDefinition,
    WorkspaceDefinition,
    name_of,
)
from bot.domain.escalation import Chat, Level, Repeat, Unless
from bot.domain.event import Severity
from bot.domain.organisation import Channel, Integration, IntegrationId, Organisation, Provider, Workspace
from bot.domain.organise import organise
from bot.domain.people import (
    Account,
    AccountId,
    ChatLink,
    ContactKind,
    Method,
    Preference,
    Role,
    Target,
    TargetKind,
    Team,
    TeamId,
    WorkspaceId,
)
from bot.domain.rule import Rule
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
    return organise(5, [Kept(IDS[name_of(body)], body, body not in removed) for body in EVERYTHING], Said(LINKS))


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
    made = organise(1, kept, Said((ChatLink(WorkspaceId(1), "U9", AccountId(9)),)))

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


def test_providers_stand_method_by_method_in_their_order() -> None:
    definitions = [
        ProviderDefinition("bell", Method.PUSH, "ntfy", links={"ana@example.com": "topic"}),
        ProviderDefinition("second", Method.SMS, "gateway", order=1),
        ProviderDefinition("main", Method.VOICE, "gateway"),
        ProviderDefinition("main", Method.SMS, "gateway", order=0, countries=("+49",)),
        ProviderDefinition("gone", Method.SMS, "gateway", order=2),
    ]
    kept = [Kept(number, body, body.name != "gone") for number, body in enumerate(definitions)]
    assert organise(1, kept).providers == (
        Provider("main", "gateway", Method.SMS, ("+49",)),
        Provider("second", "gateway", Method.SMS),
        Provider("main", "gateway", Method.VOICE),
        Provider("bell", "ntfy", Method.PUSH, links=frozenset({"ana@example.com"})),
    )
    assert [name_of(body) for body in definitions[:2]] == ["push/bell", "sms/second"]


def test_what_was_proven_counts_as_long_as_it_is_what_is_configured() -> None:
    proven = Said(
        contacts=frozenset(
            {
                Contact(AccountId(1), ContactKind.PHONE, "+33612345678"),
                Contact(AccountId(1), ContactKind.EMAIL, "before@example.com"),
                Contact(AccountId(2), ContactKind.EMAIL, "ana@example.com"),
            }
        )
    )
    accounts = organise(1, [Kept(1, ANA), Kept(2, BO)], proven).people.accounts
    assert accounts[AccountId(1)].verified == {ContactKind.PHONE}
    assert accounts[AccountId(2)].verified == frozenset()
    moved = organise(1, [Kept(1, replace(ANA, phone="+33612345679"))], proven)
    assert moved.people.accounts[AccountId(1)].verified == frozenset()


def test_what_somebody_said_goes_before_the_file_severity_by_severity() -> None:
    im, voice = (Preference(Method.IM),), (Preference(Method.VOICE),)
    body = replace(ANA, preferences={Severity.CRITICAL: im, Severity.INFO: im})
    said = Said(preferences={AccountId(1): {Severity.CRITICAL: voice}})
    (account,) = organise(1, [Kept(1, body)], said).people.accounts.values()
    assert account.preferences == {Severity.CRITICAL: voice, Severity.INFO: im}


def test_without_a_chat_app_only_who_has_a_line_can_be_reached() -> None:
    kept = [Kept(1, ANA), Kept(2, BO), Kept(3, ProviderDefinition("main", Method.SMS, "gateway"))]
    assert organise(1, kept).people.reachable == frozenset()
    proven = Said(contacts=frozenset({Contact(AccountId(1), ContactKind.PHONE, ANA.phone)}))
    assert organise(1, kept, proven).people.reachable == {AccountId(1)}
