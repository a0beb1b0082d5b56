"""Differences as groups: a group stands for its sources with its destinations, and nothing else."""

from __future__ import annotations

import pytest

from service.analysis.difference_groups import DifferenceGroup, groups_of
from tests.builders import Manifest, network_policy, pod
from tests.unit.analysis.maps import compared

W = [pod(f"shop/w-{number}", {"app": "w"}, owner="ReplicaSet/w") for number in range(2)]
P, DB, CACHE = (pod(f"shop/{name}", {"app": name}) for name in ("p", "db", "cache"))
ISOLATED = network_policy("{podSelector: {}, policyTypes: [Ingress]}")
BACKENDS = network_policy(
    "{podSelector: {matchExpressions: [{key: app, operator: In, values: [db, cache]}]},"
    " policyTypes: [Ingress]}"
)


def grouped(before: list[Manifest], after: list[Manifest]) -> list[str]:
    """Each group as `SOURCES -> DESTINATIONS: PAIRS`, without those of other ends than pods."""
    comparison = compared(before, after, "npm")
    return sorted(
        _text(group)
        for block in comparison.blocks
        for group in groups_of(
            each
            for each in comparison.differences(block)
            if each.source.is_workload and each.destination.is_workload
        )
    )


def _text(group: DifferenceGroup) -> str:
    sources, destinations = (
        ",".join(each.name.partition("/")[2] for each in ends)
        for ends in (group.sources, group.destinations)
    )
    return f"{sources} -> {destinations}: {group.pairs}"


@pytest.mark.parametrize(
    ("pods", "policy", "expected"),
    [
        # The pods of w are a pair, and p is none with itself: no list of ends could say that.
        ([*W, P], ISOLATED, ["p,w -> p,w: 2", "w -> w: 1"]),
        ([P, DB], ISOLATED, ["db,p -> db,p: 2"]),
        (W, ISOLATED, ["w -> w: 1"]),
        # A destination that sends stands with one that does not.
        ([P, DB, CACHE], BACKENDS, ["cache,db,p -> cache,db: 4"]),
        ([*W, DB], BACKENDS, ["w -> db: 1"]),
    ],
)
def test_an_end_is_not_paired_with_itself(
    pods: list[Manifest], policy: Manifest, expected: list[str]
) -> None:
    assert grouped(pods, [*pods, policy]) == expected
    # And the other way, what opens.
    assert grouped([*pods, policy], pods) == expected


def test_destinations_with_the_same_sources_are_one_group() -> None:
    """None of them sends to the others: those are closed before and after."""
    closed = network_policy(
        "{podSelector: {matchExpressions: [{key: app, operator: In, values: [db, cache]}]},"
        " ingress: [{from: [{podSelector: {matchLabels: {app: w}}}]}]}"
    )
    pods = [*W, P, DB, CACHE]
    assert grouped([*pods, closed], [*pods, BACKENDS]) == ["w -> cache,db: 2"]
