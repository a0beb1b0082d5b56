"""The Calico cases of `nca_connlist`: their clusters, and their lists as sets of traffic.

Some inputs of these cases are not what the tool was given, or are none that a cluster would
take; `manifests_of` repairs them, and says why.
"""

from __future__ import annotations

import ipaddress
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from service.model.intervals import NOTHING, Intervals
from service.model.ports import Protocol, ports_of
from service.model.snapshot import Snapshot
from tests.builders import Manifest, node, snapshot
from tests.shared_corpus import CORPUS, load_cases

Case = dict[str, Any]

LAST_ADDRESS = (1 << 32) - 1
HOST_ENDPOINT = "[HostEndpoint]"
_POLICIES = ("NetworkPolicy", "GlobalNetworkPolicy")
#: The pods of the demo cluster, for the cases about it whose files hold none.
_DEMO_PODS = "manifests/nca/43b2958d5f8f.json"
#: In that file this pod is in another namespace than in the lists.
MOVED_POD = "nlp-nusk-deployment-6898688864-x2rnm"

CASES: list[Case] = [
    each for each in load_cases("nca_connlist") if "Calico" in each["category"].split("+")
]


def manifests_of(case: Case) -> list[Manifest]:
    """The objects of a case, as a cluster would hold them."""
    found = [each for path in case["files"] for each in _objects(path)]
    if not any(each["kind"] in {"Pod", "WorkloadEndpoint"} for each in found):
        found += _objects(_DEMO_PODS)
    found = [_repaired(each) for each in found]
    return [*found, *_nodes(found)]


def _objects(path: str) -> list[Manifest]:
    loaded = json.loads((CORPUS / "cases" / path).read_text(encoding="utf-8"))
    return list(_flat(loaded))


def _flat(loaded: Any) -> Iterator[Manifest]:
    if isinstance(loaded, list):
        for each in loaded:
            yield from _flat(each)
    elif "items" in loaded:
        yield from _flat(loaded["items"])
    else:
        yield loaded


def _repaired(manifest: Manifest) -> Manifest:
    if manifest["kind"] == "Pod":
        for container in manifest["spec"]["containers"]:
            # An empty object is no list, and the API server takes none.
            container["ports"] = container.get("ports") or []
    if manifest["kind"] not in _POLICIES or "projectcalico" not in manifest["apiVersion"]:
        return manifest
    # Names with capitals and underscores are none that the API takes.
    name = manifest["metadata"]["name"].lower().replace("_", "-")
    # The port range 20:21 is a number of the base 60 for a YAML 1.1 reader, which made the JSON.
    text = json.dumps({**manifest, "metadata": {**manifest["metadata"], "name": name}})
    loaded: Manifest = json.loads(text.replace("[1221", '["20:21"').replace(" 1221", ' "20:21"'))
    return loaded


def _nodes(found: list[Manifest]) -> Iterator[Manifest]:
    """The nodes of host endpoints, with the addresses that these expect."""
    addresses: dict[str, set[str]] = defaultdict(set)
    for each in found:
        if each["kind"] == "HostEndpoint":
            addresses[each["spec"]["node"]] |= {*each["spec"].get("expectedIPs", ())}
    return (node(name, *sorted(given)) for name, given in sorted(addresses.items()))


def host_endpoints(case: Case) -> Mapping[str, str]:
    """Host endpoints as the lists call them, with their nodes."""
    return {
        f"{each['metadata']['name']}{HOST_ENDPOINT}": each["spec"]["node"]
        for each in manifests_of(case)
        if each["kind"] == "HostEndpoint"
    }


def cluster_of(case: Case) -> Snapshot:
    """The cluster of a case, with each pod a workload of its own, as the lists have it."""
    found = snapshot(*manifests_of(case))
    pods = tuple(replace(each, owner=None) for each in found.inventory.pods)
    return replace(found, inventory=replace(found.inventory, pods=pods))


def pod_peers(cluster: Snapshot) -> list[str]:
    """The pods as the lists call them."""
    pods = (each for each in cluster.inventory.pods if each.name != MOVED_POD)
    return [f"{each.namespace}/{each.name}[Pod]" for each in pods]


@dataclass
class Answers:
    """What a list says; pairs that it does not have are denied."""

    pairs: dict[tuple[str, str], Intervals] = field(default_factory=dict)
    ranges: dict[tuple[str, bool], list[tuple[int, int, Intervals]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    """By pod and whether it is the destination: first and last address, traffic."""

    def between(self, source: str, destination: str) -> Intervals:
        """The traffic between two ends, one of which may be an address."""
        if source[0].isdigit() and "/" not in source:
            return self.at(destination, is_destination=True, address=source)
        if destination[0].isdigit() and "/" not in destination:
            return self.at(source, is_destination=False, address=destination)
        return self.pairs.get((source, destination), NOTHING)

    def at(self, peer: str, *, is_destination: bool, address: str) -> Intervals:
        """The traffic between a pod and an address."""
        return self.within(peer, is_destination=is_destination, at=number_of(address))

    def within(self, peer: str, *, is_destination: bool, at: int) -> Intervals:
        """The traffic between a pod and an address given as a number."""
        found = NOTHING
        for low, high, traffic in self.ranges.get((peer, is_destination), ()):
            if low <= at <= high:
                found |= traffic
        return found

    def edges(self) -> set[int]:
        """The first address of every range, and the first one after it."""
        spans = (span for listed in self.ranges.values() for span in listed)
        return {edge for low, high, _ in spans for edge in (low, high + 1)} | {0}


def number_of(address: str) -> int:
    return int(ipaddress.IPv4Address(address))


def answers_of(case: Case) -> Answers:
    """The list of a case."""
    found = Answers()
    for each in case["expected"]["entries"]:
        traffic = _traffic(each["conn"])
        for source in each["src"]:
            for destination in each["dst"]:
                _add(found, source, destination, traffic)
    return found


def _add(found: Answers, source: str, destination: str, traffic: Intervals) -> None:
    for peer, other, is_destination in ((destination, source, True), (source, destination, False)):
        if "[" not in other:
            low, _, high = other.partition("-")
            span = (number_of(low), number_of(high or low), traffic)
            found.ranges[peer, is_destination].append(span)
            return
    found.pairs[source, destination] = found.pairs.get((source, destination), NOTHING) | traffic


def _traffic(written: str | Mapping[str, list[list[int]]]) -> Intervals:
    if isinstance(written, str):
        assert written == "All"
        written = {each: [[1, 65535]] for each in ("TCP", "UDP", "SCTP")}
    spans = (
        ports_of(Protocol[protocol], low, high)
        for protocol, ranges in written.items()
        for low, high in ranges
    )
    return Intervals.of(span for each in spans for span in each.spans)
