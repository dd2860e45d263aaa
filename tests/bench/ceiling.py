"""What a front door could take that decides nothing: the ceiling that the machine sets for the same kind of program.

Starlette on uvicorn, SQLite with `synchronous=FULL`, each answer after its commit; what arrives while one is committed
shares the next. An alert is four rows by SQLAlchemy's Core, one statement per table: event, alert, incident, message.
`python -m tests.bench.ceiling FOLDER` is that process; `ceiling(...)` runs it.
"""

import asyncio
import contextlib
import json
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.bench.served import Served, serve, served

PATH = "/alerts"

_TABLES = sa.MetaData()
_INCIDENTS = sa.Table(
    "incidents",
    _TABLES,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("body", sa.Text),
    sa.Column("due", sa.Integer, index=True),
)
_ALERTS = sa.Table(
    "alerts",
    _TABLES,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("key", sa.Text, unique=True),
    sa.Column("title", sa.Text),
    sa.Column("incident", sa.Integer),
)
_EVENTS = sa.Table(
    "events",
    _TABLES,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("alert", sa.Integer),
    sa.Column("body", sa.Text),
)
_MESSAGES = sa.Table(
    "messages",
    _TABLES,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("incident", sa.Integer),
    sa.Column("due", sa.Integer, index=True),
)

Posted = dict[str, Any]


def ceiling(home: Path) -> contextlib.AbstractContextManager[Served]:
    """Run it for as long as the block lasts."""
    return served("ceiling", home / "ceiling")


@dataclass(slots=True)
class _Door:
    """Takes what is posted, and writes together what came together."""

    engine: sa.Engine
    thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    waiting: list[tuple[list[Posted], asyncio.Future[None]]] = field(default_factory=list)
    writing: asyncio.Task[None] | None = None

    async def take(self, request: Request) -> Response:
        posted = json.loads(await request.body())
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append((posted if isinstance(posted, list) else [posted], answer))
        if self.writing is None:
            self.writing = asyncio.create_task(self._write())
        await answer
        return JSONResponse({"request_id": uuid.uuid4().hex, "data": {}})

    async def _write(self) -> None:
        while self.waiting:
            together, self.waiting = self.waiting, []
            alerts = [alert for some, _ in together for alert in some]
            await asyncio.get_running_loop().run_in_executor(self.thread, self._store, alerts)
            for _, answer in together:
                if not answer.done():
                    answer.set_result(None)
        self.writing = None

    def _store(self, alerts: Sequence[Posted]) -> None:
        rows = [(next(self.numbers), alert) for alert in alerts]
        with self.engine.begin() as connection:
            connection.execute(
                sa.insert(_INCIDENTS), [{"id": n, "body": json.dumps(alert), "due": n} for n, alert in rows]
            )
            connection.execute(
                sa.insert(_ALERTS),
                [{"id": n, "key": one["alert_key"], "title": one["title_rule"], "incident": n} for n, one in rows],
            )
            connection.execute(
                sa.insert(_EVENTS), [{"id": n, "alert": n, "body": json.dumps(alert)} for n, alert in rows]
            )
            connection.execute(sa.insert(_MESSAGES), [{"id": n, "incident": n, "due": n} for n, _ in rows])


def _engine(file: Path) -> sa.Engine:
    engine = sa.create_engine(sa.URL.create("sqlite", database=str(file)), connect_args={"check_same_thread": False})

    @sa.event.listens_for(engine, "connect")
    def _connect(connection: DBAPIConnection, record: object) -> None:
        del record
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    _TABLES.create_all(engine)
    return engine


@click.command
@click.argument("folder", type=click.Path(path_type=Path))
def main(folder: Path) -> None:
    """Take alerts until this process is ended."""
    door = _Door(_engine(folder / "ceiling.db"))
    serve(folder, Route(PATH, door.take, methods=["POST"]))


if __name__ == "__main__":
    main()
