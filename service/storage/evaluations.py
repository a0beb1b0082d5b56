"""Queries on evaluations and their verdicts. There is none that changes one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, Insert, Table, bindparam, func, select
from sqlalchemy import insert as insert_into
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute

from service.storage.database import Database, Session
from service.storage.errors import Gone, is_dangling
from service.storage.prepared import Addition
from service.storage.tables import ClusterRow, EvaluationRow, RevisionRow, Row, VerdictRow

__all__ = [
    "NewEvaluation",
    "additions",
    "find",
    "page",
    "record",
    "recorded",
    "verdict_page",
    "verdicts_of",
]

#: What verdicts can be filtered by, all by equality.
_FILTERS: Mapping[str, InstrumentedAttribute[str]] = {
    "engine": VerdictRow.engine,
    "engine_name": VerdictRow.engine_name,
    "decision": VerdictRow.decision,
    "source": VerdictRow.source,
    "destination": VerdictRow.destination,
    "protocol": VerdictRow.protocol,
    "port": VerdictRow.port,
}


def _insert(row: type[Row], **given: ColumnElement[Any]) -> Insert:
    """An insert of whole rows, their generated key and what is given apart."""
    columns = [each for each in cast("Table", row.__table__).columns if each.name != "sequence"]
    return insert_into(row).values(
        {each.name: given.get(each.name, bindparam(each.name, type_=each.type)) for each in columns}
    )


_EVALUATION = _insert(EvaluationRow)
_VERDICT = _insert(
    VerdictRow,
    # Known to the database alone when the rows are sent.
    evaluation_sequence=select(EvaluationRow.sequence)
    .where(EvaluationRow.id == bindparam("evaluation"))
    .scalar_subquery(),
)


class NewEvaluation(NamedTuple):
    """An evaluation before it is recorded: `EvaluationRow` without what the database gives."""

    id: str
    revision_id: int
    engine: str
    engine_name: str
    engine_version: str | None
    engine_options: Mapping[str, str]
    flow_count: int
    decisions: Mapping[str, int]
    created_at: datetime


def record(database: Database, new: NewEvaluation, verdicts: Iterable[Mapping[str, Any]]) -> None:
    """Record an evaluation with its verdicts, given as the columns of their rows.

    All of it is recorded or nothing; `Gone` where its revision has been deleted.
    """
    try:
        database.add(additions(new, verdicts))
    except IntegrityError as error:
        if is_dangling(error):
            raise Gone("revision") from error
        raise


def additions(
    new: NewEvaluation, verdicts: Iterable[Mapping[str, Any]]
) -> tuple[Addition, Addition]:
    """The rows of an evaluation and its verdicts, with the statements that add them."""
    rows = [
        {
            "evaluation": new.id,
            "revision_id": new.revision_id,
            "position": position,
            "engine": new.engine,
            "engine_name": new.engine_name,
            "created_at": new.created_at,
            **verdict,
        }
        for position, verdict in enumerate(verdicts)
    ]
    return (
        (_EVALUATION, [new._asdict()]),
        (_VERDICT, rows),
    )


def find(session: Session, evaluation: str) -> tuple[EvaluationRow, int, str] | None:
    """An evaluation with its revision's number and its cluster's name."""
    found = session.execute(
        select(EvaluationRow, RevisionRow.number, ClusterRow.name)
        .join(RevisionRow, RevisionRow.id == EvaluationRow.revision_id)
        .join(ClusterRow, ClusterRow.id == RevisionRow.cluster_id)
        .where(EvaluationRow.id == evaluation)
    ).one_or_none()
    return None if found is None else (found[0], found[1], found[2])


def page(
    session: Session,
    revision_id: int,
    limit: int,
    *,
    before: int | None = None,
    filters: Mapping[str, str] = {},
) -> list[EvaluationRow]:
    """The evaluations of a revision, newest first; filtered by `engine` or `engine_name`."""
    query = select(EvaluationRow).where(EvaluationRow.revision_id == revision_id)
    if before is not None:
        query = query.where(EvaluationRow.sequence < before)
    query = query.filter_by(**filters)
    return list(session.scalars(query.order_by(EvaluationRow.sequence.desc()).limit(limit)))


def verdicts_of(session: Session, row: EvaluationRow) -> list[VerdictRow]:
    """The verdicts of an evaluation in the order of its flows."""
    return list(
        session.scalars(
            select(VerdictRow)
            .where(VerdictRow.evaluation_sequence == row.sequence)
            .order_by(VerdictRow.position)
        )
    )


def verdict_page(
    session: Session,
    revision_id: int,
    limit: int,
    *,
    before: int | None = None,
    filters: Mapping[str, str] = {},
    evaluation: str | None = None,
) -> list[tuple[VerdictRow, str]]:
    """The verdicts of a revision with the ids of their evaluations, newest first."""
    query = (
        select(VerdictRow, EvaluationRow.id)
        .join(EvaluationRow, EvaluationRow.sequence == VerdictRow.evaluation_sequence)
        .where(VerdictRow.revision_id == revision_id)
    )
    if before is not None:
        query = query.where(VerdictRow.sequence < before)
    if evaluation is not None:
        query = query.where(EvaluationRow.id == evaluation)
    for name, value in filters.items():
        query = query.where(_FILTERS[name] == value)
    found = session.execute(query.order_by(VerdictRow.sequence.desc()).limit(limit))
    return [(row[0], row[1]) for row in found]


def recorded(
    session: Session, revision_ids: Sequence[int], flow_key: str, engine: str
) -> dict[int, tuple[VerdictRow, str]]:
    """Per revision the newest verdict on one flow under one engine profile."""
    newest = (
        select(func.max(VerdictRow.sequence))
        .where(
            VerdictRow.revision_id.in_(revision_ids),
            VerdictRow.flow_key == flow_key,
            VerdictRow.engine == engine,
        )
        .group_by(VerdictRow.revision_id)
    )
    found = session.execute(
        select(VerdictRow, EvaluationRow.id)
        .join(EvaluationRow, EvaluationRow.sequence == VerdictRow.evaluation_sequence)
        .where(VerdictRow.sequence.in_(newest))
    )
    return {row[0].revision_id: (row[0], row[1]) for row in found}
