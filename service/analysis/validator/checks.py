"""The five checks with the very conditions of the tool, right and wrong alike.

Source: Azure/azure-container-networking tools/azure-npm-to-cilium-validator.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from service.model.inventory import Service, ServicePort, ServiceType, TrafficPolicy
from service.model.labels import Operator
from service.model.network_policy import (
    NetworkPolicy,
    NetworkPolicyPort,
    NetworkPolicyRule,
    PolicyType,
)
from service.model.policy import PolicyRef

_EXPOSED = frozenset({ServiceType.LOAD_BALANCER, ServiceType.NODE_PORT})


@dataclass(frozen=True, slots=True)
class Flagged:
    """A policy in one direction, or a Service, that a row of the tool names."""

    row: str
    policy: NetworkPolicy | None = None
    kind: PolicyType | None = None
    service: Service | None = None


def _with_end_port(rule: NetworkPolicyRule) -> bool:
    return any(port.end_port is not None for port in rule.ports)


def _with_block(rule: NetworkPolicyRule) -> bool:
    return any(peer.ip_block is not None and peer.ip_block.cidr for peer in rule.peers)


def _with_name(rule: NetworkPolicyRule) -> bool:
    return any(isinstance(port.port, str) for port in rule.ports)


_BY_RULE: tuple[tuple[str, Callable[[NetworkPolicyRule], bool]], ...] = (
    ("V1", _with_end_port),
    ("V2", _with_block),
    ("V3", _with_name),
)


def flags(
    policies: Iterable[NetworkPolicy],
    services: Iterable[Service],
    with_expressions: Collection[PolicyRef] = (),
) -> Iterator[Flagged]:
    """Everything that the tool flags, in the order of its rows.

    `with_expressions` names the policies whose podSelector was written with matchExpressions:
    the tool treats a label and an expression that mean the same differently.
    """
    known = tuple(policies)
    for row, holds in _BY_RULE:
        for policy in known:
            for kind in PolicyType:
                if any(map(holds, policy.rules(kind))):
                    yield Flagged(row, policy, kind)
    for policy in known:
        if _limits_egress(policy):
            yield Flagged("V4", policy, PolicyType.EGRESS)
    for service in services:
        if _is_at_risk(service, known, with_expressions):
            yield Flagged("V5", service=service)


def _limits_egress(policy: NetworkPolicy) -> bool:
    if PolicyType.EGRESS in policy.policy_types and not policy.egress:
        return True
    return any(rule.peers or rule.ports for rule in policy.egress)


def _is_at_risk(
    service: Service, policies: Iterable[NetworkPolicy], with_expressions: Collection[PolicyRef]
) -> bool:
    if service.type not in _EXPOSED or service.external_traffic_policy is TrafficPolicy.LOCAL:
        return False
    ingress = [
        each
        for each in policies
        if each.ref.namespace == service.namespace and PolicyType.INGRESS in each.policy_types
    ]
    return bool(ingress) and not any(
        each.ref not in with_expressions and _proves_safe(each, service) for each in ingress
    )


def _proves_safe(policy: NetworkPolicy, service: Service) -> bool:
    if not _selector_is_known(policy, service):
        return False
    return any(_rule_proves_safe(rule, service) for rule in policy.ingress)


def _selector_is_known(policy: NetworkPolicy, service: Service) -> bool:
    """An empty selector, or labels alone, all of which the Service's selector has."""
    for each in policy.pod_selector.requirements:
        if each.operator is not Operator.IN or len(each.values) != 1:
            return False
        if service.selector.get(each.key) != each.values[0]:
            return False
    return True


def _rule_proves_safe(rule: NetworkPolicyRule, service: Service) -> bool:
    if rule.peers:
        return False
    if not rule.ports:
        return True
    return bool(service.ports) and all(
        any(_covers(entry, port) for entry in rule.ports) for port in service.ports
    )


def _covers(entry: NetworkPolicyPort, port: ServicePort) -> bool:
    if entry.protocol != port.protocol or not isinstance(port.target, int) or port.target == 0:
        return False
    return entry.port is None or entry.port == port.target
