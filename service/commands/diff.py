"""`netverdict diff`: what two sets of manifests, or two engines, allow differently."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from service.analysis.compare import Change
from service.commands import ends
from service.commands.conditions import ANY, Conditions
from service.commands.faults import Refused, refusing, report
from service.commands.files import read_files, refuse_second_reading
from service.commands.inputs import add_engine_options, profile_of, snapshot_of
from service.commands.map_filters import end_filter
from service.commands.printable import printable
from service.commands.streams import answering
from service.commands.tables import columns
from service.manifests.upload import Upload
from service.model.engine import EngineProfile
from service.usecases.difference_queries import ComparedMaps, DifferenceFilter
from service.usecases.map_json import compact
from service.usecases.map_queries import Chunk
from service.usecases.map_solving import collection_paused, solved_pair
from service.usecases.policy_changes import policy_changes
from service.usecases.verdict_json import policy_body

#: `OLD... -- NEW...`: what stands behind `--` is a second list of files.
TAKES_TWO_SETS = True
FORMATS = ("ndjson", "json", "table")
_PAGE = 1000
_Item = dict[str, object]
_PLACED = {"SameNode": " (same node)", "OtherNode": " (other node)"}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.usage = "netverdict diff OLD... [-- NEW...] --engine NAME [--engine NAME] [options]"
    parser.add_argument("files", nargs="+", metavar="OLD", help="files, folders, or - for stdin")
    parser.add_argument(
        "--engine",
        required=True,
        action="append",
        metavar="NAME[:VERSION]",
        help="given twice, the second one is for the new side",
    )
    add_engine_options(parser)
    parser.add_argument("--source", metavar="END", help=ends.HELP)
    parser.add_argument("--destination", metavar="END", help=ends.HELP)
    parser.add_argument("--change", choices=[each.value for each in Change])
    parser.add_argument("--group", action="store_true", help="changes with equal ends as one")
    parser.add_argument("--format", choices=FORMATS, default="table", help="(table)")
    parser.add_argument(
        "--fail-on",
        action="append",
        default=[],
        choices=[ANY, *(each.value for each in Change)],
        help="exit status 1 when such a change is listed; may be given more than once",
    )


def run(arguments: argparse.Namespace) -> int:
    try:
        if len(arguments.engine) > 2:
            raise Refused(["--engine can be given twice: for the old side and for the new one"])
        if arguments.second is None and len(arguments.engine) == 1:
            raise Refused(["give a second set of files behind -- or a second --engine"])
        if arguments.group and arguments.format == "table":
            raise Refused(["--group goes with --format json or ndjson"])
        refuse_second_reading([*arguments.files, *(arguments.second or ())])
        profiles = [profile_of(arguments, each) for each in arguments.engine]
        wanted = _filter(arguments)
        uploads = [read_files(arguments.files)]
        if arguments.second is not None:
            uploads.append(read_files(arguments.second))
        compared = _compare(uploads, profiles, arguments.pod_cidr)
        with refusing():
            wanted = wanted.settled(compared.names)
    except Refused as refused:
        return report(refused)
    conditions = Conditions(arguments.fail_on)
    found = _items(compared, wanted, arguments.group)
    items = conditions.seen(found, lambda item: [str(item["change"])])
    with answering(conditions.known):
        _write(items, _policies(uploads), compared.summary(), arguments.format)
    return conditions.status


def _write(
    items: Iterator[_Item],
    policies: dict[str, list[dict[str, str]]],
    summary: dict[str, object],
    form: str,
) -> None:
    if form == "json":
        print(compact({"policies": policies, "summary": summary, "items": list(items)}))
    elif form == "ndjson":
        for item in items:
            sys.stdout.write(compact(item) + "\n")
    else:
        _print_table(items, policies, summary)


def _compare(
    uploads: list[Upload], profiles: list[EngineProfile], pod_cidrs: list[str]
) -> ComparedMaps:
    snapshots = [snapshot_of(each, pod_cidrs) for each in uploads]
    pair = solved_pair((snapshots[0], profiles[0]), (snapshots[-1], profiles[-1]))
    with collection_paused():
        return ComparedMaps(*pair)


def _filter(arguments: argparse.Namespace) -> DifferenceFilter:
    with refusing():
        return DifferenceFilter(
            Change(arguments.change) if arguments.change else None,
            end_filter(arguments.source),
            end_filter(arguments.destination),
        )


def _policies(uploads: list[Upload]) -> dict[str, list[dict[str, str]]]:
    changes = policy_changes(uploads[0].policies, uploads[-1].policies)
    return {
        "added": list(map(policy_body, changes.added)),
        "removed": list(map(policy_body, changes.removed)),
        "changed": list(map(policy_body, changes.changed)),
    }


def _items(compared: ComparedMaps, wanted: DifferenceFilter, group: bool) -> Iterator[_Item]:
    page = compared.group_page if group else compared.page
    after = None
    while True:
        chunk: Chunk = page(wanted, after, _PAGE)
        yield from chunk.items
        if chunk.after is None:
            return
        after = chunk.after


def _print_table(
    items: Iterator[_Item],
    policies: dict[str, list[dict[str, str]]],
    summary: dict[str, object],
) -> None:
    rows = [("CHANGE", "SOURCE", "DESTINATION", "CONNECTIONS", "BECAUSE")]
    rows.extend(map(_row, items))
    for word, found in policies.items():
        for each in found:
            place = "/".join(filter(None, (each.get("namespace"), each["name"])))
            print(printable(f"policy {word}: {each['kind']} {place}"))
    for key, word in (("workloadsAdded", "added"), ("workloadsRemoved", "removed")):
        units = summary[key]
        for unit in units if isinstance(units, list) else ():
            print(printable(f"workload {word}: {_name(unit)}"))
    print(columns(rows))


def _row(item: dict[str, object]) -> tuple[str, str, str, str, str]:
    connections = item["connections"]
    parts = connections if isinstance(connections, list) else []
    # Ping has no ports.
    text = "; ".join(" ".join(filter(None, (e["protocol"], e.get("ports")))) for e in parts)
    return (
        str(item["change"]),
        _name(item["source"]),
        _name(item["destination"]) + _PLACED.get(str(item.get("placement")), ""),
        text,
        _because(item["decidedAfter"]) or _because(item["decidedBefore"]),
    )


def _because(side: object) -> str:
    if not isinstance(side, dict):
        return ""
    for end in ("egress", "ingress"):
        for found in side[end]["evidence"]:
            policy = found.get("policy")
            who = (
                f"{policy['kind']} {policy.get('namespace', '')}/{policy['name']}: "
                if policy
                else ""
            )
            return f"{end}: {who}{found['detail'] or found['reason']}"
    return ""


def _name(unit: object) -> str:
    if not isinstance(unit, dict):
        return ""
    if unit["kind"] == "Workload":
        variant = f" (variant {unit['variant']})" if "variant" in unit else ""
        return f"{unit['namespace']}/{unit['workload']}{variant}"
    return str(unit.get("node") or unit["addresses"])
