"""Where the endpoints of a Service are, as the addresses in its EndpointSlices tell it.

Slices hold `status.podIPs` of the families that the Service has
(staging/src/k8s.io/endpointslice/utils.go, reconciler.go).
"""

from __future__ import annotations

from collections.abc import Iterable

from service.engines.endpoints import points_of
from service.model.addresses import Family, family_of
from service.model.assumption import Assumption
from service.model.condition import (
    IS_NODE,
    AddressIn,
    Assumed,
    Condition,
    EndpointIn,
    FamilyIs,
    NodeNameIn,
    all_of,
    any_of,
)
from service.model.intervals import Intervals
from service.model.inventory import Pod, Service


def members(service: Service, pods: Iterable[Pod]) -> Condition:
    """Having the address of one of some pods behind a Service."""
    listed = list(pods)
    own = frozenset((each.namespace, each.name) for each in listed if not each.host_network)
    parts: list[Condition] = [EndpointIn(own)] if own else []
    parts.extend(_on_nodes(service, [each for each in listed if each.host_network]))
    families = frozenset(map(family_of, points_of(service.cluster_addresses)))
    if len(families) == 1:
        return all_of(FamilyIs(*families), any_of(*parts))
    if families or not any(map(_has_both_families, listed)):
        return any_of(*parts)
    # Without an address of its own a Service shows no family, and one that asks for none gets the
    # first of the cluster.
    unknown = Assumption(
        "ServiceFamilyUnknown",
        f"whether Service {service.namespace}/{service.name} has IPv6 endpoints is not given",
    )
    return any_of(
        all_of(FamilyIs(Family.IPV4), any_of(*parts)),
        all_of(FamilyIs(Family.IPV6), any_of(*parts), Assumed(unknown)),
    )


def _has_both_families(pod: Pod) -> bool:
    return len(set(map(family_of, points_of(pod.addresses)))) == len(Family)


def _on_nodes(service: Service, pods: Iterable[Pod]) -> list[Condition]:
    """HostNetwork pods: their addresses are those of their nodes, which others there share."""
    points: set[int] = set()
    nodes: set[str] = set()
    unplaced: set[tuple[str, str]] = set()
    for pod in pods:
        own = points_of(pod.addresses)
        points.update(own)
        if not own and pod.node:
            nodes.add(pod.node)
        elif not own:
            unplaced.add((pod.namespace, pod.name))
    found: list[Condition] = []
    if points:
        found.append(AddressIn(Intervals.of((each, each) for each in points)))
    if nodes:
        found.append(NodeNameIn(frozenset(nodes)))
    if unplaced:
        somewhere = Assumption(
            "ServiceEndpointsUnknown",
            f"the nodes of the hostNetwork pods behind Service {service.namespace}/{service.name} "
            "are not given, and so not their addresses",
        )
        found += [EndpointIn(frozenset(unplaced)), all_of(IS_NODE, Assumed(somewhere))]
    return found
