"""Endpoints that no condition of a pipeline can tell apart, taken together."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Iterable, Iterator
from itertools import count
from typing import NamedTuple

from service.model.condition import (
    AddressIn,
    AllOf,
    AnyOf,
    Condition,
    EndpointIn,
    Negation,
    NodeNameIn,
    RunsOn,
)
from service.model.endpoint import Endpoint, EndpointKind
from service.model.pipeline import Direction, Pipeline, StagePolicy


class Party(NamedTuple):
    """Endpoints that share every answer; the first one speaks for all."""

    members: tuple[Endpoint, ...]

    @property
    def speaker(self) -> Endpoint:
        """The endpoint that is asked."""
        return self.members[0]


def policies_of(pipeline: Pipeline) -> Iterator[StagePolicy]:
    """Every stage policy of a pipeline, in both directions."""
    for direction in Direction:
        for stage in pipeline.stages(direction):
            yield from stage.policies


def conditions_of(policies: Iterable[StagePolicy]) -> Iterator[Condition]:
    """Every condition of some policies, before any descent into its parts."""
    for policy in policies:
        yield policy.subject
        for rule in policy.rules:
            yield rule.local
            for peer in rule.peers:
                yield peer.condition


def atoms_of(conditions: Iterable[Condition]) -> Iterator[Condition]:
    """The atoms that conditions are built from."""
    pending = list(conditions)
    while pending:
        condition = pending.pop()
        match condition:
            case AllOf(parts) | AnyOf(parts):
                pending.extend(parts)
            case Negation(part):
                pending.append(part)
            case _:
                yield condition


class Signatures:
    """What a pipeline can tell of an endpoint, as a value that equal ones share."""

    def __init__(self, pipeline: Pipeline) -> None:
        boundaries: set[int] = set()
        named: set[tuple[str, str]] = set()
        nodes: set[str] = set()
        for atom in atoms_of(conditions_of(policies_of(pipeline))):
            if isinstance(atom, AddressIn):
                for low, high in atom.addresses:
                    boundaries.update((low, high + 1))
            elif isinstance(atom, EndpointIn):
                named |= atom.pods
            elif isinstance(atom, NodeNameIn | RunsOn):
                nodes |= atom.nodes
        self.boundaries = sorted(boundaries)
        self.named = named
        self.nodes = nodes
        self._numbers: dict[Hashable, int] = {}
        self._next = count()
        self._known: dict[tuple[int, bool], tuple[Endpoint, int]] = {}

    def address_atom(self, point: int) -> int:
        """The piece of the address line, cut at every block's edge, that a point lies in."""
        return bisect_right(self.boundaries, point)

    def of(self, endpoint: Endpoint, *, with_node: bool) -> Hashable:
        """A signature; `with_node` where the node matters because the other end is on one."""
        if endpoint.kind is EndpointKind.NODE:
            identity: Hashable = endpoint.name
        else:
            key = (endpoint.namespace, endpoint.name)
            identity = key if key in self.named else endpoint.namespace
        atoms = tuple(map(self.address_atom, endpoint.addresses))
        return (
            endpoint.kind,
            identity,
            tuple(sorted(endpoint.labels.items())),
            endpoint.service_account,
            endpoint.ports,
            endpoint.os,
            atoms if self.boundaries else bool(atoms),
            tuple(point >> 64 > 0 for point in endpoint.addresses),
            (endpoint.name if endpoint.node is None else endpoint.node) if with_node else None,
            (endpoint.node is None, endpoint.node if endpoint.node in self.nodes else None)
            if self.nodes
            else None,
        )

    def _number(self, endpoint: Endpoint, *, with_node: bool) -> int:
        """A signature's number; pods and nodes stay and are asked for again and again."""
        place = id(endpoint), with_node
        known = self._known.get(place)
        if known is not None and known[0] is endpoint:
            return known[1]
        signature = self.of(endpoint, with_node=with_node)
        found = self._numbers.get(signature)
        if found is None:
            # Of two threads that come at once the first one numbers.
            found = self._numbers.setdefault(signature, next(self._next))
        if endpoint.kind is not EndpointKind.EXTERNAL:
            self._known[place] = endpoint, found
        return found

    def parties(
        self,
        endpoints: Iterable[Endpoint],
        *,
        with_node: bool = False,
        alone: frozenset[tuple[str, str]] = frozenset(),
    ) -> list[Party]:
        """The endpoints grouped by signature; those in `alone` stand each for itself."""
        members = tuple(endpoints)
        if len(members) == 1:
            return [Party(members)]
        found: dict[Hashable, list[Endpoint]] = {}
        for each in members:
            key: Hashable = self._number(each, with_node=with_node)
            if (each.namespace, each.name) in alone:
                key = (key, each.name)
            found.setdefault(key, []).append(each)
        return [Party(tuple(each)) for each in found.values()]
