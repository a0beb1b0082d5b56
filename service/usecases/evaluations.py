"""Evaluations: flows asked of a revision under an engine, answered and recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.analysis.evaluate import Evaluator, UnresolvedEnd
from service.model.cluster import EngineChoice
from service.model.flow import Flow
from service.model.verdict import Decision, Verdict
from service.storage import evaluations as rows
from service.storage.errors import Gone
from service.storage.tables import EvaluationRow, VerdictRow
from service.usecases.cluster_rows import find_row
from service.usecases.context import Context
from service.usecases.engine_filters import engine_filter
from service.usecases.errors import FieldError, Invalid, InvalidParameter, NotFound
from service.usecases.flow_json import describe_end, flow_key
from service.usecases.paging import Page, PageRequest, number_after, page_of
from service.usecases.selecting import locate_revision, select_revision
from service.usecases.snapshots import evaluator_of, facts_of, profile_for
from service.usecases.texts import is_storable
from service.usecases.verdict_json import verdict_body
from service.usecases.views import EvaluationView, VerdictView

MOST_FLOWS = 1000


@dataclass(frozen=True, slots=True)
class VerdictFilters:
    """Equality filters on recorded verdicts.

    `source` and `destination` are ends in short text form, see `flow_json.describe_end`;
    `engine` is a name or a profile text such as `cilium:1.17`.
    """

    engine: str | None = None
    decision: str | None = None
    source: str | None = None
    destination: str | None = None
    protocol: str | None = None
    port: str | None = None
    evaluation: str | None = None


def evaluate_flows(
    context: Context,
    cluster: str,
    revision: str,
    flows: Sequence[Flow],
    *,
    engine: EngineChoice | None = None,
    dry_run: bool = False,
) -> EvaluationView:
    """Answer flows under an engine (default: the cluster's) and record the verdicts.

    An end that the revision does not have is `Invalid`, with a pointer such as
    `/flows/0/source`; nothing is recorded then.
    """
    if not 0 < len(flows) <= MOST_FLOWS:
        detail = f"there must be 1 to {MOST_FLOWS} flows"
        raise Invalid("BadFlowCount", detail, [FieldError("/flows", detail, "BadValue")])
    found = locate_revision(context, cluster, revision)
    profile = profile_for(found.record, engine)
    evaluator = evaluator_of(context, found.keys, facts_of(found.record), profile)
    verdicts = _evaluate(evaluator, flows)
    new = rows.NewEvaluation(
        id="" if dry_run else context.new_id(),
        revision_id=found.id,
        engine=str(profile),
        engine_name=profile.engine,
        engine_version=str(profile.version) if profile.version else None,
        engine_options=dict(profile.options),
        flow_count=len(verdicts),
        decisions=_counts(verdicts),
        created_at=context.clock(),
    )
    if dry_run:
        columns = [answer_columns(each) for each in verdicts]
    else:
        columns = [verdict_columns(each) for each in verdicts]
        try:
            rows.record(context.database, new, columns)
        except Gone as gone:
            raise NotFound("RevisionNotFound", "the revision has just been deleted") from gone
    return evaluation_view(new, cluster, found.number, columns)


def list_evaluations(
    context: Context, cluster: str, revision: str, page: PageRequest, *, engine: str | None = None
) -> Page[EvaluationView]:
    """The evaluations of a revision, newest first, without their verdicts."""
    with context.database.read() as session:
        row = select_revision(session, find_row(session, cluster), revision)
        found = rows.page(
            session,
            row.id,
            page.limit + 1,
            before=number_after(page),
            filters=engine_filter(engine),
        )
    return page_of(
        found,
        page,
        lambda each: evaluation_view(each, cluster, row.number),
        lambda each: each.sequence,
    )


def get_evaluation(context: Context, evaluation: str) -> EvaluationView:
    """One evaluation with its verdicts in the order in which the flows were asked."""
    with context.database.read() as session:
        found = rows.find(session, evaluation) if is_storable(evaluation) else None
        if found is None:
            raise NotFound("EvaluationNotFound", f"there is no evaluation {evaluation[:80]!r}")
        row, number, cluster = found
        bodies = [
            {"body": each.body, "decision": each.decision}
            for each in rows.verdicts_of(session, row)
        ]
    return evaluation_view(row, cluster, number, bodies)


def list_verdicts(
    context: Context, cluster: str, revision: str, filters: VerdictFilters, page: PageRequest
) -> Page[VerdictView]:
    """The recorded verdicts of a revision, newest first."""
    texts = {
        "decision": _decision(filters.decision),
        "source": filters.source,
        "destination": filters.destination,
        "protocol": filters.protocol.upper() if filters.protocol else None,
        "port": filters.port,
    }
    wanted = {name: text for name, text in texts.items() if text is not None}
    with context.database.read() as session:
        row = select_revision(session, find_row(session, cluster), revision)
        found: list[tuple[VerdictRow, str]] = []
        if all(map(is_storable, (*wanted.values(), filters.evaluation or ""))):
            found = rows.verdict_page(
                session,
                row.id,
                page.limit + 1,
                before=number_after(page),
                filters={**wanted, **engine_filter(filters.engine)},
                evaluation=filters.evaluation,
            )
    return page_of(
        found,
        page,
        lambda each: verdict_view(each[0], each[1], cluster, row.number),
        lambda each: each[0].sequence,
    )


def answer_columns(verdict: Verdict) -> dict[str, Any]:
    """What is shown of a verdict."""
    return {"decision": verdict.decision.value, "body": verdict_body(verdict)}


def verdict_columns(verdict: Verdict) -> dict[str, Any]:
    """What is stored of a verdict."""
    flow = verdict.flow
    return {
        **answer_columns(verdict),
        "flow_key": flow_key(flow),
        "source": describe_end(flow.source),
        "destination": describe_end(flow.destination),
        "protocol": flow.protocol.upper(),
        "port": "" if flow.port is None else str(flow.port),
    }


def evaluation_view(
    row: EvaluationRow | rows.NewEvaluation,
    cluster: str,
    revision: int,
    verdicts: Sequence[Mapping[str, Any]] = (),
) -> EvaluationView:
    """The evaluation of a row."""
    return EvaluationView(
        id=row.id,
        cluster=cluster,
        revision=revision,
        engine=row.engine,
        engine_name=row.engine_name,
        engine_version=row.engine_version,
        engine_options=row.engine_options,
        flow_count=row.flow_count,
        decisions=row.decisions,
        created_at=row.created_at,
        verdicts=tuple(
            VerdictView(
                id=_verdict_id(row.id, position),
                evaluation=row.id,
                cluster=cluster,
                revision=revision,
                engine=row.engine,
                decision=verdict["decision"],
                body=verdict["body"],
                created_at=row.created_at,
            )
            for position, verdict in enumerate(verdicts)
        ),
    )


def verdict_view(row: VerdictRow, evaluation: str, cluster: str, revision: int) -> VerdictView:
    """The verdict of a row."""
    return VerdictView(
        id=_verdict_id(evaluation, row.position),
        evaluation=evaluation,
        cluster=cluster,
        revision=revision,
        engine=row.engine,
        decision=row.decision,
        body=row.body,
        created_at=row.created_at,
    )


def _verdict_id(evaluation: str, position: int) -> str:
    return f"{evaluation}.{position}" if evaluation else ""


def _evaluate(evaluator: Evaluator, flows: Sequence[Flow]) -> list[Verdict]:
    verdicts: list[Verdict] = []
    faults: list[FieldError] = []
    for index, flow in enumerate(flows):
        try:
            verdicts.append(evaluator.evaluate(flow))
        except UnresolvedEnd as end:
            faults.append(FieldError(f"/flows/{index}/{end.side}", end.detail, end.code))
    if faults:
        raise Invalid("UnresolvedFlow", "the revision does not have what a flow names", faults)
    return verdicts


def _counts(verdicts: Iterable[Verdict]) -> dict[str, int]:
    # A Counter takes longer to make than one verdict to count.
    found: dict[str, int] = {}
    for each in verdicts:
        found[each.decision.value] = found.get(each.decision.value, 0) + 1
    return found


def _decision(text: str | None) -> str | None:
    known = {each.value for each in Decision if each is not Decision.NOT_APPLICABLE}
    if text is not None and text not in known:
        detail = f"{text[:80]!r} is none of {', '.join(sorted(known))}"
        raise InvalidParameter(
            "InvalidVerdict", detail, [FieldError("/verdict", detail, "BadValue")]
        )
    return text
