"""Whatever fails, for whomever: somebody is told, or it is said loudly that nobody could be; nobody else notices."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import product

import pytest

from bot.adapter import DeliveryFailed, FailureKind
from bot.domain.delivery import Kind, State
from bot.domain.people import Method
from storage.database import Database
from tests.engine.stage import Stage
from tests.engine.test_fallback import Team, to

METHODS = (Method.IM, Method.SMS, Method.VOICE, Method.EMAIL)
ADDRESSES = {
    "ana": {"ana", "ana@example.com", "+491711234500"},
    "bo": {"bo", "bo@example.com", "+491711234510"},
    "dee": {"dee", "dee@example.com", "+491711234520"},
}
KINDS = (FailureKind.REFUSED, FailureKind.UNCERTAIN, FailureKind.QUOTA, FailureKind.UNREACHABLE)
LONG = timedelta(minutes=4)


@dataclass(frozen=True)
class Night:
    """What fails: which methods for whom, and how each method fails."""

    failing: frozenset[tuple[str, Method]]
    kinds: tuple[FailureKind, ...]

    def of(self, name: str) -> set[Method]:
        return {method for who, method in self.failing if who == name}


def a_night(seed: int, names: Iterable[str]) -> Night:
    chance = random.Random(seed)  # noqa: S311 - A seed that is drawn again must give the same night.
    share = chance.choice((0.2, 0.5, 0.8, 1.0))
    failing = frozenset(one for one in product(names, METHODS) if chance.random() < share)
    return Night(failing, tuple(chance.choice(KINDS) for _ in METHODS))


async def lived_through(team: Team, night: Night) -> dict[str, list[tuple[Method, str]]]:
    """Let an alert for Ana and Bo fall into the night; return by which methods each was told, and in which order."""
    await team.configure(to("ana", "bo", escalate_after=timedelta(minutes=60)))
    for method, kind in zip(METHODS, night.kinds, strict=True):
        whom = {address for name in ADDRESSES if method in night.of(name) for address in ADDRESSES[name]}
        team.way(method).refused |= whom
        team.way(method).no = DeliveryFailed(kind, f"the platform says {kind}")
    await team.stage.fire("disk")
    await team.advance(LONG)
    told: dict[str, list[tuple[Method, str]]] = {}
    for method, pages in (await team.paged()).items():
        for name, after in pages:
            told.setdefault(name.lower(), []).append((method, str(after)))
    return {name: sorted(some) for name, some in told.items()}


@pytest.mark.parametrize("seed", range(6))
async def test_who_can_be_reached_by_any_way_is_and_else_the_admins_hear_of_it(database: Database, seed: int) -> None:
    night = a_night(seed, ADDRESSES)
    team = Team(Stage(database))

    told = await lived_through(team, night)

    can_be = {name for name in ("ana", "bo") if night.of(name) < set(METHODS)}
    assert can_be <= set(told)
    for pages in told.values():
        methods = [method for method, _ in pages]
        assert len(methods) == len(set(methods)), "one page by each method and turn"
    said = await team.said()
    assert ("exhausted" in said) == (not can_be)
    if not can_be:
        notes = [one for one in await team.stage.ledger() if one.delivery.kind is Kind.NOTE]
        dee = [one for one in notes if one.state is State.DELIVERED]
        assert dee or night.of("dee") == set(METHODS)
    settled = {State.DELIVERED, State.FAILED, State.WITHDRAWN}
    ledger = await team.stage.ledger()
    waits = [one for one in ledger if one.state not in settled and one.delivery.kind is not Kind.EDIT]
    assert {one.reason for one in waits if one.not_before <= team.clock.now()} <= {"dark", "unreachable", "uncertain"}


@pytest.mark.parametrize("seed", range(3))
async def test_what_fails_for_one_person_changes_nothing_for_another(database: Database, seed: int) -> None:
    told = await lived_through(Team(Stage(database)), a_night(seed, ("ana",)))

    assert told["bo"] == [(Method.IM, "0"), (Method.SMS, "120")]
