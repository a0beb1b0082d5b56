"""Table 7.2 of semantics.md: kinds of traffic, and what each engine makes of them.

Row 39 (connections that stand when a policy comes) is about time, which a verdict knows nothing
of. Expectations marked [?] there are Unknown here, with the assumption named.
"""

from __future__ import annotations

import pytest

from tests.builders import service
from tests.unit.engines.rows import ENFORCING, Row, answers, check

DENY_IN = "{podSelector: {}}"
DENY_OUT = "{podSelector: {}, policyTypes: [Egress]}"
DENY_BOTH = "{podSelector: {}, policyTypes: [Ingress, Egress]}"
ALLOW_OWN = (
    "{podSelector: {}, policyTypes: [Ingress, Egress], "
    "ingress: [{from: [{podSelector: {}}]}], egress: [{to: [{podSelector: {}}]}]}"
)
NODES_OUT = (
    "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 192.168.0.0/24}}]}]}"
)
CLIENTS = "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 203.0.113.0/24}}]}]}"
ALL_PODS = "{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}"
HOST_PODS = "{podSelector: {matchLabels: {app: hostd}}}"

#: A call from outside: the backend runs on n1, which receives it or not.
RECEIVED_THERE = "203.0.113.10 -> svc:shop/web-svc TCP/80 [backend web, node n1]"
RECEIVED_ELSEWHERE = "203.0.113.10 -> svc:shop/web-svc TCP/80 [backend web, node n2]"
HAIRPIN = "shop/web -> svc:shop/web-svc TCP/80 [backend web]"
NODE_PORT = service(
    "shop/node-port",
    {"app": "web", "tier": "front"},
    [{"port": 80, "targetPort": "http", "nodePort": 30080}],
    type="NodePort",
)
NOT_DOCUMENTED = {"windows": "NpmWindowsServiceTraffic"}

ROWS = [
    Row("25", "own node, ingress closed", DENY_IN, "node:n1 -> shop/web TCP/8080",
        allow=f"{ENFORCING} cilium?policyEnforcement=always"),
    Row("25", "hostNetwork pod of the own node", DENY_IN, "shop/hostd -> shop/web TCP/8080",
        allow=ENFORCING),
    Row("26", "other node, ingress closed", DENY_IN, "node:n2 -> shop/web TCP/8080",
        deny=ENFORCING),
    Row("26", "hostNetwork pod of another node", DENY_IN, "shop/hostd -> shop/web2 TCP/9090",
        deny=ENFORCING),
    Row("27", "own node, egress closed", DENY_OUT, "shop/web -> node:n1 TCP/10250",
        allow="kubernetes npm", deny="windows calico cilium"),
    Row("27", "hostNetwork pod there, egress closed", DENY_OUT, "shop/web -> shop/hostd TCP/80",
        allow="kubernetes npm", deny="windows calico cilium"),
    Row("27", "own node, ipBlock of nodes allowed", NODES_OUT, "shop/web -> node:n1 TCP/10250",
        allow="kubernetes npm windows calico cilium?cidrMatchMode=nodes", deny="cilium"),
    Row("28", "other node, ipBlock of nodes allowed", NODES_OUT, "shop/web -> node:n2 TCP/10250",
        allow="kubernetes npm windows calico cilium?cidrMatchMode=nodes", deny="cilium"),
    Row("28", "other node, egress closed", DENY_OUT, "shop/web -> node:n2 TCP/10250",
        deny=ENFORCING),
    Row("29", "hairpin, everything closed", DENY_BOTH, HAIRPIN,
        allow="npm cilium", deny="calico",
        unknown={"kubernetes": "HairpinUndefined", **NOT_DOCUMENTED}),
    Row("29", "hairpin, own namespace allowed", ALLOW_OWN, HAIRPIN,
        allow="kubernetes npm calico cilium", unknown=NOT_DOCUMENTED),
    Row("29", "hairpin without policies", "", HAIRPIN, allow=f"{ENFORCING} none"),
    Row("29", "own Service, whichever backend", DENY_BOTH, "shop/web -> svc:shop/web-svc TCP/80",
        deny="calico", unknown={"npm": "ServiceBackend", "cilium": "ServiceBackend"}),
    Row("30", "eTP Cluster, received by the backend's node, closed", DENY_IN, RECEIVED_THERE,
        allow="npm", deny="calico cilium", traffic_policy="Cluster",
        unknown={"kubernetes": "SourceAddressUndefined", **NOT_DOCUMENTED}),
    Row("31", "the same, clients' block allowed", CLIENTS, RECEIVED_THERE,
        allow="kubernetes npm calico cilium", unknown=NOT_DOCUMENTED, traffic_policy="Cluster"),
    Row("32", "received elsewhere, clients' block allowed", CLIENTS, RECEIVED_ELSEWHERE,
        allow="cilium?routing=tunnel", deny="calico cilium", traffic_policy="Cluster",
        unknown={
            "kubernetes": "SourceAddressUndefined", "npm": "NpmForwardedLoadBalancerTraffic",
            **NOT_DOCUMENTED,
        }),
    Row("32", "received elsewhere, closed", DENY_IN, RECEIVED_ELSEWHERE,
        deny="kubernetes calico cilium cilium?routing=tunnel", traffic_policy="Cluster",
        unknown={"npm": "NpmForwardedLoadBalancerTraffic", **NOT_DOCUMENTED}),
    Row("32", "wherever received, clients' block allowed", CLIENTS,
        "203.0.113.10 -> svc:shop/web-svc TCP/80 [backend web]", traffic_policy="Cluster",
        unknown=dict.fromkeys(["npm", "calico", "cilium"], "ReceivingNode"),
        allow="cilium?routing=tunnel"),
    Row("33", "received elsewhere, all pods allowed", ALL_PODS, RECEIVED_ELSEWHERE,
        deny="kubernetes calico cilium", traffic_policy="Cluster",
        unknown={"npm": "NpmForwardedLoadBalancerTraffic", **NOT_DOCUMENTED}),
    Row("34", "eTP Local, clients' block allowed", CLIENTS, RECEIVED_THERE,
        allow="kubernetes npm calico cilium", unknown=NOT_DOCUMENTED, traffic_policy="Local"),
    Row("34", "eTP Local, closed", DENY_IN, RECEIVED_THERE,
        deny="kubernetes npm calico cilium", unknown=NOT_DOCUMENTED, traffic_policy="Local"),
    Row("34", "eTP Local, node without backend", CLIENTS,
        "203.0.113.10 -> svc:shop/local TCP/80 [node n1]",
        unknown=dict.fromkeys(ENFORCING.split(), "EndpointHasNoNetwork"),
        also=(
            service("shop/local", {"app": "db"}, [{"port": 80, "targetPort": 5432}],
                    type="LoadBalancer", externalTrafficPolicy="Local"),
        )),
    Row("34", "load balancer without policies", "", RECEIVED_ELSEWHERE,
        allow=f"{ENFORCING} none", traffic_policy="Cluster"),
    Row("35", "egress to the Service's range",
        "{policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.0.0.0/16}}]}]}",
        "shop/db -> 10.0.0.50 TCP/80", deny="npm windows calico cilium"),
    Row("35", "egress to the backends' range",
        "{policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.244.0.0/16}}]}]}",
        "shop/db -> 10.0.0.50 TCP/80", allow="npm windows calico", deny="cilium"),
    Row("36", "node port of a node, egress closed", DENY_OUT, "shop/db -> node:n1 TCP/30080",
        also=(NODE_PORT,),
        unknown={
            **dict.fromkeys(["kubernetes", "npm", "calico", "cilium"], "NodePortFromPod"),
            **NOT_DOCUMENTED,
        }),
    Row("36", "node port, backend closed", DENY_IN, "lab/test -> 192.168.0.5 TCP/30080",
        also=(NODE_PORT,), allow="none",
        unknown=dict.fromkeys(["kubernetes", "npm", "calico", "cilium"], "NodePortFromPod")),
    Row("36", "node port without policies", "", "shop/db -> node:n1 TCP/30080",
        also=(NODE_PORT,), allow=f"{ENFORCING} none"),
    Row("37", "hostNetwork pod as subject", HOST_PODS, "lab/test -> shop/hostd TCP/80",
        allow="npm windows calico cilium", unknown={"kubernetes": "HostNetworkUndefined"}),
    Row("37", "hostNetwork pod as subject of egress",
        "{podSelector: {matchLabels: {app: hostd}}, policyTypes: [Egress]}",
        "shop/hostd -> 203.0.113.10 TCP/443",
        allow="npm windows calico cilium", unknown={"kubernetes": "HostNetworkUndefined"}),
    Row("37", "hostNetwork pod whose policy allows everything",
        "{podSelector: {matchLabels: {app: hostd}}, ingress: [{}]}",
        "lab/test -> shop/hostd TCP/80", allow=ENFORCING),
    Row("38", "finished pod as destination", DENY_IN, "lab/test -> shop/job TCP/80",
        unknown=dict.fromkeys([*ENFORCING.split(), "none"], "EndpointHasNoNetwork")),
    Row("38", "finished pod as source", DENY_IN, "shop/job -> shop/web TCP/8080",
        unknown=dict.fromkeys([*ENFORCING.split(), "none"], "EndpointHasNoNetwork")),
    Row("38", "its address, used by something else", DENY_OUT, "shop/web -> 10.244.1.66 TCP/80",
        deny=ENFORCING, allow="none"),
    Row("40", "no policy at all", "", "203.0.113.10 -> shop/web TCP/8080",
        allow=f"{ENFORCING} none cilium?policyEnforcement=never",
        deny="cilium?policyEnforcement=always"),
    Row("40", "no policy, from the other node", "", "node:n2 -> shop/web TCP/8080",
        allow=ENFORCING, deny="cilium?policyEnforcement=always"),
    Row("40", "egress without policies", "", "shop/web -> 203.0.113.10 TCP/443",
        allow=ENFORCING, deny="cilium?policyEnforcement=always"),
    Row("40", "enforced always, and both ends allow",
        {"shop/in": "{podSelector: {}, ingress: [{}]}",
         "lab/out": "{podSelector: {}, policyTypes: [Egress], egress: [{}]}"},
        "lab/test -> shop/web TCP/8080", allow="cilium?policyEnforcement=always"),
    Row("40", "everything closed, never enforced", DENY_BOTH, "lab/test -> shop/web TCP/8080",
        allow="cilium?policyEnforcement=never none", deny=ENFORCING),
]  # fmt: skip


@pytest.mark.parametrize(("row", "engine", "expected"), answers(ROWS))
def test_row(row: Row, engine: str, expected: str) -> None:
    check(row, engine, expected)


def test_every_row_of_the_table_is_here() -> None:
    assert {int(row.number) for row in ROWS} == set(range(25, 41)) - {39}
