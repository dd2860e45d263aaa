"""An SMS is counted as networks count it, fits, says first what is needed at night, and holds nothing hidden."""

import unicodedata
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.domain.event import Link
from cards import board, build
from cards.card import Card, Message, Note, Tone
from cards.sms import Segments, fields, measure, text
from tests.cards import stories
from tests.cards.strategies import cards, notes, too_long_everywhere
from tests.cards.test_slack_golden import BOARDS, CARDS, NOTES
from tests.support.golden import Golden

LIMITS = {False: (160, 153), True: (70, 67)}
# GSM-7's own order, a row for each 16 of its codes; 0x1B leads to the nine others.
ALPHABET = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)
ESCAPED = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}
CPU = build.card(stories.Story().scene())


def encoded(character: str, *, unicode: bool) -> list[int]:
    """Return the units that stand for a character."""
    if unicode:
        octets = character.encode("utf-16-be", "surrogatepass")
        return [int.from_bytes(octets[place : place + 2]) for place in range(0, len(octets), 2)]
    return [0x1B, ESCAPED[character]] if character in ESCAPED else [ALPHABET.index(character)]


def parts(said: str, *, unicode: bool) -> Iterator[list[int]]:
    """Yield the segments of a text, unit by unit, each as long as it can be."""
    coded = [encoded(character, unicode=unicode) for character in said]
    whole, most = LIMITS[unicode]
    if len(flat := [unit for units in coded for unit in units]) <= whole:
        yield flat
        return
    part: list[int] = []
    for units in coded:
        if len(part) + len(units) > most:
            yield part
            part = []
        part = part + units
    yield part


letters = st.text(st.sampled_from("aZ€[~é\n@ 5"), max_size=400)
anything = st.text(st.one_of(st.sampled_from("a€告😀…"), st.characters(exclude_categories=())), max_size=200)


@settings(deadline=None, max_examples=50)
@given(st.one_of(letters, anything))
@example("a" * 152 + "€" * 4 + "a" * 6)
@example("告" * 66 + "😀" * 2)
def test_a_text_is_counted_as_it_is_packed(said: str) -> None:
    unicode = not set(said) <= set(ALPHABET.replace("\x1b", "")) | set(ESCAPED)
    packed = list(parts(said, unicode=unicode))
    units = sum(len(part) for part in packed)
    assert measure(said) == Segments(unicode, units, len(packed))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("", Segments(unicode=False, units=0, segments=1)),
        ("a" * 160, Segments(unicode=False, units=160, segments=1)),
        ("a" * 161, Segments(unicode=False, units=161, segments=2)),
        ("a" * 306, Segments(unicode=False, units=306, segments=2)),
        ("a" * 307, Segments(unicode=False, units=307, segments=3)),
        ("€" * 80, Segments(unicode=False, units=160, segments=1)),
        ("€" * 81, Segments(unicode=False, units=162, segments=2)),
        ("€" * 153, Segments(unicode=False, units=306, segments=3)),
        ("告" * 70, Segments(unicode=True, units=70, segments=1)),
        ("告" * 71, Segments(unicode=True, units=71, segments=2)),
        ("😀" * 35, Segments(unicode=True, units=70, segments=1)),
        ("😀" * 36, Segments(unicode=True, units=72, segments=2)),
        ("😀" * 67, Segments(unicode=True, units=134, segments=3)),
        ("`", Segments(unicode=True, units=1, segments=1)),
        ("ç…—\u00a0", Segments(unicode=True, units=4, segments=1)),
    ],
)
def test_known_counts(said: str, expected: Segments) -> None:
    assert measure(said) == expected


def test_the_alphabet_is_that_of_the_standard() -> None:
    assert len(ALPHABET) == len(set(ALPHABET)) == 128
    known = {chr(code) for code in range(0x3000) if not measure(chr(code)).unicode}
    assert known == set(ALPHABET.replace("\x1b", "")) | set(ESCAPED)


@settings(deadline=None, max_examples=50)
@given(st.one_of(cards, notes), st.sampled_from(["en", "zh", "fr"]), st.integers(1, 3), st.booleans(), st.booleans())
@example(too_long_everywhere(), "en", 1, True, True)
@example(replace(too_long_everywhere(), number=10**9, tone=Tone.TAKEN, repeat=True), "zh", 1, True, True)
@example(Note(()), "en", 1, True, True)
def test_any_message_fits_and_hides_nothing(
    message: Message, locale: str, segments: int, reply: bool, links: bool
) -> None:
    for repeat in (False, True):
        said = text(replace(message, repeat=repeat), locale=locale, segments=segments, reply=reply, links=links)
        assert said.strip() == said != ""
        assert measure(said).segments <= segments
        assert not {unicodedata.category(character) for character in said} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
        if isinstance(message, Card) and message.number is not None:
            assert f"#{message.number}" in said
        said.encode()


@settings(deadline=None, max_examples=25)
@given(st.one_of(cards, notes), st.sampled_from(["en", "zh"]))
def test_any_message_fills_a_template(message: Message, locale: str) -> None:
    filled = fields(message, locale)
    assert list(filled) == ["number", "severity", "title", "summary"]
    for value in filled.values():
        assert not {unicodedata.category(character) for character in value} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


def test_what_is_needed_stands_first_and_only_the_title_is_cut() -> None:
    long = replace(CPU, title="Host high CPU load on web-3 " * 20)
    said = text(long, locale="en", reply=True)
    assert said.startswith("Critical #42: Host high CPU load on web-3 Host")
    assert said.endswith(".. - Reply 1 42 to acknowledge, 2 42 to escalate")
    assert measure(said) == Segments(unicode=False, units=306, segments=2)


def test_chinese_fits_too() -> None:
    long = replace(CPU, title="主机处理器负载过高" * 20, severity_word="严重")
    said = text(long, locale="zh", reply=True)
    assert said.startswith("严重 #42: 主机处理器负载过高")
    assert said.endswith(".. - 回复 1 42 认领，2 42 升级")
    assert measure(said) == Segments(unicode=True, units=134, segments=2)


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("“disk” – full… at 95 °C·2", '"disk" - full... at 95 °C-2'),
        ("🔥 [FIRING:1] it`s ⚠️ down", "[FIRING:1] it's down"),
        ("🔥", "🔥"),
        ("🔥 磁盘 ⚠️", "🔥 磁盘 ⚠"),
        ("a\u202eb\nc\u200d\u00add", "ab cd"),
    ],
)
def test_signs_that_cost_half_of_the_room_become_plain_ones(title: str, shown: str) -> None:
    assert text(replace(CPU, title=title), locale="en") == f"Critical #42: {shown}"


@pytest.mark.parametrize("cluster", ["e\u0301", "🇩🇪", "👍🏽", "กำ", "\u1112\u1161\u11ab", "ö"])
def test_no_character_is_cut_inside(cluster: str) -> None:
    for lead in range(4):
        said = text(replace(CPU, title="告" * lead + cluster * 200), locale="en", segments=1)
        kept = said.removeprefix("Critical #42: " + "告" * lead).removesuffix("..")
        assert kept == cluster * (len(kept) // len(cluster)) != ""


def test_what_is_too_long_everywhere_keeps_its_number_and_the_start_of_its_title() -> None:
    card = replace(too_long_everywhere(), number=10**9, tone=Tone.TAKEN, repeat=True)
    for severity, locale in ((card.severity_word, "zh"), ("磁" * 60, "en")):
        said = text(replace(card, severity_word=severity), locale=locale, segments=1, reply=True)
        assert measure(said).segments == 1
        assert f"#{10**9}" in said
        assert said.endswith("&&..")


def test_what_room_there_is_not_is_left_out_by_its_need() -> None:
    title = "磁盘已满" * 8
    card = replace(CPU, title=title, repeat=True, links=(Link("Grafana", "https://grafana.example.com/d/1"),))
    shown = [text(card, locale="en", segments=segments, reply=True) for segments in (3, 2, 1)]
    hint = "Reply 1 42 to acknowledge, 2 42 to escalate"
    assert shown[0] == f"Critical #42 (may be a repeat): {title} - {hint} - https://grafana.example.com/d/1"
    assert shown[1] == f"Critical #42 (may be a repeat): {title} - {hint}"
    assert shown[2] == f"Critical #42: {title}"


@pytest.mark.parametrize(("tone", "said"), [(Tone.TAKEN, "acknowledged"), (Tone.QUIET, "snoozed"), (Tone.DONE, "over")])
def test_a_state_is_told(tone: Tone, said: str) -> None:
    shown = text(replace(CPU, tone=tone), locale="en", reply=True)
    assert shown.startswith(f"Critical #42 {said}: Host high CPU load")
    assert ("Reply" in shown) is (tone is not Tone.DONE)


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "https://example.com/告", "https://example.com/a b", "https://example.com/`"]
)
def test_an_address_that_no_phone_opens_is_not_given(address: str) -> None:
    links = (Link("bad", address), Link("good", "https://example.com/42"))
    card = replace(CPU, links=links)
    assert text(card, locale="en") == "Critical #42: Host high CPU load - https://example.com/42"
    assert text(card, locale="en", links=False) == "Critical #42: Host high CPU load"
    assert text(replace(card, links=links[:1]), locale="en") == "Critical #42: Host high CPU load"


def test_an_address_to_confirm_at_is_given_before_others() -> None:
    card = replace(CPU, links=(Link("Grafana", "https://grafana.example.com/d/1"),))
    token = card.buttons[0].token
    confirm = {token: "https://oncall.example.com/links/abc"}
    assert text(card, locale="en", addresses=confirm).endswith(" - https://oncall.example.com/links/abc")
    assert text(card, locale="en", addresses={"close 1": "x"}).endswith(" - https://grafana.example.com/d/1")
    note = Note(("Nobody has #42",), buttons=card.buttons)
    assert text(note, locale="en", addresses=confirm) == "Nobody has #42 - https://oncall.example.com/links/abc"


def test_a_note_says_once_that_it_may_be_a_repeat() -> None:
    again = stories.Story().scene(may_repeat=True)
    assert text(build.card(again), locale="en") == "Critical #42 (may be a repeat): Host high CPU load"
    told = text(Note(("Nobody has #42", *build.repeated(again)), repeat=True), locale="en")
    assert told == "(may be a repeat): Nobody has #42"
    assert "repeat" not in text(CPU, locale="en")


def test_the_fields_of_a_template() -> None:
    assert fields(CPU, "en") == {
        "number": "42",
        "severity": "Critical",
        "title": "Host high CPU load",
        "summary": "Critical: Host high CPU load (#42)",
    }
    assert fields(replace(CPU, repeat=True), "en")["summary"] == "(may be a repeat) Critical: Host high CPU load (#42)"
    assert fields(replace(CPU, number=None), "en")["number"] == ""
    note = Note(("Nobody has it",), rows=(("#42",), ("#43",)), repeat=True)
    said = "Nobody has it; #42; #43"
    assert fields(note, "en") == {"number": "", "severity": "", "title": said, "summary": f"(may be a repeat) {said}"}


def test_what_is_sent_of_all_that_can_be(golden: Golden) -> None:
    told: dict[str, str] = {}
    for locale in ("en", "zh"):
        told |= {f"{locale} card {name}": _shown(build.card(replace(CARDS[name](), locale=locale))) for name in CARDS}
        told |= {
            f"{locale} board {name}": _shown(board.card(replace(BOARDS[name](), locale=locale))) for name in BOARDS
        }
    told |= {f"note {name}": _shown(NOTES[name]()) for name in NOTES}
    golden("golden/sms/all.txt", "".join(f"{name}\n    {said}\n" for name, said in told.items()))


def _shown(message: Message) -> str:
    said = text(message, locale="zh" if _is_chinese(message) else "en", reply=True)
    counted = measure(said)
    kind = "UCS-2" if counted.unicode else "GSM-7"
    return f"{said}\n    {kind}, {counted.units} units, {counted.segments} segments"


def _is_chinese(message: Message) -> bool:
    return isinstance(message, Card) and not message.severity_word.isascii()
