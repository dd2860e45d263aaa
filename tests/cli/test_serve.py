"""serve and demo as processes of their own: they start, answer, share the database with a shell, and stop when told."""

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.cli.shell import INTEGRATION_KEY, SAMPLE, SECRETS, Shell
from tests.support.process import Program, printed_address, running

# Nobody answers there, so that no test reaches a real chat app.
NOWHERE = "http://127.0.0.1:9/"
# Each takes memory for as long as the service runs: it is loaded when what is configured, or asked, needs it.
FEW_NEED = (
    "PIL",
    "aiosmtpd",
    "apprise",
    "dingtalk_stream",
    "holidays",
    "icalendar",
    "lark_oapi",
    "playwright",
    "recurring_ical_events",
    "telegram",
    "websockets",
)
IMPORTED = re.compile(r"^import time: .*\| +([\w.]+)\n", re.MULTILINE)


@dataclass(frozen=True)
class Served:
    """A running service: where it listens, its process, and what it has logged."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path


@dataclass(frozen=True)
class Start:
    """What to start, where, and how it says where it listens."""

    words: tuple[str, ...]
    shell: Shell
    folder: Path
    address_of: Callable[[str], str | None]


@contextmanager
def started(start: Start) -> Iterator[Served]:
    """Run it until the block ends."""
    log = start.folder / "log"
    environment = (f"{name}={value}" for name, value in start.shell.process_environment.items())
    command = ["env", "-i", *environment, str(Path(sys.executable).with_name("oncard")), *start.words]
    with running(Program(command, log, directory=start.folder), lambda: _answers(start, log)) as process:
        yield Served(start.address_of(log.read_text()) or "", process, log)


def _answers(start: Start, log: Path) -> bool:
    url = start.address_of(log.read_text())
    if url is None:
        return False
    try:
        return httpx.get(f"{url}/readyz").is_success
    except httpx.TransportError:
        return False


def logged_address(text: str) -> str | None:
    """Return the address that `serve` logs as JSON."""
    lines = [json.loads(line) for line in text.splitlines() if line.endswith("}")]
    return next((line["url"] for line in lines if line["event"] == "listening"), None)


def stopped(served: Served, by: signal.Signals) -> int:
    """Tell it to stop, and return its exit code."""
    served.process.send_signal(by)
    return served.process.wait(30)


def test_serve_applies_the_file_takes_alerts_and_stops_when_told_to(database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "oncard.yaml"
    file.write_text(SAMPLE.replace("platform: slack", f"platform: slack\n    api_base_url: {NOWHERE}"))
    shell = Shell(database_url, {"ONCARD_LOG": "json", "PYTHONPROFILEIMPORTTIME": "1"})
    start = Start(("serve", "--port", "0", "--config", str(file)), shell, tmp_path, logged_address)
    with started(start) as served:
        alert = {"status": "firing", "labels": {"alertname": "disk full"}, "annotations": {}, "fingerprint": "a"}
        answer = httpx.post(
            f"{served.url}/event/push/alert/prometheus",
            params={"integration_key": INTEGRATION_KEY},
            json={"version": "4", "status": "firing", "alerts": [alert]},
            timeout=30,
        )
        assert answer.is_success, answer.text
        assert [one["title"] for one in shell.json("incident", "list")] == ["disk full"]
        assert shell.say("incident", "ack", "1").startswith("#1 is yours")
        assert stopped(served, signal.SIGTERM) == 0
    printed = served.log.read_text()
    assert all(json.loads(line)["timestamp"] for line in printed.splitlines() if not line.startswith("import time:"))
    assert not any(secret in printed for secret in SECRETS)
    imported = set(IMPORTED.findall(printed))
    assert "slack_bolt" in imported
    assert imported.isdisjoint(FEW_NEED)


def test_serve_does_not_start_on_faults(empty: Shell, tmp_path: Path) -> None:
    file = tmp_path / "oncard.yaml"
    file.write_text("accounts: [{name: Ana}]\n")
    result = empty.run("serve", "--port", "0", "--config", str(file))
    assert result.exit_code == 1
    assert result.stdout.startswith(f"{file}:1: `email` is missing")
    assert f"Error: {file} has 1 fault: nothing was changed" in result.stderr


def test_an_address_that_is_taken_is_refused(sqlite_shell: Shell, without_database: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        said = sqlite_shell.refused("serve", "--port", port)
        assert said.startswith(f"cannot listen on 127.0.0.1:{port}: Address already in use; ")
        assert said.endswith("choose another --port")
        assert "choose another with --port" in without_database.refused("demo", "--port", port)


def test_the_demo_says_what_to_open_and_stops_when_told_to(without_database: Shell, tmp_path: Path) -> None:
    with started(Start(("demo", "--port", "0"), without_database, tmp_path, printed_address)) as served:
        printed = served.log.read_text()
        assert f"{served.url}/playground" in printed
        assert f"curl -X POST '{served.url}/event/push/alert/standard" in printed
        assert httpx.get(f"{served.url}/playground", timeout=30).is_success
        assert stopped(served, signal.SIGINT) == 0
    assert "Traceback" not in served.log.read_text()
