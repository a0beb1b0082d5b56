"""The lists of a stored report: findings, groups, remedies, and the exact connections."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from service.model.engine import profile_of_text
from service.model.finding import Severity
from service.usecases.cluster_json import stored_record
from service.usecases.context import Context
from service.usecases.errors import Conflict
from service.usecases.impact_lines import ImpactChanged, LinesQuestion, impact_lines
from service.usecases.map_json import compact
from service.usecases.map_queries import Chunk, Position
from service.usecases.map_worker import MapContent, MapKey
from service.usecases.maps import stored_content, with_content
from service.usecases.paging import Page, PageRequest, page_of_sorted, pair_after
from service.usecases.report_content import ReportKind
from service.usecases.report_worker import ImpactFilter
from service.usecases.reports import content_of, find_report
from service.usecases.snapshots import PartKeys, facts_of

Body = dict[str, Any]

STREAM_LINES = 1_000


@dataclass(frozen=True, slots=True)
class FindingFilters:
    """Which findings; `rule` is a rule's id."""

    severity: Severity | None = None
    rule: str | None = None


def list_findings(
    context: Context, kind: ReportKind, report: str, filters: FindingFilters, page: PageRequest
) -> Page[Body]:
    """The findings of a report, the gravest first."""
    severity = filters.severity.value if filters.severity else None
    return _page(
        content_of(context, kind, report).findings,
        page,
        lambda each: severity in {None, each["severity"]} and filters.rule in {None, each["rule"]},
    )


def list_groups(context: Context, report: str, page: PageRequest) -> Page[Body]:
    """The groups of a migration report's impact, the gravest and largest first."""
    return _page(content_of(context, ReportKind.MIGRATION, report).groups, page)


def list_remedies(
    context: Context, report: str, page: PageRequest, *, rule: str | None = None
) -> Page[Body]:
    """The remedies of a migration report."""
    found = content_of(context, ReportKind.MIGRATION, report).remedies
    return _page(found, page, lambda each: rule in {None, each["rule"]})


def list_impacts(
    context: Context, report: str, wanted: ImpactFilter, page: PageRequest
) -> Page[Body]:
    """The exact connections that a migration changes, made again from the stored content.

    `Conflict` where this service does not find the impact any more that the report tells.
    """
    after = pair_after(page)
    found = _lines(context, _question(context, report, wanted), after, page.limit)
    return Page(found.items, found.after)


def stream_impacts(context: Context, report: str, wanted: ImpactFilter) -> Iterator[str]:
    """All of them as text, a JSON value on each line."""
    question = _question(context, report, wanted)
    after: Position | None = None
    while True:
        chunk = _lines(context, question, after, STREAM_LINES)
        yield "".join(f"{compact(each)}\n" for each in chunk.items)
        if chunk.after is None:
            return
        after = chunk.after


@dataclass(frozen=True, slots=True)
class _Question:
    """Which lines of which comparison."""

    keys: tuple[MapKey, MapKey]
    wanted: ImpactFilter
    local_dns: bool
    expected: str


def _question(context: Context, report: str, wanted: ImpactFilter) -> _Question:
    row, revision, _ = find_report(context, ReportKind.MIGRATION, report)
    # The record may be another one by now; the report speaks of the cluster as it was.
    facts = facts_of(stored_record(row.asked["record"]))
    parts = PartKeys.of(revision)
    before, after = (
        MapKey(parts.policies, parts.inventory, facts, profile_of_text(text))
        for text in (row.source or "", row.engine)
    )
    return _Question(
        (before, after), wanted, row.asked["basis"]["localDns"], row.impact_digest or ""
    )


def _lines(context: Context, question: _Question, after: Position | None, size: int) -> Chunk:
    pool, keys = context.pool, question.keys
    asked = LinesQuestion(question.wanted, after, size, question.local_dns, question.expected)

    def ask(contents: tuple[MapContent, MapContent] | None) -> Chunk:
        return pool.run(keys[0].inventory, impact_lines, keys, contents, asked)

    def stored() -> tuple[MapContent, MapContent]:
        content = stored_content(context, keys[0])
        return content, content

    try:
        return with_content(lambda: ask(None), lambda: ask(stored()))
    except ImpactChanged as error:
        detail = (
            "this version of the service decides connections otherwise than the one that made "
            "the report; make a new report"
        )
        raise Conflict("ImpactChanged", detail) from error


def _page(
    items: Iterable[Body], page: PageRequest, wanted: Callable[[Body], bool] = lambda _: True
) -> Page[Body]:
    numbered = [(number, each) for number, each in enumerate(items) if wanted(each)]
    found = page_of_sorted(numbered, page, lambda each: (each[0],))
    return Page(tuple(each for _, each in found.items), found.next_cursor)
