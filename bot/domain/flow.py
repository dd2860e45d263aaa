"""From event to incident: the stages that a report passes, in order.

    1  enrichment, pipeline     rewrite the event                           (of the integration)
    2  routing                  choose the channels                         (of a shared integration)
    3  drop rules               -
    4  alert                    same key, same alert                        `_alert`
    5  inhibition               -
    6  silence                  -
    7  grouping                 - (each alert opens an incident)            `alert.opened`
    8  storm, 9 flapping, 10 outlier, 11 delay
       dynamic assignment       labels that name whom a level tells         `dynamic`, when an incident opens
       incident                 the law decides what follows                `_incident`

`decide` is these stages for one arrival. A stage that is to come goes where its number stands; it is a plain function
that takes what the stage before it gives. Stages 1 to 3 work on the arrival before its alert is looked up, because they
may change its channel or its key; the others see the alert.
"""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import Final

from bot.domain import alert as alerts
from bot.domain import dynamic, law
from bot.domain.alert import Alert
from bot.domain.escalation import Reset
from bot.domain.event import Event, Severity
from bot.domain.facts import Facts, Tally
from bot.domain.frozen import dataclass, replace
from bot.domain.incident import AlertId, Change, ChannelId, Effect, Incident, IncidentId, Recover, Rules, Step
from bot.domain.organisation import Organisation
from bot.domain.rule import Rule


class Outcome(StrEnum):
    """What became of an event."""

    OPENED = "opened"
    CHANGED = "changed"
    REPEATED = "repeated"
    RECOVERED = "recovered"
    UNMATCHED = "unmatched"


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event at the door of a channel, under the key that it is known by."""

    event: Event
    channel: ChannelId
    key: str


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored about the arrival's key: its alerts that have not recovered, newest last, and their incidents."""

    alerts: tuple[Alert, ...] = ()
    incidents: Mapping[IncidentId, Incident] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewIds:
    """The ids that a new alert and a new incident would take."""

    alert: AlertId
    incident: IncidentId


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of one arrival: the alerts and incidents that changed, and what follows for each incident."""

    outcome: Outcome
    alerts: tuple[Alert, ...] = ()
    incidents: tuple[tuple[Incident, tuple[Effect, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class _Turn:
    """An alert before and after the event."""

    before: Alert | None
    after: Alert


class Moment:
    """What the decisions of one transaction have in common: the organisation as configured, and the instant.

    How its incidents start is the same for all that follow one rule, and found out with the first; so is what the law
    asks of the rule of those that are there.
    """

    def __init__(self, organisation: Organisation, now: datetime) -> None:
        self.organisation = organisation
        self.now = now
        self._started: dict[tuple[ChannelId, str | None], Step] = {}
        self._names: dynamic.Names | None = None
        self._holding: dict[ChannelId, tuple[Rule, ...]] = {}
        self._rules: dict[tuple[ChannelId, str | None, tuple[Reset, ...]], Rules] = {}

    def rules_of(self, incident: Incident) -> Rules:
        """Return what the law asks besides the incident, as `rules_of` does: the same for all that follow a rule."""
        known_as = incident.channel, incident.rule, incident.resets
        rules = self._rules.get(known_as)
        if rules is None:
            rules = self._rules[known_as] = rules_of(incident, self.organisation)
        return rules

    def start(self, number: IncidentId, channel: ChannelId, facts: Facts, wanted: Mapping[str, str]) -> Step:
        """Return a new incident of the channel on its first level, and what follows.

        `wanted`: the labels that say whom a level tells.
        """
        holding = self._holding.get(channel)
        if holding is None:
            holding = self._holding[channel] = self.organisation.rules_at(channel, self.now)
        rule = self.organisation.first_of(holding, channel, facts)
        if wanted:
            return self._start_reset(number, channel, facts, rule, wanted)
        known_as = channel, rule.name if rule is not None else None
        started = self._started.get(known_as)
        if started is not None:
            return law.start_like(started, number, facts)
        incident = Incident(number, channel, facts, opened_at=self.now, rule=rule.name if rule else None)
        started = law.start(incident, rules_of(incident, self.organisation), self.now)
        self._started[known_as] = started
        return started

    def _start_reset(
        self, number: IncidentId, channel: ChannelId, facts: Facts, rule: Rule | None, wanted: Mapping[str, str]
    ) -> Step:
        if self._names is None:
            self._names = dynamic.names_of(self.organisation)
        levels = rule.levels if rule is not None else ()
        resets, records = dynamic.read(wanted, levels, self._names, self.organisation.people)
        name = rule.name if rule is not None else None
        incident = Incident(number, channel, facts, opened_at=self.now, rule=name, resets=resets)
        started = law.start(incident, rules_of(incident, self.organisation), self.now)
        opened, *rest = started.effects
        return Step(started.incident, (opened, *records, *rest))


_NOTHING: Final[Mapping[str, str]] = {}
_FIRST_TALLY: Final = {severity: Tally(total=1).moved(None, severity) for severity in Severity}


def decide(arrival: Arrival, known: Known, ids: NewIds, moment: Moment) -> Decision:
    """Pass one arrival through the stages."""
    wanted = _NOTHING
    if dynamic.asks(arrival.event.labels):
        labels, wanted = dynamic.parted(arrival.event.labels)
        arrival = replace(arrival, event=replace(arrival.event, labels=labels))
    if not known.alerts:
        return _first(arrival, ids, moment, wanted)
    now = moment.now
    outcome, turns = _alert(arrival, known, ids, now)
    decided: list[Alert] = []
    incidents = dict(known.incidents)
    effects: dict[IncidentId, tuple[Effect, ...]] = {}
    for turn in turns:
        number = turn.after.incident
        if number is not None:
            known_as = incidents.get(number)
            made = _open(number, turn.after, moment, wanted) if known_as is None else _incident(turn, known_as, moment)
            incidents[number] = made.incident
            effects[number] = effects.get(number, ()) + made.effects
        decided.append(turn.after)
    return Decision(outcome, tuple(decided), tuple((incidents[number], said) for number, said in effects.items()))


def _first(arrival: Arrival, ids: NewIds, moment: Moment, wanted: Mapping[str, str]) -> Decision:
    """Stages 4 to 7 where nothing is known of the key, as mostly: trouble opens an incident, recovery ends nothing."""
    if arrival.event.is_recovery:
        return Decision(Outcome.UNMATCHED)
    alert = alerts.opened(arrival.event, arrival.key, (ids.alert, arrival.channel, ids.incident), moment.now)
    made = _open(ids.incident, alert, moment, wanted)
    return Decision(Outcome.OPENED, (alert,), ((made.incident, made.effects),))


def _alert(arrival: Arrival, known: Known, ids: NewIds, now: datetime) -> tuple[Outcome, tuple[_Turn, ...]]:
    """Stage 4 where something is known of the key: the alert that the event belongs to, as it was and as it is now."""
    event = arrival.event
    if event.is_recovery:
        return Outcome.RECOVERED, tuple(_Turn(alert, alerts.recover(alert, event, now)) for alert in known.alerts)
    current = next((alert for alert in known.alerts if alert.current), None)
    if current is not None and not alerts.too_old(current, now):
        after = alerts.take(current, event, now)
        return (Outcome.REPEATED, ()) if after is current else (Outcome.CHANGED, (_Turn(current, after),))
    fresh = _Turn(None, alerts.opened(event, arrival.key, (ids.alert, arrival.channel, ids.incident), now))
    if current is None:
        return Outcome.OPENED, (fresh,)
    return Outcome.OPENED, (_Turn(current, replace(current, current=False)), fresh)


def _incident(turn: _Turn, incident: Incident, moment: Moment) -> Step:
    """Tell the law what the alert says now."""
    facts = _facts(turn, incident.facts)
    over = facts.tally.active == 0 and turn.after.recovered_at is not None
    happening = Recover(facts) if over else Change(facts)
    return law.step(incident, happening, moment.rules_of(incident), moment.now)


def _open(number: IncidentId, alert: Alert, moment: Moment, wanted: Mapping[str, str]) -> Step:
    tally = _FIRST_TALLY[alert.severity]
    facts = Facts(alert.severity, alert.title, alert.description, alert.labels, alert.images, alert.links, tally)
    return moment.start(number, alert.channel, facts, wanted)


def _facts(turn: _Turn, facts: Facts) -> Facts:
    """What the incident says after its alert changed: its first title, its highest severity, its newest text."""
    after = turn.after
    tally = facts.tally.moved(_counted(turn.before), _counted(after))
    severity = tally.highest or facts.severity
    return Facts(severity, facts.title, after.description, after.labels, after.images, after.links, tally)


def _counted(alert: Alert | None) -> Severity | None:
    return alert.severity if alert is not None and alert.recovered_at is None else None


def rules_of(incident: Incident, organisation: Organisation) -> Rules:
    """Return what the law asks besides the incident: its rule as configured now, and who is there."""
    rule = organisation.rule(incident.channel, incident.rule)
    if rule is None:
        return Rules((), organisation.people)
    levels = dynamic.applied(rule.levels, incident.resets, organisation.people) if incident.resets else rule.levels
    return Rules(levels, organisation.people, rule.delay, organisation.told_about(incident.channel))
