"""How Cilium reads the elements of a NetworkPolicy.

Source: cilium/cilium pkg/k8s/network_policy.go and Documentation/network/kubernetes/policy.rst.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache, partial

from service.engines.cilium_own_labels import pods_labelled
from service.engines.cilium_versions import CiliumFeatures
from service.engines.memo import IdentityMemo
from service.engines.network_policy import (
    Reading,
    block_addresses,
    port_traffic,
    selected,
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
from service.model.endpoint import Endpoint, EndpointKind
from service.model.network_policy import (
    IPBlock,
    NetworkPolicy,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    PolicyType,
)
from service.model.pipeline import NO_TRAFFIC, Direction, Traffic
from service.model.ports import NamedPort

NODES_BY_NEGATION = Assumption(
    "CiliumNegativeNamespaceSelectorNodes",
    "since Cilium 1.19 a namespaceSelector made of negations no longer covers addresses outside "
    "the cluster; whether it still covers nodes is not settled (cilium#46949, #46996)",
)
LEGACY_CIDR = Assumption(
    "CiliumLegacyCidr",
    "whether Cilium refuses a policy because of a CIDR with leading zeros is not verified",
)


@dataclass(frozen=True, slots=True)
class NamedEgressPorts:
    """Port names that mean several numbers somewhere in the cluster."""

    ambiguous: frozenset[NamedPort]

    @classmethod
    def of(cls, endpoints: tuple[Endpoint, ...]) -> NamedEgressPorts:
        """Look at every pod of the cluster, if that was not done yet."""
        return _NAMES.get((endpoints,), None, lambda: cls._of(endpoints))

    @classmethod
    def _of(cls, endpoints: Iterable[Endpoint]) -> NamedEgressPorts:
        numbers: dict[NamedPort, set[int]] = {}
        for endpoint in endpoints:
            if endpoint.kind is EndpointKind.POD:
                for port in endpoint.ports:
                    key = NamedPort(port.name, port.protocol)
                    numbers.setdefault(key, set()).add(port.number)
        return cls(frozenset(key for key, found in numbers.items() if len(found) > 1))


_NAMES: IdentityMemo[NamedEgressPorts] = IdentityMemo(16)


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


@lru_cache(maxsize=16)
def reading(
    features: CiliumFeatures, names: NamedEgressPorts, *, nodes_by_address: bool
) -> Reading:
    """Cilium's reading in one version; `nodes_by_address`: policy-cidr-match-mode nodes."""
    matched = addressable(nodes_by_address=nodes_by_address)
    return Reading(
        pods=pods_labelled,
        types=written_types,
        selector_peer=partial(_selector_peer, features),
        block_peer=partial(_block_peer, matched),
        in_force=_in_force,
        port=partial(_port, features, names),
    )


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


def _in_force(policy: NetworkPolicy) -> Condition:
    # One element that Cilium cannot read and the whole object is refused.
    for rule in (*policy.ingress, *policy.egress):
        for peer in rule.peers:
            block = peer.ip_block
            if block is not None and any(map(has_leading_zeros, (block.cidr, *block.excepts))):
                return Assumed(LEGACY_CIDR)
    return ALWAYS


def _port(
    features: CiliumFeatures,
    names: NamedEgressPorts,
    port: NetworkPolicyPort,
    direction: Direction,
) -> Traffic:
    if port.end_port is not None and not features.honours_end_port:
        # Versions before 1.17 ignore endPort and use `port` alone.
        return port_traffic(NetworkPolicyPort(port.protocol, port.port), direction)
    traffic = port_traffic(port, direction)
    if (
        direction is Direction.EGRESS
        and not features.resolves_names_per_destination
        and any(each in names.ambiguous for each in traffic.named)
    ):
        # One name with several numbers cannot be decided and the entry is skipped (cilium#30003).
        return NO_TRAFFIC
    return traffic
