"""Definitions: what admins configured, object by object, as they wrote it: by name.

A configuration file becomes definitions, the database keeps definitions, and `organise` makes of them the one picture
that decisions are made from. References are names here and ids there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final

from bot.domain import reach
from bot.domain.escalation import Chat, Level, Repeat, Unless
from bot.domain.frozen import replace
from bot.domain.incident import ChannelId
from bot.domain.organisation import Channel, Integration, IntegrationId, Organisation, Provider, Workspace
from bot.domain.people import (
    LINES,
    Account,
    AccountId,
    ChatLink,
    ContactKind,
    Method,
    People,
    Preferences,
    Role,
    Target,
    TargetKind,
    Team,
    TeamId,
    WorkspaceId,
)
from bot.domain.rule import Rule


class Kind(StrEnum):
    """The kinds of objects; names are unique within one."""

    ACCOUNT = "account"
    TEAM = "team"
    WORKSPACE = "workspace"
    PROVIDER = "provider"
    CHANNEL = "channel"
    INTEGRATION = "integration"


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A value that does not print."""

    value: str

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__


@dataclass(frozen=True, slots=True)
class AccountDefinition:
    """A person; the e-mail address is the name by which others refer to them."""

    email: str
    name: str
    phone: str = ""
    role: Role = Role.MEMBER
    locale: str = "en"
    timezone: str = "UTC"
    preferences: Preferences = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TeamDefinition:
    """A team and the e-mail addresses of its members."""

    name: str
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkspaceDefinition:
    """A connected chat app: its settings by the platform's own names, and who is whom there (e-mail to user id).

    `locale`, `timezone`: in which its chats are written to; direct messages are in the reader's.
    """

    name: str
    platform: str
    settings: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    locale: str = "en"
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class ProviderDefinition:
    """One account at a service that carries messages by one method, the `order`th to be tried for it, from 0.

    `settings` by the kind's own names; `countries`: the beginnings of the numbers that it serves, none: all; `links`:
    what it knows the device of each person by (by e-mail address), for pushes. It is kept among the secrets, under
    `link_key`, and stands here only for who sends.
    """

    name: str
    method: Method
    kind: str
    order: int = 0
    countries: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)


def link_key(email: str) -> str:
    """Return the name of the secret that a person's device is known by."""
    return f"links.{email}"


@dataclass(frozen=True, slots=True)
class TargetDefinition:
    """Whom a level names."""

    kind: TargetKind
    name: str


@dataclass(frozen=True, slots=True)
class ChatDefinition:
    """A chat of a workspace, by the platform's own id."""

    workspace: str
    chat: str


@dataclass(frozen=True, slots=True)
class LevelDefinition:
    """One step of an escalation rule."""

    targets: tuple[TargetDefinition, ...] = ()
    chats: tuple[ChatDefinition, ...] = ()
    methods: tuple[Method, ...] = ()
    repeat_every: timedelta | None = None
    repeat_times: int = 0
    escalate_after: timedelta = timedelta(minutes=5)
    unless: Unless = Unless.ACKNOWLEDGED


@dataclass(frozen=True, slots=True)
class RuleDefinition:
    """An escalation rule."""

    name: str
    levels: tuple[LevelDefinition, ...]


@dataclass(frozen=True, slots=True)
class ChannelDefinition:
    """A channel, its team and its escalation rules in their order."""

    name: str
    team: str | None = None
    escalation: tuple[RuleDefinition, ...] = ()


@dataclass(frozen=True, slots=True)
class IntegrationDefinition:
    """An entry point of a channel. `fields` and `values` map foreign JSON to the standard source."""

    name: str
    source: str
    channel: str
    fields: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


Body = (
    AccountDefinition
    | TeamDefinition
    | WorkspaceDefinition
    | ProviderDefinition
    | ChannelDefinition
    | IntegrationDefinition
)
BODIES: Final[Mapping[Kind, type[Body]]] = {
    Kind.ACCOUNT: AccountDefinition,
    Kind.TEAM: TeamDefinition,
    Kind.WORKSPACE: WorkspaceDefinition,
    Kind.PROVIDER: ProviderDefinition,
    Kind.CHANNEL: ChannelDefinition,
    Kind.INTEGRATION: IntegrationDefinition,
}


@dataclass(frozen=True, slots=True)
class Definition:
    """One configured object. `secrets` by the names that the file gives them; they are kept apart and never shown."""

    kind: Kind
    body: Body
    secrets: Mapping[str, Secret] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return the name that others refer to it by."""
        return name_of(self.body)


def name_of(body: Body) -> str:
    """Return the name by which others refer to the object: an account's e-mail address, `sms/main`, else its name."""
    match body:
        case AccountDefinition():
            return body.email
        case ProviderDefinition():
            return f"{body.method}/{body.name}"
    return body.name


@dataclass(frozen=True, slots=True)
class Kept:
    """A definition under the database's id for it. What was removed stays, not active, for old incidents' sake."""

    id: int
    body: Body
    active: bool = True


@dataclass(frozen=True, slots=True)
class Contact:
    """A number or an address of somebody that was proven to be theirs."""

    account: AccountId
    kind: ContactKind
    value: str


@dataclass(frozen=True, slots=True)
class Said:
    """What people said beside what is configured: who they are in chats, what is theirs, how they want to be told.

    What is in `preferences` goes before what is configured, severity by severity.
    """

    links: tuple[ChatLink, ...] = ()
    contacts: frozenset[Contact] = frozenset()
    preferences: Mapping[AccountId, Preferences] = field(default_factory=dict)


NOTHING_SAID: Final = Said()


def organise(revision: int, kept: Iterable[Kept], said: Said = NOTHING_SAID) -> Organisation:
    """Return the picture that the definitions give. A name that nothing active bears is left out where it is used.

    What was proven counts only as long as it is what is configured: a new number is not verified.
    """
    everything = tuple(kept)
    ids = _Ids(everything)
    workspaces = {
        WorkspaceId(one.id): _workspace(one.id, one.body, is_active=one.active)
        for one in everything
        if isinstance(one.body, WorkspaceDefinition)
    }
    accounts = {
        AccountId(one.id): _account(one, one.body, said)
        for one in everything
        if isinstance(one.body, AccountDefinition)
    }
    people = People(
        accounts=accounts,
        teams={
            TeamId(one.id): _team(one.id, one.body, ids)
            for one in everything
            if isinstance(one.body, TeamDefinition) and one.active
        },
    )
    made = Organisation(
        revision=revision,
        people=people,
        channels={
            ChannelId(one.id): _channel(one, one.body, ids)
            for one in everything
            if isinstance(one.body, ChannelDefinition)
        },
        integrations={
            integration.id: integration
            for one in everything
            if isinstance(one.body, IntegrationDefinition) and (integration := _integration(one, one.body, ids))
        },
        workspaces=workspaces,
        links=tuple(link for link in said.links if link.account in accounts and accounts[link.account].active),
        providers=_providers(one.body for one in everything if one.active),
    )
    return replace(made, people=replace(people, reachable=_reachable(made)))


def _reachable(organisation: Organisation) -> frozenset[AccountId]:
    """Return who can be tried at all: everybody where there is a chat app, else who can be reached by a line."""
    by_chat = any(workspace.active for workspace in organisation.workspaces.values())
    active = [account for account in organisation.people.accounts.values() if account.active]
    return frozenset(account.id for account in active if by_chat or reach.lines_to(account, organisation))


class _Ids:
    """The ids of what is active, by kind and name."""

    def __init__(self, kept: tuple[Kept, ...]) -> None:
        self._by_name = {(type(one.body), name_of(one.body)): one.id for one in kept if one.active}

    def find(self, kind: Kind, name: str) -> int | None:
        return self._by_name.get((BODIES[kind], name))


def _workspace(number: int, body: WorkspaceDefinition, *, is_active: bool) -> Workspace:
    return Workspace(WorkspaceId(number), body.name, body.platform, is_active, body.locale, body.timezone)


def _account(one: Kept, body: AccountDefinition, said: Said) -> Account:
    number = AccountId(one.id)
    now = {ContactKind.PHONE: body.phone, ContactKind.EMAIL: body.email}
    return Account(
        id=number,
        name=body.name,
        email=body.email,
        phone=body.phone,
        role=body.role,
        locale=body.locale,
        timezone=body.timezone,
        active=one.active,
        preferences={**body.preferences, **said.preferences.get(number, {})},
        verified=frozenset(kind for kind, value in now.items() if Contact(number, kind, value) in said.contacts),
    )


def _providers(bodies: Iterable[Body]) -> tuple[Provider, ...]:
    """Return the providers method by method, those of each in the order in which they are tried."""
    methods = list(LINES)
    found = [body for body in bodies if isinstance(body, ProviderDefinition)]
    return tuple(
        Provider(one.name, one.kind, one.method, one.countries, frozenset(one.links))
        for one in sorted(found, key=lambda one: (methods.index(one.method), one.order, one.name))
    )


def _team(number: int, body: TeamDefinition, ids: _Ids) -> Team:
    found = (ids.find(Kind.ACCOUNT, email) for email in body.members)
    return Team(TeamId(number), body.name, tuple(AccountId(member) for member in found if member is not None))


def _channel(one: Kept, body: ChannelDefinition, ids: _Ids) -> Channel:
    team = ids.find(Kind.TEAM, body.team) if body.team else None
    rules = tuple(Rule(rule.name, tuple(_level(level, ids) for level in rule.levels)) for rule in body.escalation)
    return Channel(ChannelId(one.id), body.name, TeamId(team) if team is not None else None, rules, one.active)


def _level(level: LevelDefinition, ids: _Ids) -> Level:
    targets = (_target(target, ids) for target in level.targets)
    chats = ((ids.find(Kind.WORKSPACE, chat.workspace), chat.chat) for chat in level.chats)
    return Level(
        targets=tuple(target for target in targets if target is not None),
        chats=tuple(Chat(WorkspaceId(workspace), chat) for workspace, chat in chats if workspace is not None),
        methods=level.methods,
        repeat=Repeat(level.repeat_every, level.repeat_times) if level.repeat_every else None,
        escalate_after=level.escalate_after,
        unless=level.unless,
    )


def _target(target: TargetDefinition, ids: _Ids) -> Target | None:
    kind = Kind.ACCOUNT if target.kind is TargetKind.ACCOUNT else Kind.TEAM
    number = ids.find(kind, target.name)
    return Target(target.kind, number) if number is not None else None


def _integration(one: Kept, body: IntegrationDefinition, ids: _Ids) -> Integration | None:
    channel = ids.find(Kind.CHANNEL, body.channel)
    if channel is None:
        return None
    return Integration(
        IntegrationId(one.id), body.name, body.source, ChannelId(channel), body.fields, body.values, one.active
    )
