"""What the lint finds: each finding says what, where, and proves it.

The words are in `cards.lint`, so that everybody reads them in their own language; here is what they are made of.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from bot.domain.definition import Kind
from bot.domain.event import Severity
from bot.domain.facts import Facts
from bot.domain.lint.shape import Shape
from bot.domain.people import Method
from bot.domain.verification import Obstacle


class Grade(StrEnum):
    """How bad a finding is: somebody may not be told; something is not as it seems; something is of no use."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Code(StrEnum):
    """What is found, the worst first."""

    ALERT_WITHOUT_RULE = "alert-without-rule"
    ALERT_WITHOUT_RULE_AT_TIMES = "alert-without-rule-at-times"
    ALERT_REACHES_NOBODY = "alert-reaches-nobody"
    CHANNEL_WITHOUT_RULES = "channel-without-rules"
    RULE_REACHES_NOBODY = "rule-reaches-nobody"
    UNREACHABLE_PERSON = "unreachable-person"
    TARGET_GONE = "target-gone"
    COVERAGE_GAP = "coverage-gap"
    EMPTY_LAST_LEVEL = "empty-last-level"
    EMPTY_LEVEL = "empty-level"
    RULE_NEVER_MATCHES = "rule-never-matches"
    RULE_NEVER_HOLDS = "rule-never-holds"
    SHADOWED_RULE = "shadowed-rule"
    SCHEDULE_LOOP = "schedule-loop"
    NO_CATCH_ALL_RULE = "no-catch-all-rule"
    NO_CATCH_ALL_RULE_AT_TIMES = "no-catch-all-rule-at-times"
    NO_VERIFIED_METHOD = "no-verified-method"
    UNVERIFIED_METHOD = "unverified-method"
    UNKNOWN_HOLIDAYS = "unknown-holidays"
    OUTDATED_HOLIDAYS = "outdated-holidays"
    EMPTY_TEAM = "empty-team"
    UNUSED_SCHEDULE = "unused-schedule"

    @property
    def grade(self) -> Grade:
        """Return how bad it is."""
        return _GRADES.get(self, Grade.WARNING)


_GRADES: Final[Mapping[Code, Grade]] = MappingProxyType(
    {
        Code.ALERT_WITHOUT_RULE: Grade.ERROR,
        Code.ALERT_WITHOUT_RULE_AT_TIMES: Grade.ERROR,
        Code.ALERT_REACHES_NOBODY: Grade.ERROR,
        Code.CHANNEL_WITHOUT_RULES: Grade.ERROR,
        Code.RULE_REACHES_NOBODY: Grade.ERROR,
        Code.UNREACHABLE_PERSON: Grade.ERROR,
        Code.TARGET_GONE: Grade.ERROR,
        Code.COVERAGE_GAP: Grade.ERROR,
        Code.UNUSED_SCHEDULE: Grade.NOTE,
    }
)


@dataclass(frozen=True, slots=True, order=True)
class Where:
    """The object that a finding is about: of a channel perhaps one rule, of that perhaps one level, from 1."""

    kind: Kind
    name: str
    rule: str = ""
    level: int = 0


@dataclass(frozen=True, slots=True)
class Local:
    """An instant, and the zone in which it is read."""

    at: datetime
    timezone: str


@dataclass(frozen=True, slots=True)
class Spell:
    """Some time from one instant to another, and the zone in which it is read."""

    start: datetime
    end: datetime
    timezone: str


@dataclass(frozen=True, slots=True)
class Hindrance:
    """What keeps somebody from being told by some methods."""

    methods: tuple[Method, ...]
    obstacle: Obstacle


Proof = str | int | Local | Facts | Where | Severity | tuple["Proof", ...] | Spell | Hindrance | Shape
"""A part of what proves a finding; `Facts`: of an alert, as an example."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend. `proof`: what its words are filled with, by the names that they have there."""

    code: Code
    where: Where
    proof: Mapping[str, Proof] = field(default_factory=dict)

    @property
    def grade(self) -> Grade:
        """Return how bad it is."""
        return self.code.grade

    @property
    def rank(self) -> tuple[int, Where]:
        """Return where it stands among others: the worst first."""
        return list(Code).index(self.code), self.where
