"""HTML is read as TDLib reads it, and refused in its words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.playground.telegram.markup import Entity, Text, cut, parse_html, units, with_found
from bot.playground.telegram.refusal import Refusal

GOOD = [
    ("plain", "plain", []),
    ("<b>bold</b> <i>it</i>", "bold it", [("bold", 0, 4, ""), ("italic", 5, 2, "")]),
    ("<b>🔴 <i>x</i></b>", "🔴 x", [("bold", 0, 4, ""), ("italic", 3, 1, "")]),
    ("1 &lt; 2 &amp; 3 &gt; &quot;0&quot;", '1 < 2 & 3 > "0"', []),
    ("&nbsp;&#128308;&#x41; &#0; & &unknown", "&nbsp;🔴A &#0; & &unknown", []),
    ("&lt no semicolon", "< no semicolon", []),
    ('<a href="https://example.com/a?b=1&amp;c=2">x</a>', "x", [("text_link", 0, 1, "https://example.com/a?b=1&c=2")]),
    ("<a href='example.com'>x</a>", "x", [("text_link", 0, 1, "http://example.com/")]),
    ("<a>https://example.com/x</a>", "https://example.com/x", [("text_link", 0, 21, "https://example.com/x")]),
    ('<a href="javascript:alert(1)">x</a>', "x", []),
    ('<a href="http://localhost:80/x">x</a>', "x", []),
    ('<a href="tg://user?id=500000001">Ana</a>', "Ana", [("text_mention", 0, 3, "500000001")]),
    ('<pre><code class="language-python">x</code></pre>', "x", [("pre", 0, 1, "python")]),
    ("<pre>x</pre><code>y</code>", "xy", [("pre", 0, 1, ""), ("code", 1, 1, "")]),
    ('<span class="tg-spoiler">x</span>', "x", [("spoiler", 0, 1, "")]),
    ("<blockquote expandable>x</blockquote>", "x", [("blockquote", 0, 1, "expandable")]),
    ('<tg-emoji emoji-id="5368324170671202286">👍</tg-emoji>', "👍", [("custom_emoji", 0, 2, "5368324170671202286")]),
    ("<B>x</> <DEL >y</DEL >", "x y", [("bold", 0, 1, ""), ("strikethrough", 2, 1, "")]),
    ("<b></b>", "", []),
]


@pytest.mark.parametrize(("html", "words", "entities"), GOOD)
def test_html_is_read(html: str, words: str, entities: list[tuple[str, int, int, str]]) -> None:
    assert parse_html(html) == Text(words, tuple(Entity(*entity) for entity in entities))


BAD = [
    ("<b>never closed", "Can't find end tag corresponding to start tag b"),
    ("é<b", "Unclosed start tag at byte offset 2"),
    ("<br>", 'Unsupported start tag "br" at byte offset 0'),
    ("a < b", 'Unsupported start tag "" at byte offset 2'),
    ("x</b>", "Unexpected end tag at byte offset 1"),
    ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
    ("<b>x</b", "Unclosed end tag at byte offset 4"),
    ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
    ("<a href>x</a>", 'Expected equal sign in declaration of an attribute of the tag "a" at byte offset 0'),
    ('<a ="x">y</a>', 'Empty attribute name in the tag "a" at byte offset 0'),
    ("<a href=http://x>y</a>", "Unexpected end of name token at byte offset 8"),
    ('<a href="x', "Unclosed start tag at byte offset 0"),
    ("<a href=", 'Unclosed start tag "a" at byte offset 0'),
    ("<tg-emoji>x</tg-emoji>", "Invalid custom emoji identifier specified"),
]


@pytest.mark.parametrize(("html", "why"), BAD)
def test_html_is_refused(html: str, why: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse_html(html)
    assert refused.value.description == f"Bad Request: can't parse entities: {why}"


def _read(html: str) -> tuple[Text, str]:
    """Return the text, or why it is none."""
    try:
        return with_found(parse_html(html)), ""
    except Refusal as refusal:
        return Text(""), refusal.description


@settings(max_examples=50)
@given(st.text(alphabet="ab<>/&;\"'= é🔴\n\0", max_size=30))
def test_anything_is_read_or_refused_and_entities_lie_within_the_text(html: str) -> None:
    text, said = _read(html)
    assert said == "" or said.startswith("Bad Request: can't parse entities: ")
    assert all(entity.length > 0 and entity.end <= units(text.words) for entity in text.entities)
    assert text.words == text.words.strip()


@settings(max_examples=50)
@given(st.text(max_size=40))
def test_what_is_escaped_is_read_as_it_was(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert parse_html(escaped).words == text.encode("utf-8", "replace").decode()


def test_telegram_finds_commands_mentions_and_addresses_itself() -> None:
    text = with_found(Text("  /oncard@oncard_bot ack 🔴 @bo https://example.com/x mail ana@example.com a/b\n"))
    found = [(entity.kind, cut(text.words, entity.offset, entity.length)) for entity in text.entities]
    assert found == [
        ("bot_command", "/oncard@oncard_bot"),
        ("mention", "@bo"),
        ("url", "https://example.com/x"),
        ("email", "ana@example.com"),
    ]
    inside = with_found(parse_html("<code>@bo /ack</code> @bo"))
    assert [entity.kind for entity in inside.entities] == ["code", "mention"]
