"""Calico and pods on Windows: rules that its data plane there may skip leave the answer open."""

from __future__ import annotations

from typing import Any

import pytest

from service.model.verdict import Decision
from tests.builders import ask, namespace, network_policy, node, pod, snapshot
from tests.unit.engines.calico_cluster import decision, gnp, rule

WINDOWS = (
    node("w1", "192.168.0.9", os="windows"),
    pod("shop/win", {"app": "db"}, ips=["10.244.9.9"], on="w1", ports="sql=5432"),
)
SKIPPED = "Unknown CalicoWindowsRule"
#: From outside, and from a pod.
OUTSIDE, MON = "ext -> {} TCP/5432", "ops/mon -> {} TCP/5432"


@pytest.mark.parametrize(
    ("rules", "flow", "linux", "windows"),
    [
        (["source: {notNets: [10.0.0.0/8]}"], OUTSIDE, "Allow", SKIPPED),
        (["source: {notNets: [10.0.0.0/8]}"], MON, "Deny", "Deny"),
        (["protocol: TCP, destination: {ports: [sql]}"], MON, "Allow", SKIPPED),
        (["protocol: TCP, destination: {notPorts: [80]}"], MON, "Allow", SKIPPED),
        (["notProtocol: UDP"], MON, "Allow", SKIPPED),
        (["source: {notSelector: has(zone)}"], MON, "Allow", SKIPPED),
        # Beside a selector it only narrows the set of addresses.
        (["source: {selector: all(), notSelector: has(zone)}"], MON, "Allow", "Allow"),
        (["protocol: TCP, destination: {ports: [5432]}"], MON, "Allow", "Allow"),
        (["source: {nets: [10.0.0.0/8]}"], MON, "Allow", "Allow"),
        # Another rule settles it.
        (["protocol: TCP, destination: {ports: [sql]}", ""], MON, "Allow", "Allow"),
    ],
)
def test_rules_of_a_global_policy(rules: list[str], flow: str, linux: str, windows: str) -> None:
    objects = [gnp(*map(rule, rules))]
    assert decision(objects, flow.format("shop/db"), more=WINDOWS) == linux
    assert decision(objects, flow.format("shop/win"), more=WINDOWS) == windows


@pytest.mark.parametrize(
    ("ingress", "flow", "expected"),
    [
        ({"ports": [{"port": "sql"}]}, MON, Decision.UNKNOWN),
        ({"ports": [{"port": 5432}]}, MON, Decision.ALLOW),
        ({"ports": [{"port": 5000, "endPort": 6000}]}, MON, Decision.ALLOW),
        ({"ports": [{"port": 80}]}, MON, Decision.DENY),
        (
            {"from": [{"ipBlock": {"cidr": "203.0.113.0/24", "except": ["203.0.113.8/32"]}}]},
            OUTSIDE,
            Decision.UNKNOWN,
        ),
        ({"from": [{"ipBlock": {"cidr": "203.0.113.0/24"}}]}, OUTSIDE, Decision.ALLOW),
    ],
)
def test_rules_of_a_network_policy(ingress: dict[str, Any], flow: str, expected: Decision) -> None:
    policy = network_policy({"podSelector": {}, "ingress": [ingress]})
    others = (
        namespace("shop"),
        pod("ops/mon", ips=["10.244.1.1"], on="n1"),
        node("n1", "10.1.0.1"),
    )
    found = snapshot(*others, *WINDOWS, policy)
    asked = flow.format("shop/win").replace("ext", "203.0.113.10")
    assert ask(found, asked, "calico").decision is expected
