"""Cases of the shared corpus: their clusters, and their answers as sets of ports."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from service.analysis.evaluate import Evaluator
from service.manifests.reader import UploadPart, read_upload
from service.manifests.snapshot import build_snapshot
from service.model.flow import AddressEnd, Flow, PodEnd, SourceEnd, WorkloadEnd
from service.model.inventory import Inventory
from service.model.snapshot import Snapshot
from service.model.verdict import Verdict
from tests.corpus.mending import mended
from tests.shared_corpus import case_files

Case = dict[str, Any]

#: Port ranges by protocol, as the cases write them.
Connection = Mapping[str, list[list[int]]]
ALL: Connection = {each: [[1, 65535]] for each in ("TCP", "UDP", "SCTP")}

_PEER = re.compile(r"(?P<namespace>[^/]+)/(?P<name>[^\[]+)(?:\[(?P<kind>\w+)\])?")
_PLACELESS = "{"


@lru_cache(maxsize=4)
def _read(files: tuple[Path, ...], mends: bool) -> Snapshot:
    if mends:
        parts = [mended(files)]
    else:
        parts = [UploadPart(each.read_bytes(), name=str(each)) for each in files]
    upload = read_upload(parts)
    return build_snapshot(upload.inventory, upload.policies)[0]


def snapshot_of(case: Case, *, mends: bool = False) -> Snapshot:
    """The case's cluster; `mends` puts right what has nothing to do with policies."""
    # Some folders also hold what the tool printed, which is no manifest.
    return _read(
        tuple(each for each in case_files(case) if each.name != "connlist_output.json"), mends
    )


def with_ordinary_pods(found: Snapshot) -> Snapshot:
    """Pods on the node network and finished ones as any others, which is how analyzers see them.

    Engines do not, but the cases are about policies. Without an address a pod is outside of what
    an address block decides.
    """
    pods = tuple(
        replace(pod, host_network=False, phase="Running", addresses=())
        for pod in found.inventory.pods
    )
    return replace(found, inventory=replace(found.inventory, pods=pods))


def is_range(peer: str) -> bool:
    return peer[0].isdigit() and "/" not in peer.partition("-")[0]


def bounds(peer: str) -> tuple[int, int]:
    """The first and last address of `1.2.3.4-1.2.3.9`."""
    low, _, high = peer.partition("-")
    return int(ipaddress.IPv4Address(low)), int(ipaddress.IPv4Address(high or low))


def end_of(peer: str, *, pods: bool) -> SourceEnd:
    """A pod or workload as the cases name them, or an address."""
    match = _PEER.fullmatch(peer)
    if match is None:
        return AddressEnd(peer)
    namespace, name, kind = match["namespace"], match["name"], match["kind"]
    if kind is None or (pods and kind == "Pod"):
        return PodEnd(namespace, name)
    return WorkloadEnd(namespace, f"{kind}/{name}")


def connection(written: str | Connection) -> Connection:
    return ALL if written == "All" else written  # type: ignore[return-value]


def contains(ports: Connection, protocol: str, port: int) -> bool:
    return any(low <= port <= high for low, high in ports.get(protocol, ()))


def boundary_ports(ports: Connection) -> set[tuple[str, int]]:
    """The edges of each range from both sides; for what has none, one port each protocol."""
    found = {(protocol, port) for protocol in ALL for port in (1, 65535)}
    for protocol, ranges in ports.items():
        for low, high in ranges:
            found |= {(protocol, port) for port in (low - 1, low, high, high + 1)}
    return {(protocol, port) for protocol, port in found if 1 <= port <= 65535}


@dataclass
class Answers:
    """What a connectivity list says about every pair, listed or not."""

    peers: list[str] = field(default_factory=list)
    """Pods or workloads."""
    points: list[str] = field(default_factory=list)
    """Addresses just inside and just outside of every range."""
    pairs: dict[tuple[str, str], Connection] = field(default_factory=dict)
    ranges: list[tuple[int, int, str, Connection]] = field(default_factory=list)
    """First and last address, the peer at the other end, and the connection."""
    ranges_out: list[tuple[int, int, str, Connection]] = field(default_factory=list)

    def between(self, source: str, destination: str) -> Connection:
        """The answer for two peers, or a peer and an address; unlisted pairs have none."""
        if source in self.points:
            return self._at(self.ranges, source, destination)
        if destination in self.points:
            return self._at(self.ranges_out, destination, source)
        return self.pairs.get((source, destination), {})

    @staticmethod
    def _at(
        ranges: Iterable[tuple[int, int, str, Connection]], point: str, peer: str
    ) -> Connection:
        number = int(ipaddress.IPv4Address(point))
        merged: dict[str, list[list[int]]] = {}
        for low, high, other, ports in ranges:
            if other == peer and low <= number <= high:
                for protocol, spans in ports.items():
                    merged.setdefault(protocol, []).extend(spans)
        return merged


def entries(case: Case) -> Iterator[tuple[str, str, Connection]]:
    """The listed pairs; grouped lists stand for all their combinations."""
    for each in case["expected"]["entries"]:
        sources = each["src"] if isinstance(each["src"], list) else [each["src"]]
        destinations = each["dst"] if isinstance(each["dst"], list) else [each["dst"]]
        for source in sources:
            for destination in destinations:
                yield source, destination, connection(each["conn"])


def answers_of(case: Case, peers: list[str]) -> Answers:
    """The connectivity list of a case over all its peers."""
    found = Answers(peers)
    edges: set[int] = set()
    for source, destination, ports in entries(case):
        if _PLACELESS in (source[0], destination[0]):
            continue
        if is_range(source):
            low, high = bounds(source)
            found.ranges.append((low, high, destination, ports))
        elif is_range(destination):
            low, high = bounds(destination)
            found.ranges_out.append((low, high, source, ports))
        else:
            found.pairs[source, destination] = ports
            continue
        edges |= {low - 1, low, high, high + 1}
    last = (1 << 32) - 1
    found.points = [str(ipaddress.IPv4Address(each)) for each in sorted(edges) if 0 <= each <= last]
    return found


def ask(
    pipeline: Evaluator, source: str, destination: str, question: tuple[str, int], *, pods: bool
) -> Verdict:
    protocol, port = question
    return pipeline.evaluate(
        Flow(end_of(source, pods=pods), end_of(destination, pods=pods), protocol, port)
    )


def peers_of(inventory: Inventory, *, pods: bool) -> list[str]:
    """Every pod, or every workload, in the words of the cases."""
    found: dict[str, None] = {}
    for pod in inventory.pods:
        kind, name = pod.workload.split("/")
        if pods and not pod.from_template:
            kind, name = "Pod", pod.name
        found[f"{pod.namespace}/{name}[{kind}]"] = None
    return list(found)


def focus_of(case: Case) -> Callable[[str, str], bool]:
    """Whether a case lists a pair at all; some are narrowed to a workload and a direction."""
    options = case["options"]
    workloads = options.get("focus_workloads")
    others = options.get("focus_peers")
    direction = options.get("focus_direction")

    def is_one_of(peer: str, names: list[str] | None) -> bool:
        bare = peer.partition("[")[0]
        return names is None or any(each in (bare, bare.partition("/")[2]) for each in names)

    def listed(source: str, destination: str) -> bool:
        inward = is_one_of(destination, workloads) and is_one_of(source, others)
        outward = is_one_of(source, workloads) and is_one_of(destination, others)
        return (inward and direction != "egress") or (outward and direction != "ingress")

    return listed
