"""Live messages that are about no incident."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Go forward; old code must still run on the result."""
    op.create_table(
        "letters",
        sa.Column("id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("matter", sa.String(length=16), nullable=False),
        sa.Column("about", BIG_ID, nullable=False),
        sa.Column("occasion", sa.String(length=32), nullable=False),
        sa.Column("workspace_id", BIG_ID, nullable=False),
        sa.Column("place", sa.String(length=255), nullable=False),
        sa.Column("chat", sa.String(length=255), nullable=True),
        sa.Column("account_id", BIG_ID, nullable=True),
        sa.Column("message_chat", sa.String(length=255), nullable=True),
        sa.Column("message_id", sa.String(length=255), nullable=True),
        sa.Column("shown", sa.Integer(), nullable=True),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lost_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("said", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letters")),
        sa.UniqueConstraint(
            "matter",
            "about",
            "occasion",
            "workspace_id",
            "place",
            name=op.f("uq_letters_matter_about_occasion_workspace_id_place"),
        ),
    )
    op.create_index(op.f("ix_letters_written_at"), "letters", ["written_at"])
