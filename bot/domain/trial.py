"""Trials: somebody has every way by which they can be reached rung once, and sees what came of each.

A code stands in each message, another in each, so that whoever types it shows that this very message has come. A key
that is pressed in a call shows the same. What cannot be rung is named with why.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.domain import reach
from bot.domain.delivery import Place
from bot.domain.organisation import Organisation
from bot.domain.people import LINES, Account, AccountId, Method
from bot.domain.verification import Obstacle, obstacle

AGAIN_AFTER: Final = timedelta(minutes=10)
"""So often somebody may have their methods rung."""

WATCHED: Final = timedelta(minutes=15)
"""So long what comes of it is looked for."""

MOST: Final = 10
"""So many ways are rung."""

_METHODS: Final = {line: method for method, line in LINES.items()}


class Outcome(StrEnum):
    """What came of one way, from nothing yet to a proof."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REPORTED = "reported"
    PROVEN = "proven"
    FAILED = "failed"


class Proof(StrEnum):
    """How somebody has shown that it has come."""

    CLICK = "click"
    CODE = "code"
    KEY = "key"


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one way, when, in whose words. `by`: the provider. `proof`: how somebody has shown that it came."""

    outcome: Outcome = Outcome.WAITING
    at: datetime | None = None
    by: str = ""
    said: str = ""
    proof: Proof | None = None


@dataclass(frozen=True, slots=True)
class Ring:
    """One way that is rung, and the code that its message bears."""

    place: Place
    code: str
    result: Result = Result()

    @property
    def method(self) -> Method:
        """Return by which method it goes."""
        return method_of(self.place)


@dataclass(frozen=True, slots=True)
class Trial:
    """A test of somebody's methods. `obstacles`: those that cannot be rung, and why. `version` grows with the news."""

    account: AccountId
    started_at: datetime
    rings: tuple[Ring, ...]
    obstacles: tuple[tuple[Method, Obstacle], ...] = ()
    version: int = 1

    @property
    def again_at(self) -> datetime:
        """Return when the next may begin."""
        return self.started_at + AGAIN_AFTER


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is known of a message: that it was accepted or failed, or what its provider reported of it."""

    outcome: Outcome
    at: datetime
    by: str
    said: str
    proof: Proof | None = None


def method_of(place: Place) -> Method:
    """Return by which method a message goes to a place."""
    return _METHODS.get(place.workspace, Method.IM)


def begin(account: Account, organisation: Organisation, codes: Iterable[str], now: datetime) -> Trial:
    """Return the trial of all of somebody's ways; `codes` are taken in turn, one for each."""
    found = [(method, obstacle(account, organisation, method)) for method in Method]
    cannot = tuple((method, why) for method, why in found if why is not None)
    missing = {method for method, _ in cannot}
    ways = [way.place for way in reach.quiet_ways(account.id, organisation)]
    rung = [place for place in ways if method_of(place) not in missing][:MOST]
    return Trial(account.id, now, tuple(Ring(place, code) for place, code in zip(rung, codes, strict=False)), cannot)


def judged(trial: Trial, known: Sequence[Sequence[Step]]) -> Trial:
    """Return the trial as it stands by what is known of each ring's message, oldest first. News make a new version."""
    rings = tuple(
        replace(ring, result=_result(ring.result, steps)) for ring, steps in zip(trial.rings, known, strict=True)
    )
    return trial if rings == trial.rings else replace(trial, rings=rings, version=trial.version + 1)


def proven(trial: Trial, code: str, now: datetime) -> Trial | None:
    """Return the trial after somebody has typed a code; None: it is none of this trial."""
    index = next((index for index, ring in enumerate(trial.rings) if ring.code == code), None)
    if index is None:
        return None
    # In a chat nobody types it: the button of its message says it.
    is_chat = trial.rings[index].method is Method.IM
    return _prove(trial, index, Proof.CLICK if is_chat else Proof.CODE, now)


def clicked(trial: Trial, place: Place, now: datetime) -> Trial:
    """Return the trial after somebody has pressed a button there: what came back by it has gone there before."""
    index = next((index for index, ring in enumerate(trial.rings) if ring.place == place), None)
    return _prove(trial, index, Proof.CLICK, now) if index is not None else trial


def _prove(trial: Trial, index: int, proof: Proof, now: datetime) -> Trial:
    ring = trial.rings[index]
    if ring.result.outcome is Outcome.PROVEN:
        return trial
    shown = replace(ring, result=replace(ring.result, outcome=Outcome.PROVEN, at=now, proof=proof))
    return replace(trial, rings=(*trial.rings[:index], shown, *trial.rings[index + 1 :]), version=trial.version + 1)


def _result(result: Result, steps: Sequence[Step]) -> Result:
    """Return what the newest step says; what was proven stays so."""
    if result.outcome is Outcome.PROVEN or not steps:
        return result
    newest = next((one for one in steps if one.outcome is Outcome.PROVEN), steps[-1])
    return Result(newest.outcome, newest.at, newest.by, newest.said, newest.proof)
