"""NetworkPolicy to stage policies: the text of the API, with the places where engines depart.

Reference: kubernetes/api networking/v1/types.go. A `Reading` says what an engine makes of each
element; its defaults are the API's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from service.engines.memo import IdentityMemo
from service.model.addresses import parse_cidr
from service.model.condition import (
    ALWAYS,
    IS_POD,
    AddressIn,
    Condition,
    LabelIs,
    LabelScope,
    all_of,
    in_namespace,
)
from service.model.intervals import NOTHING, Intervals
from service.model.labels import LabelSelector
from service.model.network_policy import (
    IPBlock,
    NetworkPolicy,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    NetworkPolicyRule,
    PolicyType,
)
from service.model.pipeline import (
    ANY_PEER,
    Direction,
    Effect,
    Origin,
    Peer,
    Rule,
    StagePolicy,
    Traffic,
)
from service.model.ports import ALL_TRAFFIC, NamedPort, Protocol, ports_of

DIRECTIONS = {
    PolicyType.INGRESS: Direction.INGRESS,
    PolicyType.EGRESS: Direction.EGRESS,
}

RULE = "NetworkPolicyRule"


def selected(scope: LabelScope, selector: LabelSelector) -> Condition:
    """All requirements of a selector, asked of one label set."""
    return all_of(*(LabelIs(scope, each) for each in selector.requirements))


def block_addresses(block: IPBlock) -> Intervals:
    """The addresses of an ipBlock, without its exceptions."""
    return Intervals.of((parse_cidr(block.cidr),)) - Intervals.of(map(parse_cidr, block.excepts))


def listed_types(policy: NetworkPolicy) -> frozenset[PolicyType]:
    """The directions that a policy isolates: those that `policyTypes` lists."""
    return policy.policy_types


def every_rule(policy: NetworkPolicy, kind: PolicyType) -> Iterable[tuple[int, NetworkPolicyRule]]:
    """All rules of a direction with their index in the document."""
    return enumerate(policy.rules(kind))


def always_in_force(policy: NetworkPolicy) -> Condition:
    """The API server has accepted the policy, so it holds."""
    return ALWAYS


def selector_peer(namespace: str, peer: NetworkPolicyPeer) -> Condition:
    """Pods by label; without a namespaceSelector, pods of the policy's own namespace."""
    pods = selected(LabelScope.POD, peer.pod_selector) if peer.pod_selector else ALWAYS
    if peer.namespace_selector is None:
        return all_of(IS_POD, in_namespace(namespace), pods)
    return all_of(IS_POD, selected(LabelScope.NAMESPACE, peer.namespace_selector), pods)


def block_peer(block: IPBlock) -> Condition:
    """Whatever has an address in the block: pods, nodes and the outside."""
    return AddressIn(block_addresses(block))


def port_traffic(port: NetworkPolicyPort, direction: Direction) -> Traffic:
    """One element of `ports`."""
    protocol = Protocol[port.protocol]
    match port.port:
        # "If this field is not provided, this matches all port names and numbers."
        case None:
            return Traffic(ports_of(protocol))
        case str(name):
            return Traffic(NOTHING, (NamedPort(name, protocol),))
        case int(number):
            return Traffic(ports_of(protocol, number, port.end_port or number))


def union(parts: Iterable[Traffic]) -> Traffic:
    """Several elements of `ports` as one."""
    numbered = NOTHING
    named: tuple[NamedPort, ...] = ()
    for part in parts:
        numbered, named = numbered | part.numbered, named + part.named
    return Traffic(numbered, named)


@dataclass(frozen=True, slots=True)
class Reading:
    """What an engine makes of the elements of a NetworkPolicy."""

    subjects: Condition = IS_POD
    """What `podSelector` can select at all."""
    types: Callable[[NetworkPolicy], frozenset[PolicyType]] = listed_types
    rules: Callable[[NetworkPolicy, PolicyType], Iterable[tuple[int, NetworkPolicyRule]]] = (
        every_rule
    )
    """The rules of a direction that are translated, with their index in the document."""
    selector_peer: Callable[[str, NetworkPolicyPeer], Condition] = selector_peer
    block_peer: Callable[[IPBlock], Condition] = block_peer
    port: Callable[[NetworkPolicyPort, Direction], Traffic] = port_traffic
    in_force: Callable[[NetworkPolicy], Condition] = always_in_force
    """What it rests on that a policy is applied at all."""
    any_traffic: Intervals = ALL_TRAFFIC
    """What a rule without `ports` covers."""


def translate(policy: NetworkPolicy, direction: Direction, reading: Reading) -> StagePolicy | None:
    """The policy's part in one direction, or None where it has none there.

    The same policy and reading give the same value, so that what was made of an earlier
    revision can be recognised in the next one.
    """
    return _TRANSLATED.get(
        (policy, reading), direction, lambda: _translate(policy, direction, reading)
    )


_TRANSLATED: IdentityMemo[StagePolicy | None] = IdentityMemo(200_000)


def _translate(policy: NetworkPolicy, direction: Direction, reading: Reading) -> StagePolicy | None:
    kind = PolicyType(direction.value)
    if kind not in reading.types(policy):
        return None
    namespace = policy.ref.namespace
    section = f"/spec/{kind.value.lower()}"
    rules = tuple(
        _rule(policy, rule, direction, f"{section}/{index}", reading)
        for index, rule in reading.rules(policy, kind)
    )
    return StagePolicy(
        origin=Origin("NetworkPolicyIsolates", policy.ref, "/spec/podSelector"),
        subject=all_of(
            reading.subjects,
            in_namespace(namespace),
            selected(LabelScope.POD, policy.pod_selector),
            reading.in_force(policy),
        ),
        rules=rules,
        isolates=True,
        scope=namespace,
    )


def _rule(
    policy: NetworkPolicy,
    rule: NetworkPolicyRule,
    direction: Direction,
    pointer: str,
    reading: Reading,
) -> Rule:
    # "If this field is empty or missing, this rule matches all sources/destinations": peers
    # outside the cluster and nodes included.
    peers: tuple[Peer, ...] = ANY_PEER
    if rule.peers:
        field = "from" if direction is Direction.INGRESS else "to"
        peers = tuple(
            Peer(_peer(policy.ref.namespace, peer, reading), f"{pointer}/{field}/{index}")
            for index, peer in enumerate(rule.peers)
        )
    # "If this field is empty or missing, this rule matches all ports": any protocol.
    traffic = Traffic(reading.any_traffic)
    if rule.ports:
        traffic = union(reading.port(each, direction) for each in rule.ports)
    return Rule(Effect.ALLOW, Origin(RULE, policy.ref, pointer), peers, traffic)


def _peer(namespace: str, peer: NetworkPolicyPeer, reading: Reading) -> Condition:
    if peer.ip_block is not None:
        return reading.block_peer(peer.ip_block)
    return reading.selector_peer(namespace, peer)


def network_policies(policies: Iterable[object]) -> tuple[NetworkPolicy, ...]:
    """The NetworkPolicies among policies of every kind."""
    return tuple(each for each in policies if isinstance(each, NetworkPolicy))
