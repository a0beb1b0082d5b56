"""Admin policies under engine `kubernetes` against a naive evaluator, on random clusters."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from service.analysis.evaluate import Evaluator
from service.model.flow import Flow
from service.model.verdict import Decision
from tests.builders import evaluator, snapshot
from tests.property.admin_clusters import admin_clusters
from tests.property.bounds import bounded
from tests.property.clusters import QUESTIONS, UNSETTLED, Cluster, declared_ports, pods_of
from tests.property.ends import source_end
from tests.property.naive import End
from tests.property.naive_admin import NaiveAdminCluster

QUESTION_LISTS = st.lists(st.sampled_from(QUESTIONS), min_size=1, max_size=2, unique=True)

_POSSIBLE = {
    Decision.ALLOW: {True},
    Decision.DENY: {False},
    Decision.UNKNOWN: {True, False},
}


def _answer(
    pipeline: Evaluator, source: End, destination: End, protocol: str, port: int
) -> set[bool]:
    flow = Flow(source_end(source), source_end(destination), protocol, port)
    return _POSSIBLE[pipeline.evaluate(flow).decision]


def _uses_names(cluster: Cluster) -> bool:
    return any("amedPort" in str(each) for each in cluster.policies)


def _compare(cluster: Cluster, questions: list[tuple[str, int]], *, settled: bool) -> None:
    naive = NaiveAdminCluster(cluster.manifests)
    pipeline = evaluator(snapshot(*cluster.manifests))
    pods = pods_of(cluster)
    host_pods = {end for end, each in pods.items() if each["spec"].get("hostNetwork")}
    # Port names of an earlier rule are not cut out of a tied policy's later ones.
    exact = settled and not _uses_names(cluster)
    for source, destination in product(cluster.ends, cluster.ends):
        if source[0] == destination[0] == "ip":
            continue
        declared = declared_ports(pods[destination]) if destination in pods else ()
        for protocol, port in {*questions, *declared}:
            expected = naive.possible(source, destination, protocol, port)
            if not expected:
                continue  # no address family in common
            answer = _answer(pipeline, source, destination, protocol, port)
            context = (source, destination, protocol, port)
            assert answer >= expected, context
            if exact and host_pods.isdisjoint((source, destination)):
                assert answer == expected, context


@bounded(1)
@given(admin_clusters(), QUESTION_LISTS)
def test_agreement(cluster: Cluster, questions: list[tuple[str, int]]) -> None:
    _compare(cluster, questions, settled=True)


@bounded(0.3)
@given(admin_clusters(UNSETTLED), QUESTION_LISTS)
def test_never_certain_without_reason(cluster: Cluster, questions: list[tuple[str, int]]) -> None:
    _compare(cluster, questions, settled=False)
