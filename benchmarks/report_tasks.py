"""Measurements of whole reports, made from a snapshot as the service makes them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from time import perf_counter

from benchmarks.reading_tasks import Samples, snapshot_of
from service.analysis.stated import Target
from service.engines.registry import resolve_profile
from service.usecases.map_worker import RevisionReading
from service.usecases.report_content import ReportKind, encode_content
from service.usecases.report_making import ReportAsk, report_of

AS_OF = date(2026, 11, 23)


def migration_report(path: str, source: str, target: str) -> Samples:
    """The whole report: path, rules, every connection that changes by cause, what opens meanwhile.

    `changed` counts the pairs of endpoints that open or close, `unexplained` the groups of them
    for which the rulebook has no reason.
    """
    reading = RevisionReading(snapshot_of(Path(path).read_bytes()))
    profile = resolve_profile(target)
    ask = ReportAsk(
        ReportKind.MIGRATION, profile, AS_OF, source=resolve_profile(source), target=Target(profile)
    )
    start = perf_counter()
    content = report_of(reading, ask)
    made = perf_counter()
    encode_content(content)
    impact = content.body["impact"]
    return {
        "report": [made - start],
        "stored": [perf_counter() - made],
        "changed": [impact["pairs"]["newlyAllowed"] + impact["pairs"]["newlyDenied"]],
        "unexplained": [impact["unexplainedCount"]],
    }


def compatibility_report(path: str, engine: str) -> Samples:
    """What the rulebook says of one engine."""
    reading = RevisionReading(snapshot_of(Path(path).read_bytes()))
    ask = ReportAsk(ReportKind.COMPATIBILITY, resolve_profile(engine), AS_OF)
    start = perf_counter()
    report_of(reading, ask)
    return {"report": [perf_counter() - start]}
