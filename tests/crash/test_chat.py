"""What the chat took is known by its words."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.clock import SystemClock
from bot.domain.board import Pages
from bot.domain.people import AccountId
from bot.playground.slack import SlackServer
from bot.playground.slack.validate import read_draft
from cards.board import BoardScene, call, card
from cards.card import Message
from cards.slack import render
from tests.cards.storms import CRITICAL, incident, storm
from tests.crash.chat import Chat
from tests.crash.history import Seen
from tests.crash.setting import CHANNELS, PEOPLE


@pytest.mark.parametrize("mentioned", [(), (AccountId(1), AccountId(2))])
@pytest.mark.parametrize("says", [card, call])
def test_a_board_is_known_whomever_it_mentions(
    says: Callable[[BoardScene], Message], mentioned: tuple[AccountId, ...]
) -> None:
    slack = SlackServer(SystemClock())
    chat, workspace = Chat(slack), slack.workspace
    users = {AccountId(number): workspace.user(name).id for number, name in enumerate(PEOPLE, start=1)}
    names = {AccountId(number): name for number, name in enumerate(PEOPLE, start=1)}
    scene = storm((CRITICAL, 3), names=names, users=users, mention=mentioned)
    place = workspace.channel(next(iter(CHANNELS))).id
    draft = read_draft({"channel": place, **render(says(replace(scene, pages=Pages(3, incident(28)))))})

    workspace.post(workspace.new_message(place, workspace.bot.id, draft))

    assert [(one.number, one.seen) for one in chat.arrivals] == [(0, Seen.BOARD)]
