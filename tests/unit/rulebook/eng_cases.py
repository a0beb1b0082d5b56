"""ENG: is this engine valid on this cluster?"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from service.model.cluster import EngineChoice
from service.model.finding import Severity
from tests.builders import Manifest, namespace, network_policy, node, pod
from tests.unit.rulebook.questions import (
    CLEAR,
    HIT,
    NOTHING,
    UNKNOWN,
    Case,
    cluster,
    linux,
    question,
    surge,
    windows,
)

NPM, CALICO, CILIUM, NONE = "npm", "calico", "cilium:1.18", "none"
DUAL = ("IPv4", "IPv6")
CALICO_GNP = {
    "apiVersion": "projectcalico.org/v3",
    "kind": "GlobalNetworkPolicy",
    "metadata": {"name": "default.deny"},
    "spec": {"tier": "default", "selector": "all()", "types": ["Ingress"]},
}


def blocks(count: int) -> str:
    listed = ", ".join(f"{{ipBlock: {{cidr: 203.0.113.{each}/32}}}}" for each in range(count))
    return f"{{podSelector: {{}}, policyTypes: [Ingress], ingress: [{{from: [{listed}]}}]}}"


IN_A_TIER: Manifest = {
    **CALICO_GNP,
    "metadata": {"name": "early.deny"},
    "spec": {"tier": "early", "selector": "all()", "types": ["Ingress"]},
}

CASES = (
    Case("ENG-001", HIT, question(engine=NPM, record=cluster("kubenet")), Severity.BLOCKER),
    Case("ENG-001", CLEAR, question(engine=NPM)),
    Case("ENG-001", UNKNOWN, question(engine=NPM, record=NOTHING)),
    Case("ENG-002", HIT, question(engine=NPM, record=cluster(families=DUAL)), Severity.BLOCKER),
    Case(
        "ENG-002",
        HIT,
        question(node("n1", "192.168.0.4", "fd00::4"), engine=NPM, record=cluster(families=())),
        detail="from node addresses",
    ),
    Case("ENG-002", CLEAR, question(engine=NPM)),
    Case("ENG-002", UNKNOWN, question(engine=NPM, record=cluster(families=()))),
    Case(
        "ENG-003",
        HIT,
        question(engine=CALICO, record=cluster(mode="overlay", families=DUAL)),
        Severity.BLOCKER,
    ),
    Case("ENG-003", CLEAR, question(engine=CALICO, record=cluster(families=DUAL))),
    Case("ENG-003", CLEAR, question(engine=CALICO, record=cluster(mode="overlay"))),
    Case("ENG-003", UNKNOWN, question(engine=CALICO, record=cluster(mode="overlay", families=()))),
    Case(
        "ENG-003",
        UNKNOWN,
        question(engine=CALICO, record=cluster(None, families=DUAL)),
        detail="plugin not told",
    ),
    Case(
        "ENG-004",
        HIT,
        question(record=cluster(pools=(linux(), windows()))),
        Severity.BLOCKER,
        "/agentPoolProfiles",
        ("win",),
    ),
    Case("ENG-004", HIT, question(node("w1", os="windows"), record=NOTHING), endpoints=("w1",)),
    Case("ENG-004", CLEAR, question()),
    Case("ENG-004", UNKNOWN, question(record=NOTHING)),
    Case("ENG-005", HIT, question(record=cluster("kubenet")), Severity.BLOCKER, settled=False),
    Case(
        "ENG-005",
        HIT,
        question(source="none", record=cluster("kubenet")),
        detail="the plan goes through overlay",
        settled=True,
    ),
    Case("ENG-005", CLEAR, question()),
    Case("ENG-005", UNKNOWN, question(record=NOTHING)),
    Case(
        "ENG-006",
        HIT,
        question(record=cluster(policy="azure", dataplane="cilium")),
        Severity.BLOCKER,
        "/networkProfile/networkDataplane",
    ),
    Case("ENG-006", HIT, question(record=cluster(policy="cilium", dataplane="azure"))),
    Case("ENG-006", CLEAR, question(record=cluster(policy="cilium", dataplane="cilium"))),
    Case("ENG-006", CLEAR, question(record=cluster(policy="calico", dataplane=None))),
    Case("ENG-006", UNKNOWN, question(record=NOTHING)),
    Case(
        "ENG-007",
        HIT,
        question(engine=NPM, record=cluster(pools=(linux(count=251),))),
        Severity.BLOCKER,
        detail="251 nodes",
    ),
    Case(
        "ENG-007",
        HIT,
        question(
            engine=NPM,
            record=cluster(pools=(linux(count=10, enable_auto_scaling=True, max_count=300),)),
        ),
        Severity.HIGH,
        detail="autoscaler",
    ),
    Case(
        "ENG-007",
        HIT,
        question(
            engine=NPM,
            record=cluster(pools=(linux(count=220, upgrade_settings=surge("33%")),)),
        ),
        Severity.MEDIUM,
        detail="surge",
    ),
    Case(
        "ENG-007",
        HIT,
        question(
            engine=NPM, record=cluster(pools=(linux(count=240, upgrade_settings=surge("1")),))
        ),
        Severity.MEDIUM,
        detail="within a tenth",
    ),
    Case("ENG-007", CLEAR, question(engine=NPM, record=cluster(pools=(linux(count=225),)))),
    Case("ENG-007", UNKNOWN, question(engine=NPM, record=cluster(pools=(linux(count=None),)))),
    Case(
        "ENG-007",
        UNKNOWN,
        question(engine=NPM, record=cluster(provisioning="Auto")),
        detail="node auto-provisioning has no limit",
    ),
    Case(
        "ENG-008",
        HIT,
        question(engine=NPM, record=cluster(pools=(linux(count=100, max_pods=250),))),
        Severity.MEDIUM,
        detail="room for 25,000",
    ),
    Case(
        "ENG-008",
        CLEAR,
        question(engine=NPM, record=cluster(pools=(linux(count=100, max_pods=30),))),
    ),
    Case("ENG-008", UNKNOWN, question(engine=NPM)),
    Case(
        "ENG-009",
        HIT,
        question(engine=NPM, record=cluster(pools=(linux(), windows()))),
        Severity.BLOCKER,
    ),
    Case(
        "ENG-009",
        HIT,
        question(
            engine=NPM,
            record=cluster(pools=(windows(),)),
            as_of=date(2026, 9, 30),
        ),
        detail="on the day",
    ),
    Case(
        "ENG-009",
        CLEAR,
        question(
            engine=NPM,
            record=cluster(pools=(windows(),)),
            as_of=date(2026, 9, 29),
        ),
        detail="the day before",
    ),
    Case("ENG-009", CLEAR, question(engine=NPM)),
    Case("ENG-009", UNKNOWN, question(engine=NPM, record=NOTHING)),
    Case(
        "ENG-010",
        HIT,
        question(engine=NPM, record=cluster(pools=(windows(sku="Windows2019"),))),
        Severity.BLOCKER,
        endpoints=("win",),
    ),
    Case("ENG-010", CLEAR, question(engine=NPM, record=cluster(pools=(windows(),)))),
    Case("ENG-010", UNKNOWN, question(engine=NPM, record=cluster(pools=(windows(sku=None),)))),
    Case("ENG-010", UNKNOWN, question(node("w1", os="windows"), engine=NPM, record=NOTHING)),
    Case("ENG-011", HIT, question(engine=NPM), Severity.MEDIUM),
    Case(
        "ENG-011",
        HIT,
        question(engine=NPM, as_of=date(2027, 9, 30)),
        Severity.HIGH,
        detail="a year",
    ),
    Case("ENG-011", HIT, question(engine=NPM, as_of=date(2027, 9, 29)), Severity.MEDIUM),
    Case("ENG-011", HIT, question(engine=NPM, as_of=date(2028, 9, 30)), Severity.BLOCKER),
    Case("ENG-011", CLEAR, question(engine=CALICO)),
    Case("ENG-012", HIT, question(engine=CALICO, record=cluster("kubenet")), Severity.MEDIUM),
    Case(
        "ENG-012",
        HIT,
        question(engine=CALICO, record=cluster("kubenet"), as_of=date(2028, 4, 1)),
        Severity.BLOCKER,
    ),
    Case("ENG-012", CLEAR, question()),
    Case("ENG-012", UNKNOWN, question(record=NOTHING)),
    Case(
        "ENG-013",
        HIT,
        question(engine=CALICO, record=cluster(pools=(windows(sku="Windows2019"),))),
        Severity.BLOCKER,
        endpoints=("win",),
    ),
    Case(
        "ENG-013",
        HIT,
        question(engine=CALICO, record=cluster(pools=(windows(),))),
        Severity.MEDIUM,
        detail="Windows Server 2022",
    ),
    Case(
        "ENG-013",
        HIT,
        question(
            engine=CALICO,
            record=cluster(pools=(windows(orchestrator_version="1.37.0"),)),
        ),
        Severity.BLOCKER,
        detail="not on Kubernetes 1.37",
    ),
    Case(
        "ENG-013",
        CLEAR,
        question(engine=CALICO, record=cluster(pools=(windows(sku="Windows2025"),))),
    ),
    Case("ENG-013", UNKNOWN, question(engine=CALICO, record=cluster(pools=(windows(sku=None),)))),
    Case(
        "ENG-014",
        HIT,
        question(engine=CALICO, record=cluster(pools=(windows(sku="Windows2025"),))),
        Severity.HIGH,
    ),
    Case("ENG-014", CLEAR, question(engine=CALICO, record=cluster(pools=(windows(),)))),
    Case("ENG-014", UNKNOWN, question(engine=CALICO, record=NOTHING)),
    Case(
        "ENG-015",
        HIT,
        question(engine=CALICO, record=cluster("kubenet", pools=(windows(),))),
        Severity.BLOCKER,
    ),
    Case("ENG-015", CLEAR, question(engine=CALICO, record=cluster(pools=(windows(),)))),
    Case("ENG-015", CLEAR, question(engine=CALICO, record=cluster("kubenet"))),
    Case("ENG-015", UNKNOWN, question(engine=CALICO, record=cluster(None, pools=(windows(),)))),
    Case(
        "ENG-016",
        HIT,
        question(engine=CALICO, record=cluster(provisioning="Auto")),
        Severity.BLOCKER,
    ),
    Case("ENG-016", CLEAR, question(engine=CALICO)),
    Case("ENG-016", UNKNOWN, question(engine=CALICO, record=cluster(provisioning=None))),
    Case(
        "ENG-017",
        HIT,
        question(record=cluster(mode="overlay", families=DUAL, kubernetes="1.28.5")),
        Severity.BLOCKER,
    ),
    Case("ENG-017", CLEAR, question(record=cluster(families=DUAL))),
    Case("ENG-017", CLEAR, question(record=cluster(kubernetes="1.28.5"))),
    Case("ENG-017", UNKNOWN, question(record=cluster(families=DUAL, kubernetes=None))),
    Case(
        "ENG-018",
        HIT,
        question(network_policy("{podSelector: {}}", "shop/deny"), engine=NONE),
        Severity.HIGH,
        endpoints=("shop",),
    ),
    Case("ENG-018", CLEAR, question(namespace("shop"), engine=NONE)),
    Case(
        "ENG-019",
        HIT,
        question(engine=CALICO, source="none", record=cluster(kubernetes="1.29.9")),
        Severity.BLOCKER,
    ),
    Case(
        "ENG-019",
        HIT,
        question(engine=CALICO, record=cluster(policy="none", kubernetes="1.29.9")),
        detail="asked of a cluster with another engine",
    ),
    Case("ENG-019", CLEAR, question(engine=CALICO, source="none")),
    Case(
        "ENG-019",
        CLEAR,
        question(engine=CALICO, record=cluster(policy="calico", kubernetes="1.27.0")),
        detail="runs already",
    ),
    Case(
        "ENG-019", UNKNOWN, question(engine=CALICO, source="none", record=cluster(kubernetes=None))
    ),
    Case(
        "ENG-019",
        CLEAR,
        question(engine=NPM, record=replace(NOTHING, engine=EngineChoice("npm"))),
        detail="runs already, and nothing else is told",
    ),
    Case(
        "ENG-019",
        UNKNOWN,
        question(engine=CALICO, record=replace(NOTHING, engine=EngineChoice("npm"))),
        detail="another engine runs",
    ),
    Case("ENG-020", HIT, question(record=cluster("none")), Severity.INFO),
    Case("ENG-020", CLEAR, question()),
    Case("ENG-020", UNKNOWN, question(record=NOTHING)),
    Case("ENG-021", HIT, question(record=cluster("kubenet", policy="azure")), Severity.MEDIUM),
    Case("ENG-021", HIT, question(record=cluster(policy="calico", dataplane="cilium"))),
    Case("ENG-021", HIT, question(record=cluster(families=("IPv6",)))),
    Case("ENG-021", HIT, question(record=cluster("kubenet", pools=(windows(),)))),
    Case(
        "ENG-021",
        CLEAR,
        question(record=cluster(mode="overlay", policy="cilium", dataplane="cilium")),
    ),
    Case("ENG-021", CLEAR, question(record=cluster("kubenet", policy="calico"))),
    Case("ENG-021", UNKNOWN, question(record=NOTHING)),
    Case("ENG-022", HIT, question(CALICO_GNP, engine=CALICO), Severity.LOW),
    Case("ENG-022", CLEAR, question(network_policy("{podSelector: {}}"), engine=CALICO)),
    Case("ENG-025", HIT, question(IN_A_TIER, engine=CALICO), Severity.HIGH),
    Case("ENG-025", CLEAR, question(CALICO_GNP, engine=CALICO)),
    Case(
        "ENG-023",
        HIT,
        question(pod("shop/web"), network_policy(blocks(5)), engine=NPM),
        Severity.MEDIUM,
        "/spec",
        ("shop/Pod/web",),
    ),
    Case("ENG-023", CLEAR, question(network_policy(blocks(4)), engine=NPM)),
    Case(
        "ENG-024",
        HIT,
        question(engine=CALICO, record=cluster("kubenet", pools=(linux(count=401),))),
        Severity.BLOCKER,
    ),
    Case("ENG-024", CLEAR, question(engine=CALICO, record=cluster("kubenet"))),
    Case("ENG-024", CLEAR, question(record=cluster(pools=(linux(count=401),)))),
    Case(
        "ENG-024",
        UNKNOWN,
        question(engine=CALICO, record=cluster("kubenet", pools=(linux(count=None),))),
    ),
)
