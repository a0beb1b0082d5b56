"""Reports of a revision: made in an analysis process, stored once, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import Any

from service.model.cluster import ClusterRecord
from service.storage import contents
from service.storage import reports as rows
from service.storage.contents import Content
from service.storage.tables import ReportRow, RevisionRow
from service.usecases.cluster_json import record_document
from service.usecases.cluster_rows import find_row
from service.usecases.context import Context
from service.usecases.engine_filters import engine_filter
from service.usecases.errors import NotFound
from service.usecases.map_solving import collection_paused
from service.usecases.map_worker import MapKey
from service.usecases.maps import stored_content, with_content
from service.usecases.paging import Page, PageRequest, number_after, page_of
from service.usecases.report_asking import ReportWish, read_compatibility, read_migration
from service.usecases.report_content import (
    ReportContent,
    ReportKind,
    decode_content,
    encode_content,
)
from service.usecases.report_making import ReportAsk, report_header
from service.usecases.report_views import (
    ReportName,
    ReportSummary,
    ReportView,
    report_name,
    summary_of,
)
from service.usecases.report_worker import make_report
from service.usecases.selecting import find_revision, select_revision
from service.usecases.snapshots import facts_of
from service.usecases.stated_json import facts_document
from service.usecases.texts import is_storable

Document = dict[str, Any]

_READERS = {
    ReportKind.COMPATIBILITY: read_compatibility,
    ReportKind.MIGRATION: read_migration,
}
_CODES = {
    ReportKind.COMPATIBILITY: "CompatibilityReportNotFound",
    ReportKind.MIGRATION: "MigrationReportNotFound",
}


@dataclass(frozen=True, slots=True)
class _Made:
    """A report before it is stored."""

    wish: ReportWish
    record: Document
    content: ReportContent
    digest: str


def create_report(
    context: Context,
    kind: ReportKind,
    cluster: str,
    revision: str,
    document: Document,
    *,
    dry_run: bool = False,
) -> tuple[ReportView, bool]:
    """Make the report that a document asks for and store it; says whether that stored one.

    What comes out as a report that is stored already answers that one. A dry run stores nothing.
    """
    _, record, row = find_revision(context, cluster, revision)
    today = context.clock().astimezone(UTC).date()
    made = _make(context, row, cluster, record, _READERS[kind](document, record, today), kind)
    if dry_run:
        name = ReportName("", kind, cluster, row.number, row.digest, made.digest, context.clock())
        return ReportView(name, made.record, made.content), False
    return _store(context, kind, row, cluster, made)


def get_report(context: Context, kind: ReportKind, report: str) -> ReportView:
    """A stored report, whole."""
    row, revision, cluster = find_report(context, kind, report)
    content = _content_of(context, row)
    return ReportView(report_name(row, revision, cluster), row.asked["record"], content)


def list_reports(
    context: Context,
    kind: ReportKind,
    cluster: str,
    revision: str,
    page: PageRequest,
    *,
    engine: str | None = None,
) -> Page[ReportSummary]:
    """The reports of a revision, newest first; `engine` is a name or the text of a profile.

    Of a migration it is the target.
    """
    parameter = "target" if kind is ReportKind.MIGRATION else "engine"
    filters = engine_filter(engine, parameter)
    with context.database.read() as session:
        row = select_revision(session, find_row(session, cluster), revision)
        found = rows.page(
            session,
            row.id,
            kind,
            page.limit + 1,
            before=number_after(page),
            filters=filters,
        )
    return page_of(
        found,
        page,
        lambda each: ReportSummary(report_name(each, row, cluster), each.summary),
        lambda each: each.sequence,
    )


def find_report(
    context: Context, kind: ReportKind, report: str
) -> tuple[ReportRow, RevisionRow, str]:
    """The row of a report with its revision and its cluster's name, or `NotFound`."""
    with context.database.read() as session:
        found = rows.find(session, kind, report) if is_storable(report) else None
    if found is None:
        raise NotFound(_CODES[kind], f"there is no {kind.lower()} report {report[:80]!r}")
    return found


def content_of(context: Context, kind: ReportKind, report: str) -> ReportContent:
    """What a stored report says."""
    return _content_of(context, find_report(context, kind, report)[0])


def _make(
    context: Context,
    row: RevisionRow,
    cluster: str,
    record: ClusterRecord,
    wish: ReportWish,
    kind: ReportKind,
) -> _Made:
    target = wish.target
    ask = ReportAsk(
        kind=kind,
        profile=target.profile if target else wish.profile,
        as_of=wish.as_of,
        record=record,
        stated=wish.stated,
        source=wish.profile if target else None,
        target=target,
        cluster_name=cluster,
    )
    key = MapKey(row.policy_set_content, row.inventory_content, facts_of(record), wish.profile)
    pool = context.pool
    content = with_content(
        lambda: pool.run(key.inventory, make_report, key, None, ask),
        lambda: pool.run(key.inventory, make_report, key, stored_content(context, key), ask),
    )
    digest = report_header(ask, row.digest, content)["digest"]
    return _Made(wish, record_document(record), content, digest)


def _store(
    context: Context, kind: ReportKind, row: RevisionRow, cluster: str, made: _Made
) -> tuple[ReportView, bool]:
    stored = Content.of("report", encode_content(made.content))
    with context.database.write() as session:
        contents.lock_for_storing(session)
        if not rows.lock_revision(session, row.id):
            raise NotFound("RevisionNotFound", "the revision has just been deleted")
        known = rows.by_digest(session, row.id, kind, made.digest)
        if known is None:
            contents.store(session, [stored])
            report = _row(context, kind, row, made, stored.key)
            rows.insert(session, report)
    name = report_name(known or report, row, cluster)
    return ReportView(name, made.record, made.content), known is None


def _row(
    context: Context, kind: ReportKind, row: RevisionRow, made: _Made, content: str
) -> ReportRow:
    wish = made.wish
    engine = wish.target.profile if wish.target else wish.profile
    source = wish.profile if wish.target else None
    return ReportRow(
        id=context.new_id(),
        revision_id=row.id,
        kind=kind.value,
        digest=made.digest,
        source=str(source) if source else None,
        source_name=source.engine if source else None,
        engine=str(engine),
        engine_name=engine.engine,
        as_of=wish.as_of.isoformat(),
        rulebook=made.content.body["rulebook"],
        impact_digest=made.content.impact_digest or None,
        asked={
            "record": made.record,
            "facts": facts_document(wish.stated),
            "basis": made.content.body["basis"],
        },
        summary=summary_of(made.content),
        content=content,
        created_at=context.clock(),
    )


def _content_of(context: Context, row: ReportRow) -> ReportContent:
    def make() -> ReportContent:
        with context.database.read() as session:
            stored = contents.load(session, row.content)
        with collection_paused():
            return decode_content(stored)

    try:
        return context.caches.reports.get(row.content, make)
    except LookupError as error:
        code = _CODES[ReportKind(row.kind)]
        raise NotFound(code, "the report has just been deleted") from error
