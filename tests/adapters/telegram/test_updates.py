"""Whatever Telegram tells is read, or said to be unreadable; a text means what its entities say."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.telegram.texts import Me, read_text
from adapters.telegram.updates import Said, Told, Unreadable, read_update, sender

ME = Me("1", "oncard_bot")
PERSON = {"id": 7, "is_bot": False, "first_name": "Ana", "username": "Ana_L", "language_code": "zh-hans"}
CHAT = {"id": -100, "type": "supergroup", "title": "ops"}
QUESTION = {"message_id": 4, "from": {"id": 1, "is_bot": True}, "chat": CHAT, "text": "✏️ close 42 v7\nWhat fixed it"}
MESSAGE = {
    "message_id": 5,
    "chat": CHAT,
    "from": PERSON,
    "text": "@oncard_bot ack 42",
    "entities": [{"type": "mention", "offset": 0, "length": 11}],
    "reply_to_message": QUESTION,
}
CLICK = {
    "id": "99",
    "from": PERSON,
    "data": "~who.1 escalate? 42 v7",
    "message": {
        "message_id": 5,
        "chat": CHAT,
        "reply_markup": {"inline_keyboard": [[{"text": "Cancel", "callback_data": "~"}]]},
    },
}
STANDING = {"chat": CHAT, "from": PERSON, "new_chat_member": {"user": {"id": 1}, "status": "kicked"}}
KINDS = {"message": MESSAGE, "callback_query": CLICK, "my_chat_member": STANDING}
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.text(max_size=5),
    st.just([]),
    st.just({}),
    st.just([1, "x", [{}]]),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every value inside."""
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, key)
        if isinstance(item, dict | list):
            yield from places(item, (*path, key))


EVERYWHERE = [(kind, path) for kind, content in KINDS.items() for path in places({kind: content})]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.sampled_from(EVERYWHERE), ODD), min_size=1, max_size=4))
def test_a_damaged_update_is_read_or_said_to_be_unreadable(
    damage: list[tuple[tuple[str, tuple[Any, ...]], Any]],
) -> None:
    kind = damage[0][0][0]
    update = json.loads(json.dumps({"update_id": 3, kind: KINDS[kind]}))
    for (other, path), odd in damage:
        if other == kind:
            inside = update
            with contextlib.suppress(KeyError, IndexError, TypeError):
                for key in path[:-1]:
                    inside = inside[key]
                inside[path[-1]] = odd
    sender(update)
    with contextlib.suppress(Unreadable):
        assert isinstance(read_update(update, ME, {}), Said | Told | None)


def test_a_genuine_update_says_all() -> None:
    said = read_update({"message": MESSAGE}, ME, {})
    assert isinstance(said, Said)
    assert (said.interaction.text, said.interaction.is_token) == ("close 42 v7 ack 42", True)
    assert (said.locale, said.private, sender({"message": MESSAGE})) == ("zh-hans", False, ("ana_l", "7"))
    click = read_update({"callback_query": CLICK}, ME, {})
    assert isinstance(click, Said)
    assert (click.interaction.text, click.form, click.interaction.message) == ("escalate? 42 v7", True, None)
    assert read_update({"my_chat_member": STANDING}, ME, {}) == Told("removed_from_chat", "-100", "kicked")
    assert read_update({"poll": {}}, ME, {}) is None


def test_nobody_and_bots_say_nothing() -> None:
    bot = {**PERSON, "is_bot": True}
    assert read_update({"message": {**MESSAGE, "from": bot}}, ME, {}) is None
    assert read_update({"callback_query": {**CLICK, "data": None}}, ME, {}) is None
    nameless = {"id": 7, "is_bot": False}
    said = read_update({"message": {**MESSAGE, "from": nameless}}, ME, {})
    assert isinstance(said, Said)
    assert said.interaction.user_name == "7"


def entity(kind: str, offset: object, length: object, **more: object) -> dict[str, object]:
    return {"type": kind, "offset": offset, "length": length, **more}


@pytest.mark.parametrize(
    ("text", "entities", "said", "addressed"),
    [
        ("🔥 @oncard_bot x", [entity("mention", 3, 11)], "🔥  x", True),
        ("🔥 Ana x", [entity("text_mention", 3, 3, user={"id": 7})], "🔥 <@7> x", False),
        ("Oncard x", [entity("text_mention", 0, 6, user={"id": 1})], "x", True),
        ("Ana x", [entity("text_mention", 0, 3, user={"id": "7"})], "Ana x", False),
        ("ask @Ana_L", [entity("mention", 4, 6)], "ask <@7>", False),
        ("x /oncard", [entity("bot_command", 2, 7)], "x /oncard", False),
        ("a b", [entity("bold", 0, 1), entity("mention", 0, 3), entity("mention", 1, 99)], "a b", False),
        ("a b", [entity("mention", -1, 2), entity("mention", "0", 1), entity("mention", 0, 0), "x", {}], "a b", False),
        ("a b", "nonsense", "a b", False),
        ("\ud800 x", None, "? x", False),
    ],
)
def test_a_text_means_what_its_entities_say(text: str, entities: object, said: str, addressed: bool) -> None:
    typed = read_text(text, entities, ME, {"ana_l": "7"})
    assert (typed.text, typed.addressed) == (said, addressed)


def test_what_is_forwarded_is_nobodys_command() -> None:
    own = {name: value for name, value in MESSAGE.items() if name != "reply_to_message"}
    assert isinstance(read_update({"message": own}, ME, {}), Said)
    forwarded = {**own, "forward_origin": {"type": "user", "sender_user": {"id": 8}}}
    assert read_update({"message": forwarded}, ME, {}) is None
