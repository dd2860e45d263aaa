"""`oncard alert`: sends an alert, as a monitoring system would. A service on the same database does the rest."""

import uuid
from typing import Final

import click

from bot.cli import lookup, session
from bot.cli.screen import print_json, print_line
from bot.domain.event import ALERT_KEY_LIMIT, LABELS_LIMIT, Event, Severity, fit
from bot.domain.flow import Outcome
from bot.engine.ingest import Accepted, Report
from bot.main import Service

_SAID: Final = {
    Outcome.OPENED: "incident #{number} opened (alert key {key})",
    Outcome.CHANGED: "incident #{number} changed (alert key {key})",
    Outcome.REPEATED: "incident #{number} has this alert already: nothing changed (alert key {key})",
    Outcome.RECOVERED: "the alert of incident #{number} recovered (alert key {key})",
    Outcome.UNMATCHED: "no alert has the key {key}, or it has recovered already: nothing changed",
}


class Label(click.ParamType[tuple[str, str]]):
    """A label, as `service=shop`."""

    name = "label"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        key, equals, said = str(value).partition("=")
        if not key or not equals or not said:
            self.fail(f"{value!r} is no label such as service=shop", param, ctx)
        return key, said


@click.group
def command() -> None:
    """Send an alert."""


@command.command
@click.option("--channel", metavar="C", required=True, help="The channel that it goes to.")
@click.option(
    "--severity",
    type=click.Choice(Severity, case_sensitive=False),
    required=True,
    help="How bad it is; Ok says that the alert of --key has recovered.",
)
@click.option("--title", metavar="T", required=True, help="What is the matter.")
@click.option("--description", metavar="TEXT", default="", help="More about it.")
@click.option("--label", "labels", type=Label(), metavar="K=V", multiple=True, help="A label; may be given again.")
@click.option(
    "--key", metavar="K", help="What makes it the same alert when sent again. Default: a new alert each time."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def send(
    *,
    channel: str,
    severity: Severity,
    title: str,
    description: str,
    labels: tuple[tuple[str, str], ...],
    key: str | None,
    as_json: bool,
) -> None:
    """Send an alert to a channel, as a monitoring system would."""
    if not title.strip():
        raise click.BadParameter("say what is the matter", param_hint="--title")
    if severity is Severity.OK and not key:
        raise click.UsageError("Ok needs --key: the key of the alert that has recovered")
    if key and len(key) > ALERT_KEY_LIMIT:
        raise click.BadParameter(f"it has {len(key)} characters: give it at most {ALERT_KEY_LIMIT}", param_hint="--key")
    if len(labels) > LABELS_LIMIT:
        raise click.BadParameter(f"give at most {LABELS_LIMIT}", param_hint="--label")
    event = fit(Event(severity, title, key or None, description, dict(labels)))
    accepted = session.run(lambda service: _send(service, channel, event))
    outcome, number, taken = accepted.outcomes[0], accepted.incidents[0], accepted.keys[0]
    if as_json:
        print_json({"outcome": str(outcome), "incident": number, "alert_key": taken})
    else:
        print_line(_SAID[outcome].format(number=number, key=taken))


async def _send(service: Service, channel: str, event: Event) -> Accepted:
    found = lookup.channel(await session.organisation(service), channel)
    request = uuid.uuid4().hex
    report = Report(request, None, found.id, (event,), service.clock.now())
    return await service.ingest.take(report)
