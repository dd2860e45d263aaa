"""check and lint: what is allowed and will go wrong, on its line or by its object, and how it is said to a script."""

import json
from pathlib import Path

import pytest

from bot import playground
from tests.cli.shell import SAMPLE, Shell
from tests.config.test_sample import context


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Give the sample as a file; its channel Quiet has no rules."""
    path = tmp_path / "oncard.yaml"
    path.write_text(SAMPLE)
    return path


def line_of(part: str) -> int:
    return next(number for number, line in enumerate(SAMPLE.splitlines(), start=1) if part in line)


def test_check_says_each_finding_on_its_line_and_is_content_unless_strict(without_database: Shell, file: Path) -> None:
    first, second = without_database.say("check", str(file)).splitlines()
    assert first.startswith(f"{file}: no faults (")
    line = line_of("name: Quiet")
    assert second == (
        f"{file}:{line}: error: no rule is switched on here, so nobody is told of any alert; "
        "write rules under `escalation` [channel-without-rules]"
    )
    strict = without_database.run("check", str(file), "--strict")
    assert (strict.exit_code, strict.stdout.splitlines()[1]) == (1, second)
    (finding,) = without_database.json("check", str(file))["findings"]
    assert (finding["line"], finding["code"], finding["grade"]) == (line, "channel-without-rules", "error")
    assert finding["where"] == {"kind": "channel", "name": "Quiet", "rule": None, "level": None}
    file.write_text(SAMPLE.replace("  - name: Quiet\n", ""))
    assert without_database.run("check", str(file), "--strict").exit_code == 0


def test_lint_knows_what_is_verified_and_linked(shell: Shell) -> None:
    found = shell.json("lint")
    assert [(one["code"], one["where"]["name"]) for one in found] == [
        ("channel-without-rules", "Quiet"),
        ("unreachable-person", "ana@example.com"),
        ("unreachable-person", "bo@example.com"),
        ("unreachable-person", "dee@example.com"),
    ]
    assert "chat: no chat account is linked" in found[1]["why"]
    assert "error  account ana@example.com" in shell.say("lint")
    assert shell.run("lint", "--strict").exit_code == 1


def test_nothing_configured_has_no_findings(empty: Shell) -> None:
    empty.run("db", "upgrade")
    assert empty.say("lint") == "no findings\n"
    assert empty.json("lint") == []
    assert empty.run("lint", "--strict").exit_code == 0


def test_the_sample_organisation_has_no_finding_but_what_time_brings(tmp_path: Path) -> None:
    sample = Path(playground.__path__[0], "sample.yaml")
    result = Shell("", dict(context().environment)).run("check", str(sample), "--json")
    # Which weekends China works is announced year by year: late in a year the next one is not known yet.
    assert {one["code"] for one in json.loads(result.stdout)["findings"]} <= {"outdated-holidays"}
