"""What a transaction speaks to, whichever database is behind it."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import sqlalchemy as sa

Result = TypeVar("Result")
Rows = sa.CursorResult[*tuple[Any, ...]]
Parameters = Any


class Connection(Protocol):
    """What a transaction speaks to: the part of SQLAlchemy's AsyncConnection that is used here."""

    @property
    def dialect(self) -> sa.Dialect:
        """Which database it is."""
        ...

    @property
    def info(self) -> dict[Any, Any] | None:
        """What is kept with the connection beyond this transaction; None: the next one may have another connection."""
        ...

    async def execute(self, statement: sa.Executable, parameters: Parameters = None) -> Rows:
        """Run a statement; with a sequence of parameters, once for each."""
        ...

    async def exec_driver_sql(self, statement: str, parameters: Parameters = None) -> Rows:
        """Run a statement in the database's own words."""
        ...

    async def change(self, table: str, statement: str, parameters: tuple[object, ...]) -> None:
        """Add rows to a table or change some, in the database's own words. It is so for whatever is asked next.

        That it fails may be raised only by that, or by the end of the transaction. `table`: two changes of one name are
        done in their order, those of several at once.
        """
        ...

    async def scalar(self, statement: sa.Executable, parameters: Parameters = None) -> Any:
        """Return the first value of the first row; None: there is no row."""
        ...

    async def scalars(self, statement: sa.Executable, parameters: Parameters = None) -> sa.ScalarResult[Any]:
        """Return the first value of each row."""
        ...

    async def run_sync(self, work: Callable[[sa.Connection], Result]) -> Result:
        """Run what only knows plain connections."""
        ...


Work = Callable[[Connection], Coroutine[Any, Any, Result]]
"""A transaction: on SQLite it may await nothing but its connection."""


@dataclass(frozen=True, slots=True)
class Brief(Generic[Result]):
    """A transaction that may run in the event loop, its commit apart, if that takes but a few milliseconds.

    How many it takes is learnt from those before it, by their size.
    """

    work: Work[Result]
    size: int

    def __call__(self, connection: Connection) -> Coroutine[Any, Any, Result]:
        """Run it."""
        return self.work(connection)
