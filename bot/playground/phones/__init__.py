"""The phones of the playground's people: what is written to them, who calls them, what lights up on them.

The local servers of the providers put it there; the page and the tests are the people's hands.
"""

from bot.playground.phones.call import Call, Ended
from bot.playground.phones.phones import Habit, Phone, Phones, Push, Text

__all__ = ["Call", "Ended", "Habit", "Phone", "Phones", "Push", "Text"]
