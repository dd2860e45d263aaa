"""What Oncard counts of itself, for Prometheus. No label holds what an alert or a person says."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

# A series of its own for when each counter began helps nobody here.
disable_created_metrics()  # type: ignore[no-untyped-call]
REGISTRY: Final = CollectorRegistry()

_SHORT: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_LONG: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600)

REQUESTS: Final = Counter(
    "oncard_requests", "Requests with alerts, by answer.", ["source", "status"], registry=REGISTRY
)
INGEST_SECONDS: Final = Histogram(
    "oncard_ingest_seconds", "From request to committed answer.", buckets=_SHORT, registry=REGISTRY
)
EVENTS: Final = Counter("oncard_events", "Events, by what became of them.", ["outcome"], registry=REGISTRY)
ACTIONS: Final = Counter("oncard_actions", "What people asked for, by outcome.", ["verb", "outcome"], registry=REGISTRY)
DELIVERIES: Final = Counter(
    "oncard_deliveries", "Deliveries that were settled.", ["kind", "state", "reason"], registry=REGISTRY
)
TRIES: Final = Counter(
    "oncard_delivery_failures", "Tries that the platform did not take.", ["kind", "failure"], registry=REGISTRY
)
DELIVERY_SECONDS: Final = Histogram(
    "oncard_delivery_seconds", "From decision to the platform's receipt.", ["kind"], buckets=_LONG, registry=REGISTRY
)
LATENESS_SECONDS: Final = Histogram(
    "oncard_due_lateness_seconds", "How late due incidents were looked at.", buckets=_LONG, registry=REGISTRY
)
CONNECTED: Final = Gauge(
    "oncard_workspace_connected", "Whether the workspace's connection stands.", ["workspace"], registry=REGISTRY
)
INCIDENTS: Final = Gauge("oncard_incidents", "Open incidents, by progress.", ["progress"], registry=REGISTRY)
QUEUE: Final = Gauge("oncard_queue", "Deliveries that wait or are under way.", ["kind", "state"], registry=REGISTRY)
QUEUE_AGE: Final = Gauge(
    "oncard_queue_age_seconds", "Age of the oldest delivery that waits.", ["kind", "state"], registry=REGISTRY
)
WATCHDOG_FINDINGS: Final = Gauge(
    "oncard_watchdog_findings", "What the checker found wrong in its last round.", ["kind"], registry=REGISTRY
)
WATCHDOG_LAST: Final = Gauge(
    "oncard_watchdog_last_timestamp_seconds", "When the checker last ended a round, in any process.", registry=REGISTRY
)
WATCHDOG_SILENT: Final = Gauge(
    "oncard_watchdog_silent", "Whether the checker has not been heard of for minutes.", registry=REGISTRY
)
CALLBACKS_REJECTED: Final = Counter(
    "oncard_callbacks_rejected",
    "Callbacks that were not carried out: forged, which includes old, or repeated.",
    ["platform", "workspace", "reason"],
    registry=REGISTRY,
)
REMOVED: Final = Counter("oncard_retention_removed", "Rows that were kept long enough.", ["table"], registry=REGISTRY)
PROVIDER_TRIES: Final = Counter(
    "oncard_provider_tries",
    "Messages that providers of SMS, calls, e-mail and pushes were asked to carry, by outcome.",
    ["method", "provider", "outcome"],
    registry=REGISTRY,
)
REPORTS: Final = Counter(
    "oncard_provider_reports",
    "What providers reported of messages that they carried.",
    ["method", "provider", "progress"],
    registry=REGISTRY,
)
