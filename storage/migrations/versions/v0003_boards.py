"""Boards: what many incidents share in one place."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Go forward; old code must still run on the result."""
    op.create_table(
        "boards",
        sa.Column("id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("workspace_id", BIG_ID, nullable=False),
        sa.Column("place", sa.String(length=255), nullable=False),
        sa.Column("chat", sa.String(length=255), nullable=True),
        sa.Column("account_id", BIG_ID, nullable=True),
        sa.Column("message_chat", sa.String(length=255), nullable=True),
        sa.Column("message_id", sa.String(length=255), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_boards")),
    )
    op.create_table(
        "board_takers",
        sa.Column("board_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("account_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("board_id", "account_id", name=op.f("pk_board_takers")),
    )
    op.add_column("cards", sa.Column("board_id", BIG_ID, nullable=True))
    op.add_column("deliveries", sa.Column("board_id", BIG_ID, nullable=True))
    _index("ix_boards_open", "boards", ["workspace_id", "place"], "closed_at IS NULL", unique=True)
    _index("ix_boards_closed_at", "boards", ["closed_at"], "closed_at IS NOT NULL")
    _index("ix_cards_board", "cards", ["board_id", "incident_id"], "board_id IS NOT NULL")
    # Anew: by place, and what waits on a board is not looked through by whoever looks for the next message.
    op.drop_index("ix_deliveries_pending", "deliveries")
    _index(
        "ix_deliveries_pending",
        "deliveries",
        ["workspace_id", "place", "lane", "not_before", "id"],
        "state = 'pending' AND board_id IS NULL",
    )
    # Anew: with the progress, so that open incidents are counted in the index alone.
    op.drop_index("ix_incidents_open", "incidents")
    _index("ix_incidents_open", "incidents", ["channel_id", "id", "progress"], "progress != 'Closed'")
    _index("ix_deliveries_on_board", "deliveries", ["board_id", "id"], "state = 'pending' AND board_id IS NOT NULL")
    _index(
        "ix_deliveries_pending_board", "deliveries", ["card_id"], "state = 'pending' AND kind = 'board'", unique=True
    )


def _index(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    """Create an index over the rows that `where` names."""
    op.create_index(name, table, columns, unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
