"""What goes out: one mail to one person, which programs file beside the others of its incident."""

from email import message_from_bytes
from email.policy import default

import pytest

from adapters.providers.smtp.email import SmtpEmail
from adapters.providers.smtp.words import LOCAL_LIMIT, read, return_address, written
from bot.adapter import DeliveryFailed, FailureKind
from bot.playground.mailbox import Doors, Mailbox
from bot.playground.mailbox.faults import Command
from cards.card import Button, Note, Style
from tests.adapters.providers.smtp.conftest import ANA, REFERENCE, SECRET, Certificates, Make, envelope
from tests.cards.strategies import too_long_everywhere
from tests.cards.test_email_limits import a_card
from tests.support.clocks import ManualClock

LINK = "https://oncall.example.com/links/1.-3.abc"


async def test_a_person_reads_what_is_the_matter_and_finds_the_buttons(provider: SmtpEmail, mailbox: Mailbox) -> None:
    card = a_card(buttons=(Button("Acknowledge", "ack 42 v7", Style.PRIMARY),))
    receipt = await provider.send(envelope(message=card, links={"ack 42 v7": LINK}))

    (mail,) = mailbox.mails(ANA)
    assert mail.subject == "[#42] Critical: disk full"
    assert "Acknowledge: " + LINK in mail.text
    assert mail.links == (LINK,)
    assert receipt.said == "250 2.0.0 Ok: queued as 000001"
    assert (receipt.message.chat, receipt.message.id) == ("main", mail.headers["Message-ID"])


async def test_the_headers_tell_programs_what_it_is(provider: SmtpEmail, mailbox: Mailbox, clock: ManualClock) -> None:
    await provider.send(envelope())

    (mail,) = mailbox.mails(ANA)
    headers = mail.headers
    assert headers["From"] == "Oncard <oncard@example.com>"
    assert headers["To"] == ANA
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["X-Auto-Response-Suppress"] == "All"
    assert headers["Importance"] == "high"
    assert headers["Content-Language"] == "en"
    assert headers["Date"] == "Sat, 21 Nov 2026 03:00:00 +0000"
    assert "Reply-To" not in headers
    assert mail.sender == "oncard@example.com"
    parts = [part.get_content_type() for part in message_from_bytes(mail.raw, policy=default).walk()]
    assert parts == ["multipart/alternative", "text/plain", "text/html"]


async def test_each_try_of_a_message_has_one_name_and_all_of_an_incident_one_root(
    provider: SmtpEmail, mailbox: Mailbox
) -> None:
    for reference in (REFERENCE, REFERENCE, "1235.xyz"):
        await provider.send(envelope(reference=reference))
    await provider.send(envelope(message=Note(("Hello",)), reference="1236.xyz"))

    first, again, later, of_none = (mail.headers for mail in mailbox.mails(ANA))
    assert first["Message-ID"] == again["Message-ID"] != later["Message-ID"]
    for headers in (first, again, later):
        assert headers["In-Reply-To"] == headers["References"] == "<incident-42@example.com>"
    assert "References" not in of_none


async def test_answers_of_people_go_where_they_are_wanted(make: Make, mailbox: Mailbox) -> None:
    await make(mailbox, reply_to="Team <team@example.com>").send(envelope())
    (mail,) = mailbox.mails(ANA)
    assert mail.headers["Reply-To"] == "Team <team@example.com>"


async def test_each_mail_has_a_return_address_of_its_own(make: Make, mailbox: Mailbox) -> None:
    provider = make(mailbox, bounce_address="bounces@example.com", bounce_secret=SECRET)
    await provider.send(envelope())
    (mail,) = mailbox.mails(ANA)
    local, _, domain = mail.sender.partition("@")
    name, _, word = local.partition("+")
    assert (name, domain, read(word.upper())) == ("bounces", "example.com", REFERENCE)
    assert mail.options["ENVID"] == word
    assert mail.options["NOTIFY"] == "FAILURE,DELAY"
    assert mail.options["RET"] == "HDRS"


def test_a_word_without_room_in_an_address_is_left_out() -> None:
    assert return_address("bounces@example.com", "x" * 60) == "bounces@example.com"
    assert len(return_address("bounces@example.com", REFERENCE).partition("@")[0]) <= LOCAL_LIMIT


@pytest.mark.parametrize("word", ["", "short", "has-a-dash", "0189", written("with blank "), written("é"), "a" * 301])
def test_what_is_no_word_of_ours_is_none(word: str) -> None:
    assert read(word) == ""


async def test_a_server_without_dsn_is_asked_for_nothing(provider: SmtpEmail, mailbox: Mailbox) -> None:
    mailbox.offers_dsn = False
    await provider.send(envelope())
    (mail,) = mailbox.mails(ANA)
    assert mail.options == {}


async def test_any_text_arrives_whole_in_ascii(provider: SmtpEmail, mailbox: Mailbox) -> None:
    card = a_card(title="磁盘满了 🔥 שלום", description=".\n..\nFrom here\n" + "x" * 5000)
    await provider.send(envelope(message=card, locale="zh"))
    (mail,) = mailbox.mails(ANA)
    assert mail.raw.isascii()
    assert max(map(len, mail.raw.splitlines())) <= 998
    assert "磁盘满了 🔥" in mail.subject
    assert "> .\n> ..\n> From here\n" in mail.text
    await provider.send(envelope(message=too_long_everywhere()))
    assert len(mailbox.mails(ANA)) == 2


async def test_nobody_adds_a_header_or_a_recipient(provider: SmtpEmail, mailbox: Mailbox) -> None:
    card = a_card(title="x\r\nBcc: eve@example.com\r\n\r\nhello")
    await provider.send(envelope(message=card))
    (mail,) = mailbox.all()
    assert mail.recipient == ANA
    assert "Bcc" not in mail.headers
    for to in ("a@example.com\r\nRCPT TO:<eve@example.com>", "a@example.com>\nx", ""):
        with pytest.raises(DeliveryFailed) as failed:
            await provider.send(envelope(to=to))
        assert failed.value.kind is FailureKind.REFUSED
    assert len(mailbox.all()) == 1


async def test_an_address_beyond_ascii_needs_a_server_that_takes_it(provider: SmtpEmail, mailbox: Mailbox) -> None:
    await provider.send(envelope(to="安娜@example.com"))
    (mail,) = mailbox.mails("安娜@example.com")
    assert mail.headers["To"] == "安娜@example.com"
    mailbox.offers_utf8 = False
    with pytest.raises(DeliveryFailed, match="SMTPUTF8") as failed:
        await provider.send(envelope(to="安娜@example.com"))
    assert failed.value.kind is FailureKind.REFUSED


async def test_what_is_refused_for_its_size_goes_as_a_few_lines(provider: SmtpEmail, mailbox: Mailbox) -> None:
    mailbox.faults.refuse(Command.DATA, "552 5.3.4 Message size exceeds fixed limit")
    receipt = await provider.send(envelope())
    (mail,) = mailbox.mails(ANA)
    assert mail.html == ""
    assert mail.text == "Critical: disk full (#42)\n\nopen\n"
    assert mail.subject == "[#42] Critical: disk full"
    assert "the whole was refused: DATA: 552 5.3.4" in receipt.said

    mailbox.faults.refuse(Command.DATA, "552 5.3.4 Message size exceeds fixed limit", times=2)
    with pytest.raises(DeliveryFailed) as failed:
        await provider.send(envelope())
    assert failed.value.kind is FailureKind.TOO_LONG


@pytest.mark.parametrize("at_once", [False, True])
async def test_it_logs_in_over_a_secure_connection(
    make: Make, clock: ManualClock, certificates: Certificates, at_once: bool
) -> None:
    doors = Doors(certificates.context, at_once=at_once, user="oncard", password="the password")
    security = "tls" if at_once else "starttls"
    async with Mailbox(clock, doors=doors) as mailbox:
        known = {"security": security, "user": "oncard", "password": "the password", "ca_file": str(certificates.file)}
        provider = make(mailbox, **known)
        assert await provider.check() == f"oncard at 127.0.0.1:{mailbox.port}, as oncard@example.com"
        await provider.send(envelope())
        assert len(mailbox.mails(ANA)) == 1
        assert "the password" not in str([str(entry) for entry in mailbox.log])

        stranger = {name: value for name, value in known.items() if name != "ca_file"}
        for values, why in (
            (known | {"password": "wrong"}, "AUTH: 535 5.7.8"),
            (stranger, "no secure connection"),
        ):
            with pytest.raises(DeliveryFailed, match=why) as failed:
                await make(mailbox, **values).send(envelope())
            assert failed.value.kind is FailureKind.UNAUTHORIZED
        anybody = {name: value for name, value in known.items() if name not in ("user", "password")}
        with pytest.raises(DeliveryFailed, match=r"MAIL: 530 5\.7\.0"):
            await make(mailbox, **anybody).send(envelope())


async def test_nothing_is_said_over_an_open_connection_where_a_secure_one_is_configured(
    make: Make, mailbox: Mailbox
) -> None:
    for security, why in (("starttls", "STARTTLS extension not supported"), ("tls", "no secure connection")):
        with pytest.raises(DeliveryFailed, match=why) as failed:
            await make(mailbox, security=security).check()
        assert failed.value.kind is FailureKind.UNAUTHORIZED
    assert mailbox.log.calls("MAIL") == []


async def test_check_hands_nothing_over(provider: SmtpEmail, mailbox: Mailbox) -> None:
    assert "nobody at 127.0.0.1" in await provider.check()
    await mailbox.pull_plug()
    with pytest.raises(DeliveryFailed) as failed:
        await provider.check()
    assert failed.value.kind is FailureKind.UNREACHABLE
    assert mailbox.all() == ()
