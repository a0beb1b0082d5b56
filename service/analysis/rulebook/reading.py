"""Plain readings of NetworkPolicies: their elements with pointers, and what selectors select."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from service.model.addresses import parse_cidr
from service.model.intervals import Intervals
from service.model.labels import LabelSelector
from service.model.network_policy import (
    IPBlock,
    NetworkPolicy,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    NetworkPolicyRule,
    PolicyType,
)
from service.model.ports import Protocol, ports_of

FIELDS = {PolicyType.INGRESS: "from", PolicyType.EGRESS: "to"}


@dataclass(frozen=True, slots=True)
class PlacedRule:
    """A rule with its direction and its place in the document."""

    policy: NetworkPolicy
    kind: PolicyType
    index: int
    rule: NetworkPolicyRule

    @property
    def pointer(self) -> str:
        """JSON pointer of the rule."""
        return f"/spec/{self.kind.value.lower()}/{self.index}"

    def peers(self) -> Iterator[tuple[NetworkPolicyPeer, str]]:
        """The peers with their pointers."""
        for place, peer in enumerate(self.rule.peers):
            yield peer, f"{self.pointer}/{FIELDS[self.kind]}/{place}"

    def blocks(self) -> Iterator[tuple[IPBlock, str]]:
        """The ipBlock peers with their pointers."""
        for peer, pointer in self.peers():
            if peer.ip_block is not None:
                yield peer.ip_block, f"{pointer}/ipBlock"

    def ports(self) -> Iterator[tuple[NetworkPolicyPort, str]]:
        """The port entries with their pointers."""
        for place, port in enumerate(self.rule.ports):
            yield port, f"{self.pointer}/ports/{place}"


def placed_rules(policy: NetworkPolicy, kinds: Iterable[PolicyType]) -> Iterator[PlacedRule]:
    """The rules of some directions, ingress first."""
    wanted = set(kinds)
    for kind in PolicyType:
        if kind in wanted:
            for index, rule in enumerate(policy.rules(kind)):
                yield PlacedRule(policy, kind, index, rule)


def written_kinds(policy: NetworkPolicy) -> frozenset[PolicyType]:
    """The listed types, and those with rules."""
    return policy.policy_types | {kind for kind in PolicyType if policy.rules(kind)}


def opens_everything(rule: NetworkPolicyRule) -> bool:
    """Whether it is the rule `{}`."""
    return not rule.peers and not rule.ports


def block_addresses(block: IPBlock) -> Intervals:
    """The addresses of an ipBlock, without its exceptions."""
    return Intervals.of((parse_cidr(block.cidr),)) - Intervals.of(map(parse_cidr, block.excepts))


def numbered_ports(rule: NetworkPolicyRule) -> Intervals:
    """The ports that a rule opens by number; everything that has ports for a rule without."""
    if not rule.ports:
        return Intervals.of(
            span
            for each in (Protocol.TCP, Protocol.UDP, Protocol.SCTP)
            for span in ports_of(each).spans
        )
    return Intervals.of(span for port in rule.ports for span in _numbers(port).spans)


def _numbers(port: NetworkPolicyPort) -> Intervals:
    protocol = Protocol[port.protocol]
    match port.port:
        case None:
            return ports_of(protocol)
        case int(number):
            return ports_of(protocol, number, port.end_port or number)
        case _:
            return Intervals()


def peer_admits(
    peer: NetworkPolicyPeer,
    namespace: str,
    pod_namespace: str,
    pod_labels: Mapping[str, str],
    namespace_labels: Mapping[str, str],
) -> bool:
    """Whether a selector peer of a policy in `namespace` selects a pod; an ipBlock never does."""
    if peer.ip_block is not None:
        return False
    if peer.namespace_selector is None:
        if pod_namespace != namespace:
            return False
    elif not peer.namespace_selector.matches(namespace_labels):
        return False
    return peer.pod_selector is None or peer.pod_selector.matches(pod_labels)


def selectors(policy: NetworkPolicy) -> Iterator[tuple[LabelSelector, str]]:
    """Every selector of pod labels with its pointer, the subject first."""
    yield policy.pod_selector, "/spec/podSelector"
    for placed in placed_rules(policy, PolicyType):
        for peer, pointer in placed.peers():
            if peer.pod_selector is not None:
                yield peer.pod_selector, f"{pointer}/podSelector"
