"""What Feishu tells, read as what somebody asks: only ids, our own values and typed words count."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.feishu.clicks import kind_of, read_click, read_message
from adapters.feishu.repeats import MOST, Repeats
from bot.adapter import MessageRef, To
from bot.domain.delivery import LONGEST_DOUBT, RAREST_REPEAT
from cards.card import Note
from tests.adapters.feishu.desk import Still, a_card, again, clicked, written

BOT = "ou_bot"
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def text_of(event: dict[str, Any]) -> str | None:
    said = read_message(event, BOT)
    return said.interaction.text if said else None


def mention(key: str, user: str) -> dict[str, Any]:
    return {"key": key, "id": {"open_id": user}, "name": "Bo"}


def test_a_form_is_one_sentence_in_the_order_of_its_fields_with_people_as_mentions() -> None:
    value = {"t": "reassign 42 v7", "fields": ["who", "team", "text"], "people": ["who"]}
    filled = {"text": " soon ", "who": "ou_bo", "team": "payments", "other": "x"}
    said = read_click(clicked("ou_ana", value=value, form_value=filled))
    assert said is not None
    assert said.form
    assert said.interaction.text == "reassign 42 v7 <@ou_bo> payments soon"
    assert said.interaction.is_token


def test_what_is_no_id_is_no_mention() -> None:
    value = {"t": "reassign 42", "fields": ["who"], "people": ["who"]}
    said = read_click(clicked("ou_ana", value=value, form_value={"who": "x> @all"}))
    assert said is not None
    assert said.interaction.text == "reassign 42 x> @all"


@pytest.mark.parametrize("value", [None, "ack 42", [], {}, {"t": ""}, {"t": 7}, {"a": "ack"}])
def test_a_button_that_is_not_ours_says_nothing(value: object) -> None:
    assert read_click(clicked("ou_ana", value=value)) is None


def test_a_click_of_nobody_says_nothing() -> None:
    assert read_click(clicked("")) is None


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("ack 42", "ack 42"),
        ("  ack\u00a0 42 ", "ack 42"),
        ("@_user_1 ack 42", "ack 42"),
        ("@_user_1 reassign 42 @_user_2 @_user_10", "reassign 42 <@ou_bo> <@ou_chen>"),
        ("comment 42 a\nb", "comment 42 a\nb"),
        ("@_all list", "list"),
        ("@_user_3 list", "list"),
        ("", ""),
    ],
)
def test_placeholders_become_people_and_our_bot_is_cut_off(text: str, read: str) -> None:
    mentions = [mention("@_user_1", BOT), mention("@_user_2", "ou_bo"), mention("@_user_10", "ou_chen")]
    assert text_of(written("ou_ana", text, mentions=mentions)) == read


def test_a_group_must_mention_our_bot() -> None:
    for mentions, heard in (([], None), ([mention("@_user_1", "ou_bo")], None), ([mention("@_user_1", BOT)], "list")):
        assert text_of(written("ou_ana", "@_user_1 list", chat_type="group", mentions=mentions)) == heard
    event = written("ou_ana", "@_user_1 list", chat_type="group", mentions=[mention("@_user_1", "")])
    assert read_message(event, "") is None


def test_what_is_answered_is_the_first_message_of_the_thread() -> None:
    for given_ids, answered in (({"parent_id": "om_1"}, "om_1"), ({"parent_id": "om_2", "root_id": "om_1"}, "om_1")):
        said = read_message(written("ou_ana", "ack", **given_ids), BOT)
        assert said is not None
        assert said.interaction.replied == MessageRef("oc_p", answered)
        assert (said.direct, said.form, said.interaction.trigger) == (True, False, "om_9")


def test_a_text_with_marks_is_read_too() -> None:
    content = '{"title": "", "content": [[{"tag": "at", "user_id": "@_user_1"}, {"tag": "text", "text": " ack 42"}]]}'
    event = written("ou_ana", "", message_type="post", content=content, mentions=[mention("@_user_1", BOT)])
    assert text_of(event) == "ack 42"


def test_other_bots_and_pictures_say_nothing() -> None:
    for changes in ({"message_type": "image"}, {"content": "no JSON"}, {"content": "[]", "message_type": "sticker"}):
        assert text_of(written("ou_ana", "ack 42", **changes)) is None
    event = written("ou_ana", "ack 42")
    event["event"]["sender"]["sender_type"] = "app"
    assert text_of(event) is None


@settings(max_examples=50)
@given(st.dictionaries(st.sampled_from(["header", "event", "schema"]), values))
def test_anything_at_all_is_read_without_an_accident(event: dict[str, Any]) -> None:
    kind_of(event)
    assert read_click(event) is None
    assert read_message(event, BOT) is None


def test_what_was_lost_is_remembered_but_not_without_end() -> None:
    repeats, now = Repeats(), Still().at
    for number in range(MOST + 10):
        repeats.lost(repeats.begin(To(f"oc_{number}"), None, a_card(), now))
    assert not repeats.begin(To("oc_0"), None, again(a_card()), now).again
    assert not repeats.begin(To(f"oc_{MOST + 9}"), None, a_card(), now).again, "a page of its own"
    assert repeats.begin(To(f"oc_{MOST + 9}"), None, again(a_card()), now).again
    assert not repeats.begin(To(f"oc_{MOST + 9}"), None, again(a_card()), now).again
    assert not repeats.begin(To(f"oc_{MOST + 8}"), None, again(Note(("x",))), now).again


def test_a_reminder_is_not_the_one_whose_number_begins_alike() -> None:
    repeats, now = Repeats(), Still().at
    repeats.lost(repeats.begin(To("oc_0"), None, Note(("disk full · reminder 1",)), now))
    assert not repeats.begin(To("oc_0"), None, again(Note(("disk full · reminder 12",))), now).again
    repeated = again(Note(("disk full · reminder 1", " · may be a repeat")))
    assert repeats.begin(To("oc_0"), None, repeated, now).again


def test_a_page_of_later_is_no_repeat_and_is_heard() -> None:
    """The tries of one page end after `LONGEST_DOUBT`, the last of them at most one and a half pauses later."""
    repeats, now = Repeats(), Still().at
    lost = repeats.begin(To("oc_0"), None, a_card(), now)
    repeats.lost(lost)
    last = now + LONGEST_DOUBT + 1.5 * RAREST_REPEAT
    tried = repeats.begin(To("oc_0"), None, again(a_card()), last)
    assert (tried.again, tried.key) == (True, lost.key)
    repeats.lost(tried)
    assert not repeats.begin(To("oc_0"), None, again(a_card()), now + timedelta(minutes=30)).again


def test_a_page_that_is_tried_again_is_not_taken_for_an_earlier_one() -> None:
    repeats, now = Repeats(), Still().at
    earlier = repeats.begin(To("oc_0"), None, a_card(), now)
    repeats.lost(earlier)
    page = repeats.begin(To("oc_0"), None, a_card(), now + timedelta(minutes=1))
    repeats.lost(page)
    assert repeats.begin(To("oc_0"), None, again(a_card()), now + timedelta(minutes=2)).key == page.key
