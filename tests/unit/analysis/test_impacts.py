"""What an impact lists: kinds that one engine alone reads, parts of a pair, and what opens."""

from __future__ import annotations

from typing import Any

import pytest

from service.analysis.compare import Change
from service.analysis.impacts import EngineChange, engine_changes
from service.engines.registry import compile_pipeline
from service.model.intervals import NOTHING, Intervals
from service.model.pipeline import Direction
from service.model.ports import Protocol, describe_traffic, whole_protocol
from tests.builders import Manifest, namespace, network_policy, node, pod, profile, snapshot
from tests.vectors.calico import calico_object
from tests.vectors.policy_api import policy_object

DB = pod("shop/db", {"app": "db"}, on="n1", ips=["10.244.1.7"], ports="sql=5432")
WEB = pod("shop/web", {"app": "web"}, on="n2", ips=["10.244.2.8"], ports="http=8080")
MON = pod("ops/mon", {"app": "mon"}, on="n2", ips=["10.244.2.9"])
BASE = (namespace("shop"), namespace("ops"), node("n1", "192.168.0.4"), node("n2", "192.168.0.5"),
        DB, WEB, MON)  # fmt: skip

FROM_WEB = {"action": "Allow", "protocol": "TCP", "source": {"selector": "app == 'web'"},
            "destination": {"ports": [5432]}}  # fmt: skip
CALICO = calico_object(
    "gnp",
    {"gnp": {"selector": "app == 'db'", "types": ["Ingress"], "ingress": [FROM_WEB]}},
    "db",
)
TO_SQL = {"fromEndpoints": [{"matchLabels": {"app": "web"}}],
          "toPorts": [{"ports": [{"port": "5432", "protocol": "TCP"}]}]}  # fmt: skip
CILIUM = policy_object(
    "cnp",
    {"cnp": {"ns": "shop", "endpointSelector": {"matchLabels": {"app": "db"}},
             "ingress": [TO_SQL]}},
    "db",
)  # fmt: skip
OPENS = {
    "ops/Pod/mon": "TCP any port; UDP any port; ICMP",
    "shop/Pod/web": "TCP 1-5431,5433-65535; UDP any port; ICMP",
    "node n2": "TCP any port; UDP any port; ICMP",
    "0.0.0.0-255.255.255.255": "TCP any port; UDP any port; ICMP",
}


def changed(manifests: tuple[Manifest, ...], source: str, target: str) -> EngineChange:
    found = snapshot(*BASE, *manifests)
    before, after = (compile_pipeline(found, profile(each)) for each in (source, target))
    (change,) = engine_changes(before, [after], found)
    return change


def lines(change: EngineChange, wanted: Change) -> dict[tuple[str, str], Intervals]:
    """What changes between each two ends, in one way; SCTP apart, which nothing uses."""
    found: dict[tuple[str, str], Intervals] = {}
    for block in change.comparison.blocks:
        traffic = block.traffic - whole_protocol(Protocol.SCTP)
        if block.change is wanted and traffic:
            for each in change.comparison.differences(block):
                key = str(each.source), str(each.destination)
                found[key] = found.get(key, NOTHING) | traffic
    return found


@pytest.mark.parametrize(
    ("source", "target", "policy", "rule"),
    [
        ("calico", "cilium", CALICO, "MIG-022"),
        ("cilium", "calico", CILIUM, "MIG-025"),
    ],
)
def test_kinds_of_calico_and_cilium(source: str, target: str, policy: Manifest, rule: str) -> None:
    change = changed((policy,), source, target)

    opened = lines(change, Change.NEWLY_ALLOWED)
    assert {ends: describe_traffic(found) for ends, found in opened.items()} == {
        (name, "shop/Pod/db"): text for name, text in OPENS.items()
    }
    assert not lines(change, Change.NEWLY_DENIED)
    groups = [each for each in change.impact.groups if each.change is Change.NEWLY_ALLOWED]
    assert {each.rule for each in groups} == {rule}
    (responsible,) = {ref for each in groups if each.cause for ref, _ in each.cause.policies}
    assert responsible.name == policy["metadata"]["name"]


def test_ports_that_differ_for_different_reasons_are_parts() -> None:
    """One rule opens a port by an address block, another the rest by a negation."""
    rules: list[dict[str, Any]] = [
        {"from": [{"ipBlock": {"cidr": "203.0.113.0/24"}}], "ports": [{"port": 80}]},
        {"from": [{"namespaceSelector": {"matchExpressions": [
            {"key": "team", "operator": "NotIn", "values": ["a"]}]}}], "ports": [{"port": 81}]},
        {"from": [{"ipBlock": {"cidr": "192.168.0.0/24"}}], "ports": [{"port": 82}]},
        {"from": [{"ipBlock": {"cidr": "192.168.0.5/32"}}], "ports": [{"port": 83}]},
    ]  # fmt: skip
    spec = {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": rules}
    change = changed((network_policy(spec, "shop/mixed"),), "npm", "cilium")

    found: dict[str, tuple[str, str]] = {}
    for block in change.comparison.blocks:
        for difference in change.comparison.differences(block):
            if str(difference.source) == "node n2" and str(difference.destination) == "shop/Pod/db":
                for part in change.causes_of_parts(difference):
                    (cause,) = part.causes
                    assert cause is not None
                    ((_, pointer),) = cause.policies
                    assert part.witness.flow.port in {82, 83}
                    found[describe_traffic(part.traffic)] = cause.rule.id, pointer
    assert found == {
        "TCP 82": ("MIG-008", "/spec/ingress/2"),
        "TCP 83": ("MIG-002", "/spec/ingress/3"),
    }


def test_a_port_by_number_and_one_by_name_are_parts() -> None:
    """One rule names both; what stands behind the name is in doubt, the number is not."""
    egress = [{"ports": [{"port": 80}, {"port": "admin"}]}]
    policies = (
        network_policy({"podSelector": {}, "policyTypes": ["Egress"], "egress": egress},
                       "shop/out"),
        network_policy("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}",
                       "shop/in"),
    )  # fmt: skip
    serving = pod("shop/setup", on="n1", init_ports="admin=9999")
    calling = pod("shop/caller", on="n1")
    change = changed((*policies, serving, calling), "calico", "cilium")

    found: dict[str, set[tuple[str, Direction]]] = {}
    for block in change.comparison.blocks:
        for difference in change.comparison.differences(block):
            ends = str(difference.source), str(difference.destination)
            if ends == ("shop/Pod/caller", "shop/Pod/setup"):
                for part in change.causes_of_parts(difference):
                    found[describe_traffic(part.traffic)] = {
                        (cause.rule.id, cause.direction) for cause in part.causes if cause
                    }
    assert found == {
        "TCP 80": {("MIG-003", Direction.INGRESS)},
        "TCP 9999": {("MIG-003", Direction.INGRESS), ("MIG-030", Direction.EGRESS)},
    }


def test_a_peer_in_doubt_does_not_hide_why_another_one_went() -> None:
    """A negation let the hostNetwork pod in; whether the block does depends on its address."""
    peers: list[dict[str, Any]] = [
        {"namespaceSelector": {"matchExpressions": [
            {"key": "team", "operator": "NotIn", "values": ["a"]}]}},
        {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}},
    ]  # fmt: skip
    policy = network_policy({"podSelector": {}, "ingress": [{"from": peers}]}, "shop/mixed")
    change = changed((policy, pod("ops/host", hostNetwork=True)), "npm", "calico")

    assert not change.impact.unexplained
    assert {
        (group.rule, group.cause.why)
        for group in change.impact.groups
        if group.change is Change.NEWLY_UNKNOWN and group.cause
    } == {("MIG-015", "negations alone no longer cover what is outside")}


def test_what_was_closed_most_deliberately_comes_first() -> None:
    policies = (
        network_policy("{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}", "ops/space"),
        network_policy("{podSelector: {matchLabels: {app: db}}}", "shop/none"),
        network_policy(
            "{podSelector: {matchLabels: {app: web}}, ingress: [{ports: [{port: 80}]}]}",
            "shop/some",
        ),
    )
    impact = changed(policies, "npm", "none").impact

    told = []
    for each in impact.groups:
        assert each.cause is not None
        assert each.isolation is not None
        assert each.rule == "MIG-020"
        ((ref, _),) = each.cause.policies
        told.append((ref.name, each.isolation.named_by, each.isolation.closed_by))
    assert told == [("none", 1, 1), ("some", 1, 0), ("space", 0, 0)]
    assert not any(each.isolation for each in changed(policies, "npm", "cilium").impact.groups)


@pytest.mark.parametrize("target", ["none", "cilium"])
def test_each_of_many_policies_has_a_group_of_its_own(target: str) -> None:
    """Rows come and go while they are asked, and what was found for one is not another's."""
    count = 400
    objects: list[Manifest] = [node("n1", "192.168.0.4")]
    for number in range(count):
        place = f"space-{number}"
        opened = [{"ports": [{"port": number + 1}]}]
        spec = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "ingress": opened}
        objects += [
            namespace(place),
            pod(f"{place}/one", on="n1", ips=[f"10.244.{number // 250}.{number % 250 + 1}"]),
            network_policy(spec, f"{place}/closed"),
        ]
    found = snapshot(*objects)
    before, after = (compile_pipeline(found, profile(each)) for each in ("npm", target))
    (change,) = engine_changes(before, [after], found)

    rule = {"none": "MIG-020", "cilium": "MIG-004"}[target]
    groups = [each for each in change.impact.groups if each.rule == rule]
    # Without an engine both ends of every pod open, towards Cilium it loses its own node.
    directions = {"none": 2, "cilium": 1}[target]
    assert len(groups) == directions * count
    for each in groups:
        assert each.cause is not None
        ((ref, _),) = each.cause.policies
        ends = each.sources if each.cause.direction is Direction.EGRESS else each.destinations
        assert [str(end) for end in ends] == [f"{ref.namespace}/Pod/one"]
