"""NetworkPolicy to stage policies: the text of the API, with the places where engines depart.

Reference: kubernetes/api networking/v1/types.go. A `Reading` says what an engine makes of each
element; its defaults are the API's.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from service.engines.memo import EachMemo
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
from service.model.policy import Policy, PolicyRef
from service.model.ports import ALL_TRAFFIC, NamedPort, Protocol, ports_of

_Kept = TypeVar("_Kept")

RULE = "NetworkPolicyRule"


def selected(scope: LabelScope, selector: LabelSelector) -> Condition:
    """All requirements of a selector, asked of one label set."""
    return all_of(*(LabelIs(scope, each) for each in selector.requirements))


def pods_labelled(selector: LabelSelector) -> Condition:
    """A `podSelector`, by the labels of the pods."""
    return selected(LabelScope.POD, selector)


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
    pods: Callable[[LabelSelector], Condition] = pods_labelled
    """The `podSelector` of the policy itself."""
    types: Callable[[NetworkPolicy], frozenset[PolicyType]] = listed_types
    rules: Callable[[NetworkPolicy, PolicyType], Iterable[tuple[int, NetworkPolicyRule]]] = (
        every_rule
    )
    """The rules of a direction that are translated, with their index in the document."""
    selector_peer: Callable[[str, NetworkPolicyPeer], Condition] = selector_peer
    """The policy's namespace counts only for a peer without a namespaceSelector."""
    block_peer: Callable[[IPBlock], Condition] = block_peer
    port: Callable[[NetworkPolicyPort, Direction], Traffic] = port_traffic
    in_force: Callable[[NetworkPolicy], Condition] = always_in_force
    """What it rests on that a policy is applied at all."""
    any_traffic: Intervals = ALL_TRAFFIC
    """What a rule without `ports` covers."""


@dataclass(frozen=True, slots=True)
class _Side:
    """A direction, with how a policy writes it."""

    direction: Direction
    kind: PolicyType
    section: str
    peers: str


_SIDES = (
    _Side(Direction.INGRESS, PolicyType.INGRESS, "/spec/ingress", "from"),
    _Side(Direction.EGRESS, PolicyType.EGRESS, "/spec/egress", "to"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Translated:
    """A policy's part in each direction, None where it has none there."""

    ingress: StagePolicy | None
    egress: StagePolicy | None

    def part(self, direction: Direction) -> StagePolicy | None:
        """The part in one direction."""
        return self.ingress if direction is Direction.INGRESS else self.egress


def translate(policy: NetworkPolicy, direction: Direction, reading: Reading) -> StagePolicy | None:
    """The policy's part in one direction, or None where it has none there.

    The same policy and reading give the same value, so that what was made of an earlier
    revision can be recognised in the next one.
    """
    return translated(policy, reading).part(direction)


def translated(policy: NetworkPolicy, reading: Reading) -> Translated:
    """The policy's parts in both directions; the same as `translate` gives."""
    return _TRANSLATORS.one(reading).made.one(policy)


def translate_all(policies: Sequence[NetworkPolicy], reading: Reading) -> list[Translated]:
    """Every policy as `translate` gives it."""
    return _TRANSLATORS.one(reading).made.all(policies)


_POLICIES = 100_000
_SHARED = 50_000


class _Translator:
    """Translates under one reading.

    What many policies say alike becomes one object: that is less to keep and to ask about.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self.made: EachMemo[NetworkPolicy, Translated] = EachMemo(_POLICIES, self._translate)
        self._subjects: dict[Hashable, Condition] = {}
        self._peers: dict[Hashable, Condition] = {}
        self._traffic: dict[Hashable, Traffic] = {}

    def _translate(self, policy: NetworkPolicy) -> Translated:
        types = self._reading.types(policy)
        subject = self._subject(policy)
        return Translated(
            *(self._part(policy, subject, side) if side.kind in types else None for side in _SIDES)
        )

    def _part(self, policy: NetworkPolicy, subject: Condition, side: _Side) -> StagePolicy:
        return StagePolicy(
            origin=Origin("NetworkPolicyIsolates", policy.ref, "/spec/podSelector"),
            subject=subject,
            rules=tuple(
                [
                    self._rule(policy.ref, rule, side, f"{side.section}/{index}")
                    for index, rule in self._reading.rules(policy, side.kind)
                ]
            ),
            isolates=True,
            scope=policy.ref.namespace,
        )

    def _subject(self, policy: NetworkPolicy) -> Condition:
        in_force = self._reading.in_force(policy)
        key = (policy.ref.namespace, policy.pod_selector, in_force)
        known = self._subjects.get(key)
        if known is None:
            known = _room(self._subjects)[key] = all_of(
                self._reading.subjects,
                in_namespace(policy.ref.namespace),
                self._reading.pods(policy.pod_selector),
                in_force,
            )
        return known

    def _rule(self, ref: PolicyRef, rule: NetworkPolicyRule, side: _Side, pointer: str) -> Rule:
        # "If this field is empty or missing, this rule matches all sources/destinations": peers
        # outside the cluster and nodes included.
        peers: tuple[Peer, ...] = ANY_PEER
        if rule.peers:
            field = f"{pointer}/{side.peers}"
            peers = tuple(
                [
                    Peer(self._peer(ref.namespace, peer), f"{field}/{index}")
                    for index, peer in enumerate(rule.peers)
                ]
            )
        return Rule(
            Effect.ALLOW, Origin(RULE, ref, pointer), peers, self._ports(rule.ports, side.direction)
        )

    def _peer(self, namespace: str, peer: NetworkPolicyPeer) -> Condition:
        # Only a peer without a namespaceSelector depends on where the policy is.
        own = peer.ip_block is None and peer.namespace_selector is None
        key = (namespace if own else "", peer)
        known = self._peers.get(key)
        if known is None:
            if peer.ip_block is not None:
                known = self._reading.block_peer(peer.ip_block)
            else:
                known = self._reading.selector_peer(namespace, peer)
            _room(self._peers)[key] = known
        return known

    def _ports(self, ports: tuple[NetworkPolicyPort, ...], direction: Direction) -> Traffic:
        key = (ports, direction)
        known = self._traffic.get(key)
        if known is None:
            # "If this field is empty or missing, this rule matches all ports": any protocol.
            known = Traffic(self._reading.any_traffic)
            if ports:
                known = union(self._reading.port(each, direction) for each in ports)
            _room(self._traffic)[key] = known
        return known


_TRANSLATORS: EachMemo[Reading, _Translator] = EachMemo(64, _Translator)


def _room(known: dict[Hashable, _Kept]) -> dict[Hashable, _Kept]:
    """The same dictionary, emptied where it has become large."""
    if len(known) >= _SHARED:
        known.clear()
    return known


def parts(translated: Iterable[Translated], direction: Direction) -> list[StagePolicy]:
    """The parts in one direction, where there are any."""
    if direction is Direction.INGRESS:
        return [each.ingress for each in translated if each.ingress is not None]
    return [each.egress for each in translated if each.egress is not None]


def network_policies(policies: Iterable[object]) -> tuple[NetworkPolicy, ...]:
    """The NetworkPolicies among policies of every kind."""
    return tuple([each for each in policies if isinstance(each, NetworkPolicy)])


def without_network_policies(policies: Iterable[Policy]) -> tuple[Policy, ...]:
    """The policies of every other kind; mostly there are few."""
    return tuple([each for each in policies if not isinstance(each, NetworkPolicy)])
