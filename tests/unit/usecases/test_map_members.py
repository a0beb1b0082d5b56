"""Differences that a filter leaves are about the pods that it names."""

from __future__ import annotations

from typing import Any

import pytest

from service.usecases.difference_queries import ComparedMaps, DifferenceFilter
from service.usecases.map_filters import unit_filter
from service.usecases.map_solving import solved_pair
from tests.builders import Manifest, namespace, network_policy, node, pod, profile, snapshot

CLIENT = pod("shop/c", ips=["10.0.0.9"])
CLOSED = network_policy(
    "{podSelector: {matchLabels: {app: y}}, policyTypes: [Ingress]}", "shop/closed"
)
CLOSED_X = network_policy(
    "{podSelector: {matchLabels: {app: x}}, policyTypes: [Ingress]}", "shop/closed-x"
)
Found = set[tuple[str, str, str]]


def w(number: int, app: str, owner: str = "StatefulSet/w", **more: Any) -> Manifest:
    labels = {"app": app, "pod": str(number)}
    return pod(f"shop/w-{number}", labels, ips=[f"10.0.0.{number + 1}"], owner=owner, **more)


def compared(
    before: list[Manifest], after: list[Manifest], policies: list[Manifest], engine: str = "npm"
) -> ComparedMaps:
    first, second = (
        (snapshot(namespace("shop"), CLIENT, *pods, *policies), profile(engine))
        for pods in (before, after)
    )
    return ComparedMaps(*solved_pair(first, second))


def told(maps: ComparedMaps, source: dict[str, str], destination: dict[str, str]) -> Found:
    """The changes, each with the pods of its witness; the same in pages and in groups."""
    wanted = DifferenceFilter(None, unit_filter(source), unit_filter(destination))
    items = maps.page(wanted, None, 1000).items
    assert all(each["decidedBefore"] != each["decidedAfter"] for each in items)
    groups = maps.group_page(wanted, None, 1000).items
    assert sum(each["pairs"] for each in groups) == len(items)
    ends = [(each["witness"]["source"], each["witness"]["destination"]) for each in items]
    return {
        (source.get("pod", source.get("node", "outside")), destination["pod"], each["change"])
        for each, (source, destination) in zip(items, ends, strict=True)
    }


RELABELLED = ([w(0, "x"), w(1, "x")], [w(0, "x"), w(1, "y")])
DENIED = {("c", "w-1", "newlyDenied")}


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ({"pod": "w-0"}, set()),
        ({"pod": "w-1"}, DENIED),
        ({"ip": "10.0.0.1"}, set()),
        ({"ip": "10.0.0.2"}, DENIED),
        ({"ip": "10.0.0.0/30"}, DENIED),
        ({"labelSelector": "pod=0"}, set()),
        ({"labelSelector": "pod=1"}, DENIED),
        # It had the one label, and has the other.
        ({"labelSelector": "app=x"}, DENIED),
        ({"labelSelector": "app=y"}, DENIED),
        ({"workload": "StatefulSet/w"}, DENIED),
        ({"namespace": "shop"}, DENIED),
        ({}, DENIED),
    ],
)
def test_pods_that_one_map_only_tells_apart(end: dict[str, str], expected: Found) -> None:
    """In the first map they are one unit, so what changes for one has a seat with both in it."""
    assert told(compared(*RELABELLED, [CLOSED]), {"pod": "c"}, end) == expected


@pytest.mark.parametrize("number", [0, 1])
def test_pods_that_are_told_apart_no_longer(number: int) -> None:
    """The one unit of the second map stands for both, and the change is that of the second pod."""
    maps = compared(RELABELLED[1], RELABELLED[0], [CLOSED])
    expected = {("c", "w-1", "newlyAllowed")} if number else set()
    assert told(maps, {"pod": "c"}, {"pod": f"w-{number}"}) == expected


def test_pods_told_apart_before_that_all_change() -> None:
    """Whichever of the two is asked for, the unit of the second map is listed for it."""
    maps = compared([w(0, "y"), w(1, "z")], [w(0, "x"), w(1, "x")], [CLOSED, CLOSED_X])
    assert told(maps, {"pod": "c"}, {"pod": "w-0"}) == set()
    assert told(maps, {"pod": "c"}, {"pod": "w-1"}) == {("c", "w-1", "newlyDenied")}


def test_a_pod_of_one_map_is_looked_for_there() -> None:
    """It is held against those that were there, which are not asked for."""
    maps = compared([w(0, "x")], [w(0, "x"), w(2, "y")], [CLOSED_X])
    assert told(maps, {"pod": "c"}, {"pod": "w-0"}) == set()
    assert told(maps, {"pod": "c"}, {"pod": "w-2"}) == {("c", "w-2", "newlyAllowed")}


def test_a_pod_that_changed_its_owner_is_looked_for_under_both() -> None:
    maps = compared([w(0, "x"), w(1, "x")], [w(0, "x"), w(1, "x", owner="")], [])
    assert told(maps, {"pod": "c"}, {"pod": "w-1"}) == {("c", "w-1", "newlyAllowed")}
    assert told(maps, {"pod": "c"}, {"pod": "w-0"}) == set()


def test_the_witness_is_of_the_pods_that_are_named() -> None:
    maps = compared([w(0, "x"), w(1, "x")], [w(0, "y"), w(1, "y")], [CLOSED])
    for name in ("w-0", "w-1"):
        assert told(maps, {"pod": "c"}, {"pod": name}) == {("c", name, "newlyDenied")}
    # What pods of one workload send each other is no question about one alone.
    assert told(maps, {"pod": "w-0"}, {"pod": "w-1"}) == {("w-0", "w-1", "newlyDenied")}
    assert told(maps, {"pod": "w-0"}, {"pod": "w-0"}) == set()


def test_a_pair_that_is_named_at_another_place_of_its_units() -> None:
    """Of three pods two were alike; the first of them is not the pair that is asked for."""
    before, after = [w(0, "x"), w(1, "y"), w(2, "x")], [w(0, "z"), w(1, "z"), w(2, "z")]
    maps = compared(before, after, [CLOSED_X])
    source, destination = {"labelSelector": "pod in (0,1)"}, {"pod": "w-0"}
    assert told(maps, source, destination) == {("w-1", "w-0", "newlyAllowed")}


def test_a_pod_that_went_and_one_that_came_are_no_pair() -> None:
    maps = compared([w(0, "x"), w(1, "x")], [w(0, "y"), w(2, "y")], [CLOSED])
    assert told(maps, {"pod": "w-1"}, {"pod": "w-2"}) == set()
    assert told(maps, {"pod": "w-0"}, {"pod": "w-2"}) == {("w-0", "w-2", "newlyDenied")}


def test_a_node_that_a_named_pod_does_not_run_on() -> None:
    """Its own node reaches a pod whatever the policies; what changes is told of other nodes."""
    nodes = [node("n1", "192.168.0.1"), node("n2", "192.168.0.2")]
    pods = [w(0, "x", on="n1"), w(1, "x", on="n2")]
    closed = [w(0, "y", on="n1"), w(1, "y", on="n2")]
    maps = compared([*nodes, *pods], [*nodes, *closed], [CLOSED], "kubernetes")
    for name, other in (("w-0", "n2"), ("w-1", "n1")):
        assert told(maps, {"node": other}, {"pod": name}) == {(other, name, "newlyDenied")}
    assert told(maps, {"node": "n1"}, {"pod": "w-0"}) == set()


@pytest.mark.parametrize("moved", [True, False])
@pytest.mark.parametrize("engine", ["kubernetes", "npm", "calico", "cilium"])
def test_addresses_of_a_family_that_nothing_mentions(engine: str, moved: bool) -> None:
    """Over one space, where both have the same pods, and over two."""
    every = network_policy("{podSelector: {}, policyTypes: [Ingress]}", "shop/every")
    new = [pod("shop/new")] if moved else []
    first, second = (
        (snapshot(namespace("shop"), CLIENT, *more), profile(engine))
        for more in ([], [*new, every])
    )
    maps = ComparedMaps(*solved_pair(first, second))
    source, destination = unit_filter({"ip": "2001:db8::1"}), unit_filter({"pod": "c"})
    items = maps.page(DifferenceFilter(None, source, destination), None, 10).items
    assert {each["source"]["addresses"].partition("-")[0] for each in items} == {"::"}
    assert {each["witness"]["source"]["ip"] for each in items} == {"::"}
    groups = maps.group_page(DifferenceFilter(None, source, destination), None, 10).items
    assert {each["sources"][0]["addresses"].partition("-")[0] for each in groups} == {"::"}
    # Nothing is said of them where nobody asks.
    whole = maps.page(DifferenceFilter(), None, 1000).items
    assert not any(":" in str(each["source"].get("addresses")) for each in whole)
