"""The pipeline of NPM and a naive evaluator agree, on Linux nodes, on Windows nodes and on both."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from tests.property.maps import with_mixed_nodes
from tests.property.naive import End
from tests.property.naive_npm import NaiveNpm

QUESTION_LISTS = st.lists(st.sampled_from(QUESTIONS), min_size=1, max_size=2, unique=True)
#: NPM has no say about IPv6 that its documentation tells.
IPV4 = replace(EVERYTHING, ipv6=False)
IPV4_UNSETTLED = replace(UNSETTLED, ipv6=False)
ANSWERS = {
    Decision.ALLOW: {True},
    Decision.DENY: {False},
    Decision.UNKNOWN: {True, False},
}
ENGINES = {"npm": False, "npm?fixes=2026-09": True}


def _compare(
    cluster: Cluster, engine: str, questions: list[tuple[str, int]], *, settled: bool
) -> None:
    naive = NaiveNpm(cluster.manifests, fixed=ENGINES[engine])
    pipeline = evaluator(snapshot(*cluster.manifests), engine)
    for source, destination, protocol, port in asked(cluster, questions):
        if any(each[0] == "ip" and ":" in each[1] for each in (source, destination)):
            continue
        expected = naive.possible(source, destination, protocol, port)
        flow = Flow(source_end(source), source_end(destination), protocol, port)
        verdict = pipeline.evaluate(flow)
        answer = ANSWERS[verdict.decision]
        context = (engine, source, destination, protocol, port, verdict)
        # Never certain where some world says otherwise.
        assert answer >= expected, context
        if settled or _placed(cluster, source) & _placed(cluster, destination):
            assert answer == expected, context


def _placed(cluster: Cluster, end: End) -> bool:
    """Whether the node and the address of an end are known."""
    pod = pods_of(cluster).get(end)
    return pod is None or bool(pod["spec"].get("nodeName") and pod["status"].get("podIPs"))


@pytest.mark.parametrize("engine", ENGINES)
@bounded(0.6)
@given(clusters(IPV4).map(with_mixed_nodes), QUESTION_LISTS)
def test_on_linux_and_windows(
    engine: str, cluster: Cluster, questions: list[tuple[str, int]]
) -> None:
    _compare(cluster, engine, questions, settled=True)


@pytest.mark.parametrize("engine", ENGINES)
@bounded(0.2)
@given(clusters(IPV4), QUESTION_LISTS)
def test_on_linux(engine: str, cluster: Cluster, questions: list[tuple[str, int]]) -> None:
    _compare(cluster, engine, questions, settled=True)


@pytest.mark.parametrize("engine", ENGINES)
@bounded(0.3)
@given(clusters(IPV4_UNSETTLED).map(with_mixed_nodes), QUESTION_LISTS)
def test_never_certain_without_reason(
    engine: str, cluster: Cluster, questions: list[tuple[str, int]]
) -> None:
    """Pods without a node may run on Linux or on Windows."""
    _compare(cluster, engine, questions, settled=False)
