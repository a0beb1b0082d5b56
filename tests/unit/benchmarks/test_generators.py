"""The observed cluster has the published statistics, the made-up ones their stated shape."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from typing import Any

import pytest

from benchmarks import published
from benchmarks.generators import large, microservices, observed
from benchmarks.observed import DISTINCT_CIDRS

Json = dict[str, Any]


def kinds(objects: list[Json]) -> Counter[str]:
    return Counter(each["kind"] for each in objects)


class Counting:
    """Counts as the published analysis does, with selectors evaluated one by one."""

    def __init__(self, objects: list[Json]) -> None:
        self.policies = [each for each in objects if each["kind"] == "NetworkPolicy"]
        self._labels = {
            each["metadata"]["name"]: each["metadata"]["labels"]
            for each in objects
            if each["kind"] == "Namespace"
        }
        self._pods: dict[str, list[dict[str, str]]] = {each: [] for each in self._labels}
        for each in objects:
            if each["kind"] == "Pod":
                self._pods[each["metadata"]["namespace"]].append(each["metadata"]["labels"])
        self._known: dict[str, int] = {}
        self.local_pods: Counter[int] = Counter()
        self.cidrs: Counter[int] = Counter()
        self.pod_selectors: Counter[int] = Counter()
        self.peer_pods: Counter[int] = Counter()
        self.cidr_ports: Counter[int] = Counter()
        self.selector_ports: Counter[int] = Counter()
        self.ranges: Counter[str] = Counter()
        self.blocks: set[str] = set()
        self.empty = self.deny_only = self.rules = 0
        for policy in self.policies:
            self._count(policy["metadata"]["namespace"], policy["spec"])

    def _count(self, home: str, spec: Json) -> None:
        given = [*spec.get("ingress", ()), *spec.get("egress", ())]
        rules = [each for each in (self._rule(home, rule) for rule in given) if each]
        local = self._selected(home, {"podSelector": spec["podSelector"]})
        if not local or not rules:
            if given:
                self.empty += 1
            else:
                self.deny_only += 1
            return
        self.local_pods[local] += 1
        self.rules += len(rules)
        for cidrs, selectors, pods, singles, ranges in rules:
            self.cidrs[cidrs] += 1
            self.pod_selectors[selectors] += 1
            if cidrs:
                self.cidr_ports[singles] += 1
                self.ranges["cidrs"] += ranges
            if selectors:
                self.peer_pods[pods] += 1
                self.selector_ports[singles] += 1
                self.ranges["selectors"] += ranges

    def _rule(self, home: str, rule: Json) -> tuple[int, int, int, int, int] | None:
        peers: list[Json] = rule.get("from") or rule.get("to") or []
        blocks = [each["ipBlock"]["cidr"] for each in peers if "ipBlock" in each]
        self.blocks.update(blocks)
        selected = [self._selected(home, each) for each in peers if "ipBlock" not in each]
        if not blocks and not any(selected):
            return None
        ranges = sum("endPort" in each for each in rule.get("ports", ()))
        singles = len(rule.get("ports", ())) - ranges
        return len(blocks), len(selected), max(selected, default=0), singles, ranges

    def _selected(self, home: str, peer: Json) -> int:
        wanted = peer.get("namespaceSelector")
        key = json.dumps([peer, home if wanted is None else ""])
        if key not in self._known:
            homes = (
                [home]
                if wanted is None
                else [n for n, of in self._labels.items() if matches(wanted, of)]
            )
            self._known[key] = sum(
                matches(peer.get("podSelector", {}), labels)
                for name in homes
                for labels in self._pods[name]
            )
        return self._known[key]


def matches(selector: Json, labels: dict[str, str]) -> bool:
    return all(
        labels.get(key) == value for key, value in selector.get("matchLabels", {}).items()
    ) and all(
        labels.get(each["key"]) in each["values"] for each in selector.get("matchExpressions", ())
    )


@cache
def counting() -> Counting:
    return Counting(observed())


def mean(histogram: Counter[int]) -> float:
    return sum(value * number for value, number in histogram.items()) / histogram.total()


def test_the_observed_cluster_has_the_published_size() -> None:
    counted = kinds(observed())
    assert counted["Pod"] == published.PODS == 5_413
    assert counted["Namespace"] == published.NAMESPACES == 604
    assert counted["NetworkPolicy"] == published.POLICIES == 13_678


def test_the_observed_policies_have_the_published_numbers() -> None:
    found = counting()
    assert (found.empty, found.deny_only) == (3_559, 495)
    assert found.rules == published.RULES == 15_423
    assert found.peer_pods[3_578] == 70
    assert found.ranges == {
        "cidrs": published.CIDR_PORT_RANGES,
        "selectors": published.SELECTOR_PORT_RANGES,
    }


def with_zero(histogram: dict[int, int]) -> dict[int, int]:
    return {0: published.RULES - sum(histogram.values()), **histogram}


HISTOGRAMS: list[tuple[str, dict[int, int], float]] = [
    ("local_pods", published.LOCAL_PODS, 13.143703241895262),
    ("cidrs", with_zero(published.CIDRS), 0.5431498411463399),
    ("cidr_ports", published.CIDR_PORTS, 0.8810941271118262),
    ("pod_selectors", with_zero(published.POD_SELECTORS), 0.6241327886922129),
    ("peer_pods", published.PEER_PODS, 35.43462206776716),
    ("selector_ports", published.SELECTOR_PORTS, 0.3548001737619461),
]


@pytest.mark.parametrize(("name", "expected", "average"), HISTOGRAMS)
def test_the_observed_policies_have_the_published_distributions(
    name: str, expected: dict[int, int], average: float
) -> None:
    found = getattr(counting(), name)
    assert found == expected
    assert mean(found) == pytest.approx(average, rel=1e-12)


def test_the_observed_policies_share_their_blocks() -> None:
    assert len(counting().blocks) == DISTINCT_CIDRS == 700


@pytest.mark.parametrize("workloads", [100, 400, 1_000])
def test_microservices_have_4_3_policies_each(workloads: int) -> None:
    objects = microservices(workloads)
    policies = [each["spec"] for each in objects if each["kind"] == "NetworkPolicy"]
    blocks = [
        peer["ipBlock"]
        for spec in policies
        for rule in spec.get("ingress", ())
        for peer in rule.get("from", ())
        if "ipBlock" in peer
    ]
    assert len(policies) * 10 == workloads * 43
    # One more for the cluster's DNS.
    assert kinds(objects)["Deployment"] == workloads + 1
    assert len(blocks) * 10 == workloads
    assert all(len(each["except"]) == 1 for each in blocks)
    names = [
        (each["metadata"].get("namespace"), each["metadata"]["name"])
        for each in objects
        if each["kind"] == "NetworkPolicy"
    ]
    assert len(set(names)) == len(names)


def test_the_large_cluster_is_as_large_as_npm_supports() -> None:
    assert kinds(large()) == {
        "Pod": 20_000,
        "Node": 250,
        "NetworkPolicy": 2_000,
        "Namespace": 200,
    }


def test_the_same_seed_gives_the_same_cluster() -> None:
    assert microservices(100) == microservices(100)
    assert microservices(100) != microservices(100, seed=1)
    assert large(200, 5, 40) == large(200, 5, 40)
