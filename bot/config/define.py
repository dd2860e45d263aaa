"""A configuration as definitions: what the database keeps, and decisions are made from."""

from collections.abc import Iterator

from bot.config.load import Config
from bot.config.schema import (
    AccountPart,
    ChannelPart,
    IntegrationPart,
    NumberPart,
    PreferencesPart,
    ProviderPart,
    PushPart,
    TeamPart,
    WorkspacePart,
)
from bot.config.settings import Settings
from bot.domain.definition import (
    AccountDefinition,
    ChannelDefinition,
    Definition,
    IntegrationDefinition,
    Kind,
    ProviderDefinition,
    Secret,
    TeamDefinition,
    WorkspaceDefinition,
    link_key,
)
from bot.domain.event import Severity
from bot.domain.people import Preferences


def define(config: Config) -> tuple[Definition, ...]:
    """Return the definitions, kind by kind, each kind in the order of the file.

    A secret that the file refers to by `stored:` is the stored one if the configuration was loaded with what is stored,
    else the reference itself, which `plan` refuses.
    """
    file = config.file
    return (
        *(_account(part) for part in file.accounts),
        *(_team(part) for part in file.teams),
        *(Definition(Kind.CALENDAR, part.definition) for part in file.calendars),
        *(Definition(Kind.SCHEDULE, part.definition) for part in file.schedules),
        *(_workspace(part, settings) for part, settings in zip(file.workspaces, config.settings, strict=True)),
        *_providers(config),
        *(_channel(part) for part in file.channels),
        *(_integration(part, channel.name) for channel in file.channels for part in channel.integrations),
    )


def _account(part: AccountPart) -> Definition:
    body = AccountDefinition(
        email=part.email,
        name=part.name,
        phone=part.phone,
        role=part.role,
        locale=part.locale,
        timezone=part.timezone,
        preferences=_preferences(part.preferences),
    )
    return Definition(Kind.ACCOUNT, body)


def _preferences(part: PreferencesPart) -> Preferences:
    said = {Severity.CRITICAL: part.critical, Severity.WARNING: part.warning, Severity.INFO: part.info}
    return {severity: tuple(way.preference for way in ways) for severity, ways in said.items() if ways}


def _team(part: TeamPart) -> Definition:
    return Definition(Kind.TEAM, TeamDefinition(part.name, tuple(dict.fromkeys(part.members))))


def _workspace(part: WorkspacePart, settings: Settings) -> Definition:
    body = WorkspaceDefinition(part.name, part.platform, settings.settings, part.links, part.locale, part.timezone)
    return Definition(Kind.WORKSPACE, body, settings.secrets)


def _providers(config: Config) -> Iterator[Definition]:
    of = config.file.providers
    for parts in (of.sms, of.voice, of.email, of.push):
        for order, part in enumerate(parts):
            yield _provider(part, order, config.providers[part.method][order])


def _provider(part: ProviderPart, order: int, settings: Settings) -> Definition:
    devices = part.links if isinstance(part, PushPart) else {}
    body = ProviderDefinition(
        name=part.name or part.kind,
        method=part.method,
        kind=part.kind,
        order=order,
        countries=tuple(dict.fromkeys(part.countries)) if isinstance(part, NumberPart) else (),
        settings=settings.settings,
        links=dict.fromkeys(devices, ""),
    )
    hidden = {link_key(email): Secret(device) for email, device in devices.items()}
    return Definition(Kind.PROVIDER, body, {**settings.secrets, **hidden})


def _channel(part: ChannelPart) -> Definition:
    rules = tuple(rule.definition for rule in part.escalation)
    return Definition(Kind.CHANNEL, ChannelDefinition(part.name, part.team, rules))


def _integration(part: IntegrationPart, channel: str) -> Definition:
    body = IntegrationDefinition(part.name, part.source, channel, part.fields, part.values)
    return Definition(Kind.INTEGRATION, body, {"key": Secret(part.key.get_secret_value())})
