"""What is said is a document that Twilio takes, whatever is said."""

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.providers.twilio.config import VOICES
from adapters.providers.twilio.twiml import INLINE_LIMIT, document, inline, one_moment, spoken, written
from bot.playground.twilio.twiml import Gather, Hangup, Message, Pause, Redirect, Say, parse
from cards.script import Script

anything = st.text(st.characters(exclude_categories=()), max_size=40)
scripts = st.builds(
    Script,
    st.lists(st.one_of(anything, st.just("&<>\"'" * 300)), max_size=12).map(tuple),
    st.sampled_from(["en", "zh-CN", "fr"]),
    st.integers(0, 3),
    st.integers(0, 3),
)
NIGHT = Script(("This is Oncard.", "Disk <full> & more."))
SAID = (Say("This is Oncard.", "en-US", "Polly.Joanna"), Say("Disk <full> & more.", "en-US", "Polly.Joanna"))


@settings(max_examples=50, deadline=None)
@given(scripts, anything)
def test_any_words_make_a_document(script: Script, words: str) -> None:
    parse(spoken(script, VOICES, "keys?locale=en&turn=1", 8))
    parse(one_moment(words, script.locale, VOICES, "moment?locale=en&turn=1"))
    verbs = parse(written(words))
    assert len(verbs) <= 1
    ordered = inline(script, VOICES)
    assert len(ordered) <= INLINE_LIMIT
    assert parse(ordered)[-1] == Hangup()


def test_keys_are_waited_for_and_silence_is_told_at_the_end() -> None:
    gather = Gather(SAID, digits=1, seconds=8, finish="", action="keys?locale=en&turn=1")
    heard = Gather(SAID, digits=1, seconds=8, finish="", on_empty=True, action="keys?locale=en&turn=1")
    assert parse(spoken(NIGHT, VOICES, "keys?locale=en&turn=1", 8)) == (gather, heard)


def test_what_asks_for_nothing_is_said_again_and_ends() -> None:
    script = Script(NIGHT.lines, digits=0, again=1)
    expected = (*SAID, Pause(1.0), *SAID, Hangup())
    assert parse(spoken(script, VOICES, "", 8)) == expected
    assert parse(inline(script, VOICES)) == expected


def test_an_order_to_call_is_cut_to_what_is_taken() -> None:
    twice = Script(("a" * 500,) * 2, digits=0, again=1)
    assert len([one for one in parse(inline(twice, VOICES)) if isinstance(one, Say)]) == 4
    once = Script(("a" * 500,) * 5, digits=0, again=1)
    assert len([one for one in parse(inline(once, VOICES)) if isinstance(one, Say)]) == 5
    cut = Script(("a" * 500,) * 9, digits=0, again=1)
    assert len([one for one in parse(inline(cut, VOICES)) if isinstance(one, Say)]) == 7
    assert parse(inline(Script((), digits=0), VOICES)) == (Hangup(),)


def test_the_answers_of_an_sms_and_of_a_moment() -> None:
    assert parse(written("#42 is yours")) == (Message("#42 is yours"),)
    assert parse(written("")) == ()
    assert parse(one_moment("One moment…", "zh", VOICES, "moment?a=1&b=2")) == (
        Say("One moment…", "cmn-CN", "Polly.Zhiyu"),
        Pause(1.0),
        Redirect("moment?a=1&b=2"),
    )
    answer = document(written("é"))
    assert answer.content_type == "application/xml"
    assert answer.body.decode() == '<?xml version="1.0" encoding="UTF-8"?><Response><Message>é</Message></Response>'
