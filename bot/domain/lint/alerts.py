"""Which alerts reach nobody: of the shapes that were seen, and by what the rules leave out."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from bot.domain.definition import Kind
from bot.domain.escalation import WhenNobody
from bot.domain.event import Severity
from bot.domain.facts import Facts
from bot.domain.filters import matches, of_facts
from bot.domain.frozen import replace
from bot.domain.incident import ChannelId, Rules
from bot.domain.levels import reaches_somebody
from bot.domain.lint.finding import Code, Finding, Local, Proof, Where
from bot.domain.lint.hours import first_hole
from bot.domain.lint.rules import Followed, active
from bot.domain.lint.shape import Shape, looked_at
from bot.domain.organisation import Channel, Organisation
from bot.domain.people import People
from bot.domain.rule import Rule
from bot.domain.time_filter import TimeFilter
from bot.domain.time_filter import matches as in_time

MOST_LABELS: Final = 20
SHAPES_SHOWN: Final = 3
_REPORTED: Final = (Severity.CRITICAL, Severity.WARNING, Severity.INFO)


def judge(
    organisation: Organisation, followed: Sequence[Followed], seen: Iterable[Shape], now: datetime
) -> Iterator[Finding]:
    """Yield a finding for each shape that reaches nobody, and one for each channel whose rules leave something out."""
    looking = _Looking(organisation, now)
    rules: dict[ChannelId, list[Rule]] = {}
    for one in followed:
        rules.setdefault(one.channel.id, []).append(one.rule)
    shapes: dict[ChannelId, list[Shape]] = {}
    for shape in seen:
        shapes.setdefault(shape.channel, []).append(shape)
    for channel in active(organisation):
        known = rules.get(channel.id, [])
        if not known:
            continue
        found = _grouped(looking.at_shape(shape, channel, known) for shape in shapes.get(channel.id, ()))
        yield from found
        if all(one.code is Code.ALERT_REACHES_NOBODY for one in found):
            yield from looking.at_rules(channel, known)


def _grouped(found: Iterable[tuple[Finding, Shape] | None]) -> list[Finding]:
    """Return one finding for all shapes of which the same is true, with those that came most often."""
    alike: list[tuple[Finding, list[Shape]]] = []
    for one, shape in filter(None, found):
        shapes = next((shapes for other, shapes in alike if other == one), None)
        if shapes is None:
            alike.append((one, [shape]))
        else:
            shapes.append(shape)
    return [_with_shapes(one, shapes) for one, shapes in alike]


def _with_shapes(finding: Finding, shapes: Iterable[Shape]) -> Finding:
    ordered = sorted(shapes, key=lambda one: -one.count)
    shown = tuple(ordered[:SHAPES_SHOWN])
    return replace(finding, proof={**finding.proof, "shapes": shown, "more": len(ordered) - len(shown)})


class _Looking:
    """Looks at the times of each set of rules once: most alerts are for the same ones."""

    def __init__(self, organisation: Organisation, now: datetime) -> None:
        self._organisation = organisation
        self._people: People = organisation.at(now).people
        self._now = now
        self._holes: dict[frozenset[TimeFilter], datetime | None] = {}

    def at_shape(self, shape: Shape, channel: Channel, rules: Sequence[Rule]) -> tuple[Finding, Shape] | None:
        """Return what is wrong for alerts of this shape."""
        where = Where(Kind.CHANNEL, channel.name)
        fitting = _fitting(shape.example, channel, rules)
        if not fitting:
            return Finding(Code.ALERT_WITHOUT_RULE, where), shape
        hole = self._hole(fitting)
        if hole is not None:
            proof: dict[str, Proof] = {"at": hole, "rules": tuple(rule.name for rule in fitting)}
            return Finding(Code.ALERT_WITHOUT_RULE_AT_TIMES, where, proof), shape
        rule = next(rule for rule in fitting if in_time(rule.when, self._now, self._organisation.day_kind))
        if self._reaches_nobody(rule, channel):
            return Finding(Code.ALERT_REACHES_NOBODY, Where(Kind.CHANNEL, channel.name, rule.name)), shape
        return None

    def at_rules(self, channel: Channel, rules: Sequence[Rule]) -> Iterator[Finding]:
        """Yield that some alert is for no rule, with the first example that is found; else that it is so at times."""
        where = Where(Kind.CHANNEL, channel.name)
        at_times: Finding | None = None
        for example in _examples(channel):
            fitting = _fitting(example, channel, rules)
            if not fitting:
                yield Finding(Code.NO_CATCH_ALL_RULE, where, {"example": example})
                return
            hole = self._hole(fitting) if at_times is None else None
            if hole is not None:
                at_times = Finding(Code.NO_CATCH_ALL_RULE_AT_TIMES, where, {"example": example, "at": hole})
        if at_times is not None:
            yield at_times

    def _hole(self, rules: Sequence[Rule]) -> Local | None:
        whens = tuple(dict.fromkeys(rule.when for rule in rules))
        key = frozenset(whens)
        if key not in self._holes:
            self._holes[key] = first_hole(whens, self._now, self._organisation.day_kind)
        hole = self._holes[key]
        return Local(hole, whens[0].timezone) if hole is not None else None

    def _reaches_nobody(self, rule: Rule, channel: Channel) -> bool:
        """Whether no level reaches anybody at this moment, nor waits for somebody who comes."""
        people, now = self._people, self._now
        rules = Rules(rule.levels, people, catch_all=self._organisation.told_about(channel.id))
        return not any(
            reaches_somebody(number, rules)
            or (level.when_nobody is WhenNobody.HOLD and people.next_duty(level.targets, now) is not None)
            for number, level in enumerate(rule.levels)
        )


def _fitting(facts: Facts, channel: Channel, rules: Sequence[Rule]) -> list[Rule]:
    subject = of_facts(facts, channel.name)
    return [rule for rule in rules if matches(rule.filter, subject)]


def _examples(channel: Channel) -> Iterator[Facts]:
    """Yield alerts that the rules of a channel may leave out: without labels, or with other values in one of them."""
    labels = looked_at(channel).labels[:MOST_LABELS]
    for said in ({}, *({label: "other"} for label in labels)):
        yield from (Facts(severity, "any other title", labels=said) for severity in _REPORTED)
