"""Whether a cluster gets readier for an engine: its migration reports, revision by revision."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from service.analysis.judging import Opinion
from service.model.finding import Severity
from service.storage import reports as rows
from service.storage.tables import ReportRow, RevisionRow
from service.usecases.cluster_rows import find_row
from service.usecases.context import Context
from service.usecases.engine_filters import engine_filter
from service.usecases.paging import Page, PageRequest, number_after
from service.usecases.report_content import ReportKind
from service.usecases.report_views import ReportSummary, report_name

Body = dict[str, Any]


#: From ready to not: what is not known may turn out well or badly.
_BEST_FIRST = (
    Opinion.SAFE,
    Opinion.SAFE_WITH_FIXES,
    Opinion.UNKNOWN,
    Opinion.UNSAFE,
    Opinion.BLOCKED,
)
#: A finding of the severity Info asks for nothing.
_WEIGHED = tuple(each.value for each in Severity if each is not Severity.INFO)
_SURE = ("newlyAllowed", "newlyDenied")


class Trend(StrEnum):
    """How a report compares with that of the revision before."""

    READIER = "Readier"
    LESS_READY = "LessReady"
    SAME = "Same"


@dataclass(frozen=True, slots=True)
class ReadinessEntry:
    """The newest report of one revision, and what is new against the revision before."""

    report: ReportSummary
    trend: Trend | None = None
    changes: Mapping[str, Any] | None = None


def readiness(
    context: Context, cluster: str, target: str, page: PageRequest
) -> Page[ReadinessEntry]:
    """One entry for each revision with a migration report to the target, oldest first."""
    filters = engine_filter(target, "target")
    number = number_after(page) or 0
    with context.database.read() as session:
        row = find_row(session, cluster)
        found = rows.newest_of_revisions(
            session,
            row.id,
            ReportKind.MIGRATION,
            # With the last entry of the page before, for the first one is compared with it.
            page.limit + 2,
            after=max(number - 1, 0),
            filters=filters,
        )
    before = found.pop(0) if found and found[0][1].number == number else None
    entries = list(_entries(cluster, before, found[: page.limit]))
    more = len(found) > page.limit
    return Page(tuple(entries), (entries[-1].report.name.revision,) if more else None)


def _entries(
    cluster: str,
    before: tuple[ReportRow, RevisionRow] | None,
    found: list[tuple[ReportRow, RevisionRow]],
) -> Iterator[ReadinessEntry]:
    for row, revision in found:
        report = ReportSummary(report_name(row, revision, cluster), row.summary)
        if before is None:
            yield ReadinessEntry(report)
        else:
            was = before[0].summary
            changes = {"since": before[1].number, **changes_between(was, row.summary)}
            yield ReadinessEntry(report, trend_between(was, row.summary), changes)
        before = row, revision


def trend_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> Trend:
    """Weighs the verdict first, then findings by severity, then how many connections change."""
    was, now = _weight(before), _weight(after)
    if now == was:
        return Trend.SAME
    return Trend.READIER if now < was else Trend.LESS_READY


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> Body:
    """What differs between two summaries: verdict, numbers, and the rules that apply."""
    was, now = ({each["rule"]: each for each in summary["hits"]} for summary in (before, after))
    body: Body = {
        "severities": _differences(before["severities"], after["severities"]),
        "pairs": _differences(before["pairs"], after["pairs"]),
        "resolved": [hit for rule, hit in was.items() if rule not in now],
        "appeared": [hit for rule, hit in now.items() if rule not in was],
    }
    if before["verdict"] != after["verdict"]:
        body["verdictBefore"] = before["verdict"]
    return body


def _weight(summary: Mapping[str, Any]) -> tuple[int, ...]:
    severities, pairs = summary["severities"], summary["pairs"]
    return (
        _BEST_FIRST.index(Opinion(summary["verdict"])),
        *(severities[each] for each in _WEIGHED),
        sum(pairs[each] for each in _SURE),
    )


def _differences(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    return {name: after[name] - before[name] for name in after}
