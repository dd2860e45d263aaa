"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


# Held here and not imported: a migration stays what it was when the tables go on.
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SERIES = ("revision", "incidents", "alerts", "cards")


def upgrade() -> None:
    """Go forward; old code must still run on the result."""
    op.create_table(
        "alerts",
        sa.Column("id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("channel_id", BIG_ID, nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("incident_id", BIG_ID, nullable=True),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("recovered", sa.Boolean(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
    )
    with op.batch_alter_table("alerts", schema=None) as batch_op:
        batch_op.create_index(
            "ix_alerts_current",
            ["channel_id", "key"],
            unique=True,
            sqlite_where=sa.text("current IS 1"),
            postgresql_where=sa.text("current IS true"),
        )
        batch_op.create_index(batch_op.f("ix_alerts_incident_id"), ["incident_id"], unique=False)
        batch_op.create_index(
            "ix_alerts_unrecovered",
            ["channel_id", "key"],
            unique=False,
            sqlite_where=sa.text("recovered IS 0"),
            postgresql_where=sa.text("recovered IS false"),
        )

    op.create_table(
        "cards",
        sa.Column("id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("incident_id", BIG_ID, nullable=False),
        sa.Column("workspace_id", BIG_ID, nullable=False),
        sa.Column("place", sa.String(length=255), nullable=False),
        sa.Column("chat", sa.String(length=255), nullable=True),
        sa.Column("account_id", BIG_ID, nullable=True),
        sa.Column("message_chat", sa.String(length=255), nullable=True),
        sa.Column("message_id", sa.String(length=255), nullable=True),
        sa.Column("shown", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cards")),
        sa.UniqueConstraint(
            "incident_id", "workspace_id", "place", name=op.f("uq_cards_incident_id_workspace_id_place")
        ),
    )
    op.create_table(
        "definitions",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=320), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("secrets", sa.Text(), nullable=False),
        sa.Column("key_digest", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_definitions")),
        sa.UniqueConstraint("kind", "name", name=op.f("uq_definitions_kind_name")),
    )
    with op.batch_alter_table("definitions", schema=None) as batch_op:
        batch_op.create_index(
            "ix_definitions_key_digest",
            ["key_digest"],
            unique=True,
            sqlite_where=sa.text("key_digest IS NOT NULL"),
            postgresql_where=sa.text("key_digest IS NOT NULL"),
        )

    op.create_table(
        "deliveries",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("incident_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("lane", sa.SmallInteger(), nullable=False),
        sa.Column("workspace_id", BIG_ID, nullable=False),
        sa.Column("place", sa.String(length=255), nullable=False),
        sa.Column("chat", sa.String(length=255), nullable=True),
        sa.Column("account_id", BIG_ID, nullable=True),
        sa.Column("card_id", BIG_ID, nullable=True),
        sa.Column("entry", sa.String(length=32), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("uncertain", sa.Boolean(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claim", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("said", sa.Text(), nullable=True),
        sa.Column("message_chat", sa.String(length=255), nullable=True),
        sa.Column("message_id", sa.String(length=255), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
    )
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deliveries_incident_id"), ["incident_id"], unique=False)
        batch_op.create_index(
            "ix_deliveries_not_before",
            ["not_before"],
            unique=False,
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        )
        batch_op.create_index(
            "ix_deliveries_pending",
            ["lane", "not_before", "id"],
            unique=False,
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        )
        batch_op.create_index(
            "ix_deliveries_pending_card",
            ["card_id"],
            unique=False,
            sqlite_where=sa.text("state = 'pending' AND kind = 'card'"),
            postgresql_where=sa.text("state = 'pending' AND kind = 'card'"),
        )
        batch_op.create_index(
            "ix_deliveries_pending_edit",
            ["card_id"],
            unique=True,
            sqlite_where=sa.text("state = 'pending' AND kind = 'edit'"),
            postgresql_where=sa.text("state = 'pending' AND kind = 'edit'"),
        )
        batch_op.create_index(
            "ix_deliveries_sending",
            ["lease_until"],
            unique=False,
            sqlite_where=sa.text("state = 'sending'"),
            postgresql_where=sa.text("state = 'sending'"),
        )
        batch_op.create_index(
            "ix_deliveries_sending_card",
            ["card_id"],
            unique=False,
            sqlite_where=sa.text("state = 'sending'"),
            postgresql_where=sa.text("state = 'sending'"),
        )

    op.create_table(
        "events",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("integration_id", BIG_ID, nullable=True),
        sa.Column("channel_id", BIG_ID, nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("alert_id", BIG_ID, nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_events_alert_id"), ["alert_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_events_received_at"), ["received_at"], unique=False)

    op.create_table(
        "incidents",
        sa.Column("id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("channel_id", BIG_ID, nullable=False),
        sa.Column("progress", sa.String(length=16), nullable=False),
        sa.Column("severity", sa.String(length=16), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due", sa.DateTime(timezone=True), nullable=True),
        sa.Column("idle", sa.String(length=32), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
    )
    with op.batch_alter_table("incidents", schema=None) as batch_op:
        batch_op.create_index(
            "ix_incidents_due",
            ["due"],
            unique=False,
            sqlite_where=sa.text("due IS NOT NULL"),
            postgresql_where=sa.text("due IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_incidents_open",
            ["channel_id", "id"],
            unique=False,
            sqlite_where=sa.text("progress != 'Closed'"),
            postgresql_where=sa.text("progress != 'Closed'"),
        )

    op.create_table(
        "links",
        sa.Column("workspace_id", BIG_ID, nullable=False),
        sa.Column("user", sa.String(length=128), nullable=False),
        sa.Column("account_id", BIG_ID, nullable=False),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "user", name=op.f("pk_links")),
    )
    op.create_table(
        "numbers",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_numbers")),
    )
    op.create_table(
        "timeline",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("incident_id", BIG_ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timeline")),
    )
    with op.batch_alter_table("timeline", schema=None) as batch_op:
        batch_op.create_index("ix_timeline_incident_id", ["incident_id", "id"], unique=False)
    numbers = sa.table("numbers", sa.column("name"), sa.column("last"))
    op.bulk_insert(numbers, [{"name": name, "last": 0} for name in SERIES])
    if op.get_bind().dialect.name == "postgresql":
        for name in SERIES[1:]:
            op.execute(sa.schema.CreateSequence(sa.Sequence(f"{name}_numbers")))
