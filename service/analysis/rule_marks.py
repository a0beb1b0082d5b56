"""Marks of the elements of policies that engines read differently.

A mark is a word such as `zeroBlock` or `negations`; where it was found does not matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property

from service.analysis.rulebook.kinds import family
from service.analysis.rulebook.ranges import points_of
from service.analysis.rulebook.reading import block_addresses
from service.model.addresses import has_leading_zeros, parse_cidr
from service.model.endpoint import Endpoint
from service.model.inventory import ContainerRole, Inventory
from service.model.labels import LabelSelector, Operator
from service.model.network_policy import (
    NetworkPolicy,
    NetworkPolicyPeer,
    NetworkPolicyRule,
    PolicyType,
)
from service.model.pipeline import Direction
from service.model.policy import Policy, PolicyRef


class RuleMarks:
    """The marks of a policy set; `hidden` tells the label keys that one of the engines ignores."""

    def __init__(
        self,
        policies: Iterable[Policy],
        inventory: Inventory,
        hidden: Callable[[str], bool],
    ) -> None:
        self._policies = {each.ref: each for each in policies}
        self._inventory = inventory
        self._hidden = hidden
        self._families: dict[PolicyRef, str] = {}
        self._isolation: dict[tuple[PolicyRef, Direction], frozenset[str]] = {}

    @cached_property
    def _init_names(self) -> frozenset[str]:
        return frozenset(
            port.name
            for pod in self._inventory.pods
            for port in pod.ports
            if port.name and port.role is not ContainerRole.REGULAR
        )

    @cached_property
    def _node_points(self) -> tuple[int, ...]:
        nodes = self._inventory.nodes
        return points_of(address for each in nodes for address in each.addresses)

    def block_admits(self, ref: PolicyRef, client: Endpoint) -> bool:
        """Whether an ingress rule of a policy admits an address by a block."""
        policy = self._policies.get(ref)
        return isinstance(policy, NetworkPolicy) and any(
            point in block_addresses(peer.ip_block)
            for rule in policy.ingress
            for peer in rule.peers
            if peer.ip_block is not None
            for point in client.addresses
        )

    def family(self, ref: PolicyRef) -> str:
        """The family of a policy's kind."""
        known = self._families.get(ref)
        if known is None:
            known = self._families[ref] = family(ref) or "other"
        return known

    def of_rule(self, ref: PolicyRef, pointer: str, peer: Endpoint) -> set[str]:
        """The marks of one rule, as far as they concern a peer."""
        policy = self._policies.get(ref)
        steps = pointer.split("/")
        if not isinstance(policy, NetworkPolicy) or len(steps) < 4:
            return set()
        kind = PolicyType.INGRESS if steps[2] == "ingress" else PolicyType.EGRESS
        rules = policy.rules(kind)
        if not steps[3].isdecimal() or int(steps[3]) >= len(rules):
            return set()
        rule = rules[int(steps[3])]
        found = self._port_marks(rule)
        for each in rule.peers:
            found |= self._peer_marks(each, peer)
        return found | self._selector_marks(policy.pod_selector)

    def _port_marks(self, rule: NetworkPolicyRule) -> set[str]:
        found: set[str] = set()
        for port in rule.ports:
            if port.end_port is not None:
                found.add("endPort")
            if isinstance(port.port, str):
                found.add("portName")
                if port.port in self._init_names:
                    found.add("initName")
            if port.protocol == "SCTP":
                found.add("sctp")
        return found

    def _peer_marks(self, peer: NetworkPolicyPeer, endpoint: Endpoint) -> set[str]:
        found: set[str] = set()
        block = peer.ip_block
        if block is not None:
            inside = block_addresses(block)
            if endpoint.addresses and not any(each in inside for each in endpoint.addresses):
                return found
            found.add("block")
            if self._node_points and all(each in inside for each in self._node_points):
                found.add("nodeSubnetBlock")
            low, high = parse_cidr(block.cidr)
            if (high - low + 1) in {1 << 32, 1 << 128}:
                found.add("zeroBlock")
            if any(map(has_leading_zeros, (block.cidr, *block.excepts))):
                found.add("legacyBlock")
            return found
        if peer.pod_selector is not None:
            found |= self._selector_marks(peer.pod_selector)
        if peer.namespace_selector is not None:
            found |= _namespace_marks(peer.namespace_selector)
        return found

    def _selector_marks(self, selector: LabelSelector) -> set[str]:
        hidden = any(self._hidden(each.key) for each in selector.requirements)
        return {"hiddenLabel"} if hidden else set()

    def of_isolation(self, ref: PolicyRef, direction: Direction) -> frozenset[str]:
        """Marks that decide whether a policy isolates at all."""
        known = self._isolation.get((ref, direction))
        if known is None:
            known = self._isolation[ref, direction] = frozenset(self._isolates(ref, direction))
        return known

    def _isolates(self, ref: PolicyRef, direction: Direction) -> set[str]:
        policy = self._policies.get(ref)
        if not isinstance(policy, NetworkPolicy):
            return set()
        found = self._selector_marks(policy.pod_selector)
        if PolicyType(direction.value) not in policy.policy_types:
            found.add("unlistedSection")
        return found


def _namespace_marks(selector: LabelSelector) -> set[str]:
    found: set[str] = set()
    if any(each.is_negative for each in selector.requirements):
        found.add("negations")
    if selector.is_negative_only:
        found.add("negationsOnly")
    if any(
        each.operator is Operator.NOT_IN and len(each.values) > 1 for each in selector.requirements
    ):
        found.add("notInSeveral")
    return found
