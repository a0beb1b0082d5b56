"""MIG: what does the change of engine change?"""

from __future__ import annotations

from typing import Any

from service.analysis.stated import WebhookBackend
from service.model.cluster import Ipam
from service.model.finding import Severity
from tests.builders import Manifest, namespace, node, pod, service
from tests.unit.rulebook.feat_cases import (
    ANP,
    BOTH,
    CNP_L4,
    DB,
    DNS_POD,
    EXCEPT,
    FRONT,
    GNP,
    HOST,
    IPV6,
    KUBE_SYSTEM,
    L1,
    NAMED,
    NOT_IN,
    NOT_IN_ONE,
    ON_LINUX,
    ON_WINDOWS,
    OTHER,
    RANGE,
    SCTP,
    TO_DNS,
    TO_HTTP,
    W1,
    block,
    egress,
    ingress,
    policy,
)
from tests.unit.rulebook.questions import (
    CLEAR,
    HIT,
    NOTHING,
    UNKNOWN,
    Case,
    Question,
    cluster,
    linux,
    local_dns,
    question,
)

DENY = ingress("", "{matchLabels: {app: db}}")
DENY_ALL = policy("{podSelector: {}, policyTypes: [Ingress, Egress]}")
L2 = node("l2", "192.168.0.6")
TWO_STACKS = pod("shop/two", {"app": "db"}, on="l1", ips=["10.244.1.12", "fd00::12"])
PORTS = [{"port": 80, "targetPort": 5432}]
LB = service("shop/db", {"app": "db"}, PORTS, type="LoadBalancer")
LB_LOCAL = service(
    "shop/db", {"app": "db"}, PORTS, type="LoadBalancer", externalTrafficPolicy="Local"
)
LB_LOOSE = service("shop/db", None, PORTS, type="LoadBalancer")
HOOK = WebhookBackend("ValidatingWebhookConfiguration", "check", "shop", "db", 80)
NODES_BY_BLOCK = "cilium:1.18?cidrMatchMode=nodes"
NOT_ENFORCED = "cilium:1.18?policyEnforcement=never"
OPEN_SQL = ingress("{ports: [{port: 5432}]}", "{matchLabels: {app: db}}")

PUBLISHED = pod(
    "shop/web",
    {"app": "web"},
    on="l1",
    containers=[{"name": "main", "ports": [{"containerPort": 8080, "hostPort": 80}]}],
)
PUBLISHED_NOT = pod("shop/web", {"app": "web"}, on="l1")
NODE_PORTS = [{**PORTS[0], "nodePort": 30080}]
NODE_PORT = service("shop/db", {"app": "db"}, NODE_PORTS, type="NodePort")
NODE_PORT_LOCAL = service(
    "shop/db", {"app": "db"}, NODE_PORTS, type="NodePort", externalTrafficPolicy="Local"
)
NODE_PORT_LOOSE = service("shop/db", None, NODE_PORTS, type="NodePort")
DB_HOST = pod("shop/db", {"app": "db"}, on="l1", hostNetwork=True)
CLOSED_WEB = ingress("", "{matchLabels: {app: web}}")
CLOSED_OUT = policy("{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress]}")
CLOSED_BY_MODE = "cilium:1.18?policyEnforcement=always"


def move(*manifests: Manifest, source: str = "npm", **more: Any) -> Question:
    """The change to Cilium, unless another engine is named."""
    return question(*manifests, source=source, **more)


CASES = (
    Case(
        "MIG-001",
        HIT,
        move(DB, FRONT, L1, block("10.244.0.0/16")),
        Severity.HIGH,
        "/spec/egress/0/to/0/ipBlock/cidr",
    ),
    Case("MIG-001", HIT, move(DB, L1, block("0.0.0.0/0"), source="calico")),
    Case("MIG-001", CLEAR, move(DB, L1, block("203.0.113.0/24"))),
    Case("MIG-001", CLEAR, move(OTHER, L1, block("10.244.0.0/16")), detail="selects no pod"),
    Case(
        "MIG-001",
        CLEAR,
        move(
            DB,
            L1,
            policy(
                "{podSelector: {}, policyTypes: [Ingress], egress: "
                "[{to: [{ipBlock: {cidr: 10.244.0.0/16}}]}]}"
            ),
        ),
        detail="the section has no effect today",
    ),
    Case("MIG-001", UNKNOWN, move(pod("shop/db"), block("10.244.0.0/16"))),
    Case("MIG-002", HIT, move(DB, L1, block("192.168.0.0/24")), Severity.HIGH),
    Case("MIG-002", CLEAR, move(DB, L1, block("203.0.113.0/24"))),
    Case("MIG-002", UNKNOWN, move(DB, block("203.0.113.0/24"))),
    Case("MIG-003", HIT, move(DB, L1, block("0.0.0.0/0")), Severity.HIGH),
    Case("MIG-003", CLEAR, move(DB, L1, block("10.0.0.0/8"))),
    Case(
        "MIG-003",
        CLEAR,
        move(
            DB,
            L1,
            egress("{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8, 192.168.0.0/16]}}]}"),
        ),
    ),
    Case(
        "MIG-003",
        UNKNOWN,
        move(pod("shop/db"), egress("{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}]}")),
    ),
    Case(
        "MIG-004",
        HIT,
        move(DB, L1, egress("{ports: [{port: 443}]}")),
        Severity.HIGH,
        endpoints=("shop/Pod/db",),
    ),
    Case("MIG-004", HIT, move(DB, L1, egress("{ports: [{port: 443}]}"), engine="calico")),
    Case("MIG-004", CLEAR, move(DB, L1, egress("{}"))),
    Case("MIG-004", CLEAR, move(DB, L1, DENY)),
    Case(
        "MIG-004",
        CLEAR,
        move(W1, ON_WINDOWS, egress("{ports: [{port: 443}]}"), engine="calico", record=BOTH),
        detail="on Windows",
    ),
    Case("MIG-004", UNKNOWN, move(egress("{ports: [{port: 443}]}"))),
    Case(
        "MIG-004",
        CLEAR,
        move(DB, L1, block("192.168.0.0/24"), engine="calico"),
        detail="a block covers its node",
    ),
    Case(
        "MIG-004",
        HIT,
        move(DB, L1, block("192.168.0.0/24"), engine="cilium"),
        detail="a block that Cilium does not match nodes with",
    ),
    Case(
        "MIG-004",
        HIT,
        move(DB, L1, block("203.0.113.0/24"), engine="calico"),
        detail="a block elsewhere",
    ),
    Case(
        "MIG-004",
        UNKNOWN,
        move(pod("shop/db", {"app": "db"}), block("192.168.0.0/24"), engine="calico"),
        detail="a block that may cover its node",
    ),
    *(
        Case(rule, CLEAR, move(DB, L1, block("192.168.0.0/24"), engine=NODES_BY_BLOCK))
        for rule in ("MIG-002", "MIG-004", "MIG-005")
    ),
    *(
        Case(rule, CLEAR, move(DB, L1, block("0.0.0.0/0"), engine=NOT_ENFORCED))
        for rule in ("MIG-001", "MIG-002", "MIG-003", "MIG-004", "MIG-005")
    ),
    Case("MIG-005", HIT, move(DB, L1, block("192.168.0.0/24")), Severity.MEDIUM),
    Case("MIG-005", CLEAR, move(DB, L1, block("192.168.0.0/24", direction="ingress"))),
    Case("MIG-005", UNKNOWN, move(DB, block("192.168.0.0/24"))),
    Case(
        "MIG-006", HIT, move(DB, L1, LB, DENY), Severity.HIGH, endpoints=("shop/db", "shop/Pod/db")
    ),
    Case("MIG-006", CLEAR, move(DB, L1, LB, OPEN_SQL), detail="open to everyone"),
    Case(
        "MIG-006", CLEAR, move(DB, L1, LB, ingress("{ports: [{port: sql}]}")), detail="open by name"
    ),
    Case("MIG-006", CLEAR, move(DB, L1, LB_LOCAL, DENY), detail="Local"),
    Case(
        "MIG-006",
        CLEAR,
        move(DB, FRONT, L1, LB, ingress("", "{matchLabels: {app: front}}")),
        detail="backends not selected",
    ),
    Case("MIG-006", HIT, move(DB, L1, LB, DENY, engine="calico")),
    Case("MIG-006", UNKNOWN, move(DB, L1, LB_LOOSE, DENY), detail="no selector"),
    Case("MIG-006", UNKNOWN, move(LB, DENY), detail="no pods"),
    Case("MIG-007", HIT, move(DB, L1, LB, ingress("{from: [{ipBlock: {cidr: 203.0.113.0/24}}]}"))),
    Case("MIG-007", CLEAR, move(DB, L1, LB, DENY)),
    Case("MIG-007", UNKNOWN, move(LB, ingress("{from: [{ipBlock: {cidr: 203.0.113.0/24}}]}"))),
    Case(
        "MIG-008",
        HIT,
        move(DB, L1, L2, block("192.168.0.0/24", direction="ingress")),
        Severity.HIGH,
    ),
    Case(
        "MIG-008",
        CLEAR,
        move(DB, L1, L2, block("192.168.0.4/32", direction="ingress")),
        detail="one node of two",
    ),
    Case("MIG-008", CLEAR, move(DB, L1, block("192.168.0.0/24"))),
    Case("MIG-008", UNKNOWN, move(DB, block("192.168.0.0/24", direction="ingress"))),
    Case("MIG-009", HIT, move(DB, L1, LB, DENY, webhooks=(HOOK,)), Severity.HIGH),
    Case("MIG-009", CLEAR, move(DB, L1, LB, OPEN_SQL, webhooks=(HOOK,))),
    Case("MIG-009", CLEAR, move(DB, L1, LB), detail="nothing isolated"),
    Case("MIG-009", CLEAR, move(DB, L1, DENY, webhooks=())),
    Case("MIG-009", UNKNOWN, move(DB, L1, LB, DENY)),
    Case("MIG-009", UNKNOWN, move(DB, L1, DENY, webhooks=(HOOK,)), detail="Service not given"),
    Case(
        "MIG-010",
        HIT,
        move(
            DB,
            L1,
            egress("{ports: [{port: 443}]}"),
            record=cluster(pools=(linux(local_dns_profile=local_dns("Enabled")),)),
        ),
        Severity.HIGH,
        endpoints=("shop/Pod/db",),
    ),
    Case("MIG-010", CLEAR, move(DB, L1, egress("{ports: [{port: 443}]}"))),
    Case("MIG-010", CLEAR, move(DB, L1, DENY, local_dns=True)),
    Case(
        "MIG-010",
        CLEAR,
        move(DB, L1, block("0.0.0.0/0"), engine=NODES_BY_BLOCK, local_dns=True),
        detail="a block covers it",
    ),
    Case(
        "MIG-010",
        HIT,
        move(DB, L1, block("192.168.0.0/24"), engine=NODES_BY_BLOCK, local_dns=True),
        detail="a block covers the node's own address only",
    ),
    Case(
        "MIG-010",
        UNKNOWN,
        move(DB, L1, egress("{ports: [{port: 443}]}"), record=cluster(kubernetes="1.36.0")),
    ),
    Case(
        "MIG-011",
        HIT,
        move(DB, DNS_POD, L1, block("10.244.1.53/32")),
        Severity.HIGH,
        endpoints=("shop/Pod/db",),
    ),
    Case("MIG-011", CLEAR, move(DB, DNS_POD, KUBE_SYSTEM, L1, egress(TO_DNS))),
    Case("MIG-011", UNKNOWN, move(DB, L1, block("10.244.0.0/16"))),
    Case("MIG-011", UNKNOWN, move(block("10.244.0.0/16")), detail="no pods"),
    Case(
        "MIG-012",
        HIT,
        move(
            DB,
            policy(
                "{podSelector: {}, policyTypes: [Egress], egress: [{}], ingress: "
                "[{from: [{podSelector: {}}]}]}"
            ),
        ),
        Severity.HIGH,
        "/spec/ingress",
    ),
    Case("MIG-012", CLEAR, move(DB, DENY)),
    Case(
        "MIG-013",
        HIT,
        move(
            pod("shop/db", {"pod-template-hash": "abc"}),
            ingress("", "{matchLabels: {pod-template-hash: abc}}"),
        ),
        Severity.HIGH,
    ),
    Case("MIG-013", CLEAR, move(DB, DENY)),
    Case(
        "MIG-014",
        HIT,
        move(namespace("lab", {"team": "a"}), DB, L1, NOT_IN),
        Severity.HIGH,
        endpoints=("lab",),
    ),
    Case(
        "MIG-014",
        CLEAR,
        move(namespace("shop"), DB, L1, NOT_IN),
        detail="no namespace has the values",
    ),
    Case("MIG-014", UNKNOWN, move(DB, L1, NOT_IN), detail="labels not given"),
    Case(
        "MIG-014",
        CLEAR,
        move(namespace("lab", {"team": "a"}), DB, L1, NOT_IN, source="npm?fixes=2026-09"),
    ),
    Case("MIG-015", HIT, move(DB, L1, NOT_IN_ONE, engine="calico"), Severity.HIGH),
    Case("MIG-015", HIT, move(DB, L1, NOT_IN_ONE, engine="cilium:1.19")),
    Case("MIG-015", CLEAR, move(DB, L1, NOT_IN_ONE), detail="Cilium 1.18 does the same"),
    Case("MIG-015", HIT, move(DB, L1, NOT_IN_ONE, source="calico"), detail="begins to match"),
    Case("MIG-016", HIT, move(ON_LINUX, L1, IPV6), Severity.HIGH),
    Case(
        "MIG-016",
        HIT,
        move(L1, W1, ON_WINDOWS, NAMED, engine="calico", record=BOTH),
        detail="Windows",
    ),
    Case(
        "MIG-016",
        HIT,
        move(TWO_STACKS, ON_LINUX, L1, DENY),
        detail="isolated, and there is IPv6",
        endpoints=("shop/Pod/two",),
    ),
    Case("MIG-016", CLEAR, move(ON_LINUX, L1, NAMED)),
    Case("MIG-016", CLEAR, move(TWO_STACKS, L1, LB), detail="nothing isolates it"),
    Case("MIG-016", UNKNOWN, move(pod("shop/x"), NAMED, L1, W1, engine="calico", record=BOTH)),
    Case("MIG-017", HIT, move(FRONT, RANGE, engine="cilium:1.16"), Severity.HIGH),
    Case("MIG-017", CLEAR, move(FRONT, RANGE)),
    Case("MIG-018", HIT, move(DB, FRONT, OTHER, L1, TO_HTTP), Severity.HIGH),
    Case("MIG-018", CLEAR, move(DB, FRONT, L1, TO_HTTP)),
    Case("MIG-018", UNKNOWN, move(TO_HTTP)),
    Case(
        "MIG-019",
        HIT,
        move(HOST, DB, L1, ingress("{from: [{podSelector: {matchLabels: {app: agent}}}]}")),
    ),
    Case("MIG-019", CLEAR, move(HOST, DB, L1, DENY)),
    Case("MIG-019", UNKNOWN, move(NAMED)),
    Case(
        "MIG-020",
        HIT,
        move(DB, FRONT, DENY, engine="none"),
        Severity.HIGH,
        endpoints=("shop/Pod/db",),
    ),
    Case("MIG-020", CLEAR, move(DB, engine="none")),
    Case("MIG-020", UNKNOWN, move(DENY, engine="none")),
    Case("MIG-021", HIT, move(DB, DENY, source="none"), Severity.HIGH, endpoints=("shop/Pod/db",)),
    Case("MIG-021", CLEAR, move(FRONT, DENY, source="none")),
    Case("MIG-021", UNKNOWN, move(DENY, source="none")),
    Case("MIG-022", HIT, move(GNP, source="calico"), Severity.HIGH),
    Case("MIG-022", CLEAR, move(DENY, source="calico")),
    Case("MIG-023", HIT, move(DB, SCTP), Severity.MEDIUM),
    Case("MIG-023", HIT, move(DB, NAMED, needs_icmp=True)),
    Case("MIG-023", HIT, move(pod("shop/x", ports="9000/SCTP"))),
    Case("MIG-023", CLEAR, move(DB, NAMED, needs_icmp=False)),
    Case("MIG-023", UNKNOWN, move(DB, NAMED)),
    Case("MIG-024", HIT, move(npm_image="mcr/azure-npm:v1.6.34"), Severity.INFO),
    Case("MIG-024", CLEAR, move(npm_image="azure-npm:v1.8.12")),
    Case("MIG-024", UNKNOWN, move()),
    Case("MIG-024", UNKNOWN, move(npm_image="azure-npm:v1.7.1"), detail="line not known"),
    Case("MIG-025", HIT, question(CNP_L4, source="cilium:1.18", engine="npm"), Severity.HIGH),
    Case(
        "MIG-025",
        HIT,
        question(DB, L1, block("10.244.0.0/16"), source="cilium:1.18", engine="calico"),
        detail="blocks match again",
    ),
    Case(
        "MIG-025",
        HIT,
        question(DB, L1, DENY_ALL, source="cilium:1.18", engine="npm"),
        detail="own node opens",
        endpoints=("shop/Pod/db",),
    ),
    Case("MIG-025", CLEAR, question(DB, L1, DENY, source="cilium:1.18", engine="npm")),
    Case(
        "MIG-025",
        UNKNOWN,
        question(DB, block("203.0.113.0/24"), source="cilium:1.18", engine="calico"),
    ),
    Case(
        "MIG-026",
        HIT,
        question(source="calico", engine="calico", ipam=Ipam.OVERLAY, record=cluster("kubenet")),
        Severity.MEDIUM,
    ),
    Case("MIG-026", CLEAR, question(source="calico", engine="calico", ipam=Ipam.OVERLAY)),
    Case("MIG-026", UNKNOWN, question(source="calico", engine="calico", record=NOTHING)),
    Case("MIG-027", HIT, move(DENY), Severity.LOW),
    Case("MIG-027", CLEAR, move(DB)),
    Case(
        "MIG-028",
        HIT,
        move(DB, L1, DENY_ALL, service("shop/self", {"app": "db"}, PORTS), engine="calico"),
        Severity.MEDIUM,
        endpoints=("shop/Pod/db",),
    ),
    Case("MIG-028", CLEAR, move(DB, L1, DENY_ALL, service("shop/self", {"app": "db"}, PORTS))),
    Case(
        "MIG-028", CLEAR, move(DB, L1, service("shop/self", {"app": "db"}, PORTS), engine="calico")
    ),
    Case(
        "MIG-029",
        HIT,
        move(DB, block("010.1.0.0/16"), engine="calico"),
        Severity.MEDIUM,
        "/spec/egress/0/to/0/ipBlock/cidr",
    ),
    Case("MIG-029", CLEAR, move(DB, block("10.1.0.0/16"), engine="calico")),
    Case(
        "MIG-030",
        HIT,
        move(
            DB,
            pod("shop/i", init_ports="adm=7000"),
            ingress("{ports: [{port: adm}]}"),
            engine="calico",
        ),
        Severity.MEDIUM,
    ),
    Case(
        "MIG-030",
        CLEAR,
        move(DB, pod("shop/i", init_ports="adm=7000"), ingress("{ports: [{port: adm}]}")),
    ),
    Case("MIG-031", HIT, question(ANP, source="calico:3.30"), Severity.HIGH),
    Case("MIG-031", CLEAR, question(ANP, source="npm")),
    Case("MIG-031", HIT, question(GNP, source="npm", engine="calico"), detail="begins to count"),
    Case("MIG-031", CLEAR, question(GNP, source="calico"), detail="MIG-022 says it"),
    Case(
        "MIG-032",
        HIT,
        question(DB, L1, DENY_ALL, source="calico", engine="npm"),
        Severity.HIGH,
        endpoints=("shop/Pod/db",),
    ),
    Case("MIG-032", HIT, question(DB, L1, LB, DENY, source="calico", engine="npm")),
    Case("MIG-032", CLEAR, question(DB, L1, DENY, source="calico", engine="npm")),
    Case("MIG-032", UNKNOWN, question(DENY, source="calico", engine="npm")),
    Case("MIG-033", HIT, question(DB, L1, IPV6, source="calico", engine="npm"), Severity.HIGH),
    Case(
        "MIG-033",
        HIT,
        question(TWO_STACKS, L1, DENY, source="calico", engine="npm"),
        detail="isolated, and there is IPv6",
    ),
    Case("MIG-033", CLEAR, question(DB, L1, DENY, source="calico", engine="npm")),
    Case(
        "MIG-033",
        UNKNOWN,
        question(pod("shop/x"), NAMED, L1, W1, source="calico", engine="npm", record=BOTH),
    ),
    Case("MIG-034", HIT, move(engine="cilium:1.18?policyEnforcement=always"), Severity.HIGH),
    Case("MIG-034", CLEAR, move()),
    Case(
        "MIG-035",
        HIT,
        move(W1, L1, ON_WINDOWS, NAMED, engine="calico"),
        pointer="/spec/ingress/0/ports/0/port",
        endpoints=("shop/Pod/win",),
    ),
    Case(
        "MIG-035",
        HIT,
        move(W1, L1, ON_WINDOWS, EXCEPT, engine="calico"),
        pointer="/spec/ingress/0/from/0/ipBlock/except",
    ),
    Case("MIG-035", CLEAR, move(W1, L1, ON_LINUX, NAMED, engine="calico"), detail="on Linux"),
    Case("MIG-035", CLEAR, move(W1, L1, ON_WINDOWS, DENY_ALL, engine="calico")),
    Case("MIG-037", HIT, move(PUBLISHED, CLOSED_WEB), Severity.MEDIUM, endpoints=("shop/Pod/web",)),
    Case("MIG-037", HIT, move(NODE_PORT, DENY), detail="node port 30080/TCP of every node"),
    Case("MIG-037", HIT, move(NODE_PORT, DB, DENY)),
    Case("MIG-037", HIT, move(NODE_PORT_LOCAL, DB, DENY), detail="of a node that runs a backend"),
    Case("MIG-037", HIT, move(NODE_PORT, DB_HOST, PUBLISHED_NOT, CLOSED_OUT)),
    # Without policies a mode may close everything.
    Case("MIG-037", HIT, move(PUBLISHED, NODE_PORT, DB, engine=CLOSED_BY_MODE)),
    Case("MIG-037", HIT, move(PUBLISHED, source=CLOSED_BY_MODE, engine="calico")),
    Case("MIG-037", CLEAR, move(PUBLISHED, NODE_PORT)),
    # Nobody stops such a call.
    Case("MIG-037", CLEAR, move(PUBLISHED, DB, DENY)),
    Case("MIG-037", CLEAR, move(NODE_PORT, PUBLISHED_NOT, CLOSED_WEB)),
    Case("MIG-037", CLEAR, move(NODE_PORT, DB_HOST, DENY)),
    Case("MIG-037", CLEAR, move(NODE_PORT, DB, CLOSED_OUT)),
    # It leads nowhere, or nobody knows where, before and after.
    Case("MIG-037", CLEAR, move(NODE_PORT, PUBLISHED_NOT, CLOSED_OUT)),
    Case("MIG-037", CLEAR, move(NODE_PORT_LOOSE, DB, CLOSED_OUT)),
    Case("MIG-037", CLEAR, move(DB, LB, DENY)),
    Case("MIG-037", UNKNOWN, move(DENY)),
    Case("MIG-036", HIT, question(W1, L1, ON_WINDOWS, NAMED, source="calico", engine="npm")),
    Case("MIG-036", CLEAR, question(L1, ON_LINUX, NAMED, source="calico", engine="npm")),
    Case(
        "MIG-036",
        UNKNOWN,
        question(ON_LINUX, NAMED, source="calico", engine="npm", record=NOTHING),
    ),
    Case(
        "MIG-035",
        UNKNOWN,
        move(pod("shop/x", {"app": "x"}), NAMED, engine="calico", record=NOTHING),
    ),
)
