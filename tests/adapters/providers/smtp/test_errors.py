"""What a server's no means, code by code; and what it means that nothing is heard any more."""

import socket
import ssl

import aiosmtplib
import pytest

from adapters.providers.smtp.email import SmtpEmail
from adapters.providers.smtp.errors import BASIC, ENHANCED, Stage, failure_of, meaning
from bot.adapter import DeliveryFailed, FailureKind
from bot.outbound.redaction import Redaction
from bot.playground.mailbox import Mailbox
from bot.playground.mailbox.faults import Command
from tests.adapters.providers.smtp.conftest import ANA, Make, envelope
from tests.support.clocks import ManualClock

REFUSED, UNAUTHORIZED, RATE_LIMITED = FailureKind.REFUSED, FailureKind.UNAUTHORIZED, FailureKind.RATE_LIMITED
UNREACHABLE, UNCERTAIN = FailureKind.UNREACHABLE, FailureKind.UNCERTAIN
TOO_LONG, MALFORMED, QUOTA = FailureKind.TOO_LONG, FailureKind.MALFORMED, FailureKind.QUOTA


@pytest.mark.parametrize(
    ("stage", "reply", "kind", "wait"),
    [
        # The address.
        ("RCPT", "550 5.1.1 no such user", REFUSED, None),
        ("RCPT", "550 5.1.10 null MX", REFUSED, None),
        ("RCPT", "553 5.1.3 bad address", REFUSED, None),
        ("RCPT", "550 5.2.1 mailbox disabled", REFUSED, None),
        ("RCPT", "552 5.2.2 mailbox full", REFUSED, None),
        ("RCPT", "550 5.4.1 recipient address rejected: access denied", REFUSED, None),
        ("RCPT", "553 5.6.7 needs SMTPUTF8", REFUSED, None),
        ("RCPT", "550 no such user", REFUSED, None),
        ("RCPT", "551 user not local", REFUSED, None),
        ("RCPT", "553 mailbox name not allowed", REFUSED, None),
        ("RCPT", "501 syntax error in address", REFUSED, None),
        ("RCPT", "555 parameters not recognised", REFUSED, None),
        ("RCPT", "556 domain takes no mail", REFUSED, None),
        ("DATA", "554 transaction failed", REFUSED, None),
        # Our account, our address, our server.
        ("CONNECT", "554 no service for you", UNAUTHORIZED, None),
        ("CONNECT", "521 takes no mail", UNAUTHORIZED, None),
        ("EHLO", "501 bad name", UNAUTHORIZED, None),
        ("AUTH", "535 5.7.8 wrong password", UNAUTHORIZED, None),
        ("AUTH", "534 5.7.9 application-specific password required", UNAUTHORIZED, None),
        ("AUTH", "538 5.7.11 encryption required", UNAUTHORIZED, None),
        ("MAIL", "530 5.5.1 log in first", UNAUTHORIZED, None),
        ("MAIL", "530 log in first", UNAUTHORIZED, None),
        ("MAIL", "550 5.1.8 bad outbound sender", UNAUTHORIZED, None),
        ("MAIL", "553 5.1.7 bad sender", UNAUTHORIZED, None),
        ("MAIL", "550 sender refused", UNAUTHORIZED, None),
        ("MAIL", "501 5.5.4 bad option", UNAUTHORIZED, None),
        ("MAIL", "552 too large", UNAUTHORIZED, None),
        ("RCPT", "550 5.7.1 relaying denied", UNAUTHORIZED, None),
        ("RCPT", "554 5.7.1 relaying denied", UNAUTHORIZED, None),
        ("DATA", "550 5.7.26 not authenticated", UNAUTHORIZED, None),
        ("DATA", "550 5.4.5 daily user sending limit exceeded", QUOTA, None),
        # The mail.
        ("DATA", "552 5.3.4 too big", TOO_LONG, None),
        ("DATA", "552 5.2.3 too big for this mailbox", TOO_LONG, None),
        ("DATA", "552 too big", TOO_LONG, None),
        ("DATA", "554 5.6.0 malformed", MALFORMED, None),
        ("DATA", "500 line too long", MALFORMED, None),
        # Later.
        ("CONNECT", "421 4.3.2 shutting down", UNREACHABLE, None),
        ("RCPT", "421 too busy", UNREACHABLE, None),
        ("RCPT", "450 4.2.1 receiving too fast", RATE_LIMITED, 300),
        ("RCPT", "450 busy", RATE_LIMITED, 60),
        ("RCPT", "451 4.7.1 greylisted", RATE_LIMITED, 300),
        ("RCPT", "451 greylisted", RATE_LIMITED, 300),
        ("RCPT", "452 4.5.3 too many", RATE_LIMITED, 60),
        ("RCPT", "452 4.2.2 mailbox full", RATE_LIMITED, 300),
        ("RCPT", "452 no room", RATE_LIMITED, 60),
        ("DATA", "421 4.7.0 try again later", RATE_LIMITED, 300),
        ("DATA", "451 4.4.1 no answer from host", UNREACHABLE, None),
        ("DATA", "451 4.3.0 local error", UNREACHABLE, None),
        ("AUTH", "454 4.7.0 temporary authentication failure", RATE_LIMITED, 300),
        ("DATA", "455 parameters", UNREACHABLE, None),
        # A code that contradicts the other says nothing.
        ("RCPT", "550 4.7.1 odd", REFUSED, None),
        ("RCPT", "550 5.0.0 odd", REFUSED, None),
        ("RCPT", "599 what", REFUSED, None),
    ],
)
def test_each_code(stage: str, reply: str, kind: FailureKind, wait: float | None) -> None:
    code, _, words = reply.partition(" ")
    assert meaning(Stage[stage], int(code), words) == (kind, wait)
    failure = failure_of(Stage[stage], aiosmtplib.SMTPResponseException(int(code), words))
    assert (failure.kind, failure.detail, failure.retry_after) == (kind, f"{stage}: {reply}", wait)


@pytest.mark.parametrize("stage", list(Stage))
def test_every_row_has_a_meaning_at_every_stage(stage: Stage) -> None:
    for code in BASIC:
        assert meaning(stage, code, "no")[0] in FailureKind
    for enhanced in ENHANCED:
        basic = 450 if enhanced.startswith("4") else 550
        whole = enhanced if enhanced.count(".") == 2 else f"{enhanced}.99"
        assert meaning(stage, basic, f"{whole} no")[0] in FailureKind


def test_a_refusal_of_all_recipients_is_that_of_ours() -> None:
    refused = aiosmtplib.SMTPRecipientsRefused([aiosmtplib.SMTPRecipientRefused(550, "5.1.1 who?", ANA)])
    assert failure_of(Stage.RCPT, refused).kind is REFUSED


@pytest.mark.parametrize(
    ("error", "before", "after"),
    [
        (TimeoutError(), UNREACHABLE, UNCERTAIN),
        (aiosmtplib.SMTPReadTimeoutError("slow"), UNREACHABLE, UNCERTAIN),
        (aiosmtplib.SMTPServerDisconnected("gone"), UNREACHABLE, UNCERTAIN),
        (ConnectionResetError("gone"), UNREACHABLE, UNCERTAIN),
        (socket.gaierror(-2, "Name or service not known"), UNREACHABLE, UNCERTAIN),
        (aiosmtplib.SMTPConnectTimeoutError("slow"), UNREACHABLE, UNCERTAIN),
        (aiosmtplib.SMTPResponseException(-1, "Malformed SMTP response line: x"), UNREACHABLE, UNCERTAIN),
        (aiosmtplib.SMTPException("The SMTP AUTH extension is not supported"), UNAUTHORIZED, UNAUTHORIZED),
        (ssl.SSLCertVerificationError("self-signed"), UNAUTHORIZED, UNAUTHORIZED),
        (ValueError("no ASCII"), UNAUTHORIZED, REFUSED),
    ],
)
def test_what_breaks_before_it_is_handed_over_was_not_sent(
    error: Exception, before: FailureKind, after: FailureKind
) -> None:
    assert failure_of(Stage.AUTH, error).kind is before
    assert failure_of(Stage.DATA, error).kind is after


def test_no_secret_is_told_and_no_novel() -> None:
    said = aiosmtplib.SMTPAuthenticationError(535, "not hunter22hunter22\nsee https://x.example/?key=1 " + "x" * 9000)
    failure = failure_of(Stage.AUTH, said, Redaction("hunter22hunter22"))
    assert "hunter22" not in failure.detail
    assert "key=1" not in failure.detail
    assert "\n" not in failure.detail
    assert len(failure.detail) < 550


@pytest.mark.parametrize(
    ("command", "reply", "kind"),
    [
        (Command.EHLO, "421 4.3.2 shutting down", UNREACHABLE),
        (Command.MAIL, "451 4.3.0 local error", UNREACHABLE),
        (Command.MAIL, "550 5.1.8 bad sender", UNAUTHORIZED),
        (Command.RCPT, "550 5.1.1 no such user", REFUSED),
        (Command.RCPT, "451 4.7.1 greylisted", RATE_LIMITED),
        (Command.DATA, "550 5.7.1 spam", UNAUTHORIZED),
        (Command.DATA, "451 4.3.0 local error", UNREACHABLE),
    ],
)
async def test_a_refusal_is_told_in_the_servers_words(
    provider: SmtpEmail, mailbox: Mailbox, command: Command, reply: str, kind: FailureKind
) -> None:
    mailbox.faults.refuse(command, reply)
    with pytest.raises(DeliveryFailed) as failed:
        await provider.send(envelope())
    assert (failed.value.kind, failed.value.detail) == (kind, f"{command}: {reply}")
    assert mailbox.all() == ()
    await provider.send(envelope())
    assert len(mailbox.mails(ANA)) == 1


async def test_grey_listing_lets_it_in_later(provider: SmtpEmail, mailbox: Mailbox, clock: ManualClock) -> None:
    mailbox.faults.greylist(ANA, 240)
    for _ in range(2):
        with pytest.raises(DeliveryFailed) as failed:
            await provider.send(envelope())
        assert failed.value.retry_after == 300
    clock.advance(300)
    await provider.send(envelope())
    assert len(mailbox.mails(ANA)) == 1


@pytest.mark.parametrize("command", [Command.EHLO, Command.MAIL, Command.RCPT])
async def test_silence_before_it_is_handed_over_means_that_it_was_not_sent(
    make: Make, mailbox: Mailbox, command: Command
) -> None:
    mailbox.faults.hang(command)
    with pytest.raises(DeliveryFailed) as failed:
        await make(mailbox, timeout="0.2").send(envelope())
    assert failed.value.kind is UNREACHABLE
    mailbox.faults.cut(command)
    with pytest.raises(DeliveryFailed) as failed:
        await make(mailbox).send(envelope())
    assert failed.value.kind is UNREACHABLE
    assert mailbox.all() == ()


@pytest.mark.parametrize("applied", [False, True])
async def test_silence_after_it_was_handed_over_means_that_nobody_knows(
    make: Make, mailbox: Mailbox, applied: bool
) -> None:
    mailbox.faults.hang(Command.DATA, applied=applied)
    with pytest.raises(DeliveryFailed) as failed:
        # Long enough that whatever is said before it has its answer in time, on a slow machine too.
        await make(mailbox, timeout="1").send(envelope())
    assert failed.value.kind is UNCERTAIN
    mailbox.faults.cut(Command.DATA, applied=applied)
    with pytest.raises(DeliveryFailed) as failed:
        await make(mailbox).send(envelope())
    assert failed.value.kind is UNCERTAIN
    # What arrives twice has one name.
    assert len({mail.headers["Message-ID"] for mail in mailbox.all()}) == int(applied)


async def test_a_server_that_is_away_is_away(provider: SmtpEmail, mailbox: Mailbox) -> None:
    await mailbox.pull_plug()
    with pytest.raises(DeliveryFailed, match="CONNECT: ") as failed:
        await provider.send(envelope())
    assert failed.value.kind is UNREACHABLE
    await mailbox.put_back()
    await provider.send(envelope())
    assert len(mailbox.mails(ANA)) == 1
