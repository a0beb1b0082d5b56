"""Who stands for all clients of a Service: one address of each range that policies tell apart."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from service.analysis.alike import atoms_of, conditions_of
from service.analysis.witness import Court
from service.model.addresses import Family, addresses_of, family_of, format_address
from service.model.condition import AddressIn
from service.model.endpoint import Endpoint, EndpointKind
from service.model.intervals import Intervals
from service.model.pipeline import Direction

#: Ranges of clients, and nodes, that are asked about for one backend.
MOST_RANGES = 64
MOST_NODES = 4


@dataclass(frozen=True, slots=True)
class Client:
    """Addresses outside the cluster that no policy of a backend tells apart."""

    endpoint: Endpoint
    low: int
    high: int

    @property
    def name(self) -> str:
        """The address that speaks for them."""
        return self.endpoint.name


class Clients:
    """Finds representatives by the blocks in the ingress policies of a backend."""

    def __init__(self, courts: tuple[Court, Court]) -> None:
        self._courts = courts
        self._inside = courts[0].inside | courts[1].inside
        self._known: dict[tuple[str, str], tuple[Client, ...]] = {}

    def of(self, backend: Endpoint) -> tuple[Client, ...]:
        """The clients of a backend, in the order of their addresses."""
        key = backend.namespace, backend.name
        if key not in self._known:
            self._known[key] = tuple(self._ranges(backend))
        return self._known[key]

    def other_nodes(self, backend: Endpoint, nodes: Iterable[Endpoint]) -> tuple[str, ...]:
        """Names of nodes other than a backend's own, one for each range that its policies know."""
        edges = self._edges(backend)
        found: dict[object, str] = {}
        for node in nodes:
            if node.name != backend.node:
                pieces = tuple(bisect_right(edges, each) for each in node.addresses)
                found.setdefault(pieces, node.name)
        return tuple(found.values())[:MOST_NODES]

    def _ranges(self, backend: Endpoint) -> Iterator[Client]:
        edges = self._edges(backend)
        families = {family_of(each) for each in backend.addresses} or {Family.IPV4}
        number = 0
        for family in sorted(families):
            ((first, last),) = addresses_of(family).spans
            cuts = [edge for edge in edges if first < edge <= last]
            for low, high in zip([first, *cuts], [*(each - 1 for each in cuts), last], strict=True):
                free = Intervals(((low, high),)) - self._inside
                if free and number < MOST_RANGES:
                    number += 1
                    yield Client(_outside(free.spans[0][0]), low, high)

    def _edges(self, backend: Endpoint) -> list[int]:
        """Where the blocks in the policies that select a backend begin, and where they are over."""
        edges: set[int] = set()
        for court in self._courts:
            endpoint = court.endpoint(backend) or backend
            for _, policies in court.index[Direction.INGRESS].policies_for(endpoint):
                for atom in atoms_of(conditions_of(policies)):
                    if isinstance(atom, AddressIn):
                        edges.update(
                            edge for low, high in atom.addresses for edge in (low, high + 1)
                        )
        return sorted(edges)


def _outside(point: int) -> Endpoint:
    return Endpoint(EndpointKind.EXTERNAL, format_address(point), addresses=(point,))
