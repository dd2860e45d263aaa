"""The configuration file as models: which keys there are, what each holds, and what is not there yet.

The values themselves are read in `values`. References are checked here too, against the names that the file gives, so
that one reading finds all faults. Further keys of a workspace depend on its platform, and those of a provider on its
kind: they are read in `settings`.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, ClassVar, Final

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    SecretStr,
    ValidationInfo,
    field_validator,
)

from bot.config import values
from bot.config.context import Context
from bot.config.escalation_parts import AnyMethod, RulePart, read_method
from bot.config.fault import refusal
from bot.config.part import Member, Part, TeamName, reading
from bot.config.schedule_parts import CalendarPart, SchedulePart
from bot.config.values import Between, Email, Locale, Name, Phone, Text, Timezone, WorkspaceName
from bot.domain.definition import Kind, link_key
from bot.domain.people import LONGEST_DELAY, Method, Preference, Role


def _way(value: object) -> object:
    """Return what a way to tell somebody is written as in full; alone, a method stands for one without a delay."""
    return {"method": str(read_method(value))} if isinstance(value, str) else value


def _each_once(ways: tuple["WayPart", ...]) -> tuple["WayPart", ...]:
    methods = [way.method for way in ways]
    if not methods:
        raise refusal("this says no way", "name a method, or leave the line out: then the default applies")
    for method in methods:
        if methods.count(method) > 1:
            raise refusal(f"the method `{method}` stands here twice", "keep one of them")
    return ways


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


AnyRole = Annotated[
    Role, PlainValidator(lambda value: Role(values.choice(values.plain_text(value), tuple(Role), "role")))
]
SourceName = Annotated[Text, AfterValidator(_source)]
PlatformName = Annotated[Text, AfterValidator(_platform)]
Key = Annotated[SecretStr, PlainValidator(_key)]
Delay = Annotated[timedelta, PlainValidator(values.of(Between(timedelta(), LONGEST_DELAY).read))]
Country = Annotated[str, PlainValidator(values.of(values.country))]
UserId = Annotated[str, PlainValidator(values.of(values.platform_id))]
Device = Annotated[str, PlainValidator(values.of(values.secret))]


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
    links: Annotated[Mapping[Member, UserId], Field(max_length=5000)] = {}


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
            "integrations",
            "mappings",
            "templates",
            "webhooks",
        }
    )

    accounts: Annotated[tuple[AccountPart, ...], Field(max_length=5000)] = ()
    teams: Annotated[tuple[TeamPart, ...], Field(max_length=500)] = ()
    calendars: Annotated[tuple[CalendarPart, ...], Field(max_length=200)] = ()
    schedules: Annotated[tuple[SchedulePart, ...], Field(max_length=500)] = ()
    workspaces: Annotated[tuple[WorkspacePart, ...], Field(max_length=50)] = ()
    providers: ProvidersPart = ProvidersPart()
    channels: Annotated[tuple[ChannelPart, ...], Field(max_length=1000)] = ()
