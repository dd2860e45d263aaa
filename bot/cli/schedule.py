"""`oncard schedule`: who is on call until when, and the shifts of a schedule."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import click

from bot.cli import lookup, session
from bot.cli.refused import Refused
from bot.cli.screen import print_json, print_line, print_table
from bot.config.fault import did_you_mean, one_of, quoted
from bot.domain.organisation import Organisation
from bot.domain.people import AccountId
from bot.domain.schedule import Schedule, Shift, Source, timeline
from bot.domain.wall_clock import instant
from bot.engine import rota
from bot.main import Service

LONGEST: Final = timedelta(days=366)


class LocalTime(click.ParamType[datetime]):
    """A date or a time as ISO 8601 writes it; without an offset it is local to the reader."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            return datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no time such as 2026-11-21T03:00", param, ctx)


@dataclass(frozen=True, slots=True)
class _Shown:
    """A schedule between two instants, and the zone in which it is read."""

    schedule: Schedule
    organisation: Organisation
    zone: ZoneInfo
    start: datetime
    end: datetime

    @property
    def shifts(self) -> tuple[Shift, ...]:
        """Return the shifts and the gaps."""
        return timeline(self.schedule, self.start, self.end, self.organisation.schedules.get)


@click.group
def command() -> None:
    """Say who is on call until when, and which shifts follow."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(as_json: bool) -> None:
    """Say who is on call now, schedule by schedule. Times are in UTC."""

    async def work(service: Service) -> tuple[Organisation, datetime]:
        return await session.organisation(service), service.clock.now()

    organisation, now = session.run(work)
    serving = rota.serving(rota.active(organisation), organisation, now)
    if as_json:
        print_json(
            [
                {
                    "schedule": one.schedule,
                    "role": one.role,
                    "people": list(one.names),
                    "until": one.until.astimezone(UTC).isoformat() if one.until else None,
                }
                for one in serving
            ]
        )
        return
    if not serving:
        print_line("no schedule is configured")
        return
    rows = [
        (one.schedule, one.role, ", ".join(one.names) or "nobody", _clock(one.until, ZoneInfo("UTC")))
        for one in serving
    ]
    print_table(("schedule", "role", "on call", "until"), rows)


@command.command
@click.argument("name")
@click.option("--from", "since", metavar="TIME", type=LocalTime(), help="From this time on (ISO 8601), not from now.")
@click.option("--to", "until", metavar="TIME", type=LocalTime(), help="Up to this time, not for two weeks.")
@click.option(
    "--as",
    "email",
    metavar="EMAIL",
    envvar="ONCARD_AS",
    help="Read it in this person's zone (or ONCARD_AS), not in the schedule's.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(name: str, since: datetime | None, until: datetime | None, email: str | None, as_json: bool) -> None:
    """Print the shifts of a schedule.

    Times are the reader's, also those of the options that have no offset.
    """

    async def work(service: Service) -> tuple[Organisation, datetime]:
        return await session.organisation(service), service.clock.now()

    organisation, now = session.run(work)
    schedule = _schedule(organisation, name)
    zone = ZoneInfo(lookup.acting(organisation, email).timezone if email else schedule.timezone)
    start = _at(since, zone) if since else now
    end = _at(until, zone) if until else start + rota.SHOWN
    if not start < end <= start + LONGEST:
        raise Refused("the time to show is empty, or longer than 366 days; say other times with --from and --to")
    shown = _Shown(schedule, organisation, zone, start, end)
    if as_json:
        print_json(_as_json(shown))
    else:
        _print(shown)


def _schedule(organisation: Organisation, name: str) -> Schedule:
    """Return the schedule of that name. Raises Refused, with the nearest name."""
    known = {one.name: one for one in rota.active(organisation)}
    if name in known:
        return known[name]
    otherwise = (
        f"there is {one_of(known)}" if known else "none is configured yet: add one under `schedules` and apply it"
    )
    raise Refused(f"there is no schedule {quoted(name)}; {did_you_mean(name, known, otherwise)}")


def _at(written: datetime, zone: ZoneInfo) -> datetime:
    return written.astimezone(UTC) if written.tzinfo else instant(written, zone)


def _clock(at: datetime | None, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%a %Y-%m-%d %H:%M}" if at else ""


def _print(shown: _Shown) -> None:
    start, end = _clock(shown.start, shown.zone), _clock(shown.end, shown.zone)
    print_line(f"{shown.schedule.name} · {start} to {end} · times in {shown.zone.key}", "bold")
    rows = [
        (
            _clock(shift.start, shown.zone),
            _clock(shift.end, shown.zone),
            shift.role,
            ", ".join(rota.names(shift.accounts, shown.organisation)) or "nobody",
            ", ".join(dict.fromkeys(_said(post.source) for post in shift.posts)),
        )
        for shift in shown.shifts
    ]
    print_table(("from", "to", "role", "on call", "by"), rows, rigid=2, indent=2)


def _said(source: Source) -> str:
    return f"{source.origin} {source.name}".rstrip()


def _as_json(shown: _Shown) -> dict[str, object]:
    return {
        "schedule": shown.schedule.name,
        "timezone": shown.zone.key,
        "from": shown.start.astimezone(shown.zone).isoformat(),
        "to": shown.end.astimezone(shown.zone).isoformat(),
        "shifts": [
            {
                "start": shift.start.astimezone(shown.zone).isoformat(),
                "end": shift.end.astimezone(shown.zone).isoformat(),
                "role": shift.role,
                "people": [
                    _person(post.account, shown.organisation)
                    | {"origin": str(post.source.origin), "by": post.source.name}
                    for post in shift.posts
                ],
            }
            for shift in shown.shifts
        ],
    }


def _person(number: AccountId, organisation: Organisation) -> dict[str, object]:
    account = organisation.people.accounts[number]
    return {"name": account.name, "email": account.email}
