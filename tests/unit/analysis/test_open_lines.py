"""Lines of a map that policies alone do not settle: they say what a single flow says."""

from __future__ import annotations

import pytest

from tests.builders import Manifest, namespace, network_policy, node, pod, service
from tests.unit.analysis.maps import changes_of, compared, lines_of

N1 = node("n1", "192.168.0.4")
N2 = node("n2", "192.168.0.5")
WEB = pod("shop/web", {"app": "web"}, on="n1", ips=["10.0.0.7"])
ANYTHING = "TCP any port; UDP any port; SCTP any port"
SIX = pod("shop/six", {"app": "six"}, on="n1", ips=["fd00::7"])
PUBLISHING = pod(
    "shop/db",
    {"app": "db"},
    on="n1",
    ips=["10.0.0.8"],
    containers=[{"name": "main", "ports": [{"containerPort": 5432, "hostPort": 54}]}],
)
CLOSED = network_policy("{podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress]}")
PORT = {"port": 80, "targetPort": 5432, "nodePort": 30080}
NODE_PORT = service("shop/db", {"app": "db"}, [PORT], type="NodePort")
LOCAL = service("shop/db", {"app": "db"}, [PORT], type="NodePort", externalTrafficPolicy="Local")
TO_SERVICE = network_policy(
    "{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress],"
    " egress: [{to: [{ipBlock: {cidr: 10.96.0.9/32}}, {ipBlock: {cidr: 203.0.113.9/32}}]}]}",
    "shop/to-service",
)
HIDDEN = service("shop/db", {"app": "db"}, [PORT], clusterIP="10.96.0.9", clusterIPs=["10.96.0.9"])


def lines_between(source: str, destination: str, *manifests: Manifest) -> list[str]:
    found = lines_of(namespace("shop"), *manifests)
    return [each for each in found if each.startswith(f"{source} -> {destination} ")]


def test_ends_without_a_common_address_family() -> None:
    assert lines_between("shop/Pod/web", "shop/Pod/six", WEB, SIX) == [
        f"shop/Pod/web -> shop/Pod/six {ANYTHING}? EndpointHasNoNetwork"
    ]


@pytest.mark.parametrize(
    ("name", "manifests", "expected"),
    [
        ("n1", (CLOSED,), "TCP 54? HostPort"),
        # The pod runs elsewhere, and nothing leads to it from here.
        ("n2", (CLOSED,), ""),
        # Nobody could stop it, whatever policies would see.
        ("n1", (), ""),
        ("n1", (CLOSED, NODE_PORT), "TCP 54,30080? HostPort,NodePortFromPod"),
        ("n2", (CLOSED, NODE_PORT), "TCP 30080? NodePortFromPod"),
        ("n1", (CLOSED, LOCAL), "TCP 54,30080? HostPort,NodePortFromPod"),
        # A node without a backend answers nobody.
        ("n2", (CLOSED, LOCAL), "TCP 30080? EndpointHasNoNetwork"),
        ("n2", (LOCAL,), "TCP 30080? EndpointHasNoNetwork"),
    ],
)
def test_ports_of_nodes_that_lead_to_pods(
    name: str, manifests: tuple[Manifest, ...], expected: str
) -> None:
    found = lines_between("shop/Pod/web", f"node {name}", N1, N2, WEB, PUBLISHING, *manifests)
    prefix = f"shop/Pod/web -> node {name} "
    assert [each for each in found if "?" in each] == ([prefix + expected] if expected else [])
    assert len(found) == (2 if expected else 1)


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        ("n1", "TCP 54,30080? HostPort,NodePortFromPod"),
        ("n2", "TCP 30080? EndpointHasNoNetwork"),
        ("n9", "TCP 30080? EndpointHasNoNetwork"),
        # Nobody knows on which node it runs.
        ("", "TCP 54,30080? HostPort,NodePortFromPod"),
    ],
)
def test_ports_of_what_uses_the_network_of_its_node(on: str, expected: str) -> None:
    agent = pod("shop/agent", {"app": "agent"}, on=on, hostNetwork=True)
    found = lines_between("shop/Pod/web", "shop/Pod/agent", N1, N2, WEB, PUBLISHING, CLOSED,
                          LOCAL, agent)  # fmt: skip
    assert [each for each in found if "?" in each] == [f"shop/Pod/web -> shop/Pod/agent {expected}"]


def test_a_service_of_a_family_that_no_address_is_known_in() -> None:
    """The pods have no address yet, so that the map is about the other family alone."""
    later = [{**each, "status": {"phase": "Pending"}} for each in (WEB, PUBLISHING)]
    port = service(
        "shop/db", {"app": "db"}, [PORT], type="NodePort", clusterIPs=["fd00::9"],
        ipFamilies=["IPv6"],
    )  # fmt: skip
    found = lines_between("shop/Pod/web", "node n1", N1, *later, CLOSED, port)
    assert "shop/Pod/web -> node n1 TCP 54,30080? HostPort,NodePortFromPod" in found


def test_an_address_of_a_service_is_not_outside() -> None:
    found = lines_of(namespace("shop"), WEB, PUBLISHING, HIDDEN, TO_SERVICE)
    assert [each for each in found if each.startswith("shop/Pod/web -> ")] == [
        f"shop/Pod/web -> 203.0.113.9 {ANYTHING}"
    ]


def test_a_port_that_comes_to_lead_to_a_pod_is_a_difference() -> None:
    """It was denied to nobody, and what policies see of its calls is not known any more."""
    first = [namespace("shop"), N1, WEB, {**PUBLISHING, "spec": {**WEB["spec"]}}, CLOSED]
    second = [namespace("shop"), N1, WEB, PUBLISHING, CLOSED]
    assert "newlyUnknown shop/Pod/web -> node n1 TCP 54" in changes_of(
        compared(first, second, "kubernetes")
    )
