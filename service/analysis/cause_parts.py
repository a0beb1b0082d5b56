"""A difference taken apart: each part with its own witness and its own causes.

Ports of one block of differences may differ for different reasons: one rule explains port 80,
another the rest. Reasons change only where the traffic of a rule begins or ends that belongs to
a policy which selects one of the ends, so a pair is asked once for each such stretch.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from service.analysis.attempts import ECHO_REQUEST
from service.analysis.cause_signals import ASKED_BY_PORT
from service.analysis.causes import Cause, Causes
from service.analysis.compare import Difference
from service.analysis.pings import PING
from service.analysis.witness import Court, Witness, ends_of, witness_between
from service.model.addresses import Family
from service.model.endpoint import Endpoint
from service.model.intervals import NOTHING, Intervals
from service.model.pipeline import Direction, Traffic
from service.model.ports import ports_of, whole_protocol

_PING_OVER_IPV6 = ECHO_REQUEST[Family.IPV6]


@dataclass(frozen=True, slots=True)
class Part:
    """Traffic of a difference that changes for the same reasons; None is a reason unknown."""

    traffic: Intervals
    witness: Witness
    causes: tuple[Cause | None, ...]


class Parts:
    """Takes differences between two pipelines apart."""

    def __init__(self, causes: Causes, courts: tuple[Court, Court]) -> None:
        self._causes = causes
        self._courts = courts
        #: Ports that rules of the book ask for, whoever speaks.
        self.special = [
            ports_of(protocol, port, port)
            for port in sorted(causes.special_ports)
            for protocol in ASKED_BY_PORT
        ]

    def causes_of_parts(self, difference: Difference) -> tuple[Part, ...]:
        """The parts of one pair of units, in the order of their first ports."""
        ends = ends_of(difference, self._courts[0])
        found: dict[tuple[Cause | None, ...], Part] = {}
        spoken = list(dict.fromkeys(self.spoken(ends, Direction)))
        for traffic in self.stretches(spoken, difference.block.traffic):
            witness = witness_between(ends, traffic, *self._courts)
            causes = self._causes.of_witness(witness)
            known = found.get(causes)
            if known is not None:
                found[causes] = Part(known.traffic | traffic, known.witness, causes)
            else:
                found[causes] = Part(traffic, witness, causes)
        return tuple(found.values())

    def stretches(self, spoken: Sequence[Intervals], traffic: Intervals) -> Iterable[Intervals]:
        """Traffic cut so that each of some sets, and each special port, holds a piece or not."""
        found: dict[Hashable, Intervals] = {}
        for low, high in _cut(traffic, self._edges(spoken)):
            mark = self._mark(low, spoken)
            if low == PING:
                # Over IPv6 the same question is asked with another number.
                other = self._mark(_PING_OVER_IPV6, spoken)
                mark = mark if mark == other else (mark, other)
            found[mark] = found.get(mark, NOTHING) | Intervals(((low, high),))
        return found.values()

    def spoken(
        self, ends: tuple[Endpoint, Endpoint], directions: Iterable[Direction]
    ) -> Iterator[Intervals]:
        """The pieces of each rule's traffic at an end, names looked up at the destination.

        Before them the ports of a node that lead to pods, as far as that leaves anything open.
        """
        for court in self._courts:
            source, destination = (court.endpoint(each) or each for each in ends)
            yield from court.forwarded(source, destination)
            for direction in directions:
                subject = source if direction is Direction.EGRESS else destination
                for _, policies in court.index[direction].policies_for(subject):
                    for policy in policies:
                        for rule in policy.rules:
                            yield from _pieces(rule.traffic, destination)

    def _edges(self, spoken: Iterable[Intervals]) -> set[int]:
        edges = {PING, PING + 1}
        for each in (*spoken, *self.special):
            for low, high in each:
                edges.update((low, high + 1))
        return edges

    def _mark(self, point: int, spoken: Iterable[Intervals]) -> Hashable:
        """What the causes of a connection at some point can depend on."""
        protocol = whole_protocol(point >> 16)
        special = any(point in each for each in self.special)
        return (special, *((point in each, each.overlaps(protocol)) for each in spoken))


def _pieces(traffic: Traffic, destination: Endpoint) -> Iterator[Intervals]:
    """What a rule says by number, and each port of the destination that it names.

    A name may stand for a port in doubt where the number beside it does not.
    """
    yield traffic.numbered
    for name in traffic.named:
        for port in destination.ports:
            if port.name == name.name and name.protocol in {None, port.protocol}:
                yield ports_of(port.protocol, port.number, port.number)


def _cut(traffic: Intervals, edges: Iterable[int]) -> Iterator[tuple[int, int]]:
    inner = sorted(edges)
    for low, high in traffic:
        points = [low, *(each for each in inner if low < each <= high), high + 1]
        yield from ((start, end - 1) for start, end in pairwise(points))
