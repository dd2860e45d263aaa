"""What comes back by mail: a report counts for the message that it is of, and nothing else counts at all."""

from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from adapters.providers.smtp.bounces import report_of
from adapters.providers.smtp.email import SmtpEmail
from adapters.providers.smtp.words import written
from bot.adapter import Answer, Callback
from bot.playground.mailbox import Mailbox
from bot.playground.mailbox.faults import Bounce
from bot.provider import Progress, Report
from tests.adapters.providers.smtp.conftest import ANA, REFERENCE, SECRET, Inbox, Make, envelope

NO_SUCH_USER = Bounce(ANA, "no such user")


@pytest.fixture
def bouncing(make: Make, mailbox: Mailbox) -> SmtpEmail:
    """A provider whose mail comes back to addresses of its own."""
    return make(mailbox, bounce_address="bounces@example.com", bounce_secret=SECRET)


def posted(body: bytes, secret: str = SECRET, path: str = "bounces", method: str = "POST") -> Callback:
    """Return a mail as a mail server hands it over."""
    return Callback(path, body, {"authorization": f"Bearer {secret}"}, method=method)


async def come_back(provider: SmtpEmail, mailbox: Mailbox, bounce: Bounce = NO_SUCH_USER) -> bytes:
    """Send a mail that is accepted, and return the report that comes back."""
    mailbox.faults.bounce(bounce)
    await provider.send(envelope())
    assert mailbox.mails(ANA) == ()
    return mailbox.reports[-1]


@pytest.mark.parametrize(
    ("action", "progress"),
    [
        ("failed", Progress.FAILED),
        ("delayed", Progress.QUEUED),
        ("delivered", Progress.DELIVERED),
        ("relayed", Progress.SENT),
    ],
)
async def test_a_report_tells_what_became_of_the_message(
    bouncing: SmtpEmail, mailbox: Mailbox, inbox: Inbox, action: str, progress: Progress
) -> None:
    raw = await come_back(bouncing, mailbox, Bounce(ANA, "as it says", "5.1.1", action))
    assert await bouncing.callback(posted(raw), inbox) == Answer(204)
    (report,) = inbox.reports
    assert (report.progress, report.reference) == (progress, REFERENCE)
    assert report.said.startswith(f"{action} 5.1.1: ")
    assert report.said.endswith("5.1.1 as it says")


async def test_where_the_report_is_coarse_its_action_and_what_it_says_to_people_count(
    bouncing: SmtpEmail, mailbox: Mailbox, inbox: Inbox
) -> None:
    mailbox.exact_reports = False
    await bouncing.callback(posted(await come_back(bouncing, mailbox)), inbox)
    assert inbox.reports == [Report(Progress.FAILED, "failed 5.0.0: 5.1.1 no such user", REFERENCE)]


@pytest.mark.parametrize("kept", ["+", "Original-Envelope-ID", "References", "Message-ID"])
async def test_it_is_known_by_its_address_its_envelope_or_the_names_in_it(
    bouncing: SmtpEmail, mailbox: Mailbox, inbox: Inbox, kept: str
) -> None:
    word = written(REFERENCE)
    lines = (await come_back(bouncing, mailbox)).decode().split("\r\n")
    alone = "\r\n".join(line for line in lines if word not in line or kept in line)
    assert alone.count(word) == 1
    # Servers change the case.
    await bouncing.callback(posted(alone.replace(word, word.upper()).encode()), inbox)
    assert [report.reference for report in inbox.reports] == [REFERENCE]


async def test_a_report_of_no_message_of_ours_tells_nothing(
    bouncing: SmtpEmail, mailbox: Mailbox, inbox: Inbox
) -> None:
    raw = (await come_back(bouncing, mailbox)).decode()
    foreign = raw.replace(written(REFERENCE), "somebody-elses")
    without_action = raw.replace("Action: failed", "Action: dreamt")
    for body in (foreign, without_action):
        assert await bouncing.callback(posted(body.encode()), inbox) == Answer(204)
    assert inbox.reports == []


def an_answer(**headers: str) -> bytes:
    """Return a mail that answers ours."""
    message = EmailMessage()
    message["From"] = ANA
    message["To"] = f"bounces+{written(REFERENCE)}@example.com"
    message["In-Reply-To"] = f"<{written(REFERENCE)}@example.com>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content("ack 42")
    return message.as_bytes()


@pytest.mark.parametrize(
    "body",
    [
        an_answer(Auto_Submitted="auto-replied", Subject="Out of office"),
        an_answer(Subject="Re: [#42] Critical: disk full"),
        b"",
        b"\xff\xfe\x00",
        b"Content-Type: multipart/report; report-type=delivery-status\r\n\r\n",
        b"Content-Type: multipart/report; report-type=disposition-notification; boundary=x\r\n\r\n--x--",
        b"Content-Type: multipart/report; boundary=x\r\n\r\n--x\r\n\r\nx\r\n--x--",
        (
            b"Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n"
            b"--x\r\nContent-Type: message/delivery-status\r\n\r\n\xff\r\n--x--"
        ),
    ],
)
async def test_what_is_no_report_changes_nothing_and_is_not_answered(
    bouncing: SmtpEmail, inbox: Inbox, body: bytes
) -> None:
    assert await bouncing.callback(posted(body), inbox) == Answer(204)
    assert inbox.reports == []


async def test_only_the_mail_server_may_report(bouncing: SmtpEmail, mailbox: Mailbox, inbox: Inbox) -> None:
    raw = await come_back(bouncing, mailbox)
    for secret in ("", "wrong", SECRET[:-1], SECRET + "x", "é"):
        assert (await bouncing.callback(posted(raw, secret), inbox)).status == 401
    assert (await bouncing.callback(Callback("bounces", raw), inbox)).status == 401
    assert (await bouncing.callback(posted(raw, path="elsewhere"), inbox)).status == 404
    assert (await bouncing.callback(posted(raw, method="GET"), inbox)).status == 405
    assert inbox.reports == []


async def test_without_a_secret_nothing_is_taken(provider: SmtpEmail, inbox: Inbox) -> None:
    assert (await provider.callback(posted(b"", secret=""), inbox)).status == 404


@limits(deadline=None, max_examples=50)
@given(st.binary(max_size=300), st.integers(0, 2000), st.booleans())
def test_nothing_in_a_mail_breaks_us(noise: bytes, place: int, replaces: bool) -> None:
    whole = b"\r\n".join(
        [
            b"To: bounces+" + written(REFERENCE).encode() + b"@example.com",
            b'Content-Type: multipart/report; report-type=delivery-status; boundary="part"',
            b"",
            b"--part",
            b"Content-Type: message/delivery-status",
            b"",
            b"Reporting-MTA: dns; mail.example.com",
            b"",
            b"Action: failed",
            b"Status: 5.1.1",
            b"",
            b"--part--",
        ]
    )
    at = place % len(whole)
    report = report_of(whole[:at] + noise + whole[at + (len(noise) if replaces else 0) :])
    assert report is None or report.reference
