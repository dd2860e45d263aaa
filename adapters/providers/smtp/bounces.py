"""What comes back by mail: a report of a server that could not deliver (RFC 3464), or a machine's or a person's answer.

A report is known by the address that it came to, else by the id of the envelope, else by the names of messages in it.
Servers say in `Action` what became of the mail; their `Status` is often coarser than their words (Exim: 5.0.0).
"""

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from typing import Final

from adapters.providers.smtp.words import read
from bot.provider import Progress, Report

SAID_LIMIT: Final = 300
MOST_PARTS: Final = 50
ACTIONS: Final = {
    "failed": Progress.FAILED,
    # It is tried further: that is no news of where it is.
    "delayed": Progress.QUEUED,
    "delivered": Progress.DELIVERED,
    "relayed": Progress.SENT,
    "expanded": Progress.SENT,
}
# Where a server writes to which address a mail came; the header `To` may say another.
_ARRIVED_AT: Final = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To")
_TAGGED: Final = re.compile(r"\+([A-Za-z2-7]+)@")
_NAMED: Final = re.compile(r"<([A-Za-z2-7]+)@[^<>\s]+>")


def report_of(raw: bytes) -> Report | None:
    """Return what a mail reports; None: it is no report of a message of ours."""
    # By the policy that takes headers as they are: a newer one reads them, and breaks on some.
    mail = message_from_bytes(raw)
    if mail.get_content_type() != "multipart/report":
        return None
    kind = mail.get_param("report-type")
    if not isinstance(kind, str) or kind.lower() != "delivery-status":
        return None
    fields = list(_fields(mail))
    action = _first(fields, "Action").lower()
    reference = _reference(mail, fields)
    if action not in ACTIONS or not reference:
        return None
    diagnosis = _first(fields, "Diagnostic-Code").partition(";")
    why = diagnosis[2] or diagnosis[0] or _told(mail, _first(fields, "Final-Recipient").partition(";")[2].strip())
    words = f"{action} {_first(fields, 'Status')}: {why}"
    return Report(ACTIONS[action], " ".join(words.split()).rstrip(":")[:SAID_LIMIT], reference)


def _told(mail: Message, address: str) -> str:
    """Return what is said of an address to people; Exim says it nowhere else."""
    part = next((one for one in _parts(mail) if one.get_content_type() == "text/plain"), None)
    payload = part.get_payload(decode=True) if part is not None else None
    text = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    rows = [row.strip() for row in text.splitlines()]
    return rows[rows.index(address) + 1] if address and address in rows[:-1] else ""


def _fields(mail: Message) -> Iterator[Message]:
    """Yield the groups of fields of the report: of the message, then of each recipient."""
    for part in _parts(mail):
        if part.get_content_type() == "message/delivery-status":
            payload = part.get_payload()
            yield from (one for one in payload if isinstance(one, Message)) if isinstance(payload, list) else ()


def _parts(mail: Message) -> Iterator[Message]:
    for place, part in enumerate(mail.walk()):
        if place == MOST_PARTS:
            return
        yield part


def _first(groups: list[Message], name: str) -> str:
    return next((str(value).strip() for group in groups if (value := group.get(name)) is not None), "")


def _reference(mail: Message, fields: list[Message]) -> str:
    return next((reference for word in _words(mail, fields) if (reference := read(word))), "")


def _words(mail: Message, fields: list[Message]) -> Iterator[str]:
    for name in _ARRIVED_AT:
        for value in mail.get_all(name, []):
            yield from _TAGGED.findall(str(value))
    yield _first(fields, "Original-Envelope-Id")
    for name in ("References", "In-Reply-To"):
        yield from _NAMED.findall(str(mail.get(name, "")))
    for part in _parts(mail):
        if part is not mail:
            # What was returned, whole or only its headers.
            yield from _NAMED.findall(str(part.get("Message-ID", "")))
        if part.get_content_type() == "text/rfc822-headers":
            payload = part.get_payload(decode=True)
            yield from _NAMED.findall(payload.decode("ascii", "replace") if isinstance(payload, bytes) else "")
