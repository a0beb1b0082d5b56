"""Connectivity maps as CSV and as a DOT graph."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from service.analysis.listing import Line
from service.analysis.units import Unit
from service.model.intervals import Intervals
from service.model.ports import describe_traffic
from service.model.verdict import Decision
from service.usecases.map_json import connections_body

CSV_HEADER = (
    "sourceKind",
    "sourceNamespace",
    "source",
    "destinationKind",
    "destinationNamespace",
    "destination",
    "verdict",
    "protocol",
    "ports",
    "assumptions",
)


def csv_header() -> str:
    """The first line of the CSV form."""
    return _row(CSV_HEADER)


def csv_lines(line: Line) -> Iterator[str]:
    """One row per verdict and protocol."""
    ends = (*_columns(line.source), *_columns(line.destination))
    codes = " ".join(sorted({each.code for each in line.assumptions}))
    for verdict, traffic, why in (
        (Decision.ALLOW, line.certain, ""),
        (Decision.UNKNOWN, line.unknown, codes),
    ):
        for each in connections_body(traffic):
            yield _row((*ends, verdict.value, each["protocol"], each["ports"], why))


def dot_lines(lines: Iterable[Line], *, first: bool = True, last: bool = True) -> Iterator[str]:
    """A directed graph, or a piece of one; connections under assumptions are dashed."""
    if first:
        yield "digraph connectivity {\n  rankdir=LR;\n  node [shape=box];\n"
    for line in lines:
        for traffic, style in ((line.certain, ""), (line.unknown, " style=dashed")):
            if traffic:
                label = _quoted(_label(traffic))
                yield (
                    f"  {_quoted(str(line.source))} -> {_quoted(str(line.destination))} "
                    f"[label={label}{style}];\n"
                )
    if last:
        yield "}\n"


def _label(traffic: Intervals) -> str:
    return describe_traffic(traffic)


def _columns(unit: Unit) -> tuple[str, str, str]:
    kind = "Workload" if unit.is_workload else "Node" if unit.is_node else "External"
    name = f"{unit.name}#{unit.number}" if unit.number else unit.name
    return kind, unit.namespace, name


def _row(values: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(values)
    return text.getvalue()


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
