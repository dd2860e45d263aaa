"""The matters that letters are about, each with what it has to say."""

from typing import Final

from bot.engine.letters import Desks

DESKS: Final[Desks] = {}
