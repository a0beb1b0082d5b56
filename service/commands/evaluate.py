"""`netverdict evaluate`: flows over manifests in files, for CI jobs and at the desk."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

import msgspec

from service.analysis.evaluate import Evaluator, UnresolvedEnd
from service.commands import ends
from service.commands.faults import Refused, report
from service.commands.files import read_bytes, read_files, refuse_second_reading
from service.commands.inputs import tell, tell_upload
from service.commands.streams import answering
from service.commands.tables import verdict_table
from service.engines.registry import compile_pipeline, resolve_profile
from service.manifests.snapshot import build_snapshot
from service.manifests.upload import Upload
from service.model.engine import EngineProfile
from service.model.flow import Flow
from service.model.snapshot import ClusterFacts
from service.model.verdict import Decision
from service.usecases.verdict_json import verdict_body

FORMATS = ("ndjson", "json", "table")
_OF_ONE_FLOW = ("source", "destination", "port", "protocol")
DECISIONS = tuple(each.value for each in Decision if each is not Decision.NOT_APPLICABLE)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help="a file, a folder, or - for stdin")
    parser.add_argument("--engine", required=True, metavar="NAME[:VERSION]", help="cilium:1.17")
    parser.add_argument(
        "--option", action="append", default=[], metavar="KEY=VALUE", help="of the engine"
    )
    parser.add_argument("--kubernetes-version", metavar="VERSION", help="decides the engine's")
    parser.add_argument(
        "--pod-cidr", action="append", default=[], metavar="CIDR", help="where pods get addresses"
    )
    parser.add_argument("--source", metavar="END", help=ends.HELP)
    parser.add_argument("--destination", metavar="END", help=ends.HELP_DESTINATION)
    parser.add_argument("--port", metavar="PORT", help="a number or a name")
    parser.add_argument("--protocol", help="TCP, UDP, SCTP, ICMP ... (TCP)")
    parser.add_argument("--flows", metavar="FILE", help="flows as JSON or NDJSON; - for stdin")
    parser.add_argument("--format", choices=FORMATS, default="table", help="(table)")
    parser.add_argument(
        "--fail-on",
        action="append",
        default=[],
        choices=DECISIONS,
        help="exit status 1 when a flow has this verdict; may be given more than once",
    )


def run(arguments: argparse.Namespace) -> int:
    try:
        flows = _flows(arguments)
        profile = _profile(arguments)
        upload = read_files(arguments.files)
        bodies = _answer(upload, profile, arguments.pod_cidr, flows)
    except Refused as refused:
        return report(refused)
    status = int(any(body["verdict"] in arguments.fail_on for body in bodies))
    with answering(lambda: status):
        _print(bodies, profile, arguments.format)
    return status


def _flows(arguments: argparse.Namespace) -> list[Flow]:
    if arguments.flows is not None:
        if any(getattr(arguments, each) is not None for each in _OF_ONE_FLOW):
            raise Refused(["--flows goes without --source, --destination, --port and --protocol"])
        refuse_second_reading([*arguments.files, arguments.flows])
        return ends.flows_of(read_bytes(arguments.flows), arguments.flows)
    missing = [f"--{name}" for name in ("source", "destination") if not getattr(arguments, name)]
    if missing:
        raise Refused([f"{' and '.join(missing)} or --flows is needed"])
    # An option that was given has to be told from one that was not, so this is no default of it.
    protocol = "TCP" if arguments.protocol is None else arguments.protocol
    return [ends.flow_of(arguments.source, arguments.destination, arguments.port, protocol)]


def _profile(arguments: argparse.Namespace) -> EngineProfile:
    pairs = [text.partition("=") for text in arguments.option]
    wrong = [f"--option {key}: give KEY=VALUE" for key, sign, _ in pairs if not sign]
    if wrong:
        raise Refused(wrong)
    try:
        return resolve_profile(
            arguments.engine,
            options={key: value for key, _, value in pairs},
            kubernetes_version=arguments.kubernetes_version,
        )
    except ValueError as error:
        raise Refused([f"--engine: {error}"]) from error


def _answer(
    upload: Upload, profile: EngineProfile, pod_cidrs: Sequence[str], flows: Sequence[Flow]
) -> list[dict[str, Any]]:
    try:
        facts = ClusterFacts(pod_cidrs=tuple(pod_cidrs))
        snapshot, problems = build_snapshot(upload.inventory, upload.policies, facts)
        pipeline = compile_pipeline(snapshot, profile)
        evaluator = Evaluator(pipeline, snapshot.inventory, facts.pod_cidrs)
    except ValueError as error:
        raise Refused([f"--pod-cidr: {error}"]) from error
    tell_upload(upload, problems)
    tell(pipeline.findings)
    bodies: list[dict[str, Any]] = []
    faults: list[str] = []
    for number, flow in enumerate(flows, start=1):
        try:
            bodies.append(verdict_body(evaluator.evaluate(flow)))
        except UnresolvedEnd as error:
            place = f"flow {number}, " if len(flows) > 1 else ""
            faults.append(f"{place}{error.side}: {error.detail} [{error.code}]")
    if faults:
        raise Refused(faults)
    return bodies


def _print(bodies: Sequence[dict[str, Any]], profile: EngineProfile, form: str) -> None:
    if form == "table":
        print(verdict_table(bodies))
    elif form == "ndjson":
        for body in bodies:
            print(msgspec.json.encode(body).decode())
    else:
        document = {"engine": str(profile), "verdicts": list(bodies)}
        print(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())
