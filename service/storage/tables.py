"""The tables. Revisions, contents, evaluations, verdicts and reports are written once and never
changed; triggers in the migrations hold that on both databases."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from sqlalchemy import ForeignKey, Index, LargeBinary, MetaData, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from service.storage.columns import Digest, Json, Timestamp, Whole

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

Key = Annotated[int, mapped_column(Whole, primary_key=True, autoincrement=True)]
Number = Annotated[int, mapped_column(Whole)]
String = Annotated[str, mapped_column(Text)]
#: Sorted by code point on both databases, so that pages are the same.
Name = Annotated[str, mapped_column(Text().with_variant(Text(collation="C"), "postgresql"))]
Moment = Annotated[datetime, mapped_column(Timestamp)]
JsonObject = Annotated[dict[str, Any], mapped_column(Json)]
Hash = Annotated[str, mapped_column(Digest)]

#: Keys rise for ever: one that was freed is not given again, so cursors and version tokens stay
#: meaningful after a deletion.
_STRICT = {"sqlite_strict": True}
_STRICT_RISING = {"sqlite_strict": True, "sqlite_autoincrement": True}


class Row(DeclarativeBase):
    """Base of all rows."""

    metadata = MetaData(naming_convention=NAMING)


class ContentRow(Row):
    """Bytes under their own digest, shared by revisions of all clusters."""

    __tablename__ = "contents"
    __table_args__ = (_STRICT,)

    key: Mapped[str] = mapped_column(Digest, primary_key=True)
    kind: Mapped[String]
    size: Mapped[Number]
    body: Mapped[bytes] = mapped_column(LargeBinary, deferred=True, deferred_raiseload=True)


class ClusterRow(Row):
    """A cluster; `last_revision` is the number given last, 0 before the first."""

    __tablename__ = "clusters"
    __table_args__ = (_STRICT_RISING,)

    id: Mapped[Key]
    name: Mapped[Name] = mapped_column(unique=True)
    version: Mapped[Number]
    last_revision: Mapped[Number]
    engine: Mapped[String | None]
    location: Mapped[String | None]
    #: In lower case: Azure compares these ids without regard to case.
    azure_resource_key: Mapped[String | None] = mapped_column(unique=True)
    record: Mapped[JsonObject]
    source_content: Mapped[Hash | None] = mapped_column(ForeignKey("contents.key"))
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]


class RevisionRow(Row):
    """One revision; `parent` is the number of the revision before it."""

    __tablename__ = "revisions"
    __table_args__ = (
        UniqueConstraint("cluster_id", "number"),
        Index(None, "cluster_id", "digest", "number"),
        Index(None, "policy_set_content"),
        Index(None, "inventory_content"),
        _STRICT_RISING,
    )

    id: Mapped[Key]
    cluster_id: Mapped[Number] = mapped_column(ForeignKey("clusters.id", ondelete="CASCADE"))
    number: Mapped[Number]
    parent: Mapped[Number | None]
    digest: Mapped[Hash]
    policy_set_digest: Mapped[Hash]
    policy_set_content: Mapped[Hash] = mapped_column(ForeignKey("contents.key"))
    inventory_digest: Mapped[Hash]
    inventory_content: Mapped[Hash] = mapped_column(ForeignKey("contents.key"))
    replaced: Mapped[String]
    note: Mapped[String]
    counts: Mapped[JsonObject]
    problems: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    created_at: Mapped[Moment]


class EvaluationRow(Row):
    """An evaluation; `engine` is the text of the resolved profile."""

    __tablename__ = "evaluations"
    __table_args__ = (Index(None, "revision_id", "sequence"), _STRICT_RISING)

    sequence: Mapped[Key]
    id: Mapped[String] = mapped_column(unique=True)
    revision_id: Mapped[Number] = mapped_column(ForeignKey("revisions.id", ondelete="CASCADE"))
    engine: Mapped[String]
    engine_name: Mapped[String]
    engine_version: Mapped[String | None]
    engine_options: Mapped[JsonObject]
    flow_count: Mapped[Number]
    decisions: Mapped[JsonObject]
    created_at: Mapped[Moment]


class VerdictRow(Row):
    """A verdict as it was given; `flow_key` is the digest of the flow's canonical JSON."""

    __tablename__ = "verdicts"
    __table_args__ = (
        UniqueConstraint("evaluation_sequence", "position"),
        Index(None, "revision_id", "sequence"),
        Index(None, "revision_id", "flow_key", "engine", "sequence"),
        _STRICT_RISING,
    )

    sequence: Mapped[Key]
    evaluation_sequence: Mapped[Number] = mapped_column(
        ForeignKey("evaluations.sequence", ondelete="CASCADE")
    )
    revision_id: Mapped[Number] = mapped_column(ForeignKey("revisions.id", ondelete="CASCADE"))
    position: Mapped[Number]
    flow_key: Mapped[Hash]
    engine: Mapped[String]
    engine_name: Mapped[String]
    source: Mapped[String]
    destination: Mapped[String]
    protocol: Mapped[String]
    port: Mapped[String]
    decision: Mapped[String]
    body: Mapped[JsonObject]
    created_at: Mapped[Moment]


class ReportRow(Row):
    """A report; `engine` is the profile that it is about, in a migration the target's.

    `asked` is everything it was made from besides the revision: the cluster's record as it was,
    the facts that were stated, the profiles. `content` holds the report itself.
    """

    __tablename__ = "reports"
    __table_args__ = (
        UniqueConstraint("revision_id", "kind", "digest"),
        Index(None, "revision_id", "kind", "sequence"),
        Index(None, "content"),
        _STRICT_RISING,
    )

    sequence: Mapped[Key]
    id: Mapped[String] = mapped_column(unique=True)
    revision_id: Mapped[Number] = mapped_column(ForeignKey("revisions.id", ondelete="CASCADE"))
    kind: Mapped[String]
    digest: Mapped[Hash]
    source: Mapped[String | None]
    source_name: Mapped[String | None]
    engine: Mapped[String]
    engine_name: Mapped[String]
    as_of: Mapped[String]
    rulebook: Mapped[String]
    impact_digest: Mapped[Hash | None]
    #: Only asked for with one report: facts may hold what a tool has printed.
    asked: Mapped[dict[str, Any]] = mapped_column(Json, deferred=True, deferred_raiseload=True)
    summary: Mapped[JsonObject]
    content: Mapped[Hash] = mapped_column(ForeignKey("contents.key"))
    created_at: Mapped[Moment]
