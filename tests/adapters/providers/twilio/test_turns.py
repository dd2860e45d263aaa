"""Turns are remembered, and the oldest are forgotten."""

from adapters.providers.twilio.turns import MOST_TURNS, Turns
from cards.script import Script
from tests.playground.manual_clock import ManualClock


async def test_the_oldest_turns_are_forgotten() -> None:
    turns = Turns(ManualClock(), 10)

    async def said() -> Script:
        return Script(("a",))

    for number in range(MOST_TURNS + 1):
        assert not (await turns.take(f"CA{number}", 0, said)).repeated
    assert not turns.is_listening("CA0")
    assert turns.is_listening("CA1")
    assert (await turns.take("CA1", 0, said)).repeated
    assert not (await turns.take("CA0", 0, said)).repeated
