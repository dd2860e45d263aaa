"""The tables of what people said of themselves: what is theirs, how they want to be told, codes on their way."""

import sqlalchemy as sa

from storage.columns import BigId, Instant, metadata

# What people proved to be theirs; it counts as long as it is what is configured. `how`: one of
# `bot.domain.verification.How`.
contacts = sa.Table(
    "contacts",
    metadata,
    sa.Column("account_id", BigId, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("value", sa.String(320), nullable=False),
    sa.Column("verified_at", Instant, nullable=False),
    sa.Column("how", sa.String(16), nullable=False),
)

# How people said they want to be told; it goes before what is configured.
own_preferences = sa.Table(
    "own_preferences",
    metadata,
    sa.Column("account_id", BigId, primary_key=True, autoincrement=False),
    sa.Column("severity", sa.String(16), primary_key=True),
    sa.Column("body", sa.Text, nullable=False),
)

# What somebody presses so that a call believes that it is them: a keyed digest, and how many digits it has.
pins = sa.Table(
    "pins",
    metadata,
    sa.Column("account_id", BigId, primary_key=True, autoincrement=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("length", sa.SmallInteger, nullable=False),
)

# The code by which somebody is proving that a number or an address is theirs, and when codes were sent to whom.
verifications = sa.Table(
    "verifications",
    metadata,
    sa.Column("account_id", BigId, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("value", sa.String(320), nullable=False),
    sa.Column("method", sa.String(16), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Column("tries_left", sa.SmallInteger, nullable=False),
)
code_sends = sa.Table(
    "code_sends",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("account_id", BigId, nullable=False),
    sa.Column("value", sa.String(64), nullable=False),
    sa.Column("at", Instant, nullable=False, index=True),
)
