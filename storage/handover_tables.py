"""The tables of hand-overs: who comes on duty when and whether they have the pager, and tests of their methods."""

import sqlalchemy as sa

from storage.columns import BigId, Instant, metadata

# One per person and instant, so that any number of processes make one. `due`: when somebody must look. `ends`: when
# the last of its shifts ends; none: that is not in sight.
handovers = sa.Table(
    "handovers",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("account_id", BigId, nullable=False),
    sa.Column("at", Instant, nullable=False, index=True),
    sa.Column("due", Instant),
    sa.Column("ends", Instant),
    sa.Column("body", sa.Text, nullable=False),
    sa.UniqueConstraint("account_id", "at"),
)
sa.Index(
    "ix_handovers_due",
    handovers.c.due,
    sqlite_where=handovers.c.due.is_not(None),
    postgresql_where=handovers.c.due.is_not(None),
)

# Somebody has all of their methods rung once.
trials = sa.Table(
    "trials",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("account_id", BigId, nullable=False),
    sa.Column("started_at", Instant, nullable=False, index=True),
    sa.Column("body", sa.Text, nullable=False),
)
