"""AdminNetworkPolicy, BaselineAdminNetworkPolicy and ClusterNetworkPolicy as one type.

The three differ in their spelling only: a tier before NetworkPolicy or after it, rules that
allow, deny or pass on, and nothing that isolates. Field semantics:
kubernetes-sigs/network-policy-api apis/v1alpha1 and apis/v1alpha2.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from service.model.labels import EVERYTHING, LabelSelector
from service.model.network_policy import PolicyType
from service.model.policy import PolicyRef, Position

ADMIN_NETWORK_POLICY = "AdminNetworkPolicy"
BASELINE_ADMIN_NETWORK_POLICY = "BaselineAdminNetworkPolicy"
CLUSTER_NETWORK_POLICY = "ClusterNetworkPolicy"


class AdminTier(StrEnum):
    """Whether a policy is asked before NetworkPolicies or after them."""

    ADMIN = "Admin"
    BASELINE = "Baseline"


class AdminAction(StrEnum):
    """What a rule does; ClusterNetworkPolicy spells the first one `Accept`."""

    ALLOW = "Allow"
    DENY = "Deny"
    PASS = "Pass"


@dataclass(frozen=True, slots=True)
class NamespacedPods:
    """Pods in selected namespaces, as a subject or a peer; never hostNetwork pods."""

    namespace_selector: LabelSelector = EVERYTHING
    pod_selector: LabelSelector = EVERYTHING


@dataclass(frozen=True, slots=True)
class Nodes:
    """Nodes by their labels, matched through their addresses; egress only."""

    selector: LabelSelector = EVERYTHING


@dataclass(frozen=True, slots=True)
class Networks:
    """CIDRs as written; whatever has an address in one is meant, pods included. Egress only."""

    cidrs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DomainNames:
    """Names, or `*.` and a name for everything below it; egress only."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnknownPeer:
    """A peer without any field that is known here: the whole rule fails closed."""

    fields: tuple[str, ...] = ()


AdminPeer = NamespacedPods | Nodes | Networks | DomainNames | UnknownPeer


@dataclass(frozen=True, slots=True)
class AdminPort:
    """Ports of one protocol, or of whichever protocol bears a name."""

    protocol: str | None = None
    """None together with a name: any protocol."""
    low: int | None = None
    """None without a name: every port of the protocol."""
    high: int | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class AdminRule:
    """One rule; without `ports` it is about all traffic, ICMP included."""

    action: AdminAction
    peers: tuple[AdminPeer, ...]
    ports: tuple[AdminPort, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class AdminPolicy:
    """A policy of any of the three kinds; the lowest `priority` of a tier is asked first."""

    ref: PolicyRef
    tier: AdminTier
    subject: NamespacedPods
    priority: int = 0
    """A BaselineAdminNetworkPolicy has none; there is one at most."""
    ingress: tuple[AdminRule, ...] = ()
    egress: tuple[AdminRule, ...] = ()
    position: Position = Position()

    def rules(self, direction: PolicyType) -> tuple[AdminRule, ...]:
        """The rules of one direction; without any the policy does not touch it."""
        return self.ingress if direction is PolicyType.INGRESS else self.egress
