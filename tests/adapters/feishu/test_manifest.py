"""The checklist asks for what the adapter calls and reads, and for nothing else."""

import re

import pytest

from adapters.feishu.adapter import FeishuAdapter
from adapters.feishu.clicks import CLICK, MESSAGE
from bot.adapter import To
from bot.playground.feishu import FeishuServer
from bot.playground.feishu.methods import METHODS
from cards.card import Note
from manifest.feishu import CALLBACKS, EVENTS, SCOPES, manifest
from tests.adapters.feishu.desk import Desk, a_card, listening, posted, written

CALLED = {
    "auth.v3.tenant_access_token.internal",
    "bot.v3.info",
    "contact.v3.user.batch_get_id",
    "ephemeral.v1.send",
    "im.v1.chat.get",
    "im.v1.image.create",
    "im.v1.message.create",
    "im.v1.message.patch",
    "im.v1.message.reply",
}
# Not for calls, but for what Feishu tells.
HEARING = {"im:message.p2p_msg:readonly", "im:message.group_at_msg:readonly"}


def asked_for(text: str) -> set[str]:
    return set(re.findall(r"^     - (\S+)", text, re.MULTILINE))


async def test_its_scopes_are_those_of_the_calls_that_are_made(
    called: FeishuAdapter, feishu: FeishuServer, ops: str, ana: str
) -> None:
    tenant = feishu.workspace
    tenant.app.scopes = frozenset(SCOPES)
    desk = Desk(Note(("x",), rows=(("y",),)))
    async with listening(called, desk):
        sent = await called.send(To(ops), a_card())
        await called.send(To(ana, direct=True), a_card())
        await called.send(To(ops), Note(("still nobody",)), under=sent.message)
        await called.edit(sent.message, a_card())
        assert await called.find_by_email("ana@example.com") == ana
        assert not [finding for finding in await called.diagnose([ops]) if finding.mend]
        event = written(ana, "@_user_1 list", chat_type="group", chat_id=ops)
        event["header"]["token"] = feishu.verification_token
        event["event"]["message"]["mentions"] = [{"key": "@_user_1", "id": {"open_id": tenant.app.open_id}}]
        assert (await called.callback(posted(tenant, event))).status == 200
        await feishu.expect_private("ana", "x")
    made = {entry.method for entry in feishu.log if entry.direction == "in" and entry.method in METHODS}
    assert made == CALLED
    needs = [METHODS[name].scopes for name in made if METHODS[name].scopes]
    assert all(need & SCOPES.keys() for need in needs)
    for scope in SCOPES.keys() - HEARING:
        without = SCOPES.keys() - {scope}
        # `im:message:update` is what the console offers for changing a card; to send covers it as well.
        assert scope == "im:message:update" or any(not need & without for need in needs), scope


def test_its_events_are_those_that_are_read() -> None:
    assert set(EVENTS) == {MESSAGE}
    assert set(CALLBACKS) == {CLICK}


def test_with_the_long_connection_feishu_needs_no_address() -> None:
    text = manifest()
    assert asked_for(text) == {*SCOPES, MESSAGE, CLICK}
    assert "persistent connection" in text
    assert "/im/feishu" not in text
    assert "encrypt_key" not in text


@pytest.mark.parametrize("url", ["https://oncard.example.com", "https://oncard.example.com/"])
def test_with_an_address_feishu_calls_the_workspaces_path(url: str) -> None:
    text = manifest(url, "main")
    assert "https://oncard.example.com/im/feishu/main/events\n" in text
    assert "encrypt_key" in text
    assert asked_for(text) == {*SCOPES, MESSAGE, CLICK}
    assert "{" not in text


def test_any_name_fits_into_the_address() -> None:
    text = manifest("https://example.com:8443/on call", 'a "b"/c: {d}')
    assert "/im/feishu/a%20%22b%22%2Fc%3A%20%7Bd%7D/events" in text


@pytest.mark.parametrize("url", ["http://oncard.example.com", "oncard.example.com", "", "https://", "https://a/?b=c"])
def test_an_address_that_feishu_cannot_call_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"https://oncard\.example\.com"):
        manifest(url)
