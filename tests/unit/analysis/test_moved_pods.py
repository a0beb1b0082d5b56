"""Differences of what moved, came and went: each is told of ends that have met."""

from __future__ import annotations

import pytest

from service.analysis.witness import Court, witness_of
from service.model.flow import AddressEnd
from tests.builders import Manifest, network_policy, node, pod, snapshot
from tests.unit.analysis.maps import compared, solved_of
from tests.unit.analysis.test_twins import shown

N1, N2 = node("n1", "192.168.0.4"), node("n2", "192.168.0.5")
CLOSED = network_policy("{podSelector: {matchLabels: {app: o}}, policyTypes: [Ingress]}")
HOST = pod("shop/h", ips=["192.168.0.4"], on="n1", hostNetwork=True)
OWNER = "ReplicaSet/o"


def o(name: str, on: str) -> Manifest:
    return pod(f"shop/{name}", {"app": "o"}, ips=["10.0.0.1"], on=on, owner=OWNER)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        # They were apart, and whoever runs there now never met who is gone.
        ("n2", "n1", []),
        ("n1", "n2", ["newlyDenied on one node: pod:shop/h -> pod:shop/o1: Allow, -"]),
        ("n1", "n1", ["newlyDenied on one node: pod:shop/h -> pod:shop/o1: Allow, -"]),
    ],
)
def test_what_went_met_the_others_where_they_were(
    before: str, after: str, expected: list[str]
) -> None:
    first, second = [N1, N2, CLOSED, HOST, o("o1", before)], [N1, N2, CLOSED, o("o2", after)]
    assert shown(first, second, "Pod/h", OWNER) == expected
    came = [each.replace("Denied", "Allowed").replace("Allow, -", "-, Allow") for each in expected]
    assert shown(second, first, "Pod/h", OWNER) == came


def test_a_node_that_is_not_listed_any_more() -> None:
    first, second = [N1, N2, CLOSED, o("o1", "n1")], [N1, CLOSED, o("o2", "n2")]
    assert shown(first, second, "n2", OWNER) == []
    assert shown([N1, N2, o("o1", "n1")], [N1, o("o2", "n2")], "n2", OWNER) == [
        "newlyDenied on two: node:n2 -> pod:shop/o1: Allow, -"
    ]


def test_both_sides_of_a_witness_are_of_where_a_pod_runs_later() -> None:
    """A pod that only moved is no difference; the policy that went is one for its later place."""
    first, second = [N1, N2, CLOSED, o("o1", "n1")], [N1, N2, o("o1", "n2")]
    assert shown(first, [*second[:2], CLOSED, o("o1", "n2")], "n1", OWNER) == []
    assert shown(first, second, "n1", OWNER) == [
        "newlyAllowed on two: node:n1 -> pod:shop/o1: Deny, Allow"
    ]


def test_a_witness_from_outside_is_outside_in_both() -> None:
    policy = network_policy(
        "{podSelector: {matchLabels: {app: s}}, policyTypes: [Ingress], ingress: [{from: ["
        "{podSelector: {matchLabels: {app: n}}},"
        " {ipBlock: {cidr: 0.0.0.0/0, except: [10.244.0.4/30]}}]}]}"
    )
    first = [pod("shop/s", {"app": "s"}, ips=["10.244.0.9"])]
    second = [*first, pod("shop/n", {"app": "n"}, ips=["10.244.0.4"]), policy]
    courts = [
        Court(solved_of(snapshot(*each), "npm").connectivity.pipeline) for each in (first, second)
    ]
    found = compared(first, second)
    callers = [
        witness_of(each, *courts).flow.source
        for block in found.blocks
        for each in found.differences(block)
        if not each.source.is_workload and block.after.value == "Deny"
    ]
    assert callers == [AddressEnd("10.244.0.5")]
