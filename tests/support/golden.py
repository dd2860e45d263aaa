"""Golden files: a text that was reviewed once, and must stay as it is.

`golden("cards/triggered.json", text)` compares `text` with the file beside the test. `pytest --update-golden` writes
what differs, for review by `git diff`; it is refused when `CI` is set.
"""

import difflib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

Golden = Callable[[str, str], None]
"""Compares a text with the file at a path relative to the test's own file."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--update-golden`."""
    parser.addoption("--update-golden", action="store_true", help="write golden files instead of comparing with them")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse `--update-golden` in CI, where a difference is a fault."""
    if config.getoption("--update-golden") and os.environ.get("CI", "").lower() not in {"", "0", "false"}:
        raise pytest.UsageError("--update-golden is refused in CI: golden files are reviewed like code")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Give `golden(path, text)`, which fails with a difference unless the file at `path` holds `text`."""
    act = write if request.config.getoption("--update-golden") else compare
    return lambda path, text: act(request.path.parent / path, text)


def compare(file: Path, text: str) -> None:
    """Fail with a difference unless `file` holds `text`, to the byte."""
    if not file.exists():
        pytest.fail(f"{file} is not there: write it with pytest --update-golden, and review it", pytrace=False)
    expected = file.read_bytes().decode()
    if text != expected:
        pytest.fail(_difference(file, expected, text), pytrace=False)


def write(file: Path, text: str) -> None:
    """Make `file` hold `text`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode())


def _difference(file: Path, expected: str, text: str) -> str:
    lines = difflib.unified_diff(expected.splitlines(), text.splitlines(), str(file), "now", lineterm="")
    shown = "\n".join(lines) or "only the ends of lines differ"
    return f"{shown}\n\nIf this is right, write it with pytest --update-golden, and review it."
