"""Reports as Markdown for people: the verdict first, then what to do, then the evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from service.usecases.markdown_findings import (
    blockers,
    findings_section,
    missing_section,
    rules_section,
    severities_text,
)
from service.usecases.markdown_impact import (
    during_section,
    impact_section,
    pairs_text,
    remedies_section,
)
from service.usecases.markdown_path import path_section
from service.usecases.markdown_text import bullets, code, paragraph, plain, sections, table
from service.usecases.report_content import ReportContent, ReportKind

Body = Mapping[str, Any]


def render_markdown(report: Body, content: ReportContent) -> str:
    """A report as one Markdown document; `report` is its body with id, cluster and revision."""
    if report["kind"] == ReportKind.MIGRATION.value:
        parts = _migration(report, content)
    else:
        parts = _compatibility(report, content)
    return sections(parts) + "\n"


def _migration(report: Body, content: ReportContent) -> Iterable[str]:
    source, target = report["source"]["profile"], report["target"]["profile"]
    rows = [("From", code(source)), ("To", code(_target_text(report)))]
    pairs = ("Pairs of endpoints that change", pairs_text(report["impact"]["pairs"]))
    dead = report["deadPolicies"]
    return [
        f"# Migration{_of_cluster(report)}: {plain(source)} to {plain(target)}",
        *_verdict(report),
        _facts(report, [*rows, pairs]),
        blockers(content.findings),
        missing_section("What would settle it", report["settledBy"]),
        path_section(report["path"]),
        during_section(report.get("during")),
        impact_section(report["impact"], content.groups),
        f"{dead} policies stay stored and are not enforced any more." if dead else "",
        remedies_section(content.remedies),
        findings_section(content.findings),
        missing_section("What the input does not tell", report["missing"]),
        rules_section(report["rules"]),
    ]


def _target_text(report: Body) -> str:
    more = [report.get("targetIpam"), report.get("targetPodCidr")]
    return ", ".join([report["target"]["profile"], *filter(None, more)])


def _compatibility(report: Body, content: ReportContent) -> Iterable[str]:
    engine = report["engine"]["profile"]
    return [
        f"# Compatibility{_of_cluster(report)} with {plain(engine)}",
        *_verdict(report),
        _facts(report, [("Engine", code(engine))]),
        blockers(content.findings),
        findings_section(content.findings),
        _retirements(report["retirements"]),
        missing_section("What the input does not tell", report["missing"]),
        _validator(report.get("microsoftValidator")),
        rules_section(report["rules"]),
    ]


def _of_cluster(report: Body) -> str:
    return f" of {plain(report['cluster'])}" if "cluster" in report else ""


def _verdict(report: Body) -> Iterable[str]:
    yield f"**Verdict: {report['verdict']}**"
    yield bullets(paragraph(each) for each in report["reasons"])


def _facts(report: Body, rows: Iterable[tuple[str, str]]) -> str:
    revision = f"{report['revision']} ({report['revisionDigest']})" if "revision" in report else ""
    found = [
        ("Cluster", plain(report.get("cluster", ""))),
        ("Revision", plain(revision)),
        *rows,
        ("Findings", severities_text(report["severities"])),
        ("As of", report["asOf"]),
        ("Made", report.get("createdAt", "")),
        ("Rulebook", code(report["rulebook"])),
        ("Report", code(report.get("digest", ""))),
    ]
    return table(("", ""), [(name, text) for name, text in found if text])


def _retirements(ends: Iterable[Body]) -> str:
    rows = [
        (
            plain(each["what"]),
            f"**{each['date']}, past**" if each["isPast"] else each["date"],
            plain(each["detail"]),
            plain(each["source"]),
        )
        for each in ends
    ]
    head = ("What", "Ends", "What about it", "Source")
    return sections(["## What ends", table(head, rows)]) if rows else ""


def _validator(view: Body | None) -> str:
    if view is None:
        return ""
    rows = [
        (plain(each["title"]), "none" if each["compatible"] else str(each["count"]))
        for each in view["rows"]
    ]
    flags = [
        (
            plain(row["id"]),
            plain(" ".join(filter(None, (each["subject"], each.get("direction"))))),
            each["mark"],
            plain(each["reason"]),
        )
        for row in view["rows"]
        for each in row["flags"]
    ]
    omitted = sum(each.get("omitted", 0) for each in view["rows"])
    unseen = [
        (plain(each["id"]), plain(each["detail"]), ", ".join(each["hits"]))
        for each in view["blindSpots"]
        if each["outcome"] == "Hit"
    ]
    return sections(
        [
            "## What Microsoft's NPM-to-Cilium validator says",
            table(("Check", "Flags"), rows),
            f"{paragraph(view['closing'])} {view['confirmed']} of its flags are confirmed here.",
            table(("Check", "Flagged", "Mark", "Why"), flags) if flags else "",
            f"{omitted} more flags are not shown here." if omitted else "",
            "What it does not see:" if unseen else "",
            table(("Blind spot", "What", "Rules that hit"), unseen) if unseen else "",
        ]
    )
