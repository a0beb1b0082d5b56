"""`netverdict connectivity`: who can talk to whom, over manifests in files."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from service.analysis.filters import MapFilter
from service.analysis.grouping import LineGroup, grouped
from service.analysis.listing import Line
from service.analysis.summary import summarize
from service.commands.conditions import Conditions
from service.commands.faults import Refused, refusing, report
from service.commands.files import read_files
from service.commands.inputs import add_engine_options, profile_of, snapshot_of, tell
from service.commands.map_filters import add_filters, filter_of
from service.commands.streams import answering
from service.commands.tables import columns
from service.model.ports import describe_traffic
from service.usecases.map_json import (
    LineWriter,
    compact,
    connections_body,
    group_bodies,
    line_bodies,
    summary_body,
)
from service.usecases.map_solving import collection_paused, solved_map
from service.usecases.map_text import csv_header, csv_lines, dot_lines

FORMATS = ("ndjson", "json", "csv", "dot", "table")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help="a file, a folder, or - for stdin")
    parser.add_argument("--engine", required=True, metavar="NAME[:VERSION]", help="cilium:1.17")
    add_engine_options(parser)
    add_filters(parser)
    parser.add_argument(
        "--self",
        action="store_true",
        dest="itself",
        help="also what the pods of one workload may send to each other",
    )
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--group", action="store_true", help="lines with equal ends as one (JSON)")
    shape.add_argument("--summary", action="store_true", help="only the numbers (JSON)")
    parser.add_argument("--format", choices=FORMATS, help="(table)")
    parser.add_argument(
        "--fail-on",
        action="append",
        default=[],
        choices=("any", "unknown"),
        help="exit status 1 when a line is left, or one whose verdict is Unknown; "
        "may be given more than once",
    )


def run(arguments: argparse.Namespace) -> int:
    try:
        profile = profile_of(arguments, arguments.engine)
        wanted = filter_of(arguments)
        _refuse_mixtures(arguments, wanted)
        if arguments.itself:
            wanted = wanted.with_itself()
        with collection_paused():
            snapshot = snapshot_of(read_files(arguments.files), arguments.pod_cidr)
        solved = solved_map(snapshot, profile)
        tell(solved.pipeline.findings)
        if arguments.summary:
            with answering(lambda: 0):
                print(compact(summary_body(summarize(solved.whole(), solved.seating))))
            return 0
        with refusing():
            wanted = wanted.with_ends(solved.names.settle)
    except Refused as refused:
        return report(refused)
    conditions = Conditions(arguments.fail_on)
    listing = solved.listing(wanted)
    with answering(conditions.known):
        if arguments.group:
            groups = conditions.seen(grouped(listing), _met_by)
            _write_groups(groups, arguments.format or "ndjson")
        else:
            with collection_paused():
                lines = conditions.seen(listing.lines(), _met_by)
                _write(lines, arguments.format or "table")
    return conditions.status


def _refuse_mixtures(arguments: argparse.Namespace, wanted: MapFilter) -> None:
    """Options that would have no effect beside others."""
    if arguments.summary and (wanted != MapFilter() or arguments.itself or arguments.fail_on):
        raise Refused(
            ["--summary is of the whole map: no filter, --self or --fail-on goes with it"]
        )
    if arguments.group and arguments.itself:
        raise Refused(["--self does not go with --group: groups pair no endpoint with itself"])
    if (arguments.summary or arguments.group) and arguments.format not in {None, "json", "ndjson"}:
        raise Refused([f"--summary and --group are JSON, not {arguments.format}"])


def _met_by(found: Line | LineGroup) -> tuple[str, ...]:
    return ("unknown",) if found.unknown else ()


def _write_groups(groups: Iterator[LineGroup], form: str) -> None:
    bodies = (body for group in groups for body in group_bodies(group))
    if form == "json":
        print(compact({"items": list(bodies)}))
    else:
        for body in bodies:
            print(compact(body))


def _write(lines: Iterator[Line], form: str) -> None:
    write = sys.stdout.write
    match form:
        case "ndjson":
            writer = LineWriter()
            for line in lines:
                for text in writer.write(line):
                    write(text + "\n")
        case "json":
            bodies = [body for line in lines for body in line_bodies(line)]
            write(compact({"items": bodies}) + "\n")
        case "csv":
            write(csv_header())
            for line in lines:
                write("".join(csv_lines(line)))
        case "dot":
            write("".join(dot_lines(lines)))
        case _:
            write(columns(_rows(lines)) + "\n")


def _rows(lines: Iterator[Line]) -> Iterator[tuple[str, str, str, str]]:
    yield ("SOURCE", "DESTINATION", "VERDICT", "CONNECTIONS")
    for line in lines:
        for verdict, traffic in (("Allow", line.certain), ("Unknown", line.unknown)):
            if traffic and connections_body(traffic):
                codes = sorted({each.code for each in line.assumptions})
                why = f" [{', '.join(codes)}]" if verdict == "Unknown" else ""
                yield (
                    str(line.source),
                    str(line.destination),
                    verdict,
                    describe_traffic(traffic) + why,
                )
