"""The pipeline of engine `kubernetes` and a naive evaluator agree on random small clusters."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from service.analysis.evaluate import Evaluator
from service.model.flow import Flow
from service.model.verdict import Decision
from tests.builders import evaluator, snapshot
from tests.property.bounds import bounded
from tests.property.clusters import (
    EVERYTHING,
    QUESTIONS,
    UNSETTLED,
    Cluster,
    asked,
    clusters,
    pods_of,
)
from tests.property.ends import source_end
from tests.property.naive import End, NaiveCluster

QUESTION_LISTS = st.lists(st.sampled_from(QUESTIONS), min_size=1, max_size=2, unique=True)


def _answer(
    pipeline: Evaluator, source: End, destination: End, protocol: str, port: int
) -> set[bool]:
    flow = Flow(source_end(source), source_end(destination), protocol, port)
    decision = pipeline.evaluate(flow).decision
    return {
        Decision.ALLOW: {True},
        Decision.DENY: {False},
        Decision.UNKNOWN: {True, False},
    }[decision]


def _host_pods(cluster: Cluster) -> set[End]:
    return {end for end, each in pods_of(cluster).items() if each["spec"].get("hostNetwork")}


def _compare(cluster: Cluster, questions: list[tuple[str, int]], *, settled: bool) -> None:
    naive = NaiveCluster(cluster.manifests)
    pipeline = evaluator(snapshot(*cluster.manifests))
    host_pods = _host_pods(cluster)
    for source, destination, protocol, port in asked(cluster, questions):
        expected = naive.possible(source, destination, protocol, port)
        if not expected:
            continue  # no address family in common
        answer = _answer(pipeline, source, destination, protocol, port)
        context = (source, destination, protocol, port)
        # Never certain where some world says otherwise.
        assert answer >= expected, context
        # What is open about a hostNetwork pod is one assumption each time it is asked, so
        # that the pipeline may be less certain about it than all worlds together.
        if settled and host_pods.isdisjoint((source, destination)):
            assert answer == expected, context


@bounded(1.2)
@given(clusters(EVERYTHING), QUESTION_LISTS)
def test_agreement(cluster: Cluster, questions: list[tuple[str, int]]) -> None:
    _compare(cluster, questions, settled=True)


@bounded(0.3)
@given(clusters(UNSETTLED), QUESTION_LISTS)
def test_never_certain_without_reason(cluster: Cluster, questions: list[tuple[str, int]]) -> None:
    """Pods without a node or an address: what they might have decides between the worlds."""
    _compare(cluster, questions, settled=False)
