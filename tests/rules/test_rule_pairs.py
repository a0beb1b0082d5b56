"""Rules about a change: a hit from every engine that a rule names to every one that it names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import pytest

from service.analysis.rulebook.answers import Outcome
from service.analysis.rulebook.rules import ANY, Area, Rule, rules
from service.analysis.stated import DisruptionBudget, WebhookBackend
from service.model.cluster import Ipam
from tests.builders import Manifest, namespace, pod, service
from tests.rules.asking import report
from tests.unit.rulebook import feat_cases as feat
from tests.unit.rulebook import mig_cases as mig
from tests.unit.rulebook import path_cases as path
from tests.unit.rulebook.feat_cases import DB, L1, block, egress, ingress, policy
from tests.unit.rulebook.questions import cluster, linux, local_dns, question, windows
from tests.web.conftest import Api

ENGINES = ("npm", "calico", "cilium", "none")
PROFILES = {"cilium": "cilium:1.18"}


@dataclass(frozen=True)
class Asked:
    """What makes a rule hit, whichever engines it is asked about."""

    manifests: tuple[Manifest, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    """Profiles instead of the usual ones, for some pairs."""


def given(*manifests: Manifest, **more: Any) -> Asked:
    return Asked(manifests, more)


OVERLAY = {"ipam": Ipam.OVERLAY, "pod_cidr": "10.244.0.0/16", "vnet_cidrs": ("10.0.0.0/16",)}
SERVICES = cluster(service_cidrs=("10.1.0.0/16",))
KUBENET = cluster("kubenet", service_cidrs=("10.1.0.0/16",), identity_type="SystemAssigned")
TO_443 = egress("{ports: [{port: 443}]}")
LOCAL = cluster(pools=(linux(local_dns_profile=local_dns("Enabled")),))
UNLISTED = policy(
    "{podSelector: {}, policyTypes: [Egress], egress: [{}], ingress: [{from: [{podSelector: {}}]}]}"
)
HASHED = pod("shop/db", {"pod-template-hash": "abc"})
BY_HASH = ingress("", "{matchLabels: {pod-template-hash: abc}}")
FROM_AGENT = ingress("{from: [{podSelector: {matchLabels: {app: agent}}}]}")
FROM_CLIENTS = ingress("{from: [{ipBlock: {cidr: 203.0.113.0/24}}]}")
HOOK = WebhookBackend("ValidatingWebhookConfiguration", "check", "shop", "db", 80)
SELF = service("shop/self", {"app": "db"}, mig.PORTS)
INIT = pod("shop/i", init_ports="adm=7000")
BY_INIT = ingress("{ports: [{port: adm}]}")
CALICO_POLICIES = ("tiers.crd.projectcalico.org",)

ASKED: Mapping[str, Asked] = {
    "MIG-001": given(DB, feat.FRONT, L1, block("10.244.0.0/16")),
    "MIG-002": given(DB, L1, block("192.168.0.0/24")),
    "MIG-003": given(DB, L1, block("0.0.0.0/0")),
    "MIG-004": given(DB, L1, TO_443),
    "MIG-005": given(DB, L1, block("192.168.0.0/24")),
    "MIG-006": given(DB, L1, mig.LB, mig.DENY),
    "MIG-007": given(DB, L1, mig.LB, FROM_CLIENTS),
    "MIG-008": given(DB, L1, mig.L2, block("192.168.0.0/24", direction="ingress")),
    "MIG-009": given(DB, L1, mig.LB, mig.DENY, webhooks=(HOOK,)),
    "MIG-010": given(DB, L1, TO_443, record=LOCAL),
    "MIG-011": given(DB, feat.DNS_POD, L1, block("10.244.1.53/32")),
    "MIG-012": given(DB, UNLISTED),
    "MIG-013": given(HASHED, BY_HASH),
    "MIG-014": given(namespace("lab", {"team": "a"}), DB, L1, feat.NOT_IN),
    "MIG-015": Asked((DB, L1, feat.NOT_IN_ONE), {}, {("npm", "cilium"): ("npm", "cilium:1.19")}),
    "MIG-016": given(feat.ON_LINUX, L1, feat.IPV6),
    "MIG-017": Asked(
        (feat.FRONT, feat.RANGE),
        {},
        {(source, "cilium"): (source, "cilium:1.16") for source in ENGINES},
    ),
    "MIG-018": given(DB, feat.FRONT, feat.OTHER, L1, feat.TO_HTTP),
    "MIG-019": given(feat.HOST, DB, L1, FROM_AGENT),
    "MIG-020": given(DB, feat.FRONT, mig.DENY),
    "MIG-021": given(DB, mig.DENY),
    "MIG-022": given(feat.GNP),
    "MIG-023": given(DB, feat.SCTP),
    "MIG-024": given(npm_image="mcr/azure-npm:v1.6.34"),
    "MIG-025": given(feat.CNP_L4),
    "MIG-026": given(ipam=Ipam.OVERLAY, record=cluster("kubenet")),
    "MIG-027": given(mig.DENY),
    "MIG-028": given(DB, L1, mig.DENY_ALL, SELF),
    "MIG-029": given(DB, block("010.1.0.0/16")),
    "MIG-030": given(DB, INIT, BY_INIT),
    "MIG-031": Asked(
        (feat.GNP, feat.CNP_L4, feat.ANP),
        {},
        {("calico", other): ("calico:3.30", PROFILES.get(other, other)) for other in ENGINES},
    ),
    "MIG-032": given(DB, L1, mig.DENY_ALL),
    "MIG-033": given(DB, L1, feat.IPV6),
    "MIG-034": Asked(
        (),
        {},
        {
            (source, "cilium"): (source, "cilium:1.18?policyEnforcement=always")
            for source in ENGINES
        },
    ),
    "MIG-035": given(feat.W1, feat.ON_WINDOWS, feat.NAMED),
    "MIG-036": given(feat.W1, feat.ON_WINDOWS, feat.NAMED),
    "MIG-037": given(mig.PUBLISHED, mig.CLOSED_WEB),
    "PATH-001": given(),
    "PATH-002": given(),
    "PATH-003": given(mig.DENY),
    "PATH-004": given(),
    "PATH-005": given(record=cluster(pools=(linux(), windows()))),
    "PATH-006": given(record=cluster(provisioning="Auto")),
    "PATH-007": given(record=SERVICES, **OVERLAY),
    "PATH-008": given(record=SERVICES, **OVERLAY),
    "PATH-009": given(record=SERVICES, **{**OVERLAY, "pod_cidr": "10.0.128.0/17"}),
    "PATH-010": given(record=SERVICES, **OVERLAY),
    "PATH-011": given(record=KUBENET, **{**OVERLAY, "custom_route_table": False}),
    "PATH-012": given(record=cluster(kubernetes="1.29.4")),
    "PATH-013": given(azure_cli="2.50.0"),
    "PATH-014": given(disruption_budgets=(DisruptionBudget("shop", "db", 0),)),
    "PATH-015": given(terraform=True, azurerm="4.40.0"),
    "PATH-016": given(resource_definitions=()),
    "PATH-017": given(resource_definitions=CALICO_POLICIES),
    "PATH-018": given(mig.DENY),
    "PATH-019": given(),
    "PATH-020": given(DB, L1, block("192.168.0.0/24")),
    "PATH-021": given(),
    "PATH-022": given(
        record=SERVICES, **{**OVERLAY, "config_maps": ("kube-system/azure-ip-masq-agent-config",)}
    ),
    "PATH-023": given(
        DB,
        L1,
        ingress("{ports: [{port: 80, endPort: 90}]}"),
        validator_output=path.VALIDATOR,
    ),
    "PATH-024": given(plans_fqdn=True),
    "PATH-025": given(block("10.244.0.0/16")),
}

Reasons = Mapping[tuple[str, str], str]


def between(sources: tuple[str, ...], targets: tuple[str, ...], reason: str) -> Reasons:
    return {pair: reason for pair in product(sources, targets) if pair[0] != pair[1]}


FROM_CILIUM = between(
    ("cilium",), ENGINES, "no way from Cilium to another engine is documented, so nothing is done"
)
ALIKE = "the two engines do the same"
BOTH_WAYS = between(("npm", "cilium"), ("npm", "cilium"), ALIKE)

#: Pairs between which a rule is asked and cannot hit, and why.
CLEAR: Mapping[str, Reasons] = {
    "MIG-028": between(("npm",), ("cilium",), ALIKE),
    "MIG-029": BOTH_WAYS,
    "MIG-030": BOTH_WAYS,
    "MIG-031": {
        **between(("npm", "none"), ("npm", "none"), "neither reads a kind but NetworkPolicy"),
        **between(("cilium",), ("npm", "none"), "MIG-025 speaks of Cilium's kinds"),
    },
    "PATH-002": FROM_CILIUM,
    "PATH-003": FROM_CILIUM,
    "PATH-008": {**FROM_CILIUM, **between(("none",), ENGINES, "no engine is in the way")},
    "PATH-009": FROM_CILIUM,
    "PATH-010": FROM_CILIUM,
    "PATH-011": FROM_CILIUM,
    "PATH-012": {
        **FROM_CILIUM,
        **between(ENGINES, ("cilium",), "the update of the data plane has no such floor"),
    },
    "PATH-013": FROM_CILIUM,
    "PATH-014": FROM_CILIUM,
    "PATH-018": {
        **FROM_CILIUM,
        **between(ENGINES, ("cilium",), "the update takes the engine away by itself"),
        **between(("none",), ENGINES, "nothing is enforced that could be lost"),
    },
    "PATH-020": between(("none",), ("cilium",), "nothing worked by an engine's leave"),
    "PATH-021": between(ENGINES, ("calico", "cilium", "none"), "the target is not NPM"),
    "PATH-022": FROM_CILIUM,
}


def named(engines: frozenset[str]) -> tuple[str, ...]:
    return ENGINES if ANY in engines else tuple(each for each in ENGINES if each in engines)


def pairs_of(rule: Rule) -> list[tuple[str, str]]:
    """The pairs that a rule names; one engine with itself where there is no other pair."""
    found = list(product(named(rule.sources), named(rule.targets)))
    return [each for each in found if each[0] != each[1]] or found


PAIRS = [
    pytest.param(rule.id, source, target, id=f"{rule.id} {source} {target}")
    for rule in rules().values()
    if rule.area in {Area.MIGRATION, Area.PATH}
    for source, target in pairs_of(rule)
]


@pytest.mark.parametrize(("rule", "source", "target"), PAIRS)
def test_from_each_source_to_each_target(api: Api, rule: str, source: str, target: str) -> None:
    asked = ASKED[rule]
    usual = (PROFILES.get(source, source), PROFILES.get(target, target))
    before, after = asked.versions.get((source, target), usual)
    found = report(api, question(*asked.manifests, source=before, engine=after, **asked.more))
    answer = found.answer(rule)
    assert answer is not None
    expected = Outcome.CLEAR if (source, target) in CLEAR.get(rule, {}) else Outcome.HIT
    assert answer["outcome"] == expected.value, answer
    assert len(found.findings(rule)) == answer["findings"]


def test_what_cannot_hit_is_a_part_of_what_is_asked() -> None:
    for rule, reasons in CLEAR.items():
        asked = set(pairs_of(rules()[rule]))
        assert reasons.keys() & asked, rule
        assert asked - reasons.keys(), rule
