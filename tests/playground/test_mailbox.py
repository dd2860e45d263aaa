"""The mail server of the playground: a standard client sends, people read, and trouble comes when it is wanted."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from email.message import EmailMessage
from typing import Any

import aiosmtplib
import pytest
import trustme
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.playground.listener import LOOPBACK, Listener
from bot.playground.mailbox import Doors, Hook, Mailbox
from bot.playground.mailbox.faults import Bounce, Command
from tests.playground.manual_clock import ManualClock

ANA, BO, FROM = "ana@example.com", "bo@example.com", "oncard@example.com"


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    async with Mailbox(ManualClock()) as server:
        yield server


def a_mail(subject: str = "disk full", html: str = "") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = FROM, ANA, subject
    message["Message-ID"] = "<one@example.com>"
    message.set_content("Read https://example.com/text\n")
    if html:
        message.add_alternative(html, subtype="html")
    return message


async def send(mailbox: Mailbox, message: EmailMessage | None = None, *to: str, **way: Any) -> str:
    """Send a mail as any program does; return what the server said."""
    where = {"hostname": mailbox.host, "port": mailbox.port, "local_hostname": "client.example.com", "timeout": 5}
    _, said = await aiosmtplib.send(
        message or a_mail(),
        sender=FROM,
        recipients=list(to) or [ANA],
        **{"start_tls": False, **where, **way},
    )
    return said


async def test_mail_arrives_in_each_mailbox_and_is_read(mailbox: Mailbox) -> None:
    html = '<p>Go <a href="https://example.com/html?a=1&amp;b=2">there</a></p>'
    assert await send(mailbox, a_mail(html=html), ANA, "BO@example.com") == "2.0.0 Ok: queued as 000002"
    await send(mailbox)

    first, second = mailbox.mails("Ana@Example.com")
    assert (first.subject, first.text, first.sender) == ("disk full", "Read https://example.com/text\n", FROM)
    assert first.links == ("https://example.com/html?a=1&b=2",)
    assert second.links == ("https://example.com/text",)
    assert [one.recipient for one in mailbox.mails(BO)] == ["BO@example.com"]
    assert len(mailbox.all()) == 3
    assert mailbox.mails("chen@example.com") == ()


async def test_a_mail_is_waited_for(mailbox: Mailbox) -> None:
    waiting = asyncio.ensure_future(mailbox.expect(ANA, "second"))
    await send(mailbox, a_mail("first"))
    await send(mailbox, a_mail("second"))
    assert (await waiting).subject == "second"
    with pytest.raises(AssertionError, match="there are \\['first', 'second'\\]"):
        await mailbox.expect(ANA, "third", within=0.01)


async def test_what_passed_is_in_the_log_without_the_password() -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    for at_once in (False, True):
        doors = Doors(context, at_once=at_once, user="oncard", password="the password")
        async with Mailbox(ManualClock(), doors=doors) as mailbox:
            way: dict[str, Any] = {"use_tls": at_once, "start_tls": not at_once, "tls_context": trusting}
            with pytest.raises(aiosmtplib.SMTPSenderRefused, match="530"):
                await send(mailbox, None, **way)
            with pytest.raises(aiosmtplib.SMTPAuthenticationError, match="535"):
                await send(mailbox, None, username="oncard", password="wrong", **way)
            await send(mailbox, None, username="oncard", password="the password", **way)
            assert len(mailbox.mails(ANA)) == 1
            log = "\n".join(map(str, mailbox.log))
            assert "the password" not in log
            assert "235 2.7.0" in log


async def test_without_starttls_none_is_offered(mailbox: Mailbox) -> None:
    with pytest.raises(aiosmtplib.SMTPException, match="STARTTLS"):
        await send(mailbox, start_tls=True)


@pytest.mark.parametrize("command", [Command.MAIL, Command.RCPT, Command.DATA])
async def test_any_command_is_refused_when_it_is_wanted(mailbox: Mailbox, command: Command) -> None:
    mailbox.faults.refuse(command, "554 5.7.1 not today")
    with pytest.raises(aiosmtplib.SMTPException):
        await send(mailbox)
    assert mailbox.all() == ()
    assert "554 5.7.1 not today" in str([str(entry) for entry in mailbox.log])
    await send(mailbox)


async def test_trouble_can_be_one_persons(mailbox: Mailbox) -> None:
    mailbox.faults.refuse(Command.RCPT, "550 5.1.1 no such user", address=BO)
    refused, _ = await aiosmtplib.send(
        a_mail(), sender=FROM, recipients=[ANA, BO], hostname=mailbox.host, port=mailbox.port, start_tls=False
    )
    assert {address: answer.code for address, answer in refused.items()} == {BO: 550}
    assert len(mailbox.mails(ANA)) == 1


async def test_a_connection_is_cut_before_or_after_the_mail_arrived(mailbox: Mailbox) -> None:
    for applied in (False, True):
        mailbox.faults.cut(Command.DATA, applied=applied)
        with pytest.raises(aiosmtplib.SMTPServerDisconnected):
            await send(mailbox)
        assert len(mailbox.mails(ANA)) == int(applied)


async def test_a_command_hangs_until_it_is_let_go(mailbox: Mailbox) -> None:
    hold = mailbox.faults.hang(Command.RCPT)
    sending = asyncio.ensure_future(send(mailbox))
    await hold.reached.wait()
    assert not sending.done()
    hold.release()
    assert await sending == "2.0.0 Ok: queued as 000001"


async def test_grey_listing_follows_the_clock(mailbox: Mailbox) -> None:
    assert isinstance(mailbox.clock, ManualClock)
    mailbox.faults.greylist(ANA, 60)
    for seconds in (0, 59):
        mailbox.clock.advance(seconds)
        with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
            await send(mailbox)
    mailbox.clock.advance(1)
    await send(mailbox)
    assert len(mailbox.mails(ANA)) == 1


async def test_the_plug_can_be_pulled_and_put_back(mailbox: Mailbox) -> None:
    await send(mailbox)
    hold = mailbox.faults.hang(Command.MAIL)
    sending = asyncio.ensure_future(send(mailbox))
    await hold.reached.wait()
    await mailbox.pull_plug()
    assert not mailbox.plugged
    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await sending
    with pytest.raises(aiosmtplib.SMTPConnectError):
        await send(mailbox)
    port = mailbox.port
    await mailbox.put_back()
    await send(mailbox)
    assert (mailbox.port, len(mailbox.mails(ANA))) == (port, 2)


async def test_what_comes_back_goes_to_the_sender_and_to_who_wants_it(mailbox: Mailbox) -> None:
    taken: list[tuple[str, bytes]] = []

    async def take(request: Request) -> Response:
        taken.append((request.headers["Authorization"], await request.body()))
        return Response(status_code=204)

    listener = Listener(Starlette(routes=[Route("/bounces", take, methods=["POST"])]))
    await listener.start()
    try:
        mailbox.faults.bounce(Bounce(ANA, "no such user"))
        await send(mailbox)
        assert taken == []
        mailbox.hook = Hook(f"http://{LOOPBACK}:{listener.port}/bounces", "the secret")
        mailbox.faults.bounce(Bounce(ANA, "no such user"))
        await send(mailbox)
        await mailbox.posted()
    finally:
        await listener.close()

    assert mailbox.mails(ANA) == ()
    assert len(mailbox.mails(FROM)) == 2
    assert taken == [("Bearer the secret", mailbox.reports[1])]
    assert b"Action: failed" in mailbox.reports[1]
    assert await mailbox.post(mailbox.reports[0], mailbox.hook) == 0
