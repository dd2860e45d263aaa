"""The service's logs: one line per event in the style that was asked for, and no secret in any of them."""

import json
import logging
from typing import Any

import pytest
import structlog

from bot import logs
from bot.logs import Style

SECRET = "hunter2hunter2"


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return what has been logged as JSON."""
    printed = capsys.readouterr()
    assert printed.out == ""
    return [json.loads(line) for line in printed.err.splitlines()]


def test_json_has_the_time_the_level_the_event_and_its_values(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Style.JSON)
    structlog.get_logger("oncard").info("settled", incident=42)
    (line,) = logged(capsys)
    assert (line["event"], line["level"], line["incident"]) == ("settled", "info", 42)
    assert line["timestamp"].endswith("Z")


def test_text_is_one_line_without_colours_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Style.TEXT)
    structlog.get_logger("oncard").warning("disconnected", workspace="acme")
    (line,) = capsys.readouterr().err.splitlines()
    assert "\x1b" not in line
    assert "warning" in line
    assert "disconnected" in line
    assert "workspace=acme" in line


def test_less_than_the_level_is_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Style.JSON, logging.WARNING)
    structlog.get_logger("oncard").info("settled")
    logging.getLogger("a.library").info("chatter")
    assert logged(capsys) == []


def test_libraries_come_out_once_in_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Style.TEXT)
    logs.configure(Style.JSON)
    logging.getLogger("a.library").warning("retrying %s", "in 3 s")
    (line,) = logged(capsys)
    assert (line["event"], line["level"]) == ("retrying in 3 s", "warning")
    assert line["timestamp"].endswith("Z")


@pytest.mark.parametrize(
    "text",
    [
        f"wss://chat.example.com/link?ticket={SECRET}&app=1",
        f"POST /event?integration_key={SECRET} 401",
        f"postgresql://oncard:{SECRET}@db.example.com/x",
        f"Authorization: Bearer {SECRET}",
        f"GenieKey {SECRET}",
        f"{{'bot_token': '{SECRET}'}}",
        f'{{"password": "{SECRET}"}}',
        f"token: {SECRET}",
    ],
)
@pytest.mark.parametrize("style", list(Style))
def test_what_looks_like_a_secret_is_taken_out(capsys: pytest.CaptureFixture[str], style: Style, text: str) -> None:
    logs.configure(style)
    structlog.get_logger("oncard").error("connection_failed", detail=text)
    logging.getLogger("a.library").error("failed: %s", text)
    printed = capsys.readouterr().err
    assert len(printed.splitlines()) == 2
    assert SECRET not in printed


@pytest.mark.parametrize("name", ["token", "bot_token", "secret", "password", "integration_key", "Authorization"])
def test_a_value_under_the_name_of_a_secret_is_taken_out(capsys: pytest.CaptureFixture[str], name: str) -> None:
    logs.configure(Style.JSON)
    structlog.get_logger("oncard").info("configured", **{name: SECRET})
    assert SECRET not in capsys.readouterr().err


def test_what_is_no_secret_stays(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Style.JSON)
    said = "chat.postMessage: channel_not_found at https://chat.example.com/api/ (request 7)"
    structlog.get_logger("oncard").info("not_delivered", said=said, keys=2, monkey="x")
    (line,) = logged(capsys)
    assert (line["said"], line["keys"], line["monkey"]) == (said, 2, "x")


@pytest.mark.parametrize("style", list(Style))
def test_a_traceback_says_where_and_not_what_was_in_memory(capsys: pytest.CaptureFixture[str], style: Style) -> None:
    logs.configure(style)
    kept_in_memory = SECRET[::-1]
    try:
        raise RuntimeError(f"connecting with token={SECRET}")
    except RuntimeError:
        structlog.get_logger("oncard").exception("connection_failed")
        logging.getLogger("a.library").exception("failed")
    printed = capsys.readouterr().err
    assert printed.count("Traceback") == 2
    assert "RuntimeError: connecting with token=" in printed
    assert SECRET not in printed
    assert kept_in_memory not in printed


@pytest.mark.parametrize(("wanted", "style"), [("", Style.TEXT), ("text", Style.TEXT), ("json", Style.JSON)])
def test_the_style_is_what_the_environment_says(wanted: str, style: Style) -> None:
    assert logs.style({"ONCARD_LOG": wanted}) is style
    assert logs.style({}) is Style.TEXT
