"""Nodes, and what uses their networks, told apart by where the nodes' published ports lead."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from service.model.endpoint import Endpoint, EndpointKind
from service.model.surroundings import Surroundings


def told_apart(
    endpoints: Sequence[Endpoint], keys: Sequence[Hashable], surroundings: Surroundings
) -> Sequence[Hashable]:
    """What endpoints of a class share, given per endpoint what policies tell of it."""
    ports = [each for each in surroundings.published if each.differs_by_node]
    if not ports:
        return keys
    called = {
        (target.namespace, target.pod)
        for port in ports
        for targets in port.targets.values()
        for target in targets
    }
    kinds = {
        (each.namespace, each.name): key
        for each, key in zip(endpoints, keys, strict=True)
        if each.kind is not EndpointKind.NODE and (each.namespace, each.name) in called
    }
    known: dict[str | None, Hashable] = {}
    found: list[Hashable] = []
    for each, key in zip(endpoints, keys, strict=True):
        if not each.is_on_node_network:
            found.append(key)
            continue
        if each.node not in known:
            known[each.node] = tuple(
                frozenset(
                    (kinds.get((target.namespace, target.pod)), target.point)
                    for target in port.at(each.node)
                )
                for port in ports
            )
        found.append((key, known[each.node]))
    return found
