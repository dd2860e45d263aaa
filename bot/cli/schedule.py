"""`oncard schedule`: who is on call until when, and the shifts of a schedule."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import click

from bot.cli import lookup, schedule_feed, schedule_import, session
from bot.cli.refused import Refused
from bot.cli.screen import print_json, print_line, print_table
from bot.domain.organisation import Organisation
from bot.domain.people import AccountId
from bot.domain.schedule import Schedule, Shift, Source, timeline
from bot.domain.wall_clock import instant, local
from bot.engine import drawing, fonts, rota
from bot.main import Service
from cards.picture import draw

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


command.add_command(schedule_feed.command)
command.add_command(schedule_import.command)


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
@click.option("--days", type=click.IntRange(1, LONGEST.days), help="For so many days, not for two weeks.")
@click.option(
    "--as",
    "email",
    metavar="EMAIL",
    envvar="ONCARD_AS",
    help="Read it in this person's zone (or ONCARD_AS), not in the schedule's.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--png", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Draw it into this file.")
def show(
    name: str,
    *,
    since: datetime | None,
    until: datetime | None,
    days: int | None,
    email: str | None,
    as_json: bool,
    png: Path | None,
) -> None:
    """Print the shifts of a schedule, or draw them.

    Times are the reader's, also those of the options that have no offset. A picture begins with today unless --from
    says otherwise, and shows at most 92 days.
    """
    if as_json and png is not None:
        raise Refused("--json and --png cannot be printed at once: leave one of them out")

    async def work(service: Service) -> tuple[Organisation, datetime, str]:
        return await session.organisation(service), service.clock.now(), service.font

    organisation, now, font = session.run(work)
    schedule = lookup.schedule(organisation, name)
    reader = lookup.acting(organisation, email) if email else None
    zone = ZoneInfo(reader.timezone if reader else schedule.timezone)
    start = _at(since, zone) if since else drawing.days(now, zone.key)[0] if png else now
    shown = _Shown(schedule, organisation, zone, start, _end(start, until, days, zone))
    if png is not None:
        _draw(shown, now, reader.locale if reader else "en", (png, font))
    elif as_json:
        print_json(_as_json(shown))
    else:
        _print(shown)


def _end(start: datetime, until: datetime | None, days: int | None, zone: ZoneInfo) -> datetime:
    """Return the end of the time to show. Raises Refused."""
    if until is not None and days is not None:
        raise Refused("--to and --days both say where to end: leave one of them out")
    end = _at(until, zone) if until else instant(local(start, zone) + (timedelta(days) if days else rota.SHOWN), zone)
    if not start < end <= start + LONGEST:
        raise Refused("the time to show is empty, or longer than 366 days; say other times with --from and --to")
    return end


def _draw(shown: _Shown, now: datetime, locale: str, place: tuple[Path, str]) -> None:
    """Draw the picture into a file. Raises Refused. `place`: the file, and that of the font."""
    path, font = place
    if shown.end - shown.start > timedelta(days=drawing.MOST_DAYS, hours=1):
        raise Refused(f"a picture shows at most {drawing.MOST_DAYS} days; say fewer with --days or --to")
    span = (shown.start, shown.end)
    chart = drawing.chart(shown.schedule, shown.organisation, span, now, (locale, shown.zone.key))
    drawn = draw(chart, fonts.faces(font))
    try:
        path.write_bytes(drawn.png)
    except OSError as error:
        raise Refused(f"cannot write {path}: {error.strerror}") from None
    print_line(f"wrote {path}")
    for label, text in drawn.labels:
        print_line(f"{label} is {text}: no font here has its letters; name one that does in ONCARD_FONT")


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
