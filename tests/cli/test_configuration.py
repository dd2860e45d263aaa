"""check, apply and export: what users rely on when they keep their configuration in a file."""

import json
from pathlib import Path

import pytest

from tests.cli.shell import BOT_TOKEN, SAMPLE, SECRETS, Shell

FAULTY = SAMPLE.replace("team: sre", "team: srr").replace("escalate_after: 10m", "escalate_after: soon")
EVERYTHING = "8 added, 0 changed, 0 removed"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Give the path of a file with the sample configuration."""
    path = tmp_path / "oncard.yaml"
    path.write_text(SAMPLE)
    return path


def line_of(text: str, part: str) -> int:
    """Return the number of the first line that holds `part`."""
    return next(number for number, line in enumerate(text.splitlines(), start=1) if part in line)


# ---- check -----------------------------------------------------------------------------------------------------------


def test_a_right_file_is_one_line_and_needs_no_database(without_database: Shell, file: Path) -> None:
    file.write_text(SAMPLE.replace("  - name: Quiet\n", ""))
    printed = without_database.say("check", str(file))
    assert printed == f"{file}: no faults (3 accounts, 1 team, 1 workspace, 1 channel, 1 integration)\n"


def test_each_fault_has_its_line_and_its_mend(without_database: Shell, file: Path) -> None:
    file.write_text(FAULTY)
    result = without_database.run("check", str(file))
    assert result.exit_code == 1
    assert result.stderr == ""
    team, wait = (line_of(FAULTY, part) for part in ("team: srr", "escalate_after: soon"))
    first, second = result.stdout.splitlines()
    assert first.startswith(f"{file}:{team}: `srr` names no team; did you mean `sre`?")
    assert second.startswith(f"{file}:{wait}: `soon` is no duration; ")


def test_faults_as_json(without_database: Shell, file: Path) -> None:
    file.write_text(FAULTY)
    result = without_database.run("check", str(file), "--json")
    assert result.exit_code == 1
    said = json.loads(result.stdout)
    assert said["file"] == str(file)
    assert said["ok"] is False
    assert [set(fault) for fault in said["faults"]] == [{"line", "what", "mend"}] * 2
    assert said["faults"][0]["line"] == line_of(FAULTY, "team: srr")


def test_no_faults_as_json(without_database: Shell, file: Path) -> None:
    file.write_text(SAMPLE.replace("  - name: Quiet\n", ""))
    assert without_database.json("check", str(file)) == {"file": str(file), "ok": True, "faults": [], "findings": []}


def test_a_variable_that_is_not_set_is_a_fault(file: Path) -> None:
    result = Shell("", {"BOT_TOKEN": None}).run("check", str(file))
    assert result.exit_code == 1
    assert "the environment has no variable `BOT_TOKEN`" in result.stdout


def test_a_mapping_that_the_source_cannot_use_is_a_fault(without_database: Shell) -> None:
    mapped = (
        "channels: [{name: a, integrations: [{name: b, source: standard, key: 0123456789abcdef, fields: {titel: x}}]}]"
    )
    result = without_database.run("check", "-", typed=mapped)
    assert result.exit_code == 1
    assert "fields.titel" in result.stdout


@pytest.mark.parametrize("command", ["check", "apply"])
def test_a_file_that_cannot_be_read_is_one_line(sqlite_shell: Shell, tmp_path: Path, command: str) -> None:
    nowhere, binary = tmp_path / "nowhere.yaml", tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\xfa")
    expected = f"cannot read {nowhere}: No such file or directory; see that the path is right"
    assert sqlite_shell.refused(command, str(nowhere)) == expected
    assert sqlite_shell.refused(command, str(binary)).startswith(f"cannot read {binary}: it is not text in UTF-8")
    assert sqlite_shell.refused(command, str(tmp_path)).startswith(f"cannot read {tmp_path}: ")


# ---- apply and export ------------------------------------------------------------------------------------------------


def test_apply_prints_what_changes_and_then_finds_nothing_to_change(empty: Shell, file: Path) -> None:
    lines = empty.say("apply", str(file)).splitlines()
    assert "+ account ana@example.com" in lines
    assert "+ channel Payments" in lines
    assert lines[-1] == EVERYTHING
    assert empty.say("apply", str(file)) == "nothing to change\n"


def test_apply_changes_and_removes(shell: Shell, file: Path) -> None:
    file.write_text(SAMPLE.replace("name: Bo,", "name: Bob,").replace("  - name: Quiet\n", ""))
    plan = "~ account bo@example.com: name Bo → Bob\n- channel Quiet\n"
    dry = shell.say("apply", str(file), "--dry-run")
    assert dry == f"{plan}dry run, nothing was changed: would be 0 added, 1 changed, 1 removed\n"
    assert shell.say("apply", str(file)) == f"{plan}0 added, 1 changed, 1 removed\n"
    assert shell.say("apply", str(file)) == "nothing to change\n"


def test_a_dry_run_changes_nothing(shell: Shell, file: Path) -> None:
    before = shell.say("export")
    file.write_text(SAMPLE.replace("name: Quiet", "name: Loud"))
    shell.say("apply", str(file), "--dry-run")
    assert shell.say("export") == before


def test_a_dry_run_makes_no_schema(empty: Shell, file: Path) -> None:
    assert "holds no Oncard yet: run `oncard db upgrade`" in empty.refused("apply", str(file), "--dry-run")
    assert "holds no Oncard yet" in empty.refused("who")


def test_a_file_with_faults_changes_nothing(shell: Shell, file: Path) -> None:
    before = shell.say("export")
    file.write_text(FAULTY.replace("name: Quiet", "name: Loud"))
    result = shell.run("apply", str(file))
    assert result.exit_code == 1
    assert result.stderr == f"Error: {file} has 2 faults: nothing was changed\n"
    assert result.stdout.startswith(f"{file}:{line_of(FAULTY, 'team: srr')}: ")
    assert shell.say("export") == before


def test_the_plan_as_json(empty: Shell, file: Path) -> None:
    said = empty.json("apply", str(file))
    assert {"file", "dry_run", "steps"} == set(said)
    assert said["dry_run"] is False
    assert {"action": "add", "kind": "team", "name": "sre", "changes": []} in said["steps"]
    assert empty.json("apply", str(file), "--dry-run") == {"file": str(file), "dry_run": True, "steps": []}


def test_faults_of_apply_as_json(shell: Shell, file: Path) -> None:
    file.write_text(FAULTY)
    result = shell.run("apply", str(file), "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["ok"] is False


def test_what_is_exported_is_found_unchanged(shell: Shell) -> None:
    exported = shell.say("export")
    assert shell.say("apply", "-", typed=exported) == "nothing to change\n"
    assert shell.say("export") == exported


def test_an_export_can_be_edited_and_applied_without_the_secrets(shell: Shell) -> None:
    edited = shell.say("export").replace("name: Ana", "name: Anna")
    assert shell.say("apply", "-", typed=edited).endswith("0 added, 1 changed, 0 removed\n")


def test_a_secret_that_changes_is_never_printed(shell: Shell, file: Path) -> None:
    file.write_text(SAMPLE.replace("${BOT_TOKEN}", f"{BOT_TOKEN}-new"))
    printed = shell.say("apply", str(file))
    assert printed == "~ workspace acme: bot_token changed\n0 added, 1 changed, 0 removed\n"


def test_no_command_prints_a_secret(shell: Shell, file: Path) -> None:
    commands = [
        ["check", str(file)],
        ["apply", str(file)],
        ["export"],
        ["who"],
        ["who", "--json"],
        ["apply", str(file), "--json"],
    ]
    printed = "".join(shell.say(*words) for words in commands)
    assert not any(secret in printed for secret in SECRETS)
