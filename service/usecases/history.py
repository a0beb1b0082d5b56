"""Verdict history: one flow over all revisions, and what flipped it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from service.analysis.evaluate import UnresolvedEnd
from service.model.cluster import EngineChoice
from service.model.engine import EngineProfile
from service.model.flow import Flow
from service.model.snapshot import ClusterFacts
from service.storage import evaluations
from service.storage import revisions as rows
from service.storage.tables import RevisionRow, VerdictRow
from service.usecases.cluster_json import stored_record
from service.usecases.cluster_rows import find_row
from service.usecases.context import Context
from service.usecases.errors import Invalid, InvalidParameter
from service.usecases.flips import Seen, flip_between
from service.usecases.flow_json import flow_key
from service.usecases.paging import Page, PageRequest
from service.usecases.snapshots import PartKeys, evaluator_of, facts_of, profile_for
from service.usecases.verdict_json import verdict_body
from service.usecases.views import HistoryEntry, UnresolvedFlow


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked of every revision."""

    flow: Flow
    profile: EngineProfile
    facts: ClusterFacts


def flow_history(
    context: Context,
    cluster: str,
    flow: Flow,
    page: PageRequest,
    *,
    engine: EngineChoice | None = None,
) -> Page[HistoryEntry]:
    """One entry per revision, oldest first, under one engine (default: the cluster's).

    A recorded verdict is shown as it was recorded; the others are made for this answer and not
    stored.
    """
    number, decided = _position(page)
    with context.database.read() as session:
        row = find_row(session, cluster)
        record = stored_record(row.record)
        try:
            question = _Question(flow, profile_for(record, engine), facts_of(record))
        except Invalid as error:
            raise InvalidParameter(error.code, error.detail, error.errors) from error
        found = rows.after(session, row.id, page.limit + 1, number)
        before = rows.by_number(session, row.id, decided) if decided else None
        asked = [each.id for each in (before, *found) if each is not None]
        recorded = evaluations.recorded(session, asked, flow_key(flow), str(question.profile))
    previous = _seen(before, _entry(context, before, question, recorded)) if before else None
    entries: list[HistoryEntry] = []
    for revision in found[: page.limit]:
        entry = _entry(context, revision, question, recorded)
        seen = _seen(revision, entry)
        if seen is not None:
            if previous is not None and previous.decision != seen.decision:
                entry = _flipped(context, entry, previous, seen)
            previous = seen
        entries.append(entry)
    if len(found) <= page.limit:
        return Page(tuple(entries))
    return Page(tuple(entries), (entries[-1].revision, previous.number if previous else 0))


def _position(page: PageRequest) -> tuple[int, int]:
    """The last revision seen, and the last one that had a verdict to compare with."""
    match page.after:
        case None:
            return 0, 0
        case (int(number), int(decided)) if 0 <= decided <= number < 1 << 63:
            return number, decided
        case _:
            raise InvalidParameter("InvalidCursor", "the cursor is not one of this list")


def _entry(
    context: Context,
    revision: RevisionRow,
    question: _Question,
    recorded: Mapping[int, tuple[VerdictRow, str]],
) -> HistoryEntry:
    known = recorded.get(revision.id)
    if known is not None:
        verdict, evaluation = known
        return HistoryEntry(
            revision=revision.number,
            revision_digest=revision.digest,
            revision_created_at=revision.created_at,
            engine=verdict.engine,
            decision=verdict.decision,
            body=verdict.body,
            recorded=True,
            evaluation=evaluation,
            recorded_at=verdict.created_at,
        )
    body: dict[str, Any] | None = None
    unresolved: UnresolvedFlow | None = None
    evaluator = evaluator_of(context, PartKeys.of(revision), question.facts, question.profile)
    try:
        body = verdict_body(evaluator.evaluate(question.flow))
    except UnresolvedEnd as end:
        unresolved = UnresolvedFlow(end.side, end.code, end.detail)
    return HistoryEntry(
        revision=revision.number,
        revision_digest=revision.digest,
        revision_created_at=revision.created_at,
        engine=str(question.profile),
        decision=body["verdict"] if body else None,
        body=body,
        recorded=False,
        unresolved=unresolved,
    )


def _seen(revision: RevisionRow, entry: HistoryEntry) -> Seen | None:
    if entry.decision is None or entry.body is None:
        return None
    return Seen(revision.number, entry.decision, entry.body, PartKeys.of(revision))


def _flipped(context: Context, entry: HistoryEntry, previous: Seen, seen: Seen) -> HistoryEntry:
    return replace(entry, flip=flip_between(context, previous, seen))
