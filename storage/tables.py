"""The tables. What is asked by is a column; what is only read back whole is one JSON text, `body`.

Rows are written by migrations' schema, which a test holds against this one.
"""

from typing import Final

import sqlalchemy as sa

from storage import columns, contact_tables, handover_tables, letter_tables, override_tables

Instant = columns.Instant
BigId = columns.BigId
metadata = columns.metadata

contacts = contact_tables.contacts
own_preferences = contact_tables.own_preferences
pins = contact_tables.pins
verifications = contact_tables.verifications
code_sends = contact_tables.code_sends
letters = letter_tables.letters
lint_looks = letter_tables.lint_looks
handovers = handover_tables.handovers
trials = handover_tables.trials
overrides = override_tables.overrides
trades = override_tables.trades

# Numbers are taken before the rows are written, so that rows can name each other. PostgreSQL counts in sequences, so
# that processes do not wait for each other; SQLite, which has one writer, in this table: the last number given out.
numbers = sa.Table(
    "numbers",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("last", sa.BigInteger, nullable=False),
)

# What admins configured. Removed objects stay, not active, because old incidents name them.
definitions = sa.Table(
    "definitions",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("name", sa.String(320), nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("secrets", sa.Text, nullable=False),
    sa.Column("key_digest", sa.String(64)),
    sa.UniqueConstraint("kind", "name"),
)
sa.Index(
    "ix_definitions_key_digest",
    definitions.c.key_digest,
    unique=True,
    sqlite_where=definitions.c.key_digest.is_not(None),
    postgresql_where=definitions.c.key_digest.is_not(None),
)

# Who is whom in a workspace. `origin`: who said so, one of `storage.links.Origin`; no account: nobody, said by whoever
# unlinked it.
links = sa.Table(
    "links",
    metadata,
    sa.Column("workspace_id", BigId, primary_key=True),
    sa.Column("user", sa.String(128), primary_key=True),
    sa.Column("account_id", BigId, nullable=False),
    sa.Column("origin", sa.String(16), nullable=False),
)

# What a person types in one chat account so that it is linked: a code of a chat identity, or one of an account.
link_codes = sa.Table(
    "link_codes",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("workspace_id", BigId),
    sa.Column("user", sa.String(128)),
    sa.Column("user_name", sa.String(255)),
    sa.Column("account_id", BigId),
    sa.Column("expires_at", Instant, nullable=False),
)

# What people asked for in chats and was carried out, so that it is not when a platform tells of it again.
idempotency_keys = sa.Table(
    "idempotency_keys",
    metadata,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("done_at", Instant, nullable=False, index=True),
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("received_at", Instant, nullable=False, index=True),
    sa.Column("request_id", sa.String(64), nullable=False),
    sa.Column("integration_id", BigId),
    sa.Column("channel_id", BigId, nullable=False),
    sa.Column("key", sa.String(255), nullable=False),
    sa.Column("alert_id", BigId, index=True),
    sa.Column("outcome", sa.String(16), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
)

alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=False),
    sa.Column("channel_id", BigId, nullable=False),
    sa.Column("key", sa.String(255), nullable=False),
    sa.Column("incident_id", BigId, index=True),
    sa.Column("current", sa.Boolean, nullable=False),
    sa.Column("recovered", sa.Boolean, nullable=False),
    sa.Column("opened_at", Instant, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
)
# One alert of a key takes events: two processes that open it at once collide here, and the second starts over.
sa.Index(
    "ix_alerts_current",
    alerts.c.channel_id,
    alerts.c.key,
    unique=True,
    sqlite_where=alerts.c.current.is_(sa.true()),
    postgresql_where=alerts.c.current.is_(sa.true()),
)
sa.Index(
    "ix_alerts_unrecovered",
    alerts.c.channel_id,
    alerts.c.key,
    sqlite_where=alerts.c.recovered.is_(sa.false()),
    postgresql_where=alerts.c.recovered.is_(sa.false()),
)

incidents = sa.Table(
    "incidents",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=False),
    sa.Column("channel_id", BigId, nullable=False),
    sa.Column("progress", sa.String(16), nullable=False),
    sa.Column("severity", sa.String(16), nullable=False),
    sa.Column("opened_at", Instant, nullable=False),
    sa.Column("closed_at", Instant),
    sa.Column("due", Instant),
    sa.Column("idle", sa.String(32)),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
)
sa.Index(
    "ix_incidents_due",
    incidents.c.due,
    sqlite_where=incidents.c.due.is_not(None),
    postgresql_where=incidents.c.due.is_not(None),
)
sa.Index(
    "ix_incidents_open",
    incidents.c.channel_id,
    incidents.c.id,
    # So that they are counted in the index alone.
    incidents.c.progress,
    sqlite_where=incidents.c.progress != "Closed",
    postgresql_where=incidents.c.progress != "Closed",
)

# What must not be: open, not acknowledged, and neither a next instant nor a reason why there is none.
sa.Index(
    "ix_incidents_adrift",
    incidents.c.id,
    sqlite_where=sa.and_(incidents.c.progress == "Triggered", incidents.c.due.is_(None), incidents.c.idle.is_(None)),
    postgresql_where=sa.and_(
        incidents.c.progress == "Triggered", incidents.c.due.is_(None), incidents.c.idle.is_(None)
    ),
)
# Retention looks for what is over for long enough.
sa.Index(
    "ix_incidents_closed_at",
    incidents.c.closed_at,
    sqlite_where=incidents.c.closed_at.is_not(None),
    postgresql_where=incidents.c.closed_at.is_not(None),
)

timeline = sa.Table(
    "timeline",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("incident_id", BigId, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
)
sa.Index("ix_timeline_incident_id", timeline.c.incident_id, timeline.c.id)

# One live message of an incident per place. `shown`: the incident's version that it shows.
cards = sa.Table(
    "cards",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=False),
    sa.Column("incident_id", BigId, nullable=False),
    sa.Column("workspace_id", BigId, nullable=False),
    sa.Column("place", sa.String(255), nullable=False),
    sa.Column("chat", sa.String(255)),
    sa.Column("account_id", BigId),
    sa.Column("message_chat", columns.Name(255)),
    sa.Column("message_id", columns.Name(255)),
    sa.Column("shown", sa.Integer),
    sa.Column("board_id", BigId),
    sa.UniqueConstraint("incident_id", "workspace_id", "place"),
)
# What is on a board.
sa.Index(
    "ix_cards_board",
    cards.c.board_id,
    cards.c.incident_id,
    sqlite_where=cards.c.board_id.is_not(None),
    postgresql_where=cards.c.board_id.is_not(None),
)

# The message that many incidents share in one place, numbered among the cards. `told_at`: when it was last heard.
boards = sa.Table(
    "boards",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=False),
    sa.Column("workspace_id", BigId, nullable=False),
    sa.Column("place", sa.String(255), nullable=False),
    sa.Column("chat", sa.String(255)),
    sa.Column("account_id", BigId),
    sa.Column("message_chat", columns.Name(255)),
    sa.Column("message_id", columns.Name(255)),
    sa.Column("opened_at", Instant, nullable=False),
    sa.Column("joined_at", Instant, nullable=False),
    sa.Column("told_at", Instant),
    sa.Column("closed_at", Instant),
)
# One board at a time takes what comes to a place: two processes that open it at once collide here.
sa.Index(
    "ix_boards_closed_at",
    boards.c.closed_at,
    sqlite_where=boards.c.closed_at.is_not(None),
    postgresql_where=boards.c.closed_at.is_not(None),
)
sa.Index(
    "ix_boards_open",
    boards.c.workspace_id,
    boards.c.place,
    unique=True,
    sqlite_where=boards.c.closed_at.is_(None),
    postgresql_where=boards.c.closed_at.is_(None),
)

# Who has acknowledged how many incidents of a board.
board_takers = sa.Table(
    "board_takers",
    metadata,
    sa.Column("board_id", BigId, primary_key=True, autoincrement=False),
    sa.Column("account_id", BigId, primary_key=True, autoincrement=False),
    sa.Column("taken", sa.Integer, nullable=False),
)

# `card_id` of the kind "board" is the board's own number; `board_id` is the board that a page waits on or was told by.
deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("incident_id", BigId, nullable=False, index=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("lane", sa.SmallInteger, nullable=False),
    sa.Column("workspace_id", BigId, nullable=False),
    sa.Column("place", sa.String(255), nullable=False),
    sa.Column("chat", sa.String(255)),
    sa.Column("account_id", BigId),
    sa.Column("card_id", BigId),
    sa.Column("entry", sa.String(32)),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("level", sa.Integer, nullable=False),
    sa.Column("turn", sa.Integer, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("uncertain", sa.Boolean, nullable=False),
    sa.Column("not_before", Instant, nullable=False),
    sa.Column("lease_until", Instant),
    sa.Column("claim", sa.String(64)),
    sa.Column("reason", sa.String(64)),
    sa.Column("said", columns.Words),
    sa.Column("message_chat", columns.Name(255)),
    sa.Column("message_id", columns.Name(255)),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("settled_at", Instant),
    sa.Column("board_id", BigId),
    # One of several ways of a page, and the instant at which it goes out whatever became of those before it.
    sa.Column("page_id", BigId),
    sa.Column("rank", sa.SmallInteger),
    sa.Column("latest_at", Instant),
)
sa.Index(
    "ix_deliveries_page_id",
    deliveries.c.page_id,
    deliveries.c.rank,
    sqlite_where=deliveries.c.page_id.is_not(None),
    postgresql_where=deliveries.c.page_id.is_not(None),
)
# The next message of each place is found by leaps from place to place; what waits on a board is not in the way.
sa.Index(
    "ix_deliveries_pending",
    deliveries.c.workspace_id,
    deliveries.c.place,
    deliveries.c.lane,
    deliveries.c.not_before,
    deliveries.c.id,
    sqlite_where=sa.and_(deliveries.c.state == "pending", deliveries.c.board_id.is_(None)),
    postgresql_where=sa.and_(deliveries.c.state == "pending", deliveries.c.board_id.is_(None)),
)
sa.Index(
    "ix_deliveries_on_board",
    deliveries.c.board_id,
    deliveries.c.id,
    sqlite_where=sa.and_(deliveries.c.state == "pending", deliveries.c.board_id.is_not(None)),
    postgresql_where=sa.and_(deliveries.c.state == "pending", deliveries.c.board_id.is_not(None)),
)
# One pending message per board, as with edits.
sa.Index(
    "ix_deliveries_pending_board",
    deliveries.c.card_id,
    unique=True,
    sqlite_where=sa.and_(deliveries.c.state == "pending", deliveries.c.kind == "board"),
    postgresql_where=sa.and_(deliveries.c.state == "pending", deliveries.c.kind == "board"),
)
BY_URGENCY: Final = sa.and_(deliveries.c.board_id.is_(None), deliveries.c.attempts >= sa.literal_column("0"))
"""Said by whoever looks for what waits by its urgency, in whatever place. The second half is true of every row.

Without it this index would do for whoever looks place by place as well. PostgreSQL takes one for as good as the other
while its statistics are of an hour in which nothing waited: then each place was looked for among all that waits.
"""
sa.Index(
    "ix_deliveries_urgent",
    deliveries.c.workspace_id,
    deliveries.c.lane,
    deliveries.c.not_before,
    deliveries.c.id,
    sqlite_where=sa.and_(deliveries.c.state == "pending", BY_URGENCY),
    postgresql_where=sa.and_(deliveries.c.state == "pending", BY_URGENCY),
)
sa.Index(
    "ix_deliveries_sending",
    deliveries.c.lease_until,
    sqlite_where=deliveries.c.state == "sending",
    postgresql_where=deliveries.c.state == "sending",
)
# One pending edit per card: whoever asks again finds it waiting.
sa.Index(
    "ix_deliveries_pending_edit",
    deliveries.c.card_id,
    unique=True,
    sqlite_where=sa.and_(deliveries.c.state == "pending", deliveries.c.kind == "edit"),
    postgresql_where=sa.and_(deliveries.c.state == "pending", deliveries.c.kind == "edit"),
)
OPEN: Final = sa.and_(
    deliveries.c.state.in_([sa.literal_column("'pending'"), sa.literal_column("'sending'")]),
    deliveries.c.version >= sa.literal_column("0"),
)
"""Said by whoever looks for what is not settled by its incident, without a look at all that was.

The second half is true of every row, and has the same reason as that of `BY_URGENCY`.
"""
sa.Index(
    "ix_deliveries_open",
    deliveries.c.incident_id,
    sqlite_where=OPEN,
    postgresql_where=OPEN,
)
# Messages to one card go out one after the other.
sa.Index(
    "ix_deliveries_sending_card",
    deliveries.c.card_id,
    sqlite_where=deliveries.c.state == "sending",
    postgresql_where=deliveries.c.state == "sending",
)
# Somebody replies to a message: which incident is it about?
sa.Index(
    "ix_deliveries_message_id",
    deliveries.c.message_id,
    sqlite_where=deliveries.c.message_id.is_not(None),
    postgresql_where=deliveries.c.message_id.is_not(None),
)
# Retention looks for what is over for long enough.
sa.Index(
    "ix_deliveries_settled_at",
    deliveries.c.settled_at,
    sqlite_where=deliveries.c.settled_at.is_not(None),
    postgresql_where=deliveries.c.settled_at.is_not(None),
)

# What became of messages after they were sent, as the providers reported it, and how each try of one went.
hops = sa.Table(
    "hops",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("delivery_id", BigId, nullable=False, index=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("hop", sa.String(16), nullable=False),
    sa.Column("provider", columns.Name(64), nullable=False),
    sa.Column("said", columns.Words, nullable=False),
    sa.Column("message_id", columns.Name(255)),
)

# What only one process may do at a time. Who does not renew it before `until` has lost it.
leases = sa.Table(
    "leases",
    metadata,
    sa.Column("name", sa.String(128), primary_key=True),
    sa.Column("holder", sa.String(64), nullable=False),
    sa.Column("until", Instant, nullable=False),
)

# When something that must happen again and again happened last.
heartbeats = sa.Table(
    "heartbeats",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("at", Instant, nullable=False),
)
