"""What a mail must keep to, whatever is in it: checked on the mail itself, as a mail program reads it."""

import re
from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Final

from cards.email import Mail

SUBJECT_BYTES: Final = 260
HTML_BYTES: Final = 100_000
TEXT_CHARACTERS: Final = 60_000
TAGS: Final = frozenset(
    "html head meta title style body div table tr td span h1 h2 p a strong".split()  # noqa: SIM905 - It is read so.
)
_VOID: Final = frozenset({"meta"})
_ATTRIBUTES: Final = frozenset(
    "lang charset name content style class role width cellpadding cellspacing border align valign dir href rel".split()  # noqa: SIM905
)
_UNSEEN: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\u200b\u202a-\u202e\ud800-\udfff]")


class _Reader(HTMLParser):
    """Reads a document and fails at what must not be in it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.links: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        assert tag in TAGS, f"<{tag}> is in the mail"
        for name, value in attrs:
            assert name in _ATTRIBUTES, f"{name} is in the mail"
            assert name != "style" or "url(" not in (value or ""), "something is fetched"
            if name == "href":
                assert re.match("https?://", value or ""), f"leads to {value}"
                self.links.append(value or "")
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes another tag"

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment is in the mail: {data}")

    def handle_data(self, data: str) -> None:
        if "style" not in self.open and "title" not in self.open:
            self.words.append(data)


def check_html(html: str) -> tuple[str, list[str]]:
    """Fail unless the HTML is whole and fetches nothing; return its words and where it leads."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return "".join(reader.words), reader.links


def check_mail(mail: Mail) -> None:
    """Fail unless the mail is one that any program shows whole, with nothing active in it that somebody else wrote."""
    assert 1 <= len(mail.subject.encode()) <= SUBJECT_BYTES
    assert mail.subject == mail.subject.strip()
    for text in (mail.subject, mail.text):
        assert not _UNSEEN.search(text), repr(text)
    assert "\n" not in mail.subject
    assert len(mail.text) <= TEXT_CHARACTERS
    assert mail.text.strip()
    if mail.html:
        assert len(mail.html.encode()) <= HTML_BYTES
        check_html(mail.html)
