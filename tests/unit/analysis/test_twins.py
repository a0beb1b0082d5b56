"""Units of one owner that one of two maps tells apart: what is told is told of pairs of pods."""

from __future__ import annotations

from typing import Any

import pytest

from service.analysis.compare import compare
from service.analysis.witness import Court, Side, witness_of
from service.usecases.flow_json import describe_end
from tests.builders import Manifest, network_policy, node, pod, snapshot
from tests.unit.analysis.maps import solved_of

DB = pod("shop/db")
NODES = [node("n1", "192.168.0.4"), node("n2", "192.168.0.5")]
CLOSED = network_policy("{podSelector: {matchLabels: {x: '1'}}, ingress: []}")
FROM_THE_OTHERS = network_policy(
    "{podSelector: {matchLabels: {x: '1'}}, ingress: [{from: [{podSelector:"
    " {matchExpressions: [{key: x, operator: DoesNotExist}]}}]}]}"
)
ISOLATED = network_policy("{podSelector: {}, policyTypes: [Ingress]}")


def w(number: int, x: str = "", owner: str = "ReplicaSet/w", **more: Any) -> Manifest:
    return pod(f"shop/w-{number}", {"x": x} if x else {}, owner=owner, **more)


def shown(
    before: list[Manifest], after: list[Manifest], source: str, destination: str
) -> list[str]:
    """The changes between two units, each with its placement and the pods that show it."""
    solved = [solved_of(snapshot(*each), "kubernetes") for each in (before, after)]
    courts = [Court(each.connectivity.pipeline) for each in solved]
    comparison = compare(*solved)
    found = []
    for block in comparison.blocks:
        for each in comparison.differences(block):
            ends = each.source.name, each.destination.name
            if ends == (source, destination):
                witness = witness_of(each, *courts)
                pods = (
                    describe_end(end) for end in (witness.flow.source, witness.flow.destination)
                )
                said = f"{_said(witness.before)}, {_said(witness.after)}"
                placed = {None: "", True: " on one node", False: " on two"}[each.same_node]
                found.append(f"{block.change}{placed}: {' -> '.join(pods)}: {said}")
    return sorted(found)


def _said(side: Side | None) -> str:
    return side.decision.value if side else "-"


TOLD_APART = [w(0, "1"), w(1)]
ALIKE = [w(0), w(1)]
W = "ReplicaSet/w"


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        # Pods with the label may not reach each other, and there is only one.
        (FROM_THE_OTHERS, []),
        (CLOSED, ["newlyAllowed: pod:shop/w-1 -> pod:shop/w-0: Deny, Allow"]),
    ],
    ids=["not itself", "one way"],
)
def test_pods_that_are_alike_in_the_later_map(policy: Manifest, expected: list[str]) -> None:
    assert shown([*TOLD_APART, policy], ALIKE, W, W) == expected


def test_pods_that_are_alike_in_the_earlier_map() -> None:
    later = [*TOLD_APART, CLOSED]
    assert shown(ALIKE, later, W, W) == ["newlyDenied: pod:shop/w-1 -> pod:shop/w-0: Allow, Deny"]
    assert shown(ALIKE, [*TOLD_APART, FROM_THE_OTHERS], W, W) == []


def test_a_second_pod_of_a_variant_makes_a_pair() -> None:
    before, after = [w(0, "1"), w(1), w(2, "1"), FROM_THE_OTHERS], [*ALIKE, w(2)]
    expected = ["newlyAllowed: pod:shop/w-0 -> pod:shop/w-2: Deny, Allow"]
    assert shown(before, after, W, W) == expected


def test_a_new_pod_beside_them_is_like_none_of_them() -> None:
    """It might have had the label, and then this would be told of a change that none had."""
    assert shown([*TOLD_APART, FROM_THE_OTHERS], [*ALIKE, w(2)], W, W) == []
    # Others have it told of the pods that stayed.
    assert shown([*TOLD_APART, DB, CLOSED], [*ALIKE, w(2), DB], "Pod/db", W) == [
        "newlyAllowed: pod:shop/db -> pod:shop/w-0: Deny, Allow"
    ]


def test_pods_that_were_all_replaced() -> None:
    """Two new ones may be any two of the old ones, and no one of them twice."""
    replaced = [w(2), w(3)]
    assert shown([*TOLD_APART, FROM_THE_OTHERS], replaced, W, W) == []
    assert shown([*TOLD_APART, CLOSED], replaced, W, W) == [
        "newlyAllowed: pod:shop/w-2 -> pod:shop/w-3: -, Allow"
    ]


def test_pods_that_were_all_replaced_by_their_like() -> None:
    """A restart changes names and generated labels, and nothing else."""
    before = [DB, w(0, "1"), w(1), CLOSED]
    assert shown(before, [DB, w(2, "1"), w(3), CLOSED], "Pod/db", W) == []
    assert shown(before, [DB, w(2, "1"), w(3)], "Pod/db", W) == [
        "newlyAllowed: pod:shop/db -> pod:shop/w-2: -, Allow"
    ]
    # One is like none of the earlier ones, so that it may have been any of them.
    other = network_policy(
        "{podSelector: {matchLabels: {x: '2'}}, ingress: [{ports: [{port: 80}]}]}", "shop/other"
    )
    after = [DB, w(2, "1"), w(3), w(4, "2"), CLOSED, other]
    assert shown(before, after, "Pod/db", W) == [
        "newlyAllowed: pod:shop/db -> pod:shop/w-4: -, Allow",
        "newlyDenied: pod:shop/db -> pod:shop/w-4: -, Deny",
    ]


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        # Its own node reaches a pod whatever the policies, and so did who was on its network.
        (
            "n1",
            [
                "newlyDenied on one node: pod:shop/w-0 -> pod:shop/w-1: Allow, Deny",
                "newlyDenied on one node: pod:shop/w-1 -> pod:shop/w-0: Unknown, Deny",
            ],
        ),
        ("n2", ["newlyDenied on two: pod:shop/w-1 -> pod:shop/w-0: Unknown, Deny"]),
    ],
)
def test_one_that_was_on_the_network_of_its_node(place: str, expected: list[str]) -> None:
    others = [*NODES, w(1, on=place), ISOLATED]
    before, after = ([*others, w(0, on="n1", hostNetwork=host)] for host in (True, False))
    assert shown(before, after, W, W) == expected


def test_a_pod_that_went_to_another_owner() -> None:
    """Where one end is gone, both are pods of the earlier map."""
    before, after = [w(0, owner=""), w(1)], [w(0)]
    assert shown(before, after, "Pod/w-0", W) == [
        "newlyDenied: pod:shop/w-0 -> pod:shop/w-1: Allow, -"
    ]
