"""Answers `what-if`: a simulation by what is configured and verified now. Nothing is stored or sent."""

from collections.abc import Mapping
from dataclasses import replace

from bot.commands import NotUnderstood, Speaker, what_if
from bot.domain.event import Event, fit
from bot.domain.flow import Arrival
from bot.domain.organisation import Organisation
from bot.domain.people import LINES, WorkspaceId
from bot.domain.rehearsal import Failing
from bot.domain.simulate import Simulation, simulate

TITLE = "what if"


def ways(organisation: Organisation) -> Mapping[str, frozenset[WorkspaceId]]:
    """Return what can be dark, by each name it may be called by: workspaces, their platforms, methods."""
    found: dict[str, frozenset[WorkspaceId]] = {str(method): frozenset({line}) for method, line in LINES.items()}
    active = [one for one in organisation.workspaces.values() if one.active]
    for one in active:
        found[one.platform.casefold()] = found.get(one.platform.casefold(), frozenset()) | {one.id}
    return found | {one.name.casefold(): frozenset({one.id}) for one in active}


def of(text: str, organisation: Organisation, speaker: Speaker) -> Simulation | NotUnderstood:
    """Return what would happen, or what would be understood instead."""
    channels = {one.name: one.id for one in organisation.channels.values() if one.active}
    asked = what_if.read(text, channels, ways(organisation), replace(speaker, now=speaker.now.replace(microsecond=0)))
    if isinstance(asked, NotUnderstood):
        return asked
    event = fit(Event(asked.severity, TITLE, labels=asked.labels))
    arrival = Arrival(event, channels[asked.channel], TITLE)
    return simulate(organisation, arrival, asked.at, Failing(dark=asked.dark), acts=asked.acts)
