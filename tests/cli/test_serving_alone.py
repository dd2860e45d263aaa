"""One SQLite file is served by one process; whatever else uses it beside that one comes and goes."""

import signal
from pathlib import Path

from tests.cli.shell import Shell
from tests.cli.test_serve import Start, logged_address, started, stopped
from tests.support.process import printed_address


def test_a_second_one_says_who_serves_already_and_ends(sqlite_shell: Shell, tmp_path: Path) -> None:
    shell = Shell(sqlite_shell.url, {"ONCARD_LOG": "json"})
    with started(Start(("serve", "--port", "0"), shell, tmp_path, logged_address)) as served:
        said = shell.refused("serve", "--port", "0")
        assert said.startswith(f"another `oncard serve` (process {served.process.pid}) uses this database")
        assert said == shell.refused("demo", "--port", "0")

        shell.fire()
        assert shell.say("incident", "ack", "1").startswith("#1 is yours")
        exported = tmp_path / "oncard.yaml"
        exported.write_text(shell.say("export"))
        assert shell.say("apply", str(exported)) == "nothing to change\n"

        served.process.send_signal(signal.SIGKILL)
        served.process.wait(30)
    folder = tmp_path / "again"
    folder.mkdir()
    with started(Start(("serve", "--port", "0"), shell, folder, logged_address)) as served:
        assert stopped(served, signal.SIGTERM) == 0


def test_the_demo_is_served_by_one_too(without_database: Shell, tmp_path: Path) -> None:
    with started(Start(("demo", "--port", "0"), without_database, tmp_path, printed_address)) as served:
        shell = Shell(f"sqlite+aiosqlite:///{tmp_path}/var/oncard.db")
        assert f"(process {served.process.pid})" in shell.refused("serve", "--port", "0")
        link = tmp_path / "link.db"
        link.symlink_to(tmp_path / "var" / "oncard.db")
        assert f"(process {served.process.pid})" in Shell(f"sqlite+aiosqlite:///{link}").refused("serve", "--port", "0")


def test_many_processes_serve_one_postgresql(postgresql_url: str, tmp_path: Path) -> None:
    shell = Shell(postgresql_url, {"ONCARD_LOG": "json"})
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    with (
        started(Start(("serve", "--port", "0"), shell, folders[0], logged_address)),
        started(Start(("serve", "--port", "0"), shell, folders[1], logged_address)) as second,
    ):
        assert stopped(second, signal.SIGTERM) == 0


def test_sqlite_has_no_roles(sqlite_shell: Shell) -> None:
    for role in ("web", "worker"):
        said = sqlite_shell.refused("serve", "--port", "0", "--role", role)
        assert said.startswith(f"--role {role} needs PostgreSQL")
