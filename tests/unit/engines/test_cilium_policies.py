"""Cilium's own policies: whom they isolate, whom rules mean, and on which ports."""

from __future__ import annotations

import pytest

from tests.unit.engines.cilium_cluster import (
    EVERYBODY,
    OTHER,
    REMOTE,
    SAME,
    TO_NODE,
    TO_OWN_NODE,
    TO_POD,
    TO_WORLD,
    WORLD,
    answers,
    cnp,
    egress,
    ingress,
)
from tests.unit.engines.policy_cluster import assumed, decision, verdict


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], "YYYYY"),
        ([ingress("")], "NNNNY"),
        ([ingress("fromEndpoints: [{}]")], "YNNNY"),
        (
            [
                "ccnp: {endpointSelector: {matchLabels: {app: db}}, "
                "ingress: [{fromEndpoints: [{}]}]}"
            ],
            "YYNNY",
        ),
        ([ingress("fromEndpoints: []")], "NNNNY"),
        ([ingress("fromEntities: []")], "NNNNY"),
        ([ingress("fromCIDR: []")], "NNNNY"),
        ([ingress("fromEntities: [cluster]")], "YYUYY"),
        ([ingress("fromEntities: [world]")], "NNYNY"),
        ([ingress("fromEntities: [all]")], "YYYYY"),
        ([ingress("fromEntities: [none]")], "NNNNY"),
        ([ingress("fromEntities: [remote-node]")], "NNNYY"),
        ([ingress("fromEntities: [host]")], "NNNNY"),
        ([ingress("fromEntities: [init, health, unmanaged, ingress]")], "NNNNY"),
        ([ingress("fromCIDR: [0.0.0.0/0]")], "NNYNY"),
        ([ingress("fromCIDR: [203.0.113.10]")], "NNYNY"),
        ([ingress("toPorts: [{ports: [{port: '5432'}]}]")], "YYYYY"),
        ([ingress("toPorts: [{ports: [{port: '80'}]}]")], "NNNNY"),
        ([ingress("toPorts: [{}]")], "NNNNY"),
        ([ingress("toPorts: []")], "NNNNY"),
        ([cnp("ingressDeny: [{fromEntities: [world]}]")], "NNNNY"),
        (
            [cnp("enableDefaultDeny: {ingress: false}", "ingressDeny: [{fromEntities: [world]}]")],
            "YYNYY",
        ),
        ([cnp("enableDefaultDeny: {ingress: false}", "ingress: [{}]")], "YYYYY"),
        ([cnp("enableDefaultDeny: {ingress: true}", "egress: [{}]")], "YYYYY"),
        ([cnp("ingress: []", "egress: [{}]")], "YYYYY"),
    ],
)
def test_who_gets_in(given: list[str], expected: str) -> None:
    assert answers(given, *EVERYBODY) == expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("toEntities: [cluster]", "YUYY"),
        ("toEntities: [host]", "NNNY"),
        ("toEntities: [remote-node]", "NNYN"),
        ("toEntities: [world]", "NYNN"),
        ("toEntities: [all]", "YYYY"),
        ("toCIDR: [0.0.0.0/0]", "NYNN"),
        ("toCIDRSet: [{cidr: 203.0.113.0/24, except: [203.0.113.10/32]}]", "NNNN"),
        ("toCIDRSet: [{cidr: 203.0.113.0/24, except: [203.0.113.11/32]}]", "NYNN"),
        ("toEndpoints: [{}]", "NNNN"),
        ("toEndpoints: [{matchLabels: {k8s:io.kubernetes.pod.namespace: ops}}]", "YNNN"),
    ],
)
def test_where_to(rule: str, expected: str) -> None:
    given = [egress(rule)]
    assert answers(given, TO_POD, TO_WORLD, TO_NODE, TO_OWN_NODE) == expected


def test_api_server_address_is_an_assumption() -> None:
    given = [egress("toEntities: [kube-apiserver]")]
    assert assumed(given, TO_WORLD) == {"CiliumKubeApiServer"}
    assert answers(given, TO_POD, TO_NODE, TO_OWN_NODE) == "NNN"


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        # Without a word about the namespace, the policy's own.
        ("matchLabels: {app: web}", "YNNN"),
        ("matchLabels: {k8s:app: web}", "YNNN"),
        ("matchLabels: {any:app: web}", "YNNN"),
        ("matchLabels: {app: mon}", "NNNN"),
        ("matchExpressions: [{key: app, operator: DoesNotExist}]", "NNNN"),
        ("matchExpressions: [{key: tier, operator: DoesNotExist}]", "NNNN"),
        ("matchLabels: {container:app: web}", "NNNN"),
        # A key about the namespace switches that off, in an expression too.
        ("matchLabels: {app: mon, io.kubernetes.pod.namespace: ops}", "NYNN"),
        ("matchExpressions: [{key: k8s:io.kubernetes.pod.namespace, operator: Exists}]", "YYNN"),
        (
            "matchExpressions: [{key: io.kubernetes.pod.namespace, operator: In, values: [ops]}]",
            "NYNN",
        ),
        ("matchLabels: {k8s:io.cilium.k8s.namespace.labels.team: b}", "NYNN"),
        ("matchLabels: {io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name: ops}", "NYNN"),
        (
            "matchLabels: {io.cilium.k8s.policy.serviceaccount: mon, "
            "io.kubernetes.pod.namespace: ops}",
            "NYNN",
        ),
        ("matchLabels: {io.cilium.k8s.policy.serviceaccount: default}", "YNNN"),
        # What asks for the absence of a label means everything that has no labels.
        (
            "matchExpressions: "
            "[{key: io.kubernetes.pod.namespace, operator: NotIn, values: [ops]}]",
            "YNYY",
        ),
        (
            "matchExpressions: "
            "[{key: io.cilium.k8s.namespace.labels.team, operator: DoesNotExist}]",
            "NNYY",
        ),
        ("matchLabels: {'reserved:world': ''}", "NNYN"),
        ("matchLabels: {'reserved:remote-node': ''}", "NNNY"),
        ("matchLabels: {$world: ''}", "NNYN"),
        ("matchExpressions: [{key: 'reserved:world', operator: DoesNotExist}]", "YYNY"),
        ("matchLabels: {'reserved:unheard-of': ''}", "NNNN"),
    ],
)
def test_peer_selectors(selector: str, expected: str) -> None:
    given = [ingress(f"fromEndpoints: [{{{selector}}}]")]
    assert answers(given, SAME, OTHER, WORLD, REMOTE) == expected


def test_cluster_name_is_an_assumption() -> None:
    given = [ingress("fromEndpoints: [{matchLabels: {io.cilium.k8s.policy.cluster: east}}]")]
    assert assumed(given, SAME) == {"CiliumClusterName"}
    assert answers(given, WORLD) == "N"
    exists = "{key: io.cilium.k8s.policy.cluster, operator: Exists}"
    assert answers([ingress(f"fromEndpoints: [{{matchExpressions: [{exists}]}}]")], SAME) == "Y"


def test_negations_since_selectors_mean_the_own_cluster() -> None:
    expression = "{key: io.kubernetes.pod.namespace, operator: NotIn, values: [ops]}"
    given = [ingress(f"fromEndpoints: [{{matchExpressions: [{expression}]}}]")]
    assert answers(given, SAME, OTHER, WORLD, engine="cilium:1.19") == "YNN"
    assert assumed(given, REMOTE, "cilium:1.19") == {"CiliumNegativeNamespaceSelectorNodes"}
    option = "policyDefaultLocalCluster"
    assert answers(given, WORLD, REMOTE, engine=f"cilium:1.19?{option}=disabled") == "YY"
    assert answers(given, WORLD, engine=f"cilium:1.18?{option}=enabled") == "N"


def test_clusterwide_selectors_mean_pods() -> None:
    expression = "{key: app, operator: NotIn, values: [web]}"
    given = [
        "ccnp: {endpointSelector: {matchLabels: {app: db}}, "
        f"ingress: [{{fromEndpoints: [{{matchExpressions: [{expression}]}}]}}]}}"
    ]
    assert answers(given, SAME, OTHER, WORLD, REMOTE) == "NYNN"


def test_subject_is_bound_to_the_policys_namespace() -> None:
    given = ["cnp: {ns: shop, endpointSelector: {matchLabels: {app: mon}}, ingress: [{}]}"]
    assert answers(given, "lab/test -> ops/mon TCP/3000") == "Y"


def test_ignored_labels_select_nothing() -> None:
    selector = "matchLabels: {statefulset.kubernetes.io/pod-name: db}"
    given = [f"cnp: {{ns: shop, endpointSelector: {{{selector}}}, ingress: [{{}}]}}"]
    assert answers(given, SAME) == "Y"
    assert answers(given, SAME, engine="cilium:1.14") == "N"


@pytest.mark.parametrize(
    ("ports", "asked", "expected"),
    [
        ("{port: '5432', protocol: TCP}", ("TCP/5432", "UDP/5432", "SCTP/5432"), "YNN"),
        ("{port: '5432'}", ("TCP/5432", "UDP/5432", "SCTP/5432"), "YYY"),
        ("{port: '5432', protocol: ANY}", ("TCP/5432", "UDP/5432", "TCP/5433"), "YYN"),
        ("{port: '0', protocol: UDP}", ("UDP/1", "UDP/65535", "TCP/1"), "YYN"),
        ("{port: '0'}", ("UDP/1", "TCP/1", "ICMP"), "YYN"),
        (
            "{port: '5430', endPort: 5433, protocol: TCP}",
            ("TCP/5430", "TCP/5433", "TCP/5434"),
            "YYN",
        ),
        ("{port: sql}", ("TCP/5432", "UDP/5432", "TCP/53"), "YNN"),
        ("{port: SQL}", ("TCP/5432",), "Y"),
        ("{port: dns, protocol: TCP}", ("TCP/53", "UDP/53"), "NN"),
        ("{port: '010', protocol: TCP}", ("TCP/8", "TCP/10"), "YN"),
        ("{port: '8', protocol: ICMP}", ("ICMP", "TCP/8"), "YN"),
        ("{port: '0', protocol: ICMP}", ("ICMP", "TCP/8"), "YN"),
    ],
)
def test_ports(ports: str, asked: tuple[str, ...], expected: str) -> None:
    given = [ingress(f"toPorts: [{{ports: [{ports}]}}]")]
    flows = [f"shop/web -> shop/db {each}" for each in asked]
    assert answers(given, *flows, engine="cilium?sctp=enabled") == expected


def test_port_ranges_before_they_count() -> None:
    given = [ingress("toPorts: [{ports: [{port: '5430', endPort: 5433}]}]")]
    flows = [f"shop/web -> shop/db TCP/{port}" for port in (5430, 5432)]
    assert answers(given, *flows, engine="cilium:1.15") == "YN"
    assert answers(given, *flows, engine="cilium:1.16") == "YY"


def test_port_name_that_means_several_numbers_is_skipped_on_egress() -> None:
    given = [
        "cnp: {ns: shop, endpointSelector: {}, egress: [{toPorts: [{ports: [{port: http}]}]}]}"
    ]
    assert answers(given, "shop/db -> shop/web TCP/8080") == "N"
    inward = [
        "cnp: {ns: shop, endpointSelector: {}, ingress: [{toPorts: [{ports: [{port: http}]}]}]}"
    ]
    assert answers(inward, "ops/mon -> shop/web TCP/8080", "ops/mon -> shop/web2 TCP/9090") == "YY"


@pytest.mark.parametrize(
    ("icmps", "expected"),
    [
        ("[{fields: [{type: 8}]}]", "YN"),
        ("[{fields: [{type: EchoRequest, family: IPv4}]}]", "YN"),
        ("[{fields: [{type: '8'}, {type: 0}]}]", "YN"),
        ("[{fields: [{type: 0}]}]", "NN"),
        ("[{fields: [{type: EchoRequest, family: IPv6}]}]", "NN"),
        ("[{}]", "NN"),
    ],
)
def test_icmp_types(icmps: str, expected: str) -> None:
    flows = ("shop/web -> shop/db ICMP", SAME)
    assert answers([ingress(f"icmps: {icmps}")], *flows) == expected
    assert answers([ingress(f"fromEndpoints: [{{}}], icmps: {icmps}")], *flows) == expected


def test_deny_beats_every_allow() -> None:
    kubernetes = "ns: shop, spec: {podSelector: {}, ingress: [{}]}"
    clusterwide = (
        "ccnp: {endpointSelector: {}, ingressDeny: [{fromEndpoints: [{matchLabels: {app: web}}]}]}"
    )
    allowing = ingress("fromEntities: [all]")
    assert answers([kubernetes, clusterwide, allowing], SAME, OTHER, WORLD) == "NYY"
    on_ports = cnp(
        "ingressDeny: [{toPorts: [{ports: [{port: '5432', protocol: TCP}]}]}]",
        "ingress: [{fromEntities: [all]}]",
    )
    assert answers([on_ports], SAME, "shop/web -> shop/db TCP/80") == "NY"


def test_specs_are_policies_of_their_own() -> None:
    given = [
        {
            "apiVersion": "cilium.io/v2",
            "kind": "CiliumNetworkPolicy",
            "metadata": {"name": "both", "namespace": "shop"},
            "spec": {"endpointSelector": {}, "ingress": [{"fromEntities": ["world"]}]},
            "specs": [
                {
                    "endpointSelector": {"matchLabels": {"app": "db"}},
                    "ingress": [{"fromEndpoints": [{"matchLabels": {"app": "web"}}]}],
                }
            ],
        }
    ]
    found = verdict(given, SAME)
    assert found.decision.value == "Allow"
    assert found.ingress.evidence[-1].rule == "/specs/0/ingress/0"
    assert decision(given, WORLD) == "Allow"
    assert decision(given, OTHER) == "Deny"
