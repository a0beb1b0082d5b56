"""What alembic runs: inside the transaction that `service.storage.schema` has opened."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, text

from service.storage.tables import Row

# "netverdi" as a number: whoever migrates a PostgreSQL database holds this lock.
MIGRATION_LOCK = 0x6E65747665726469


def migrate(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        # First wait for another migration, however long the connection allows; then give way
        # quickly, for whatever waits behind a table lock waits with us.
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        connection.execute(text("SET LOCAL lock_timeout = '5s'"))
    context.configure(
        connection=connection,
        target_metadata=Row.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


migrate(context.config.attributes["connection"])
