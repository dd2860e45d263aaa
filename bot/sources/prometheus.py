"""Prometheus: the webhook of Alertmanager, version 4.

https://prometheus.io/docs/alerting/latest/configuration/#webhook_config. A post repeats every firing alert of its
group; the group's own status is no alert's status: a group that is firing may hold alerts that are resolved.

A receiver with `max_alerts` leaves alerts out, and says only how many. What is left out pages nobody by itself, so that
becomes an alert of its own, of the group's severity if it has one. Nothing tells when the rest was sent after all, so
this alert does not recover by itself.
"""

from types import MappingProxyType
from typing import Final

from bot.domain.event import Severity
from bot.sources.engine import Need, Spec, mapped
from bot.sources.source import Source

SEVERITIES: Final = MappingProxyType(
    {
        "critical": Severity.CRITICAL,
        "warning": Severity.WARNING,
        "warn": Severity.WARNING,
        "info": Severity.INFO,
        "acknowledged": Severity.INFO,
        "unknown": Severity.INFO,
        "unk": Severity.INFO,
        "ok": Severity.OK,
    }
)

ALERT: Final = Spec(
    each="alerts",
    needs=Need("labels", "[labels, annotations, fingerprint]", "is missing: an alert has labels"),
    key=("first([fingerprint, labels])",),
    status="status",
    recovered=frozenset({"resolved"}),
    severity=("labels.severity", "labels.priority", "labels.level"),
    severities=SEVERITIES,
    title=("annotations.summary", "annotations.title", "annotations.message", "labels.alertname"),
    untitled="Prometheus alert",
    description=("annotations.description", "(annotations.summary || annotations.title) && annotations.message"),
    labels=("labels",),
    links=(
        ("Runbook", "annotations.runbook_url"),
        ("Dashboard", "annotations.dashboard_url"),
        ("Graph", "generatorURL"),
        ("Alertmanager", "_body.externalURL"),
    ),
    starts_at="startsAt",
)

ADVICE: Final = (
    "The receiver has max_alerts set, and the group is larger. Nobody is paged for the alerts that were left out: look "
    "at them in Alertmanager. With max_alerts 0 it sends all. Close this by hand, it does not recover by itself."
)

LEFT_OUT: Final = Spec(
    each="truncatedAlerts > `0` && [@]",
    needs=Need("truncatedAlerts", "truncatedAlerts", "is missing"),
    key=("'truncated'", "receiver", "first([groupKey, groupLabels])"),
    status="'firing'",
    recovered=frozenset(),
    severity=("commonLabels.severity", "commonLabels.priority", "commonLabels.level"),
    severities=MappingProxyType({word: rank for word, rank in SEVERITIES.items() if rank is not Severity.OK}),
    title=("join(' ', ['Alertmanager left out', to_string(truncatedAlerts), 'alerts of a group'])",),
    untitled="Alertmanager left out alerts of a group",
    description=(f"'{ADVICE}'",),
    labels=("groupLabels", "commonLabels"),
    links=(("Alertmanager", "externalURL"),),
)

SOURCE: Final = Source("Prometheus (Alertmanager webhook)", mapped("a body of Alertmanager's webhook", ALERT, LEFT_OUT))
