"""A cluster's solved map beside the list of a case."""

from __future__ import annotations

import ipaddress
from collections import Counter
from itertools import product

from service.analysis.listing import Listing
from service.analysis.solve import solve, space_of
from service.analysis.units import seat_units
from service.engines.registry import compile_pipeline
from service.model.intervals import NOTHING, Intervals
from service.model.ports import ALL_PORTS
from service.model.snapshot import Snapshot
from tests.builders import profile
from tests.corpus.calico_lists import LAST_ADDRESS, Answers, number_of, pod_peers

#: Ours, theirs, and what kinds of ends the pair has.
Mismatch = tuple[str, str, str]


def mismatches(certain: Intervals, unknown: Intervals, expected: Intervals) -> set[tuple[str, str]]:
    found = set()
    if certain - expected:
        found.add(("allow", "deny"))
    if expected - certain - unknown:
        found.add(("deny", "allow"))
    if unknown & expected:
        found.add(("unknown", "allow"))
    if unknown - expected:
        found.add(("unknown", "deny"))
    return found


class Whole:
    """Every pair of a cluster, from its solved map."""

    def __init__(self, cluster: Snapshot) -> None:
        pipeline = compile_pipeline(cluster, profile("calico"))
        space = space_of(pipeline)
        listing = Listing(solve(pipeline, space), seat_units(space, cluster.inventory))
        self.pairs: dict[tuple[str, str], tuple[Intervals, Intervals]] = {}
        self.ranges: dict[tuple[str, bool], list[tuple[int, int, Intervals, Intervals]]] = {}
        for line in listing.lines():
            answer = line.certain & ALL_PORTS, line.unknown & ALL_PORTS
            if line.source.is_external:
                self._add(str(line.destination), True, str(line.source), answer)
            elif line.destination.is_external:
                self._add(str(line.source), False, str(line.destination), answer)
            else:
                self.pairs[str(line.source), str(line.destination)] = answer

    def _add(
        self, unit: str, is_destination: bool, outside: str, answer: tuple[Intervals, Intervals]
    ) -> None:
        low, _, high = outside.partition("-")
        if ":" not in low:
            span = (number_of(low), number_of(high or low), *answer)
            self.ranges.setdefault((unit, is_destination), []).append(span)

    def within(self, unit: str, is_destination: bool, at: int) -> tuple[Intervals, Intervals]:
        for low, high, *answer in self.ranges.get((unit, is_destination), ()):
            if low <= at <= high:
                return answer[0], answer[1]
        return NOTHING, NOTHING

    def edges(self) -> set[int]:
        spans = (span for listed in self.ranges.values() for span in listed)
        return {edge for low, high, *_ in spans for edge in (low, high + 1)}


def unit_of(peer: str) -> str:
    namespace, _, name = peer.removesuffix("[Pod]").partition("/")
    return f"{namespace}/Pod/{name}"


def compare_whole(cluster: Snapshot, answers: Answers) -> Counter[Mismatch]:
    whole, peers = Whole(cluster), pod_peers(cluster)
    found: Counter[Mismatch] = Counter()
    for source, destination in product(peers, peers):
        if source != destination:
            ours = whole.pairs.get((unit_of(source), unit_of(destination)), (NOTHING, NOTHING))
            expected = answers.between(source, destination)
            found.update((*kind, "pod-pod") for kind in mismatches(*ours, expected))
    known = {address for pod in cluster.inventory.pods for address in pod.addresses}
    known |= {address for node in cluster.inventory.nodes for address in node.addresses}
    edges = sorted(each for each in answers.edges() | whole.edges() if each <= LAST_ADDRESS)
    starts = [each for each in edges if str(ipaddress.IPv4Address(each)) not in known]
    for peer, is_destination, at in product(peers, (True, False), starts):
        ours = whole.within(unit_of(peer), is_destination, at)
        expected = answers.within(peer, is_destination=is_destination, at=at)
        ends = "ip-pod" if is_destination else "pod-ip"
        found.update((*kind, ends) for kind in mismatches(*ours, expected))
    return found
