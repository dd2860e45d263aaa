"""Which rules can be followed at all, and why the others cannot: nothing matches, no day comes, others come before."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.domain import filter_logic
from bot.domain.calendar import WEEK
from bot.domain.definition import Kind
from bot.domain.filters import Filter
from bot.domain.lint.finding import Code, Finding, Proof, Where
from bot.domain.lint.hours import cover, never_comes
from bot.domain.organisation import OWN_NAME, Channel, Organisation
from bot.domain.rule import Rule

# So many comparisons of groups of conditions at most, for one rule: a file of enormous filters is linted all the same.
MOST_COMPARED: Final = 5_000


@dataclass(frozen=True, slots=True)
class Followed:
    """A rule that alerts of its channel can follow."""

    channel: Channel
    rule: Rule

    def where(self, level: int = 0) -> Where:
        """Return where it is, or where one of its levels is, which count from 1."""
        return Where(Kind.CHANNEL, self.channel.name, self.rule.name, level)


def active(organisation: Organisation) -> list[Channel]:
    """Return the channels that there are, by their names."""
    return sorted((one for one in organisation.channels.values() if one.active), key=lambda one: one.name)


def judge(organisation: Organisation, now: datetime) -> tuple[tuple[Followed, ...], tuple[Finding, ...]]:
    """Return the rules that can be followed, and a finding for each other one that is not switched off.

    Of the channel of Oncard's own troubles, without rules, the admins hear.
    """
    followed: list[Followed] = []
    found: list[Finding] = []
    for channel in active(organisation):
        if not any(rule.enabled for rule in channel.rules) and channel.name != OWN_NAME:
            found.append(Finding(Code.CHANNEL_WITHOUT_RULES, Where(Kind.CHANNEL, channel.name)))
        before: list[Rule] = []
        for rule in channel.rules:
            if not rule.enabled:
                continue
            one = Followed(channel, rule)
            why = _why_never(one, before, organisation, now)
            if why is None:
                followed.append(one)
                before.append(rule)
            else:
                found.append(why)
    return tuple(followed), tuple(found)


def _why_never(one: Followed, before: Sequence[Rule], organisation: Organisation, now: datetime) -> Finding | None:
    rule = one.rule
    reason = filter_logic.can_never_match(rule.filter)
    if reason is not None:
        return Finding(Code.RULE_NEVER_MATCHES, one.where(), {"reason": reason})
    if never_comes(rule.when, now, organisation.day_kind):
        days = tuple(map(str, rule.when.weekdays or WEEK))
        proof: dict[str, Proof] = {"weekdays": days, "calendar": rule.when.calendar, "kind": str(rule.when.days)}
        return Finding(Code.RULE_NEVER_HOLDS, one.where(), proof)
    by = tuple(other.name for other in _shadows(rule, before))
    return Finding(Code.SHADOWED_RULE, one.where(), {"rules": by}) if by else None


def _shadows(rule: Rule, before: Sequence[Rule]) -> tuple[Rule, ...]:
    """Return the earlier rules that take, between them, all that the rule is for; none: something is left for it."""
    shadows: dict[str, Rule] = {}
    left = MOST_COMPARED
    for group in rule.filter.groups or ((),):
        taking: list[Rule] = []
        for other in before:
            left -= len(other.filter.groups) or 1
            if left < 0:
                return ()
            if filter_logic.covers(other.filter, Filter((group,))):
                taking.append(other)
        if not cover([other.when for other in taking], rule.when):
            return ()
        shadows |= {other.name: other for other in _fewest(taking, rule)}
    return tuple(shadows.values())


def _fewest(taking: Sequence[Rule], rule: Rule) -> Iterator[Rule]:
    """Yield one that takes all alone, if there is one, else all of them."""
    alone = next((other for other in taking if cover([other.when], rule.when)), None)
    yield from [alone] if alone is not None else taking
