"""Letters: live messages that are about no incident, such as a hand-over or a shift that somebody wants to give away.

A letter is one message about one matter in one place. It is written once, for an `occasion` worth being noticed,
and shows from then on how the matter stands: whatever changes is an edit of it. Where somebody cannot be reached by it,
the next of their ways brings another of the same occasion.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot.domain.delivery import CardId, Place
from bot.domain.growing import Growing


class Matter(Growing):
    """What letters are about."""

    HANDOVER = "handover"
    TRIAL = "trial"
    TRADE = "trade"
    LINT = "lint"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a letter is about: the kind of matter, its number, and on which occasion somebody is to notice it."""

    matter: Matter
    about: int
    occasion: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter in a place, numbered among the cards."""

    id: CardId
    subject: Subject
    place: Place


def next_place(ways: Sequence[Place], used: Collection[Place]) -> Place | None:
    """Return by which of somebody's ways a letter goes after those that were used; None: none is left."""
    return next((place for place in ways if place not in used), None)
