"""The rules of the house hold for all of it, and each rule sees the fault that it is there for."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.house.rules import (
    MOST_LINES,
    READS_THE_TIME,
    Module,
    is_too_long,
    platform_names,
    reads_the_time,
    says_nothing,
    waits_in_tests,
)

Rule = Callable[[Module], Iterator[str]]

TOP = Path(__file__).parents[2]
PACKAGES = ("bot", "adapters", "cards", "storage", "manifest")


def modules(*packages: str) -> list[Module]:
    """Read the modules below `packages`."""
    paths = [path for package in packages for path in sorted((TOP / package).rglob("*.py"))]
    return [Module(path.relative_to(TOP).as_posix(), path.read_text()) for path in paths]


def test_the_house_keeps_its_rules() -> None:
    rules: tuple[Rule, ...] = (platform_names, reads_the_time, is_too_long, says_nothing)
    assert [fault for module in modules(*PACKAGES) for rule in rules for fault in rule(module)] == []


def test_the_tests_keep_theirs() -> None:
    rules: tuple[Rule, ...] = (waits_in_tests, is_too_long)
    assert [fault for module in modules("tests") for rule in rules for fault in rule(module)] == []


@pytest.mark.parametrize(
    "text",
    [
        "import slack_sdk",
        "from adapters.slack import SlackAdapter",
        "if platform == 'slack': ...",
        "SlackCard()",
        "send(slack_token=1)",
        "text = 'Sent to Feishu.'",
        "def to_telegram(): ...",
    ],
)
def test_a_platform_is_named_only_in_its_own_files(text: str) -> None:
    assert list(platform_names(Module("bot/engine/outbox.py", text)))
    assert list(platform_names(Module("adapters/zoom.py", text)))


@pytest.mark.parametrize(
    "path",
    ["adapters/slack.py", "adapters/slack_errors.py", "cards/slack.py", "bot/playground/slack/page.py"],
)
def test_a_platform_is_named_in_its_own_files(path: str) -> None:
    assert list(platform_names(Module(path, "import slack_sdk"))) == []


def test_a_docstring_or_a_part_of_a_word_names_no_platform() -> None:
    text = '"""Slack, for example."""\nslackened = "larks zoomed"  # Slack\ndef f():\n    """Telegram."""\n'
    assert list(platform_names(Module("bot/engine/outbox.py", text))) == []


@pytest.mark.parametrize(
    "text",
    [
        "import time\ntime.monotonic()",
        "from time import perf_counter as t\nt()",
        "from datetime import UTC, datetime\ndatetime.now(UTC)",
        "import datetime as dt\nfield(default_factory=dt.datetime.utcnow)",
        "from datetime import date\ndate.today()",
        "import asyncio\nasync def f(): await asyncio.sleep(0)",
        "from asyncio import sleep\nasync def f(): await sleep(0)",
    ],
)
def test_only_the_clock_reads_the_time(text: str) -> None:
    assert list(reads_the_time(Module("bot/engine/timers.py", text)))
    assert list(reads_the_time(Module(READS_THE_TIME, text))) == []


def test_what_does_not_read_the_time_is_allowed() -> None:
    text = "from datetime import datetime\ndatetime.fromisoformat(x)\nclock.now()\nclock.sleep(1)\nevent.time\n"
    assert list(reads_the_time(Module("bot/engine/timers.py", text))) == []


@pytest.mark.parametrize("call", ["time.sleep(0)", "asyncio.sleep(0.1)", "asyncio.sleep(pause)", "asyncio.sleep()"])
def test_a_test_does_not_sleep(call: str) -> None:
    assert list(waits_in_tests(Module("tests/test_x.py", f"import asyncio, time\n{call}")))


def test_a_test_may_let_others_run() -> None:
    text = "import asyncio\nasyncio.sleep(0)\nasyncio.sleep(0.01)\nclock.sleep(60)\n"
    assert list(waits_in_tests(Module("tests/test_x.py", text))) == []


def test_a_module_is_read_in_one_sitting() -> None:
    assert list(is_too_long(Module("bot/long.py", "pass\n" * (MOST_LINES + 1))))
    assert list(is_too_long(Module("bot/long.py", "pass\n" * MOST_LINES))) == []


@pytest.mark.parametrize("path", ["bot/utils.py", "bot/common/text.py", "storage/db_helpers.py", "bot/base.py"])
def test_a_name_says_what_is_in_it(path: str) -> None:
    assert list(says_nothing(Module(path, '"""What it is for."""')))


def test_a_module_says_what_it_is_for() -> None:
    assert list(says_nothing(Module("bot/engine/act.py", "import re\n")))
    assert list(says_nothing(Module("bot/engine/__init__.py", ""))) == []


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_file_names_no_registry(lock: str) -> None:
    text = (TOP / lock).read_text()
    assert "--hash=sha256:" in text
    assert "://" not in text
    assert "--index-url" not in text
