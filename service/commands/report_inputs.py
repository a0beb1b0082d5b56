"""What the commands that write reports read: manifests, a cluster record, facts, and options."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from service.analysis.stated import StatedFacts
from service.commands.faults import Refused
from service.commands.files import read_bytes, read_files, refuse_second_reading
from service.commands.inputs import tell, tell_upload
from service.commands.json_values import RepeatedKey, read_json
from service.manifests.aks_record import NotAnAksRecord, read_aks_show
from service.manifests.archive import inventory_digest, policy_set_digest
from service.manifests.digests import revision_digest
from service.manifests.snapshot import build_snapshot
from service.manifests.upload import Upload
from service.model.addresses import parse_cidr
from service.model.cluster import ClusterRecord
from service.model.engine import Version
from service.model.snapshot import ClusterFacts
from service.usecases.documents import camel
from service.usecases.errors import FieldError, Invalid
from service.usecases.map_worker import RevisionReading, written_with_expressions
from service.usecases.report_sarif import Places, SourcePlace

#: The options that members of a request stand for.
_OPTIONS = {
    "engine": "--engine",
    "source": "--source",
    "target": "--target",
    "targetIpam": "--target-ipam",
    "targetPodCidr": "--target-pod-cidr",
    "asOf": "--as-of",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """What a report is made of: manifests with the cluster that they belong to."""

    upload: Upload
    reading: RevisionReading
    record: ClusterRecord
    name: str | None

    @property
    def revision_digest(self) -> str:
        """The digest that a revision with this content has."""
        policies, inventory = self.upload.policies, self.upload.inventory
        return revision_digest(policy_set_digest(policies), inventory_digest(inventory))

    def places(self) -> Places:
        """The file and line of each policy, relative to where the command runs if it is below."""
        here = Path.cwd()
        found: dict[tuple[str, str, str], SourcePlace] = {}
        for each in self.upload.policies:
            name = next(name for name, last in self.upload.parts if each.position.document <= last)
            path = Path(name)
            inside = path.is_absolute() and path.is_relative_to(here)
            uri = (path.relative_to(here) if inside else path).as_posix()
            place = SourcePlace(uri, each.position.line)
            found[each.ref.kind, each.ref.namespace, each.ref.name] = place
        return found


def add_report_options(parser: argparse.ArgumentParser, formats: Iterable[str]) -> None:
    """The options of every report."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="a file, a folder, or - for stdin")
    parser.add_argument(
        "--cluster", metavar="FILE", help="what `az aks show -o json` prints of the cluster"
    )
    parser.add_argument(
        "--cluster-name", metavar="NAME", help="where --cluster does not tell the cluster's name"
    )
    parser.add_argument("--kubernetes-version", metavar="VERSION", help="of the cluster")
    parser.add_argument(
        "--pod-cidr", action="append", default=[], metavar="CIDR", help="where pods get addresses"
    )
    names = ", ".join(camel(each.name) for each in fields(StatedFacts))
    parser.add_argument(
        "--facts", metavar="FILE", help=f"what only you can tell, as JSON with any of {names}"
    )
    parser.add_argument(
        "--as-of", metavar="DATE", help="the day that dates are compared with (today, in UTC)"
    )
    parser.add_argument("--format", choices=tuple(formats), default="markdown", help="(markdown)")


def options_of(name: str, texts: Iterable[str]) -> dict[str, str]:
    """`KEY=VALUE` texts as a map; `Refused` where one has no sign."""
    pairs = [text.partition("=") for text in texts]
    wrong = [f"{name} {key}: give KEY=VALUE" for key, sign, _ in pairs if not sign]
    if wrong:
        raise Refused(wrong)
    return {key: value for key, _, value in pairs}


def subject_of(arguments: argparse.Namespace) -> Subject:
    """The manifests and the cluster that options name; `Refused` with every fault."""
    refuse_second_reading([*arguments.files, arguments.cluster, arguments.facts])
    record, name = _record(arguments)
    faults: list[str] = []
    for text in arguments.pod_cidr:
        try:
            parse_cidr(text)
        except ValueError as error:
            faults.append(f"--pod-cidr: {error}")
    if faults:
        raise Refused(faults)
    upload = read_files(arguments.files)
    pod_cidrs = tuple(arguments.pod_cidr) or record.network_profile.pod_cidrs
    facts = ClusterFacts(pod_cidrs=pod_cidrs)
    snapshot, problems = build_snapshot(upload.inventory, upload.policies, facts)
    tell_upload(upload, problems)
    reading = RevisionReading(snapshot, written_with_expressions(upload.policies))
    return Subject(upload, reading, record, arguments.cluster_name or name)


def _record(arguments: argparse.Namespace) -> tuple[ClusterRecord, str | None]:
    record, name = ClusterRecord(), None
    if arguments.cluster is not None:
        try:
            found = read_aks_show(json_of(arguments.cluster))
        except NotAnAksRecord as error:
            raise Refused([f"{arguments.cluster}: {error}"]) from error
        tell(found.problems)
        record, name = found.record, found.name
    if arguments.kubernetes_version is not None:
        try:
            Version.parse(arguments.kubernetes_version)
        except ValueError as error:
            raise Refused([f"--kubernetes-version: {error}"]) from error
        record = replace(record, kubernetes_version=arguments.kubernetes_version)
    return record, name


def json_of(name: str) -> Any:
    """The JSON value in a file; `Refused` where there is none."""
    try:
        return read_json(read_bytes(name))
    except RepeatedKey as error:
        raise Refused([f"{name}: {error}"]) from error
    except ValueError as error:
        raise Refused([f"{name}: no JSON: {error}"]) from error


def document_of(arguments: argparse.Namespace, **members: Any) -> dict[str, Any]:
    """The request that options make, as it would be sent to the service."""
    document = {name: each for name, each in members.items() if each}
    if arguments.as_of is not None:
        document["asOf"] = arguments.as_of
    if arguments.facts is not None:
        document["facts"] = json_of(arguments.facts)
    return document


def refused(invalid: Invalid, arguments: argparse.Namespace) -> Refused:
    """The faults of a request in the words of the command line."""
    return Refused([_fault_text(each, arguments) for each in invalid.errors] or [invalid.detail])


def _fault_text(error: FieldError, arguments: argparse.Namespace) -> str:
    _, name, *rest = error.pointer.split("/")
    if name == "facts":
        return f"{arguments.facts}: /{'/'.join(rest)}: {error.detail}"
    return f"{_OPTIONS.get(name, name)}: {error.detail}"


def today() -> date:
    """The day in UTC."""
    return datetime.now(UTC).date()
