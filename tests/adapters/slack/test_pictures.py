"""A picture goes out after the words: into the channel, else to who asked; whatever becomes of it, the words stay."""

import pytest
from structlog.testing import capture_logs

from bot.adapter import DeliveryFailed, FailureKind, To
from bot.playground.slack import SlackServer
from bot.playground.slack.workspace import Message
from cards.card import Note, Picture
from tests.adapters.slack.conftest import Make
from tests.adapters.slack.desk import Desk, listening

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 2000
PICTURE = Picture("payments.png", "payments, 2026-11-22 to 2026-12-05. <Ana> 24 h.", PNG)
NOTE = Note(("payments, the next two weeks",), picture=PICTURE)


def shown(slack: SlackServer) -> list[Message]:
    """Return the messages with a picture, wherever they are."""
    return [m for channel in slack.workspace.channels for m in slack.workspace.messages(channel) if m.draft.files]


async def ask(make: Make, slack: SlackServer) -> None:
    """Have Ana ask for a schedule in #ops, and wait until all is said that is going to be."""
    adapter = make()
    async with listening(adapter, Desk(NOTE)):
        assert (await slack.command("ana", "ops", "/oncard schedule payments")).acked
        await slack.expect_ephemeral("ana", "the next two weeks")
        await adapter.close()


async def test_the_picture_stands_in_the_channel_with_its_words_beside_it(
    make: Make, slack: SlackServer, ops: str
) -> None:
    await ask(make, slack)
    (message,) = shown(slack)
    assert (message.channel, message.visible_to, message.thread_ts) == (ops, "", "")
    assert message.draft.text == "payments, 2026-11-22 to 2026-12-05. &lt;Ana&gt; 24 h."
    file = slack.workspace.files[message.draft.files[0]]
    assert (file.data, file.title, file.alt) == (PNG, "payments.png", PICTURE.alt)
    methods = [entry.method for entry in slack.log if entry.direction == "in"]
    assert methods.index("response_url") < methods.index("files.getUploadURLExternal")


async def test_it_stands_in_the_thread_that_it_belongs_to(make: Make, slack: SlackServer, ops: str) -> None:
    adapter = make()
    parent = await adapter.send(To(ops), Note(("Hand-over",)))
    receipt = await adapter.show(To(ops), PICTURE, under=parent.message)
    (message,) = shown(slack)
    assert message.thread_ts == parent.message.id
    assert (receipt.message.chat, receipt.message.id) == (ops, message.draft.files[0])


async def test_where_our_bot_is_no_member_it_goes_to_who_asked(
    make: Make, slack: SlackServer, ops: str, ana: str
) -> None:
    slack.workspace.set_bot_member("ops", member=False)
    with capture_logs() as logs:
        await ask(make, slack)
    assert [slack.workspace.channels[message.channel].user for message in shown(slack)] == [ana]
    (said,) = [entry for entry in logs if entry["event"] == "picture_not_shown"]
    assert (said["chat"], said["direct"], "not_in_channel" in said["why"]) == (ops, False, True)


async def test_without_the_scope_the_words_stand_alone_and_the_log_names_it(make: Make, slack: SlackServer) -> None:
    slack.workspace.scopes -= {"files:write"}
    with capture_logs() as logs:
        await ask(make, slack)
    assert shown(slack) == []
    (said,) = [entry for entry in logs if entry["event"] == "picture_not_shown"]
    assert "missing_scope (needs the scope files:write)" in said["why"]


@pytest.mark.parametrize(
    ("method", "fault", "kind"),
    [
        ("files.getUploadURLExternal", "cut", FailureKind.UNREACHABLE),
        ("files.getUploadURLExternal", "rate_limit", FailureKind.RATE_LIMITED),
        ("upload", "cut", FailureKind.UNREACHABLE),
        ("upload", "status", FailureKind.UNREACHABLE),
        ("upload", "rate_limit", FailureKind.RATE_LIMITED),
        ("files.completeUploadExternal", "cut", FailureKind.UNCERTAIN),
    ],
)
async def test_what_fails_says_whether_it_may_have_been_shown(
    make: Make, slack: SlackServer, method: str, fault: str, kind: FailureKind
) -> None:
    ops = slack.workspace.channel("ops").id
    match fault:
        case "cut":
            slack.faults.cut(method, applied=False)
        case "rate_limit":
            slack.faults.rate_limit(method, 7)
        case _:
            slack.faults.status(method, 503)
    with pytest.raises(DeliveryFailed) as failed:
        await make().show(To(ops), PICTURE)
    assert failed.value.kind is kind
    assert failed.value.retry_after == (7 if fault == "rate_limit" else None)
    assert shown(slack) == []


async def test_bytes_that_slack_does_not_take_are_no_picture(make: Make, slack: SlackServer, ops: str) -> None:
    slack.faults.status("upload", 413)
    with pytest.raises(DeliveryFailed) as failed:
        await make().show(To(ops), PICTURE)
    assert (failed.value.kind, "HTTP 413" in failed.value.detail) == (FailureKind.MALFORMED, True)
