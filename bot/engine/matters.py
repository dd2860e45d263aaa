"""The matters that letters are about, each with what it has to say."""

from typing import Final

from bot.domain.letter import Matter
from bot.engine import daily, handover_letters, trades, trials
from bot.engine.letters import Desk, Desks

DESKS: Final[Desks] = {
    Matter.HANDOVER: Desk(handover_letters.read, handover_letters.lost),
    Matter.TRIAL: Desk(trials.read),
    Matter.TRADE: Desk(trades.read, trades.lost),
    Matter.LINT: Desk(daily.read, daily.lost),
}
