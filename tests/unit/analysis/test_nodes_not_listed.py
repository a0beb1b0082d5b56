"""Addresses that pods give their nodes, in revisions that do not list these."""

from __future__ import annotations

import pytest

from service.engines.registry import engine_names
from service.model.verdict import Decision
from tests.builders import Manifest, ask, network_policy, node, pod, service, snapshot

NODE_PORT = service(
    "shop/web",
    {"app": "web"},
    [{"port": 80, "targetPort": 8080, "nodePort": 30080}],
    type="NodePort",
    clusterIP="10.0.0.7",
)
WEB_CLOSED = network_policy("{podSelector: {matchLabels: {app: web}}}")
NODES_OUT = network_policy(
    "{podSelector: {matchLabels: {app: client}}, policyTypes: [Egress], "
    "egress: [{to: [{ipBlock: {cidr: 192.168.0.0/16}}]}]}",
    "shop/out",
)
ENDPOINT = {
    "apiVersion": "cilium.io/v2",
    "kind": "CiliumEndpoint",
    "metadata": {"name": "web", "namespace": "shop"},
    "status": {
        "identity": {"id": 1, "labels": ["k8s:app=web", "k8s:io.kubernetes.pod.namespace=shop"]},
        "networking": {"addressing": [{"ipv4": "10.244.1.1"}], "node": "192.168.0.4"},
    },
}


def _on(place: str, address: str, labels: dict[str, str], ips: list[str], *hosts: str) -> Manifest:
    made = pod(place, labels, ips=ips, on=f"of-{address}")
    made["status"] |= {"hostIP": address, "hostIPs": [{"ip": each} for each in (address, *hosts)]}
    return made


PODS = [
    _on("shop/web", "192.168.0.4", {"app": "web"}, ["10.244.1.1", "fd00:2::1"], "fd00::4"),
    _on("shop/client", "192.168.0.5", {"app": "client"}, ["10.244.2.1"]),
]


def _decided(objects: list[Manifest], question: str, engine: str) -> str:
    verdict = ask(snapshot(*objects), question, engine)
    return " ".join(sorted({each.code for each in verdict.assumptions})) or verdict.decision.value


@pytest.mark.parametrize("engine", sorted({*engine_names()} - {"none"}))
@pytest.mark.parametrize(
    ("question", "expected"),
    [
        # Nothing can stop these, whatever the address is.
        ("shop/web -> 192.168.0.4 TCP/443", "Allow"),
        ("192.168.0.4 -> shop/client TCP/443", "Allow"),
        ("shop/client -> 192.168.0.99 TCP/443", "Allow"),
        ("192.168.0.99 -> shop/web TCP/443", "Deny"),
        # A policy at one end decides by what the address is.
        ("192.168.0.4 -> shop/web TCP/443", "NodeNotListed"),
        ("192.168.0.5 -> shop/web TCP/443", "NodeNotListed"),
        ("fd00::4 -> shop/web TCP/443", "NodeNotListed"),
        ("shop/client -> 192.168.0.4 TCP/443", "NodeNotListed"),
        ("shop/client -> 192.168.0.5 TCP/443", "NodeNotListed"),
        ("192.168.0.5 -> 10.0.0.7 TCP/80", "NodeNotListed"),
        # A node port leads to the backends.
        ("shop/client -> 192.168.0.5 TCP/30080", "NodeNotListed"),
        ("203.0.113.10 -> 192.168.0.5 TCP/30080", "NodeNotListed"),
        # Neither end is known to be in the cluster.
        ("203.0.113.10 -> 192.168.0.5 TCP/443", "NodeNotListed"),
        ("203.0.113.10 -> 192.168.0.99 TCP/443", "OutsideCluster"),
        ("192.168.0.4 -> 192.168.0.5 TCP/443", "NodeNotListed"),
    ],
)
def test_an_address_that_pods_give_their_node(engine: str, question: str, expected: str) -> None:
    assert _decided([*PODS, NODE_PORT, WEB_CLOSED, NODES_OUT], question, engine) == expected


def test_without_enforcement_nothing_is_open() -> None:
    for question in ("192.168.0.5 -> shop/web TCP/80", "203.0.113.10 -> 192.168.0.5 TCP/30080"):
        assert _decided([*PODS, NODE_PORT, WEB_CLOSED], question, "none") == "Allow"


def test_the_sentence_names_the_pod() -> None:
    found = ask(snapshot(*PODS, WEB_CLOSED), "192.168.0.5 -> shop/web TCP/443", "calico")
    assert found.decision is Decision.UNKNOWN
    assert [each.detail for each in found.assumptions] == [
        "192.168.0.5 is the address of the node of pod shop/client, and the revision does not "
        "list that node"
    ]


def test_an_address_of_a_listed_node_is_that_node() -> None:
    nodes = [node("of-192.168.0.4", "192.168.0.4"), node("of-192.168.0.5", "192.168.0.5")]
    for source, expected in (("192.168.0.4", "Allow"), ("192.168.0.5", "Deny")):
        question = f"{source} -> shop/web TCP/443"
        assert _decided([*PODS, WEB_CLOSED, *nodes], question, "calico") == expected


def test_a_node_that_only_a_cilium_endpoint_tells_of() -> None:
    question = "192.168.0.4 -> shop/web TCP/443"
    assert _decided([ENDPOINT, WEB_CLOSED], question, "cilium") == "NodeNotListed"
    assert _decided([ENDPOINT], question, "cilium") == "Allow"


@pytest.mark.parametrize("source", ["shop/client", "203.0.113.10"])
def test_a_hostnetwork_pod_s_address_has_its_node_s_ports(source: str) -> None:
    proxy = pod("kube-system/proxy", ips=["192.168.0.5"], on="n2", hostNetwork=True)
    question = f"{source} -> 192.168.0.5 TCP/30080"
    assert _decided([*PODS, proxy, NODE_PORT], question, "calico") == "Allow"
    assert _decided([*PODS, proxy, NODE_PORT, WEB_CLOSED], question, "calico") != "Allow"
