"""`oncard simulate`: who would be told of an alert by a file, how, when and why, by who acts when. Touches nothing."""

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import click

from bot import sources
from bot.cli import lookup
from bot.cli.configuration import faults_as_json
from bot.cli.lookup import text_of
from bot.cli.refused import Refused
from bot.cli.screen import one_line, print_json, print_line, print_table
from bot.cli.who import Instant
from bot.clock import SystemClock
from bot.commands import NotUnderstood, Speaker, acts
from bot.config import holidays
from bot.config.context import Context
from bot.config.define import define
from bot.config.fault import did_you_mean, one_of, quoted
from bot.config.load import Config, load
from bot.domain.event import Event
from bot.domain.flow import Arrival
from bot.domain.incident import Actor, Happened
from bot.domain.ledger import Telling
from bot.domain.organisation import Channel, Integration, Organisation
from bot.domain.people import LINES, WorkspaceId
from bot.domain.rehearsal import Failing
from bot.domain.simulate import Act, Line, Simulation, assumed, simulate
from bot.main import Platforms, ProviderKinds, mapping_faults
from bot.sources.source import PayloadError, Request, Settings
from cards import plain
from cards import simulate as said
from cards.ledger import Eye

ASSUMED = (
    "assumed: nobody reacts but as --act says; everything is accepted but what --dark names; every phone and e-mail "
    "address is verified, which a file cannot say; whoever no link names is found in the chat app by e-mail or phone"
)


@click.command
@click.argument("file")
@click.option("--alert", required=True, metavar="ALERT.json", help="The alert, as the standard source takes it.")
@click.option("--integration", metavar="NAME", help="It is what this integration is sent; it goes to its channel.")
@click.option(
    "--at", metavar="TIME", type=Instant(), help="It comes at this time (ISO 8601, UTC if it says no offset)."
)
@click.option("--channel", metavar="C", help="It comes to this channel only; without, to each.")
@click.option("--dark", metavar="NAME", multiple=True, help="This workspace or method answers nobody.")
@click.option("--act", "does", metavar="ACT", multiple=True, help='Who does what when: "3m EMAIL ack", "9m recover".')
@click.option("--all", "every", is_flag=True, help="Also the ways that are not needed.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(  # noqa: PLR0917 - As many as there are options.
    file: str,
    alert: str,
    integration: str | None,
    at: datetime | None,
    channel: str | None,
    dark: tuple[str, ...],
    does: tuple[str, ...],
    *,
    every: bool,
    as_json: bool,
) -> None:
    """Say who would be told of an alert by a configuration file.

    To the second, the person and the method, and why. Nothing is stored or sent. FILE or
    ALERT.json may be - for standard input.
    """
    organisation = _organisation(file, as_json=as_json)
    sender = _integration(organisation, integration) if integration is not None else None
    event = _event(alert, sender)
    when = at or SystemClock().now().replace(microsecond=0)
    wanted = [organisation.channels[sender.channel]] if sender and channel is None else _channels(organisation, channel)
    failing = Failing(dark=frozenset(_way(name, organisation) for name in dark), finds=True)
    done = [_act(text, organisation, when) for text in does]
    found = [
        simulate(organisation, Arrival(event, one.id, event.alert_key or ""), when, failing, acts=done)
        for one in wanted
    ]
    if as_json:
        print_json({"assumed": ASSUMED, "channels": [_as_json(one, organisation) for one in found]})
        return
    print_line(ASSUMED)
    for one in found:
        _print(one, Eye("en", "UTC", organisation), every=every)


def _organisation(file: str, *, as_json: bool) -> Organisation:
    """Return what the file configures, by numbers of its own; its faults are printed as `check` prints them."""
    there_is = Context(os.environ, Platforms(), sources.names(), None, mapping_faults, ProviderKinds())
    found = load(text_of(file), there_is)
    if isinstance(found, Config):
        return replace(assumed(one.body for one in define(found)), national=holidays.national)
    if as_json:
        print_json(faults_as_json(file, found))
    else:
        for fault in found:
            click.echo(fault.said(file))
    sys.exit(1)


def _integration(organisation: Organisation, name: str) -> Integration:
    """Return the integration of that name. Raises Refused, with the nearest name."""
    known = {one.name: one for one in organisation.integrations.values() if one.active}
    if name not in known:
        there_is = f"there is {one_of(known)}" if known else "none is configured: add one under its channel"
        raise Refused(f"there is no integration {quoted(name)}; {did_you_mean(name, known, there_is)}")
    return known[name]


def _act(text: str, organisation: Organisation, at: datetime) -> Act:
    """Return who does what when. Raises Refused."""
    schedules = tuple(organisation.schedules.values())
    speaker = Speaker(Actor(), organisation.people, at, schedules=schedules)
    said = acts.written(text)
    if said is None:
        raise Refused(f"--act {quoted(text)} is no act: write when, who and a command, such as {quoted(acts.EXAMPLE)}")
    found = acts.read(said, speaker)
    if isinstance(found, NotUnderstood):
        raise Refused(f"--act {quoted(text)}: {found}")
    return found


def _event(file: str, sender: Integration | None) -> Event:
    """Return the alert that the file holds, as `sender` is sent it, else as the standard source. Raises Refused."""
    source = sources.find(sender.source if sender is not None else "standard")
    if source is None:
        raise LookupError("a source that a checked file names is always there")
    settings = Settings(sender.fields, sender.values) if sender is not None else Settings()
    try:
        found = source.parse(Request(text_of(file).encode(), SystemClock().now(), settings))
    except PayloadError as error:
        raise Refused(f"{file}: {error}") from error
    if found.faults:
        raise Refused(f"{file}: {found.faults[0]}")
    if len(found.events) != 1:
        raise Refused(f"{file}: holds {len(found.events)} alerts; simulate one at a time")
    (event,) = found.events
    if event.is_recovery:
        raise Refused(f"{file}: event_status: a recovery tells nobody anything new; send Critical, Warning or Info")
    return event


def _channels(organisation: Organisation, name: str | None) -> Sequence[Channel]:
    if name is not None:
        return [lookup.channel(organisation, name)]
    if not organisation.channels:
        raise Refused("no channel is configured: nobody is told; add one under `channels`")
    return sorted(organisation.channels.values(), key=lambda one: one.name)


def _way(name: str, organisation: Organisation) -> WorkspaceId:
    known = {one.name: one.id for one in organisation.workspaces.values()}
    known |= {str(method): number for method, number in LINES.items()}
    if name not in known:
        raise Refused(f"there is no workspace or method {quoted(name)}; {did_you_mean(name, known, one_of(known))}")
    return known[name]


# ---- as lines --------------------------------------------------------------------------------------------------------


def _print(found: Simulation, eye: Eye, *, every: bool) -> None:
    lines = [one for one in found.lines if every or not one.is_idle]
    hidden = len(found.lines) - len(lines)
    print_line()
    print_line(one_line(plain.spoken(said.head(found, eye))), "bold")
    print_table(("after", "who", "by", "", "why"), [_row(one, found, eye) for one in lines], rigid=1, indent=2)
    if rough := plain.spoken(said.rough(found, eye.locale)):
        print_line(f"  {rough}")
    if hidden:
        print_line(
            f"  {hidden} more that would not go out, because another way did it or somebody had acted: --all shows them"
        )


def _row(one: Line, found: Simulation, eye: Eye) -> tuple[str, ...]:
    after = f"+{said.clock(one.after)}"
    if not isinstance(one.what, Telling):
        return after, "", "", "", one_line(plain.spoken(said.happening(one.what, found, eye)))
    who, by, why = said.telling(one.what, one, found, eye)
    return after, who, by, str(one.fate), why


def _as_json(found: Simulation, organisation: Organisation) -> dict[str, object]:
    eye = Eye("en", "UTC", organisation)
    incident = found.incident
    return {
        "channel": organisation.channel(incident.channel).name,
        "at": incident.opened_at.astimezone(UTC).isoformat(),
        "rule": incident.rule,
        "rough_from": found.rough_from.astimezone(UTC).isoformat() if found.rough_from else None,
        "lines": [_line_as_json(one, found, eye) for one in found.lines],
    }


def _line_as_json(one: Line, found: Simulation, eye: Eye) -> dict[str, object]:
    moment = {"at": one.at.astimezone(UTC).isoformat(), "after": int(one.after.total_seconds())}
    if not isinstance(one.what, Telling):
        entry = str(one.what.record.entry) if isinstance(one.what, Happened) else type(one.what).__name__.lower()
        return {**moment, "what": entry, "why": plain.spoken(said.happening(one.what, found, eye))}
    who, by, why = said.telling(one.what, one, found, eye)
    delivery = one.what.delivery
    duty = one.duty
    by_schedule = (
        {"schedule": duty.schedule, "role": duty.role, str(duty.source.origin): duty.source.name} if duty else {}
    )
    return {
        **moment,
        "what": str(delivery.kind),
        "who": who,
        "by": by,
        "fate": str(one.fate),
        "why": why,
        "level": one.what.cause.level or None,
        "turn": one.what.cause.turn or None,
        **by_schedule,
    }
