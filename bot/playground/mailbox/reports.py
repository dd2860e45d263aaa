"""The mail in which a server reports what became of another (RFC 3464), much as Exim writes it."""

from email.utils import format_datetime

from bot.playground.mailbox.faults import Bounce
from bot.playground.mailbox.mail import Mail

HOST = "mail.example.com"


def report(mail: Mail, bounce: Bounce, *, is_exact: bool = True) -> bytes:
    """Return the report on a mail, which goes to its return address; not `is_exact`: as coarse as Exim's."""
    envelope_id = mail.options.get("ENVID", "")
    status = bounce.status if is_exact else f"{bounce.status[0]}.0.0"
    code = {"failed": "550 ", "delayed": "451 "}.get(bounce.action, "250 ")
    return "\r\n".join(
        [
            "Return-Path: <>",
            f"From: Mail Delivery System <Mailer-Daemon@{HOST}>",
            f"To: {mail.sender}",
            f"Date: {format_datetime(mail.at)}",
            "Subject: Mail delivery failed: returning message to sender",
            f"References: {mail.headers.get('Message-ID', '')}",
            "Auto-Submitted: auto-replied",
            f"X-Failed-Recipients: {mail.recipient}",
            "MIME-Version: 1.0",
            'Content-Type: multipart/report; report-type=delivery-status; boundary="part"',
            "",
            "--part",
            "Content-Type: text/plain; charset=us-ascii",
            "",
            "A message that you sent could not be delivered. The following address(es) failed:",
            "",
            f"  {mail.recipient}",
            f"    {bounce.status} {bounce.said}",
            "",
            "--part",
            "Content-Type: message/delivery-status",
            "",
            f"Reporting-MTA: dns; {HOST}",
            *([f"Original-Envelope-ID: {envelope_id}"] if envelope_id else []),
            "",
            f"Original-Recipient: rfc822;{mail.recipient}",
            f"Action: {bounce.action}",
            f"Final-Recipient: rfc822;{mail.recipient}",
            f"Status: {status}",
            *([f"Diagnostic-Code: smtp; {code}{bounce.status} {bounce.said}"] if is_exact else []),
            "",
            "--part",
            "Content-Type: text/rfc822-headers",
            "",
            *(f"{name}: {value}" for name, value in mail.headers.items() if name in ("From", "To", "Message-ID")),
            "",
            "--part--",
            "",
        ]
    ).encode()
