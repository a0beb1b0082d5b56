"""Calls through Services: backends, target ports, and the ways in from outside."""

from __future__ import annotations

import pytest

from service.analysis.evaluate import UnresolvedEnd
from service.model.verdict import Decision
from tests.builders import Manifest, ask, namespace, network_policy, node, pod, service, snapshot

WEB_PORT = {"port": 80, "targetPort": "http", "name": "web"}
CLUSTER = [
    namespace("shop"),
    namespace("lab"),
    node("n1", "192.168.0.4"),
    node("n2", "192.168.0.5"),
    pod("shop/a", {"app": "web"}, ips=["10.244.1.1"], on="n1", ports="http=8080"),
    pod("shop/b", {"app": "web"}, ips=["10.244.2.2"], on="n2", ports="http=9090"),
    pod("shop/c", {"app": "web"}, ips=["10.244.2.3"], on="n2", ports="other=8080"),
    pod("lab/client", ips=["10.244.1.9"], on="n1"),
]
WEB = service("shop/web", {"app": "web"}, [WEB_PORT], clusterIP="10.0.0.7")
EXPOSED = service(
    "shop/web",
    {"app": "web"},
    [{**WEB_PORT, "nodePort": 30080}],
    type="LoadBalancer",
    clusterIP="10.0.0.7",
    load_balancer_ips=["203.0.113.200"],
    externalIPs=["203.0.113.201"],
)
PORT_8080 = network_policy("{ingress: [{ports: [{port: 8080}]}]}")
CLIENTS = network_policy("{ingress: [{from: [{ipBlock: {cidr: 203.0.113.0/26}}]}]}")


def _decided(objects: list[Manifest], question: str, engine: str = "calico") -> str:
    verdict = ask(snapshot(*CLUSTER, *objects), question, engine)
    return " ".join(sorted({each.code for each in verdict.assumptions})) or verdict.decision.value


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("lab/client -> svc:shop/web TCP/80 [backend a]", "Allow"),
        ("lab/client -> svc:shop/web TCP/80 [backend b]", "Deny"),
        ("lab/client -> svc:shop/web TCP/80", "ServiceBackend"),
        ("lab/client -> svc:shop/web TCP/web", "ServiceBackend"),
        ("lab/client -> 10.0.0.7 TCP/80", "ServiceBackend"),
    ],
)
def test_a_named_target_port_is_each_backend_s_own(question: str, expected: str) -> None:
    assert _decided([WEB, PORT_8080], question) == expected


def test_a_pod_without_the_named_target_port_is_no_backend() -> None:
    verdict = ask(snapshot(*CLUSTER, WEB), "lab/client -> svc:shop/web TCP/80")
    assert verdict.decision is Decision.ALLOW
    named = {name for group in verdict.groups for name in group.destinations}
    assert named == {"shop/a", "shop/b"}


def test_the_groups_tell_which_backend_answers() -> None:
    verdict = ask(snapshot(*CLUSTER, WEB, PORT_8080), "lab/client -> svc:shop/web TCP/80")
    assert {(group.destinations, group.decision) for group in verdict.groups} == {
        (("shop/a",), Decision.ALLOW),
        (("shop/b",), Decision.DENY),
    }


def test_policies_see_the_target_port_and_not_the_service_s() -> None:
    only_80 = network_policy("{policyTypes: [Egress], egress: [{ports: [{port: 80}]}]}", "lab/out")
    only_8080 = network_policy(
        "{policyTypes: [Egress], egress: [{ports: [{port: 8080}]}]}", "lab/out"
    )
    question = "lab/client -> svc:shop/web TCP/80 [backend a]"
    assert _decided([WEB, only_80], question) == "Deny"
    assert _decided([WEB, only_8080], question) == "Allow"


def test_a_headless_service_leads_to_the_port_that_was_called() -> None:
    headless = service("shop/web", {"app": "web"}, [WEB_PORT], clusterIP="None")
    verdict = ask(snapshot(*CLUSTER, headless, PORT_8080), "lab/client -> svc:shop/web TCP/80")
    assert verdict.decision is Decision.DENY
    named = {name for group in verdict.groups for name in group.destinations}
    assert named == {"shop/a", "shop/b", "shop/c"}


def test_a_pod_that_is_not_ready_is_no_backend() -> None:
    waiting = pod("shop/d", {"app": "waiting"}, ips=["10.244.1.4"], on="n1")
    waiting["status"]["conditions"] = [{"type": "Ready", "status": "False"}]
    calls = service("shop/waiting", {"app": "waiting"}, [{"port": 80}])
    question = "lab/client -> svc:shop/waiting TCP/80"
    assert _decided([waiting, calls], question) == "ServiceHasNoBackend"
    waiting["status"]["conditions"][0]["status"] = "True"
    assert _decided([waiting, calls], question) == "Allow"


@pytest.mark.parametrize(
    "destination",
    [
        "svc:shop/web TCP/80",
        "203.0.113.200 TCP/80",
        "203.0.113.201 TCP/80",
        "node:n1 TCP/30080",
        "192.168.0.5 TCP/30080",
    ],
)
def test_every_way_in_from_outside_leads_to_the_backends(destination: str) -> None:
    assert _decided([EXPOSED], f"203.0.113.10 -> {destination}") == "Allow"
    closed = network_policy("{podSelector: {}}")
    assert _decided([EXPOSED, closed], f"203.0.113.10 -> {destination}") == "Deny"


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        # Calico sees the client where the backend's node received the connection, else that node.
        ("203.0.113.10 -> node:n1 TCP/30080 ", "ReceivingNode"),
        ("203.0.113.10 -> svc:shop/web TCP/80 [backend a, node n1]", "Allow"),
        ("203.0.113.10 -> svc:shop/web TCP/80 [backend b, node n1]", "Deny"),
        ("203.0.113.10 -> svc:shop/web TCP/80 [backend a]", "ReceivingNode"),
        ("203.0.113.10 -> svc:shop/web TCP/80", "ReceivingNode"),
        ("203.0.113.99 -> svc:shop/web TCP/80", "Deny"),
    ],
)
def test_which_node_receives_may_decide(question: str, expected: str) -> None:
    assert _decided([EXPOSED, CLIENTS], question.strip()) == expected


def test_with_local_policy_the_client_is_seen_everywhere() -> None:
    local = {**EXPOSED, "spec": {**EXPOSED["spec"], "externalTrafficPolicy": "Local"}}
    assert _decided([local, CLIENTS], "203.0.113.10 -> svc:shop/web TCP/80") == "Allow"
    assert _decided([local, CLIENTS], "203.0.113.99 -> svc:shop/web TCP/80") == "Deny"


def test_a_node_port_that_no_service_has_is_the_node_s_own() -> None:
    assert _decided([EXPOSED], "203.0.113.10 -> node:n1 TCP/30081") == "Allow"
    (group,) = ask(snapshot(*CLUSTER, EXPOSED), "lab/client -> node:n1 TCP/30081").groups
    assert group.destinations == ("n1",)


def test_a_node_calls_a_service_as_itself() -> None:
    admit = network_policy("{ingress: [{from: [{ipBlock: {cidr: 192.168.0.4/32}}]}]}")
    assert _decided([WEB, admit], "node:n1 -> svc:shop/web TCP/80 [backend b]") == "Allow"
    closed = network_policy("{podSelector: {}}")
    assert _decided([WEB, closed], "node:n1 -> svc:shop/web TCP/80 [backend a]") == "Allow"
    assert _decided([WEB, closed], "node:n1 -> svc:shop/web TCP/80 [backend b]") == "Deny"


def test_a_service_without_engine_is_open() -> None:
    closed = network_policy("{podSelector: {}, policyTypes: [Ingress, Egress]}")
    for question in ("lab/client -> svc:shop/web TCP/80", "203.0.113.10 -> 203.0.113.200 TCP/80"):
        assert _decided([EXPOSED, closed], question, "none") == "Allow"


FROM_PODS = network_policy("{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}")
FROM_N1 = network_policy(
    "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 192.168.0.4/32}}]}]}"
)


@pytest.mark.parametrize(
    ("engine", "policy", "backend", "expected"),
    [
        # On the caller's own node the address is translated after policies were asked.
        ("calico", FROM_PODS, "a", "Allow"),
        ("calico", FROM_N1, "a", "Deny"),
        ("calico", FROM_PODS, "b", "Deny"),
        ("calico", FROM_N1, "b", "Allow"),
        ("cilium", FROM_PODS, "b", "Allow"),
        ("cilium", FROM_N1, "b", "Deny"),
        ("npm", FROM_PODS, "a", "NpmMasqueradedTrafficAccepted"),
        ("npm", FROM_N1, "b", "NpmMasqueradedTrafficAccepted"),
        ("kubernetes", FROM_PODS, "b", "SourceAddressUndefined"),
        ("none", FROM_N1, "b", "Allow"),
    ],
)
@pytest.mark.parametrize("address", ["203.0.113.200", "203.0.113.201"])
def test_a_pod_that_calls_an_address_outside_comes_from_its_node(
    engine: str, policy: Manifest, backend: str, expected: str, address: str
) -> None:
    """kube-proxy masquerades such calls unless externalTrafficPolicy is Local."""
    alone = [
        each for each in CLUSTER if each["metadata"]["name"] in {"n1", "n2", "client", backend}
    ]
    found = ask(snapshot(*alone, EXPOSED, policy), f"lab/client -> {address} TCP/80", engine)
    codes = " ".join(sorted({each.code for each in found.assumptions}))
    assert (codes or found.decision.value) == expected
    local = {**EXPOSED, "spec": EXPOSED["spec"] | {"externalTrafficPolicy": "Local"}}
    kept = ask(snapshot(*alone, local, policy), f"lab/client -> {address} TCP/80", engine)
    inside = ask(snapshot(*alone, local, policy), "lab/client -> 10.0.0.7 TCP/80", engine)
    assert kept.decision is inside.decision


IPV4 = network_policy("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.244.0.0/16}}]}]}")
IPV6 = network_policy("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 'fd00::/16'}}]}]}")


@pytest.mark.parametrize(
    ("addresses", "question", "policy", "expected"),
    [
        (["fd00:10::9"], "fd00:10::9", IPV4, "Deny"),
        (["fd00:10::9"], "svc:shop/s", IPV4, "Deny"),
        (["fd00:10::9"], "svc:shop/s", IPV6, "Allow"),
        (["10.0.0.9"], "svc:shop/s", IPV4, "Allow"),
        (["10.0.0.9"], "svc:shop/s", IPV6, "Deny"),
        (["10.0.0.9", "fd00:10::9"], "10.0.0.9", IPV4, "Allow"),
        (["10.0.0.9", "fd00:10::9"], "fd00:10::9", IPV4, "Deny"),
        (["10.0.0.9", "fd00:10::9"], "svc:shop/s", IPV4, "AddressFamily"),
        ([], "svc:shop/s", IPV4, "AddressFamily"),
    ],
)
def test_a_service_is_called_in_its_own_address_families(
    addresses: list[str], question: str, policy: Manifest, expected: str
) -> None:
    ips = {"clusterIP": addresses[0], "clusterIPs": addresses} if addresses else {}
    cluster = [
        pod("shop/backend", {"app": "web"}, ips=["10.244.1.1", "fd00:2::1"]),
        pod("shop/caller", ips=["10.244.1.2", "fd00:2::2"]),
        service("shop/s", {"app": "web"}, [{"port": 80}], **ips),
    ]
    found = ask(snapshot(*cluster, policy), f"shop/caller -> {question} TCP/80", "calico")
    codes = " ".join(sorted({each.code for each in found.assumptions}))
    assert (codes or found.decision.value) == expected


def test_a_backend_without_the_family_of_the_call_is_none() -> None:
    cluster = [
        pod("shop/backend", {"app": "web"}, ips=["10.244.1.1"]),
        pod("shop/caller", ips=["10.244.1.2", "fd00:2::2"]),
        service("shop/s", {"app": "web"}, [{"port": 80}], clusterIP="fd00:10::9"),
    ]
    found = ask(snapshot(*cluster), "shop/caller -> svc:shop/s TCP/80")
    assert found.decision is Decision.UNKNOWN
    assert [each.code for each in found.assumptions] == ["EndpointHasNoNetwork"]


SHARED = [
    namespace("a"),
    node("n1", "192.168.0.4", "192.168.0.9"),
    pod("a/one", {"app": "one"}, ips=["10.244.1.1"], on="n1"),
    pod("a/two", {"app": "two"}, ips=["10.244.1.2"], on="n1"),
    pod("a/client", ips=["10.244.1.3"], on="n1"),
    *(
        service(
            f"a/{name}",
            {"app": app},
            [{"port": port, "targetPort": 8080}],
            type="LoadBalancer",
            load_balancer_ips=["20.9.9.9"],
            externalIPs=["192.168.0.9"],
        )
        for name, app, port in (("s1", "one", 80), ("s2", "two", 443))
    ),
]


@pytest.mark.parametrize("source", ["a/client", "203.0.113.10"])
@pytest.mark.parametrize(("port", "backend"), [(80, "a/one"), (443, "a/two")])
def test_services_that_share_an_address_are_told_apart_by_the_port(
    source: str, port: int, backend: str
) -> None:
    found = ask(snapshot(*SHARED), f"{source} -> 20.9.9.9 TCP/{port}")
    assert found.decision is Decision.ALLOW
    assert {name for group in found.groups for name in group.destinations} == {backend}


@pytest.mark.parametrize("question", ["TCP/81", "UDP/80"])
def test_a_port_that_no_service_at_the_address_has(question: str) -> None:
    with pytest.raises(UnresolvedEnd) as unresolved:
        ask(snapshot(*SHARED), f"a/client -> 20.9.9.9 {question}")
    assert unresolved.value.code == "ServicePortNotFound"
    assert unresolved.value.detail == (
        f"no Service with the address 20.9.9.9 has a port {question.replace('/', ' ')}; "
        "a/s1 has TCP 80, a/s2 has TCP 443"
    )


def test_a_node_s_address_has_ports_beside_those_of_services() -> None:
    for port, called in ((80, "a/one"), (10250, "n1")):
        found = ask(snapshot(*SHARED), f"a/client -> 192.168.0.9 TCP/{port}")
        assert found.decision is Decision.ALLOW
        assert {name for group in found.groups for name in group.destinations} == {called}


def test_one_of_two_services_with_the_same_address_and_port() -> None:
    again = service("a/s3", {"app": "two"}, [{"port": 80}], externalIPs=["20.9.9.9"])
    closed = network_policy("{podSelector: {matchLabels: {app: two}}}", "a/closed")
    for engine, expected in (("calico", "SharedServiceAddress"), ("none", "")):
        found = ask(snapshot(*SHARED, again, closed), "a/client -> 20.9.9.9 TCP/80", engine)
        assert " ".join(each.code for each in found.assumptions) == expected


RANGED = {**EXPOSED, "spec": EXPOSED["spec"] | {"loadBalancerSourceRanges": ["203.0.113.0/28"]}}
ANNOTATED = {
    **EXPOSED,
    "metadata": EXPOSED["metadata"]
    | {
        "annotations": {
            "service.beta.kubernetes.io/load-balancer-source-ranges": " 203.0.113.0/29, 10.0.0.0/8"
        }
    },
}
OF_AZURE = {
    **EXPOSED,
    "metadata": EXPOSED["metadata"]
    | {
        "annotations": {
            "service.beta.kubernetes.io/azure-allowed-ip-ranges": "203.0.113.0/28,wrong"
        }
    },
}
CLOSED = network_policy("{podSelector: {}}")


@pytest.mark.parametrize(
    ("calls", "question", "expected"),
    [
        (RANGED, "203.0.113.10 -> 203.0.113.200", "Allow"),
        (RANGED, "203.0.113.16 -> 203.0.113.200", "LoadBalancerSourceRanges"),
        (RANGED, "203.0.113.16 -> svc:shop/web", "LoadBalancerSourceRanges"),
        (RANGED, "2001:db8::1 -> svc:shop/web", "LoadBalancerSourceRanges"),
        # What the load balancer does is nothing to its Service's other addresses.
        (RANGED, "lab/client -> svc:shop/web", "Allow"),
        (RANGED, "lab/client -> 10.0.0.7", "Allow"),
        (RANGED, "lab/client -> 203.0.113.200", "LoadBalancerSourceRanges"),
        (RANGED, "203.0.113.16 -> node:n1 TCP/30080", "Allow"),
        # The field counts, else the annotations.
        (ANNOTATED, "203.0.113.7 -> 203.0.113.200", "Allow"),
        (ANNOTATED, "203.0.113.10 -> 203.0.113.200", "LoadBalancerSourceRanges"),
        (ANNOTATED, "lab/client -> 203.0.113.200", "Allow"),
        (OF_AZURE, "203.0.113.10 -> 203.0.113.200", "Allow"),
        (OF_AZURE, "203.0.113.16 -> 203.0.113.200", "LoadBalancerSourceRanges"),
        (
            {**ANNOTATED, "spec": RANGED["spec"]},
            "203.0.113.10 -> 203.0.113.200",
            "Allow",
        ),
        (
            {**RANGED, "spec": RANGED["spec"] | {"type": "NodePort"}},
            "203.0.113.16 -> svc:shop/web",
            "Allow",
        ),
    ],
)
def test_the_source_ranges_of_a_load_balancer(
    calls: Manifest, question: str, expected: str
) -> None:
    if "TCP" not in question:
        question = f"{question} TCP/80"
    for engine in ("none", "calico", "cilium"):
        assert _decided([calls], question, engine) == expected


def test_a_closed_backend_is_closed_to_every_client() -> None:
    assert _decided([RANGED, CLOSED], "203.0.113.99 -> 203.0.113.200 TCP/80") == "Deny"


NEAR = service(
    "shop/near", {"app": "web"}, [{"port": 80, "targetPort": 8080}], clusterIP="10.0.0.8",
    internalTrafficPolicy="Local", externalIPs=["203.0.113.202"],
)  # fmt: skip
B_CLOSED = network_policy("{podSelector: {matchLabels: {own: b}}}", "shop/b")
PLACED = [
    namespace("shop"),
    node("n1", "192.168.0.4"),
    node("n2", "192.168.0.5"),
    node("n3", "192.168.0.6"),
    pod("shop/a", {"app": "web", "own": "a"}, ips=["10.244.1.1"], on="n1"),
    pod("shop/b", {"app": "web", "own": "b"}, ips=["10.244.2.2"], on="n2"),
    pod("shop/one", {"call": "here"}, ips=["10.244.1.9"], on="n1"),
    pod("shop/two", ips=["10.244.2.9"], on="n2"),
    pod("shop/three", {"call": "here"}, ips=["10.244.3.9"], on="n3"),
    pod("shop/anywhere", ips=["10.244.4.9"]),
]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("shop/one -> 10.0.0.8", "Allow"),
        ("shop/one -> svc:shop/near", "Allow"),
        ("shop/two -> svc:shop/near", "Deny"),
        ("node:n1 -> 10.0.0.8", "Allow"),
        ("shop/three -> 10.0.0.8", "EndpointHasNoNetwork"),
        ("node:n3 -> 10.0.0.8", "EndpointHasNoNetwork"),
        ("shop/call=here -> 10.0.0.8", "EndpointHasNoNetwork"),
        ("shop/anywhere -> 10.0.0.8", "PlacementUnknown ServiceBackend"),
        # Another address is no matter of this policy.
        ("shop/three -> 203.0.113.202", "ServiceBackend"),
        ("203.0.113.10 -> svc:shop/near [backend a]", "Allow"),
    ],
)
def test_internal_traffic_policy_local_leads_to_the_caller_s_node(
    question: str, expected: str
) -> None:
    found = ask(
        snapshot(*PLACED, NEAR, B_CLOSED),
        question.replace(" [", " TCP/80 [") if "[" in question else f"{question} TCP/80",
        "calico",
    )
    codes = " ".join(sorted({each.code for each in found.assumptions}))
    assert (codes or found.decision.value) == expected


def test_a_backend_that_is_not_placed_may_be_on_the_caller_s_node() -> None:
    """It is one backend more where there is a sure one, and else perhaps none."""
    floating = pod("shop/floating", {"app": "web", "own": "f"}, ips=["10.244.5.1"])
    objects = [*PLACED, NEAR, floating]
    for question, expected in (
        ("shop/one -> 10.0.0.8 TCP/80", []),
        ("shop/three -> 10.0.0.8 TCP/80", ["PlacementUnknown"]),
    ):
        found = ask(snapshot(*objects), question, "calico")
        assert [each.code for each in found.assumptions] == expected
    closed = network_policy("{podSelector: {}}")
    assert ask(snapshot(*objects, closed), "shop/three -> 10.0.0.8 TCP/80").decision is (
        Decision.DENY
    )


def test_no_backend_on_the_caller_s_node_is_told() -> None:
    found = ask(snapshot(*PLACED, NEAR), "shop/three -> 10.0.0.8 TCP/80")
    assert [each.detail for each in found.assumptions] == [
        "node n3 runs no backend of Service shop/near, and internalTrafficPolicy Local leads to "
        "no other"
    ]


def test_a_service_may_publish_pods_that_are_not_ready() -> None:
    waiting = pod("shop/d", {"app": "waiting"}, ips=["10.244.1.4"], on="n1")
    waiting["status"]["conditions"] = [{"type": "Ready", "status": "False"}]
    spec = {"clusterIP": "None", "publishNotReadyAddresses": True}
    calls = service("shop/waiting", {"app": "waiting"}, [{"port": 80}], **spec)
    assert _decided([waiting, calls], "lab/client -> svc:shop/waiting TCP/80") == "Allow"


V4, V6 = "10.244.1.1", "fd00:2::1"


@pytest.mark.parametrize("engine", ["none", "kubernetes", "calico", "cilium", "npm"])
@pytest.mark.parametrize(
    ("caller", "backend", "addresses", "question", "expected"),
    [
        (["10.244.9.9"], [V6], [], "shop/b", "EndpointHasNoNetwork"),
        (["fd00:9::9"], [V4], [], "shop/b", "EndpointHasNoNetwork"),
        (["10.244.9.9"], [V4, V6], [], V6, "EndpointHasNoNetwork"),
        (["10.244.9.9"], [V4, V6], [], "shop/b", "Allow"),
        (["10.244.9.9", "fd00:9::9"], [V6], [], "shop/b", "Allow"),
        ([], [V6], [], "shop/b", "Allow"),
        (["10.244.9.9"], [], [], "shop/b", "Allow"),
        (["10.244.9.9"], [V6], ["fd00:10::9"], "svc:shop/s", "EndpointHasNoNetwork"),
        (["10.244.9.9"], [V4, V6], ["fd00:10::9"], "fd00:10::9", "EndpointHasNoNetwork"),
        (["fd00:9::9"], [V4, V6], ["10.0.0.9"], "svc:shop/s", "EndpointHasNoNetwork"),
        (["10.244.9.9"], [V6], [], "svc:shop/s", "EndpointHasNoNetwork"),
        (["10.244.9.9"], [V4, V6], ["fd00:10::9", "10.0.0.9"], "svc:shop/s", "Allow"),
        ([], [V6], ["fd00:10::9"], "svc:shop/s", "Allow"),
    ],
)
def test_without_a_common_address_family_there_is_no_way(
    engine: str, caller: list[str], backend: list[str], addresses: list[str], question: str,
    expected: str,
) -> None:  # fmt: skip
    ips = {"clusterIP": addresses[0], "clusterIPs": addresses} if addresses else {}
    cluster = [
        pod("shop/b", {"app": "web"}, ips=backend),
        pod("shop/caller", ips=caller),
        service("shop/s", {"app": "web"}, [{"port": 80}], **ips),
    ]
    found = ask(snapshot(*cluster), f"shop/caller -> {question} TCP/80", engine)
    codes = " ".join(sorted({each.code for each in found.assumptions}))
    assert (codes or found.decision.value) == expected
