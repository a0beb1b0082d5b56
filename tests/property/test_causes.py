"""Whatever two engines decide differently has a cause that the rulebook names."""

from __future__ import annotations

import random
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from service.analysis.causes import Causes
from service.analysis.evaluate import Evaluator, UnresolvedEnd
from service.model.flow import Flow
from service.model.pipeline import Pipeline
from service.model.snapshot import Snapshot
from tests.builders import snapshot
from tests.property.bounds import bounded
from tests.property.clusters import UNSETTLED, Cluster, clusters
from tests.property.ends import source_end
from tests.property.engine_policies import calico_clusters, cilium_clusters
from tests.property.maps import pipeline_of, with_mixed_nodes

LINUX = ("npm", "npm?fixes=2026-09", "calico", "calico:3.29", "cilium", "cilium:1.16",
         "cilium:1.19", "none")  # fmt: skip
WINDOWS = ("npm", "npm?fixes=2026-09", "calico", "none")
PORTS = (("TCP", 80), ("TCP", 81), ("UDP", 53), ("SCTP", 80), ("TCP", 53), ("TCP", 8080))


def flows(cluster: Cluster, seed: int, count: int = 60) -> list[Flow]:
    """Some of the flows between the ends of a cluster, the same for the same seed."""
    chance = random.Random(seed)
    ends = cluster.ends
    found: list[Flow] = []
    while len(found) < count:
        source, destination = chance.choice(ends), chance.choice(ends)
        if not source[0] == destination[0] == "ip":
            protocol, port = chance.choice(PORTS)
            found.append(Flow(source_end(source), source_end(destination), protocol, port))
    return found


def assert_explained(found: Snapshot, engines: tuple[str, ...], asked: list[Flow]) -> int:
    """Evaluate every flow on every engine; each difference between two needs a cause."""
    pipelines: dict[str, Pipeline] = {each: pipeline_of(found, each) for each in engines}
    evaluators = {name: Evaluator(each, found.inventory) for name, each in pipelines.items()}
    pairs = [
        (first, second)
        for first, second in permutations(engines, 2)
        if pipelines[first].profile.engine != pipelines[second].profile.engine
    ]
    explained = 0
    causes = {pair: Causes(pipelines[pair[0]], pipelines[pair[1]], found) for pair in pairs}
    for flow in asked:
        try:
            verdicts = {name: each.evaluate(flow) for name, each in evaluators.items()}
        except UnresolvedEnd:
            continue
        for first, second in pairs:
            before, after = verdicts[first], verdicts[second]
            if before.decision is after.decision:
                continue
            named = causes[first, second].of_verdicts(before, after)
            assert named, (first, second, flow, before, after)
            assert None not in named, (first, second, flow, before, after)
            for each in named:
                assert each is not None
                engine = pipelines[first].profile.engine, pipelines[second].profile.engine
                assert each.rule.asks_between(*engine)
            explained += 1
    return explained


@bounded(0.12)
@given(clusters(UNSETTLED), st.integers(0, 1000))
def test_on_linux_nodes(cluster: Cluster, seed: int) -> None:
    assert_explained(snapshot(*cluster.manifests), LINUX, flows(cluster, seed))


@bounded(0.12)
@given(clusters(UNSETTLED), st.integers(0, 1000))
def test_on_mixed_nodes(cluster: Cluster, seed: int) -> None:
    mixed = with_mixed_nodes(cluster)
    assert_explained(snapshot(*mixed.manifests), WINDOWS, flows(mixed, seed))


@bounded(0.08)
@given(calico_clusters(), st.integers(0, 1000))
def test_with_kinds_of_calico(cluster: Cluster, seed: int) -> None:
    assert_explained(snapshot(*cluster.manifests), ("npm", "calico", "cilium", "none"),
                     flows(cluster, seed))  # fmt: skip


@bounded(0.08)
@given(cilium_clusters(), st.integers(0, 1000))
def test_with_kinds_of_cilium(cluster: Cluster, seed: int) -> None:
    assert_explained(snapshot(*cluster.manifests), ("npm", "calico", "cilium", "none"),
                     flows(cluster, seed))  # fmt: skip
