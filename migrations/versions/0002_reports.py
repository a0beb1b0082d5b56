"""Reports

The triggers of PostgreSQL call the functions that 0001 has made.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.storage.columns import Digest, Json, Timestamp, Whole

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_reports()
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()


def downgrade() -> None:
    op.drop_table("reports")
    # Nobody refers to these any more, so no deletion of a cluster would find them.
    op.execute("DELETE FROM contents WHERE kind = 'report'")


def _create_reports() -> None:
    op.create_table(
        "reports",
        sa.Column("sequence", Whole, autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("revision_id", Whole, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("digest", Digest(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("source_name", sa.Text(), nullable=True),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("engine_name", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Text(), nullable=False),
        sa.Column("rulebook", sa.Text(), nullable=False),
        sa.Column("impact_digest", Digest(), nullable=True),
        sa.Column("asked", Json(), nullable=False),
        sa.Column("summary", Json(), nullable=False),
        sa.Column("content", Digest(), nullable=False),
        sa.Column("created_at", Timestamp(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_reports")),
        sa.UniqueConstraint("id", name=op.f("uq_reports_id")),
        sa.UniqueConstraint(
            "revision_id", "kind", "digest", name=op.f("uq_reports_revision_id_kind_digest")
        ),
        sa.ForeignKeyConstraint(
            ["revision_id"],
            ["revisions.id"],
            name=op.f("fk_reports_revision_id_revisions"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["content"], ["contents.key"], name=op.f("fk_reports_content_contents")
        ),
        sqlite_strict=True,
        sqlite_autoincrement=True,
    )
    for columns in (("revision_id", "kind", "sequence"), ("content",)):
        op.create_index(op.f(f"ix_reports_{'_'.join(columns)}"), "reports", columns)


def _guard_sqlite() -> None:
    op.execute(
        "CREATE TRIGGER reports_refuse_update BEFORE UPDATE ON reports "
        "BEGIN SELECT RAISE(ABORT, 'reports are never changed'); END"
    )
    # In a cascade the revision is gone already when its reports are deleted.
    op.execute(
        "CREATE TRIGGER reports_refuse_delete BEFORE DELETE ON reports "
        "WHEN EXISTS (SELECT 1 FROM revisions WHERE id = OLD.revision_id) "
        "BEGIN SELECT RAISE(ABORT, 'reports are deleted with their revisions only'); END"
    )


def _guard_postgresql() -> None:
    op.execute(
        "CREATE TRIGGER reports_refuse_update BEFORE UPDATE ON reports "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER reports_refuse_delete BEFORE DELETE ON reports "
        "FOR EACH ROW EXECUTE FUNCTION refuse_lone_delete('revisions', 'revision_id')"
    )
