"""The tables of letters: live messages that are about no incident, and of what the daily one says."""

import sqlalchemy as sa

from storage.columns import BigId, Instant, Name, Words, metadata

# One live message of a matter per occasion and place, numbered among the cards. `shown`: the matter's version that it
# shows. `lost_at`: since when it is known that it reaches nobody, why in our word and in the platform's.
letters = sa.Table(
    "letters",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=False),
    sa.Column("matter", sa.String(16), nullable=False),
    sa.Column("about", BigId, nullable=False),
    sa.Column("occasion", sa.String(32), nullable=False),
    sa.Column("workspace_id", BigId, nullable=False),
    sa.Column("place", sa.String(255), nullable=False),
    sa.Column("chat", sa.String(255)),
    sa.Column("account_id", BigId),
    sa.Column("message_chat", Name(255)),
    sa.Column("message_id", Name(255)),
    sa.Column("shown", sa.Integer),
    sa.Column("written_at", Instant, nullable=False, index=True),
    sa.Column("lost_at", Instant),
    sa.Column("reason", sa.String(64)),
    sa.Column("said", Words),
    sa.UniqueConstraint("matter", "about", "occasion", "workspace_id", "place"),
)

# The looks at the configuration, one a day. `body`: what there is to say in each language; none: nobody was told.
lint_looks = sa.Table(
    "lint_looks",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("day", sa.Date, nullable=False, unique=True),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("body", sa.Text),
)
