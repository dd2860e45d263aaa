"""What Slack accepts and refuses of a message and of a form: each limit at its edge, and one beyond."""

from collections.abc import Callable

import pytest

from bot.playground.slack.modals import view_faults
from bot.playground.slack.refusal import Refusal
from bot.playground.slack.validate import TOTAL_BLOCK_CHARACTERS, read_draft
from bot.playground.wire import JsonObject

Make = Callable[[int], JsonObject]


def divider() -> JsonObject:
    return {"type": "divider"}


def mrkdwn(size: int) -> JsonObject:
    return {"type": "mrkdwn", "text": "m" * size}


def plain(size: int) -> JsonObject:
    return {"type": "plain_text", "text": "p" * size}


def section(**parts: object) -> JsonObject:
    return {"type": "section", "text": mrkdwn(1), **parts}


def button(**parts: object) -> JsonObject:
    return {"type": "button", "text": plain(1), **parts}


def actions(*elements: object) -> JsonObject:
    return {"type": "actions", "elements": list(elements)}


def option(number: int) -> JsonObject:
    return {"text": plain(1), "value": str(number)}


def confirm(**parts: object) -> JsonObject:
    return {"title": plain(1), "text": mrkdwn(1), "confirm": plain(1), "deny": plain(1), **parts}


def blocks(*found: JsonObject) -> JsonObject:
    return {"text": "t", "blocks": list(found)}


def menu(**parts: object) -> JsonObject:
    return {"type": "static_select", **parts}


LIMITS: list[tuple[str, int, Make]] = [
    ("blocks of a message", 50, lambda n: blocks(*[divider()] * n)),
    ("section text", 3000, lambda n: blocks(section(text=mrkdwn(n)))),
    ("section fields", 10, lambda n: blocks(section(fields=[mrkdwn(1)] * n))),
    ("text of a field", 2000, lambda n: blocks(section(fields=[mrkdwn(n)]))),
    ("header text", 150, lambda n: blocks({"type": "header", "text": plain(n)})),
    ("context elements", 10, lambda n: blocks({"type": "context", "elements": [mrkdwn(1)] * n})),
    ("actions elements", 25, lambda n: blocks(actions(*[button()] * n))),
    ("button text", 75, lambda n: blocks(actions(button(text=plain(n))))),
    ("button value", 2000, lambda n: blocks(actions(button(value="v" * n)))),
    ("button url", 3000, lambda n: blocks(actions(button(url="https://example.com/".ljust(n, "u"))))),
    ("action_id", 255, lambda n: blocks(actions(button(action_id="a" * n)))),
    ("block_id", 255, lambda n: blocks(section(block_id="b" * n))),
    ("confirm title", 100, lambda n: blocks(actions(button(confirm=confirm(title=plain(n)))))),
    ("confirm text", 300, lambda n: blocks(actions(button(confirm=confirm(text=mrkdwn(n)))))),
    ("confirm button", 30, lambda n: blocks(actions(button(confirm=confirm(confirm=plain(n)))))),
    ("confirm deny", 30, lambda n: blocks(actions(button(confirm=confirm(deny=plain(n)))))),
    ("select options", 100, lambda n: blocks(actions(menu(options=[option(i) for i in range(n)])))),
    ("select placeholder", 150, lambda n: blocks(actions(menu(options=[option(1)], placeholder=plain(n))))),
    ("option text", 75, lambda n: blocks(actions(menu(options=[{"text": plain(n), "value": "v"}])))),
    ("option value", 150, lambda n: blocks(actions(menu(options=[{"text": plain(1), "value": "v" * n}])))),
    ("overflow options", 5, lambda n: blocks(actions({"type": "overflow", "options": [option(i) for i in range(n)]}))),
    ("markdown text", 12_000, lambda n: blocks({"type": "markdown", "text": "m" * n})),
    (
        "image alt_text",
        2000,
        lambda n: blocks({"type": "image", "image_url": "https://example.com/i", "alt_text": "a" * n}),
    ),
    ("blocks of an attachment", 50, lambda n: {"attachments": [{"blocks": [divider()] * n}]}),
]


@pytest.mark.parametrize(
    ("make", "most"), [(make, most) for _, most, make in LIMITS], ids=[name for name, *_ in LIMITS]
)
def test_a_limit_is_kept_to_the_character(make: Make, most: int) -> None:
    read_draft(make(most))
    with pytest.raises(Refusal) as refusal:
        read_draft(make(most + 1))
    assert refusal.value.code in ("invalid_blocks", "invalid_attachments")


def test_a_character_beyond_the_basic_plane_counts_twice() -> None:
    read_draft(blocks({"type": "header", "text": {"type": "plain_text", "text": "🔴" * 75}}))
    with pytest.raises(Refusal):
        read_draft(blocks({"type": "header", "text": {"type": "plain_text", "text": "🔴" * 76}}))


FAULTS: list[tuple[str, JsonObject, str]] = [
    (
        "text too long",
        section(text=mrkdwn(3001)),
        "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
    ),
    ("empty text", section(text=mrkdwn(0)), "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
    ("unknown block", {"type": "marquee"}, "unsupported type: marquee [json-pointer:/blocks/0/type]"),
    ("no type", {"text": mrkdwn(1)}, "missing required field: type [json-pointer:/blocks/0]"),
    ("no object", "divider", "must be an object [json-pointer:/blocks/0]"),  # type: ignore[list-item]
    ("nothing in a section", {"type": "section"}, "must define either `text` or `fields` [json-pointer:/blocks/0]"),
    ("unknown member", section(colour="red"), "invalid additional property: colour [json-pointer:/blocks/0]"),
    (
        "markup in a header",
        {"type": "header", "text": mrkdwn(1)},
        "must be a valid enum value [json-pointer:/blocks/0/text/type]",
    ),
    (
        "emoji in mrkdwn",
        section(text={"type": "mrkdwn", "text": "m", "emoji": True}),
        "invalid additional property: emoji [json-pointer:/blocks/0/text]",
    ),
    (
        "unknown element",
        actions({"type": "slider"}),
        "unsupported type: slider [json-pointer:/blocks/0/elements/0/type]",
    ),
    (
        "an input among actions",
        actions({"type": "plain_text_input"}),
        "unsupported type: plain_text_input [json-pointer:/blocks/0/elements/0/type]",
    ),
    (
        "unknown style",
        actions(button(style="loud")),
        "must be a valid enum value [json-pointer:/blocks/0/elements/0/style]",
    ),
    ("no address", actions(button(url="example")), "invalid URL [json-pointer:/blocks/0/elements/0/url]"),
    (
        "one action_id twice",
        actions(button(action_id="a"), button(action_id="a")),
        'action_id "a" already exists [json-pointer:/blocks/0/elements/1/action_id]',
    ),
    (
        "no words for an image",
        {"type": "image", "image_url": "https://example.com/i"},
        "missing required field: alt_text",
    ),
    ("no address of an image", {"type": "image", "alt_text": "a graph"}, "missing required field: image_url"),
    ("half a confirmation", actions(button(confirm={"title": plain(1)})), "missing required field: deny"),
    ("no options", actions(menu()), "missing required field: options"),
    ("actions without elements", {"type": "actions", "elements": []}, "no less than 1 items allowed"),
]


@pytest.mark.parametrize(("block", "fault"), [case[1:] for case in FAULTS], ids=[case[0] for case in FAULTS])
def test_a_fault_is_named_with_its_place(block: JsonObject, fault: str) -> None:
    with pytest.raises(Refusal) as refusal:
        read_draft(blocks(block))
    assert refusal.value.code == "invalid_blocks"
    messages = refusal.value.body()["response_metadata"]
    assert f"[ERROR] {fault}" in str(messages)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1/i.png", "https://10.0.0.7/i.png", "http://grafana/i.png", "http://db.internal/i"]
)
def test_a_picture_that_slack_cannot_download_is_refused(address: str) -> None:
    with pytest.raises(Refusal) as refusal:
        read_draft(blocks({"type": "image", "alt_text": "a graph", "image_url": address}))
    assert "downloading image failed [json-pointer:/blocks/0/image_url]" in str(refusal.value.body())


def test_block_ids_are_unique_in_a_message_and_action_ids_in_a_block() -> None:
    read_draft(blocks(actions(button(action_id="a")), actions(button(action_id="a"))))
    with pytest.raises(Refusal, match="invalid_blocks"):
        read_draft(blocks(section(block_id="b"), section(block_id="b")))


def test_all_blocks_together_have_a_limit_of_their_own() -> None:
    full = [section(text=mrkdwn(3000)) for _ in range(4)]
    rest = TOTAL_BLOCK_CHARACTERS - 12_000
    read_draft({"blocks": [*full, section(text=mrkdwn(rest))]})
    read_draft({"blocks": full, "attachments": [{"blocks": [section(text=mrkdwn(rest))]}]})
    with pytest.raises(Refusal, match="msg_blocks_too_long"):
        read_draft({"blocks": [*full, section(text=mrkdwn(rest + 1))]})
    with pytest.raises(Refusal, match="msg_blocks_too_long"):
        read_draft({"blocks": full, "attachments": [{"blocks": [section(text=mrkdwn(rest + 1))]}]})


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({}, "no_text"),
        ({"text": "", "blocks": [], "attachments": []}, "no_text"),
        ({"text": "t", "blocks": {"type": "divider"}}, "invalid_blocks_format"),
        ({"text": "t", "blocks": "[{"}, "invalid_blocks_format"),
        ({"text": "t", "attachments": "[{"}, "invalid_attachments"),
        ({"attachments": [{"text": "a"}] * 101}, "too_many_attachments"),
        ({"attachments": [{"colour": "#f00", "text": "a"}]}, "invalid_attachments"),
        ({"attachments": [{"title": "a", "blocks": [section()]}]}, "invalid_attachments"),
        ({"attachments": [{"blocks": [{"type": "marquee"}]}]}, "invalid_attachments"),
        ({"text": "t", "metadata": "{"}, "invalid_metadata_format"),
        ({"text": "t", "metadata": {"event_type": "x"}}, "invalid_metadata_schema"),
    ],
)
def test_what_is_no_message_is_refused(arguments: JsonObject, code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        read_draft(arguments)
    assert refusal.value.code == code


def test_a_hundred_attachments_are_accepted() -> None:
    assert len(read_draft({"attachments": [{"color": "#f00", "text": "a"}] * 100}).attachments) == 100


def view(**parts: object) -> JsonObject:
    return {"type": "modal", "title": plain(1), "blocks": [section()], **parts}


FORM_LIMITS: list[tuple[str, int, Make]] = [
    ("title", 24, lambda n: view(title=plain(n))),
    ("submit", 24, lambda n: view(submit=plain(n))),
    ("close", 24, lambda n: view(close=plain(n))),
    ("blocks", 100, lambda n: view(blocks=[divider()] * n)),
    ("callback_id", 255, lambda n: view(callback_id="c" * n)),
    ("private_metadata", 3000, lambda n: view(private_metadata="p" * n)),
    (
        "label",
        2000,
        lambda n: view(
            submit=plain(1),
            blocks=[{"type": "input", "label": plain(n), "element": {"type": "plain_text_input"}}],
        ),
    ),
    (
        "max_length",
        3000,
        lambda n: view(
            submit=plain(1),
            blocks=[{"type": "input", "label": plain(1), "element": {"type": "plain_text_input", "max_length": n}}],
        ),
    ),
]


@pytest.mark.parametrize(
    ("make", "most"), [(make, most) for _, most, make in FORM_LIMITS], ids=[name for name, *_ in FORM_LIMITS]
)
def test_a_limit_of_a_form_is_kept(make: Make, most: int) -> None:
    assert view_faults(make(most)) == []
    assert view_faults(make(most + 1)) != []


@pytest.mark.parametrize(
    ("form", "fault"),
    [
        (view(type="page"), "/view/type"),
        ({"type": "modal", "blocks": [section()]}, "missing required field: title"),
        (view(title=mrkdwn(1)), "/view/title/type"),
        (
            view(blocks=[{"type": "input", "label": plain(1), "element": {"type": "plain_text_input"}}]),
            "missing required field: submit",
        ),
        (view(blocks=[{"type": "input", "label": plain(1), "element": button()}], submit=plain(1)), "unsupported type"),
        (view(width="wide"), "invalid additional property: width"),
    ],
)
def test_a_fault_of_a_form_is_named(form: JsonObject, fault: str) -> None:
    assert fault in "\n".join(view_faults(form))
