"""Runs the migrations on the connection that `storage.schema` hands over."""

from alembic import context

from storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot alter most of a table: it is copied into its new shape instead.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
