"""Nodes told apart by where their published ports lead."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from service.analysis.mentions import PodKey
from service.model.endpoint import Endpoint, EndpointKind
from service.model.surroundings import Surroundings


def pods_first(endpoints: Sequence[Endpoint]) -> list[int]:
    """The numbers of endpoints, those of nodes after all others."""
    return sorted(
        range(len(endpoints)), key=lambda index: endpoints[index].kind is EndpointKind.NODE
    )


class NodePorts:
    """Tells nodes apart by where their ports lead, where that differs by node."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._ports = [each for each in surroundings.published if each.differs_by_node]
        self._kinds: dict[PodKey, Hashable] = {
            (target.namespace, target.pod): None
            for port in self._ports
            for targets in port.targets.values()
            for target in targets
        }

    def __bool__(self) -> bool:
        return bool(self._ports)

    def told_apart(self, endpoint: Endpoint, key: Hashable) -> Hashable:
        """What endpoints of a class share, given what policies tell; pods are asked for first."""
        if endpoint.kind is not EndpointKind.NODE:
            name = (endpoint.namespace, endpoint.name)
            if name in self._kinds:
                self._kinds[name] = key
            return key
        return key, tuple(
            frozenset(
                (self._kinds[target.namespace, target.pod], target.point)
                for target in port.at(endpoint.name)
            )
            for port in self._ports
        )
