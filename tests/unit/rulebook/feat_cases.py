"""FEAT: does the policy set use something that the engine cannot do?"""

from __future__ import annotations

from typing import Any

from service.analysis.stated import HostPort
from service.model.finding import Severity
from tests.builders import Manifest, namespace, network_policy, node, pod, service
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
    services,
    windows,
)

NPM, CALICO, CILIUM, OLD = "npm", "calico", "cilium:1.18", "cilium:1.16"
BOTH = cluster(pools=(linux(), windows()))
L1, W1 = node("l1", "192.168.0.4"), node("w1", "192.168.0.5", os="windows")
ON_WINDOWS = pod("shop/win", {"app": "win"}, on="w1", ips=["10.244.2.2"])
ON_LINUX = pod("shop/web", {"app": "web"}, on="l1", ips=["10.244.1.2"])
SOMEWHERE = pod("shop/any", {"app": "any"}, ips=["10.244.1.3"])
FIXED = "npm?fixes=2026-09"


def policy(spec: str, place: str = "shop/policy") -> Manifest:
    return network_policy(spec, place)


def ingress(rule: str, subject: str = "{}") -> Manifest:
    return policy(f"{{podSelector: {subject}, policyTypes: [Ingress], ingress: [{rule}]}}")


def egress(rule: str, subject: str = "{}") -> Manifest:
    return policy(f"{{podSelector: {subject}, policyTypes: [Egress], egress: [{rule}]}}")


def on_windows(manifest: Manifest, *pods: Manifest, **more: Any) -> Question:
    found = pods or (ON_WINDOWS, ON_LINUX)
    return question(L1, W1, *found, manifest, engine=NPM, record=BOTH, **more)


NAMED = ingress("{ports: [{port: http}]}")
SCTP = ingress("{ports: [{port: 9000, protocol: SCTP}]}")
NEGATIVE = ingress("{}", "{matchExpressions: [{key: debug, operator: DoesNotExist}]}")
EXCEPT = ingress("{from: [{ipBlock: {cidr: 203.0.113.0/24, except: [203.0.113.7/32]}}]}")
IPV6 = ingress("{from: [{ipBlock: {cidr: 'fd00::/8'}}]}")
ZERO = ingress("{from: [{ipBlock: {cidr: 10.0.0.0/0}}]}")
NOT_IN = ingress(
    "{from: [{namespaceSelector: {matchExpressions: "
    "[{key: team, operator: NotIn, values: [a, b]}]}}]}"
)
NOT_IN_ONE = ingress(
    "{from: [{namespaceSelector: {matchExpressions: [{key: team, operator: NotIn, values: [a]}]}}]}"
)
RANGE = ingress("{ports: [{port: 8000, endPort: 8100}]}")
DB = pod("shop/db", {"app": "db"}, on="l1", ips=["10.244.1.7"], ports="sql=5432")
FRONT = pod("shop/front", {"app": "front"}, on="l1", ips=["10.244.1.8"], ports="http=8080")
OTHER = pod("ops/mon", {"app": "mon"}, on="l1", ips=["10.244.1.9"], ports="http=3000")
TO_HTTP = egress("{ports: [{port: http}]}", "{matchLabels: {app: db}}")


def block(cidr: str, *more: str, direction: str = "egress", ports: str = "") -> Manifest:
    peers = ", ".join((f"{{ipBlock: {{cidr: {cidr}}}}}", *more))
    field = "to" if direction == "egress" else "from"
    rule = f"{{{field}: [{peers}]{f', ports: {ports}' if ports else ''}}}"
    return egress(rule) if direction == "egress" else ingress(rule)


CNP_L7: Manifest = {
    "apiVersion": "cilium.io/v2",
    "kind": "CiliumNetworkPolicy",
    "metadata": {"name": "l7", "namespace": "shop"},
    "spec": {
        "endpointSelector": {},
        "ingress": [
            {
                "toPorts": [
                    {
                        "ports": [{"port": "80", "protocol": "TCP"}],
                        "rules": {"http": [{"method": "GET"}]},
                    }
                ]
            }
        ],
    },
}
CCNP_L7: Manifest = {
    **CNP_L7,
    "kind": "CiliumClusterwideNetworkPolicy",
    "metadata": {"name": "l7"},
}
CNP_FQDN: Manifest = {
    "apiVersion": "cilium.io/v2",
    "kind": "CiliumNetworkPolicy",
    "metadata": {"name": "fqdn", "namespace": "shop"},
    "spec": {
        "endpointSelector": {},
        "egress": [{"toFQDNs": [{"matchName": "example.com"}]}],
    },
}
CNP_L4: Manifest = {
    **CNP_FQDN,
    "metadata": {"name": "l4", "namespace": "shop"},
    "spec": {"endpointSelector": {}, "ingress": [{"fromEndpoints": [{}]}]},
}
GNP: Manifest = {
    "apiVersion": "projectcalico.org/v3",
    "kind": "GlobalNetworkPolicy",
    "metadata": {"name": "default.deny"},
    "spec": {"tier": "default", "selector": "all()", "types": ["Ingress"]},
}
CNP_UNREAD: Manifest = {**CNP_FQDN, "apiVersion": "cilium.io/v2alpha1"}
HEP: Manifest = {
    "apiVersion": "projectcalico.org/v3",
    "kind": "HostEndpoint",
    "metadata": {"name": "w1"},
    "spec": {"node": "w1", "interfaceName": "*"},
}
ANP: Manifest = {
    "apiVersion": "policy.networking.k8s.io/v1alpha1",
    "kind": "AdminNetworkPolicy",
    "metadata": {"name": "anp"},
    "spec": {"priority": 10, "subject": {"namespaces": {}}},
}
HOST = pod("shop/agent", {"app": "agent"}, on="l1", ips=["192.168.0.4"], hostNetwork=True)
DNS_POD = pod("kube-system/coredns", {"k8s-app": "kube-dns"}, on="l1", ips=["10.244.1.53"])
KUBE_SYSTEM = namespace("kube-system")
TO_DNS = (
    "{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}, "
    "podSelector: {matchLabels: {k8s-app: kube-dns}}}], "
    "ports: [{port: 53, protocol: UDP}, {port: 53}]}"
)
LB_TWO = service(
    "shop/dns",
    {"app": "db"},
    [
        {"name": "tcp", "port": 53, "protocol": "TCP"},
        {"name": "udp", "port": 53, "protocol": "UDP"},
    ],
    type="LoadBalancer",
)

CASES = (
    Case(
        "FEAT-001",
        HIT,
        on_windows(NAMED),
        Severity.HIGH,
        "/spec/ingress/0/ports/0/port",
        ("shop/Pod/win",),
    ),
    Case("FEAT-001", CLEAR, on_windows(NAMED, ON_LINUX), detail="selects Linux pods only"),
    Case("FEAT-001", CLEAR, question(L1, ON_LINUX, NAMED, engine=NPM), detail="no Windows nodes"),
    Case(
        "FEAT-001",
        CLEAR,
        on_windows(ingress("{ports: [{port: http}]}, {}")),
        detail="a rule {} is translated alone",
    ),
    Case("FEAT-001", UNKNOWN, on_windows(NAMED, SOMEWHERE), detail="placement not told"),
    Case("FEAT-002", HIT, on_windows(SCTP), pointer="/spec/ingress/0/ports/0/protocol"),
    Case("FEAT-002", CLEAR, on_windows(NAMED)),
    Case("FEAT-002", UNKNOWN, question(SCTP, engine=NPM, record=BOTH)),
    Case("FEAT-003", HIT, on_windows(NEGATIVE), pointer="/spec/podSelector"),
    Case("FEAT-003", HIT, on_windows(NOT_IN), pointer="/spec/ingress/0/from/0/namespaceSelector"),
    Case("FEAT-003", CLEAR, on_windows(NAMED)),
    Case("FEAT-003", UNKNOWN, on_windows(NEGATIVE, SOMEWHERE)),
    Case("FEAT-004", HIT, on_windows(EXCEPT), pointer="/spec/ingress/0/from/0/ipBlock/except"),
    Case("FEAT-004", CLEAR, on_windows(block("203.0.113.0/24"))),
    Case("FEAT-004", UNKNOWN, question(EXCEPT, engine=NPM, record=NOTHING)),
    Case(
        "FEAT-005",
        HIT,
        question(ON_LINUX, L1, IPV6, engine=NPM),
        Severity.HIGH,
        "/spec/ingress/0/from/0/ipBlock/cidr",
        ("shop/Pod/web",),
    ),
    Case(
        "FEAT-005",
        HIT,
        question(OTHER, L1, IPV6, engine=NPM),
        Severity.INFO,
        detail="selects no pod",
    ),
    Case("FEAT-005", CLEAR, question(block("203.0.113.0/24"), engine=NPM)),
    Case("FEAT-005", CLEAR, question(IPV6, engine=CALICO)),
    Case("FEAT-006", HIT, question(ON_LINUX, L1, ZERO, engine=NPM), Severity.HIGH),
    Case(
        "FEAT-006", CLEAR, question(ingress("{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}"), engine=NPM)
    ),
    Case(
        "FEAT-007",
        HIT,
        question(namespace("lab", {"team": "a"}), ON_LINUX, L1, NOT_IN, engine=NPM),
        Severity.HIGH,
        "/spec/ingress/0/from/0/namespaceSelector",
        ("lab",),
    ),
    Case(
        "FEAT-007",
        HIT,
        question(ON_LINUX, L1, NOT_IN, engine=NPM),
        Severity.INFO,
        detail="no namespace has one of the values",
    ),
    Case("FEAT-007", CLEAR, question(ON_LINUX, NOT_IN_ONE, engine=NPM)),
    Case("FEAT-007", CLEAR, question(ON_LINUX, NOT_IN, engine=FIXED), detail="with the fixes"),
    Case("FEAT-008", HIT, question(ON_LINUX, L1, NOT_IN_ONE, engine=NPM), Severity.HIGH),
    Case("FEAT-008", CLEAR, question(ON_LINUX, NOT_IN_ONE, engine=FIXED)),
    Case(
        "FEAT-008",
        CLEAR,
        question(
            ingress(
                "{from: [{namespaceSelector: {matchLabels: {env: prod}, matchExpressions: "
                "[{key: team, operator: NotIn, values: [a]}]}}]}"
            ),
            engine=NPM,
        ),
        detail="asks for a label too",
    ),
    Case(
        "FEAT-009",
        HIT,
        question(FRONT, L1, RANGE, engine=OLD),
        Severity.HIGH,
        "/spec/ingress/0/ports/0/endPort",
        ("shop/Pod/front",),
    ),
    Case("FEAT-009", CLEAR, question(FRONT, RANGE, engine=CILIUM)),
    Case(
        "FEAT-009",
        CLEAR,
        question(FRONT, ingress("{ports: [{port: 80, endPort: 80}]}"), engine=OLD),
        detail="a single port",
    ),
    Case(
        "FEAT-010",
        HIT,
        question(DB, FRONT, L1, block("10.244.0.0/16")),
        Severity.HIGH,
        "/spec/egress/0/to/0/ipBlock/cidr",
        ("shop/Pod/db", "shop/Pod/front"),
    ),
    Case("FEAT-010", HIT, question(DB, L1, block("0.0.0.0/0")), Severity.HIGH),
    Case("FEAT-010", HIT, question(DB, L1, block("10.244.1.7/32", direction="ingress"))),
    Case(
        "FEAT-010",
        CLEAR,
        question(DB, FRONT, L1, block("203.0.113.0/24")),
        detail="outside the cluster",
    ),
    Case(
        "FEAT-010",
        CLEAR,
        question(DB, L1, block("10.244.0.0/16", "{namespaceSelector: {}}")),
        detail="a selector admits the pods too",
    ),
    Case(
        "FEAT-010",
        HIT,
        question(DB, OTHER, L1, block("10.244.0.0/16", "{podSelector: {}}")),
        detail="a selector admits those of one namespace only",
    ),
    Case(
        "FEAT-010",
        CLEAR,
        question(
            DB,
            L1,
            egress(
                "{to: [{ipBlock: {cidr: 10.244.0.0/16}}], ports: [{port: 53}]}, "
                "{ports: [{port: 53}]}"
            ),
        ),
        detail="another rule opens the port to everyone",
    ),
    Case(
        "FEAT-010",
        CLEAR,
        question(DB, L1, egress("{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}]}")),
        detail="but for the pods",
    ),
    Case("FEAT-010", CLEAR, question(block("10.244.0.0/16"), engine=CALICO)),
    Case(
        "FEAT-010",
        HIT,
        question(DB, L1, block("10.250.0.0/16"), record=cluster(pod_cidrs=("10.250.0.0/16",))),
        Severity.LOW,
        detail="over the range, nobody there",
    ),
    Case(
        "FEAT-010",
        HIT,
        question(block("10.250.0.0/16"), record=cluster(pod_cidrs=("10.250.0.0/16",))),
        Severity.HIGH,
        detail="no pods given, the range is",
    ),
    Case(
        "FEAT-010",
        UNKNOWN,
        question(pod("shop/db", {"app": "db"}), block("10.250.0.0/16")),
        detail="pods without addresses",
    ),
    Case("FEAT-010", UNKNOWN, question(block("10.250.0.0/16")), detail="no pods"),
    Case(
        "FEAT-011",
        HIT,
        question(DB, L1, block("192.168.0.0/24")),
        Severity.HIGH,
        "/spec/egress/0/to/0/ipBlock/cidr",
    ),
    Case(
        "FEAT-011",
        HIT,
        question(DB, block("192.168.0.0/24"), node_cidrs=("192.168.0.0/24",)),
        detail="subnet stated",
    ),
    Case("FEAT-011", CLEAR, question(DB, L1, block("10.20.30.0/24"))),
    Case("FEAT-011", CLEAR, question(DB, block("10.20.30.0/24"), node_cidrs=("192.168.0.0/24",))),
    Case("FEAT-011", UNKNOWN, question(DB, block("10.20.30.0/24"))),
    Case(
        "FEAT-012",
        HIT,
        question(DB, L1, block("10.0.0.0/16"), record=cluster(service_cidrs=("10.0.0.0/16",))),
        Severity.MEDIUM,
    ),
    Case(
        "FEAT-012",
        CLEAR,
        question(DB, L1, block("10.1.0.0/16"), record=cluster(service_cidrs=("10.0.0.0/16",))),
    ),
    Case(
        "FEAT-012",
        CLEAR,
        question(
            DB,
            L1,
            block("10.0.0.0/16", direction="ingress"),
            record=cluster(service_cidrs=("10.0.0.0/16",)),
        ),
    ),
    Case("FEAT-012", UNKNOWN, question(DB, L1, block("10.0.0.0/16"))),
    Case(
        "FEAT-013",
        HIT,
        question(DB, FRONT, OTHER, L1, TO_HTTP),
        Severity.HIGH,
        "/spec/egress/0/ports/0/port",
        ("shop/Pod/db",),
    ),
    Case("FEAT-013", CLEAR, question(DB, FRONT, L1, TO_HTTP), detail="one number"),
    Case("FEAT-013", CLEAR, question(DB, FRONT, OTHER, L1, NAMED), detail="ingress"),
    Case("FEAT-013", UNKNOWN, question(TO_HTTP)),
    Case(
        "FEAT-013",
        UNKNOWN,
        question(DB, FRONT, pod("shop/side", {}, init_ports="http=7000"), TO_HTTP),
        detail="init container",
    ),
    Case("FEAT-014", HIT, question(DB, SCTP), Severity.MEDIUM),
    Case("FEAT-014", CLEAR, question(DB, NAMED)),
    Case("FEAT-014", CLEAR, question(DB, SCTP, engine="cilium:1.18?sctp=enabled")),
    Case(
        "FEAT-015",
        HIT,
        question(DB, ingress("{}", "{matchLabels: {pod-template-hash: abc}}")),
        Severity.INFO,
        "/spec/podSelector",
    ),
    Case(
        "FEAT-015",
        HIT,
        question(
            DB,
            ingress(
                "{from: [{podSelector: {matchExpressions: "
                "[{key: controller-revision-hash, operator: Exists}]}}]}"
            ),
        ),
        Severity.HIGH,
        "/spec/ingress/0/from/0/podSelector",
    ),
    Case(
        "FEAT-015", CLEAR, question(DB, ingress("{}", "{matchLabels: {app.kubernetes.io/name: x}}"))
    ),
    Case(
        "FEAT-015",
        CLEAR,
        question(DB, ingress("{}", "{matchLabels: {pod-template-hash: abc}}"), engine=CALICO),
    ),
    Case(
        "FEAT-016",
        HIT,
        question(
            DB,
            policy(
                "{podSelector: {}, policyTypes: [Ingress], egress: [{to: [{podSelector: {}}]}]}"
            ),
        ),
        Severity.HIGH,
        "/spec/egress",
        ("shop/Pod/db",),
    ),
    Case("FEAT-016", CLEAR, question(DB, NAMED)),
    Case("FEAT-017", HIT, question(DB, LB_TWO, engine=OLD), Severity.HIGH, endpoints=("shop/dns",)),
    Case(
        "FEAT-017",
        HIT,
        question(engine=OLD, host_ports=(HostPort("a", "x", 53), HostPort("b", "y", 53, "UDP"))),
        detail="host ports",
    ),
    Case("FEAT-017", CLEAR, question(DB, LB_TWO, engine=CILIUM)),
    Case("FEAT-017", CLEAR, question(DB, engine=OLD, host_ports=())),
    Case("FEAT-017", UNKNOWN, question(DB, engine=OLD)),
    Case("FEAT-018", HIT, question(CNP_L7), Severity.BLOCKER, "/spec/ingress/0/toPorts/0"),
    Case(
        "FEAT-018",
        HIT,
        question(CNP_L7, record=cluster(advanced_networking=services("L7"), kubernetes="1.28.0")),
        detail="Kubernetes too old",
    ),
    Case("FEAT-018", HIT, question(CNP_L7, record=cluster(advanced_networking=services("FQDN")))),
    Case("FEAT-018", CLEAR, question(CNP_L7, record=cluster(advanced_networking=services("L7")))),
    Case("FEAT-018", CLEAR, question(CNP_FQDN)),
    Case("FEAT-018", UNKNOWN, question(CNP_L7, record=NOTHING)),
    Case("FEAT-018", UNKNOWN, question(CNP_UNREAD), detail="the policy was not read"),
    Case("FEAT-019", HIT, question(CNP_FQDN), Severity.BLOCKER),
    Case(
        "FEAT-019", CLEAR, question(CNP_FQDN, record=cluster(advanced_networking=services("FQDN")))
    ),
    Case("FEAT-019", CLEAR, question(CNP_L4)),
    Case("FEAT-019", UNKNOWN, question(CNP_FQDN, record=NOTHING)),
    Case("FEAT-019", UNKNOWN, question(CNP_UNREAD), detail="the policy was not read"),
    Case("FEAT-020", HIT, question(CCNP_L7), Severity.BLOCKER),
    Case("FEAT-020", CLEAR, question(CNP_L7)),
    Case("FEAT-020", UNKNOWN, question(CNP_UNREAD), detail="the policy was not read"),
    Case("FEAT-021", HIT, question(GNP), Severity.HIGH),
    Case("FEAT-021", HIT, question(CNP_L4, engine=CALICO)),
    Case("FEAT-021", HIT, question(ANP), Severity.HIGH),
    Case(
        "FEAT-021",
        HIT,
        question(ANP, engine="calico:3.30"),
        Severity.MEDIUM,
        detail="read upstream only",
    ),
    Case("FEAT-021", CLEAR, question(CNP_L4)),
    Case("FEAT-021", CLEAR, question(GNP, engine=CALICO)),
    Case(
        "FEAT-022",
        HIT,
        question(HOST, L1, ingress("{}", "{matchLabels: {app: agent}}")),
        Severity.MEDIUM,
        "/spec/podSelector",
        ("shop/Pod/agent",),
    ),
    Case("FEAT-022", CLEAR, question(HOST, DB, L1, ingress("{}", "{matchLabels: {app: db}}"))),
    Case("FEAT-022", UNKNOWN, question(NAMED)),
    Case(
        "FEAT-023",
        HIT,
        question(HOST, DB, L1, ingress("{from: [{podSelector: {matchLabels: {app: agent}}}]}")),
        Severity.HIGH,
        "/spec/ingress/0/from/0",
    ),
    Case(
        "FEAT-023",
        HIT,
        question(HOST, DB, L1, ingress("{from: [{podSelector: {}}]}")),
        Severity.MEDIUM,
        detail="other pods too",
    ),
    Case(
        "FEAT-023",
        CLEAR,
        question(HOST, DB, L1, ingress("{from: [{podSelector: {matchLabels: {app: db}}}]}")),
    ),
    Case("FEAT-023", UNKNOWN, question(NAMED)),
    Case("FEAT-024", HIT, question(HEP, W1, engine=CALICO, record=BOTH), Severity.MEDIUM),
    Case(
        "FEAT-024",
        HIT,
        question(engine=CALICO, record=cluster(families=("IPv4", "IPv6"), pools=(windows(),))),
    ),
    Case("FEAT-024", CLEAR, question(HEP, engine=CALICO), detail="no Windows nodes"),
    Case("FEAT-024", CLEAR, question(engine=CALICO, record=BOTH)),
    Case("FEAT-024", UNKNOWN, question(engine=CALICO, record=NOTHING)),
    Case(
        "FEAT-025",
        HIT,
        question(DB, DNS_POD, KUBE_SYSTEM, L1, egress("{ports: [{port: 443}]}")),
        Severity.MEDIUM,
        endpoints=("shop/Pod/db",),
    ),
    Case(
        "FEAT-025",
        HIT,
        question(DB, DNS_POD, KUBE_SYSTEM, L1, egress("{ports: [{port: 53, protocol: UDP}]}")),
        Severity.LOW,
        detail="UDP only",
    ),
    Case("FEAT-025", CLEAR, question(DB, DNS_POD, KUBE_SYSTEM, L1, egress(TO_DNS))),
    Case("FEAT-025", CLEAR, question(DB, L1, egress(TO_DNS)), detail="the DNS pods not given"),
    Case("FEAT-025", CLEAR, question(DB, L1, NAMED), detail="not isolated on egress"),
    Case(
        "FEAT-025",
        HIT,
        question(DB, DNS_POD, L1, block("10.244.1.53/32")),
        detail="by a block, under Cilium",
    ),
    Case(
        "FEAT-025",
        CLEAR,
        question(DB, DNS_POD, L1, block("10.244.1.53/32"), engine=CALICO),
        detail="by a block, under Calico",
    ),
    Case(
        "FEAT-025",
        CLEAR,
        question(
            DB,
            L1,
            egress("{ports: [{port: 443}]}"),
            engine=NPM,
            record=cluster(pools=(linux(local_dns_profile=local_dns("Enabled")),)),
        ),
        detail="LocalDNS on the own node",
    ),
    Case(
        "FEAT-025",
        UNKNOWN,
        question(DB, L1, block("10.244.0.0/16"), engine=CALICO),
        detail="the DNS pods' addresses not given",
    ),
    Case("FEAT-025", UNKNOWN, question(egress("{ports: [{port: 443}]}"))),
    Case("FEAT-026", HIT, question(DB, block("168.63.129.16/32")), Severity.INFO),
    Case("FEAT-026", CLEAR, question(DB, block("0.0.0.0/0")), detail="covered by chance"),
    Case("FEAT-026", CLEAR, question(DB, block("168.63.129.16/32", ports="[{port: 53}]"))),
    Case("FEAT-027", HIT, question(DB, NAMED, needs_icmp=True), Severity.LOW),
    Case("FEAT-027", CLEAR, question(DB, NAMED, needs_icmp=False)),
    Case("FEAT-027", CLEAR, question(DB, ingress("{}")), detail="a rule without ports"),
    Case("FEAT-027", UNKNOWN, question(DB, NAMED)),
    Case("FEAT-028", HIT, question(pod("shop/job", {"spark-app-selector": "a1"})), Severity.MEDIUM),
    Case("FEAT-028", CLEAR, question(DB)),
    Case("FEAT-028", UNKNOWN, question()),
)
