"""Pages that have several ways, and what became of each message."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Go forward; old code must still run on the result."""
    op.add_column("deliveries", sa.Column("page_id", BIG_ID, nullable=True))
    op.add_column("deliveries", sa.Column("rank", sa.SmallInteger(), nullable=True))
    op.add_column("deliveries", sa.Column("latest_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_deliveries_page_id",
        "deliveries",
        ["page_id", "rank"],
        sqlite_where=sa.text("page_id IS NOT NULL"),
        postgresql_where=sa.text("page_id IS NOT NULL"),
    )
    op.create_table(
        "hops",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("delivery_id", BIG_ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hop", sa.String(length=16), nullable=False),
        sa.Column("provider", sa.String(length=64), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("message_id", sa.String(length=255), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hops")),
    )
    op.create_index(op.f("ix_hops_delivery_id"), "hops", ["delivery_id"])
