"""Reads AdminNetworkPolicy, BaselineAdminNetworkPolicy and ClusterNetworkPolicy.

Validation and defaults as in the experimental channel of the CRDs:
kubernetes-sigs/network-policy-api config/crd/experimental.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.manifests.admin_policy_rules import RuleReader, namespaced_pods
from service.manifests.calico_fields import Members, Notes
from service.manifests.crd_fields import CrdReading, bounded, header_of, keys_of, normalised, plain
from service.model.admin_policy import (
    ADMIN_NETWORK_POLICY,
    BASELINE_ADMIN_NETWORK_POLICY,
    CLUSTER_NETWORK_POLICY,
    AdminPolicy,
    AdminRule,
    AdminTier,
    NamespacedPods,
)
from service.model.labels import EVERYTHING
from service.model.network_policy import PolicyType
from service.model.policy import Position

V1ALPHA1 = "policy.networking.k8s.io/v1alpha1"
V1ALPHA2 = "policy.networking.k8s.io/v1alpha2"
LOWEST_PRIORITY = 1000
SINGLETON = "default"


@dataclass(frozen=True, slots=True)
class _Schema:
    """What the three kinds do not share."""

    fields: tuple[str, ...]
    rules: RuleReader
    most_rules: int
    tier: AdminTier | None = None
    """None where the object says it."""
    has_priority: bool = True


_SCHEMAS: Mapping[tuple[str, str], _Schema] = {
    (V1ALPHA1, ADMIN_NETWORK_POLICY): _Schema(
        ("priority", "subject", "ingress", "egress"),
        RuleReader({"Allow": "Allow", "Deny": "Deny", "Pass": "Pass"}, "ports", 100),
        100,
        AdminTier.ADMIN,
    ),
    (V1ALPHA1, BASELINE_ADMIN_NETWORK_POLICY): _Schema(
        ("subject", "ingress", "egress"),
        RuleReader({"Allow": "Allow", "Deny": "Deny"}, "ports", 100, has_domain_names=False),
        100,
        AdminTier.BASELINE,
        has_priority=False,
    ),
    (V1ALPHA2, CLUSTER_NETWORK_POLICY): _Schema(
        ("tier", "priority", "subject", "ingress", "egress"),
        RuleReader({"Accept": "Allow", "Deny": "Deny", "Pass": "Pass"}, "protocols", 25),
        25,
    ),
}

#: API versions and kinds that are read here.
KINDS = frozenset(_SCHEMAS)


def read_admin_policy(raw: Mapping[str, Any], position: Position = Position()) -> CrdReading:
    """Read an object whose apiVersion and kind are among `KINDS`."""
    notes = Notes(stored=False)
    header = header_of(raw, notes, namespaced=False)
    ref = header.ref
    schema = _SCHEMAS[ref.api_version, ref.kind]
    if ref.kind == BASELINE_ADMIN_NETWORK_POLICY and ref.name not in {"", SINGLETON}:
        notes.wrong(
            "InvalidName",
            f"only one {ref.kind} can be in a cluster, and its name is {SINGLETON}",
            "/metadata/name",
        )
    spec = header.document.member("spec")
    if spec is None:
        notes.wrong("RequiredField", "the object needs a spec", "/spec")
        spec = Members({}, "/spec", notes)
    spec.only(*schema.fields)
    policy = AdminPolicy(
        ref=ref,
        tier=schema.tier or _tier(spec),
        subject=_subject(spec),
        priority=_priority(spec) if schema.has_priority else 0,
        ingress=_rules(spec, PolicyType.INGRESS, schema),
        egress=_rules(spec, PolicyType.EGRESS, schema),
        position=position,
    )
    return CrdReading(
        ref,
        None if notes.faults else policy,
        normalised(ref, spec=schema.rules.with_defaults(plain(raw.get("spec")))),
        tuple(notes.found),
    )


def _tier(spec: Members) -> AdminTier:
    if "tier" not in spec:
        spec.wrong("tier", "RequiredField", "tier must be Admin or Baseline")
        return AdminTier.ADMIN
    return AdminTier(spec.choice("tier", [each.value for each in AdminTier], AdminTier.ADMIN.value))


def _priority(spec: Members) -> int:
    priority = spec.number("priority")
    if "priority" not in spec:
        spec.wrong("priority", "RequiredField", f"priority must be between 0 and {LOWEST_PRIORITY}")
    if priority is not None and not 0 <= priority <= LOWEST_PRIORITY:
        spec.wrong("priority", "InvalidValue", f"priority must be between 0 and {LOWEST_PRIORITY}")
    return priority or 0


def _subject(spec: Members) -> NamespacedPods:
    subject = spec.member("subject")
    if subject is None:
        if "subject" not in spec:
            spec.wrong("subject", "RequiredField", "the policy needs a subject")
        return NamespacedPods()
    subject.only("namespaces", "pods")
    given = keys_of(subject, ("namespaces", "pods"))
    if len(given) != 1:
        spec.wrong("subject", "NotExactlyOne", "a subject is exactly one of namespaces and pods")
    return namespaced_pods(subject, given[0]) if given else NamespacedPods(EVERYTHING)


def _rules(spec: Members, kind: PolicyType, schema: _Schema) -> tuple[AdminRule, ...]:
    return tuple(
        schema.rules.read(each, kind)
        for each in bounded(spec, kind.value.lower(), schema.most_rules)
    )
