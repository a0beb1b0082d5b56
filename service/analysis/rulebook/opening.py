"""What the policies of a pod open, told by kind of peer: the plain reading of the API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from service.analysis.rulebook.reading import (
    block_addresses,
    numbered_ports,
    opens_everything,
    peer_admits,
    written_kinds,
)
from service.analysis.rulebook.sight import Sight, label_key
from service.model.intervals import NOTHING, Intervals
from service.model.inventory import Pod
from service.model.network_policy import NetworkPolicy, NetworkPolicyRule, PolicyType
from service.model.ports import HIGHEST_PORT, Protocol, point_of


@dataclass(frozen=True, slots=True)
class Isolation:
    """The policies that isolate a pod in one direction, and their rules."""

    pod: Pod
    kind: PolicyType
    policies: tuple[NetworkPolicy, ...]

    @property
    def rules(self) -> tuple[tuple[NetworkPolicy, NetworkPolicyRule], ...]:
        """Every rule with its policy."""
        return tuple((each, rule) for each in self.policies for rule in each.rules(self.kind))

    @property
    def is_open(self) -> bool:
        """Whether nothing isolates the pod, or a rule `{}` opens everything."""
        return not self.policies or any(opens_everything(rule) for _, rule in self.rules)


def isolation(sight: Sight, pod: Pod, kind: PolicyType, *, unlisted: bool = False) -> Isolation:
    """What isolates a pod; `unlisted` counts sections that policyTypes does not list."""

    def isolating() -> tuple[NetworkPolicy, ...]:
        return tuple(
            each
            for each in sight.selecting(pod)
            if kind in (written_kinds(each) if unlisted else each.policy_types)
        )

    key = ("isolating", label_key(pod), kind, unlisted)
    return Isolation(pod, kind, sight.remembered(key, isolating))


def rule_ports(rule: NetworkPolicyRule, ports_of_pod: Mapping[tuple[str, str], int]) -> Intervals:
    """The ports that a rule opens at a pod, names looked up there."""
    named = (
        point_of(Protocol[port.protocol], number)
        for port in rule.ports
        if isinstance(port.port, str)
        and (number := ports_of_pod.get((port.port, port.protocol))) is not None
    )
    return numbered_ports(rule) | Intervals.of((point, point) for point in named)


def is_open_at(
    rule: NetworkPolicyRule, ports_of_pod: Mapping[tuple[str, str], int], point: int
) -> bool:
    """Whether a rule opens one port at a pod: `point in rule_ports(...)`, sooner."""
    if not rule.ports:
        return True
    protocol, number = point >> 16, point & HIGHEST_PORT
    for each in rule.ports:
        if Protocol[each.protocol] != protocol:
            continue
        low = each.port
        if isinstance(low, str):
            if ports_of_pod.get((low, each.protocol)) == number:
                return True
        elif low is None or low <= number <= (each.end_port or low):
            return True
    return False


def port_numbers(pod: Pod) -> Mapping[tuple[str, str], int]:
    """The numbers of a pod's port names."""
    return {(each.name, each.protocol): each.number for each in pod.ports if each.name}


def open_to_everyone(found: Isolation) -> Intervals:
    """The ports that rules without peers open."""
    names = port_numbers(found.pod)
    opened = NOTHING
    for _, rule in found.rules:
        if not rule.peers:
            opened = opened | rule_ports(rule, names)
    return opened


def admits_pod(sight: Sight, found: Isolation, peer: Pod, point: int) -> bool:
    """Whether a rule without peers or with a selector opens a port between two pods."""
    names = port_numbers(found.pod if found.kind is PolicyType.INGRESS else peer)
    labels = sight.namespace_labels(peer.namespace)
    return any(
        is_open_at(rule, names, point)
        and (
            not rule.peers
            or any(
                peer_admits(each, policy.ref.namespace, peer.namespace, peer.labels, labels)
                for each in rule.peers
            )
        )
        for policy, rule in found.rules
    )


def blocks_at(found: Isolation, point: int, names: Mapping[tuple[str, str], int]) -> Intervals:
    """The addresses that blocks open for one port."""
    opened = NOTHING
    for _, rule in found.rules:
        if is_open_at(rule, names, point):
            for peer in rule.peers:
                if peer.ip_block is not None:
                    opened = opened | block_addresses(peer.ip_block)
    return opened


def blocks_for_everything(found: Isolation) -> Intervals:
    """The addresses that blocks open for every protocol and port."""
    opened = NOTHING
    for _, rule in found.rules:
        if not rule.ports:
            for peer in rule.peers:
                if peer.ip_block is not None:
                    opened = opened | block_addresses(peer.ip_block)
    return opened


def isolated_groups(
    sight: Sight, kind: PolicyType, *, unlisted: bool = False
) -> Iterable[tuple[tuple[Pod, ...], Isolation]]:
    """The groups of equal pods that a policy isolates, unless a rule `{}` opens them again."""
    for group in sight.kinds:
        if not is_open(sight, group[0], kind, unlisted=unlisted):
            yield group, isolation(sight, group[0], kind, unlisted=unlisted)


def is_open(sight: Sight, pod: Pod, kind: PolicyType, *, unlisted: bool = False) -> bool:
    """Whether nothing isolates a pod, told once for all pods with its labels."""
    key = ("open", label_key(pod), kind, unlisted)
    return sight.remembered(key, lambda: isolation(sight, pod, kind, unlisted=unlisted).is_open)
