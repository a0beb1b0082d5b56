"""Calico's host endpoints: which traffic of a node they govern.

Source: projectcalico/calico felix/dataplane/linux/endpoint_mgr.go (resolveHostEndpoints),
felix/rules/{static,dispatch,endpoints}.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from service.engines.calico_selectors import LabelledAddresses, opposite
from service.engines.endpoints import points_of
from service.model.addresses import Family, family_of
from service.model.assumption import Assumption
from service.model.calico import ALL_INTERFACES, HostEndpoint, Profile
from service.model.calico_selector import Selector, matches
from service.model.condition import (
    ALWAYS,
    Assumed,
    Condition,
    FamilyIs,
    NodeNameIn,
    all_of,
    any_of,
)
from service.model.intervals import Intervals
from service.model.inventory import Inventory, Node
from service.model.ports import Protocol, ports_of

#: FailsafeInboundHostPorts and FailsafeOutboundHostPorts as Felix has them without configuration.
FAILSAFE_IN = Intervals.of(
    span
    for protocol, numbers in (
        (Protocol.TCP, (22, 179, 2379, 2380, 5473, 6443, 6666, 6667)),
        (Protocol.UDP, (68,)),
    )
    for number in numbers
    for span in ports_of(protocol, number, number).spans
)
FAILSAFE_OUT = Intervals.of(
    span
    for protocol, numbers in (
        (Protocol.TCP, (179, 2379, 2380, 5473, 6443, 6666, 6667)),
        (Protocol.UDP, (53, 67)),
    )
    for number in numbers
    for span in ports_of(protocol, number, number).spans
)


@dataclass(frozen=True, slots=True)
class Host:
    """A host endpoint with everything that selectors see of it.

    `governs` says when traffic between its node and others passes through its interface.
    """

    endpoint: HostEndpoint
    labels: Mapping[str, str]
    governs: Condition = ALWAYS

    @property
    def node(self) -> str:
        """The node that it belongs to."""
        return self.endpoint.node

    @property
    def is_everywhere(self) -> bool:
        """Whether it stands for every interface of its node."""
        return self.endpoint.interface == ALL_INTERFACES

    @property
    def subject(self) -> Condition:
        """The node, as far as this host endpoint governs its traffic."""
        return all_of(NodeNameIn(frozenset({self.node})), self.governs)

    def selected(self, selector: Selector) -> bool:
        """Whether a selector means it."""
        return matches(selector, self.labels)


def hosts_of(policies: Iterable[object], inventory: Inventory) -> tuple[Host, ...]:
    """The host endpoints that Felix can read, those of one node in the order it tries them."""
    objects = list(policies)
    profiles = {each.ref.name: each for each in objects if isinstance(each, Profile)}
    nodes = {each.name: each for each in inventory.nodes}
    by_node: dict[str, list[HostEndpoint]] = {}
    for each in objects:
        if isinstance(each, HostEndpoint) and not each.unreadable:
            by_node.setdefault(each.node, []).append(each)
    found: list[Host] = []
    for name, endpoints in sorted(by_node.items()):
        found.extend(_of_node(endpoints, profiles, nodes.get(name)))
    return tuple(found)


def _of_node(
    endpoints: list[HostEndpoint], profiles: Mapping[str, Profile], node: Node | None
) -> Iterable[Host]:
    # Of several that match one interface the first by name is in force; an interface with one
    # of its own is none of "*"'s.
    inside: list[Condition] = []
    interfaces: set[str] = set()
    ordered = sorted(endpoints, key=lambda each: each.ref.name)
    for each in [e for e in ordered if e.interface != ALL_INTERFACES]:
        if each.interface and each.interface in interfaces:
            continue
        interfaces.add(each.interface)
        used = _uses_interface(each, node)
        governs = all_of(used, *map(opposite, inside))
        inside.append(used)
        yield Host(each, _labels(each, profiles), governs)
    for each in [e for e in ordered if e.interface == ALL_INTERFACES][:1]:
        yield Host(each, _labels(each, profiles), all_of(*map(opposite, inside)))


def _labels(endpoint: HostEndpoint, profiles: Mapping[str, Profile]) -> Mapping[str, str]:
    inherited: dict[str, str] = {}
    for name in endpoint.profiles:
        if name in profiles:
            inherited = {**profiles[name].labels_to_apply, **inherited}
    return {**inherited, **endpoint.labels}


def _uses_interface(endpoint: HostEndpoint, node: Node | None) -> Condition:
    """Whether the node's traffic goes through the interface, per address family."""
    unknown = Assumed(
        Assumption(
            "CalicoHostInterface",
            f"whether traffic of node {endpoint.node} passes through the interface of host "
            f"endpoint {endpoint.ref.name} is not given",
        )
    )
    expected = frozenset(points_of(endpoint.expected_addresses))
    addresses = points_of(node.addresses) if node else ()
    parts: list[Condition] = []
    for family in Family:
        own = [point for point in addresses if family_of(point) is family]
        if own and expected.issuperset(own):
            parts.append(FamilyIs(family))
        elif own and not endpoint.interface and expected.isdisjoint(own):
            # The interface has other addresses than those that the node is known by.
            continue
        else:
            parts.append(all_of(FamilyIs(family), unknown))
    return any_of(*parts)


def labelled_hosts(policies: Iterable[object]) -> Iterable[LabelledAddresses]:
    """Host endpoints as selectors of peers see them: by their expected addresses only."""
    objects = list(policies)
    profiles = {each.ref.name: each for each in objects if isinstance(each, Profile)}
    for each in objects:
        if isinstance(each, HostEndpoint) and not each.unreadable:
            points = points_of(each.expected_addresses)
            if points:
                addresses = Intervals.of((point, point) for point in points)
                labels = _labels(each, profiles)
                yield LabelledAddresses(labels, addresses, node=each.node)
