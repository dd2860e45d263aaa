"""What DingTalk takes in a card, in a robot's message and in a form, written down a second time for the tests.

Sources: https://open.dingtalk.com/document/orgapp/create-and-deliver-cards for values (strings, keys of 100 bytes, 1 KB
of UTF-8) and .../orgapp/robot-message-types-and-data-format for messages (15,000 bytes). What is active in Markdown is
from .../orgapp/robot-message-type; what comes from an alert may be none of it.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

KEY: Final = 100
VALUE: Final = 1024
MESSAGE: Final = 15_000
LINK: Final = re.compile(
    r"\[[^\[\]<>]+\]\((https?://[^\s()<>\[\]]+|dtmd://dingtalkclient/sendMessage\?content=[^\s()]+)\)"
)
BOLD: Final = re.compile(r"\*\*[^\n]+?\*\*")
MARKUP: Final = re.compile(
    r"(?<![0-9A-Za-z])[*_~@]|[*_~](?![0-9A-Za-z])|[`<>\[\]|\\]|dtmd:|(?m:^\s*(#|[-+=]|\d{1,9}[.)]))"
)
UNSEEN: Final = re.compile(
    "[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u202a-\u202e\u2060\ufeff\ud800-\udfff]"
)
COLOURS: Final = {"red", "orange", "yellow", "green", "blue", "grey"}
BODIES: Final = ("status", "body1", "body2", "body3", "body4", "links", "list1", "list2", "history")


def check_markdown(text: str) -> None:
    """Fail if anything is active in the text but what a renderer writes: bold words, links, one heading, mentions."""
    assert not UNSEEN.search(text), repr(text)
    bare = LINK.sub("L", text.removeprefix("### "))
    assert not MARKUP.search(BOLD.sub("B", bare)), repr(text)


def check_card(values: Mapping[str, str]) -> None:
    """Fail unless these values can be a card's and nothing foreign in them is active."""
    check_values(values)
    assert any(values[name] for name in BODIES)
    for name in BODIES:
        check_markdown(values[name])
    assert values["colour"] in {*COLOURS, ""}
    assert values["severity_colour"] in {*COLOURS, ""}
    for name in ("facts", "labels"):
        assert all(set(field) == {"k", "v"} and field["v"] for field in _list(values[name]))
    for name in ("buttons1", "buttons2"):
        for button in _list(values[name]):
            assert button["text"].strip()
            assert button["color"] in {"blue", "grey", "red"}
            assert button["params"]["token"].strip()
            assert all(button.get("confirm", {"yes": "x"}).values())


def check_values(values: Mapping[str, str]) -> None:
    """Fail unless these are values of variables."""
    for key, value in values.items():
        assert isinstance(value, str)
        assert len(key.encode()) <= KEY
        assert len(value.encode()) <= VALUE, key


def check_form(values: Mapping[str, str]) -> None:
    """Fail unless these values are a form that can be filled in and brings its sentence back."""
    check_values(values)
    check_markdown(values["form_text"])
    fields = json.loads(values["form_fields"])["fields"]
    params = json.loads(values["form_params"])
    assert [field["name"] for field in fields] == params["fields"]
    for field in fields:
        assert field["label"]
        assert field["type"] in {"TEXT", "TEXTAREA", "SELECT"}
        assert ("options" in field) == (field["type"] == "SELECT")
        assert all(option["text"] and option["value"] for option in field.get("options", []))
    assert params["token"]
    assert values["form_submit"]


def check_robot(key: str, param: Mapping[str, Any]) -> None:
    """Fail unless the robot can send this and nothing foreign in it is active."""
    assert len(json.dumps(param, ensure_ascii=False).encode()) <= MESSAGE
    assert all(isinstance(value, str) and value.strip() for value in param.values())
    if key == "sampleText":
        assert set(param) == {"content"}
        return
    for paragraph in param["text"].split("\n"):
        check_markdown(paragraph.removeprefix("@0001 "))
    count = {"sampleMarkdown": 0, "sampleActionCard": 1}.get(key, int(key[-1]) if key[-1].isdigit() else 0)
    names = {"title", "text"}
    if count == 1:
        names |= {"singleTitle", "singleURL"}
    if count > 1:
        names |= {f"{part}{number}" for number in range(1, count + 1) for part in ("actionTitle", "actionURL")}
    assert set(param) == names
    for name, value in param.items():
        if name.lower().endswith("url") or name.startswith("actionURL"):
            assert value.startswith("dtmd://dingtalkclient/sendMessage?content=")
            assert unquote(value.partition("content=")[2]).strip()


def _list(value: str) -> list[Any]:
    return list(json.loads(value)) if value else []
