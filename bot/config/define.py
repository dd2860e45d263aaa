"""A configuration as definitions: what the database keeps, and decisions are made from."""

from bot.config.load import Config
from bot.config.schema import AccountPart, ChannelPart, IntegrationPart, LevelPart, TeamPart, WorkspacePart
from bot.config.workspaces import Settings
from bot.domain.definition import (
    AccountDefinition,
    ChannelDefinition,
    Definition,
    IntegrationDefinition,
    Kind,
    LevelDefinition,
    RuleDefinition,
    Secret,
    TeamDefinition,
    WorkspaceDefinition,
)


def define(config: Config) -> tuple[Definition, ...]:
    """Return the definitions, kind by kind, each kind in the order of the file.

    A secret that the file refers to by `stored:` is the stored one if the configuration was loaded with what is stored,
    else the reference itself, which `plan` refuses.
    """
    file = config.file
    return (
        *(_account(part) for part in file.accounts),
        *(_team(part) for part in file.teams),
        *(_workspace(part, settings) for part, settings in zip(file.workspaces, config.settings, strict=True)),
        *(_channel(part) for part in file.channels),
        *(_integration(part, channel.name) for channel in file.channels for part in channel.integrations),
    )


def _account(part: AccountPart) -> Definition:
    body = AccountDefinition(part.email, part.name, part.phone, part.role, part.locale, part.timezone)
    return Definition(Kind.ACCOUNT, body)


def _team(part: TeamPart) -> Definition:
    return Definition(Kind.TEAM, TeamDefinition(part.name, tuple(dict.fromkeys(part.members))))


def _workspace(part: WorkspacePart, settings: Settings) -> Definition:
    body = WorkspaceDefinition(part.name, part.platform, settings.settings, part.links, part.locale, part.timezone)
    return Definition(Kind.WORKSPACE, body, settings.secrets)


def _channel(part: ChannelPart) -> Definition:
    rules = (RuleDefinition(rule.name, tuple(_level(level) for level in rule.levels)) for rule in part.escalation)
    return Definition(Kind.CHANNEL, ChannelDefinition(part.name, part.team, tuple(rules)))


def _level(part: LevelPart) -> LevelDefinition:
    return LevelDefinition(
        targets=tuple(dict.fromkeys(part.targets)),
        chats=tuple(dict.fromkeys(part.chats)),
        methods=part.methods,
        repeat_every=part.repeat.every if part.repeat else None,
        repeat_times=part.repeat.times if part.repeat else 0,
        escalate_after=part.escalate_after,
        unless=part.unless,
    )


def _integration(part: IntegrationPart, channel: str) -> Definition:
    body = IntegrationDefinition(part.name, part.source, channel, part.fields, part.values)
    return Definition(Kind.INTEGRATION, body, {"key": Secret(part.key.get_secret_value())})
