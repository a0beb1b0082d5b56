"""What commands over files share: manifests, engine profiles, and notes about both."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence

from service.commands.faults import Refused, complain
from service.commands.printable import printable
from service.engines.registry import resolve_profile
from service.manifests.faults import Fault, Problem
from service.manifests.snapshot import build_snapshot
from service.manifests.upload import Upload
from service.model.addresses import parse_cidr
from service.model.engine import EngineProfile
from service.model.finding import Finding, Severity
from service.model.snapshot import ClusterFacts, Snapshot

_NAMED = 12


def add_engine_options(parser: argparse.ArgumentParser) -> None:
    """The options that decide an engine profile and what is known about the cluster."""
    parser.add_argument(
        "--option", action="append", default=[], metavar="KEY=VALUE", help="of the engine"
    )
    parser.add_argument("--kubernetes-version", metavar="VERSION", help="decides the engine's")
    parser.add_argument(
        "--pod-cidr", action="append", default=[], metavar="CIDR", help="where pods get addresses"
    )


def profile_of(arguments: argparse.Namespace, engine: str) -> EngineProfile:
    """The profile that `--engine` and its companions ask for; `Refused` where there is none."""
    pairs = [text.partition("=") for text in arguments.option]
    wrong = [f"--option {key}: give KEY=VALUE" for key, sign, _ in pairs if not sign]
    if wrong:
        raise Refused(wrong)
    try:
        return resolve_profile(
            engine,
            options={key: value for key, _, value in pairs},
            kubernetes_version=arguments.kubernetes_version,
        )
    except ValueError as error:
        raise Refused([f"--engine: {error}"]) from error


def snapshot_of(upload: Upload, pod_cidrs: Sequence[str]) -> Snapshot:
    """The snapshot of an upload; what is worth telling about it goes to standard error."""
    faults = []
    for text in pod_cidrs:
        try:
            parse_cidr(text)
        except ValueError as error:
            faults.append(f"--pod-cidr: {error}")
    if faults:
        raise Refused(faults)
    facts = ClusterFacts(pod_cidrs=tuple(pod_cidrs))
    snapshot, problems = build_snapshot(upload.inventory, upload.policies, facts)
    tell_upload(upload, problems)
    return snapshot


def tell_upload(upload: Upload, problems: Iterable[Problem]) -> None:
    """What is worth telling of manifests, and of the snapshot made of them."""
    tell([*upload.problems, *problems])
    if upload.ignored:
        complain(f"note: {printable(_left_aside(upload.ignored))} [ObjectsIgnored]")


def tell(notes: Iterable[Problem | Finding]) -> None:
    """Notes on standard error; standard output is for answers alone."""
    for each in notes:
        if each.severity is not Severity.INFO:
            complain(f"note: {printable(_note_text(each))}")


def _note_text(note: Problem | Finding) -> str:
    if isinstance(note, Finding):
        return f"{note.detail} [{note.code}]"
    # In the words of a fault, which has the same place.
    place = (note.document, note.line, note.pointer, note.part)
    return str(Fault(note.code, note.detail, *place))


def _left_aside(ignored: Mapping[str, int]) -> str:
    """How many objects are of kinds that are not read, the most frequent kinds by name."""
    total = sum(ignored.values())
    named = sorted(ignored.items(), key=lambda each: (-each[1], each[0]))
    kinds = [f"{kind} ({count})" if count > 1 else kind for kind, count in named[:_NAMED]]
    if len(named) > _NAMED:
        kinds.append(f"{len(named) - _NAMED} more kinds")
    objects = "1 object" if total == 1 else f"{total} objects"
    return f"{objects} left aside, of kinds that are not read: {', '.join(kinds)}"
