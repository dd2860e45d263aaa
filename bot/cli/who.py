"""`oncard who`: who would be told at an instant, level by level, in each channel."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import click

from bot.cli import lookup, session
from bot.cli.screen import Cell, instant, print_json, print_line, print_table
from bot.config import duration
from bot.domain.escalation import Level, Unless, WhenNobody
from bot.domain.organisation import Channel, Organisation
from bot.domain.people import Account, TargetKind
from bot.domain.schedule import OnDuty, ScheduleId
from bot.main import Service


class Instant(click.ParamType[datetime]):
    """An instant as ISO 8601 writes it; without an offset it is UTC."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            found = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no time such as 2026-11-21T03:00+01:00", param, ctx)
        return found if found.tzinfo else found.replace(tzinfo=UTC)


_NOBODY: Final = {
    WhenNobody.PASS: "reaches nobody: passed at once",
    WhenNobody.HOLD: "nobody is on call: held until the next shift",
    WhenNobody.CATCH_ALL: "nobody is on call: the team and the admins are told",
}


@dataclass(frozen=True, slots=True)
class _Staffed:
    """A level with the people who are behind its targets, and those by schedule with the schedule's name."""

    number: int
    level: Level
    people: tuple[Account, ...]
    on_duty: tuple[tuple[str, OnDuty], ...]
    chats: tuple[str, ...]
    reaches: bool

    @property
    def after(self) -> str:
        """What follows if nobody does what the level waits for."""
        unless = "closed" if self.level.unless is Unless.CLOSED else "acknowledged"
        return f"{duration.write(self.level.escalate_after)} unless {unless}"

    @property
    def loop(self) -> str:
        """How often it is said again."""
        repeat = self.level.repeat
        return f"{repeat.times} times, every {duration.write(repeat.every)}" if repeat and repeat.times else ""


@click.command
@click.option("--channel", metavar="C", help="Only this channel.")
@click.option(
    "--at", metavar="TIME", type=Instant(), help="At this time (ISO 8601, UTC if it says no offset), not now."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(channel: str | None, at: datetime | None, as_json: bool) -> None:
    """Say who would be told.

    Level by level, for an incident that opened now, or at another time.
    """

    async def work(service: Service) -> tuple[Organisation, datetime]:
        when = at or service.clock.now()
        return (await session.organisation(service)).at(when), when

    organisation, when = session.run(work)
    active = (one for one in organisation.channels.values() if one.active)
    wanted = (
        [lookup.channel(organisation, channel)] if channel is not None else sorted(active, key=lambda one: one.name)
    )
    if as_json:
        channels = [_as_json(one, organisation, when) for one in wanted]
        print_json({"at": when.astimezone(UTC).isoformat(), "channels": channels})
        return
    print_line(f"Who would be told at {instant(when)} UTC:" if wanted else "no channel is configured: nobody is told")
    for one in wanted:
        _print(one, organisation, when)


def _levels(channel: Channel, organisation: Organisation, when: datetime) -> list[_Staffed]:
    rule = organisation.rule_at(channel.id, when)
    return [
        _staffed(number, level, organisation, when) for number, level in enumerate(rule.levels if rule else (), start=1)
    ]


def _staffed(number: int, level: Level, organisation: Organisation, when: datetime) -> _Staffed:
    people = organisation.people
    accounts = people.resolve(level.targets)
    return _Staffed(
        number=number,
        level=level,
        people=tuple(people.accounts[account] for account in accounts),
        on_duty=tuple(
            (organisation.schedules[ScheduleId(target.id)].name, one)
            for target in level.targets
            if target.kind is TargetKind.SCHEDULE
            for one in organisation.duty(ScheduleId(target.id), target.role, when)
        ),
        chats=tuple(f"{organisation.workspaces[chat.workspace].name}/{chat.chat}" for chat in level.chats),
        reaches=bool(level.chats) or people.can_be_told(accounts),
    )


def _team(channel: Channel, organisation: Organisation) -> str | None:
    return organisation.people.teams[channel.team].name if channel.team is not None else None


def _print(channel: Channel, organisation: Organisation, when: datetime) -> None:
    rule = organisation.rule_at(channel.id, when)
    team = _team(channel, organisation)
    said = (channel.name, f"team {team}" if team else "no team", f"rule {rule.name}" if rule else "")
    print_line()
    print_line(" · ".join(part for part in said if part), "bold")
    if rule is None:
        print_line("  no escalation rule: nobody would be told; add one under `escalation` of the channel", "red")
        return
    rows = [_row(level) for level in _levels(channel, organisation, when)]
    print_table(("level", "people", "chats", "again", "next level after"), rows, rigid=1, indent=2)


def _row(staffed: _Staffed) -> tuple[Cell, ...]:
    people = ", ".join(_named(person, staffed) for person in staffed.people)
    missing = "" if staffed.reaches else f" ({_NOBODY[staffed.level.when_nobody]})"
    return str(staffed.number), people + missing, ", ".join(staffed.chats), staffed.loop, staffed.after


def _named(person: Account, staffed: _Staffed) -> str:
    """Return a name and, of who is on call by a schedule, until when."""
    said = [
        f"{name} until {instant(one.until)[:16]}" if one.until else name
        for name, one in staffed.on_duty
        if one.account == person.id
    ]
    return f"{person.name} ({', '.join(said)})" if said else person.name


def _as_json(channel: Channel, organisation: Organisation, when: datetime) -> dict[str, object]:
    rule = organisation.rule_at(channel.id, when)
    return {
        "channel": channel.name,
        "team": _team(channel, organisation),
        "rule": rule.name if rule else None,
        "levels": [_level_as_json(level, organisation) for level in _levels(channel, organisation, when)],
    }


def _level_as_json(staffed: _Staffed, organisation: Organisation) -> dict[str, object]:
    level = staffed.level
    return {
        "level": staffed.number,
        "people": [{"name": person.name, "email": person.email} for person in staffed.people],
        "on_call": [
            {
                "schedule": name,
                "role": one.role,
                "account": organisation.people.accounts[one.account].email,
                "until": one.until.astimezone(UTC).isoformat() if one.until else None,
            }
            for name, one in staffed.on_duty
        ],
        "chats": list(staffed.chats),
        "methods": [str(method) for method in level.methods] or "preferences",
        "reaches_somebody": staffed.reaches,
        "repeat": {"every": duration.write(level.repeat.every), "times": level.repeat.times} if level.repeat else None,
        "escalate_after": duration.write(level.escalate_after),
        "unless": str(level.unless),
        "when_nobody": str(level.when_nobody),
    }
