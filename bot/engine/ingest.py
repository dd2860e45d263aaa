"""Takes alerts in: reports that arrive together share one transaction, and none is answered before it is committed.

The stages that a report passes are `bot.domain.flow`; here what they need is read, and what they decide is written,
with one statement per table.
"""

import asyncio
import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.clock import Clock
from bot.domain.alert import Alert, too_old
from bot.domain.event import ALERT_KEY_LIMIT, Event
from bot.domain.flow import Arrival, Decision, Known, Moment, NewIds, Outcome, decide
from bot.domain.frozen import dataclass, replace
from bot.domain.incident import AlertId, ChannelId, Effect, Incident, IncidentId
from bot.domain.organisation import IntegrationId, Organisation
from bot.engine import metrics
from bot.engine.apply import apply
from bot.engine.outbox import Outbox
from bot.engine.picture import Picture
from bot.engine.reservations import Reservation
from bot.engine.timers import POLL
from bot.engine.wakeups import Wakeup, Wakeups
from storage import incidents
from storage.connection import Brief, Work
from storage.database import LONGEST_WAIT, Connection, Database, is_away
from storage.incidents import EventRow, Unrecovered

# As many requests, and events of theirs, share a transaction, so that none waits long for the others.
MOST_TOGETHER: Final = 200
MOST_EVENTS: Final = 2_000
# The timers look at the clock at least this often.
LOOK_AGAIN: Final = timedelta(seconds=POLL)
# A transaction that takes longer is given up.
LONGEST: Final = timedelta(seconds=LONGEST_WAIT)

_NOTHING: Final = Known()

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Report:
    """What one request brings: its events for one channel. `integration` is None when the command line sends."""

    request_id: str
    integration: IntegrationId | None
    channel: ChannelId
    events: tuple[Event, ...]
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of each event of a report, in order; it is on disk."""

    keys: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    incidents: tuple[IncidentId | None, ...]


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A report and whoever waits for its answer."""

    report: Report
    answer: asyncio.Future[Accepted]


class Ingest:
    """The front door's writer: one per process."""

    def __init__(self, database: Database, picture: Picture, wakeups: Wakeups, clock: Clock) -> None:
        """Take what it writes with."""
        self.sender: Outbox | None = None
        """Who sends in this process, once it does: what is opened here may be claimed for it."""
        self._database = database
        self._picture = picture
        self._wakeups = wakeups
        self._clock = clock
        self._queue: list[_Waiting] = []
        self._writing: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """How many reports wait for their turn."""
        return len(self._queue)

    async def take(self, report: Report) -> Accepted:
        """Take a report in; return when it is committed. Raises what the database raises: then nothing was taken."""
        waiting = _Waiting(report, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        # A caller who goes away takes nothing but the answer along: the report is written with those of the others.
        return await waiting.answer

    async def _write(self) -> None:
        """Write what waits, then what has come meanwhile, until nothing waits."""
        try:
            while self._queue:
                await self._write_together(self._next(), self.sender)
        finally:
            # Whatever happened here, the next report is written.
            self._writing = None

    def _next(self) -> list[_Waiting]:
        """Take from the queue what shares the next transaction: at least one report."""
        events, count = 0, 0
        for waiting in self._queue[:MOST_TOGETHER]:
            events += len(waiting.report.events)
            if count and events > MOST_EVENTS:
                break
            count += 1
        together, self._queue = self._queue[:count], self._queue[count:]
        return together

    async def _write_together(self, together: list[_Waiting], sender: Outbox | None) -> None:
        reserved = sender.reserve() if sender else None
        try:
            reports = [one.report for one in together]
            work = self._work(reports, reserved)
            accepted, busy = await self._database.transact(Brief(work, sum(len(one.events) for one in reports)))
        except Exception as error:  # noqa: BLE001 - Whatever it was, each caller is told; the reports of others are tried alone.
            if sender and reserved:
                sender.not_taken(reserved)
            if reserved and reserved.is_claiming and not isinstance(error, TimeoutError):
                # What is wrong with sending it at once keeps no report out.
                log.error("not_claimed", error=type(error).__name__, detail=str(error)[:200])
                await self._write_together(together, None)
            else:
                await self._not_taken(together, error)
            return
        for one, result in zip(together, accepted, strict=True):
            _tell(one.answer, result)
        self._wakeups.wake(*busy)
        if sender and reserved:
            sender.taken(reserved)
        for outcome, count in Counter(outcome for result in accepted for outcome in result.outcomes).items():
            metrics.EVENTS.labels(outcome=str(outcome)).inc(count)

    async def _not_taken(self, together: list[_Waiting], error: Exception) -> None:
        """Find the report that spoils it for the others; a database that is away has something against all of them."""
        if is_away(error):
            together, self._queue = together + self._queue, []
        elif len(together) > 1:
            for one in together:
                await self._write_together([one], None)
            return
        log.error("reports_not_taken", count=len(together), error=type(error).__name__, detail=str(error)[:200])
        for one in together:
            _tell(one.answer, error)

    def _work(
        self, reports: Sequence[Report], reserved: Reservation | None
    ) -> Work[tuple[list[Accepted], tuple[Wakeup, ...]]]:
        async def work(connection: Connection) -> tuple[list[Accepted], tuple[Wakeup, ...]]:
            if reserved:
                reserved.begin()
            batch = await _Batch.load(connection, reports, self._clock.now() + LONGEST)
            organisation = await self._picture.current(connection, batch.revision)
            # It may have waited for whoever held an incident: what is decided here comes after what they did.
            now = self._clock.now()
            moment = Moment(organisation, now)
            accepted = [batch.decide(report, moment) for report in reports]
            return accepted, await batch.store(connection, organisation, now, reserved)

        return work


def _tell(answer: asyncio.Future[Accepted], result: Accepted | Exception) -> None:
    if answer.done():
        return  # Nobody waits any more.
    if isinstance(result, Exception):
        answer.set_exception(result)
    else:
        answer.set_result(result)


def _key_of(event: Event) -> str:
    """Return the key that the event is known by; without one of its own it is an alert of its own."""
    return event.alert_key[:ALERT_KEY_LIMIT] if event.alert_key else uuid.uuid4().hex


class _Batch:
    """The reports of one transaction: what was known before, and what has changed since."""

    def __init__(self, arrivals: dict[str, list[Arrival]], known: Unrecovered) -> None:
        self.revision = known.revision
        """Which revision is configured, if that was read along."""
        self._arrivals = arrivals
        self._alerts = known.alerts
        self._incidents: dict[IncidentId, Incident] = {}
        self._ids: list[tuple[AlertId, IncidentId]] = []
        self._effects: dict[IncidentId, tuple[Effect, ...]] = {}
        self._new_incidents: set[IncidentId] = set()
        self._new_alerts: set[AlertId] = set()
        self._changed_alerts: dict[AlertId, Alert] = {}
        self._events: list[EventRow] = []

    @classmethod
    async def load(cls, connection: Connection, reports: Sequence[Report], by: datetime) -> "_Batch":
        """Read what is known, and keep it from others; `by`: when it is decided at the latest."""
        arrivals = {
            report.request_id: [Arrival(event, report.channel, _key_of(event)) for event in report.events]
            for report in reports
        }
        everything = [arrival for some in arrivals.values() for arrival in some]
        keys = [(one.channel, one.key) for one in everything]
        is_one = len(everything) == 1 and not everything[0].event.is_recovery
        known = await incidents.alerts_of_keys(connection, keys, opens=is_one)
        batch = cls(arrivals, known)
        numbers = {alert.incident for some in known.alerts.values() for alert in some if alert.incident is not None}
        batch._incidents = await incidents.lock(connection, numbers) if numbers else {}
        batch._ids = [known.ids] if known.ids else await incidents.new_ids(connection, batch._most_new(everything, by))
        batch._ids.reverse()
        return batch

    def _most_new(self, arrivals: Sequence[Arrival], by: datetime) -> int:
        """Return how many alerts these can open at the most; a number that is taken and not used leaves a gap."""
        recovering = {(one.channel, one.key) for one in arrivals if one.event.is_recovery}
        taking = {
            key
            for key, alerts in self._alerts.items()
            if key not in recovering and any(alert.current and not too_old(alert, by) for alert in alerts)
        }
        fresh = [(one.channel, one.key) for one in arrivals if not one.event.is_recovery]
        again = sum(key in recovering for key in fresh)
        # However many report it at once, a key that does not recover meanwhile opens one.
        return again + len(set(fresh) - recovering - taking)

    def decide(self, report: Report, moment: Moment) -> Accepted:
        """Pass the events of one report through the stages, in order."""
        arrivals = self._arrivals[report.request_id]
        results = [self._decide(arrival, report, moment) for arrival in arrivals]
        return Accepted(
            keys=tuple([arrival.key for arrival in arrivals]),
            outcomes=tuple([outcome for outcome, _ in results]),
            incidents=tuple([number for _, number in results]),
        )

    def _decide(self, arrival: Arrival, report: Report, moment: Moment) -> tuple[Outcome, IncidentId | None]:
        key = (arrival.channel, arrival.key)
        alerts = self._alerts.get(key)
        known = self._known(tuple(alerts)) if alerts else _NOTHING
        alert_id, incident_id = self._ids[-1] if self._ids else (AlertId(0), IncidentId(0))
        decision = decide(arrival, known, NewIds(alert_id, incident_id), moment)
        if decision.alerts:
            self._keep(key, decision)
        last = decision.alerts[-1] if decision.alerts else next(reversed(known.alerts), None)
        if decision.outcome is not Outcome.REPEATED:
            self._events.append(_event_row(arrival, report, last, decision.outcome))
        return decision.outcome, last.incident if last else None

    def _known(self, alerts: tuple[Alert, ...]) -> Known:
        numbers = [alert.incident for alert in alerts if alert.incident is not None]
        return Known(alerts, {number: self._incidents[number] for number in numbers if number in self._incidents})

    def _keep(self, key: tuple[ChannelId, str], decision: Decision) -> None:
        if decision.outcome is Outcome.OPENED:
            new_alert, new_incident = self._ids.pop()
            self._new_alerts.add(new_alert)
            self._new_incidents.add(new_incident)
        kept = {alert.id: alert for alert in self._alerts.get(key, ())}
        for changed in decision.alerts:
            kept[changed.id] = changed
            self._changed_alerts[changed.id] = changed
        self._alerts[key] = [alert for alert in kept.values() if alert.recovered_at is None]
        for incident, effects in decision.incidents:
            self._incidents[incident.id] = incident
            self._effects[incident.id] = self._effects.get(incident.id, ()) + effects

    async def store(
        self, connection: Connection, organisation: Organisation, now: datetime, reserved: Reservation | None
    ) -> tuple[Wakeup, ...]:
        """Write what has changed, one statement per table; return who has something to do."""
        changed = [self._incidents[number] for number in self._effects]
        await incidents.insert(connection, [one for one in changed if one.id in self._new_incidents])
        await incidents.update(connection, [one for one in changed if one.id not in self._new_incidents])
        alerts = self._changed_alerts.values()
        # An alert that gives way to a newer one of its key must do so first: only one of them takes events.
        await incidents.update_alerts(connection, [one for one in alerts if one.id not in self._new_alerts])
        await incidents.insert_alerts(connection, [one for one in alerts if one.id in self._new_alerts])
        await incidents.insert_events(connection, self._events)
        made = [(self._incidents[number], effects) for number, effects in self._effects.items()]
        is_sending = await apply(connection, made, self._new_incidents, organisation, now)
        # Whatever falls due later than the next look at the clock is seen then.
        is_due = any(incident.due is not None and incident.due <= now + LOOK_AGAIN for incident in changed)
        if is_sending and reserved and self._new_incidents:
            is_left = await reserved.take(connection, self._new_incidents, now)
            is_sending = is_left or len(changed) > len(self._new_incidents)
        return ((Wakeup.OUTBOX,) if is_sending else ()) + ((Wakeup.TIMERS,) if is_due else ())


def _event_row(arrival: Arrival, report: Report, alert: Alert | None, outcome: Outcome) -> EventRow:
    event = arrival.event
    return EventRow(
        received_at=report.received_at,
        request_id=report.request_id,
        integration=report.integration,
        channel=arrival.channel,
        key=arrival.key,
        alert=alert.id if alert else None,
        outcome=outcome,
        event=event if event.alert_key == arrival.key else replace(event, alert_key=arrival.key),
    )
