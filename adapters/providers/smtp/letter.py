"""A mail as it goes over the wire: its parts, and the headers by which programs know it.

1. All tries of one message have one Message-ID, so that a mail that arrives twice stands in one conversation, or is
   shown once. An incident's mails name the same first mail, whether it was ever sent or not: so they stand together.
2. `Auto-Submitted` and `X-Auto-Response-Suppress` ask for no answer of a machine (RFC 3834; the second is Exchange's).
3. All of it is in ASCII, so that every server takes it; only an address beyond ASCII needs one that says `SMTPUTF8`.
"""

from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from adapters.providers.smtp.config import SmtpConfig
from adapters.providers.smtp.words import written
from bot.provider import Envelope
from cards.email import Mail


def compose(mail: Mail, envelope: Envelope, config: SmtpConfig, now: datetime) -> EmailMessage:
    """Return the message; who it comes back to is the envelope's, and not in it."""
    message = EmailMessage(SMTP.clone(cte_type="7bit", utf8=not envelope.to.isascii()))
    message["From"] = config.sender
    message["To"] = envelope.to
    if config.reply_to is not None:
        message["Reply-To"] = config.reply_to
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{written(envelope.reference)}@{config.domain}>"
    if mail.thread is not None:
        root = f"<incident-{mail.thread}@{config.domain}>"
        message["In-Reply-To"] = root
        message["References"] = root
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(mail.text)
    if mail.html:
        message.add_alternative(mail.html, subtype="html")
    # Afterwards: what is there before, and speaks of the content, would go to its first part.
    for name, value in mail.headers.items():
        message[name] = value
    return message
