"""Escalation rules of the file as models: when each holds, its levels, whom they tell."""

from datetime import timedelta
from typing import Annotated, Final, Self

from pydantic import BeforeValidator, Field, PlainValidator, ValidationInfo, model_validator

from bot.config import turns, values
from bot.config.fault import SAID, did_you_mean, one_of, quoted, refusal
from bot.config.part import Flag, Part, known_account, known_calendar, known_schedule, known_team, reading
from bot.config.schedule_parts import Weekdays
from bot.config.values import Between, Name, Timezone
from bot.domain import filter_form
from bot.domain.calendar import DayKind
from bot.domain.definition import ChatDefinition, LevelDefinition, RuleDefinition, TargetDefinition
from bot.domain.escalation import LONGEST_REPEAT, LONGEST_WAIT, MOST_REPEATS, SHORTEST_REPEAT, Unless, WhenNobody
from bot.domain.filters import EVERYTHING, OF_INCIDENTS, Filter
from bot.domain.people import Method, TargetKind
from bot.domain.rule import LONGEST_DELAY
from bot.domain.time_filter import Period, TimeFilter

_TARGETS: Final = "write `account:ana@example.com`, `team:sre`, `schedule:payments` or `schedule:payments/primary`"


def _target(value: object, info: ValidationInfo) -> TargetDefinition:
    if isinstance(value, dict):
        raise refusal("a target is one text", "write it with no space after the colon: `team:sre`")
    kind, colon, name = values.plain_text(value).partition(":")
    if kind == TargetKind.ACCOUNT and colon:
        return TargetDefinition(TargetKind.ACCOUNT, known_account(values.email(name), info))
    if kind == TargetKind.TEAM and colon:
        return TargetDefinition(TargetKind.TEAM, known_team(name, info))
    if kind == TargetKind.SCHEDULE and colon:
        return _scheduled(name, info)
    raise refusal(f"{SAID} is no target", _TARGETS)


def _scheduled(said: str, info: ValidationInfo) -> TargetDefinition:
    name, slash, role = said.partition("/")
    roles = reading(info).names.schedules.get(known_schedule(name, info), frozenset())
    if slash and role not in roles:
        mend = did_you_mean(role, roles, f"it has {one_of(sorted(roles))}")
        raise refusal(f"the schedule {quoted(name)} has no role {quoted(role)}", mend)
    return TargetDefinition(TargetKind.SCHEDULE, name, role)


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


def read_method(value: object) -> Method:
    """Return the method of that name."""
    return Method(values.choice(values.plain_text(value), tuple(Method), "method"))


def _unless(value: object) -> Unless:
    return Unless(values.choice(values.plain_text(value), tuple(Unless), "state to wait for"))


def _when_nobody(value: object) -> WhenNobody:
    what = "way to go on when nobody is on call"
    return WhenNobody(values.choice(values.plain_text(value), tuple(WhenNobody), what))


def _some_levels(value: object) -> object:
    if value == []:
        raise refusal("this rule has no level, so it tells nobody", "give it one, or remove the rule")
    return value


def _times(value: object) -> int:
    text = values.plain_text(value)
    if text not in map(str, range(MOST_REPEATS + 1)):
        raise refusal(f"{SAID} is no number of repeats", f"write a number from 0 to {MOST_REPEATS}")
    return int(text)


def _hours(value: object) -> tuple[Period, ...]:
    listed = value if isinstance(value, list) else [value]
    if not listed:
        raise refusal("there are no hours here", "write some, such as `09:00-18:00`, or remove the line")
    return tuple(dict.fromkeys(turns.read_daily(values.plain_text(one)) for one in listed))


def _calendar(value: object, info: ValidationInfo) -> tuple[str, DayKind]:
    said = value if isinstance(value, dict) else {values.plain_text(value): str(DayKind.WORK)}
    if len(said) != 1:
        raise refusal("one calendar belongs here", "write it with the days that count, such as `{cn: work}`")
    ((name, kind),) = said.items()
    return known_calendar(name, info), turns.read_kind(kind)


def _filter(value: object) -> Filter:
    """Return the filter; of one with mistakes, which `filtering` tells of one by one, nothing is kept."""
    found = filter_form.read(value, OF_INCIDENTS)
    return found if isinstance(found, Filter) else EVERYTHING


Target = Annotated[TargetDefinition, PlainValidator(_target)]
ChatName = Annotated[ChatDefinition, PlainValidator(_chat)]
Methods = Annotated[tuple[Method, ...], PlainValidator(_methods)]
AnyMethod = Annotated[Method, PlainValidator(read_method)]
AnyUnless = Annotated[Unless, PlainValidator(_unless)]
AnyWhenNobody = Annotated[WhenNobody, PlainValidator(_when_nobody)]
Times = Annotated[int, PlainValidator(_times)]
Every = Annotated[timedelta, PlainValidator(values.of(Between(SHORTEST_REPEAT, LONGEST_REPEAT).read))]
Wait = Annotated[timedelta, PlainValidator(values.of(Between(timedelta(), LONGEST_WAIT).read))]
Hold = Annotated[timedelta, PlainValidator(values.of(Between(timedelta(), LONGEST_DELAY).read))]
DailyHours = Annotated[tuple[Period, ...], PlainValidator(_hours)]
CalendarDays = Annotated[tuple[str, DayKind], PlainValidator(_calendar)]
IncidentFilter = Annotated[Filter, PlainValidator(_filter)]


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
    when_nobody: AnyWhenNobody = WhenNobody.PASS

    @model_validator(mode="after")
    def _tells_somebody(self) -> Self:
        if not self.targets and not self.chats:
            raise refusal("this level tells nobody", "give it `targets` or `chats`")
        return self

    @property
    def definition(self) -> LevelDefinition:
        """Return what it means."""
        return LevelDefinition(
            targets=tuple(dict.fromkeys(self.targets)),
            chats=tuple(dict.fromkeys(self.chats)),
            methods=self.methods,
            repeat_every=self.repeat.every if self.repeat else None,
            repeat_times=self.repeat.times if self.repeat else 0,
            escalate_after=self.escalate_after,
            unless=self.unless,
            when_nobody=self.when_nobody,
        )


class WhenPart(Part):
    """When a rule holds: at which times, on which days of a calendar, for which incidents."""

    timezone: Timezone = "UTC"
    weekdays: Weekdays = ()
    hours: DailyHours = ()
    calendar: CalendarDays | None = None
    filter: IncidentFilter = EVERYTHING

    @property
    def times(self) -> TimeFilter:
        """Return the times."""
        name, kind = self.calendar or ("", DayKind.WORK)
        return TimeFilter(self.timezone, self.weekdays, self.hours, name, kind)


class RulePart(Part):
    """An escalation rule."""

    name: Name
    enabled: Flag = True
    when: WhenPart = WhenPart()
    delay: Hold = timedelta()
    levels: Annotated[tuple[LevelPart, ...], BeforeValidator(_some_levels), Field(max_length=20)]

    @property
    def definition(self) -> RuleDefinition:
        """Return what it means."""
        levels = tuple(level.definition for level in self.levels)
        return RuleDefinition(self.name, levels, self.when.filter, self.when.times, self.delay, self.enabled)
