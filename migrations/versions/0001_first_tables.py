"""Clusters, contents, revisions, evaluations and verdicts

A batch operation on SQLite makes a table anew and so drops its triggers: a later migration that
uses one on these tables must create the triggers again.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.storage.columns import Digest, Json, Timestamp, Whole

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

Name = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

#: Table, and the row whose deletion is the only reason to delete from it.
DELETED_WITH = {
    "revisions": ("clusters", "cluster_id"),
    "evaluations": ("revisions", "revision_id"),
    "verdicts": ("revisions", "revision_id"),
}
NEVER_UPDATED = ("contents", *DELETED_WITH)


def upgrade() -> None:
    _create_contents()
    _create_clusters()
    _create_revisions()
    _create_evaluations()
    _create_verdicts()
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()


def downgrade() -> None:
    for table in ("verdicts", "evaluations", "revisions", "clusters", "contents"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change()")
        op.execute("DROP FUNCTION refuse_lone_delete()")


def _create_contents() -> None:
    op.create_table(
        "contents",
        sa.Column("key", Digest(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("size", Whole, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_contents")),
        sqlite_strict=True,
    )


def _create_clusters() -> None:
    op.create_table(
        "clusters",
        sa.Column("id", Whole, autoincrement=True, nullable=False),
        sa.Column("name", Name, nullable=False),
        sa.Column("version", Whole, nullable=False),
        sa.Column("last_revision", Whole, nullable=False),
        sa.Column("engine", sa.Text(), nullable=True),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("azure_resource_key", sa.Text(), nullable=True),
        sa.Column("record", Json(), nullable=False),
        sa.Column("source_content", Digest(), nullable=True),
        sa.Column("created_at", Timestamp(), nullable=False),
        sa.Column("updated_at", Timestamp(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clusters")),
        sa.UniqueConstraint("name", name=op.f("uq_clusters_name")),
        sa.UniqueConstraint("azure_resource_key", name=op.f("uq_clusters_azure_resource_key")),
        sa.ForeignKeyConstraint(
            ["source_content"], ["contents.key"], name=op.f("fk_clusters_source_content_contents")
        ),
        sqlite_strict=True,
        sqlite_autoincrement=True,
    )


def _create_revisions() -> None:
    op.create_table(
        "revisions",
        sa.Column("id", Whole, autoincrement=True, nullable=False),
        sa.Column("cluster_id", Whole, nullable=False),
        sa.Column("number", Whole, nullable=False),
        sa.Column("parent", Whole, nullable=True),
        sa.Column("digest", Digest(), nullable=False),
        sa.Column("policy_set_digest", Digest(), nullable=False),
        sa.Column("policy_set_content", Digest(), nullable=False),
        sa.Column("inventory_digest", Digest(), nullable=False),
        sa.Column("inventory_content", Digest(), nullable=False),
        sa.Column("replaced", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("counts", Json(), nullable=False),
        sa.Column("problems", Json(), nullable=False),
        sa.Column("created_at", Timestamp(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revisions")),
        sa.UniqueConstraint("cluster_id", "number", name=op.f("uq_revisions_cluster_id_number")),
        sa.ForeignKeyConstraint(
            ["cluster_id"],
            ["clusters.id"],
            name=op.f("fk_revisions_cluster_id_clusters"),
            ondelete="CASCADE",
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], ["contents.key"], name=op.f(f"fk_revisions_{column}_contents")
            )
            for column in ("policy_set_content", "inventory_content")
        ),
        sqlite_strict=True,
        sqlite_autoincrement=True,
    )
    for columns in (
        ("cluster_id", "digest", "number"),
        ("policy_set_content",),
        ("inventory_content",),
    ):
        op.create_index(op.f(f"ix_revisions_{'_'.join(columns)}"), "revisions", columns)


def _create_evaluations() -> None:
    op.create_table(
        "evaluations",
        sa.Column("sequence", Whole, autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("revision_id", Whole, nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("engine_name", sa.Text(), nullable=False),
        sa.Column("engine_version", sa.Text(), nullable=True),
        sa.Column("engine_options", Json(), nullable=False),
        sa.Column("flow_count", Whole, nullable=False),
        sa.Column("decisions", Json(), nullable=False),
        sa.Column("created_at", Timestamp(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_evaluations")),
        sa.UniqueConstraint("id", name=op.f("uq_evaluations_id")),
        sa.ForeignKeyConstraint(
            ["revision_id"],
            ["revisions.id"],
            name=op.f("fk_evaluations_revision_id_revisions"),
            ondelete="CASCADE",
        ),
        sqlite_strict=True,
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_evaluations_revision_id_sequence"), "evaluations", ["revision_id", "sequence"]
    )


def _create_verdicts() -> None:
    op.create_table(
        "verdicts",
        sa.Column("sequence", Whole, autoincrement=True, nullable=False),
        sa.Column("evaluation_sequence", Whole, nullable=False),
        sa.Column("revision_id", Whole, nullable=False),
        sa.Column("position", Whole, nullable=False),
        sa.Column("flow_key", Digest(), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in (
                "engine",
                "engine_name",
                "source",
                "destination",
                "protocol",
                "port",
                "decision",
            )
        ),
        sa.Column("body", Json(), nullable=False),
        sa.Column("created_at", Timestamp(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_verdicts")),
        sa.UniqueConstraint(
            "evaluation_sequence",
            "position",
            name=op.f("uq_verdicts_evaluation_sequence_position"),
        ),
        sa.ForeignKeyConstraint(
            ["evaluation_sequence"],
            ["evaluations.sequence"],
            name=op.f("fk_verdicts_evaluation_sequence_evaluations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["revision_id"],
            ["revisions.id"],
            name=op.f("fk_verdicts_revision_id_revisions"),
            ondelete="CASCADE",
        ),
        sqlite_strict=True,
        sqlite_autoincrement=True,
    )
    for columns in (
        ("revision_id", "sequence"),
        ("revision_id", "flow_key", "engine", "sequence"),
    ):
        op.create_index(op.f(f"ix_verdicts_{'_'.join(columns)}"), "verdicts", columns)


def _guard_sqlite() -> None:
    for table in NEVER_UPDATED:
        op.execute(
            f"CREATE TRIGGER {table}_refuse_update BEFORE UPDATE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} are never changed'); END"
        )
    for table, (owner, column) in DELETED_WITH.items():
        # In a cascade the owner's row is gone already when its rows here are deleted.
        op.execute(
            f"CREATE TRIGGER {table}_refuse_delete BEFORE DELETE ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {owner} WHERE id = OLD.{column}) "
            f"BEGIN SELECT RAISE(ABORT, '{table} are deleted with their {owner} only'); END"
        )


def _guard_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE EXCEPTION '% are never changed', TG_TABLE_NAME "
        "USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    op.execute(
        "CREATE FUNCTION refuse_lone_delete() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "DECLARE owned boolean; "
        "BEGIN EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I WHERE id = ($1).%I)', "
        "TG_ARGV[0], TG_ARGV[1]) INTO owned USING OLD; "
        "IF owned THEN RAISE EXCEPTION '% are deleted with their % only', TG_TABLE_NAME, "
        "TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation'; END IF; "
        "RETURN OLD; END $$"
    )
    for table in NEVER_UPDATED:
        op.execute(
            f"CREATE TRIGGER {table}_refuse_update BEFORE UPDATE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    for table, (owner, column) in DELETED_WITH.items():
        op.execute(
            f"CREATE TRIGGER {table}_refuse_delete BEFORE DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION refuse_lone_delete('{owner}', '{column}')"
        )
