"""Any card and note is a mail that programs show whole, and whose buttons are ours alone."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.event import Image, Link, Severity
from cards import build
from cards.card import Button, Card, Message, Moment, Note, Person, Strong, Style, Text, Tone
from cards.email import brief, render
from cards.email_text import shortened, weight, within
from tests.cards.email_limits import check_html, check_mail
from tests.cards.stories import Story, acknowledged
from tests.cards.strategies import cards, notes, too_long_everywhere

ACK = Button("Acknowledge", "ack 42 v7", Style.PRIMARY)
CLOSE = Button("Close…", "close? 42 v7", Style.DANGER)
AT = "https://oncall.example.com/links/abc"


@settings(deadline=None, max_examples=50)
@given(st.one_of(cards, notes), st.sampled_from(["en", "zh"]))
def test_any_message_is_a_mail_within_the_limits(message: Message, locale: str) -> None:
    links = {button.token: AT for button in message.buttons}
    for mail in (render(message, locale), render(message, locale, links), brief(message, locale, links)):
        check_mail(mail)
    _, hrefs = check_html(render(message, locale).html)
    assert AT not in hrefs


def test_a_card_that_is_too_long_everywhere_is_within_the_limits() -> None:
    card = too_long_everywhere()
    mail = render(card, "en", {"ack 42 v7": AT})
    check_mail(mail)
    check_mail(brief(card, "en", {"ack 42 v7": AT}))
    assert "…" in mail.subject
    assert mail.thread == 42


def a_card(*, title: str = "disk full", status: Text = ("open",), **more: Any) -> Card:
    return Card(
        number=42,
        severity=Severity.CRITICAL,
        severity_word="Critical",
        title=title,
        summary=f"Critical: {title} (#42)",
        status=status,
        **{"tone": Tone.CRITICAL, **more},
    )


def test_all_mails_of_an_incident_have_one_subject() -> None:
    story = Story()
    first = render(build.card(story.scene()))
    later = render(build.card(acknowledged().scene()))
    note = Note((Strong("Critical: Host high CPU load (#42)"), " · reminder 2"), buttons=(ACK,))
    assert first.subject == later.subject == render(note).subject == "[#42] Critical: Host high CPU load"
    assert first.thread == later.thread == render(note).thread == 42
    for told in (story, acknowledged()):
        assert render(build.card(told.scene(locale="zh")), "zh").subject == "[#42] 严重: Host high CPU load"


@pytest.mark.parametrize(
    ("buttons", "thread"),
    [
        ((), None),
        ((ACK, CLOSE), 42),
        ((ACK, Button("Show", "show 43")), None),
        ((Button("Take all", "ackboard 42 v1"),), None),
        ((Button("Link me", "link"),), None),
        ((ACK, Button("Link me", "link")), None),
    ],
)
def test_a_note_is_of_the_incident_that_all_its_buttons_are_about(
    buttons: tuple[Button, ...], thread: int | None
) -> None:
    mail = render(Note(("Which?",), buttons=buttons))
    assert mail.thread == thread
    assert mail.subject == ("Which?" if thread is None else f"[#{thread}] Which?")
    assert render(Note(())).subject == "…"
    assert brief(Note(("Which?",), buttons=buttons)).text.startswith("Which?")


def test_buttons_lead_to_their_pages_and_say_that_these_ask_first() -> None:
    mail = render(a_card(buttons=(ACK, CLOSE)), "en", {"close? 42 v7": f"{AT}2", "ack 42 v7": AT})
    assert f"Acknowledge: {AT}\nClose: {AT}2\nThe page behind a button asks you to confirm." in mail.text
    words, hrefs = check_html(mail.html)
    assert hrefs == [AT, f"{AT}2"]
    assert "The page behind a button asks you to confirm." in words


def test_without_links_it_says_what_to_write_in_a_chat() -> None:
    mail = render(a_card(buttons=(ACK, CLOSE)))
    assert "To act, write to Oncard in a chat: ack 42" in mail.text
    assert "Acknowledge" not in mail.text + mail.html
    assert "write to Oncard" not in render(Note(("Hello",), buttons=(Button("Link me", "link"),))).text
    odd = render(a_card(buttons=(Button("Odd", "javascript:alert(1)"),)), "en", {"javascript:alert(1)": "javascript:1"})
    assert "javascript" not in odd.html


@pytest.mark.parametrize(
    ("message", "urgent"),
    [
        (a_card(), True),
        (a_card(tone=Tone.TAKEN), False),
        (a_card(tone=Tone.DONE), False),
        (Note(("x",), aloud=True), True),
        (Note(("x",)), False),
    ],
)
def test_only_what_needs_somebody_is_marked_as_important(message: Message, urgent: bool) -> None:
    assert ("Importance" in render(message).headers) == urgent


def test_what_others_wrote_is_quoted_and_inert() -> None:
    card = a_card(description='x\n\n<a href="https://evil.example">Acknowledge</a>\nAcknowledge: https://evil.example')
    mail = render(card)
    assert '> x\n>\n> <a href="https://evil.example">Acknowledge</a>\n> Acknowledge: https://evil.example' in mail.text
    assert check_html(mail.html)[1] == []


def test_nothing_is_fetched_and_strange_addresses_are_words() -> None:
    links = (Link("Go", "javascript:alert(1)"), Link("", "https://example.com/?a=1&b=\"2'"), Link("", ""))
    image = Image("https://example.com/graph.png", "CPU")
    mail = render(a_card(links=links, images=(image,)))
    assert check_html(mail.html)[1] == ["https://example.com/?a=1&b=%222%27", "https://example.com/graph.png"]
    assert "- Go\n" in mail.text
    assert "- Picture: CPU: https://example.com/graph.png\n" in mail.text


def test_people_and_times_are_words() -> None:
    at = Moment(datetime(2026, 11, 21, 3, 17, tzinfo=UTC), "Asia/Shanghai")
    said = (Person("Ana", "U1", notify=True), " until ", at, Strong(" now"))
    mail = render(Note(said, rows=(("#1 ", Strong("x")), ())))
    assert mail.text == "Ana until 11:17 CST now\n\n- #1 x\n"
    assert "Ana until 11:17 CST<strong> now</strong>" in mail.html


def test_texts_are_cut_by_what_they_take() -> None:
    assert shortened("a & b", 20) == "a & b"
    assert shortened("&&&&&", 13) == "&&…"
    assert shortened("🔥🔥🔥", 11) == "🔥🔥…"
    assert (
        weight("".join(p if isinstance(p, str) else p.text for p in within(("x" * 90, Strong("y" * 90), "z"), 120)))
        <= 120
    )


@pytest.mark.parametrize(
    "html",
    [
        "<p>x",
        "<p>x</td>",
        "</p>",
        "<script>x</script>",
        '<p onclick="x">y</p>',
        '<a href="javascript:x">y</a>',
        '<p style="background:url(https://a.example)">x</p>',
        "<!-- x -->",
    ],
)
def test_the_check_itself_sees_what_is_active_or_broken(html: str) -> None:
    with pytest.raises(AssertionError):
        check_html(html)
