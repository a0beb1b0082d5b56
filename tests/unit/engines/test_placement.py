"""What an upload does not tell: nodes, addresses and operating systems that decide an answer."""

from __future__ import annotations

import pytest

from service.model.snapshot import ClusterFacts
from tests.builders import Manifest, ask, deployment, namespace, network_policy, node, pod, snapshot
from tests.unit.analysis.maps import lines_of
from tests.unit.engines.rows import ENFORCING

ALL = "TCP any port; UDP any port; SCTP any port"
SHOP = namespace("shop")
DENY_IN = network_policy("{podSelector: {}}")
DENY_OUT = network_policy("{podSelector: {}, policyTypes: [Egress]}")
NAMED = network_policy("{podSelector: {}, ingress: [{ports: [{port: http}]}]}")
NODES = (node("n1", "192.168.0.4"), node("n2", "192.168.0.5"))
MIXED = (node("lin", "192.168.0.4"), node("win", "192.168.0.5", os="windows"))
UNPLACED = pod("shop/web", {"app": "web"}, ips=["10.244.1.10"], ports="http=8080")


def _decided(objects: list[Manifest], question: str, engine: str) -> str:
    """The decision, or the codes of the assumptions of an Unknown."""
    verdict = ask(snapshot(SHOP, *objects), question, engine)
    return " ".join(sorted({each.code for each in verdict.assumptions})) or verdict.decision.value


@pytest.mark.parametrize("engine", ["kubernetes", "npm", "calico", "cilium"])
def test_a_node_may_be_that_of_an_unplaced_pod(engine: str) -> None:
    question = "node:n1 -> shop/web TCP/8080"
    assert _decided([*NODES, UNPLACED, DENY_IN], question, engine) == "PlacementUnknown"


@pytest.mark.parametrize(
    ("engine", "expected"),
    [
        ("kubernetes", "PlacementUnknown"),
        ("npm", "PlacementUnknown"),
        ("calico", "Deny"),
        ("cilium", "Deny"),
    ],
)
def test_an_unplaced_pod_may_run_on_the_node_it_calls(engine: str, expected: str) -> None:
    objects = [*NODES, UNPLACED, DENY_OUT]
    assert _decided(objects, "shop/web -> node:n1 TCP/10250", engine) == expected


@pytest.mark.parametrize("engine", ["kubernetes", "npm", "calico", "cilium", "none"])
def test_placement_does_not_matter_where_nothing_is_forbidden(engine: str) -> None:
    assert _decided([*NODES, UNPLACED], "node:n1 -> shop/web TCP/8080", engine) == "Allow"


@pytest.mark.parametrize(
    ("engine", "expected"),
    [
        ("kubernetes", "AddressUnknown"),
        ("npm", "AddressUnknown"),
        ("calico", "AddressUnknown"),
        ("cilium", "Deny"),
    ],
)
def test_a_block_may_cover_a_pod_without_address(engine: str, expected: str) -> None:
    rule = "{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}"
    block = network_policy(f"{{podSelector: {{matchLabels: {{app: db}}}}, ingress: [{rule}]}}")
    objects = [pod("shop/db", {"app": "db"}), pod("shop/web"), block]
    assert _decided(objects, "shop/web -> shop/db TCP/5432", engine) == expected


@pytest.mark.parametrize(
    ("pod_cidr", "expected"),
    [
        ("10.244.0.0/16", "Allow"),
        ("172.16.0.0/16", "Deny"),
        ("10.0.0.0/7", "AddressUnknown"),
    ],
)
def test_the_cluster_s_pod_range_may_settle_it(pod_cidr: str, expected: str) -> None:
    block = network_policy("{ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}")
    found = snapshot(
        SHOP, pod("shop/db"), pod("shop/web"), block, facts=ClusterFacts(pod_cidrs=(pod_cidr,))
    )
    verdict = ask(found, "shop/web -> shop/db TCP/5432", "calico")
    answer = " ".join(each.code for each in verdict.assumptions) or verdict.decision.value
    assert answer == expected


@pytest.mark.parametrize(
    ("where", "expected"), [("lin", "Deny"), ("win", "Allow"), ("", "NodeOsUnknown")]
)
def test_npm_reads_a_policy_as_the_node_of_the_pod_does(where: str, expected: str) -> None:
    """Windows cannot have named ports, so the pod there is not isolated."""
    server = pod("shop/web", ips=["10.244.1.10"], on=where, ports="http=8080")
    question = "203.0.113.10 -> shop/web TCP/9999"
    assert _decided([*MIXED, server, NAMED], question, "npm") == expected


@pytest.mark.parametrize(
    "spec",
    [
        {"os": {"name": "windows"}},
        {"nodeSelector": {"kubernetes.io/os": "windows"}},
    ],
)
def test_a_pod_may_tell_its_own_os(spec: Manifest) -> None:
    server = deployment("shop/web", {"app": "web"}, ports="http=8080", **spec)
    question = "203.0.113.10 -> shop/Deployment/web TCP/9999"
    assert _decided([*MIXED, server, NAMED], question, "npm") == "Allow"
    assert _decided([*MIXED, server, NAMED], question, "calico") == "Deny"


@pytest.mark.parametrize(
    ("given", "port", "expected"),
    [
        (DENY_IN, 8080, "Deny"),
        (network_policy("{ingress: [{ports: [{port: 8080}]}]}"), 8080, "Allow"),
        (network_policy("{ingress: [{ports: [{port: 8080}]}]}"), 8081, "Deny"),
        (NAMED, 8080, "Allow"),
        (NAMED, 8081, "NodeOsUnknown"),
    ],
)
def test_the_os_does_not_matter_where_both_agree(given: Manifest, port: int, expected: str) -> None:
    question = f"203.0.113.10 -> shop/web TCP/{port}"
    assert _decided([*MIXED, UNPLACED, given], question, "npm") == expected


@pytest.mark.parametrize("engine", ENFORCING.replace("windows ", "").split())
def test_workloads_without_nodes_are_taken_for_linux(engine: str) -> None:
    server = deployment("shop/web", {"app": "web"}, ports="http=8080")
    question = "203.0.113.10 -> shop/Deployment/web TCP/"
    assert _decided([server, NAMED], f"{question}9999", engine) == "Deny"
    assert _decided([server, NAMED], f"{question}8080", engine) == "Allow"


@pytest.mark.parametrize(
    ("block", "decisions"),
    [
        ("{cidr: 0.0.0.0/0}", "Allow Allow Allow Allow Allow"),
        (
            "{cidr: 0.0.0.0/0, except: [192.168.0.0/24]}",
            "Deny Deny Allow SeveralAddresses Allow",
        ),
        ("{cidr: 192.168.0.0/24}", "Allow Allow Deny SeveralAddresses Deny"),
        ("{cidr: 20.0.0.0/24}", "Deny Deny Allow Deny Deny"),
    ],
)
def test_a_node_with_several_addresses_is_the_one_that_is_named(block: str, decisions: str) -> None:
    """Nothing inside the cluster sees the address that a cloud translates to a node's own."""
    one, other = node("n2", "192.168.0.5"), node("n3", "192.168.0.6", "10.9.0.6")
    one["status"]["addresses"].append({"type": "ExternalIP", "address": "20.0.0.5"})
    policy = network_policy(
        f"{{podSelector: {{}}, ingress: [{{from: [{{ipBlock: {block}}}]}}], "
        f"egress: [{{to: [{{ipBlock: {block}}}]}}]}}"
    )
    objects = [NODES[0], one, other, pod("shop/web", ips=["10.244.1.10"], on="n1"), policy]
    ends = ["node:n2", "192.168.0.5", "20.0.0.5", "node:n3", "10.9.0.6"]
    for question in ("{} -> shop/web TCP/80", "shop/web -> {} TCP/80"):
        told = [_decided(objects, question.format(each), "calico") for each in ends]
        assert " ".join(told) == decisions
    lines = lines_of(SHOP, *objects, engine="calico")
    expected = {"Allow": [ALL], "Deny": [], "SeveralAddresses": [f"{ALL}? SeveralAddresses"]}
    for name, decision in zip(("n2", "n3"), decisions.split()[::3], strict=True):
        start = f"node {name} -> shop/Pod/web "
        found = [each.removeprefix(start) for each in lines if each.startswith(start)]
        assert found == expected[decision]
