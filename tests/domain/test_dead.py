"""Which chats are dead is told by the newest message to each, of those that a level tells."""

from dataclasses import replace

from bot.domain import dead
from bot.domain.escalation import Chat, Level
from bot.domain.incident import ChannelId
from bot.domain.organisation import Channel, Organisation, Workspace
from bot.domain.people import People, WorkspaceId
from bot.domain.rule import Rule

ACME, OTHER = WorkspaceId(1), WorkspaceId(2)
FIRST, SECOND, UNKNOWN = Chat(ACME, "C1"), Chat(OTHER, "C1"), Chat(ACME, "C9")
LEVEL = Level((), chats=(FIRST, SECOND))
CHANNEL = Channel(ChannelId(1), "payments", rules=(Rule("all", (LEVEL, LEVEL)),))
NAMED = Organisation(
    1,
    People({}, {}),
    channels={CHANNEL.id: CHANNEL},
    workspaces={ACME: Workspace(ACME, "acme", "chatty"), OTHER: Workspace(OTHER, "other", "chatty")},
)
FIRST_KEY, SECOND_KEY = "oncard/chat-dead/acme/C1", "oncard/chat-dead/other/C1"


def test_a_chat_that_refused_its_newest_message_is_dead_in_the_platforms_words() -> None:
    made = dead.judge(NAMED, {FIRST: "send: is_archived"}, ())
    (found,) = made.found
    assert found.key == FIRST_KEY
    assert found.title == "Oncard cannot write to chat C1 of workspace acme: send: is_archived"
    assert "Invite the bot" in found.description
    assert made.over == frozenset()


def test_a_refusal_without_words_is_one_all_the_same() -> None:
    assert [one.key for one in dead.judge(NAMED, {FIRST: ""}, ()).found] == [FIRST_KEY]


def test_a_chat_whose_newest_message_arrived_is_well_again() -> None:
    made = dead.judge(NAMED, {FIRST: None, SECOND: "gone"}, {FIRST_KEY, SECOND_KEY})
    assert [one.key for one in made.found] == [SECOND_KEY]
    assert made.over == {FIRST_KEY}


def test_a_chat_to_which_nothing_was_sent_stays_as_it_was() -> None:
    assert dead.judge(NAMED, {}, {FIRST_KEY}) == dead.Dead()


def test_a_chat_that_no_level_tells_is_none_of_ours() -> None:
    assert dead.judge(NAMED, {UNKNOWN: "gone"}, ()) == dead.Dead()
    unused = replace(NAMED, channels={CHANNEL.id: replace(CHANNEL, active=False)})
    left = replace(NAMED, workspaces={**NAMED.workspaces, ACME: Workspace(ACME, "acme", "chatty", active=False)})
    for organisation in (unused, left):
        assert dead.judge(organisation, {FIRST: "gone"}, {FIRST_KEY}) == dead.Dead(over=frozenset({FIRST_KEY}))
