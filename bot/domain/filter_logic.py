"""What is certain about filters before anything is asked of them: for checks of a configuration.

Every certainty here is proven, field by field, from exact texts, numbers, networks and the words of closed fields. Of
wildcards and regular expressions only what needs no look into them is known; what is not decided is said to be so.

The proof: within a group, whatever a field holds is one of a few exact texts, or stands for all numbers between two
that are written, or for all addresses between two borders of networks. So a few candidates stand for all there is: if
none of them passes the conditions of the field, nothing does.
"""

import re
from collections.abc import Iterable, Iterator
from decimal import Context, Decimal
from itertools import pairwise
from typing import Final

from bot.domain import filter_values, filters
from bot.domain.filter_values import Address, Anything, Compared, Exact, InNetwork, Misread, Network, Value
from bot.domain.filters import CLOSED, LABELS, Condition, Field, Filter, Group, Subject

_Candidate = str | Decimal | Address
"""What a field may hold: this text; or, however it is spelled, a number or an address, which stand for others too."""

# So exact that the middle of two numbers is never rounded to one of them: a number's exponent has three digits.
_EXACT: Final = Context(prec=4000)


def can_never_match(filtering: Filter) -> str | None:
    """Return why nothing can ever match the filter, group by group; None: something may."""
    reasons = [_contradiction(group) for group in filtering.groups]
    if not reasons or None in reasons:
        return None
    return "; ".join(dict.fromkeys(reason for reason in reasons if reason))


def overlap(one: Filter, other: Filter) -> bool | None:
    """Whether something can match both filters; None: it is not decided."""
    pairs = [first + second for first in one.groups or ((),) for second in other.groups or ((),)]
    possible = [pair for pair in pairs if _contradiction(pair) is None]
    if not possible:
        return False
    return True if any(_example(pair) is not None for pair in possible) else None


def covers(wide: Filter, narrow: Filter) -> bool:
    """Whether all that matches `narrow` surely matches `wide` too; False: not surely."""
    return all(any(_implies(group, other) for other in wide.groups or ((),)) for group in narrow.groups or ((),))


def example(filtering: Filter) -> Subject | None:
    """Return something that matches the filter; None: none was found, though there may be one."""
    found = (_example(group) for group in filtering.groups or ((),))
    return next((subject for subject in found if subject is not None), None)


def _implies(group: Group, other: Group) -> bool:
    """Whether each condition of the other group is surely true where all of this one are."""
    return all(
        _contradict(
            one.field,
            [
                *(condition for condition in group if condition.field == one.field),
                Condition(one.field, one.values, negated=not one.negated),
            ],
        )
        for one in other
    )


def _contradiction(group: Group) -> str | None:
    """Return why the conditions of one field cannot all be true; None: of no field this is proven."""
    for field in dict.fromkeys(condition.field for condition in group):
        conditions = [condition for condition in group if condition.field == field]
        if _contradict(field, conditions):
            return f"no `{field}` is " + " and ".join(_said(condition) for condition in conditions)
    return None


def _contradict(field: str, conditions: list[Condition]) -> bool:
    wanted = [condition for condition in conditions if not condition.negated]
    excluded = [value for condition in conditions if condition.negated for value in condition.values]
    if field in CLOSED and (wanted or field == Field.SEVERITY):
        return not any(_passes(word, conditions) for word in CLOSED[field])
    if not wanted:
        return False
    if "*" in excluded or any(set(condition.values) <= set(excluded) for condition in wanted):
        return True
    if not any(all(map(_is_decided, condition.values)) for condition in wanted):
        return False
    return not any(_passes(candidate, conditions) for candidate in _candidates(conditions))


def _passes(candidate: _Candidate, conditions: Iterable[Condition]) -> bool:
    """Whether all may be true of what the candidate stands for."""
    return all(_may_hold(candidate, condition) for condition in conditions)


def _may_hold(candidate: _Candidate, condition: Condition) -> bool:
    if isinstance(candidate, str):
        return filters.holds(condition, candidate)
    # A number or an address can be spelled in many ways, so what depends on its spelling may turn out either way.
    hit = any(_takes(filter_values.read(value), candidate) for value in condition.values)
    return not hit if condition.negated else hit or not all(map(_is_decided, condition.values))


def _takes(value: Value | Misread, candidate: Decimal | Address) -> bool:
    if isinstance(value, Compared) and isinstance(candidate, Decimal):
        return value.holds(candidate)
    return isinstance(value, InNetwork) and not isinstance(candidate, Decimal) and candidate in value.network


def _is_decided(written: str) -> bool:
    """Whether all texts that match the value are among the candidates, or stood for by them."""
    return isinstance(filter_values.read(written), Exact | Compared | InNetwork | Misread)


def _candidates(conditions: Iterable[Condition]) -> Iterator[_Candidate]:
    said = [filter_values.read(value) for condition in conditions for value in condition.values]
    yield from (value.text for value in said if isinstance(value, Exact))
    yield from _points(sorted({value.than for value in said if isinstance(value, Compared)}))
    for value in said:
        if isinstance(value, InNetwork):
            yield from _borders(value.network)


def _points(bounds: list[Decimal]) -> Iterator[Decimal]:
    """Yield each bound, and a number in each of the gaps around them."""
    if bounds:
        yield from bounds
        yield _EXACT.subtract(bounds[0], Decimal(1))
        yield _EXACT.add(bounds[-1], Decimal(1))
    yield from (_EXACT.divide(_EXACT.add(below, above), Decimal(2)) for below, above in pairwise(bounds))


def _borders(network: Network) -> Iterator[Address]:
    """Yield the first address of the network, and the first behind it."""
    yield network[0]
    if int(network[-1]) < int(network.max_prefixlen * "1", 2):
        yield network[-1] + 1


def _example(group: Group) -> Subject | None:
    fields: dict[str, str] = {}
    for field in dict.fromkeys((Field.SEVERITY, *(condition.field for condition in group))):
        conditions = [condition for condition in group if condition.field == field]
        texts = (text for text in _guesses(field, conditions) if _passes(text, conditions))
        found = next(texts, None)
        if found is None:
            return None
        fields[field] = found
    labels = {name.removeprefix(LABELS): text for name, text in fields.items() if name.startswith(LABELS)}
    return Subject({name: text for name, text in fields.items() if not name.startswith(LABELS)}, labels)


def _guesses(field: str, conditions: list[Condition]) -> Iterator[str]:
    """Yield texts that the field may hold, the likely ones first."""
    if field in CLOSED:
        yield from CLOSED[field]
        return
    values = [value for condition in conditions if not condition.negated for value in condition.values]
    yield from (text for value in values for text in _like(value, filter_values.read(value)))
    yield from (format(one, "f") if isinstance(one, Decimal) else str(one) for one in _candidates(conditions))
    yield from ("any", "")


def _like(written: str, value: Value | Misread) -> Iterator[str]:
    """Yield texts that may match the value."""
    if isinstance(value, Anything | Compared | InNetwork | Misread):
        return
    if isinstance(value, Exact):
        yield value.text
        return
    yield written.replace("*", "").replace("?", "x")
    yield written.replace("*", "x").replace("?", "x")
    for branch in re.sub(r"/(.+)/i?", r"\1", written).strip("()").split("|"):
        yield re.sub(r"^\^|\$$|\\([^\w])|\.[*+]", r"\1", branch)


def _said(condition: Condition) -> str:
    shown = ", ".join(condition.values[:3]) + (", …" if len(condition.values) > 3 else "")
    return f"{'not ' if condition.negated else ''}[{shown}]"
