"""A mail that arrived, as its reader's program shows it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser

_ADDRESS = re.compile(r"https?://[^\s<>\"]+")


@dataclass(frozen=True, slots=True)
class Mail:
    """`sender` and `recipient` are those of the envelope; `options` what the sender asked for beside them (DSN).

    `links`: where the HTML leads or, without any, the text. Header names are as they were written.
    """

    at: datetime
    sender: str
    recipient: str
    raw: bytes
    subject: str = ""
    text: str = ""
    html: str = ""
    links: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if tag == "a" and name == "href" and value]


def opened(at: datetime, envelope: tuple[str, str], raw: bytes, options: Mapping[str, str]) -> Mail:
    """Return a mail as it is read; `envelope`: from whom and to whom."""
    message = message_from_bytes(raw, policy=default)
    text, html = (_body(message, kind) for kind in ("plain", "html"))
    return Mail(
        at=at,
        sender=envelope[0],
        recipient=envelope[1],
        raw=raw,
        subject=str(message.get("Subject", "")),
        text=text,
        html=html,
        links=_links(text, html),
        headers={name: str(value) for name, value in message.items()},
        options=dict(options),
    )


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    content = part.get_content() if part is not None else ""
    return content.replace("\r\n", "\n") if isinstance(content, str) else ""


def _links(text: str, html: str) -> tuple[str, ...]:
    if not html:
        return tuple(_ADDRESS.findall(text))
    reader = _Links()
    reader.feed(html)
    return tuple(reader.found)
