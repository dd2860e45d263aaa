"""The sample alerts of the page, each as the standard source takes it."""

from dataclasses import dataclass

from bot.playground.wire import JsonObject


@dataclass(frozen=True, slots=True)
class Sample:
    """One alert: `name` is how the page calls it, `note` says why one would fire it."""

    name: str
    severity: str
    title: str
    description: str
    labels: dict[str, str]
    note: str = ""

    def event(self, *, recovered: bool = False) -> JsonObject:
        """Return the body for the standard source: the alert, or its recovery."""
        return {
            "event_status": "Ok" if recovered else self.severity,
            "title_rule": self.title,
            "alert_key": f"playground-{self.name}",
            "description": self.description,
            "labels": dict(self.labels),
        }


SAMPLES = (
    Sample(
        "disk",
        "Critical",
        "Disk almost full on db-1",
        "/var/lib/postgresql is at 97 %, and full in about 40 minutes.",
        {"service": "postgres", "host": "db-1", "check": "disk", "environment": "production"},
    ),
    Sample(
        "payments",
        "Critical",
        "Card payments fail",
        "For four minutes the bank's gateway has refused one payment in three.",
        {"service": "payments", "gateway": "bank-1", "check": "refusals", "environment": "production"},
    ),
    Sample(
        "latency",
        "Warning",
        "Checkout is slow",
        "The 99th percentile is 1.8 s; the goal is 0.8 s.",
        {"service": "checkout", "region": "eu-west", "check": "latency_p99"},
    ),
    Sample(
        "certificate",
        "Info",
        "Certificate expires in 14 days",
        "Renewal has not run since 3 October.",
        {"service": "edge", "host": "shop.example.com", "check": "certificate"},
    ),
    Sample(
        "hostile",
        "Critical",
        "<!channel> *all* <b>your</b> _base_ & <https://example.com|free coffee> `rm -rf /` \u202ekcatta @here",
        "<script>alert(1)</script> </pre> ```fence``` ~strike~ :boom: &lt;&amp;&gt; <@U00000002> " + "long " * 40,
        {"service": '"><img src=x onerror=alert(1)>', "host": "<!everyone>", "check": "*_~`"},
        note="Text that tries to break out of the card",
    ),
)


def sample(name: str) -> Sample:
    """Return the sample of that name; raises LookupError."""
    for candidate in SAMPLES:
        if candidate.name == name:
            return candidate
    raise LookupError(f"no sample {name!r}; there are {', '.join(candidate.name for candidate in SAMPLES)}")
