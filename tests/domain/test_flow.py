"""From event to alert to incident: what a sender repeats changes nothing, and a recovery finds what it ends."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.alert import OLDEST, Alert, too_old
from bot.domain.escalation import Reset
from bot.domain.event import LABELS_LIMIT, Event, Image, Link, Severity
from bot.domain.facts import Tally
from bot.domain.flow import Arrival, Decision, Known, Moment, NewIds, Outcome, decide, rules_of
from bot.domain.incident import (
    AlertId,
    ChannelId,
    Close,
    Effect,
    EndAlerts,
    Entry,
    Idle,
    Incident,
    IncidentId,
    Notify,
    Progress,
    Record,
    Refresh,
    Reopen,
    Responder,
    ReviveAlerts,
    Step,
    Tick,
)
from bot.domain.law import step
from bot.domain.organisation import Channel, Organisation
from bot.domain.rule import Rule
from tests.domain.cast import ANA, BO, BY_ANA, CHEN, FACTS, MINUTE, NIGHT, NOBODY, OPS, level, people, person, team

SHOP = ChannelId(7)
RULE = Rule("day and night", (level(ANA),))
CRITICAL, WARNING, INFO, OK = Severity.CRITICAL, Severity.WARNING, Severity.INFO, Severity.OK


def fired(status: Severity = CRITICAL, title: str = "Disk full", **labels: str) -> Event:
    """Return a report of trouble, or of its end."""
    return Event(status, title, description=f"{title}: {status}", labels=labels)


@dataclass
class Monitored:
    """A channel with what is stored about it: every alert and every incident."""

    organisation: Organisation = field(
        default_factory=lambda: Organisation(1, people(), {SHOP: Channel(SHOP, "shop", rules=(RULE,))})
    )
    now: datetime = NIGHT
    alerts: dict[AlertId, Alert] = field(default_factory=dict)
    incidents: dict[IncidentId, Incident] = field(default_factory=dict)
    effects: tuple[Effect, ...] = ()

    def hears(self, event: Event, key: str = "disk", after: timedelta = MINUTE) -> Decision:
        """Let one report come in."""
        self.now += after
        known = tuple(alert for alert in self.alerts.values() if alert.key == key and alert.recovered_at is None)
        ids = NewIds(AlertId(len(self.alerts) + 1), IncidentId(len(self.incidents) + 41))
        arrival = Arrival(event, SHOP, key)
        decision = decide(arrival, Known(known, self.incidents), ids, Moment(self.organisation, self.now))
        self.alerts |= {alert.id: alert for alert in decision.alerts}
        self.incidents |= {incident.id: incident for incident, _ in decision.incidents}
        self.effects = tuple(effect for _, effects in decision.incidents for effect in effects)
        return decision

    def acts(self, action: Close | Reopen, number: int = 41) -> None:
        """Let somebody act, and what follows for the alerts of the incident."""
        incident = self.incidents[IncidentId(number)]
        made = step(incident, action, rules_of(incident, self.organisation), self.now)
        assert isinstance(made, Step)
        self.incidents[incident.id] = made.incident
        for alert in list(self.alerts.values()):
            if EndAlerts() in made.effects:
                self.alerts[alert.id] = replace(alert, current=False)
            elif ReviveAlerts() in made.effects and alert.recovered_at is None:
                self.alerts[alert.id] = replace(alert, current=True)

    @property
    def incident(self) -> Incident:
        """The newest incident."""
        return self.incidents[max(self.incidents)]

    @property
    def alert(self) -> Alert:
        """The newest alert."""
        return self.alerts[max(self.alerts)]


def test_the_first_report_opens_an_alert_and_an_incident_that_is_told_at_once() -> None:
    shop = Monitored()
    decision = shop.hears(fired(host="web-3"))

    assert decision.outcome is Outcome.OPENED
    assert (shop.alert.id, shop.alert.key, shop.alert.incident, shop.alert.events) == (1, "disk", 41, 1)
    incident = shop.incident
    assert (incident.id, incident.channel, incident.rule, incident.opened_at) == (41, SHOP, RULE.name, NIGHT + MINUTE)
    assert (incident.facts.title, incident.facts.severity, incident.facts.labels) == (
        "Disk full",
        CRITICAL,
        {"host": "web-3"},
    )
    assert incident.facts.tally == Tally(critical=1, total=1)
    assert [type(effect) for effect in shop.effects] == [Record, Record, Notify, Refresh]


def test_a_channel_without_a_rule_opens_incidents_too() -> None:
    shop = Monitored(Organisation(1, people(), {SHOP: Channel(SHOP, "shop")}))
    shop.hears(fired())

    assert (shop.incident.rule, shop.incident.idle) == (None, Idle.NO_RULE)


def test_a_repeated_report_changes_nothing() -> None:
    shop = Monitored()
    shop.hears(fired())

    assert shop.hears(fired(), after=timedelta(hours=4)) == Decision(Outcome.REPEATED)


def test_a_report_that_says_more_changes_the_alert_and_the_card_but_never_the_title() -> None:
    shop = Monitored()
    shop.hears(fired(host="web-3"))
    pictures, links = (Image("https://example.com/a.png"),), (Link("Graph", "https://example.com/g"),)
    said = replace(fired(WARNING, "Disk nearly full", host="web-4"), images=pictures, links=links)

    assert shop.hears(said).outcome is Outcome.CHANGED
    facts = shop.incident.facts
    assert (facts.title, facts.severity, facts.description) == ("Disk full", WARNING, "Disk nearly full: Warning")
    assert (facts.labels, facts.images, facts.links) == ({"host": "web-4"}, pictures, links)
    assert (shop.alert.title, shop.alert.events) == ("Disk nearly full", 2)
    assert [type(effect) for effect in shop.effects] == [Record, Refresh]


def test_new_labels_alone_refresh_the_labels() -> None:
    shop = Monitored()
    shop.hears(fired(host="web-3"))
    shop.hears(fired(host="web-3", rack="7"))

    assert shop.incident.facts.labels == {"host": "web-3", "rack": "7"}
    assert shop.effects == (Refresh(prompt=False),)


def test_a_report_without_a_title_keeps_the_one_that_was_known() -> None:
    shop = Monitored()
    shop.hears(fired())
    shop.hears(fired(WARNING, ""))

    assert shop.alert.title == "Disk full"


def test_recovery_closes_the_incident_and_only_adds_labels() -> None:
    shop = Monitored()
    shop.hears(fired(host="web-3"))
    decision = shop.hears(fired(OK, "gone", host="other", value="12"))

    assert decision.outcome is Outcome.RECOVERED
    assert (shop.alert.current, shop.alert.recovered_at) == (False, NIGHT + 2 * MINUTE)
    assert (shop.alert.title, shop.alert.description, shop.alert.severity) == (
        "Disk full",
        "Disk full: Critical",
        CRITICAL,
    )
    assert shop.alert.labels == {"host": "web-3", "value": "12"}
    assert (shop.incident.progress, shop.incident.recovered) == (Progress.CLOSED, True)
    assert (shop.incident.facts.severity, shop.incident.facts.tally) == (CRITICAL, Tally(total=1))
    assert shop.hears(fired(OK, "gone")).outcome is Outcome.UNMATCHED


def test_a_recovery_adds_labels_only_while_there_is_room() -> None:
    shop = Monitored()
    shop.hears(replace(fired(), labels={f"label{number}": "x" for number in range(LABELS_LIMIT - 1)}))
    shop.hears(fired(OK, "", first="1", second="2"))

    assert len(shop.alert.labels) == LABELS_LIMIT
    assert shop.alert.labels["first"] == "1"


def test_a_recovery_of_what_nobody_reported_changes_nothing() -> None:
    assert Monitored().hears(fired(OK)) == Decision(Outcome.UNMATCHED)


def test_trouble_after_a_recovery_is_a_new_incident() -> None:
    shop = Monitored()
    shop.hears(fired())
    shop.hears(fired(OK))

    assert shop.hears(fired()).outcome is Outcome.OPENED
    assert [one.progress for one in shop.incidents.values()] == [Progress.CLOSED, Progress.TRIGGERED]


def test_each_key_is_an_alert_of_its_own() -> None:
    shop = Monitored()
    shop.hears(fired(), "a")
    shop.hears(fired(), "b")
    shop.hears(fired(OK), "a")

    assert [one.is_open for one in shop.incidents.values()] == [False, True]


def test_after_a_day_without_recovery_the_next_report_opens_a_new_alert() -> None:
    shop = Monitored()
    shop.hears(fired())
    assert shop.hears(fired(), after=OLDEST).outcome is Outcome.REPEATED
    assert not too_old(shop.alert, shop.now)

    assert shop.hears(fired(), after=timedelta(seconds=1)).outcome is Outcome.OPENED
    assert [(alert.current, alert.recovered_at) for alert in shop.alerts.values()] == [(False, None), (True, None)]
    assert [one.is_open for one in shop.incidents.values()] == [True, True]
    assert shop.hears(fired()).outcome is Outcome.REPEATED


def test_a_recovery_ends_the_aged_alerts_of_its_key_too() -> None:
    shop = Monitored()
    for _ in range(3):
        shop.hears(fired(), after=timedelta(hours=25))

    decision = shop.hears(fired(OK))

    assert [alert.id for alert in decision.alerts] == [1, 2, 3]
    assert all(one.recovered for one in shop.incidents.values())


def test_what_was_closed_by_hand_opens_anew_and_recovers_with_its_successor() -> None:
    shop = Monitored()
    shop.hears(fired())
    shop.acts(Close(BY_ANA))
    assert shop.hears(fired()).outcome is Outcome.OPENED

    shop.hears(fired(OK))

    first, second = shop.incidents.values()
    assert (first.recovered, first.closed is not None and first.closed.by) == (False, BY_ANA)
    assert first.facts.tally == Tally(total=1)
    assert second.recovered


def test_reopened_by_hand_it_takes_reports_again_and_recovers() -> None:
    shop = Monitored()
    shop.hears(fired())
    shop.acts(Close(BY_ANA))
    shop.acts(Reopen(BY_ANA))

    assert shop.hears(fired(WARNING)).outcome is Outcome.CHANGED
    shop.hears(fired(OK))
    assert shop.incident.recovered


def test_two_alerts_of_one_incident_it_is_as_severe_as_the_worst_and_ends_with_the_last() -> None:
    shop = Monitored()
    shop.hears(fired(WARNING), "a")
    shop.hears(fired(), "b")
    together = replace(shop.incidents[IncidentId(41)].facts, severity=CRITICAL, tally=Tally(1, 1, 0, 2))
    shop.incidents = {IncidentId(41): replace(shop.incidents[IncidentId(41)], facts=together)}
    shop.alerts[AlertId(2)] = replace(shop.alert, incident=IncidentId(41))

    shop.hears(fired(OK), "b")
    assert (shop.incident.facts.severity, shop.incident.facts.tally) == (WARNING, Tally(0, 1, 0, 2))
    assert shop.incident.is_open
    shop.hears(fired(INFO), "a")
    assert shop.incident.facts.severity is INFO
    shop.hears(fired(OK), "a")
    assert shop.incident.recovered


def test_an_alert_that_is_only_marked_has_no_incident_to_tell() -> None:
    shop = Monitored()
    shop.hears(fired())
    shop.alerts[AlertId(1)] = replace(shop.alert, incident=None)

    assert shop.hears(fired(WARNING)).incidents == ()
    assert shop.alert.severity is WARNING


def test_a_rule_is_read_as_it_is_now_and_none_where_it_is_gone() -> None:
    shop = Monitored()
    shop.hears(fired())
    shorter = replace(RULE, levels=())
    renamed = Organisation(2, people(), {SHOP: Channel(SHOP, "shop", rules=(replace(RULE, name="other"),))})

    assert rules_of(shop.incident, shop.organisation).levels == RULE.levels
    changed = Organisation(2, people(), {SHOP: Channel(SHOP, "shop", rules=(shorter,))})
    assert rules_of(shop.incident, changed).levels == ()
    assert rules_of(shop.incident, renamed).levels == ()
    assert rules_of(shop.incident, Organisation(2, people())).levels == ()


@pytest.mark.parametrize("rules", [(), (RULE,), (Rule("nobody", (level(),)),)])
def test_what_is_opened_together_starts_as_if_it_were_alone(rules: tuple[Rule, ...]) -> None:
    organisation = Organisation(1, people(), {SHOP: Channel(SHOP, "shop", rules=rules)})
    together = Moment(organisation, NIGHT)
    for number, report in enumerate((fired(), fired(WARNING, "Disk fuller", host="web-3"), fired(INFO))):
        arrival, ids = Arrival(report, SHOP, f"disk {number}"), NewIds(AlertId(number), IncidentId(number))

        assert decide(arrival, Known(), ids, together) == decide(arrival, Known(), ids, Moment(organisation, NIGHT))


CLIMB = Rule(
    "day and night",
    (level(ANA, BO, loop=(1, 2)), level(), replace(level(BO), chats=(OPS,)), level(ANA, CHEN, loop=(1, 3))),
)
TIMERS = [(None, NIGHT), (NIGHT, NIGHT), (NIGHT, NIGHT + MINUTE)]
"""When the next turn and the next level are due."""


@pytest.mark.parametrize("now", [NIGHT, NIGHT + timedelta(hours=1)])
def test_what_is_due_together_becomes_what_each_would_alone(now: datetime) -> None:
    organisation = Organisation(1, people(reachable=[BO, CHEN]), {SHOP: Channel(SHOP, "shop", rules=(CLIMB,))})
    together = Moment(organisation, now)
    known = Responder(ANA, 0, NIGHT - MINUTE)
    for number, (rule, resets, place, turn, assigned, timers) in enumerate(
        product(
            (CLIMB.name, "gone"),
            ((), (Reset(0, (person(CHEN),)),)),
            range(-1, 4),
            range(-1, 3),
            ((), (person(BO),), (team(NOBODY),)),
            TIMERS,
        )
    ):
        opened = Incident(IncidentId(number), SHOP, FACTS, opened_at=NIGHT, rule=rule, resets=resets)
        due = replace(opened, level=place, turn=turn, assigned=assigned, responders=(known,))
        due = replace(due, repeat_at=timers[0], escalate_at=timers[1])
        alone = step(due, Tick(), rules_of(due, organisation), now)
        assert step(due, Tick(), together.rules_of(due), now) == alone


# ---- any sequence of reports -------------------------------------------------------------------------------------

REPORTS = st.builds(
    fired, st.sampled_from(Severity), st.sampled_from(["Disk full", "Disk fuller"]), host=st.sampled_from(["a", "b"])
)


@given(st.lists(st.tuples(REPORTS, st.sampled_from(["a", "b"])), max_size=12))
def test_a_sender_that_repeats_itself_changes_nothing(reports: list[tuple[Event, str]]) -> None:
    once, twice = Monitored(), Monitored()
    for report, key in reports:
        once.hears(report, key)
        twice.hears(report, key)
        alerts, incidents = dict(twice.alerts), dict(twice.incidents)
        repeated = twice.hears(report, key, after=timedelta())
        assert repeated.outcome in (Outcome.REPEATED, Outcome.UNMATCHED)
        assert (twice.alerts, twice.incidents, twice.effects) == (alerts, incidents, ())
    assert (twice.alerts, twice.incidents) == (once.alerts, once.incidents)


@given(st.lists(st.tuples(REPORTS, st.integers(0, 30)), max_size=12))
def test_an_incident_counts_its_alerts_and_is_open_as_long_as_one_is(reports: list[tuple[Event, int]]) -> None:
    shop = Monitored()
    for report, hours in reports:
        shop.hears(report, after=timedelta(hours=hours))
        assert sum(alert.current for alert in shop.alerts.values()) <= 1
        for incident in shop.incidents.values():
            alerts = [alert for alert in shop.alerts.values() if alert.incident == incident.id]
            active = [alert.severity for alert in alerts if alert.recovered_at is None]
            tally = incident.facts.tally
            assert (tally.active, tally.total) == (len(active), len(alerts))
            assert tally.highest == max(active, key=lambda severity: severity.rank, default=None)
            assert incident.is_open == bool(active)


@given(st.lists(st.tuples(REPORTS, st.integers(0, 30)), max_size=12))
def test_a_recovery_ends_every_alert_of_its_key(reports: list[tuple[Event, int]]) -> None:
    shop = Monitored()
    for report, hours in reports:
        shop.hears(report, after=timedelta(hours=hours))

    shop.hears(fired(OK))

    assert all(alert.recovered_at is not None and not alert.current for alert in shop.alerts.values())
    assert not any(incident.is_open for incident in shop.incidents.values())


@pytest.mark.parametrize(("before", "after"), [(WARNING, CRITICAL), (CRITICAL, INFO)])
def test_a_change_of_severity_is_on_the_timeline(before: Severity, after: Severity) -> None:
    shop = Monitored()
    shop.hears(fired(before))
    shop.hears(fired(after))

    assert shop.effects[0] == Record(Entry.SEVERITY, said={"from": str(before), "to": str(after)})
