"""Calls of loopback addresses: a pod or a node with itself."""

from __future__ import annotations

import pytest

from service.analysis.evaluate import UnresolvedEnd
from service.engines.registry import engine_names
from service.model.verdict import Decision
from tests.builders import ask, network_policy, node, pod, service, snapshot

CLOSED = network_policy("{podSelector: {}, policyTypes: [Ingress, Egress]}")
CLUSTER = [
    node("n1", "192.168.0.4"),
    pod("shop/a", {"app": "web"}, ips=["10.244.1.1"], on="n1", ports="http=8080"),
    pod("shop/b", {"app": "web"}, ips=["10.244.1.2"], on="n1", ports="http=9090"),
    pod("shop/c", {"app": "web"}, on="n1"),
    pod("shop/host", on="n1", hostNetwork=True),
    service(
        "shop/web",
        {"app": "web"},
        [{"port": 80, "targetPort": 8080, "nodePort": 30080}],
        type="NodePort",
    ),
]


@pytest.mark.parametrize("engine", engine_names())
@pytest.mark.parametrize(
    ("question", "who"),
    [
        ("shop/a -> 127.0.0.1 TCP/8080", {"shop/a"}),
        ("shop/a -> 127.8.9.10 UDP/53", {"shop/a"}),
        ("shop/a -> ::1 TCP/8080", {"shop/a"}),
        ("shop/a -> ::ffff:127.0.0.1 TCP/8080", {"shop/a"}),
        ("shop/a -> 127.0.0.1 ICMP", {"shop/a"}),
        ("shop/a -> 127.0.0.1 TCP/30080", {"shop/a"}),
        ("10.244.1.1 -> 127.0.0.1 TCP/8080", {"shop/a"}),
        ("shop/app=web -> 127.0.0.1 TCP/1", {"shop/a", "shop/b", "shop/c"}),
        ("shop/app=web -> 127.0.0.1 TCP/http", {"shop/a", "shop/b"}),
        ("node:n1 -> 127.0.0.1 TCP/10250", {"n1"}),
        ("shop/host -> ::1 TCP/10250", {"shop/host"}),
    ],
)
def test_everyone_reaches_itself(engine: str, question: str, who: set[str]) -> None:
    found = ask(snapshot(*CLUSTER, CLOSED), question, engine)
    assert (found.decision, found.assumptions) == (Decision.ALLOW, ())
    for group in found.groups:
        assert set(group.sources) == set(group.destinations) == who
    assert sum(each.connections for each in found.groups) == len(who)


@pytest.mark.parametrize(
    ("question", "side", "code", "detail"),
    [
        ("127.0.0.1 -> shop/a TCP/80", "source", "LoopbackAddress",
         "127.0.0.1 is a loopback address, which everyone has: name the pod or the node"),
        ("::1 -> svc:shop/web TCP/80", "source", "LoopbackAddress",
         "::1 is a loopback address, which everyone has: name the pod or the node"),
        ("127.0.0.1 -> 127.0.0.1 TCP/80", "source", "LoopbackAddress",
         "127.0.0.1 is a loopback address, which everyone has: name the pod or the node"),
        ("203.0.113.10 -> 127.0.0.1 TCP/80", "destination", "LoopbackAddress",
         "127.0.0.1 is a loopback address: from external address 203.0.113.10 it leads nowhere "
         "in the cluster"),
        ("shop/c -> 127.0.0.1 TCP/http", "port", "NamedPortNotFound",
         "pod shop/c declares no TCP port named 'http'"),
    ],
)  # fmt: skip
def test_refused(question: str, side: str, code: str, detail: str) -> None:
    with pytest.raises(UnresolvedEnd) as unresolved:
        ask(snapshot(*CLUSTER), question)
    found = unresolved.value
    assert (found.side, found.code, found.detail) == (side, code, detail)


@pytest.mark.parametrize("source", ["node:n1", "shop/host"])
def test_a_node_port_may_be_on_its_node_s_loopback_address(source: str) -> None:
    question = f"{source} -> 127.0.0.1 TCP/30080"
    assert ask(snapshot(*CLUSTER), question, "calico").decision is Decision.ALLOW
    assert ask(snapshot(*CLUSTER, CLOSED), question, "none").decision is Decision.ALLOW
    found = ask(snapshot(*CLUSTER, CLOSED), question, "calico")
    assert found.decision is Decision.UNKNOWN
    assert "NodePortOnLoopback" in {each.code for each in found.assumptions}
