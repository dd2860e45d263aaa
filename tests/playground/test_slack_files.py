"""Files through the unmodified SDK: announced, uploaded, shared once, and what is refused and how."""

from typing import Any

import httpx
import pytest
from playwright.async_api import Page, expect
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import DemoClock
from bot.playground.slack import SlackServer
from bot.playground.wire import as_objects
from tests.playground.conftest import Call
from tests.playground.manual_clock import ManualClock
from tests.playground.test_page import Site
from tests.playground.test_telegram_photos import png

PNG = png()


async def announce(web_client: AsyncWebClient, length: int = len(PNG), **more: Any) -> tuple[str, str]:
    """Return the id of a file and where its bytes go."""
    answer = await web_client.files_getUploadURLExternal(filename="payments.png", length=length, **more)
    return str(answer["file_id"]), str(answer["upload_url"])


async def put(address: str, data: bytes = PNG) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.post(address, content=data)


async def test_the_sdks_own_way_shares_a_file_in_a_thread(slack: SlackServer, web_client: AsyncWebClient) -> None:
    ops = slack.workspace.channel("ops-alerts").id
    parent = await web_client.chat_postMessage(channel=ops, text="Hand-over")
    await web_client.files_upload_v2(
        file=PNG,
        filename="payments.png",
        title="Payments",
        alt_txt="who is on call",
        channel=ops,
        thread_ts=str(parent["ts"]),
        initial_comment="the next two weeks",
    )
    slack.workspace.scopes |= {"channels:history"}
    message = slack.workspace.messages(ops)[-1]
    assert (message.thread_ts, message.draft.text) == (parent["ts"], "the next two weeks")
    seen = await web_client.conversations_replies(channel=ops, ts=str(parent["ts"]))
    (file,) = as_objects(as_objects(seen["messages"])[-1]["files"])
    assert (file["title"], file["alt_txt"], file["mimetype"]) == ("Payments", "who is on call", "image/png")


async def test_an_address_takes_what_was_announced_for_a_while(
    slack: SlackServer, web_client: AsyncWebClient, clock: ManualClock
) -> None:
    _, address = await announce(web_client)
    assert (await put(address, PNG + b"more")).status_code == 400
    assert (await put(address.replace("F0", "F9"))).status_code == 404
    taken = await put(address)
    assert (taken.status_code, taken.text) == (200, f"OK - {len(PNG)}")
    _, late = await announce(web_client)
    clock.advance(11 * 60)
    assert (await put(late)).status_code == 404
    assert [message for channel in slack.workspace.channels for message in slack.workspace.messages(channel)] == []


@pytest.mark.parametrize(
    ("chat", "error"),
    [("elsewhere", "not_in_channel"), ("hidden", "channel_not_found"), ("", "invalid_arguments")],
)
async def test_a_file_is_shared_only_where_the_bot_is(
    slack: SlackServer, web_client: AsyncWebClient, chat: str, error: str
) -> None:
    file, address = await announce(web_client)
    await put(address)
    wanted = slack.workspace.channel(chat).id if chat else slack.workspace.user("ana").id
    with pytest.raises(SlackApiError) as refused:
        await web_client.files_completeUploadExternal(files=[{"id": file}], channel_id=wanted)
    assert refused.value.response["error"] == error


async def test_what_was_not_uploaded_or_is_shared_already_is_not_shared(
    slack: SlackServer, web_client: AsyncWebClient, call: Call
) -> None:
    ops = slack.workspace.channel("ops-alerts").id
    file, address = await announce(web_client)
    arguments = {"files": [{"id": file}], "channel_id": ops}
    assert (await call("files.completeUploadExternal", **arguments))["error"] == "file_not_found"
    await put(address)
    assert (await call("files.completeUploadExternal", **arguments))["ok"] is True
    assert (await call("files.completeUploadExternal", **arguments))["error"] == "file_not_found"
    no_files: list[object] = [[], "no list"]
    for files in no_files:
        answer = await call("files.completeUploadExternal", files=files, channel_id=ops)
        assert answer["error"] == "invalid_arguments"
    assert len(slack.workspace.messages(ops)) == 1


async def test_what_cannot_be_announced_is_said(slack: SlackServer, web_client: AsyncWebClient) -> None:
    for length, more, error in (
        (0, {}, "invalid_arguments"),
        (1, {"alt_txt": "x" * 1001}, "alt_txt_too_large"),
    ):
        with pytest.raises(SlackApiError) as refused:
            await announce(web_client, length, **more)
        assert refused.value.response["error"] == error
    slack.workspace.scopes -= {"files:write"}
    with pytest.raises(SlackApiError) as refused:
        await announce(web_client)
    assert (refused.value.response["error"], refused.value.response["needed"]) == ("missing_scope", "files:write")


async def test_the_page_shows_it_to_those_who_are_there(
    slack: SlackServer, web_client: AsyncWebClient, page: Page
) -> None:
    secops = slack.workspace.channel("secops").id
    file, address = await announce(web_client, alt_txt="who is on call")
    await put(address)
    await web_client.files_completeUploadExternal(files=[{"id": file}], channel_id=secops)
    ana, bo = (slack.workspace.user(name).id for name in ("ana", "bo"))
    async with Site(slack, DemoClock(slack.clock.now())) as site, httpx.AsyncClient(base_url=site.url) as client:
        for person, status in ((ana, 200), (bo, 404)):
            asked = {"pane": "slack", "as": person, "name": file}
            answer = await client.get("/playground/picture", params=asked)
            assert answer.status_code == status
        nothing = await client.get("/playground/picture", params={"pane": "none", "as": ana, "name": file})
        assert nothing.status_code == 404
        await page.goto(f"{site.url}/playground")
        await page.get_by_role("navigation").get_by_role("button", name="secops").click()
        picture = page.get_by_role("img", name="who is on call")
        await expect(picture).to_be_visible()
        await expect(picture).to_have_js_property("naturalWidth", 40)
