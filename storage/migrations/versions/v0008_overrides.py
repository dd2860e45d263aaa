"""Temporary changes that people make to schedules, and shifts that they ask each other to take."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Go forward; old code must still run on the result."""
    op.create_table(
        "overrides",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("schedule_id", BIG_ID, nullable=False),
        sa.Column("role", sa.String(length=255), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", BIG_ID, nullable=False),
        sa.Column("replaces_id", BIG_ID),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("made_by", BIG_ID),
        sa.Column("made_via", sa.String(length=255), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_by", BIG_ID),
        sa.Column("removed_via", sa.String(length=255)),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        sa.Column("trade_id", BIG_ID),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_overrides")),
    )
    op.create_index(op.f("ix_overrides_ends_at"), "overrides", ["ends_at"])
    op.create_index(op.f("ix_overrides_trade_id"), "overrides", ["trade_id"])
    op.create_table(
        "trades",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("schedule_id", BIG_ID, nullable=False),
        sa.Column("due", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trades")),
    )
    op.create_index(op.f("ix_trades_ended_at"), "trades", ["ended_at"])
    op.create_index(
        "ix_trades_due",
        "trades",
        ["due"],
        sqlite_where=sa.text("due IS NOT NULL"),
        postgresql_where=sa.text("due IS NOT NULL"),
    )
