"""The checklist asks for what the adapter calls, and for nothing else; the template is what is filled in."""

import re

import pytest

from adapters.dingtalk.adapter import DingTalkAdapter
from bot.adapter import To
from bot.playground.dingtalk import DingTalkServer
from bot.playground.dingtalk.methods import METHODS, OLD
from cards.card import Note
from cards.dingtalk import PUBLIC
from cards.dingtalk_form import PRIVATE
from manifest.dingtalk import SCOPES, manifest
from tests.adapters.dingtalk.desk import Desk, a_card, a_form, listening

CALLED = {
    "POST oauth2/accessToken",
    "POST gateway/connections/open",
    "POST card/instances/createAndDeliver",
    "PUT card/instances",
    "POST card/callbacks/register",
    "POST robot/groupMessages/send",
    "POST robot/oToMessages/batchSend",
    "GET robot/oToMessages/readStatus",
}


async def test_its_scopes_are_those_of_the_calls_that_are_made(
    adapter: DingTalkAdapter, robot: DingTalkAdapter, called: DingTalkAdapter, dingtalk: DingTalkServer
) -> None:
    dingtalk.workspace.scopes = frozenset(SCOPES)
    ops, ana = dingtalk.workspace.chat("ops").id, dingtalk.workspace.user("ana").id
    desk = Desk(a_form())
    async with listening(called, Desk()):
        pass
    async with listening(adapter, desk):
        sent = await adapter.send(To(ops), a_card())
        await adapter.send(To(ana, direct=True), a_card())
        await adapter.edit(sent.message, a_card())
        mobile = dingtalk.workspace.user("ana").mobile
        assert await adapter.find_by_mobile(mobile) == ana
        assert not [finding for finding in await adapter.diagnose([ops]) if finding.mend]
        await robot.send(To(ops), a_card())
        await robot.send(To(ana, direct=True), Note(("x",)))
        card = await dingtalk.expect_card("disk full", chat="ops")
        await dingtalk.click("ana", "ops", card.id, "Acknowledge")
        await desk.until(lambda: bool(desk.heard))
    names = {entry.method for entry in dingtalk.log if entry.direction == "in"}
    made = {name for name in METHODS if name.partition(" ")[2] in names}
    # The same path with another verb is not called.
    assert {name for name in made if name in CALLED} == CALLED
    assert names & OLD.keys() == {"topapi/v2/user/getbymobile"}
    needs = {METHODS[name].scope for name in CALLED} | {OLD[name].scope for name in names & OLD.keys()}
    assert needs - {""} == set(SCOPES)


def asked_for(text: str) -> set[str]:
    return set(re.findall(r"^     - (\S+)", text, re.MULTILINE))


def test_with_stream_dingtalk_needs_no_address() -> None:
    text = manifest()
    assert asked_for(text) == set(SCOPES)
    assert "Stream push" in text
    assert "/im/dingtalk" not in text
    assert "api_secret" not in text
    assert "{" not in text


@pytest.mark.parametrize("url", ["https://oncard.example.com", "https://oncard.example.com/"])
def test_with_an_address_dingtalk_calls_the_workspaces_paths(url: str) -> None:
    text = manifest(url, "main")
    assert "     https://oncard.example.com/im/dingtalk/main/robot\n" in text
    assert "callback_url: https://oncard.example.com/im/dingtalk/main/cards\n" in text
    assert "by HTTP" in text
    assert asked_for(text) == set(SCOPES)
    assert "{" not in text


def test_every_variable_is_told() -> None:
    text = manifest()
    for name in (*PUBLIC, *PRIVATE):
        assert re.search(rf"\b{name} \((string|json)\)", text), name


def test_any_name_fits_into_the_address() -> None:
    text = manifest("https://example.com:8443/on call", 'a "b"/c: {d}')
    assert "/im/dingtalk/a%20%22b%22%2Fc%3A%20%7Bd%7D/robot" in text


@pytest.mark.parametrize("url", ["http://oncard.example.com", "oncard.example.com", "", "https://", "https://a/?b=c"])
def test_an_address_that_dingtalk_cannot_call_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"https://oncard\.example\.com"):
        manifest(url)
