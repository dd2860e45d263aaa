"""The configuration file as models: which keys there are, what each holds, and what is not there yet.

The values themselves are read in `values`. References are checked here too, against the names that the file gives, so
that one reading finds all faults. Further keys of a workspace depend on its platform, and those of a provider on its
kind: they are read in `settings`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, ClassVar, Final, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from bot.config import values
from bot.config.context import Context
from bot.config.fault import SAID, did_you_mean, one_of, refusal
from bot.config.names import Names
from bot.config.values import Between, Email, Locale, Name, Phone, Text, Timezone, WorkspaceName
from bot.domain.definition import ChatDefinition, Kind, TargetDefinition, link_key
from bot.domain.escalation import LONGEST_REPEAT, LONGEST_WAIT, MOST_REPEATS, SHORTEST_REPEAT, Unless
from bot.domain.people import LONGEST_DELAY, Method, Preference, Role, TargetKind

NOT_YET: Final = "is not in this version of Oncard yet"
LEAVE_OUT: Final = "leave it out"
_LATER_TARGETS: Final = frozenset({"schedule"})


@dataclass(frozen=True, slots=True)
class Reading:
    """What the models are read against. `keys`: the integration keys seen so far, and whose each is."""

    names: Names
    context: Context
    keys: dict[str, str] = field(default_factory=dict, repr=False)


def reading(info: ValidationInfo) -> Reading:
    """Return what the models are read against."""
    if not isinstance(info.context, Reading):
        raise TypeError("the models are read with a Reading as their context")
    return info.context


def _known_account(email: str, info: ValidationInfo) -> str:
    known = reading(info).names.accounts
    if email not in known:
        raise refusal(f"{SAID} names no account", did_you_mean(email, known, "add the account under `accounts`"))
    return email


def _known_team(name: str, info: ValidationInfo) -> str:
    known = reading(info).names.teams
    if name not in known:
        raise refusal(f"{SAID} names no team", did_you_mean(name, known, "add the team under `teams`"))
    return name


def _target(value: object, info: ValidationInfo) -> TargetDefinition:
    if isinstance(value, dict):
        raise refusal("a target is one text", "write it with no space after the colon: `team:sre`")
    kind, colon, name = values.plain_text(value).partition(":")
    if kind in _LATER_TARGETS and colon:
        raise refusal(f"the target {SAID} {NOT_YET}", "name accounts and teams")
    if kind == TargetKind.ACCOUNT and colon:
        return TargetDefinition(TargetKind.ACCOUNT, _known_account(values.email(name), info))
    if kind == TargetKind.TEAM and colon:
        return TargetDefinition(TargetKind.TEAM, _known_team(name, info))
    raise refusal(f"{SAID} is no target", "write `account:ana@example.com` or `team:sre`")


def _chat(value: object, info: ValidationInfo) -> ChatDefinition:
    workspace, slash, chat = values.plain_text(value).partition("/")
    known = reading(info).names.workspaces
    if not slash or not chat:
        raise refusal(f"{SAID} is no chat", "write `workspace/chat`; group bots are not in this version of Oncard yet")
    if workspace not in known:
        mend = did_you_mean(workspace, known, "add the workspace under `workspaces`")
        raise refusal(f"the chat {SAID} is in no workspace", mend)
    return ChatDefinition(workspace, values.platform_id(chat))


def _methods(value: object) -> tuple[Method, ...]:
    if value == "preferences":
        return ()
    if not isinstance(value, list) or not value or any(name not in tuple(Method) for name in value):
        mend = f"write `preferences`, or a list such as `[im, sms]` of some of {one_of(Method)}"
        raise refusal("these are no methods", mend)
    return tuple(dict.fromkeys(Method(name) for name in value))


def _method(value: object) -> Method:
    return Method(values.choice(values.plain_text(value), tuple(Method), "method"))


def _way(value: object) -> object:
    """Return what a way to tell somebody is written as in full; alone, a method stands for one without a delay."""
    return {"method": str(_method(value))} if isinstance(value, str) else value


def _each_once(ways: tuple["WayPart", ...]) -> tuple["WayPart", ...]:
    methods = [way.method for way in ways]
    if not methods:
        raise refusal("this says no way", "name a method, or leave the line out: then the default applies")
    for method in methods:
        if methods.count(method) > 1:
            raise refusal(f"the method `{method}` stands here twice", "keep one of them")
    return ways


def _some_levels(value: object) -> object:
    if value == []:
        raise refusal("this rule has no level, so it tells nobody", "give it one, or remove the rule")
    return value


def _times(value: object) -> int:
    text = values.plain_text(value)
    if text not in map(str, range(MOST_REPEATS + 1)):
        raise refusal(f"{SAID} is no number of repeats", f"write a number from 0 to {MOST_REPEATS}")
    return int(text)


def _source(name: str, info: ValidationInfo) -> str:
    known = sorted(reading(info).context.sources)
    return values.choice(name, known, "source of this version of Oncard")


def _platform(name: str, info: ValidationInfo) -> str:
    known = sorted(reading(info).context.platforms)
    return values.choice(name, known, "platform of this version of Oncard")


def _key(value: object, info: ValidationInfo) -> SecretStr:
    """Return the integration's key: the stored one where the file refers to it."""
    key = values.key(values.plain_text(value))
    name = info.data.get("name", "")
    found = take_over(key, reading(info).context, (Kind.INTEGRATION, name), "key")
    other = reading(info).keys.setdefault(found, name)
    if other != name:
        raise refusal("another integration has the same key", "give each its own: `openssl rand -hex 16` makes one")
    return SecretStr(found)


def take_over(secret: str, context: Context, owner: tuple[Kind, str], key: str) -> str:
    """Return the secret; of a reference, the stored one that it means, if the context knows what is stored."""
    fingerprint = values.stored_fingerprint(secret)
    if fingerprint is None or context.stored is None:
        return secret
    found = context.stored.find(owner, key, fingerprint)
    if found is None:
        raise refusal(
            "no stored secret has this fingerprint", "give the value, or `${NAME}` for a variable that holds it"
        )
    return found.value


def choose(value: object, known: type[Role] | type[Unless], what: str) -> str:
    """Return one of the words of an enumeration."""
    return values.choice(values.plain_text(value), tuple(known), what)


Member = Annotated[Email, AfterValidator(_known_account)]
TeamName = Annotated[Name, AfterValidator(_known_team)]
AnyRole = Annotated[Role, PlainValidator(lambda value: Role(choose(value, Role, "role")))]
AnyUnless = Annotated[Unless, PlainValidator(lambda value: Unless(choose(value, Unless, "state to wait for")))]
Target = Annotated[TargetDefinition, PlainValidator(_target)]
ChatName = Annotated[ChatDefinition, PlainValidator(_chat)]
Methods = Annotated[tuple[Method, ...], PlainValidator(_methods)]
Times = Annotated[int, PlainValidator(_times)]
SourceName = Annotated[Text, AfterValidator(_source)]
PlatformName = Annotated[Text, AfterValidator(_platform)]
Key = Annotated[SecretStr, PlainValidator(_key)]
Every = Annotated[timedelta, PlainValidator(values.of(Between(SHORTEST_REPEAT, LONGEST_REPEAT).read))]
Wait = Annotated[timedelta, PlainValidator(values.of(Between(timedelta(), LONGEST_WAIT).read))]
Delay = Annotated[timedelta, PlainValidator(values.of(Between(timedelta(), LONGEST_DELAY).read))]
AnyMethod = Annotated[Method, PlainValidator(_method)]
Country = Annotated[str, PlainValidator(values.of(values.country))]
UserId = Annotated[str, PlainValidator(values.of(values.platform_id))]
Device = Annotated[str, PlainValidator(values.of(values.secret))]


class Part(BaseModel):
    """A mapping of the file. `not_yet`: keys that are agreed upon and will come with a later version."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
    not_yet: ClassVar[frozenset[str]] = frozenset()


class WayPart(Part):
    """One way by which somebody wants to be told. Without `after`: only if the ways before it fail."""

    method: AnyMethod
    after: Delay | None = None

    @property
    def preference(self) -> Preference:
        """Return what it means."""
        return Preference(self.method, self.after)


Way = Annotated[WayPart, BeforeValidator(_way)]
Ways = Annotated[tuple[Way, ...], AfterValidator(_each_once)]


class PreferencesPart(Part):
    """How somebody wants to be told, by severity."""

    critical: Ways | None = None
    warning: Ways | None = None
    info: Ways | None = None


class AccountPart(Part):
    """An account."""

    name: Name
    email: Email
    phone: Phone = ""
    role: AnyRole = Role.MEMBER
    locale: Locale = "en"
    timezone: Timezone = "UTC"
    preferences: PreferencesPart = PreferencesPart()


class TeamPart(Part):
    """A team."""

    name: Name
    members: Annotated[tuple[Member, ...], Field(max_length=500)] = ()


class WorkspacePart(Part):
    """A workspace, without the keys that depend on its platform."""

    model_config = ConfigDict(extra="ignore")

    name: WorkspaceName
    platform: PlatformName
    locale: Locale = "en"
    timezone: Timezone = "UTC"
    links: Annotated[dict[Member, UserId], Field(max_length=5000)] = {}


class ProviderPart(Part):
    """A provider of one method, without the keys that depend on its kind. Without a name it is called as its kind."""

    model_config = ConfigDict(extra="ignore")
    method: ClassVar[Method]

    kind: Text
    name: WorkspaceName = ""

    @field_validator("kind")
    @classmethod
    def _known(cls, kind: str, info: ValidationInfo) -> str:
        known = sorted(reading(info).context.providers.get(cls.method, {}))
        return values.choice(kind, known, f"kind of {cls.method} provider of this version of Oncard")


class NumberPart(ProviderPart):
    """A provider that reaches people by their phone numbers."""

    countries: Annotated[tuple[Country, ...], Field(max_length=300)] = ()


class SmsPart(NumberPart):
    """A provider of text messages."""

    method = Method.SMS


class VoicePart(NumberPart):
    """A provider of calls."""

    method = Method.VOICE


class EmailPart(ProviderPart):
    """A provider of e-mail."""

    method = Method.EMAIL


class PushPart(ProviderPart):
    """A provider of pushes; `links`: what it knows each person's device by. Whoever knows it can write to them."""

    method = Method.PUSH

    links: Annotated[dict[Member, Device], Field(max_length=5000, repr=False)]

    @field_validator("links")
    @classmethod
    def _stored(cls, links: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        """Return the links, with the stored ones where the file refers to them."""
        owner = (Kind.PROVIDER, f"{cls.method}/{info.data.get('name') or info.data.get('kind')}")
        context = reading(info).context
        return {email: take_over(device, context, owner, link_key(email)) for email, device in links.items()}


class ProvidersPart(Part):
    """The providers of each method, in the order in which they are tried."""

    sms: Annotated[tuple[SmsPart, ...], Field(max_length=20)] = ()
    voice: Annotated[tuple[VoicePart, ...], Field(max_length=20)] = ()
    email: Annotated[tuple[EmailPart, ...], Field(max_length=20)] = ()
    push: Annotated[tuple[PushPart, ...], Field(max_length=20)] = ()


PROVIDER_PARTS: Final[Mapping[Method, type[ProviderPart]]] = {
    part.method: part for part in (SmsPart, VoicePart, EmailPart, PushPart)
}


class RepeatPart(Part):
    """A loop."""

    every: Every
    times: Times


class LevelPart(Part):
    """A level of an escalation rule."""

    targets: Annotated[tuple[Target, ...], Field(max_length=50)] = ()
    methods: Methods = ()
    chats: Annotated[tuple[ChatName, ...], Field(max_length=20)] = ()
    repeat: RepeatPart | None = None
    escalate_after: Wait = timedelta(minutes=5)
    unless: AnyUnless = Unless.ACKNOWLEDGED

    @model_validator(mode="after")
    def _tells_somebody(self) -> Self:
        if not self.targets and not self.chats:
            raise refusal("this level tells nobody", "give it `targets` or `chats`")
        return self


class RulePart(Part):
    """An escalation rule."""

    not_yet = frozenset({"when"})

    name: Name
    levels: Annotated[tuple[LevelPart, ...], BeforeValidator(_some_levels), Field(max_length=20)]


class IntegrationPart(Part):
    """A dedicated integration of a channel."""

    not_yet = frozenset({"pipeline", "routes"})

    name: Name
    source: SourceName
    key: Key
    fields: Annotated[Mapping[Text, Text], Field(max_length=50)] = {}
    values: Annotated[Mapping[Text, Annotated[Mapping[Text, Text], Field(max_length=200)]], Field(max_length=50)] = {}


class ChannelPart(Part):
    """A channel."""

    not_yet = frozenset(
        {
            "access",
            "auto_close",
            "flapping",
            "grouping",
            "inhibitions",
            "pipeline",
            "routes",
            "silences",
            "storm",
        }
    )

    name: Name
    team: TeamName | None = None
    integrations: Annotated[tuple[IntegrationPart, ...], Field(max_length=50)] = ()
    escalation: Annotated[tuple[RulePart, ...], Field(max_length=20)] = ()


class File(Part):
    """The whole file."""

    not_yet = frozenset(
        {
            "actions",
            "calendars",
            "integrations",
            "mappings",
            "schedules",
            "templates",
            "webhooks",
        }
    )

    accounts: Annotated[tuple[AccountPart, ...], Field(max_length=5000)] = ()
    teams: Annotated[tuple[TeamPart, ...], Field(max_length=500)] = ()
    workspaces: Annotated[tuple[WorkspacePart, ...], Field(max_length=50)] = ()
    providers: ProvidersPart = ProvidersPart()
    channels: Annotated[tuple[ChannelPart, ...], Field(max_length=1000)] = ()
