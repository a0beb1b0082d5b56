"""Calls of ports that pods publish on their nodes."""

from __future__ import annotations

from typing import Any

import pytest

from service.engines.registry import engine_names
from service.model.verdict import Decision
from tests.builders import Manifest, ask, network_policy, node, pod, service, snapshot

WEB_CLOSED = network_policy("{podSelector: {matchLabels: {app: web}}}")
NODES_OUT = network_policy(
    "{podSelector: {matchLabels: {app: client}}, policyTypes: [Egress], "
    "egress: [{to: [{ipBlock: {cidr: 192.168.0.0/16}}]}]}",
    "shop/out",
)


def _publishing(
    place: str, on: str, port: Manifest, *, is_init: bool = False, **more: Any
) -> Manifest:
    made = pod(place, {"app": "web"}, ips=["10.244.1.1"], on=on, **more)
    container = {"name": "it", "image": "image", "ports": [{"containerPort": 8080, **port}]}
    if is_init:
        made["spec"]["initContainers"] = [container]
    else:
        made["spec"]["containers"] = [container]
    return made


WEB = _publishing("shop/web", "n1", {"hostPort": 80})
CLUSTER = [
    node("n1", "192.168.0.4"),
    node("n2", "192.168.0.5"),
    pod("shop/client", {"app": "client"}, ips=["10.244.2.1"], on="n2"),
    pod("shop/other", {"app": "other"}, ips=["10.244.2.2"], on="n2"),
    pod("shop/agent", {"app": "agent", "team": "all"}, on="n1", hostNetwork=True),
    pod("shop/elsewhere", {"app": "elsewhere", "team": "all"}, on="n2", hostNetwork=True),
    pod("shop/nowhere", {"app": "nowhere"}, hostNetwork=True),
]


def _decided(objects: list[Manifest], question: str, engine: str = "calico") -> str:
    verdict = ask(snapshot(*CLUSTER, *objects), question, engine)
    return " ".join(sorted({each.code for each in verdict.assumptions})) or verdict.decision.value


@pytest.mark.parametrize("engine", sorted({*engine_names()} - {"none"}))
@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("shop/other -> node:n1 TCP/80", "HostPort"),
        ("shop/other -> 192.168.0.4 TCP/80", "HostPort"),
        ("203.0.113.10 -> 192.168.0.4 TCP/80", "HostPort"),
        ("node:n2 -> node:n1 TCP/80", "HostPort"),
        ("node:n1 -> 127.0.0.1 TCP/80", "HostPort"),
        ("shop/agent -> 127.0.0.1 TCP/80", "HostPort"),
        ("shop/web -> 127.0.0.1 TCP/80", "Allow"),
        # What uses the node's network has the node's address.
        ("shop/other -> shop/agent TCP/80", "HostPort"),
        ("203.0.113.10 -> shop/agent TCP/80", "HostPort"),
        ("shop/other -> shop/Pod/agent TCP/80", "HostPort"),
        ("shop/other -> shop/app=agent TCP/80", "HostPort"),
        ("shop/other -> shop/team=all TCP/80", "HostPort PodsDiffer"),
        ("shop/other -> shop/elsewhere TCP/80", "Allow"),
        ("shop/other -> shop/agent TCP/8080", "Allow"),
        ("shop/other -> shop/nowhere TCP/80", "HostPort"),
        # Another protocol, port or node.
        ("shop/other -> node:n1 UDP/80", "Allow"),
        ("shop/other -> node:n1 TCP/8080", "Allow"),
        ("shop/other -> node:n2 TCP/80", "Allow"),
    ],
)
def test_the_pod_behind_a_host_port_may_be_closed(
    engine: str, question: str, expected: str
) -> None:
    assert _decided([WEB, WEB_CLOSED], question, engine) == expected
    assert _decided([WEB], question, engine) == "Allow"
    assert _decided([WEB, WEB_CLOSED], question, "none") == "Allow"


def test_a_policy_of_the_caller_may_stop_it() -> None:
    assert _decided([WEB, NODES_OUT], "shop/client -> node:n1 TCP/80") == "HostPort"
    assert _decided([WEB, NODES_OUT], "shop/client -> node:n1 TCP/81") == "Allow"
    assert _decided([WEB, NODES_OUT], "shop/other -> node:n1 TCP/80") == "Allow"


@pytest.mark.parametrize(
    ("published", "expected"),
    [
        (_publishing("shop/web", "", {"hostPort": 80}), "HostPort"),
        (_publishing("shop/web", "n2", {"hostPort": 80}), "Allow"),
        (_publishing("shop/web", "n1", {"hostPort": 80, "protocol": "UDP"}), "Allow"),
        (_publishing("shop/web", "n1", {"hostPort": 80}, is_init=True), "Allow"),
        (_publishing("shop/web", "n1", {"hostPort": 8080}, hostNetwork=True), "Allow"),
        (
            _publishing("shop/web", "n1", {"hostPort": 80}) | {"status": {"phase": "Failed"}},
            "Allow",
        ),
    ],
)
def test_which_pods_publish_a_port(published: Manifest, expected: str) -> None:
    port = 8080 if published["spec"].get("hostNetwork") else 80
    question = f"shop/other -> node:n1 TCP/{port}"
    assert _decided([published, WEB_CLOSED], question, "calico") == expected


def test_the_sentence_names_the_pod_and_nothing_else() -> None:
    found = ask(snapshot(*CLUSTER, WEB, WEB_CLOSED), "shop/app=other -> node:n1 TCP/80", "calico")
    assert found.decision is Decision.UNKNOWN
    assert [each.detail for each in found.assumptions] == [
        "port 80 of node n1 leads to pod shop/web, which publishes it as hostPort, and what "
        "policies see of such a call is not known"
    ]
    assert {name for group in found.groups for name in group.destinations} == {"n1", "shop/web"}


@pytest.mark.parametrize("called", ["node:n1", "192.168.0.4", "shop/agent", "shop/team=all"])
def test_a_node_port_is_one_of_what_uses_the_network_of_the_node(called: str) -> None:
    calls = service("shop/web", {"app": "web"}, [{"port": 80, "nodePort": 30080}], type="NodePort")
    closed = [WEB, calls, WEB_CLOSED]
    assert _decided(closed, f"shop/client -> {called} TCP/30080") == "NodePortFromPod"
    assert _decided([WEB, calls], f"shop/client -> {called} TCP/30080") == "Allow"
    assert _decided(closed, f"shop/client -> {called} TCP/30081") == "Allow"


@pytest.mark.parametrize(
    ("called", "port", "expected"),
    [
        ("shop/team=all", 30079, [("Deny", 1)]),
        ("shop/team=all", 30080, [("Deny", 1)]),
        ("shop/team=all", 30082, [("Deny", 1)]),
        ("shop/app=agent", 30079, [("Allow", 1)]),
        ("shop/app=agent", 30080, [("Unknown", 1)]),
    ],
)
def test_who_uses_a_node_s_network_is_not_called_by_itself_where_there_is_another(
    called: str, port: int, expected: list[tuple[str, int]]
) -> None:
    """Port 30080 leads to a pod that is closed, and 30082 to none at all."""
    objects = [
        node("n1", "192.168.0.4"),
        node("n2", "192.168.0.5"),
        pod("shop/agent", {"app": "agent", "team": "all"}, on="n1", hostNetwork=True),
        pod("shop/web", {"app": "web", "team": "all"}, on="n2"),
        service("shop/web", {"app": "web"}, [{"port": 80, "nodePort": 30080}], type="NodePort"),
        service("shop/none", {"app": "none"}, [{"port": 80, "nodePort": 30082}], type="NodePort"),
        WEB_CLOSED,
    ]
    verdict = ask(snapshot(*objects), f"shop/agent -> {called} TCP/{port}", "npm")
    found = [(each.decision.value, each.connections) for each in verdict.groups]
    assert found == expected


@pytest.mark.parametrize("engine", ["cilium", "npm", "none"])
@pytest.mark.parametrize("port", [30079, 30080])
def test_the_addresses_of_who_uses_a_node_s_network_count(engine: str, port: int) -> None:
    """The pod has told one of the two addresses of its node, and it is the pod that is called."""
    six = service(
        "shop/web", {"app": "web"}, [{"port": 80, "nodePort": 30080}], type="NodePort",
        clusterIPs=["fd00:96::1"], ipFamilies=["IPv6"],
    )  # fmt: skip
    found = snapshot(
        node("n1", "192.168.0.4", "fd00:a::4"),
        pod("shop/agent", ips=["192.168.0.4"], on="n1", hostNetwork=True),
        pod("shop/web", {"app": "web"}, ips=["fd00::2"], on="n1"),
        pod("shop/client", ips=["fd00::3"], on="n1"),
        six,
    )
    agent = ask(found, f"shop/client -> shop/agent TCP/{port}", engine)
    assert {each.code for each in agent.assumptions} == {"EndpointHasNoNetwork"}
    assert ask(found, f"shop/client -> node:n1 TCP/{port}", engine).decision is Decision.ALLOW


@pytest.mark.parametrize("port", [30079, 30080])
def test_the_addresses_of_its_node_do_not_count(port: int) -> None:
    calls = service("shop/web", {"app": "web"}, [{"port": 80, "nodePort": 30080}], type="NodePort")
    found = snapshot(
        node("n1", "fd00:a::4"),
        pod("shop/agent", ips=["192.168.0.4", "fd00:a::4"], on="n1", hostNetwork=True),
        pod("shop/web", {"app": "web"}, ips=["10.0.0.2"], on="n1"),
        pod("shop/client", ips=["10.0.0.3"], on="n1"),
        calls,
    )
    question = f"shop/client -> shop/agent TCP/{port}"
    assert ask(found, question, "cilium").decision is Decision.ALLOW


def test_a_node_port_of_the_same_number() -> None:
    number = _publishing("shop/web", "n1", {"hostPort": 30080})
    calls = service(
        "shop/other",
        {"app": "other"},
        [{"port": 80, "nodePort": 30080}],
        type="NodePort",
    )
    question = "shop/client -> node:n1 TCP/30080"
    assert _decided([number, calls], question) == "Allow"
    assert _decided([number, calls, WEB_CLOSED], question) == "HostPort"
