"""PgBouncer before a PostgreSQL server, in transaction mode: each transaction may get another connection."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.postgresql import PostgresqlServer
from tests.support.process import Program, running

# Debian keeps it where not every user looks.
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"


@contextmanager
def pgbouncer(server: PostgresqlServer, database: str, connections: int) -> Iterator[str]:
    """Run it with so many connections to the server, and give the address of `database` through it."""
    program = shutil.which("pgbouncer", path=_PATH)
    if program is None:
        raise RuntimeError("pgbouncer is not installed: run `make test`, which installs it, or apt-get install it")
    user = "nobody" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="oncard-pgb-") as name:
        home = Path(name)
        if user:
            shutil.chown(home, user)
        (home / "users").write_text('"postgres" ""\n')
        (home / "pgbouncer.ini").write_text(
            f"""\
[databases]
{database} = host={server.host} dbname={database} user=postgres
[pgbouncer]
listen_port = 5432
listen_addr =
unix_socket_dir = {home}
auth_type = trust
auth_file = {home}/users
pool_mode = transaction
default_pool_size = {connections}
max_client_conn = 300
"""
        )
        log = home / "log"
        with running(Program([program, str(home / "pgbouncer.ini")], log, user, home), lambda: _is_up(log)):
            yield f"postgresql+asyncpg://postgres@/{database}?host={home}"


def _is_up(log: Path) -> bool:
    return "process up" in log.read_text(errors="replace")
