"""Alertmanager's own API, `POST /api/v2/alerts`, as Prometheus and other clients of Alertmanager call it.

https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml. The body is a bare list without status or
fingerprint: an alert is over once `endsAt` has come, and its labels are its identity. Alertmanager refuses alerts
without labels one by one, and takes the others; so do we.
"""

from dataclasses import replace
from typing import Final

from bot.sources.engine import Need, mapped
from bot.sources.prometheus import ALERT
from bot.sources.source import Source

POSTED: Final = replace(
    ALERT,
    each="@",
    needs=Need("labels", "values(labels)", "must be an object with at least one label that is not empty"),
    key=("labels",),
    status="instant(endsAt) <= _now && 'resolved'",
    links=tuple(link for link in ALERT.links if not link[1].startswith("_body.")),
)

SOURCE: Final = Source("Prometheus (Alertmanager API)", mapped("a list of alerts", POSTED))
