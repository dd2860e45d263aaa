"""The page behind a link of a message: it shows and asks, acts once when it is told to, and says what came of it."""

import asyncio
import contextlib
import html
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
import sqlalchemy as sa

from bot.domain.delivery import Place
from bot.domain.incident import Actor, Progress
from bot.domain.people import LINES, AccountId, Method
from bot.engine.heard import Heard
from bot.engine.signing import LASTS, PROMISED, Promise, Signing
from storage.database import Connection
from storage.vault import Vault
from tests.support.browser import NewPage
from tests.support.databases import NewDatabase, with_schema
from tests.support.world import SECRET_KEY, World, level, served, world

PUBLIC = "https://oncall.example.com"
LEVELS = (level("ana", escalate_after=timedelta(minutes=5)), level("bo"))


@pytest.fixture
async def oncard(new_sqlite_database: NewDatabase) -> AsyncIterator[World]:
    """Oncard with one incident that Ana was told of: what a page says has nothing to do with the kind of database."""
    async with _told(new_sqlite_database(with_schema)) as made:
        yield made


@pytest.fixture
async def on_each(schema_url: str) -> AsyncIterator[World]:
    """The same on each database: what a link has done is kept there."""
    async with _told(schema_url) as made:
        yield made


@contextlib.asynccontextmanager
async def _told(url: str) -> AsyncIterator[World]:
    async with world(url) as made:
        await made.configure(*LEVELS)
        await made.fire("disk full")
        yield made


async def account(oncard: World, name: str) -> AccountId:
    """Return the number of somebody's account."""
    organisation = await oncard.service.database.read(oncard.service.picture.current)
    return next(one.id for one in organisation.people.accounts.values() if one.email == f"{name}@example.com")


def signing(oncard: World, key: str = SECRET_KEY) -> Signing:
    """Return what makes the links, of this installation or of another."""
    return Signing(Vault(key), PUBLIC, oncard.clock)


async def link(oncard: World, token: str, who: str = "ana", method: Method = Method.EMAIL) -> str:
    """Return where the link of a button leads in a message to somebody."""
    links = signing(oncard)([token], await account(oncard, who), method)
    return links[token].removeprefix(PUBLIC)


async def press(oncard: World, response: httpx.Response) -> httpx.Response:
    """Press the button of a page, as a browser does without scripts."""
    form = re.search(
        r'<form method="post" action="([^"]+)">(?:<input type="hidden" name="seen" value="(\d+)">)?', response.text
    )
    assert form, f"there is no button: {words(response)}"
    response = await oncard.http.post(html.unescape(form[1]), data={"seen": form[2]} if form[2] else {})
    await oncard.settle()
    return response


def words(response: httpx.Response) -> str:
    """Return what is read on a page."""
    body = response.text.partition("</style>")[2]
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))).strip()


async def test_the_page_says_who_what_and_how_it_stands_and_acts_only_when_told_to(oncard: World) -> None:
    address = await link(oncard, "ack 1 v1")
    before = await oncard.incident()

    shown = await oncard.http.get(address)
    assert shown.status_code == 200
    said = words(shown)
    for part in (
        "Acknowledge #1?",
        "You are Ana (ana@example.com)",
        "Critical: disk full (#1)",
        "paging Ana",
        "Nothing is done",
    ):
        assert part in said
    assert await oncard.incident() == before

    done = await press(oncard, shown)
    assert (done.status_code, "#1 is yours: disk full" in words(done)) == (200, True)
    after = await oncard.incident()
    assert after.acknowledged is not None
    assert after.acknowledged.by == Actor(await account(oncard, "ana"), "email")


async def test_whoever_only_looks_changes_nothing(oncard: World) -> None:
    before = await oncard.incident()
    for token in ("ack 1", "close? 1 v1", "escalate 1 v1"):
        address = await link(oncard, token)
        for method in ("GET", "HEAD", "GET"):
            assert (await oncard.http.request(method, address)).status_code == 200
    assert (await oncard.http.put(await link(oncard, "ack 1"))).status_code == 405
    await oncard.settle()
    assert await oncard.incident() == before


async def say(oncard: World, text: str, who: str) -> None:
    """Let somebody say a sentence elsewhere."""
    number = await account(oncard, who)
    heard = Heard(text, Actor(number, "acme"), Place(LINES[Method.SMS], account=number))
    assert (await oncard.service.desk.hear(heard)).is_done
    await oncard.settle()


async def test_a_link_acts_once(on_each: World) -> None:
    address = await link(on_each, "ack 1 v1")
    await press(on_each, await on_each.http.get(address))
    await say(on_each, "unack 1", "ana")

    for again in (await on_each.http.get(address), await on_each.http.post(address, data={"seen": "99"})):
        assert again.status_code == 410
        assert "This link was used already" in words(again)
        assert "Triggered" in words(again)
    assert (await on_each.incident()).progress is Progress.TRIGGERED


async def test_two_presses_at_once_act_once(on_each: World) -> None:
    address = await link(on_each, "escalate 1")
    answers = await asyncio.gather(*(on_each.http.post(address) for _ in range(2)))
    await on_each.settle()

    assert sorted(answer.status_code for answer in answers) == [200, 410]
    assert (await on_each.timeline()).count("escalated") == 1


async def test_what_somebody_else_did_before_is_said(oncard: World) -> None:
    address = await link(oncard, "ack 1 v1")
    await say(oncard, "ack 1", "bo")
    oncard.clock.advance(60)

    for answer in (await oncard.http.get(address), await oncard.http.post(address)):
        assert answer.status_code == 409
        assert "Somebody was there before you" in words(answer)
        assert "Already acknowledged by Bo in acme 1 min ago" in words(answer)
        assert "<form" not in answer.text


async def test_what_the_reader_did_before_elsewhere_is_said(oncard: World) -> None:
    address = await link(oncard, "close 1 v1")
    await say(oncard, "close 1 disk replaced", "ana")

    answer = await oncard.http.get(address)
    assert answer.status_code == 409
    assert "You were there already" in words(answer)
    assert "[Closed]" not in words(answer)


async def test_what_is_not_possible_is_said(oncard: World) -> None:
    address = await link(oncard, "escalate 1")
    await say(oncard, "escalate 1", "ana")

    answer = await oncard.http.get(address)
    assert answer.status_code == 409
    assert "That cannot be done now" in words(answer)
    assert "Level 2 of 2 is the last" in words(answer)


async def test_an_old_message_acts_on_the_incident_as_it_is_now(oncard: World) -> None:
    address = await link(oncard, "ack 1 v1")
    await oncard.advance(timedelta(minutes=6))
    assert (await oncard.incident()).level == 1

    shown = await oncard.http.get(address)
    assert "level 2 of 2" in words(shown)
    assert (await press(oncard, shown)).status_code == 200
    assert (await oncard.incident()).progress is Progress.PROCESSING


async def test_what_changed_while_the_page_was_open_is_shown_before_it_is_done(on_each: World) -> None:
    shown = await on_each.http.get(await link(on_each, "close? 1 v1"))
    await say(on_each, "ack 1", "bo")

    again = await press(on_each, shown)
    assert again.status_code == 200
    assert "It has changed since you opened this page" in words(again)
    assert "Acknowledged by Bo" in words(again)
    assert (await on_each.incident()).is_open

    assert (await press(on_each, again)).status_code == 200
    assert not (await on_each.incident()).is_open


async def test_what_was_done_can_be_taken_back_on_the_page(on_each: World) -> None:
    done = await press(on_each, await on_each.http.get(await link(on_each, "close 1 v1")))
    assert 'class="plain">Undo<' in done.text

    assert (await press(on_each, done)).status_code == 200
    assert (await on_each.incident()).is_open


async def test_who_opens_the_way_back_is_asked_too(oncard: World) -> None:
    done = await press(oncard, await oncard.http.get(await link(oncard, "ack 1 v1")))
    way_back = re.search(r'action="([^"]+)"', done.text)
    assert way_back

    shown = await oncard.http.get(way_back[1])
    assert "Take back what you did to #1?" in words(shown)
    assert (await oncard.incident()).progress is Progress.PROCESSING
    oncard.clock.advance(61)
    late = await press(oncard, shown)
    assert (late.status_code, "too late" in words(late)) == (409, True)


async def test_a_link_lasts_a_day(oncard: World) -> None:
    address = await link(oncard, "ack 1 v1")
    oncard.clock.advance(LASTS.total_seconds() - 1)
    assert (await oncard.http.get(address)).status_code == 200
    oncard.clock.advance(1)

    for answer in (await oncard.http.get(address), await oncard.http.post(address)):
        assert (answer.status_code, "This link has expired" in words(answer)) == (410, True)
        assert "disk full" not in answer.text
    assert (await oncard.incident()).progress is Progress.TRIGGERED


async def test_nobody_makes_a_link_up_or_changes_one(oncard: World) -> None:
    number = await account(oncard, "ana")
    whole = (await link(oncard, "ack 1 v1")).removeprefix("/links/")
    other = signing(oncard, "another key, that is as long as it must be")(["ack 1"], number, Method.EMAIL)["ack 1"]
    as_bo = re.sub(r"^\d+", str(await account(oncard, "bo")), whole)
    later = re.sub(r"\.(\d{9,})\.", lambda found: f".{int(found[1]) + 86400}.", whole)
    vault = Vault(SECRET_KEY)
    wrong_purpose = vault.sign("page", whole.rpartition(".")[0])
    nonsense = [vault.sign("link", text) for text in ("1", "a.b.c.d", "1.-3.99999999999999999999.YWNr", "1.-3.1.a")]
    for token in (whole[:-1], as_bo, later, wrong_purpose, other.rpartition("/")[2], "x", "%00", "é", *nonsense):
        for answer in (await oncard.http.get(f"/links/{token}"), await oncard.http.post(f"/links/{token}")):
            assert (answer.status_code, "This link does not work" in words(answer)) == (404, True), token
    assert (await oncard.incident()).progress is Progress.TRIGGERED


async def test_a_promise_that_nothing_can_be_made_of_does_not_work(oncard: World) -> None:
    made, number = signing(oncard), await account(oncard, "ana")
    for sentence in ("show 1", "ack 1,2", "dance 1", "link", "reassign 1 nobody"):
        promise = Promise(number, LINES[Method.EMAIL], sentence, oncard.clock.now() + LASTS)
        answer = await oncard.http.get(f"/links/{made.token(promise)}")
        assert (answer.status_code, "This link does not work" in words(answer)) == (404, True), sentence


async def test_only_what_a_page_can_ask_about_gets_a_link(oncard: World) -> None:
    tokens = [f"{verb} 1 v3" for verb in sorted(PROMISED)]
    asking = ["close? 1 v3", "escalate? 1 v3"]
    others = [
        "snooze? 1 v3",
        "reassign? 1",
        "comment? 1",
        "ackboard 7 v1",
        "undo 1 v2",
        "show 1",
        "link",
        "",
        "x" * 9000,
    ]
    number = await account(oncard, "ana")
    assert set(signing(oncard)([*tokens, *asking, *others], number, Method.PUSH)) == {*tokens, *asking}
    assert Signing(Vault(SECRET_KEY), "", oncard.clock)(tokens, number, Method.EMAIL) == {}
    assert all(len(url) < 130 for url in signing(oncard)(tokens, number, Method.SMS).values())


async def test_a_message_by_another_line_acts_by_that_line(oncard: World) -> None:
    await press(oncard, await oncard.http.get(await link(oncard, "ack 1", method=Method.PUSH)))
    acknowledged = (await oncard.incident()).acknowledged
    assert acknowledged is not None
    assert acknowledged.by.via == "push"


async def test_what_is_not_kept_or_whose_account_is_gone_has_nothing_to_act_on(on_each: World) -> None:
    of_nobody = Promise(AccountId(999), LINES[Method.EMAIL], "ack 1", on_each.clock.now() + LASTS)
    for address in (await link(on_each, "ack 77"), f"/links/{signing(on_each).token(of_nobody)}"):
        answer = await on_each.http.get(address)
        assert (answer.status_code, "There is nothing to act on" in words(answer)) == (404, True)


async def test_each_reads_their_own_language_and_a_stranger_the_browsers(oncard: World) -> None:
    chinese = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}
    answer = await oncard.http.get("/links/x", headers=chinese)
    assert '<html lang="zh">' in answer.text
    assert "这个链接无效" in words(answer)
    assert "Acknowledge #1?" in words(await oncard.http.get(await link(oncard, "ack 1"), headers=chinese))


async def test_no_cache_no_frame_no_script_and_no_other_server(oncard: World) -> None:
    for answer in (await oncard.http.get(await link(oncard, "ack 1")), await oncard.http.get("/links/x")):
        headers = answer.headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Robots-Tag"] == "noindex, nofollow"
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "<script" not in answer.text
        assert not re.search(r"https?://", answer.text)


async def test_what_others_wrote_is_no_markup(oncard: World) -> None:
    await oncard.fire("<script>alert(1)</script> & <b>")
    answer = await oncard.http.get(await link(oncard, "ack 2"))
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &lt;b&gt;" in answer.text
    assert "<script" not in answer.text


@pytest.mark.parametrize(
    "sent", [b"seen=", b"seen=-1", b"seen=99999999999999", b"seen=\xff\xfe", b"&&&", b"seen=1&seen=2"]
)
async def test_what_no_page_sends_does_no_harm(oncard: World, sent: bytes) -> None:
    answer = await oncard.http.post(await link(oncard, "ack 1"), content=sent)
    assert answer.status_code in (200, 409)


async def test_a_body_that_is_too_long_is_refused(oncard: World) -> None:
    answer = await oncard.http.post(await link(oncard, "ack 1"), content=b"x" * 1024 * 1024 + b"x")
    assert answer.status_code == 413


async def test_while_the_database_is_away_the_page_says_so_and_the_link_is_not_used(on_each: World) -> None:
    address = await link(on_each, "ack 1")
    shown = await on_each.http.get(address)

    async def rename(one: str, other: str) -> None:
        async def work(connection: Connection) -> None:
            await connection.execute(sa.text(f"ALTER TABLE {one} RENAME TO {other}"))

        await on_each.service.database.transact(work)

    await rename("idempotency_keys", "gone")
    for answer in (await on_each.http.get(address), await on_each.http.post(address)):
        assert (answer.status_code, "That did not work" in words(answer)) == (503, True)
    await rename("gone", "idempotency_keys")
    assert (await press(on_each, shown)).status_code == 200


async def test_a_person_with_a_phone_acknowledges(oncard: World, new_page: NewPage) -> None:
    async with served(oncard) as address:
        page = await new_page(width=375, height=700, color_scheme="dark")
        await page.goto(address + await link(oncard, "ack 1"))
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        button = page.get_by_role("button", name="Acknowledge")
        box = await button.bounding_box()
        assert box is not None
        assert box["height"] >= 44
        assert await button.evaluate("button => getComputedStyle(button).backgroundColor") == "rgb(79, 75, 209)"
        await button.click()
        await page.get_by_role("heading", name="Done").wait_for()
        assert (await oncard.incident()).progress is Progress.PROCESSING
