"""Admin policies to stages: one translation for all three kinds, and where engines depart.

Reference: kubernetes-sigs/network-policy-api apis/v1alpha1 and apis/v1alpha2 (type comments).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from service.engines.admin_order import Placed, in_order
from service.engines.network_policy import pods_labelled, selected, union
from service.engines.node_selection import nodes_selected
from service.model.addresses import parse_cidr
from service.model.admin_policy import (
    AdminAction,
    AdminPeer,
    AdminPolicy,
    AdminPort,
    AdminRule,
    AdminTier,
    DomainNames,
    NamespacedPods,
    Networks,
    Nodes,
    UnknownPeer,
)
from service.model.assumption import Assumption
from service.model.condition import (
    IS_EXTERNAL,
    IS_NODE,
    IS_POD,
    AddressIn,
    Assumed,
    Condition,
    LabelScope,
    all_of,
    any_of,
)
from service.model.intervals import NOTHING, Intervals
from service.model.inventory import Inventory
from service.model.labels import LabelSelector
from service.model.network_policy import PolicyType
from service.model.pipeline import (
    ANY_PEER,
    ANY_TRAFFIC,
    Direction,
    Effect,
    Origin,
    Peer,
    Rule,
    Stage,
    StagePolicy,
    Traffic,
)
from service.model.ports import NamedPort, Protocol, ports_of

EFFECTS = {
    AdminAction.ALLOW: Effect.ALLOW,
    AdminAction.DENY: Effect.DENY,
    AdminAction.PASS: Effect.PASS,
}


class NotConvertible(Exception):
    """An element that an engine cannot express; the whole rule then fails closed."""


def address_networks(networks: Networks) -> Condition:
    """Whatever has an address in one of the blocks, "cluster-internal traffic as well"."""
    return AddressIn(Intervals.of(map(parse_cidr, networks.cidrs)))


def domain_names(domains: DomainNames) -> Condition:
    """Addresses that the names resolve to, which nobody knows beforehand."""
    names = ", ".join(domains.names)
    unknown = Assumption(
        "DomainNames", f"whether the address is one that {names} resolves to is not known"
    )
    return all_of(any_of(IS_EXTERNAL, IS_NODE), Assumed(unknown))


def named_port(port: AdminPort) -> Traffic:
    """A name selects a port of the destination pod, whatever its protocol."""
    return Traffic(NOTHING, (NamedPort(port.name, None),))


def not_convertible(*_: object) -> Condition:
    """For elements that an engine does not implement."""
    raise NotConvertible


@dataclass(frozen=True, slots=True)
class AdminReading:
    """What an engine makes of the elements of admin policies; the defaults are the API's."""

    inventory: Inventory
    networks: Callable[[Networks], Condition] = address_networks
    nodes: Callable[[Inventory, Nodes], Condition] = field(
        default=lambda inventory, nodes: nodes_selected(inventory, nodes.selector)
    )
    domains: Callable[[DomainNames], Condition] = domain_names
    named: Callable[[AdminPort], Traffic] = named_port
    pods: Callable[[LabelSelector], Condition] = pods_labelled


def admin_policies(policies: Iterable[object], kinds: frozenset[str]) -> tuple[AdminPolicy, ...]:
    """The admin policies of some kinds among policies of every kind."""
    return tuple(
        each for each in policies if isinstance(each, AdminPolicy) and each.ref.kind in kinds
    )


def admin_stage(
    policies: Iterable[AdminPolicy],
    tier: AdminTier,
    direction: Direction,
    reading: AdminReading,
    name: str = "",
) -> tuple[Stage, ...]:
    """The stage of one tier in one direction; none where no policy has rules there."""
    placed = [
        Placed(each, part)
        for each in policies
        if each.tier is tier and (part := translate_admin(each, direction, reading)) is not None
    ]
    if not placed:
        return ()
    return (Stage(name or tier.value.lower(), in_order(placed)),)


def translate_admin(
    policy: AdminPolicy, direction: Direction, reading: AdminReading
) -> StagePolicy | None:
    """The policy's part in one direction, or None where it has no rules there."""
    written = policy.rules(PolicyType(direction.value))
    if not written:
        return None
    section = f"/spec/{direction.value.lower()}"
    rules = (
        _rule(policy, rule, direction, f"{section}/{index}", reading)
        for index, rule in enumerate(written)
    )
    return StagePolicy(
        origin=Origin(f"{policy.ref.kind}Subject", policy.ref, "/spec/subject"),
        subject=_pods(policy.subject, reading),
        rules=tuple(rule for rule in rules if rule is not None),
    )


def _rule(
    policy: AdminPolicy,
    rule: AdminRule,
    direction: Direction,
    pointer: str,
    reading: AdminReading,
) -> Rule | None:
    origin = Origin(f"{policy.ref.kind}Rule", policy.ref, pointer, rule.name)
    place = "from" if direction is Direction.INGRESS else "to"
    try:
        peers = tuple(
            Peer(_peer(each, reading), f"{pointer}/{place}/{index}")
            for index, each in enumerate(rule.peers)
        )
        traffic = union(_port(each, reading) for each in rule.ports) if rule.ports else ANY_TRAFFIC
    except NotConvertible:
        # "For Allow rules, fail closed means: matching no traffic. For Deny and Pass rules:
        # treat the rule as a Deny all rule."
        if rule.action is AdminAction.ALLOW:
            return None
        closed = Origin("FailsClosed", policy.ref, pointer, "the rule cannot be expressed")
        return Rule(Effect.DENY, closed, ANY_PEER)
    return Rule(EFFECTS[rule.action], origin, peers, traffic)


def _peer(peer: AdminPeer, reading: AdminReading) -> Condition:
    match peer:
        case NamespacedPods():
            return _pods(peer, reading)
        case Networks():
            return reading.networks(peer)
        case Nodes():
            return reading.nodes(reading.inventory, peer)
        case DomainNames():
            return reading.domains(peer)
        case UnknownPeer():
            raise NotConvertible


def _pods(pods: NamespacedPods, reading: AdminReading) -> Condition:
    """Host-networked pods "are not included", neither as subjects nor as peers."""
    return all_of(
        IS_POD,
        selected(LabelScope.NAMESPACE, pods.namespace_selector),
        reading.pods(pods.pod_selector),
    )


def _port(port: AdminPort, reading: AdminReading) -> Traffic:
    if port.name:
        return reading.named(port)
    protocol = Protocol[port.protocol or "TCP"]
    if port.low is None:
        return Traffic(ports_of(protocol))
    return Traffic(ports_of(protocol, port.low, port.low if port.high is None else port.high))
