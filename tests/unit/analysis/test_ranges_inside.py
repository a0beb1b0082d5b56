"""Addresses that nobody outside has are outside for no map, difference or report."""

from __future__ import annotations

import pytest

from tests.builders import Manifest, namespace, network_policy, node, pod, service
from tests.unit.analysis.maps import changes_of, compared, lines_of
from tests.unit.analysis.test_impacts import changed

NODE = node("n8", "192.168.0.8")
NODE["status"]["addresses"].append({"type": "ExternalIP", "address": "198.51.100.8"})
LONELY = {**pod("ops/lonely", on="n9"), "status": {"hostIPs": [{"ip": "192.168.0.9"}]}}
ONE = pod("shop/one", {"app": "one"}, ips=["10.0.0.7"], on="n8")
SERVICE = service(
    "shop/one", {"app": "one"}, [{"port": 80}], clusterIP="10.96.0.9", clusterIPs=["10.96.0.9"]
)
OBJECTS = (NODE, ONE, LONELY, SERVICE)
CLUSTER = [namespace("shop"), namespace("ops"), *OBJECTS]
ALL = "0.0.0.0/0"


def policy(direction: str, *blocks: dict[str, object]) -> Manifest:
    rule, peers = {"Ingress": ("ingress", "from"), "Egress": ("egress", "to")}[direction]
    spec = {"podSelector": {"matchLabels": {"app": "one"}}, "policyTypes": [direction]}
    rules = [{peers: [{"ipBlock": each} for each in blocks]}] if blocks else []
    return network_policy({**spec, rule: rules}, "shop/one")


@pytest.mark.parametrize("direction", ["Ingress", "Egress"])
@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("203.0.113.9", {"Ingress", "Egress"}),
        # Who calls it calls a Service; nobody knows that no one speaks with it.
        ("10.96.0.9", {"Ingress"}),
        ("198.51.100.8", set()),
        ("192.168.0.9", set()),
        ("192.168.0.8", set()),
        ("10.0.0.7", set()),
    ],
)
def test_who_is_outside(address: str, told: set[str], direction: str) -> None:
    ends = (address, "shop/Pod/one") if direction == "Ingress" else ("shop/Pod/one", address)
    expected = direction in told
    text = f"{ends[0]} -> {ends[1]} "
    nobody, somebody = policy(direction), policy(direction, {"cidr": f"{address}/32"})

    assert any(each.startswith(text) for each in lines_of(*CLUSTER, somebody)) is expected
    different = changes_of(compared([*CLUSTER, nobody], [*CLUSTER, somebody]))
    assert any(f" {text}" in each for each in different) is expected

    everybody_else = policy(direction, {"cidr": ALL, "except": [f"{address}/32"]})
    impact = changed((*OBJECTS, everybody_else), "calico", "none").impact
    opened = {
        (source, destination)
        for group in impact.groups
        for source in map(str, group.sources)
        for destination in map(str, group.destinations)
    }
    assert (ends in opened) is expected


@pytest.mark.parametrize(
    ("address", "told"),
    [("203.0.113.9", True), ("198.51.100.8", False), ("192.168.0.9", False), ("10.0.0.7", False)],
)
def test_who_calls_a_service_from_outside(address: str, told: bool) -> None:
    port = {"port": 80, "nodePort": 30080}
    exposed = service("shop/one", {"app": "one"}, [port], type="NodePort",
                      externalTrafficPolicy="Local")  # fmt: skip
    everybody_else = policy("Ingress", {"cidr": ALL, "except": [f"{address}/32"]})
    impact = changed((NODE, ONE, LONELY, exposed, everybody_else), "calico", "none").impact
    sources = {str(each) for group in impact.groups for each in group.sources}
    assert (address in sources) is told
