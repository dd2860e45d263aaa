"""The tables of temporary changes that people make to schedules, and of what they ask each other for."""

import sqlalchemy as sa

from storage.columns import BigId, Instant, Name, Words, metadata

# A change lies on those with lower numbers. What is removed stays until it is old: up to then it held.
overrides = sa.Table(
    "overrides",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("schedule_id", BigId, nullable=False),
    sa.Column("role", sa.String(255), nullable=False),
    sa.Column("starts_at", Instant, nullable=False),
    sa.Column("ends_at", Instant, nullable=False, index=True),
    sa.Column("account_id", BigId, nullable=False),
    sa.Column("replaces_id", BigId),
    sa.Column("why", Words, nullable=False),
    sa.Column("made_by", BigId),
    sa.Column("made_via", Name(255), nullable=False),
    sa.Column("made_at", Instant, nullable=False),
    sa.Column("removed_by", BigId),
    sa.Column("removed_via", Name(255)),
    sa.Column("removed_at", Instant),
    sa.Column("trade_id", BigId, index=True),
)

# `due`: when something comes of it by itself; none: it has come to its end, at `ended_at`.
trades = sa.Table(
    "trades",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("schedule_id", BigId, nullable=False),
    sa.Column("due", Instant),
    sa.Column("ended_at", Instant, index=True),
    sa.Column("body", sa.Text, nullable=False),
)
sa.Index(
    "ix_trades_due", trades.c.due, sqlite_where=trades.c.due.is_not(None), postgresql_where=trades.c.due.is_not(None)
)
