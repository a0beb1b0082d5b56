"""Calls through Services that two engines decide differently, beyond what a map says."""

from __future__ import annotations

from typing import Any

import pytest

from service.analysis.causes import Causes
from service.analysis.evaluate import Evaluator
from service.analysis.service_changes import ServiceChange, ServiceComparer, UnitOf
from service.analysis.units import WORKLOAD, Unit
from service.analysis.witness import Court
from service.engines.registry import compile_pipeline
from service.model.endpoint import Endpoint
from service.model.ports import describe_traffic
from service.model.snapshot import Snapshot
from tests.builders import Manifest, network_policy, node, pod, profile, service, snapshot

N1, N2 = node("n1", "192.168.0.4"), node("n2", "192.168.0.5")
DB = pod("shop/db", {"app": "db"}, on="n1", ips=["10.244.1.7"])
PORTS = [{"port": 80, "targetPort": 5432}]
LB = service("shop/db", {"app": "db"}, PORTS, type="LoadBalancer")
LOCAL = service("shop/db", {"app": "db"}, PORTS, type="LoadBalancer",
                externalTrafficPolicy="Local")  # fmt: skip
INSIDE = service("shop/db", {"app": "db"}, PORTS)
LOOSE = service("shop/db", None, PORTS, type="LoadBalancer")
BASE = (N1, N2, DB)


def ingress(rule: str = "") -> Manifest:
    return network_policy(f"{{podSelector: {{}}, policyTypes: [Ingress], ingress: [{rule}]}}")


DENY = ingress()
CLIENTS = ingress("{from: [{ipBlock: {cidr: 203.0.113.0/24}}]}")
NODES = ingress("{from: [{ipBlock: {cidr: 192.168.0.0/24}}]}")


def pod_unit(endpoint: Endpoint) -> Unit:
    return Unit(WORKLOAD, endpoint.namespace, f"Pod/{endpoint.name}")


def compared(
    found: Snapshot, before: str, after: str, unit_of: UnitOf = pod_unit
) -> ServiceComparer:
    first, second = (compile_pipeline(found, profile(each)) for each in (before, after))
    courts = Court(first), Court(second)
    return ServiceComparer(courts, found, Causes(first, second, found), unit_of)


def told(change: ServiceChange) -> tuple[Any, ...]:
    before, after = change.witness.before, change.witness.after
    assert before is not None
    assert after is not None
    return (
        str(change.source),
        change.same_node,
        f"{before.decision.value} {after.decision.value}",
        "+".join(sorted({each.rule.id if each else "" for each in change.causes})),
    )


ALL = "0.0.0.0-255.255.255.255"
BELOW, WITHIN, ABOVE = (
    "0.0.0.0-203.0.112.255",
    "203.0.113.0-203.0.113.255",
    "203.0.114.0-255.255.255.255",
)


@pytest.mark.parametrize(
    ("before", "after", "manifests", "expected"),
    [
        ("npm", "cilium", (LB, DENY), {
            (ALL, True, "Allow Deny", "MIG-006"),
            (ALL, False, "Unknown Deny", "MIG-006"),
        }),
        ("npm", "calico", (LB, DENY), {
            (ALL, True, "Allow Deny", "MIG-006"),
            (ALL, False, "Unknown Deny", "MIG-006"),
            ("shop/Pod/db", None, "Allow Deny", "MIG-028"),
        }),
        ("calico", "npm", (LB, DENY), {
            (ALL, True, "Deny Allow", "MIG-032"),
            (ALL, False, "Deny Unknown", "MIG-032"),
            ("shop/Pod/db", None, "Deny Allow", "MIG-032"),
        }),
        # Where clients are admitted, a call that is forwarded is one of the node's afterwards.
        ("npm", "cilium", (LB, CLIENTS), {
            (BELOW, True, "Allow Deny", "MIG-006"),
            (ABOVE, True, "Allow Deny", "MIG-006"),
            (BELOW, False, "Unknown Deny", "MIG-006"),
            (WITHIN, False, "Unknown Deny", "MIG-007"),
            (ABOVE, False, "Unknown Deny", "MIG-006"),
        }),
        # Blocks stop to match the node that forwards.
        ("calico", "cilium", (LB, NODES), {
            (ALL, False, "Allow Deny", "MIG-008"),
            ("shop/Pod/db", None, "Deny Allow", "MIG-028"),
        }),
        # The address of the client stays, and the map tells all that changes.
        ("npm", "cilium", (LOCAL, DENY), set()),
        ("npm", "cilium", (INSIDE, DENY), set()),
        ("npm", "cilium", (LB,), set()),
        ("npm", "cilium", (LB, ingress("{}")), set()),
        ("npm", "cilium", (LOOSE, DENY), set()),
        ("npm", "npm", (LB, DENY), set()),
    ],
)  # fmt: skip
def test_what_changes(
    before: str, after: str, manifests: tuple[Manifest, ...], expected: set[tuple[Any, ...]]
) -> None:
    found = list(compared(snapshot(*BASE, *manifests), before, after).changes())

    assert {told(each) for each in found} == expected
    assert len(found) == len(expected)
    for each in found:
        assert describe_traffic(each.traffic) == "TCP 5432"
        assert (each.service.name, each.port.port) == ("db", 80)
        assert str(each.destination) == "shop/Pod/db"


def test_without_nodes_one_answer_stands_for_both_ways() -> None:
    (found,) = compared(snapshot(DB, LB, DENY), "npm", "cilium").changes()

    assert told(found) == (ALL, None, "Unknown Deny", "MIG-006")


def test_each_witness_is_what_a_single_flow_answers() -> None:
    manifests = snapshot(*BASE, LB, CLIENTS)
    found = list(compared(manifests, "npm", "calico").changes())
    assert found
    for side, engine in enumerate(("npm", "calico")):
        pipeline = compile_pipeline(manifests, profile(engine))
        evaluator = Evaluator(pipeline, manifests.inventory)
        for each in found:
            told_by = (each.witness.before, each.witness.after)[side]
            assert told_by is not None
            assert evaluator.evaluate(each.witness.flow).decision is told_by.decision


def test_a_workload_is_asked_once() -> None:
    pods = [pod(f"shop/db-{number}", {"app": "db"}, on="n1", owner="ReplicaSet/db")
            for number in range(5)]  # fmt: skip
    found = snapshot(N1, N2, *pods, LB, DENY)
    one = Unit(WORKLOAD, "shop", "ReplicaSet/db")
    comparer = compared(found, "npm", "cilium", lambda endpoint: one)

    assert [each.same_node for each in comparer.changes()] == [True, False]
    assert not comparer.is_sampled


def test_more_ways_than_are_asked_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.analysis.service_changes.MOST_CALLS", 1)
    comparer = compared(snapshot(*BASE, LB, DENY), "npm", "cilium")

    assert len(list(comparer.changes())) == 1
    assert comparer.is_sampled
