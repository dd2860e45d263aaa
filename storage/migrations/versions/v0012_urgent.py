"""What waits is found by its urgency, and what is not settled by its incident."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward; old code must still run on the result.

    It then reads the whole table to see what waits longest: a quarter of a second with a million messages, on
    PostgreSQL; and for each edit all that waits. To keep the old indexes for that would cost each message two more.
    """
    if op.get_context().dialect.name == "postgresql":
        # At once: whoever reads the table now and then writes to it would wait for us, and we for them.
        op.execute("LOCK TABLE deliveries IN ACCESS EXCLUSIVE MODE")
    where = sa.text("state = 'pending' AND board_id IS NULL AND attempts >= 0")
    columns = ["workspace_id", "lane", "not_before", "id"]
    op.create_index("ix_deliveries_urgent", "deliveries", columns, sqlite_where=where, postgresql_where=where)
    op.drop_index("ix_deliveries_by_time", "deliveries")
    where = sa.text("state IN ('pending', 'sending') AND version >= 0")
    op.create_index("ix_deliveries_open", "deliveries", ["incident_id"], sqlite_where=where, postgresql_where=where)
    op.drop_index("ix_deliveries_pending_card", "deliveries")
