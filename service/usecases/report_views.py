"""What use cases answer about reports: frozen values, ready to be written out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service.storage.tables import ReportRow, RevisionRow
from service.usecases.report_content import Body, ReportContent


@dataclass(frozen=True, slots=True)
class ReportName:
    """Where and when a report was made; `id` is empty where it was not stored."""

    id: str
    kind: str
    cluster: str
    revision: int
    revision_digest: str
    digest: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ReportView:
    """A whole report, with the cluster's record as it was then."""

    name: ReportName
    record: Mapping[str, Any]
    content: ReportContent


@dataclass(frozen=True, slots=True)
class ReportSummary:
    """A report in a list."""

    name: ReportName
    summary: Mapping[str, Any]


def report_name(row: ReportRow, revision: RevisionRow, cluster: str) -> ReportName:
    """The name of a stored report."""
    return ReportName(
        id=row.id,
        kind=row.kind,
        cluster=cluster,
        revision=revision.number,
        revision_digest=revision.digest,
        digest=row.digest,
        created_at=row.created_at,
    )


_SHOWN = (
    "engine",
    "source",
    "target",
    "targetIpam",
    "targetPodCidr",
    "asOf",
    "rulebook",
    "verdict",
    "reasons",
    "severities",
    "findingCount",
    "remedyCount",
)


def summary_of(content: ReportContent) -> Body:
    """What lists show of a report, and what is compared with the revision before."""
    body = content.body
    summary: Body = {name: body[name] for name in _SHOWN if name in body}
    if "path" in body:
        summary["support"] = body["path"]["support"]
    if "impact" in body:
        impact = body["impact"]
        summary |= {"pairs": impact["pairs"], "unexplainedCount": impact["unexplainedCount"]}
    summary["hits"] = [
        {name: each[name] for name in ("rule", "title", "severity", "findings")}
        for each in body["rules"]
        if each["outcome"] == "Hit"
    ]
    return summary
