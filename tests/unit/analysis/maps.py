"""Small clusters and their maps as lines of text, so that tests read like tables."""

from __future__ import annotations

from typing import Any

from service.analysis.compare import Comparison, compare
from service.analysis.filters import MapFilter
from service.analysis.joint import Solved
from service.analysis.listing import Line, Listing
from service.analysis.solve import solve, space_of
from service.analysis.summary import MapSummary, summarize
from service.analysis.units import seat_units
from service.engines.registry import compile_pipeline
from service.model.ports import describe_traffic
from service.model.snapshot import Snapshot
from tests.builders import Manifest, profile, snapshot


def solved_of(found: Snapshot, engine: str = "kubernetes") -> Solved:
    pipeline = compile_pipeline(found, profile(engine))
    space = space_of(pipeline)
    return Solved(solve(pipeline, space), seat_units(space, found.inventory))


def lines_of(*manifests: Manifest, engine: str = "kubernetes", **wanted: Any) -> list[str]:
    """Every line as `SOURCE -> DESTINATION TRAFFIC`, what is unknown with its codes."""
    solved = solved_of(snapshot(*manifests), engine)
    listing = Listing(solved.connectivity, solved.seating, MapFilter(**wanted))
    return [text for line in listing.lines() for text in _texts(line)]


def _texts(line: Line) -> list[str]:
    ends = f"{line.source} -> {line.destination}"
    found = []
    if line.certain:
        found.append(f"{ends} {describe_traffic(line.certain)}")
    if line.unknown:
        codes = ",".join(sorted({each.code for each in line.assumptions}))
        found.append(f"{ends} {describe_traffic(line.unknown)}? {codes}")
    return found


def summary_of(*manifests: Manifest, engine: str = "kubernetes") -> MapSummary:
    solved = solved_of(snapshot(*manifests), engine)
    return summarize(solved.connectivity, solved.seating)


def compared(before: list[Manifest], after: list[Manifest], engine: str = "npm") -> Comparison:
    return compare(*(solved_of(snapshot(*each), engine) for each in (before, after)))


def changes_of(comparison: Comparison) -> list[str]:
    """Every difference as `CHANGE SOURCE -> DESTINATION TRAFFIC`."""
    return sorted(
        f"{block.change} {each.source} -> {each.destination} {describe_traffic(block.traffic)}"
        for block in comparison.blocks
        for each in comparison.differences(block)
    )
