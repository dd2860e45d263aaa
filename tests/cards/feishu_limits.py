"""What Feishu takes of a card, and what in it would be active: written down a second time, apart from the renderer.

Sources: https://open.feishu.cn/document/feishu-cards/card-json-v2-structure and the pages of its components.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

MOST_BYTES = 30_000
MOST_ELEMENTS = 200
COLOURS = {
    "blue",
    "wathet",
    "turquoise",
    "green",
    "yellow",
    "orange",
    "red",
    "carmine",
    "violet",
    "purple",
    "indigo",
    "grey",
    "default",
}
TAG_COLOURS = {
    "neutral",
    "blue",
    "turquoise",
    "lime",
    "orange",
    "violet",
    "indigo",
    "wathet",
    "green",
    "yellow",
    "red",
    "purple",
    "carmine",
}
OURS = [
    r"<at id=ou_[0-9A-Za-z]{1,64}></at>",
    r"<local_datetime millisecond='-?\d+' format_type='(?:date_num|time)'></local_datetime>",
    r"\*\*[^*\n]+\*\*",
    r"\[[^\[\]()<>*`\n]+\]\(https?://[^\s()<>\[\]*`]+\)",
    r"&#\d+;",
]
ACTIVE = re.compile(r"[!-+\-./:-@\[-`{-~]")
HIDDEN = re.compile("[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u202a-\u202e\u2060\ufeff\ud800-\udfff]")

KNOWN: dict[str, set[str]] = {
    "markdown": {"tag", "content", "text_size"},
    "div": {"tag", "text"},
    "column_set": {"tag", "flex_mode", "columns"},
    "column": {"tag", "width", "weight", "elements"},
    "button": {"tag", "type", "text", "behaviors", "confirm", "name", "form_action_type"},
    "form": {"tag", "name", "elements"},
    "select_static": {"tag", "name", "required", "placeholder", "options"},
    "select_person": {"tag", "name", "required", "placeholder", "options"},
    "input": {"tag", "name", "required", "placeholder", "input_type", "max_length", "width"},
}


def check_size(card: dict[str, Any]) -> None:
    """The card as it goes over the wire: JSON in JSON."""
    inner = json.dumps(card, ensure_ascii=False)
    sent = json.dumps({"content": inner, "msg_type": "interactive"}, ensure_ascii=False).encode()
    assert len(sent) <= MOST_BYTES


def check_card(card: dict[str, Any]) -> None:
    """A card of JSON 2.0, in which nothing is active but what the renderer means to be."""
    check_size(card)
    assert card.keys() <= {"schema", "config", "header", "body"}
    assert card["schema"] == "2.0"
    assert card["config"].keys() == {"update_multi", "width_mode", "summary"}
    assert card["config"]["update_multi"] is True
    assert card["config"]["summary"]["content"].strip()
    if "header" in card:
        head = card["header"]
        assert head.keys() <= {"title", "template", "text_tag_list"}
        check_plain(head["title"])
        assert head["template"] in COLOURS
        assert len(head["text_tag_list"]) <= 3
        for tag in head["text_tag_list"]:
            assert tag.keys() == {"tag", "text", "color"}
            assert tag["color"] in TAG_COLOURS
            check_plain(tag["text"])
    elements = list(walk(card["body"]["elements"]))
    assert elements
    assert len(elements) <= MOST_ELEMENTS
    names: list[str] = [element["name"] for element in elements if "name" in element]
    assert len(names) == len(set(names))
    assert all(names)
    for element in elements:
        check_element(element)
    forms = [element for element in elements if element["tag"] == "form"]
    assert all(form in card["body"]["elements"] for form in forms)


def check_element(element: dict[str, Any]) -> None:
    assert element.keys() <= KNOWN[element["tag"]], element
    match element["tag"]:
        case "markdown":
            check_markdown(element["content"])
        case "div":
            check_plain(element["text"])
        case "button":
            check_plain(element["text"])
            assert element["type"] in {"primary", "default", "danger"}
            [behaviour] = element["behaviors"]
            assert behaviour.keys() == {"type", "value"}
            # A text instead of an object is what the SDK cannot read.
            assert behaviour["value"]["t"]
            check_confirm(element)
        case "select_static":
            values = [option["value"] for option in element["options"]]
            assert values
            assert all(values)
            assert len(values) == len(set(values))
            for option in element["options"]:
                check_plain(option["text"])
        case "select_person":
            assert element["options"]
            assert all(option["value"].startswith("ou_") for option in element["options"])
        case "input":
            assert element["input_type"] in {"text", "multiline_text"}
            assert 1 <= element["max_length"] <= 1000
    if "placeholder" in element:
        check_plain(element["placeholder"])
        assert len(element["placeholder"]["content"]) <= 100 * 2


def check_old_card(card: dict[str, Any]) -> None:
    """A card of JSON 1.0."""
    check_size(card)
    assert card.keys() <= {"config", "header", "elements"}
    assert card["elements"]
    if "header" in card:
        check_plain(card["header"]["title"])
        assert card["header"]["template"] in COLOURS
    for element in card["elements"]:
        assert element["tag"] in {"div", "action"}
        texts = [element["text"]] if "text" in element else []
        texts += [field["text"] for field in element.get("fields", [])]
        for text in texts:
            if text["tag"] == "lark_md":
                check_markdown(text["content"])
                assert "<local_datetime" not in text["content"]
            else:
                check_plain(text)
        for action in element.get("actions", []):
            check_plain(action["text"])
            assert action["value"]["t"]
            check_confirm(action)


def check_confirm(element: dict[str, Any]) -> None:
    if "confirm" in element:
        assert element["confirm"].keys() == {"title", "text"}
        check_plain(element["confirm"]["title"])
        check_plain(element["confirm"]["text"])


def check_plain(text: dict[str, Any]) -> None:
    assert text.keys() == {"tag", "content"}
    assert text["tag"] == "plain_text"
    assert text["content"].strip()
    assert not HIDDEN.search(text["content"])


def check_markdown(content: str) -> None:
    """Nothing is left that Feishu would read as markup, once what is ours and what is escaped is taken away."""
    assert content.strip()
    assert not HIDDEN.search(content)
    inside = "\n".join(part for part in re.findall(r"\*\*([^*\n]+)\*\*|\[([^\]]+)\]\(", content) for part in part)
    for text in (content, inside):
        left = re.sub(OURS[-1], "x", text)
        for ours in OURS[:-1]:
            left = re.sub(ours, "", left)
        found = ACTIVE.search(left)
        assert found is None, (found, left)


def walk(elements: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for element in elements:
        yield element
        yield from walk(element.get("columns", []))
        yield from walk(element.get("elements", []))
