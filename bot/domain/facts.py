"""What the alerts of an incident say, apart from how it is handled."""

from collections.abc import Mapping
from dataclasses import field

from bot.domain.event import Image, Link, Severity
from bot.domain.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Tally:
    """How many alerts an incident has: those still active by severity, and all that ever were."""

    critical: int = 0
    warning: int = 0
    info: int = 0
    total: int = 0

    @property
    def active(self) -> int:
        """Return how many have not recovered."""
        return self.critical + self.warning + self.info

    @property
    def highest(self) -> Severity | None:
        """Return the highest severity of those that have not recovered; None when all have."""
        counts = (
            (Severity.CRITICAL, self.critical),
            (Severity.WARNING, self.warning),
            (Severity.INFO, self.info),
        )
        return next((severity for severity, count in counts if count), None)

    def moved(self, before: Severity | None, after: Severity | None) -> "Tally":
        """Return the tally after one alert went from one severity to another; None: it does not count."""
        return Tally(
            self.critical + (after is Severity.CRITICAL) - (before is Severity.CRITICAL),
            self.warning + (after is Severity.WARNING) - (before is Severity.WARNING),
            self.info + (after is Severity.INFO) - (before is Severity.INFO),
            self.total,
        )


@dataclass(frozen=True, slots=True)
class Facts:
    """What the alerts of an incident say, apart from how it is handled."""

    severity: Severity
    title: str
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    images: tuple[Image, ...] = ()
    links: tuple[Link, ...] = ()
    tally: Tally = Tally()
