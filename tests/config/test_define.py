"""A file without faults becomes the definitions that it describes."""

from datetime import timedelta

from bot.config.context import Context
from bot.config.load import check
from bot.domain.definition import (
    AccountDefinition,
    ChannelDefinition,
    ChatDefinition,
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
from bot.domain.escalation import Unless
from bot.domain.event import Severity
from bot.domain.people import Method, Preference, Role, TargetKind
from tests.config.example import (
    APP_TOKEN,
    DEVICE,
    FULL,
    PAYMENTS_KEY,
    PROXY,
    SEARCH_KEY,
    SMS_TOKEN,
    TOKEN,
    context,
    definitions,
)


def test_a_file_becomes_definitions() -> None:
    wanted = {
        Severity.CRITICAL: (
            Preference(Method.IM),
            Preference(Method.SMS),
            Preference(Method.VOICE, timedelta(minutes=3)),
        ),
        Severity.INFO: (Preference(Method.EMAIL),),
    }
    ana = AccountDefinition("ana@example.com", "Ana", "+33612345678", Role.OWNER, "zh", "Europe/Paris", wanted)
    workspace = WorkspaceDefinition(
        name="acme",
        platform="chat",
        settings={"nickname": "On-Call ${you}", "api_base_url": "http://127.0.0.1:8080/api/", "timeout": "8"},
        links={"ana@example.com": "U1"},
    )
    first = LevelDefinition(
        targets=(TargetDefinition(TargetKind.ACCOUNT, "ana@example.com"),),
        chats=(ChatDefinition("acme", "C1/x"),),
        methods=(Method.IM,),
        repeat_every=timedelta(minutes=5),
        repeat_times=3,
        escalate_after=timedelta(minutes=10),
        unless=Unless.CLOSED,
    )
    second = LevelDefinition(targets=(TargetDefinition(TargetKind.TEAM, "sre"),))
    payments = IntegrationDefinition(
        name="payments-alerts",
        source="standard",
        channel="payments",
        fields={"title": "{{check}} on {{host}}"},
        values={"event_status": {"high": "Critical", "low": "Info"}},
    )
    assert definitions() == (
        Definition(Kind.ACCOUNT, ana),
        Definition(Kind.ACCOUNT, AccountDefinition("bo@example.com", "Bo")),
        Definition(Kind.TEAM, TeamDefinition("sre", ("bo@example.com", "ana@example.com"))),
        Definition(
            Kind.WORKSPACE,
            workspace,
            {"bot_token": Secret(TOKEN), "app_token": Secret(APP_TOKEN), "proxy": Secret(PROXY)},
        ),
        Definition(
            Kind.PROVIDER,
            ProviderDefinition("main", Method.SMS, "phones", 0, ("+49", "+331"), {"timeout": "5"}),
            {"token": Secret(SMS_TOKEN)},
        ),
        Definition(
            Kind.PROVIDER,
            ProviderDefinition("phones", Method.SMS, "phones", 1, settings={"sender": "+4930123456"}),
            {"token": Secret(SMS_TOKEN)},
        ),
        Definition(
            Kind.PROVIDER, ProviderDefinition("mail", Method.EMAIL, "mail", settings={"host": "mail.example.com"})
        ),
        Definition(
            Kind.PROVIDER,
            ProviderDefinition("bell", Method.PUSH, "bell", links={"ana@example.com": ""}),
            {"links.ana@example.com": Secret(DEVICE)},
        ),
        Definition(Kind.CHANNEL, ChannelDefinition("payments", "sre", (RuleDefinition("nights", (first, second)),))),
        Definition(Kind.INTEGRATION, payments, {"key": Secret(PAYMENTS_KEY)}),
        Definition(
            Kind.INTEGRATION,
            IntegrationDefinition("search-alerts", "prometheus", "payments"),
            {"key": Secret(SEARCH_KEY)},
        ),
    )


def test_a_file_without_faults_checks_clean() -> None:
    assert check(FULL, context()) == ()


def test_texts_that_other_readers_of_yaml_would_change_stay_texts() -> None:
    names = [one.name for one in definitions("teams: [{name: on}, {name: 010}, {name: 2026-01-01}, {name: 1:30}]")]
    assert names == ["on", "010", "2026-01-01", "1:30"]


def test_what_is_given_without_a_value_counts_as_left_out() -> None:
    assert definitions("accounts:\nteams:\n  - name: sre\n    members:\nchannels: ~\n") == (
        Definition(Kind.TEAM, TeamDefinition("sre")),
    )


def test_anchors_and_merges_save_words() -> None:
    found = definitions("""\
accounts:
  - &ana {name: Ana, email: ana@example.com, timezone: Asia/Tokyo}
  - <<: *ana
    email: second-ana@example.com
  - <<: [*ana, {locale: zh}]
    name: Bo
    email: bo@example.com
teams:
  - name: sre
    members: &all [ana@example.com, bo@example.com]
  - name: payments
    members: *all
""")
    assert [one.body for one in found] == [
        AccountDefinition("ana@example.com", "Ana", timezone="Asia/Tokyo"),
        AccountDefinition("second-ana@example.com", "Ana", timezone="Asia/Tokyo"),
        AccountDefinition("bo@example.com", "Bo", locale="zh", timezone="Asia/Tokyo"),
        TeamDefinition("sre", ("ana@example.com", "bo@example.com")),
        TeamDefinition("payments", ("ana@example.com", "bo@example.com")),
    ]


def test_a_value_of_the_environment_is_text_and_nothing_else() -> None:
    hostile = "sre\n  - name: other # ${ZONE} *alias"
    environment = {"NICK": hostile, "CHAT_TOKEN": TOKEN}
    text = "workspaces: [{name: a, platform: chat, bot_token: '${CHAT_TOKEN}', nickname: 'I am ${NICK}$${x}'}]"
    (workspace,) = definitions(text, context(environment=environment))
    assert isinstance(workspace.body, WorkspaceDefinition)
    assert workspace.body.settings == {"nickname": f"I am {hostile}${{x}}"}


def test_whoever_is_named_twice_counts_once() -> None:
    found = definitions("""\
accounts: [{name: Ana, email: ana@example.com}]
teams: [{name: sre, members: [ana@example.com, Ana@example.com]}]
channels:
  - name: c
    escalation: [{name: r, levels: [{targets: ["team:sre", "team:sre"], methods: [im, im]}]}]
""")
    bodies = {one.kind: one.body for one in found}
    assert bodies[Kind.TEAM] == TeamDefinition("sre", ("ana@example.com",))
    level = LevelDefinition(targets=(TargetDefinition(TargetKind.TEAM, "sre"),), methods=(Method.IM,))
    assert bodies[Kind.CHANNEL] == ChannelDefinition("c", None, (RuleDefinition("r", (level,)),))


def test_nothing_is_asked_of_a_mapping_that_is_not_there() -> None:
    def never(_: IntegrationDefinition) -> tuple[()]:
        raise AssertionError("there is no mapping")

    text = f"channels: [{{name: c, integrations: [{{name: i, source: prometheus, key: {SEARCH_KEY}}}]}}]"
    bare = Context({}, {}, ("prometheus",), check_mapping=never)
    assert len(definitions(text, bare)) == 2
