"""The standard cards and notes as pushes, reviewed as a person reads them on a lock screen."""

import json
from dataclasses import asdict

from cards import board, build
from cards.push import Limits, render
from tests.cards.test_slack_golden import BOARDS, CARDS, NOTES
from tests.support.golden import Golden

LIMITS = Limits(title=250, body=1024)


def test_pushes(golden: Golden) -> None:
    messages = {
        **{f"card {name}": build.card(scene()) for name, scene in CARDS.items()},
        **{f"board {name}": board.card(scene()) for name, scene in BOARDS.items()},
        **{f"note {name}": note() for name, note in NOTES.items()},
    }
    told = {name: asdict(render(message, limits=LIMITS)) for name, message in messages.items()}
    golden("golden/push/all.json", json.dumps(told, indent=2, ensure_ascii=False) + "\n")
