"""How PostgreSQL plans what it is asked over and over.

It plans a prepared statement once, for all values, unless it expects more of a plan for the values themselves. Then it
makes one each time, which may take as long as what is asked, and is for nothing where a statement is written so that
one index alone serves it. There the values are not to be seen when it is planned.

Of a LIMIT that it does not see it expects a tenth of all rows. That is well where it is to go by the index whose order
is asked for; else the number is to be written out.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine


def unseen(name: str, kind: TypeEngine[Any]) -> sa.ScalarSelect[Any]:
    """Return a value that a database does not see when it plans the statement."""
    return sa.select(sa.bindparam(name, type_=kind)).scalar_subquery()


def planned_once(text: str, *names: str) -> str:
    """Return a statement, in SQL, whose values of these names are unseen."""
    for name in names:
        text = text.replace(f":{name}", f"(SELECT :{name})")
    return text


def written_out(name: str) -> sa.BindParameter[int]:
    """Return a number that is a part of the statement's text."""
    return sa.bindparam(name, type_=sa.Integer(), literal_execute=True)
