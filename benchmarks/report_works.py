"""What is measured of reports."""

from __future__ import annotations

from benchmarks.lab import Lab
from benchmarks.report import Row


def reports(lab: Lab) -> list[Row]:
    """Reports on the observed cluster: the whole move from NPM to Cilium, and Cilium alone."""
    path = lab.input("observed.json")
    moved, fitting = lab.alternately(
        ("migration_report", path, "npm", "cilium"), ("compatibility_report", path, "cilium")
    )
    changed, unexplained = (moved.of(name)[0] for name in ("changed", "unexplained"))
    counted = f"{changed:,.0f} pairs change, {unexplained:,.0f} groups unexplained"
    work = "reports, observed cluster"
    return [
        Row(work, f"NPM to Cilium, whole; {counted}", moved.of("report"), peak=moved.peak),
        Row(work, "written for storage", moved.of("stored"), peak=moved.peak),
        Row(work, "compatibility with Cilium", fitting.of("report"), peak=fitting.peak),
    ]
