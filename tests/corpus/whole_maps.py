"""The solved map of a case's cluster beside the list of the case."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import pairwise, product

from service.analysis.filters import MapFilter
from service.analysis.listing import Listing
from service.analysis.solve import solve, space_of
from service.analysis.units import Unit, seat_units
from service.engines.registry import compile_pipeline
from service.model.intervals import NOTHING, Intervals
from service.model.inventory import Pod
from service.model.ports import Protocol, ports_of
from service.model.snapshot import ClusterFacts, Snapshot
from tests.builders import profile
from tests.corpus.reading import Answers, Case, Connection, bounds, focus_of

#: A pod of this range is in no IPv4 block, which is how the suites read blocks.
_ELSEWHERE = ("fd00:10:244::/64",)
_LAST_ADDRESS = (1 << 32) - 1

#: Source, destination, ours, theirs.
Mismatch = tuple[str, str, str, str]
Span = tuple[int, int, Intervals, Intervals]


def outside_of_blocks(found: Snapshot) -> Snapshot:
    """The same cluster, with every pod without an address outside of all IPv4 blocks."""
    return replace(found, facts=ClusterFacts(pod_cidrs=_ELSEWHERE))


def traffic_of(ports: Connection) -> Intervals:
    """Ports as the cases write them."""
    return Intervals.of(
        span
        for protocol, ranges in ports.items()
        for low, high in ranges
        for span in ports_of(Protocol[protocol], low, high).spans
    )


def _peer_of(pod: Pod, *, pods: bool) -> str:
    kind, name = pod.workload.split("/")
    if pods and not pod.from_template:
        kind, name = "Pod", pod.name
    return f"{pod.namespace}/{name}[{kind}]"


class WholeMap:
    """Every pair of a cluster under one engine, by the names that the cases use."""

    def __init__(self, cluster: Snapshot, *, pods: bool, engine: str = "kubernetes") -> None:
        pipeline = compile_pipeline(cluster, profile(engine))
        space = space_of(pipeline)
        seating = seat_units(space, cluster.inventory)
        peers = {(e.namespace, e.name): _peer_of(e, pods=pods) for e in cluster.inventory.pods}
        #: What the cases call a unit, or each of its pods.
        self.names = {
            seat.unit: list(dict.fromkeys(peers[e.namespace, e.name] for e in seat.members))
            for seat in seating.seats
            if seat.unit.is_workload
        }
        self._pairs: dict[tuple[Unit, Unit], tuple[Intervals, Intervals]] = {}
        self._spans: dict[tuple[Unit, bool], list[Span]] = defaultdict(list)
        wanted = MapFilter(itself=pods)
        for line in Listing(solve(pipeline, space), seating, wanted).lines():
            if line.source.is_external:
                self._add(line.destination, True, line.source, line.certain, line.unknown)
            elif line.destination.is_external:
                self._add(line.source, False, line.destination, line.certain, line.unknown)
            else:
                self._pairs[line.source, line.destination] = line.certain, line.unknown

    def _add(
        self, unit: Unit, inward: bool, outside: Unit, certain: Intervals, unknown: Intervals
    ) -> None:
        if ":" not in outside.name:
            self._spans[unit, inward].append((*bounds(outside.name), certain, unknown))

    def mismatches(self, case: Case, answers: Answers) -> Iterator[Mismatch]:
        """Where the map says otherwise; pairs outside the case's focus are not looked at."""
        listed = focus_of(case)
        for (one, mine), (other, theirs) in product(self.names.items(), repeat=2):
            ours = self._pairs.get((one, other), (NOTHING, NOTHING))
            for source, destination in product(mine, theirs):
                if source != destination and listed(source, destination):
                    expected = traffic_of(answers.between(source, destination))
                    yield from _differing(source, destination, ours, expected)
        yield from self._outside_mismatches(answers, listed)

    def _outside_mismatches(
        self, answers: Answers, listed: Callable[[str, str], bool]
    ) -> Iterator[Mismatch]:
        for unit, names in self.names.items():
            for name, inward in product(names, (True, False)):
                if not (listed("", name) if inward else listed(name, "")):
                    continue
                entries = answers.ranges if inward else answers.ranges_out
                expected = [
                    (low, high, traffic_of(ports), NOTHING)
                    for low, high, peer, ports in entries
                    if peer == name
                ]
                ours = self._spans.get((unit, inward), [])
                for low in _starts((*expected, *ours)):
                    outside = f"address {low >> 24}.{low >> 16 & 255}.{low >> 8 & 255}.{low & 255}"
                    ends = (outside, name) if inward else (name, outside)
                    yield from _differing(*ends, _at(ours, low), _at(expected, low)[0])


def _starts(spans: Iterable[Span]) -> list[int]:
    """The first address of every range within which nothing changes."""
    edges = {0, _LAST_ADDRESS + 1}
    for low, high, *_ in spans:
        edges |= {low, high + 1}
    return [low for low, _ in pairwise(sorted(edges))]


def _at(spans: Iterable[Span], address: int) -> tuple[Intervals, Intervals]:
    certain = unknown = NOTHING
    for low, high, sure, unsure in spans:
        if low <= address <= high:
            certain, unknown = certain | sure, unknown | unsure
    return certain, unknown


def _differing(
    source: str, destination: str, ours: tuple[Intervals, Intervals], expected: Intervals
) -> Iterator[Mismatch]:
    if ours != (expected, NOTHING):
        yield source, destination, str(ours), str(expected)
