"""Definitions of every shape that a file can give, for the laws about them."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st

from bot.domain.calendar import DayKind
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
    link_key,
)
from bot.domain.escalation import Unless
from bot.domain.event import Severity
from bot.domain.people import LINES, LONGEST_DELAY, Method, Preference, Preferences, Role, TargetKind
from bot.domain.schedule_definition import ScheduleDefinition
from bot.domain.time_filter import ALWAYS
from tests.config import rota_strategies

HARD = [
    "null",
    "~",
    "<<",
    "on",
    "010",
    "1:30",
    "- a",
    "a: b",
    "# x",
    "${X}",
    "$${",
    "'",
    '"',
    "*a",
    "&a",
    "!x",
    "| a",
    "é 中 🙂",
    ":0",
    "? x",
]
"""Texts that a careless writer of YAML would get wrong."""

NAMES = st.sampled_from(HARD) | st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=64)
TEXTS = st.sampled_from(HARD) | st.text(st.characters(exclude_categories=["Cs"]), max_size=80).filter(str.strip)
SECRETS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=40).map(
    lambda text: Secret(f"hush-hush-{text}")
)
WORDS = st.from_regex(r"[a-z0-9]{1,20}", fullmatch=True)
EMAILS = WORDS.map(lambda word: f"{word}@example.com")
IDS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=40)


def minutes(least: int, most: int) -> st.SearchStrategy[timedelta]:
    return st.integers(least * 60, most * 60).map(lambda seconds: timedelta(seconds=seconds))


def some(values: Iterable[str]) -> st.SearchStrategy[tuple[str, ...]]:
    known = list(values)
    return st.lists(st.sampled_from(known), unique=True, max_size=4).map(tuple) if known else st.just(())


def named(most: int = 3) -> st.SearchStrategy[list[str]]:
    return st.lists(NAMES, unique_by=str.casefold, max_size=most)


@st.composite
def levels(
    draw: st.DrawFn, emails: list[str], teams: list[str], workspaces: list[str], schedules: list[TargetDefinition]
) -> LevelDefinition:
    accounts = [TargetDefinition(TargetKind.ACCOUNT, email) for email in draw(some(emails))]
    groups = [TargetDefinition(TargetKind.TEAM, team) for team in draw(some(teams))]
    every = draw(st.none() | minutes(1, 120))
    return LevelDefinition(
        targets=(*accounts, *groups, *(draw(st.lists(st.sampled_from(schedules), unique=True)) if schedules else ())),
        chats=(*(ChatDefinition(workspace, draw(IDS)) for workspace in draw(some(workspaces))),),
        methods=tuple(draw(st.lists(st.sampled_from(Method), unique=True))),
        repeat_every=every,
        repeat_times=draw(st.integers(0, 6)) if every else 0,
        escalate_after=draw(minutes(0, 720)),
        unless=draw(st.sampled_from(Unless)),
        when_nobody=draw(rota_strategies.NOBODY),
    )


@st.composite
def rules(
    draw: st.DrawFn, name: str, level: st.SearchStrategy[LevelDefinition], calendars: list[str]
) -> RuleDefinition:
    when = draw(st.just(ALWAYS) | rota_strategies.TIMES)
    if draw(st.booleans()) and calendars:
        when = replace(when, calendar=draw(st.sampled_from(calendars)), days=draw(st.sampled_from(DayKind)))
    return RuleDefinition(
        name=name,
        levels=tuple(draw(st.lists(level, min_size=1, max_size=3))),
        filter=draw(rota_strategies.FILTERS),
        when=when,
        delay=timedelta(seconds=draw(st.integers(0, 3600))),
        enabled=draw(st.booleans()),
    )


@st.composite
def channels(
    draw: st.DrawFn,
    emails: list[str],
    teams: list[str],
    workspaces: list[str],
    rota: tuple[list[TargetDefinition], list[str]],
) -> tuple[ChannelDefinition, ...]:
    """Draw channels; `rota`: the schedules that levels may name, and the calendars that rules may."""
    schedules, calendars = rota
    level = levels(emails, teams, workspaces, schedules).filter(lambda one: bool(one.targets or one.chats))
    rule_names = named() if emails or teams or workspaces or schedules else st.just([])
    return tuple(
        ChannelDefinition(
            name,
            draw(st.none() | st.sampled_from(teams)) if teams else None,
            tuple(draw(rules(rule, level, calendars)) for rule in draw(rule_names)),
        )
        for name in draw(named())
    )


@st.composite
def workspace(draw: st.DrawFn, name: str, emails: list[str]) -> Definition:
    settings = {
        "nickname": TEXTS,
        "api_base_url": st.just("https://chat.example.com/api/"),
        "ca_file": TEXTS,
        "timeout": st.integers(1, 60).map(str),
    }
    secrets = {"app_token": SECRETS, "proxy": SECRETS}
    linked = draw(some(emails))
    users = draw(st.lists(IDS, unique=True, min_size=len(linked), max_size=len(linked)))
    body = WorkspaceDefinition(
        name,
        "chat",
        draw(st.fixed_dictionaries({}, optional=settings)),
        dict(zip(linked, users, strict=True)),
        draw(st.sampled_from(["en", "zh"])),
        draw(st.sampled_from(["UTC", "Asia/Shanghai"])),
    )
    token = SECRETS.map(lambda secret: Secret(f"tok-{secret.value}"))
    return Definition(Kind.WORKSPACE, body, draw(st.fixed_dictionaries({"bot_token": token}, optional=secrets)))


WAYS = st.lists(
    st.builds(
        Preference,
        st.sampled_from(Method),
        st.none() | st.integers(0, int(LONGEST_DELAY.total_seconds())).map(lambda seconds: timedelta(seconds=seconds)),
    ),
    min_size=1,
    unique_by=lambda way: way.method,
).map(tuple)
PREFERENCES: st.SearchStrategy[Preferences] = st.dictionaries(
    st.sampled_from([Severity.CRITICAL, Severity.WARNING, Severity.INFO]), WAYS
)


@st.composite
def providers(draw: st.DrawFn, method: Method, emails: list[str]) -> list[Definition]:
    """Draw the providers of one method."""
    kind, settings, secret = {
        Method.SMS: ("phones", {}, "token"),
        Method.VOICE: ("phones", {"sender": "+331"}, "token"),
        Method.EMAIL: ("mail", {"host": "mail.example.com"}, "password"),
        Method.PUSH: ("bell", {}, "key"),
    }[method]
    linked = draw(some(emails)) if method is Method.PUSH else ()
    has_countries = method in (Method.SMS, Method.VOICE)
    countries = st.lists(st.sampled_from(["+49", "+1", "+331"]), unique=True) if has_countries else st.just([])
    return [
        Definition(
            Kind.PROVIDER,
            ProviderDefinition(
                name=name,
                method=method,
                kind=kind,
                order=order,
                countries=tuple(draw(countries)),
                settings=settings | draw(st.fixed_dictionaries({}, optional={"timeout": st.just("7")})),
                links=dict.fromkeys(linked, ""),
            ),
            {secret: draw(SECRETS)} | {link_key(email): Secret(f"hush-{order}-{email}") for email in linked},
        )
        for order, name in enumerate(draw(st.lists(WORDS, unique=True, max_size=2)))
    ]


@st.composite
def integration(draw: st.DrawFn, name: str, channel: str) -> IntegrationDefinition:
    return IntegrationDefinition(
        name=name,
        source=draw(st.sampled_from(["standard", "prometheus"])),
        channel=channel,
        fields=draw(st.dictionaries(st.sampled_from(["title", "labels"]), TEXTS)),
        values=draw(st.dictionaries(TEXTS, st.dictionaries(TEXTS, TEXTS, max_size=3), max_size=2)),
    )


@st.composite
def organisations(draw: st.DrawFn) -> tuple[Definition, ...]:
    """Draw all the definitions of an organisation."""
    emails = draw(st.lists(EMAILS, unique=True, max_size=4))
    accounts = [
        AccountDefinition(
            email=email,
            name=draw(NAMES),
            phone=draw(st.sampled_from(["", "+33612345678", "+8613812345678"])),
            role=draw(st.sampled_from(Role)),
            locale=draw(st.sampled_from(["en", "zh"])),
            timezone=draw(st.sampled_from(["UTC", "Europe/Paris", "America/Argentina/Buenos_Aires"])),
            preferences=draw(PREFERENCES),
        )
        for email in emails
    ]
    teams = [TeamDefinition(name, draw(some(emails))) for name in draw(named())]
    workspaces = draw(st.lists(WORDS, unique=True, max_size=2))
    calendars = [draw(rota_strategies.calendar(name)) for name in draw(named(2))]
    schedules: list[ScheduleDefinition] = []
    for name in draw(st.lists(NAMES.filter(lambda name: "/" not in name), unique_by=str.casefold, max_size=2)):
        # What falls back on those before it alone makes no loop.
        others = [one.name for one in schedules]
        schedules.append(draw(rota_strategies.schedule(name, emails, others, NAMES)))
    targets = [
        TargetDefinition(TargetKind.SCHEDULE, one.name, role)
        for one in schedules
        for role in ("", *rota_strategies.roles_of(one))
    ]
    rota = (targets, [one.name for one in calendars])
    made = draw(channels(emails, [team.name for team in teams], workspaces, rota))
    keys = draw(st.lists(SECRETS, unique_by=lambda key: key.value, max_size=3))
    names = draw(st.lists(NAMES, unique_by=str.casefold, min_size=len(keys), max_size=len(keys)))
    integrations = [
        Definition(
            Kind.INTEGRATION,
            draw(integration(name, draw(st.sampled_from(made)).name)),
            {"key": key},
        )
        for name, key in zip(names, keys, strict=True)
        if made
    ]
    return (
        *(Definition(Kind.ACCOUNT, account) for account in accounts),
        *(Definition(Kind.TEAM, team) for team in teams),
        *(draw(workspace(name, emails)) for name in workspaces),
        *(one for method in LINES for one in draw(providers(method, emails))),
        *(Definition(Kind.CALENDAR, one) for one in calendars),
        *(Definition(Kind.SCHEDULE, one) for one in schedules),
        *(Definition(Kind.CHANNEL, channel) for channel in made),
        *integrations,
    )
