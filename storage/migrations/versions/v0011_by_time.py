"""What waits is found by its time in an index of its own, which nobody takes who looks place by place."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward; old code must still run on the result.

    It then reads the whole table to see what waits longest: a quarter of a second with a million messages, on
    PostgreSQL. The old index cannot stay for that, since PostgreSQL would go on to take it where it does harm.
    """
    where = sa.text("state = 'pending' AND attempts >= 0")
    op.create_index("ix_deliveries_by_time", "deliveries", ["not_before"], sqlite_where=where, postgresql_where=where)
    op.drop_index("ix_deliveries_not_before", "deliveries")
