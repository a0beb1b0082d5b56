"""PATH: can the change be made, and how?"""

from __future__ import annotations

from typing import Any

from service.analysis.stated import DisruptionBudget
from service.model.cluster import Ipam
from service.model.finding import Severity
from tests.builders import Manifest
from tests.unit.rulebook.feat_cases import CNP_FQDN, DB, L1, block, egress, ingress
from tests.unit.rulebook.questions import (
    CLEAR,
    HIT,
    NOTHING,
    UNKNOWN,
    Case,
    Question,
    cluster,
    linux,
    question,
    windows,
)

DENY = ingress("", "{matchLabels: {app: db}}")
VALIDATOR = "| NetworkPolicy with endPort | x | 1 |"


def move(*manifests: Manifest, source: str = "npm", **more: Any) -> Question:
    return question(*manifests, source=source, **more)


def to_overlay(*manifests: Manifest, **more: Any) -> Question:
    """NPM on the node subnet to Cilium on overlay."""
    facts = {"ipam": Ipam.OVERLAY, "pod_cidr": "10.244.0.0/16", "vnet_cidrs": ("10.0.0.0/16",)}
    record = cluster(service_cidrs=("10.1.0.0/16",))
    return move(*manifests, **{"record": record, **facts, **more})


def kubenet(**more: Any) -> Question:
    """kubenet without an engine to Cilium."""
    record = cluster("kubenet", service_cidrs=("10.1.0.0/16",), **more.pop("fields", {}))
    return move(source="none", record=record, **more)


CASES = (
    Case("PATH-001", HIT, move(), Severity.HIGH, settled=True),
    Case("PATH-001", CLEAR, move(engine="none")),
    Case("PATH-001", CLEAR, move(source="cilium:1.17"), detail="there already"),
    Case("PATH-002", HIT, move(), Severity.HIGH),
    Case("PATH-002", CLEAR, move(source="cilium:1.18")),
    Case("PATH-003", HIT, move(DENY), Severity.HIGH),
    Case("PATH-003", CLEAR, move(), detail="no policies"),
    Case("PATH-004", HIT, move(engine="calico"), Severity.HIGH, settled=True),
    Case("PATH-004", CLEAR, move(engine="calico", source="none")),
    Case("PATH-004", CLEAR, move(engine="calico", source="calico"), detail="there already"),
    Case(
        "PATH-005",
        HIT,
        move(record=cluster(pools=(linux(), windows()))),
        Severity.BLOCKER,
        endpoints=("win",),
        settled=False,
    ),
    Case("PATH-005", CLEAR, move()),
    Case("PATH-005", UNKNOWN, move(record=NOTHING)),
    Case(
        "PATH-006", HIT, move(record=cluster(provisioning="Auto")), Severity.BLOCKER, settled=True
    ),
    Case("PATH-006", CLEAR, move()),
    Case("PATH-006", UNKNOWN, move(record=cluster(provisioning=None))),
    Case("PATH-007", HIT, to_overlay(), Severity.BLOCKER, settled=True),
    Case("PATH-007", CLEAR, move()),
    Case("PATH-008", HIT, to_overlay(), Severity.BLOCKER, settled=True),
    Case("PATH-008", CLEAR, to_overlay(source="none")),
    Case(
        "PATH-009",
        HIT,
        to_overlay(pod_cidr="10.0.128.0/17"),
        Severity.BLOCKER,
        detail="overlaps the virtual network",
    ),
    Case("PATH-009", HIT, to_overlay(pod_cidr="10.1.0.0/16"), detail="overlaps the Service range"),
    Case("PATH-009", HIT, to_overlay(pod_cidr="172.30.0.0/17"), detail="reserved"),
    Case("PATH-009", HIT, to_overlay(record=cluster(kubernetes="1.26.3")), detail="Kubernetes"),
    Case(
        "PATH-009",
        HIT,
        to_overlay(
            source="none",
            engine="calico",
            record=cluster(
                pools=(windows(node_image_version="AKSWindows-2022-containerd-20348.1607.230316"),),
            ),
        ),
        detail="Windows build",
    ),
    Case(
        "PATH-009",
        HIT,
        to_overlay(
            source="none",
            engine="calico",
            windows_runtime="docker://20.10",
            record=cluster(
                pools=(windows(node_image_version="AKSWindows-2022-x-20348.1726.230419"),),
                service_cidrs=("10.1.0.0/16",),
            ),
        ),
        detail="Windows runtime",
    ),
    Case("PATH-009", CLEAR, to_overlay()),
    Case("PATH-009", UNKNOWN, to_overlay(pod_cidr=None), detail="no pod range"),
    Case("PATH-009", UNKNOWN, to_overlay(vnet_cidrs=None), detail="virtual network not told"),
    Case("PATH-010", HIT, to_overlay(), Severity.HIGH),
    Case("PATH-010", CLEAR, move()),
    Case(
        "PATH-011",
        HIT,
        kubenet(fields={"identity_type": "SystemAssigned"}, custom_route_table=False),
        Severity.BLOCKER,
        "/identity/type",
    ),
    Case(
        "PATH-011",
        HIT,
        kubenet(fields={"identity_type": "UserAssigned"}, custom_route_table=True),
        Severity.HIGH,
        detail="own routes",
    ),
    Case(
        "PATH-011",
        CLEAR,
        kubenet(fields={"identity_type": "UserAssigned"}, custom_route_table=False),
    ),
    Case("PATH-011", CLEAR, move()),
    Case("PATH-011", UNKNOWN, kubenet()),
    Case(
        "PATH-012",
        HIT,
        move(engine="none", record=cluster(kubernetes="1.29.4")),
        Severity.BLOCKER,
        "/currentKubernetesVersion",
    ),
    Case("PATH-012", CLEAR, move(engine="none")),
    Case("PATH-012", CLEAR, move(record=cluster(kubernetes="1.29.4")), detail="no floor for C1"),
    Case("PATH-012", UNKNOWN, move(engine="none", record=cluster(kubernetes=None))),
    Case("PATH-013", HIT, move(azure_cli="2.50.0"), Severity.MEDIUM),
    Case("PATH-013", CLEAR, move(azure_cli="2.70.0")),
    Case("PATH-013", UNKNOWN, move()),
    Case(
        "PATH-014",
        HIT,
        move(disruption_budgets=(DisruptionBudget("shop", "db", 0),)),
        Severity.MEDIUM,
    ),
    Case("PATH-014", HIT, move(source="calico", disruption_budgets=()), detail="typha"),
    Case(
        "PATH-014",
        HIT,
        move(disruption_budgets=(), record=cluster(pools=(linux(count=1, mode="System"),))),
        detail="one system node",
    ),
    Case("PATH-014", CLEAR, move(disruption_budgets=(DisruptionBudget("shop", "db", 1),))),
    Case("PATH-014", UNKNOWN, move()),
    Case("PATH-015", HIT, move(terraform=True, azurerm="4.50.0"), Severity.HIGH),
    Case("PATH-015", HIT, move(terraform_replaces=True), detail="terraform plan says so"),
    Case("PATH-015", CLEAR, move(terraform=False)),
    Case("PATH-015", CLEAR, move(terraform=True, terraform_replaces=False)),
    Case("PATH-015", UNKNOWN, move()),
    Case("PATH-015", UNKNOWN, move(terraform=True, azurerm="4.70.0"), detail="newer provider"),
    Case(
        "PATH-016",
        HIT,
        move(source="calico", resource_definitions=("a.example.com",)),
        Severity.BLOCKER,
        settled=False,
        detail="deleted already",
    ),
    Case("PATH-016", CLEAR, move(source="calico")),
    Case(
        "PATH-016",
        CLEAR,
        move(source="calico", resource_definitions=("tiers.crd.projectcalico.org",)),
        detail="still there",
    ),
    Case("PATH-016", CLEAR, move()),
    Case(
        "PATH-017",
        HIT,
        move(
            source="calico", resource_definitions=("tiers.crd.projectcalico.org", "a.example.com")
        ),
        Severity.LOW,
        settled=True,
    ),
    Case(
        "PATH-017",
        HIT,
        move(resource_definitions=("installations.operator.tigera.io",)),
        settled=False,
    ),
    Case("PATH-017", CLEAR, move(resource_definitions=("a.example.com",))),
    Case("PATH-017", UNKNOWN, move()),
    Case("PATH-018", HIT, move(DENY, engine="none"), Severity.MEDIUM, settled=True),
    Case("PATH-018", CLEAR, move(DENY)),
    Case("PATH-019", HIT, move(), Severity.HIGH),
    Case("PATH-019", CLEAR, move(source="cilium:1.18")),
    Case("PATH-020", HIT, move(DB, L1, egress("{ports: [{port: 443}]}")), Severity.HIGH),
    Case("PATH-020", CLEAR, move(DB, L1, DENY, webhooks=())),
    Case("PATH-020", UNKNOWN, move(egress("{ports: [{port: 443}]}"))),
    Case("PATH-021", HIT, move(source="none", engine="npm"), Severity.MEDIUM),
    Case("PATH-021", CLEAR, move()),
    Case(
        "PATH-022",
        HIT,
        to_overlay(config_maps=("kube-system/azure-ip-masq-agent-config",)),
        Severity.MEDIUM,
    ),
    Case("PATH-022", CLEAR, to_overlay(config_maps=())),
    Case("PATH-022", CLEAR, move()),
    Case("PATH-022", UNKNOWN, to_overlay()),
    Case(
        "PATH-023",
        HIT,
        move(DB, L1, ingress("{ports: [{port: 80, endPort: 90}]}"), validator_output=VALIDATOR),
        Severity.INFO,
    ),
    Case("PATH-023", CLEAR, move(DB)),
    Case("PATH-023", UNKNOWN, move(DB, validator_output="something else")),
    Case("PATH-024", HIT, move(plans_fqdn=True), Severity.INFO, settled=True),
    Case("PATH-024", HIT, move(CNP_FQDN), detail="a policy needs it"),
    Case("PATH-024", CLEAR, move(DENY)),
    Case("PATH-025", HIT, move(block("10.244.0.0/16")), Severity.MEDIUM),
    Case("PATH-025", CLEAR, move(DB, L1, block("10.244.0.0/16"))),
    Case("PATH-025", CLEAR, move(DENY), detail="no blocks"),
)
