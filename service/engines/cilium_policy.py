"""How Cilium reads the elements of a NetworkPolicy.

Source: cilium/cilium pkg/k8s/network_policy.go and Documentation/network/kubernetes/policy.rst.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache, partial

from service.engines.cilium_own_labels import pods_labelled
from service.engines.cilium_port_names import CERTAIN, Doubts, PortNames
from service.engines.cilium_versions import CiliumFeatures
from service.engines.network_policy import (
    Reading,
    block_addresses,
    parts,
    port_traffic,
    selected,
    translate_all,
)
from service.model.addresses import has_leading_zeros
from service.model.assumption import Assumption
from service.model.condition import (
    ALWAYS,
    IS_EXTERNAL,
    IS_NODE,
    IS_POD,
    AddressIn,
    Assumed,
    Condition,
    LabelScope,
    all_of,
    any_of,
    in_namespace,
)
from service.model.intervals import NOTHING
from service.model.network_policy import (
    IPBlock,
    NetworkPolicy,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    PolicyType,
)
from service.model.pipeline import NO_TRAFFIC, Direction, StagePolicy, Traffic
from service.model.ports import ALL_TRAFFIC, NamedPort, Protocol

NODES_BY_NEGATION = Assumption(
    "CiliumNegativeNamespaceSelectorNodes",
    "since Cilium 1.19 a namespaceSelector made of negations no longer covers addresses outside "
    "the cluster; whether it still covers nodes is not settled (cilium#46949, #46996)",
)
LEGACY_CIDR = Assumption(
    "CiliumLegacyCidr",
    "whether Cilium refuses a policy because of a CIDR with leading zeros is not verified",
)


def written_types(policy: NetworkPolicy) -> frozenset[PolicyType]:
    """The listed types and those with rules: Cilium translates both sections (cilium#48703)."""
    found = policy.policy_types
    if policy.ingress and PolicyType.INGRESS not in found:
        found |= {PolicyType.INGRESS}
    if policy.egress and PolicyType.EGRESS not in found:
        found |= {PolicyType.EGRESS}
    return found


def addressable(*, nodes_by_address: bool) -> Condition:
    """What CIDRs can match: addresses that have no other identity, so no pod and no node.

    `nodes_by_address`: policy-cidr-match-mode nodes.
    """
    return any_of(IS_EXTERNAL, IS_NODE) if nodes_by_address else IS_EXTERNAL


@lru_cache(maxsize=64)
def reading(
    features: CiliumFeatures,
    names: PortNames,
    *,
    nodes_by_address: bool,
    doubts: Doubts = CERTAIN,
) -> Reading:
    """Cilium's reading in one version; `nodes_by_address`: policy-cidr-match-mode nodes.

    With `doubts`, only of the port names that rest on them.
    """
    matched = addressable(nodes_by_address=nodes_by_address)
    return Reading(
        pods=pods_labelled,
        types=written_types,
        selector_peer=partial(_selector_peer, features),
        block_peer=partial(_block_peer, matched),
        in_force=partial(_in_force, doubts),
        port=partial(_port, features, names, doubts),
        any_traffic=NOTHING if doubts else ALL_TRAFFIC,
    )


def open_names(
    policies: Iterable[NetworkPolicy],
    features: CiliumFeatures,
    names: PortNames,
    *,
    nodes_by_address: bool,
) -> Iterator[StagePolicy]:
    """What policies let out only if a port name stands for what it may stand for.

    They are parts of their own: the policies themselves isolate, whatever their names mean.
    """
    naming = [each for each in policies if _names_ports(each)] if names.doubted else []
    for doubts in names.doubted:
        how = reading(features, names, nodes_by_address=nodes_by_address, doubts=doubts)
        for part in parts(translate_all(naming, how), Direction.EGRESS):
            rules = tuple(each for each in part.rules if each.traffic.numbered)
            if rules:
                yield replace(part, rules=rules, isolates=False)


def _names_ports(policy: NetworkPolicy) -> bool:
    return any(isinstance(port.port, str) for rule in policy.egress for port in rule.ports)


def _selector_peer(features: CiliumFeatures, namespace: str, peer: NetworkPolicyPeer) -> Condition:
    selector = peer.namespace_selector
    pods = peer.pod_selector
    pods_need_labels = pods is not None and any(not each.is_negative for each in pods.requirements)
    labelled = pods_labelled(pods) if pods else ALWAYS
    if selector is None:
        return all_of(IS_POD, in_namespace(namespace), labelled)
    if not selector.is_negative_only or pods_need_labels:
        return all_of(IS_POD, selected(LabelScope.NAMESPACE, selector), labelled)
    # Identities without namespace labels (world, host, remote-node) satisfy negations.
    if not features.negative_namespaces_exclude_world:
        where: Condition = ALWAYS
    else:
        where = any_of(IS_POD, all_of(IS_NODE, Assumed(NODES_BY_NEGATION)))
    return all_of(
        where,
        selected(LabelScope.NAMESPACE, selector),
        labelled,
    )


def _block_peer(matched: Condition, block: IPBlock) -> Condition:
    return all_of(matched, AddressIn(block_addresses(block)))


def _in_force(doubts: Doubts, policy: NetworkPolicy) -> Condition:
    rests_on = all_of(*map(Assumed, doubts))
    # One element that Cilium cannot read and the whole object is refused.
    for rule in (*policy.ingress, *policy.egress):
        for peer in rule.peers:
            block = peer.ip_block
            if block is not None and any(map(has_leading_zeros, (block.cidr, *block.excepts))):
                return all_of(rests_on, Assumed(LEGACY_CIDR))
    return rests_on


def _port(
    features: CiliumFeatures,
    names: PortNames,
    doubts: Doubts,
    port: NetworkPolicyPort,
    direction: Direction,
) -> Traffic:
    if isinstance(port.port, str):
        return names.traffic(NamedPort(port.port, Protocol[port.protocol]), direction, doubts)
    if doubts:
        return NO_TRAFFIC
    if port.end_port is not None and not features.honours_end_port:
        # Versions before 1.17 ignore endPort and use `port` alone.
        return port_traffic(NetworkPolicyPort(port.protocol, port.port), direction)
    return port_traffic(port, direction)
