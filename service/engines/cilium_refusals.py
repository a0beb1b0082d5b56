"""Cilium policies that the agent refuses whole, by version and configuration, and remarks.

An invalid rule is no partial matter: "the policy is not imported", while the API server keeps
the object. Source: cilium/cilium pkg/policy/api/rule_validation.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from service.engines.cilium_versions import CiliumFeatures
from service.model.cilium import (
    CiliumPolicy,
    CiliumRule,
    CiliumSpec,
    FqdnPeer,
    NodesPeer,
    VersionedReason,
)
from service.model.domain_names import matches_cilium_name, matches_cilium_pattern
from service.model.finding import Finding, Severity


@dataclass(frozen=True, slots=True)
class AgentConfiguration:
    """What of the agent's configuration decides whether a policy is taken at all."""

    features: CiliumFeatures
    has_l7_proxy: bool
    has_node_labels: bool
    polices_nodes: bool


def accepted(
    policies: Iterable[CiliumPolicy], agent: AgentConfiguration
) -> tuple[tuple[CiliumPolicy, ...], tuple[Finding, ...]]:
    """The policies that the agent takes, and a finding for each that it refuses."""
    taken: list[CiliumPolicy] = []
    findings: list[Finding] = []
    for policy in policies:
        refusal = next(_refusals(policy, agent), None)
        if refusal is None:
            taken.append(policy)
        else:
            findings.append(refusal)
    return tuple(taken), tuple(findings)


def remarks(
    policies: tuple[CiliumPolicy, ...], agent: AgentConfiguration, *, learns_names: bool
) -> Iterator[Finding]:
    """What somebody should know about policies that are in force."""
    for policy in policies:
        for spec in policy.specs:
            if spec.nodes is not None and not agent.polices_nodes:
                yield Finding(
                    "CiliumHostFirewallOff",
                    Severity.HIGH,
                    "a policy for nodes has no effect unless the host firewall is on, which it is "
                    "not by default and not on AKS",
                    policy.ref,
                    f"{spec.pointer}/nodeSelector",
                )
        yield from _names_never_learnt(policy, policies, agent, learns_names=learns_names)


def rules_of(spec: CiliumSpec) -> Iterator[CiliumRule]:
    """Every rule of a spec, of all four sections."""
    yield from spec.ingress
    yield from spec.ingress_deny
    yield from spec.egress
    yield from spec.egress_deny


def _refusals(policy: CiliumPolicy, agent: AgentConfiguration) -> Iterator[Finding]:
    for refusal in policy.refusals:
        if _applies(refusal.reason, agent.features):
            yield _refused(policy, refusal.reason.value, refusal.detail, refusal.pointer)
    for spec in policy.specs:
        for rule in rules_of(spec):
            filters = any(each.l7 is not None for each in rule.to_ports or ())
            if filters and not agent.has_l7_proxy:
                detail = "rules of layer 7 need the L7 proxy (on AKS: advanced network policies)"
                yield _refused(policy, "CiliumNoL7Proxy", detail, f"{rule.pointer}/toPorts")
            by_node = any(isinstance(each, NodesPeer) for each in rule.peers or ())
            if by_node and agent.features.reads_node_peers and not agent.has_node_labels:
                detail = f"{rule.member} needs nodeSelectorLabels, which is off"
                yield _refused(
                    policy, "CiliumNoNodeLabels", detail, f"{rule.pointer}/{rule.member}"
                )


def _applies(reason: VersionedReason, features: CiliumFeatures) -> bool:
    match reason:
        case VersionedReason.EMPTY_RULE:
            return features.refuses_empty_rules
        case VersionedReason.SERVICES_WITH_PORTS:
            return not features.services_by_selector
        case VersionedReason.STORED_INVALID:
            return True


def _refused(policy: CiliumPolicy, code: str, detail: str, pointer: str) -> Finding:
    text = f"Cilium refuses the whole policy, and nothing of it is enforced: {detail}"
    return Finding(code, Severity.HIGH, text, policy.ref, pointer)


def _names_never_learnt(
    policy: CiliumPolicy,
    policies: tuple[CiliumPolicy, ...],
    agent: AgentConfiguration,
    *,
    learns_names: bool,
) -> Iterator[Finding]:
    askable = list(_names_that_may_be_asked(policies)) if learns_names else []
    for spec in policy.specs:
        for rule in spec.egress:
            for index, peer in enumerate(rule.peers or ()):
                if not isinstance(peer, FqdnPeer):
                    continue
                name = peer.match_name
                if learns_names and (
                    not name or any(_means(each, name, agent) for each in askable)
                ):
                    continue
                yield Finding(
                    "CiliumFqdnNeverLearnt",
                    Severity.HIGH,
                    f"no DNS rule has queries for {name or peer.match_pattern} looked at, so no "
                    "address of it is ever learnt and the rule lets nothing through",
                    policy.ref,
                    f"{rule.pointer}/{rule.member}/{index}",
                )


def _names_that_may_be_asked(policies: tuple[CiliumPolicy, ...]) -> Iterator[FqdnPeer]:
    for policy in policies:
        for spec in policy.specs:
            for rule in spec.egress:
                for port_rule in rule.to_ports or ():
                    if port_rule.l7 is not None:
                        yield from port_rule.l7.names


def _means(dns: FqdnPeer, name: str, agent: AgentConfiguration) -> bool:
    if dns.match_name and matches_cilium_name(dns.match_name, name):
        return True
    return bool(dns.match_pattern) and matches_cilium_pattern(
        dns.match_pattern, name, many_labels=agent.features.many_label_patterns
    )
