"""Admin policies as Calico converts them, one tier for each of their own.

Source: projectcalico/calico libcalico-go/lib/backend/k8s/conversion/clusternetworkpolicy.go and
its predecessor adminnetworkpolicy.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from service.engines.admin_order import order_findings
from service.engines.admin_policy import (
    AdminReading,
    admin_policies,
    admin_stage,
    named_port,
    not_convertible,
)
from service.knowledge import value
from service.model.admin_policy import (
    ADMIN_NETWORK_POLICY,
    BASELINE_ADMIN_NETWORK_POLICY,
    CLUSTER_NETWORK_POLICY,
    AdminPolicy,
    AdminPort,
    AdminTier,
)
from service.model.engine import Version
from service.model.finding import Finding, Severity
from service.model.inventory import Inventory
from service.model.pipeline import ANY_TRAFFIC, Direction, Effect, Stage, Traffic

_FACTS = {
    ADMIN_NETWORK_POLICY: "calicoAdminNetworkPolicy",
    BASELINE_ADMIN_NETWORK_POLICY: "calicoBaselineAdminNetworkPolicy",
    CLUSTER_NETWORK_POLICY: "calicoClusterNetworkPolicy",
}


@dataclass(frozen=True, slots=True)
class AdminTierStages:
    """A tier that Calico keeps for admin policies, with its place among the other tiers.

    A direction without policies has no stage. What the stages do not decide passes on.
    """

    name: str
    order: float
    stages: Mapping[Direction, Stage]


def admin_kinds(version: Version) -> frozenset[str]:
    """The kinds that a version of Calico reads."""
    return frozenset(
        kind for kind, key in _FACTS.items() if _reads(value("admin_policy", key), version)
    )


def admin_tiers(
    policies: Iterable[object], inventory: Inventory, version: Version
) -> tuple[AdminTierStages, ...]:
    """The tiers for admin policies, those without any policy left out."""
    found: list[AdminTierStages] = []
    for kind in sorted(admin_kinds(version)):
        facts = value("admin_policy", _FACTS[kind])
        chosen = admin_policies(policies, frozenset({kind}))
        for tier in AdminTier:
            is_second = kind == CLUSTER_NETWORK_POLICY and tier is AdminTier.BASELINE
            name = facts["baselineTier" if is_second else "tier"]
            stages: dict[Direction, Stage] = {}
            for direction in Direction:
                for stage in admin_stage(chosen, tier, direction, _reading(inventory, kind), name):
                    stages[direction] = replace(stage, end=Effect.PASS)
            if stages:
                order = facts["baselineOrder" if is_second else "order"]
                found.append(AdminTierStages(name, order, stages))
    return tuple(found)


def admin_findings(policies: Iterable[object], version: Version) -> tuple[Finding, ...]:
    """What somebody should know about the admin policies that are read."""
    chosen = admin_policies(policies, admin_kinds(version))
    return (*order_findings(chosen), *(each for one in chosen for each in _widened(one)))


def _reads(facts: Mapping[str, str | None], version: Version) -> bool:
    since, before = facts["since"], facts["before"]
    return (since is None or version >= Version.parse(since)) and (
        before is None or version < Version.parse(before)
    )


def _reading(inventory: Inventory, kind: str) -> AdminReading:
    # Names in ClusterNetworkPolicies came with 3.32 and mean what the API says (calico#11916).
    named = named_port if kind == CLUSTER_NETWORK_POLICY else _name_forgotten
    return AdminReading(inventory, nodes=not_convertible, domains=not_convertible, named=named)


def _name_forgotten(port: AdminPort) -> Traffic:
    # The converter of AdminNetworkPolicy returns neither protocol nor port for a name, which
    # reads as "no ports given": the rule is about all traffic.
    return ANY_TRAFFIC


def _widened(policy: AdminPolicy) -> Iterable[Finding]:
    if policy.ref.kind == CLUSTER_NETWORK_POLICY:
        return
    for section, rules in (("ingress", policy.ingress), ("egress", policy.egress)):
        for index, rule in enumerate(rules):
            if any(port.name for port in rule.ports):
                yield Finding(
                    "CalicoNamedPortIgnored",
                    Severity.HIGH,
                    "Calico 3.29 to 3.31 does not read namedPort; the rule is about every "
                    "protocol and port",
                    policy.ref,
                    f"/spec/{section}/{index}/ports",
                )
